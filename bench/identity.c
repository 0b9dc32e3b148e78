/* identity.c - what the graph of ids costs: bench_identity [PEOPLE].
 *
 * A shop of PEOPLE with three browsers each, one of fifty events at a friend's browser and one of
 * five hundred at a till; half of the people log in, a tenth leave an e-mail address. Then 100,000
 * contacts of some 5,000 surnames are compared. */
#include "identity/graph.h"
#include "identity/similar.h"

#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TEXT = 44 };

struct call {
    int64_t at_ms;
    uint32_t number;               /* its message */
    uint32_t browser, user, email; /* UINT32_MAX: none */
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (size_t)pages * 4096;
}

/* As long as the ids that browsers make. */
static struct id id_of(enum id_kind kind, uint32_t number, char text[TEXT])
{
    int n = snprintf(text, TEXT, "%08x-%04x-4%03x-8%03x-%012llx",
                     number * UINT32_C(2654435761), number & 0xFFFF, number >> 20,
                     number & 0xFFF, (unsigned long long)number * 40503);

    return (struct id){kind, {text, (size_t)n}};
}

/* A call with its texts. */
struct ready {
    struct graph_event e;
    struct id id[3];
    char text[3][TEXT];
};

static void make_ready(struct ready *r, const struct call *c)
{
    r->e = (struct graph_event){
        c->at_ms, {(const char *)&c->number, sizeof c->number}, r->id, 0, {"", 0}};
    if (c->browser != UINT32_MAX)
        r->id[r->e.id_n++] = id_of(ID_ANONYMOUS, c->browser, r->text[0]);
    if (c->user != UINT32_MAX)
        r->id[r->e.id_n++] = id_of(ID_USER, c->user, r->text[1]);
    if (c->email != UINT32_MAX)
        r->id[r->e.id_n++] = id_of(ID_EMAIL, c->email, r->text[2]);
}

static void tell(struct graph *g, const struct ready *r)
{
    struct graph_changes changes;
    struct err err;

    if (!graph_add(g, &r->e, &changes, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
}

static struct call call_of(struct random *r, uint32_t people, uint32_t number)
{
    uint32_t person = (uint32_t)random_below(r, people);
    struct call c = {.at_ms = (int64_t)number * 1000,
                     .number = number,
                     .browser = 3 * person + (uint32_t)random_below(r, 3),
                     .user = UINT32_MAX,
                     .email = UINT32_MAX};

    if (random_below(r, 50) == 0)
        c.browser = 3 * (uint32_t)random_below(r, people);
    if (random_below(r, 500) == 0)
        c.browser = 3 * (uint32_t)random_below(r, 1 + people / 1000);
    if (person % 2 && random_below(r, 2))
        c.user = person;
    if (person % 10 == 1 && random_below(r, 4) == 0)
        c.email = person;
    return c;
}

/* Nanoseconds an event, without the making of texts. */
static double told(struct graph *g, const struct call *call, uint32_t n)
{
    enum { AT_ONCE = 500 };
    static struct ready ready[AT_ONCE];
    double took = 0;

    for (uint32_t i = 0; i < n;) {
        uint32_t end = i + AT_ONCE < n ? i + AT_ONCE : n, first = i;
        double began;

        for (; i < end; i++)
            make_ready(&ready[i - first], &call[i]);
        began = now_s();
        for (i = first; i < end; i++)
            tell(g, &ready[i - first]);
        took += now_s() - began;
    }
    return took / n * 1e9;
}

static int by_time(const void *a, const void *b)
{
    const struct call *ca = a, *cb = b;

    return (ca->at_ms > cb->at_ms) - (ca->at_ms < cb->at_ms);
}

static void shuffle(struct random *r, struct call *call, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)random_below(r, i);
        struct call held = call[i - 1];

        call[i - 1] = call[j];
        call[j] = held;
    }
}

static struct graph *graph(void)
{
    struct graph *g;
    struct err err;

    if (!graph_new(&graph_limits_usual, &g, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    return g;
}

/* The dearest single events when a shop's events come in no order at all. */
static void slowest(const struct call *call, uint32_t n)
{
    struct graph *g = graph();
    double worst = 0, sum = 0;
    uint32_t beyond = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct ready ready;
        double from, took;

        make_ready(&ready, &call[i]);
        from = now_s();
        tell(g, &ready);
        took = now_s() - from;
        sum += took;
        worst = took > worst ? took : worst;
        beyond += took > 0.001;
    }
    printf("shuffled: %.0f ns an event, the dearest %.2f ms, %u of %u beyond 1 ms\n",
           sum / n * 1e9, worst * 1e3, beyond, n);
    graph_free(g);
}

static void similar(struct random *r)
{
    enum { CONTACTS = 100000 };
    struct contact *contact = calloc(CONTACTS, sizeof *contact);
    char(*text)[3][TEXT] = calloc(CONTACTS, sizeof *text);
    const struct similar_pair *pair;
    struct arena a = {0};
    struct err err;
    double began;
    size_t n;

    if (!contact || !text)
        exit(1);
    for (uint32_t i = 0; i < CONTACTS; i++) {
        char(*t)[TEXT] = text[i];

        snprintf(t[0], TEXT, "%08x %06x", (unsigned)random_below(r, 500) * 2654435761u,
                 (unsigned)random_below(r, 5000) * 3571u & 0xFFFFFF);
        snprintf(t[1], TEXT, "via roma %u, citta %u", (unsigned)random_below(r, 200),
                 (unsigned)random_below(r, 100));
        snprintf(t[2], TEXT, "+39%09u", (unsigned)random_below(r, 300000000));
        contact[i] = (struct contact){{str_of(t[0]), str_of(t[1]), str_of(t[2])}};
    }
    began = now_s();
    if (!similar_find(contact, CONTACTS, &similar_rules_usual, &a, &pair, &n, &err))
        exit(1);
    printf("%d contacts compared: %.2f s, %zu pairs\n", CONTACTS, now_s() - began, n);
    arena_free(&a);
    free(contact);
    free(text);
}

int main(int argc, char **argv)
{
    uint32_t people = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 250000;
    uint32_t n = people * 12;
    struct random r = random_seeded(1);
    struct call *call = calloc(n, sizeof *call);
    struct graph *g = graph();
    size_t before;

    if (!call)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        call[i] = call_of(&r, people, i);
    before = resident_bytes();
    printf("in order, new: %.0f ns an event\n", told(g, call, n));
    printf("%u ids, %u links: %.1f MB, %.0f bytes an id; %.1f MB resident\n",
           graph_id_count(g), graph_link_count(g), (double)graph_bytes(g) / 1e6,
           (double)graph_bytes(g) / graph_id_count(g),
           (double)(resident_bytes() - before) / 1e6);
    for (uint32_t i = 0; i < n; i++)
        call[i].at_ms += INT64_C(1) << 40;
    printf("in order, all known: %.0f ns an event\n", told(g, call, n));
    graph_free(g);
    for (uint32_t i = 0; i < n; i++) /* one of fifty is up to a day late */
        if (random_below(&r, 50) == 0)
            call[i].at_ms += (int64_t)random_below(&r, 86400000);
    qsort(call, n, sizeof *call, by_time);
    for (uint32_t i = 0; i < n; i++)
        call[i].at_ms = (INT64_C(1) << 40) + (int64_t)call[i].number * 1000;
    g = graph();
    printf("one of fifty late: %.0f ns an event\n", told(g, call, n));
    graph_free(g);
    shuffle(&r, call, n);
    slowest(call, n);
    free(call);
    similar(&r);
    return 0;
}
