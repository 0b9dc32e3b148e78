/* store.c - measures the store from inside: each mode prints `name value` lines, which
 * bench/store gathers. `order` is a test: random arrival against sorted, and the same log
 * twice. */
#include "store/store.h"
#include "base/num.h"
#include "base/time.h"
#include "events.h"

#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS_A_COMMIT = 1000000,
    CHUNKS_A_TURN = 16,
    MEASURED_RUNS = 5,
    READERS_MAX = 8
};

_Noreturn static void give_up(const char *what, const struct err *err)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, err->msg);
    exit(1);
}

static void need(bool ok, const char *what, const struct err *err)
{
    if (!ok)
        give_up(what, err);
}

_Noreturn static void misuse(void)
{
    fputs("usage: bench_store MODE ...\n"
          "  make FILE EVENTS even|whale|single sorted|random [COMMITS' EVENTS]\n"
          "  again FILE NEW                  a new file out of the log of another\n"
          "  digest FILE                     of timelines, whatever their numbering; of "
          "parts\n"
          "  open FILE | lookup FILE N | scan FILE\n"
          "  ingest FILE SECONDS READERS BATCH | late FILE EVENTS\n"
          "  order EVENTS FOLDER             fails unless order plays no part\n",
          stderr);
    exit(2);
}

static double seconds(void)
{
    return (double)clock_steady_us() * 1e-6;
}

static double peak_mib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
           + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* A number that the kernel tells of this process; 0 when it does not. */
static double told(const char *file, const char *name)
{
    FILE *f = fopen(file, "r");
    char line[256];
    double n = 0;

    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            n = strtod(line + strlen(name), NULL);
    if (f)
        fclose(f);
    return n;
}

static double resident_mib(void)
{
    return told("/proc/self/status", "VmRSS:") / 1024;
}

static double written_mib(void)
{
    return told("/proc/self/io", "wchar:") / (1 << 20);
}

static void say(const char *name, double n)
{
    printf("%s %.6g\n", name, n);
}

/* --- stores --- */

static struct store *opened(const char *path, enum store_mode mode)
{
    struct store_options o = {.mode = mode};
    struct store *s;
    struct err err;

    need(store_open(io_system(), str_of(path), &o, &s, &err), path, &err);
    return s;
}

static struct store *created(const char *path)
{
    struct store *s;
    struct err err;

    need(store_create(io_system(), str_of(path), 0, &s, &err), path, &err);
    return s;
}

static struct snapshot *snapshot_of(struct store *s)
{
    struct snapshot *v;
    struct err err;

    need(store_snapshot(s, &v, &err), "a snapshot", &err);
    return v;
}

static void commit(struct store *s)
{
    struct err err;

    need(store_commit(s, &err), "a commit", &err);
}

static void begin(struct store *s)
{
    struct err err;

    need(store_begin(s, clock_now_ms(), &err), "a transaction", &err);
}

static void fold_while(struct store *s, bool more)
{
    struct err err;

    while (more)
        need(store_fold(s, CHUNKS_A_TURN, &more, &err), "folding", &err);
}

/* As the engine does after a commit. */
static void fold_when_due(struct store *s)
{
    fold_while(s, store_is_fold_due(s));
}

/* All events are in parts then. */
static void fold_all(struct store *s)
{
    fold_while(s, true);
}

static void append(struct store *s, const struct event *e, str json)
{
    struct err err;
    bool added;

    need(store_append(s, e, json, &added, &err), "an event", &err);
    if (!added)
        give_up("an event", &(struct err){.msg = "its id is not new"});
}

/* Says ahead which ids will come, as an import does. */
static void fill(struct store *s, const struct stream *stream, uint64_t per_commit)
{
    enum { AHEAD = 8 };
    struct made made[AHEAD] = {0};

    for (uint64_t i = 0; i < stream->n + AHEAD; i++) {
        struct made *m = &made[i % AHEAD];
        uint64_t done = i - AHEAD + 1;

        if (i >= AHEAD) {
            if ((done - 1) % per_commit == 0)
                begin(s);
            append(s, &m->event, buf_str(&m->json));
            if (done % per_commit == 0 || done == stream->n) {
                commit(s);
                fold_when_due(s);
            }
        }
        if (i < stream->n) {
            stream_event(stream, i, m);
            store_expect(s, &m->event);
        }
    }
    for (int i = 0; i < AHEAD; i++)
        buf_free(&made[i].json);
}

static void make(const char *path, const struct stream *stream, uint64_t per_commit)
{
    double began = seconds();
    struct store *s = created(path);

    fill(s, stream, per_commit);
    store_close(s);
    say("events", (double)stream->n);
    say("seconds", seconds() - began);
    say("cpu_seconds", cpu_seconds());
    say("peak_mib", peak_mib());
}

/* --- digests --- */

/* What is said of a customer's events in names, not in numbers: these depend on the order in
 * which the names came. */
static void add_event(const struct catalog *c, const struct timeline *t, uint32_t i,
                      str id, struct arena *a, struct buf *to)
{
    struct err err;

    buf_add(to, (str){(const char *)&t->at_ms[i], sizeof t->at_ms[i]});
    buf_add(to, text_table_get(&c->type, t->type[i]));
    buf_add_char(to, '\n');
    buf_add(to, id);
    for (uint32_t column = 0; column < c->column_n; column++) {
        struct property p = {.name = c->column[column].name};
        struct event named = {.property = &p, .property_n = 1};

        need(timeline_value(t, column, i, a, &p.value, &err), "a value", &err);
        if (p.value.type != VALUE_MISSING)
            event_print(&named, to);
    }
}

/* The sum over all customers, so that their order plays no part. */
static hash128 timelines_digest(struct store *s)
{
    struct snapshot *v = snapshot_of(s);
    const struct catalog *c = snapshot_catalog(v);
    struct arena a = {0};
    struct buf text = {0};
    hash128 sum = {0};

    for (uint32_t n = 0; n < snapshot_chunk_count(v); n++) {
        const struct chunk *chunk;
        const str *id;
        struct err err;

        need(snapshot_chunk(v, n, &chunk, &err) && chunk_message_ids(chunk, &id, &err),
             "a chunk", &err);
        for (uint32_t i = 0; i < chunk->customer_n; i++) {
            struct timeline t = timeline_of(chunk, chunk->customer_first + i);
            hash128 one;

            arena_reset(&a);
            buf_clear(&text);
            buf_add(&text, catalog_customer_id(c, t.customer));
            for (uint32_t k = 0; k < t.n; k++) {
                buf_add_char(&text, '\n');
                add_event(c, &t, k, id[t.first + k], &a, &text);
            }
            one = hash128_of(buf_str(&text));
            sum.low += one.low;
            sum.high += one.high;
        }
        snapshot_release(v, n);
    }
    snapshot_close(v);
    arena_free(&a);
    buf_free(&text);
    return sum;
}

/* Of all parts' bytes as they stand in the file. */
static hash128 parts_digest(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    struct buf hashes = {0};
    hash128 all;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db,
                              "select \"column\", chunk, codec, bytes from part"
                              " order by chunk, \"column\"",
                              -1, &row, NULL)
               != SQLITE_OK) {
        fprintf(stderr, "bench_store: %s: %s\n", path, sqlite3_errmsg(db));
        exit(1);
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        int64_t key[] = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                         sqlite3_column_int64(row, 2)};
        str bytes = {sqlite3_column_blob(row, 3), (size_t)sqlite3_column_bytes(row, 3)};

        buf_add(&hashes, (str){(const char *)key, sizeof key});
        hash128_print(&hashes, hash128_of(bytes));
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    all = hash128_of(buf_str(&hashes));
    buf_free(&hashes);
    return all;
}

static void say_hash(const char *name, hash128 h)
{
    struct buf b = {0};

    hash128_print(&b, h);
    printf("%s %.*s\n", name, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

static void digest(const char *path)
{
    struct store *s = opened(path, STORE_READ);

    say_hash("timelines", timelines_digest(s));
    store_close(s);
    say_hash("parts", parts_digest(path));
}

/* --- a log again --- */

struct again {
    struct store *to;
    struct buf json;
    uint64_t n;
};

static bool append_again(void *context, [[maybe_unused]] int64_t received_ms,
                         const struct event *e)
{
    struct again *a = context;

    if (a->n++ % EVENTS_A_COMMIT == 0) {
        if (a->n > 1)
            commit(a->to);
        begin(a->to);
    }
    buf_clear(&a->json);
    event_print(e, &a->json);
    append(a->to, e, buf_str(&a->json));
    return true;
}

static void again(const char *path, const char *to)
{
    struct store *from = opened(path, STORE_READ);
    struct snapshot *v = snapshot_of(from);
    struct again a = {.to = created(to)};
    struct err err;

    need(snapshot_each_logged(v, append_again, &a, &err), "the log", &err);
    if (a.n)
        commit(a.to);
    fold_all(a.to);
    store_close(a.to);
    snapshot_close(v);
    store_close(from);
    buf_free(&a.json);
}

static void make_folded(const char *path, uint64_t n, bool shuffled, uint64_t per_commit)
{
    struct stream stream = {.n = n, .shuffled = shuffled};
    struct store *s = created(path);

    fill(s, &stream, per_commit);
    fold_all(s);
    store_close(s);
}

static hash128 timelines_of(const char *path)
{
    struct store *s = opened(path, STORE_READ);
    hash128 h = timelines_digest(s);

    store_close(s);
    return h;
}

static bool same(const char *what, hash128 a, hash128 b)
{
    if (hash128_eq(a, b))
        return true;
    fprintf(stderr, "bench_store: %s differ\n", what);
    return false;
}

/* Sorted and random arrival, in few large and many small commits; each log again. */
static int order(uint64_t n, const char *in)
{
    static const char *const name[] = {"sorted", "random", "small", "again", "twice"};
    char folder[PATH_MAX], path[5][PATH_MAX + 16];
    bool ok;

    snprintf(folder, sizeof folder, "%s/ciclo-order-XXXXXX", in);
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    for (int i = 0; i < 5; i++)
        snprintf(path[i], sizeof path[i], "%s/%s.ciclo", folder, name[i]);
    make_folded(path[0], n, false, n);
    make_folded(path[1], n, true, n / 3 + 1);
    make_folded(path[2], n, true, n / 50 + 1);
    again(path[1], path[3]);
    again(path[1], path[4]);
    ok = same("the timelines of sorted and of random arrival", timelines_of(path[0]),
              timelines_of(path[1]))
         && same("the parts of many commits and of few", parts_digest(path[1]),
                 parts_digest(path[2]))
         && same("the parts made anew and those that grew", parts_digest(path[1]),
                 parts_digest(path[3]))
         && same("the parts made twice of one log", parts_digest(path[3]),
                 parts_digest(path[4]));
    for (int i = 0; i < 5; i++)
        unlink(path[i]);
    rmdir(folder);
    return !ok;
}

/* --- reading --- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double share(double *sorted, size_t n, double of)
{
    return sorted[(size_t)((double)(n - 1) * of)];
}

static void measure_open(const char *path)
{
    double took[MEASURED_RUNS];

    for (int i = 0; i < MEASURED_RUNS; i++) {
        double began = seconds();
        struct store *s = opened(path, i % 2 ? STORE_READ : STORE_WRITE);
        struct snapshot *v = snapshot_of(s);
        struct store_facts facts = snapshot_facts(v);

        took[i] = seconds() - began;
        if (!i) {
            say("events", (double)facts.events);
            say("customers", facts.customers);
            say("first_seconds", took[i]);
            say("resident_mib", resident_mib());
        }
        snapshot_close(v);
        store_close(s);
    }
    qsort(took, MEASURED_RUNS, sizeof *took, by_size);
    say("seconds", took[MEASURED_RUNS / 2]);
}

/* One customer's whole timeline: moments, types and the values of a column. */
static int64_t look_at(struct snapshot *v, uint32_t customer, uint32_t column)
{
    struct chunk *chunk;
    const struct cells *cells;
    struct timeline t;
    int64_t sum = 0;
    struct err err;

    need(snapshot_customer(v, customer, &chunk, &err), "a customer", &err);
    t = timeline_of(chunk, customer);
    need(chunk_cells(chunk, column, &cells, &err), "a column", &err);
    for (uint32_t i = 0; i < t.n; i++)
        sum += t.at_ms[i] + t.type[i];
    for (uint32_t i = cells_from(cells, t.first); i < cells->n; i++)
        sum += cells->event[i] < t.first + t.n ? cells->number[i] : 0;
    chunk_free(chunk);
    return sum;
}

static uint32_t number_column(const struct catalog *c)
{
    uint32_t column = catalog_column_find(c, STR("amount"), false, VALUE_NUMBER);

    return column == COLUMN_NONE ? 0 : column;
}

/* Customers at random; customer 0 is left out: the whale, where there is one. With n of 0
 * one of each chunk, so that nothing was read before. */
static void look_at_many(struct snapshot *v, size_t n, uint64_t seed, const char *p50,
                         const char *p99)
{
    bool each_chunk = !n;
    uint32_t customers = catalog_customer_n(snapshot_catalog(v));
    uint32_t column = number_column(snapshot_catalog(v));
    volatile int64_t sum = 0; /* so that no look is left out */
    double *took;

    n = n ? n : customers / CHUNK_CUSTOMERS;
    took = malloc(n * sizeof *took);
    if (!took || !n)
        give_up("lookups",
                &(struct err){.msg = "there are not a thousand customers, or no memory"});
    for (size_t i = 0; i < n; i++) {
        uint64_t dice = mixed(i + seed);
        uint32_t customer =
            each_chunk
                ? (uint32_t)(i * CHUNK_CUSTOMERS + 1 + dice % (CHUNK_CUSTOMERS - 1))
                : 1 + (uint32_t)(dice % (customers - 1));
        double began = seconds();

        sum += look_at(v, customer, column);
        took[i] = (seconds() - began) * 1e6;
    }
    qsort(took, n, sizeof *took, by_size);
    (void)sum;
    say(p50, share(took, n, 0.5));
    say(p99, share(took, n, 0.99));
    free(took);
}

struct scan {
    struct snapshot *v;
    atomic_uint next;
    atomic_llong sum;
    atomic_ullong bytes;
    uint32_t column;
    bool times;
};

static int64_t sum_of(const int64_t *number, size_t n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += number[i];
    return sum;
}

static void *scan_chunks(void *context)
{
    struct scan *s = context;
    uint32_t n = snapshot_chunk_count(s->v), from;
    int64_t sum = 0;
    uint64_t bytes = 0;

    while ((from = atomic_fetch_add(&s->next, CHUNKS_A_TURN)) < n) {
        for (uint32_t i = from; i < n && i < from + CHUNKS_A_TURN; i++) {
            const struct cells *cells;
            const struct chunk *chunk;
            struct err err;

            need(snapshot_chunk(s->v, i, &chunk, &err), "a chunk", &err);
            if (s->times) {
                sum += sum_of(chunk->at_ms, chunk->event_n);
                bytes += chunk->event_n * sizeof *chunk->at_ms;
            } else {
                need(chunk_cells(chunk, s->column, &cells, &err), "a column", &err);
                sum += sum_of(cells->number, cells->n);
                bytes += cells->n * sizeof *cells->number;
            }
            snapshot_release(s->v, i);
        }
    }
    atomic_fetch_add(&s->sum, sum);
    atomic_fetch_add(&s->bytes, bytes);
    return NULL;
}

/* Seconds of one pass by so many threads. */
static double scan_once(struct snapshot *v, bool times, int threads, double *bytes)
{
    struct scan s = {
        .v = v, .times = times, .column = number_column(snapshot_catalog(v))};
    pthread_t thread[2];
    double began = seconds();

    for (int i = 1; i < threads; i++)
        pthread_create(&thread[i], NULL, scan_chunks, &s);
    scan_chunks(&s);
    for (int i = 1; i < threads; i++)
        pthread_join(thread[i], NULL);
    *bytes = (double)s.bytes;
    return seconds() - began;
}

struct part_of_sum {
    const int64_t *number;
    size_t n;
    int64_t sum;
};

static void *sum_half(void *context)
{
    struct part_of_sum *h = context;

    h->sum = sum_of(h->number, h->n);
    return NULL;
}

/* The same sum over one array of as many bytes. */
static double sum_by_hand(const int64_t *number, size_t n, int threads)
{
    struct part_of_sum half[2] = {{number, n / (size_t)threads, 0},
                                  {number + n / 2, n - n / 2, 0}};
    double began = seconds();
    pthread_t thread;

    if (threads == 2)
        pthread_create(&thread, NULL, sum_half, &half[1]);
    sum_half(&half[0]);
    if (threads == 2)
        pthread_join(thread, NULL);
    return seconds() - began;
}

static void say_scan(struct snapshot *v, const char *what, bool times, int threads)
{
    double best = 1e9, hand = 1e9, bytes = 0;
    char name[64];
    int64_t *number;

    for (int i = 0; i < MEASURED_RUNS; i++) {
        double took = scan_once(v, times, threads, &bytes);

        best = took < best ? took : best;
    }
    number = malloc((size_t)bytes + 1);
    if (!number)
        give_up("scan", &(struct err){.msg = "no memory for the loop by hand"});
    memset(number, 1, (size_t)bytes);
    for (int i = 0; i < MEASURED_RUNS; i++) {
        double took = sum_by_hand(number, (size_t)bytes / sizeof *number, threads);

        hand = took < hand ? took : hand;
    }
    free(number);
    snprintf(name, sizeof name, "%s_%d_ms", what, threads);
    say(name, best * 1e3);
    snprintf(name, sizeof name, "%s_%d_hand_ms", what, threads);
    say(name, hand * 1e3);
    snprintf(name, sizeof name, "%s_mb", what);
    say(name, bytes * 1e-6);
}

static void measure_scan(const char *path)
{
    double empty = resident_mib(), bytes;
    struct store *s = opened(path, STORE_READ);
    struct snapshot *v = snapshot_of(s);
    double events = (double)snapshot_facts(v).events;

    say("events", events);
    say("open_mib", resident_mib() - empty);
    say("first_times_2_seconds", scan_once(v, true, 2, &bytes));
    say("times_resident_bytes_an_event", (resident_mib() - empty) * (1 << 20) / events);
    say("first_values_2_seconds", scan_once(v, false, 2, &bytes));
    say("both_resident_bytes_an_event", (resident_mib() - empty) * (1 << 20) / events);
    say_scan(v, "times", true, 1);
    say_scan(v, "times", true, 2);
    say_scan(v, "values", false, 1);
    say_scan(v, "values", false, 2);
    snapshot_close(v);
    store_close(s);
}

static void measure_lookup(const char *path, size_t n)
{
    struct store *s = opened(path, STORE_READ);
    struct snapshot *v = snapshot_of(s);
    double bytes;

    look_at_many(v, 0, 1, "cold_p50_us", "cold_p99_us");
    scan_once(v, true, 2, &bytes);
    scan_once(v, false, 2, &bytes);
    look_at_many(v, n, 2, "warm_p50_us", "warm_p99_us");
    snapshot_close(v);
    store_close(s);
}

/* --- writing --- */

/* Of one of the customers that the file has had from the beginning. */
static void late_event(struct store *s, uint32_t customers, uint64_t i, struct made *m)
{
    str id = catalog_customer_id(store_catalog(s), (uint32_t)(mixed(i) % customers));

    stream_late(id, i, m);
}

struct readers {
    struct store *store;
    atomic_bool stop;
    atomic_ullong passes;
};

static void *read_on(void *context)
{
    struct readers *r = context;

    while (!r->stop) {
        struct snapshot *v = snapshot_of(r->store);
        double bytes;

        scan_once(v, true, 1, &bytes);
        snapshot_close(v);
        r->passes++;
    }
    return NULL;
}

/* Late news, a batch a commit, while readers scan the times of everybody. */
static void measure_ingest(const char *path, double length, int threads, uint64_t batch)
{
    struct store *s = opened(path, STORE_WRITE);
    struct readers r = {.store = s};
    struct snapshot *v = snapshot_of(s);
    uint32_t customers = snapshot_facts(v).customers;
    uint64_t salt = (uint64_t)clock_now_ms() << 20, n = 0, commits = 0;
    double slowest = 0, began, bytes;
    pthread_t thread[READERS_MAX];
    struct made m = {0};

    scan_once(v, true, 2, &bytes);
    snapshot_close(v);
    for (int i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, read_on, &r);
    for (began = seconds(); seconds() - began < length; commits++) {
        double start = seconds(), took;

        begin(s);
        for (uint64_t i = 0; i < batch; i++, n++) {
            late_event(s, customers, salt + n, &m);
            append(s, &m.event, buf_str(&m.json));
        }
        commit(s);
        took = seconds() - start;
        slowest = took > slowest ? took : slowest;
        fold_when_due(s);
    }
    say("events_a_second", (double)n / (seconds() - began));
    say("commits_a_second", (double)commits / (seconds() - began));
    say("slowest_commit_ms", slowest * 1e3);
    r.stop = true;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    say("passes_of_readers", (double)r.passes);
    say("peak_mib", peak_mib());
    buf_free(&m.json);
    store_close(s);
}

static void measure_late(const char *path, uint64_t n)
{
    struct store *s = opened(path, STORE_WRITE);
    struct snapshot *v = snapshot_of(s);
    uint32_t customers = snapshot_facts(v).customers;
    double began = seconds(), written = written_mib();
    uint64_t salt = (uint64_t)clock_now_ms() << 20;
    struct made m = {0};

    snapshot_close(v);
    begin(s);
    for (uint64_t i = 0; i < n; i++) {
        late_event(s, customers, salt + i, &m);
        append(s, &m.event, buf_str(&m.json));
    }
    commit(s);
    say("commit_seconds", seconds() - began);
    say("commit_written_mib", written_mib() - written);
    began = seconds();
    written = written_mib();
    fold_all(s);
    say("fold_seconds", seconds() - began);
    say("fold_written_mib", written_mib() - written);
    say("peak_mib", peak_mib());
    buf_free(&m.json);
    store_close(s);
}

/* --- --- */

static uint64_t number_of(const char *word)
{
    char *end;
    uint64_t n = strtoull(word, &end, 10);

    if (*end || end == word)
        misuse();
    return n;
}

static void make_mode(int n, char **word)
{
    struct stream stream = {.n = number_of(word[1])};

    if (!shape_parse(str_of(word[2]), &stream.shape))
        misuse();
    stream.shuffled = !strcmp(word[3], "random");
    make(word[0], &stream, n > 4 ? number_of(word[4]) : EVENTS_A_COMMIT);
}

int main(int argc, char **argv)
{
    char **word = argv + 2;
    const char *mode = argc > 1 ? argv[1] : "";
    int n = argc - 2;

    if (!strcmp(mode, "make") && (n == 4 || n == 5))
        make_mode(n, word);
    else if (!strcmp(mode, "again") && n == 2)
        again(word[0], word[1]);
    else if (!strcmp(mode, "digest") && n == 1)
        digest(word[0]);
    else if (!strcmp(mode, "open") && n == 1)
        measure_open(word[0]);
    else if (!strcmp(mode, "lookup") && n == 2)
        measure_lookup(word[0], number_of(word[1]));
    else if (!strcmp(mode, "scan") && n == 1)
        measure_scan(word[0]);
    else if (!strcmp(mode, "ingest") && n == 4)
        measure_ingest(word[0], (double)number_of(word[1]),
                       (int)(number_of(word[2]) % (READERS_MAX + 1)), number_of(word[3]));
    else if (!strcmp(mode, "late") && n == 2)
        measure_late(word[0], number_of(word[1]));
    else if (!strcmp(mode, "order") && n == 2)
        return order(number_of(word[0]), word[1]);
    else
        misuse();
    return 0;
}
