/* model_people.c - who is who in a data file: random calls of people with several devices, shared
 * ones, values that are nobody's, aliases in storms, and decisions come in any order, in commits of
 * any size, some of which are taken back; the file is folded and opened anew meanwhile. In the end
 * every event stands on the timeline of the customer that a graph says which was given all of them
 * in another order (model_identity holds that one against a twin of its own), the file is proved
 * whole, and a decision that is taken back leaves every timeline as it was. */
#include "base/hash.h"
#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/verify.h"
#include "identity/people.h"

#include "support/chance.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 400, REST_BYTES = 300, SPARE = 64 };

static const char model[] = "ciclo: 1\n"
                            "events: { visit: {} }\n"
                            "lifecycle:\n"
                            "  start: a\n"
                            "  stages: { a: {}, b: {} }\n"
                            "  moves: [ { from: a, to: b, when: count(visit) >= 3 } ]\n";

struct town {
    struct random random;
    int people, calls;
    char (*line)[LINE_BYTES];
    struct engine *e;
    struct json_parser *parser;
    const char *path;
};

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: %s", #call, (err).msg);                                        \
    } while (0)

static int below(struct town *t, int n)
{
    return (int)random_below(&t->random, (uint64_t)n);
}

/* --- what happens --- */

static void add_call(struct town *t, const char *rest)
{
    snprintf(t->line[t->calls], LINE_BYTES,
             "{\"messageId\":\"m%06d\",\"timestamp\":\"2026-01-%02dT%02d:%02d:00Z\",%s}",
             t->calls, 1 + below(t, 28), below(t, 24), below(t, 60), rest);
    t->calls++;
}

static void call(struct town *t)
{
    int who = below(t, t->people), other = below(t, t->people), kind = below(t, 100);
    int device = 3 * (below(t, 20) ? who : other) + below(t, 3);
    char rest[REST_BYTES];

    if (kind < 40)
        snprintf(rest, sizeof rest,
                 "\"type\":\"track\",\"event\":\"visit\",\"anonymousId\":\"d%d\"",
                 device);
    else if (kind < 65)
        snprintf(rest, sizeof rest,
                 "\"type\":\"track\",\"event\":\"visit\",\"userId\":\"%s%d\","
                 "\"anonymousId\":\"d%d\"",
                 below(t, 5) ? "u" : "U", who, device);
    else if (kind < 72)
        snprintf(rest, sizeof rest,
                 "\"type\":\"track\",\"event\":\"visit\",\"userId\":\"null\","
                 "\"anonymousId\":\"d%d\"",
                 device);
    else if (kind < 84)
        snprintf(
            rest, sizeof rest,
            "\"type\":\"identify\",\"%s\":\"%s%d\",\"traits\":{\"email\":\"p%d@X.it\"}",
            kind < 78 ? "userId" : "anonymousId", kind < 78 ? "u" : "d",
            kind < 78 ? who : device, below(t, 9) ? who : other);
    else if (kind < 92)
        snprintf(
            rest, sizeof rest,
            "\"type\":\"track\",\"event\":\"visit\",\"context\":{\"externalIds\":"
            "[{\"type\":\"email\",\"id\":\"p%d@x.it\"},{\"type\":\"crm\",\"id\":%d}]}",
            who, 100 + who);
    else if (kind < 97)
        snprintf(rest, sizeof rest,
                 "\"type\":\"alias\",\"userId\":\"u%d\",\"previousId\":\"%s%d\"", who,
                 kind < 94   ? "U"
                 : kind < 96 ? "d"
                             : "u",
                 kind < 96 ? who : other);
    else
        snprintf(rest, sizeof rest,
                 "\"type\":\"track\",\"event\":\"identity_decided\",\"userId\":\"u%d\","
                 "\"properties\":{\"says\":\"%s\",\"a_kind\":\"userId\",\"a\":\"u%d\","
                 "\"b_kind\":\"userId\",\"b\":\"u%d\"}",
                 who, (const char *[]){"merge", "apart", "undecided"}[below(t, 3)], who,
                 who == other ? t->people : other);
    add_call(t, rest);
}

static void parse(struct town *t, int i, struct arena *a, struct event *out)
{
    size_t n = strlen(t->line[i]);
    char *text = arena_alloc(a, n + SPARE, 1);
    const struct json *json;
    struct err err;

    assert_non_null(text);
    memcpy(text, t->line[i], n);
    NEED_OK(json_parse(t->parser, (str){text, n}, a, &json, &err)
                && event_parse(json, a, out, &err),
            err);
}

/* --- the file --- */

static void open_file(struct town *t)
{
    struct err err;

    NEED_OK(engine_open(io_system(), str_of(t->path),
                        &(struct store_options){STORE_WRITE, 1 << 24, NULL}, &t->e, &err),
            err);
}

static void take(struct town *t, int from, int to)
{
    struct arena a = {};
    struct err err;

    NEED_OK(store_begin(engine_store(t->e), 0, &err), err);
    for (int i = from; i < to; i++) {
        struct event e;
        bool added;

        arena_reset(&a);
        parse(t, i, &a, &e);
        NEED_OK(store_append(engine_store(t->e), &e, str_of(t->line[i]), &added, &err)
                    && identity_take(t->e, &e, &err),
                err);
        assert_true(added);
    }
    arena_free(&a);
}

static void fold(struct town *t)
{
    struct err err;
    bool more = true;

    for (int n = below(t, 4); more && n; n--)
        NEED_OK(store_fold(engine_store(t->e), 1, &more, &err), err);
}

static void fill(struct town *t)
{
    struct err err;

    for (int from = 0, to; from < t->calls; from = to) {
        int most = below(t, 4) ? 9 : 200;

        to = from + 1 + below(t, most);
        to = to < t->calls ? to : t->calls;
        if (below(t, 5) == 0) { /* in vain */
            take(t, from, to);
            identity_cancel(t->e);
        }
        take(t, from, to);
        NEED_OK(identity_commit(t->e, &err) && engine_refresh(t->e, &err), err);
        if (below(t, 3) == 0)
            fold(t);
        if (below(t, 10) == 0) {
            engine_close(t->e);
            open_file(t);
        }
    }
}

/* --- compared --- */

static void shuffle(struct town *t, int *order)
{
    for (int i = 0; i < t->calls; i++)
        order[i] = i;
    for (int i = t->calls; i > 1; i--) {
        int k = below(t, i), swap = order[i - 1];

        order[i - 1] = order[k];
        order[k] = swap;
    }
}

static struct people *all_at_once(struct town *t)
{
    int *order = calloc((size_t)t->calls, sizeof *order);
    struct arena a = {};
    struct people *p;
    struct err err;

    assert_non_null(order);
    assert_true(people_new(&p, &err));
    shuffle(t, order);
    for (int i = 0; i < t->calls; i++) {
        struct event e;

        arena_reset(&a);
        parse(t, order[i], &a, &e);
        NEED_OK(people_add(p, &e, &err), err);
    }
    arena_free(&a);
    free(order);
    return p;
}

/* The place of a message's event: which customer has it. */
struct stand {
    int message;
    uint32_t customer;
};

static int by_message(const void *a, const void *b)
{
    return ((const struct stand *)a)->message - ((const struct stand *)b)->message;
}

static int number_of(str message)
{
    int number = 0;

    for (size_t i = 1; i < message.n; i++)
        number = 10 * number + (message.p[i] - '0');
    return number;
}

/* Of all events but those of decisions taken now. */
static struct stand *stands_of(struct town *t)
{
    struct snapshot *v = engine_snapshot(t->e);
    struct stand *s = calloc((size_t)t->calls, sizeof *s);
    struct err err;
    int n = 0;

    assert_non_null(s);
    for (uint32_t k = 0; k < snapshot_chunk_count(v); k++) {
        const struct chunk *c;
        const str *id;

        NEED_OK(snapshot_chunk(v, k, &c, &err) && chunk_message_ids(c, &id, &err), err);
        for (uint32_t i = 0; i < c->customer_n; i++)
            for (uint32_t at = c->first[i]; at < c->first[i + 1]; at++)
                if (id[at].p[0] == 'm' && id[at].n == 7) {
                    assert_true(n < t->calls);
                    s[n++] = (struct stand){number_of(id[at]), c->customer_first + i};
                }
        snapshot_release(v, k);
    }
    assert_int_equal(n, t->calls);
    qsort(s, (size_t)n, sizeof *s, by_message);
    return s;
}

static void need_homes(struct town *t, struct people *p)
{
    struct stand *s = stands_of(t);
    struct arena a = {};
    struct err err;

    for (int i = 0; i < t->calls; i++) {
        struct event e;
        str home;

        arena_reset(&a);
        parse(t, i, &a, &e);
        NEED_OK(people_home(p, e.customer, &home, &err), err);
        assert_int_equal(s[i].message, i);
        assert_true(
            str_eq(home, catalog_customer_key(snapshot_catalog(engine_snapshot(t->e)),
                                              s[i].customer)));
    }
    arena_free(&a);
    free(s);
}

static void tell([[maybe_unused]] void *context, const struct difference *d)
{
    fail_msg("%s: %.*s", d->table, STR_FMT(d->text));
}

static void need_whole(struct town *t)
{
    struct verify_report report;
    struct err err;

    NEED_OK(engine_verify(io_system(), str_of(t->path),
                          &(struct verify_options){.threads = 2, .found = tell}, &report,
                          &err),
            err);
    assert_int_equal(report.differences, 0);
}

/* Merged, or kept apart, and then as if nobody had decided. */
static void decide_in_vain(struct town *t)
{
    struct stand *before = stands_of(t), *after;
    hash128 was, is;
    struct err err;

    NEED_OK(engine_advance(t->e, INT64_C(1800000000000), &err)
                && engine_hash(t->e, INT64_C(1790000000000), &was, &err),
            err);
    for (int i = 0; i < 5; i++) {
        char a[20], b[20];
        enum graph_says says = below(t, 2) ? GRAPH_MERGE : GRAPH_APART;

        snprintf(a, sizeof a, "d%d", below(t, 3 * t->people));
        snprintf(b, sizeof b, "anonymousId:d%d", below(t, 3 * t->people));
        if (!engine_decide(t->e, str_of(a), str_of(b), says, STR("Eva"),
                           INT64_C(1795000000000) + i, &err)) {
            assert_true(err.code == ERR_NOT_FOUND || err.code == ERR_INPUT);
            continue;
        }
        NEED_OK(engine_decide(t->e, str_of(b), str_of(a), GRAPH_UNDECIDED, STR(""),
                              INT64_C(1795000001000) + i, &err),
                err);
    }
    after = stands_of(t);
    for (int i = 0; i < t->calls; i++)
        assert_int_equal(before[i].customer, after[i].customer);
    NEED_OK(engine_advance(t->e, INT64_C(1800000000000), &err)
                && engine_hash(t->e, INT64_C(1790000000000), &is, &err),
            err);
    assert_memory_equal(&was, &is, sizeof was);
    free(before);
    free(after);
}

static void end_file(struct town *t)
{
    char beside[300];

    for (int i = 0; i < 3; i++) {
        snprintf(beside, sizeof beside, "%s%s", t->path,
                 (const char *[]){"", "-wal", "-shm"}[i]);
        unlink(beside);
    }
}

static void live(struct town *t)
{
    struct people *p;
    struct err err;

    while (t->calls < 30 * t->people)
        call(t);
    NEED_OK(engine_create(io_system(), str_of(t->path), STR(model), 0, &t->e, &err), err);
    fill(t);
    p = all_at_once(t);
    need_homes(t, p);
    people_free(p);
    engine_close(t->e);
    need_whole(t);
    open_file(t);
    decide_in_vain(t);
    engine_close(t->e);
    need_whole(t);
    end_file(t);
}

TEST(every_event_stands_with_whom_it_happened_to)
{
    size_t rounds = chance_rounds(3);
    struct town t = {.random = chance(), .path = temp_path("town")};
    struct err err;

    t.people = 20;
    NEED_OK(json_parser_new(&t.parser, &err), err);
    t.line = calloc(30 * (size_t)t.people + 1, LINE_BYTES);
    assert_non_null(t.line);
    for (size_t i = 0; i < rounds; i++) {
        t.people = 5 + below(&t, 16);
        t.calls = 0;
        live(&t);
    }
    free(t.line);
    json_parser_free(t.parser);
}
