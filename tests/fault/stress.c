/* One thread writes and four read, under random load for CICLO_SECONDS: whatever a reader takes,
 * it sees one commit, wholly, for as long as it holds it. Meant for the thread sanitizer. */
#include "store/store.h"

#include "base/hash.h"
#include "support/chance.h"
#include "support/models.h"
#include "support/temp.h"
#include "support/unit.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    READERS = 4,
    EVENTS_A_FILE = 4000, /* then a new one */
    COMMITS_MAX = 3 * EVENTS_A_FILE,
    MEMORY_BYTES = 1 << 20, /* small enough that columns are dropped and read again */
    HELD_MAX = 3,
};

/* Nobody pulls the plug here, so nobody waits for the disk: these stand in front of the
 * system's. */
int fsync([[maybe_unused]] int fd)
{
    return 0;
}

int fdatasync([[maybe_unused]] int fd)
{
    return 0;
}

/* What a failure says, from whatever thread, and the end of the program. */
__attribute__((format(printf, 2, 3))) static void need(bool holds, const char *format,
                                                       ...)
{
    va_list args;

    if (holds)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

static void must(bool ok, const struct err *err, const char *what)
{
    need(ok, "%s: %s", what, err->msg);
}

/* --- what every commit left --- */

/* Of all events and refusals up to a commit. Sums do not mind any order. */
struct sums {
    uint64_t events, refused, customers, models;
    uint64_t ids, at_ms, amount;
};

static struct {
    pthread_mutex_t lock; /* guards all of it */
    struct sums commit[COMMITS_MAX];
    uint32_t n;    /* that may be seen: the last perhaps not yet */
    uint32_t done; /* acknowledged */
} history = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void history_add(const struct sums *sums)
{
    pthread_mutex_lock(&history.lock);
    need(history.n < COMMITS_MAX, "too many commits");
    history.commit[history.n++] = *sums;
    pthread_mutex_unlock(&history.lock);
}

static void history_done(void)
{
    pthread_mutex_lock(&history.lock);
    history.done = history.n;
    pthread_mutex_unlock(&history.lock);
}

static uint32_t history_count(void)
{
    uint32_t n;

    pthread_mutex_lock(&history.lock);
    n = history.done;
    pthread_mutex_unlock(&history.lock);
    return n;
}

/* The commit that left so many events and models: no other did. */
static struct sums history_find(uint64_t events, uint64_t models, uint32_t *number)
{
    struct sums found = {0};

    *number = UINT32_MAX;
    pthread_mutex_lock(&history.lock);
    for (uint32_t i = history.n; i-- > 0;) {
        if (history.commit[i].events == events && history.commit[i].models == models) {
            found = history.commit[i];
            *number = i;
            break;
        }
    }
    pthread_mutex_unlock(&history.lock);
    return found;
}

/* --- writing --- */

struct writer {
    struct store *s;
    struct random r;
    struct sums sums; /* acknowledged */
    struct hash_set customers;
    uint64_t next_id, lines;
};

static atomic_bool is_over;

static void event_append(struct writer *w, struct sums *sums)
{
    static const str types[] = {STR("visit"), STR("purchase"), STR("login")};
    static const str texts[] = {STR("red"), STR("green"), STR("blue")};
    bool again = sums->events > 0 && random_below(&w->r, 8) == 0;
    uint64_t number = again ? random_below(&w->r, w->next_id) : w->next_id++;
    struct random its = random_seeded(number); /* the same id, the same event */
    int64_t amount = (int64_t)random_below(&its, 1000);
    char customer[40], id[40], rare[40];
    struct property property[3] = {
        {STR("amount"), {.type = VALUE_NUMBER, .number = amount}},
        {STR("colour"), {.type = VALUE_TEXT, .text = texts[random_below(&its, 3)]}},
    };
    struct buf json = {NULL};
    struct event e = {.property = property, .property_n = 2};
    struct err err;
    bool added = false;

    snprintf(customer, sizeof customer, "customer %" PRIu64,
             random_below(&its, 1 + number / 4));
    snprintf(id, sizeof id, "message %" PRIu64, number);
    snprintf(rare, sizeof rare, "rare %" PRIu64, random_below(&its, 30));
    e.customer = str_of(customer);
    e.id = str_of(id);
    e.type = types[random_below(&its, 3)];
    e.at_ms = 1321920000000 + (int64_t)random_below(&its, 1000) * 1000;
    if (random_below(&its, 4) == 0)
        property[e.property_n++] = (struct property){str_of(rare), property[0].value};
    event_print(&e, &json);
    must(!json.failed && store_append(w->s, &e, buf_str(&json), &added, &err), &err,
         "appending");
    buf_free(&json);
    if (added) {
        bool new_one;

        need(hash_set_add(&w->customers, hash128_of(e.customer), &new_one), "memory");
        sums->events++;
        sums->customers += new_one;
        sums->ids += hash64(e.id);
        sums->at_ms += (uint64_t)e.at_ms;
        sums->amount += (uint64_t)amount;
    }
}

static void refusal_append(struct writer *w, struct sums *sums)
{
    struct refusal r = {STR("file"), w->lines++, STR("reason"), STR("text")};
    struct err err;

    must(store_refuse(w->s, &r, &err), &err, "refusing");
    sums->refused++;
}

/* Some small, some large. A commit brings an event at least, so that its count is its own. */
static void transaction(struct writer *w)
{
    uint64_t n = 1 + random_below(&w->r, (uint64_t)1 << random_below(&w->r, 8));
    struct sums next = w->sums;
    struct err err;

    must(store_begin(w->s, 1, &err), &err, "beginning");
    for (; n > 0 || next.events == w->sums.events; n -= n > 0)
        event_append(w, &next);
    for (n = random_below(&w->r, 3); n > 0; n--)
        refusal_append(w, &next);
    history_add(&next);
    must(store_commit(w->s, &err), &err, "committing");
    history_done();
    w->sums = next;
}

static void model(struct writer *w)
{
    struct sums next = w->sums;
    uint32_t version;
    struct err err;

    next.models++;
    history_add(&next);
    must(add_model(w->s, STR("a model"), 1, &version, &err), &err, "a model");
    history_done();
    w->sums = next;
}

static void fold(struct writer *w)
{
    struct err err;
    bool more;

    if (store_is_fold_due(w->s) || random_below(&w->r, 4) == 0)
        must(store_fold(w->s, 1, &more, &err), &err, "folding");
}

static void write_some(struct writer *w)
{
    switch (random_below(&w->r, 8)) {
    case 0:
        model(w);
        break;
    case 1:
    case 2:
    case 3:
        fold(w);
        break;
    default:
        transaction(w);
    }
}

/* --- reading --- */

struct reader {
    pthread_t thread;
    struct store *s;
    struct random r;
    uint64_t snapshots, scans;
};

struct held {
    struct snapshot *v;
    struct sums is; /* what it must show */
};

static void chunk_check(const struct catalog *catalog, const struct chunk *c,
                        struct sums *sums)
{
    uint32_t amount = catalog_column_find(catalog, STR("amount"), false, VALUE_NUMBER);
    const struct cells *cells;
    const str *id;
    struct err err;

    must(chunk_message_ids(c, &id, &err), &err, "ids");
    for (uint32_t k = 0; k < c->customer_n; k++) {
        for (uint32_t i = c->first[k]; i < c->first[k + 1]; i++) {
            need(i == c->first[k] || c->at_ms[i - 1] < c->at_ms[i]
                     || (c->at_ms[i - 1] == c->at_ms[i] && str_cmp(id[i - 1], id[i]) < 0),
                 "customer %u: event %u is not in order", c->customer_first + k, i);
            sums->ids += hash64(id[i]);
            sums->at_ms += (uint64_t)c->at_ms[i];
        }
    }
    need(c->first[c->customer_n] == c->event_n, "events of nobody");
    sums->events += c->event_n;
    sums->customers += c->customer_n;
    if (!c->event_n)
        return;
    must(chunk_cells(c, amount, &cells, &err), &err, "amounts");
    for (uint32_t i = 0; i < cells->n; i++)
        sums->amount += (uint64_t)cells->number[i];
}

struct scan {
    struct snapshot *v;
    uint32_t first, step;
    struct sums sums;
};

static void *scan_some(void *context)
{
    struct scan *scan = context;

    for (uint32_t i = scan->first; i < snapshot_chunk_count(scan->v); i += scan->step) {
        const struct chunk *c;
        struct err err;

        must(snapshot_chunk(scan->v, i, &c, &err), &err, "a chunk");
        chunk_check(snapshot_catalog(scan->v), c, &scan->sums);
        snapshot_release(scan->v, i);
    }
    return NULL;
}

static void need_same(const struct sums *got, const struct sums *is)
{
    need(got->events == is->events && got->customers == is->customers
             && got->ids == is->ids && got->at_ms == is->at_ms
             && got->amount == is->amount,
         "a scan found %" PRIu64 " events of %" PRIu64 " customers, amount %" PRIu64
         "; there are %" PRIu64 " of %" PRIu64 ", amount %" PRIu64,
         got->events, got->customers, got->amount, is->events, is->customers, is->amount);
}

/* All of it by two threads, each with every second chunk. */
static void look_at_all(const struct held *h)
{
    struct scan scan[2] = {{h->v, 0, 2}, {h->v, 1, 2}};
    pthread_t helper;

    need(pthread_create(&helper, NULL, scan_some, &scan[1]) == 0, "no thread");
    scan_some(&scan[0]);
    pthread_join(helper, NULL);
    scan[0].sums.events += scan[1].sums.events;
    scan[0].sums.customers += scan[1].sums.customers;
    scan[0].sums.ids += scan[1].sums.ids;
    scan[0].sums.at_ms += scan[1].sums.at_ms;
    scan[0].sums.amount += scan[1].sums.amount;
    need_same(&scan[0].sums, &h->is);
}

static bool add_logged(void *context, [[maybe_unused]] int64_t received_ms,
                       const struct event *e)
{
    struct sums *sums = context;

    sums->events++;
    sums->ids += hash64(e->id);
    return true;
}

static bool add_refused(void *context, [[maybe_unused]] const struct refusal *r)
{
    ++*(uint64_t *)context;
    return true;
}

static void look_at_log(const struct held *h)
{
    struct sums sums = {0};
    uint64_t refused = 0;
    struct err err;

    must(snapshot_each_logged(h->v, add_logged, &sums, &err), &err, "the log");
    need(sums.events == h->is.events && sums.ids == h->is.ids,
         "the log has other events");
    must(snapshot_each_refused(h->v, add_refused, &refused, &err), &err, "refused");
    need(refused == h->is.refused, "%" PRIu64 " refused, not %" PRIu64, refused,
         h->is.refused);
}

static void look_at_customer(const struct held *h, struct random *r)
{
    const struct catalog *catalog = snapshot_catalog(h->v);
    uint32_t customer = (uint32_t)random_below(r, h->is.customers);
    str name = catalog_customer_id(catalog, customer);
    const struct chunk *c;
    struct chunk *his;
    struct timeline all, t;
    struct err err;

    need(catalog_customer_find(catalog, name) == customer, "a customer is another one");
    must(snapshot_customer(h->v, customer, &his, &err), &err, "a customer");
    must(snapshot_chunk(h->v, customer / CHUNK_CUSTOMERS, &c, &err), &err, "his chunk");
    all = timeline_of(c, customer);
    t = timeline_of(his, customer);
    need(all.n == t.n && t.n > 0, "a customer alone has %u events, in his chunk %u", t.n,
         all.n);
    for (uint32_t i = 0; i < t.n; i++)
        need(all.at_ms[i] == t.at_ms[i] && all.type[i] == t.type[i], "his events differ");
    snapshot_release(h->v, customer / CHUNK_CUSTOMERS);
    chunk_free(his);
}

static uint64_t models_of(struct snapshot *v)
{
    struct model_version version = {0};
    struct arena a = {0};
    struct err err;

    must(snapshot_model_latest(v, &a, &version, &err) || err.code == ERR_NOT_FOUND, &err,
         "the model");
    arena_free(&a);
    return version.version;
}

/* At least as new as what was acknowledged before. */
static void take(struct reader *r, struct held *h)
{
    uint32_t before = history_count(), number;
    struct store_facts facts;
    struct err err;

    must(store_snapshot(r->s, &h->v, &err), &err, "a snapshot");
    facts = snapshot_facts(h->v);
    h->is = history_find(facts.events, models_of(h->v), &number);
    need(number != UINT32_MAX, "no commit left %" PRIu64 " events", facts.events);
    need(number + 1 >= before, "commit %u is seen, %u was acknowledged", number, before);
    need(facts.refused == h->is.refused && facts.customers == h->is.customers,
         "commit %u left other counts", number);
    r->snapshots++;
}

static void look(struct reader *r, const struct held *h)
{
    switch (random_below(&r->r, 6)) {
    case 0:
        look_at_log(h);
        break;
    case 1:
        r->scans++;
        look_at_all(h);
        break;
    default:
        if (h->is.customers)
            look_at_customer(h, &r->r);
    }
}

static void *read_until_over(void *context)
{
    struct reader *r = context;
    struct held held[HELD_MAX] = {{NULL}};

    while (!atomic_load(&is_over)) {
        struct held *h = &held[random_below(&r->r, HELD_MAX)];

        if (!h->v) {
            take(r, h);
        } else if (random_below(&r->r, 4) == 0) {
            snapshot_close(h->v);
            h->v = NULL;
        } else {
            look(r, h);
        }
    }
    for (int i = 0; i < HELD_MAX; i++) {
        if (held[i].v)
            look_at_all(&held[i]);
        snapshot_close(held[i].v);
    }
    return NULL;
}

/* --- all of it --- */

static time_t now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static struct store *reopen(struct store *s)
{
    struct store_options options = {STORE_WRITE, MEMORY_BYTES};
    struct err err;

    store_close(s);
    must(store_open(io_system(), str_of(temp_path("shop")), &options, &s, &err), &err,
         "opening");
    return s;
}

/* A file from its first event to its last, opened anew in the middle. */
static void one_file(struct random *r, time_t end_s, struct reader total[READERS])
{
    struct writer w = {.r = random_seeded(random_next(r))};
    struct err err;

    history.n = history.done = 0;
    history_add(&w.sums);
    history_done();
    unlink(temp_path("shop"));
    must(store_create(io_system(), str_of(temp_path("shop")), MEMORY_BYTES, &w.s, &err),
         &err, "creating");
    for (int half = 1; half <= 2 && now_s() < end_s; half++) {
        atomic_store(&is_over, false);
        for (int i = 0; i < READERS; i++) {
            total[i].s = w.s;
            total[i].r = random_seeded(random_next(r));
            need(pthread_create(&total[i].thread, NULL, read_until_over, &total[i]) == 0,
                 "no thread");
        }
        while (w.sums.events < (uint64_t)half * EVENTS_A_FILE / 2 && now_s() < end_s)
            write_some(&w);
        atomic_store(&is_over, true);
        for (int i = 0; i < READERS; i++)
            pthread_join(total[i].thread, NULL);
        w.s = reopen(w.s);
    }
    store_close(w.s);
    hash_set_free(&w.customers);
}

TEST(readers_see_one_commit_each_while_one_thread_writes)
{
    const char *seconds = getenv("CICLO_SECONDS");
    time_t end_s = now_s() + (seconds ? atol(seconds) : 5);
    struct reader total[READERS] = {{0}};
    struct random r = chance();
    uint64_t snapshots = 0, scans = 0;
    int files = 0;

    alarm((unsigned)(end_s - now_s()) + UNIT_SECONDS);
    for (; now_s() < end_s; files++)
        one_file(&r, end_s, total);
    for (int i = 0; i < READERS; i++) {
        snapshots += total[i].snapshots;
        scans += total[i].scans;
    }
    printf("# %d files, %" PRIu64 " snapshots, %" PRIu64 " scans\n", files, snapshots,
           scans);
    assert_true(snapshots > 0 && scans > 0);
}
