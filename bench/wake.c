/* wake.c - a year of everybody's moves, made by a clock that jumps.
 *
 *     bench_backtest make FILE 50000000      fifty events a customer, in two years
 *     bench_wake FILE                        changes FILE: once
 *
 * In the middle of the events' second year the model of naive.c becomes the live one. Then the
 * clock goes on for a year: by days, over a month while the machine was off, by weeks, and from
 * one pending moment just to the next; late events come in between. Of a sample of customers it
 * is looked at, after each step, that what was said before still stands and that what is new
 * fell due in between; at the end their moves are compared, one by one, with the naive replay of
 * the events as bench/events.c makes them. Of everybody's moves are counted those that stand
 * there twice, out of order, or not where the one before ended. */
#include "base/num.h"
#include "engine/engine_impl.h"
#include "events.h"
#include "naive.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    EVENTS_EACH = 50,
    SAMPLE = 10000,
    DAYS = 60,
    MONTH = 31,
    YEAR = 365,
    STEPS_MAX = 300,
    FEW = 200,     /* wakes by one pending moment */
    SINGLE_N = 50, /* events that come alone */
    LATE = 5000,   /* events that come late, together */
    LATE_EVERY = 7,
    LATE_MAX = 200000,
};

struct sampled {
    uint32_t customer, number; /* in the stream; in the file */
    size_t seen;               /* moves */
    struct move last;          /* of those */
    bool is_late;              /* something came in of him since */
};

struct wake {
    const char *path;
    struct engine *e;
    uint32_t customers;
    int64_t now_ms;
    struct sampled *sample;
    uint32_t sample_n;
    uint32_t late[LATE_MAX]; /* whose the events are that came late */
    uint32_t late_n;
    uint64_t wrong;
};

struct times {
    const char *name;
    double s[STEPS_MAX];
    double work_s; /* of all of them, on all cores */
    uint64_t replayed;
    int n;
};

static void need(bool ok, const char *what, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_wake: %s: %s\n", what, err->msg);
    exit(1);
}

static double seconds(void)
{
    return (double)clock_steady_us() * 1e-6;
}

static double work_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static double peak_mib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_times(struct times *t)
{
    qsort(t->s, (size_t)t->n, sizeof *t->s, by_size);
    printf("%-26s %3d, replayed %.0f each: median %.2f ms, p99 %.2f ms, most %.2f ms; "
           "work %.2f ms each\n",
           t->name, t->n, (double)t->replayed / t->n, t->s[t->n / 2] * 1e3,
           t->s[t->n * 99 / 100] * 1e3, t->s[t->n - 1] * 1e3, t->work_s / t->n * 1e3);
    fflush(stdout);
}

/* --- the sample --- */

static uint32_t number_of(const struct wake *w, uint32_t customer)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(w->e));
    char id[24];
    int n = snprintf(id, sizeof id, "c%u", customer);

    return catalog_customer_find(catalog, (str){id, (size_t)n});
}

static void take_sample(struct wake *w)
{
    uint32_t stride = w->customers < SAMPLE ? 1 : w->customers / SAMPLE;

    w->sample_n = w->customers < SAMPLE ? w->customers : SAMPLE;
    w->sample = calloc(w->sample_n, sizeof *w->sample);
    for (uint32_t i = 0; i < w->sample_n; i++) {
        w->sample[i].customer = i * stride + (uint32_t)(mixed(i) % stride);
        w->sample[i].number = number_of(w, w->sample[i].customer);
    }
}

static void refute(struct wake *w, const struct sampled *s, const char *what, size_t at)
{
    if (w->wrong++ < 10)
        printf("WRONG: c%u, move %zu: %s\n", s->customer, at, what);
}

/* What was told before still stands, and what is new fell due since. */
static void look_at_sample(struct wake *w, int64_t before_ms)
{
    for (uint32_t i = 0; i < w->sample_n; i++) {
        struct sampled *s = &w->sample[i];
        size_t n;
        const struct move *move = engine_moves(w->e, 0, s->number, &n);

        if (!s->is_late) {
            if (n < s->seen
                || (s->seen
                    && (move[s->seen - 1].at_ms != s->last.at_ms
                        || move[s->seen - 1].way != s->last.way)))
                refute(w, s, "another past than before", s->seen);
            for (size_t k = s->seen; k < n; k++)
                if (move[k].at_ms <= before_ms || move[k].at_ms > w->now_ms)
                    refute(w, s, "it was due at another step", k);
        }
        s->is_late = false;
        s->seen = n;
        if (n)
            s->last = move[n - 1];
    }
}

/* --- steps --- */

static void advance(struct wake *w, int64_t now_ms, struct times *t)
{
    uint64_t before = engine_replayed(w->e);
    double began = seconds(), worked = work_seconds();
    struct err err;

    w->now_ms = now_ms;
    need(engine_advance(w->e, now_ms, &err), "advance", &err);
    t->s[t->n++] = seconds() - began;
    t->work_s += work_seconds() - worked;
    t->replayed += engine_replayed(w->e) - before;
}

static void step(struct wake *w, int64_t length_ms, struct times *t)
{
    int64_t before_ms = w->now_ms;

    advance(w, before_ms + length_ms, t);
    look_at_sample(w, before_ms);
}

/* One in ten is of the sample. */
static void append_late(struct wake *w)
{
    uint32_t i = w->late_n++, one = (uint32_t)(mixed(i) % w->customers);
    struct sampled *s = i % 10 ? NULL : &w->sample[mixed(i) % w->sample_n];
    struct made made = {0};
    char id[24];
    bool added;
    struct err err;

    w->late[i] = s ? s->customer : one;
    if (s)
        s->is_late = true;
    for (uint32_t k = 0; !s && k < w->sample_n; k++)
        w->sample[k].is_late |= w->sample[k].customer == one;
    snprintf(id, sizeof id, "c%u", w->late[i]);
    stream_late(str_of(id), i, &made);
    need(store_append(engine_store(w->e), &made.event, buf_str(&made.json), &added, &err),
         "append", &err);
    if (!added)
        need(err_set(&err, ERR_INPUT, "the file is not fresh"), w->path, &err);
    buf_free(&made.json);
}

static void come_in(struct wake *w, uint32_t n)
{
    struct store *s = engine_store(w->e);
    bool more = store_is_fold_due(s);
    struct err err;

    need(store_begin(s, w->now_ms, &err), "begin", &err);
    for (uint32_t i = 0; i < n; i++)
        append_late(w);
    need(store_commit(s, &err), "commit", &err);
    while (more)
        need(store_fold(s, 16, &more, &err), "fold", &err);
    need(engine_refresh(w->e, &err), "refresh", &err);
}

static void open_file(struct wake *w)
{
    const struct store_options o = {.mode = STORE_WRITE};
    struct err err;

    need(engine_open(io_system(), str_of(w->path), &o, &w->e, &err), w->path, &err);
}

static void open_again(struct wake *w, int64_t length_ms)
{
    struct times waking = {.name = "wake after the opening"};
    double began = seconds(), worked = work_seconds();

    engine_close(w->e);
    printf("closed in %.2f s, work %.2f s; ", seconds() - began, work_seconds() - worked);
    began = seconds();
    worked = work_seconds();
    open_file(w);
    printf("opened in %.2f s, work %.2f s\n", seconds() - began, work_seconds() - worked);
    step(w, length_ms, &waking);
    print_times(&waking);
}

static void live(struct wake *w)
{
    static struct times by_day = {.name = "days"}, by_week = {.name = "weeks"},
                        few = {.name = "to the next pending moment"},
                        late = {.name = "late events"}, single = {.name = "one event"};
    int64_t end_ms = w->now_ms + YEAR * MS_DAY, before_ms;

    open_again(w, 0);
    for (int i = 0; i < DAYS; i++)
        step(w, MS_DAY, &by_day);
    print_times(&by_day);
    before_ms = w->now_ms;
    for (int i = 0; i < FEW; i++)
        advance(w, engine_next_ms(w->e), &few);
    look_at_sample(w, before_ms);
    print_times(&few);
    open_again(w, MONTH * MS_DAY);
    for (int i = 0; w->now_ms < end_ms; i++) {
        step(w, end_ms - w->now_ms < 7 * MS_DAY ? end_ms - w->now_ms : 7 * MS_DAY,
             &by_week);
        if (i % LATE_EVERY)
            continue;
        come_in(w, LATE);
        step(w, 0, &late);
    }
    print_times(&by_week);
    print_times(&late);
    for (int i = 0; i < SINGLE_N; i++) {
        come_in(w, 1);
        step(w, 0, &single);
    }
    print_times(&single);
    open_again(w, 0);
}

/* --- at the end --- */

static void know(struct naive *n, const struct event *e)
{
    if (n->event_n == NAIVE_EVENTS_MAX)
        abort();
    n->event[n->event_n++] = (struct naive_event){e->at_ms, naive_type(e->type)};
}

static void events_of(const struct wake *w, uint32_t customer, struct naive *out)
{
    const struct stream stream = {.n = (uint64_t)w->customers * EVENTS_EACH,
                                  .shape = EVEN};
    struct made made = {0};

    out->event_n = 0;
    for (uint64_t i = 0; i < EVENTS_EACH; i++) {
        stream_event(&stream, (uint64_t)customer * EVENTS_EACH + i, &made);
        know(out, &made.event);
    }
    for (uint32_t i = 0; i < w->late_n; i++)
        if (w->late[i] == customer) {
            stream_late(STR("c"), i, &made);
            know(out, &made.event);
        }
    buf_free(&made.json);
}

static bool same(const struct naive_move *a, const struct move *b)
{
    return a->at_ms == b->at_ms && a->to == b->to
           && (a->from < 0 ? b->from == STAGE_NONE && b->way == WAY_START
                           : a->from == b->from && a->way == b->way);
}

/* Moves compared. */
static uint64_t compare_sample(struct wake *w)
{
    static struct naive naive;
    static struct naive_move wanted[NAIVE_MOVES_MAX];
    uint64_t all = 0;

    for (uint32_t i = 0; i < w->sample_n; i++) {
        const struct sampled *s = &w->sample[i];
        size_t n, k = 0, wanted_n;
        const struct move *move = engine_moves(w->e, 0, s->number, &n);

        events_of(w, s->customer, &naive);
        wanted_n = (size_t)naive_replay(&naive, w->now_ms, wanted);
        while (k < n && k < wanted_n && same(&wanted[k], &move[k]))
            k++;
        if (k < n || k < wanted_n)
            refute(w, s, k == n ? "missing" : k == wanted_n ? "too many" : "another", k);
        all += wanted_n;
    }
    return all;
}

static void count_everybody(const struct wake *w)
{
    uint64_t all = 0, twice = 0, disordered = 0, astray = 0;

    for (uint32_t c = 0; c < w->customers; c++) {
        size_t n;
        const struct move *m = engine_moves(w->e, 0, c, &n);

        all += n;
        for (size_t k = 1; k < n; k++) {
            disordered += m[k].at_ms < m[k - 1].at_ms;
            astray += m[k].from != m[k - 1].to;
            for (size_t b = k; b-- && m[b].at_ms == m[k].at_ms;)
                twice += m[b].way == m[k].way;
        }
    }
    printf("moves in all %llu; twice %llu, out of order %llu, from where nobody stood "
           "%llu\n",
           (unsigned long long)all, (unsigned long long)twice,
           (unsigned long long)disordered, (unsigned long long)astray);
}

static void begin(struct wake *w)
{
    struct buf model = {};
    double began = seconds();
    uint32_t version;
    struct err err;

    w->now_ms = civil_ms((struct civil){.year = 2025, .month = 7, .day = 1});
    open_file(w);
    naive_model(&model);
    need(engine_apply(w->e, buf_str(&model), w->now_ms, &version, &err), "apply", &err);
    buf_free(&model);
    w->customers = engine_customer_n(w->e);
    printf("%u customers with %llu events; everybody replayed in %.2f s\n", w->customers,
           (unsigned long long)snapshot_facts(engine_snapshot(w->e)).events,
           seconds() - began);
    for (uint32_t s = 0; s < NAIVE_STAGES; s++)
        if (!str_eq(lifecycle_stage_name(engine_model(w->e)->lifecycle, (uint16_t)s),
                    str_of(naive_stage[s])))
            abort();
    take_sample(w);
    look_at_sample(w, MOMENT_MIN);
}

int main(int n, char **word)
{
    static struct wake w;
    double began = seconds();
    uint64_t compared;

    if (n != 2) {
        fputs("usage: bench_wake FILE\n", stderr);
        return 2;
    }
    w.path = word[1];
    begin(&w);
    live(&w);
    printf("a year took %.1f s; peak %.0f MiB\n", seconds() - began, peak_mib());
    began = seconds();
    compared = compare_sample(&w);
    printf("%u customers with %llu moves compared with the naive replay in %.1f s\n",
           w.sample_n, (unsigned long long)compared, seconds() - began);
    count_everybody(&w);
    printf("wrong %llu\n", (unsigned long long)w.wrong);
    engine_close(w.e);
    free(w.sample);
    return w.wrong ? 1 : 0;
}
