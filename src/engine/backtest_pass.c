/* backtest_pass.c - one walk over all customers, chunk by chunk on all threads. Each thread counts
 * for itself; what they counted is added up at the end. */
#include "engine/backtest_impl.h"

#include "base/work.h"

#include <pthread.h>

enum { PIECES = 3 };

void backtest_follow(void *context, uint64_t done, uint64_t all)
{
    const struct follow *f = context;

    if (f->progress)
        f->progress(f->context, f->piece * all + done, PIECES * all);
}

/* What is counted with each of the models; and whoever moves alike with both of them, where they
 * count alike too, but once, by the old one. */
enum { BOTH = COMPARE_SIDES, SIDES };

struct side {              /* in one thread */
    struct cursor *cursor; /* NULL: no rule is asked */
    uint32_t *times_in;
    struct forecast_result *result; /* by forecast */
    struct kpi_count *kpi;          /* NULL: it has no such lifecycle */
};

struct worker { /* one a thread */
    struct compare part;
    struct side side[SIDES];
    struct arena arena;
    struct err err;
    bool failed;
};

struct pass {
    struct backtest *b;
    struct worker *worker;
    bool asks; /* the timelines are needed */
    uint32_t chunk_n, done;
    _Atomic uint32_t next;
    pthread_mutex_t lock; /* guards .done, and that progress is called once at a time */
    struct follow *follow;
    atomic_bool failed;
};

static void worker_free(struct worker *w)
{
    compare_free(&w->part);
    for (int k = 0; k < SIDES; k++) {
        cursor_free(w->side[k].cursor);
        kpi_free(w->side[k].kpi);
    }
    arena_free(&w->arena);
}

static bool side_asks(const struct backtest *b, int side)
{
    return b->lifecycle[side] && (b->forecast_n || kpi_asks(&b->plan[side]));
}

static bool side_init(struct side *s, const struct backtest *b, int side, struct arena *a,
                      struct err *err)
{
    const struct lifecycle *l = b->lifecycle[side];

    s->result = arena_array(a, struct forecast_result, (size_t)b->forecast_n + 1);
    if (!s->result)
        return err_nomem(err);
    if (!l)
        return true;
    s->times_in = arena_array(a, uint32_t, l->stage_n);
    if (!s->times_in)
        return err_nomem(err);
    return kpi_new(&b->plan[side], &s->kpi, err)
           && (!side_asks(b, side)
               || cursor_new(b->model[side]->program, &s->cursor, err));
}

static bool worker_init(struct worker *w, const struct backtest *b, struct err *err)
{
    bool ok = compare_new(&b->stages, b->result.edge, b->result.period_n, &w->arena,
                          &w->part, err);

    for (int k = 0; ok && k < COMPARE_SIDES; k++)
        ok = side_init(&w->side[k], b, k, &w->arena, err);
    if (ok && b->same_aims)
        ok = side_init(&w->side[BOTH], b, COMPARE_OLD, &w->arena, err);
    return ok;
}

/* --- one customer --- */

/* His moves in each lifecycle up to the one that is looked at, which is the last of them. */
static struct beside *moves_of(const struct backtest *b, int side, uint32_t customer,
                               struct beside *moves)
{
    const struct lifecycle *l = b->lifecycle[side];
    static struct beside none;

    if (!l)
        return &none;
    for (uint32_t i = 0; i <= l->number; i++)
        moves[i].move = histories_moves(b->histories[side], i, customer, &moves[i].n);
    return &moves[l->number];
}

static bool judge(const struct backtest *b, struct side *s, int side,
                  const struct timeline *t, const struct beside *moves, struct err *err)
{
    struct forecast_span span = {b->lifecycle[side], b->model[side]->workspace.zone,
                                 b->from_ms, b->to_ms, s->times_in};

    for (uint32_t i = 0; i < b->forecast_n; i++) {
        const struct backtest_forecast *f = &b->forecast[i];

        if (f->asked[side]
            && !forecast_add(&f->rule[side], &span, s->cursor, t, moves, &s->result[i],
                             err))
            return false;
    }
    return true;
}

static bool add_side(const struct backtest *b, struct side *s, int side,
                     const struct timeline *t, const struct beside *moves,
                     struct err *err)
{
    if (!s->kpi)
        return true;
    return (!s->cursor
            || (judge(b, s, side, t, moves, err) && cursor_start(s->cursor, t, err)))
           && kpi_add(s->kpi, s->cursor, moves, err);
}

static bool is_same(const struct beside *a, const struct beside *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++)
        if (a->move[i].at_ms != b->move[i].at_ms || a->move[i].from != b->move[i].from
            || a->move[i].to != b->move[i].to)
            return false;
    return a->n == b->n;
}

/* In this lifecycle and those above it. */
static bool moves_alike(const struct backtest *b, struct beside moves[][LIFECYCLES_MAX])
{
    uint32_t l = 0;

    while (l <= b->lifecycle[COMPARE_OLD]->number
           && is_same(&moves[COMPARE_OLD][l], &moves[COMPARE_NEW][l]))
        l++;
    return l > b->lifecycle[COMPARE_OLD]->number;
}

/* `t` NULL: nothing is asked of it. */
static bool add_customer(const struct backtest *b, struct worker *w, uint32_t customer,
                         const struct timeline *t, struct err *err)
{
    struct beside moves[COMPARE_SIDES][LIFECYCLES_MAX];
    const struct beside *old = moves_of(b, COMPARE_OLD, customer, moves[COMPARE_OLD]),
                        *new = moves_of(b, COMPARE_NEW, customer, moves[COMPARE_NEW]);

    if (!compare_add(&w->part, customer, old->move, old->n, new->move, new->n, err))
        return false;
    if (b->same_aims && moves_alike(b, moves))
        return add_side(b, &w->side[BOTH], COMPARE_OLD, t, moves[COMPARE_OLD], err);
    for (int k = 0; k < COMPARE_SIDES; k++)
        if (!add_side(b, &w->side[k], k, t, moves[k], err))
            return false;
    return true;
}

/* --- everybody --- */

static bool add_timelines(const struct backtest *b, struct worker *w, uint32_t k,
                          struct err *err)
{
    const struct chunk *chunk;
    bool ok = true;

    if (!snapshot_chunk(b->at, k, &chunk, err))
        return false;
    for (uint32_t i = 0; ok && i < chunk->customer_n; i++) {
        struct timeline t = timeline_of(chunk, chunk->customer_first + i);

        while (t.n && t.at_ms[t.n - 1] >= b->to_ms)
            t.n--;
        ok = add_customer(b, w, chunk->customer_first + i, &t, err);
    }
    snapshot_release(b->at, k);
    return ok;
}

static bool add_chunk(const struct pass *p, struct worker *w, uint32_t k)
{
    const struct backtest *b = p->b;
    uint32_t first = k * CHUNK_CUSTOMERS, end = first + CHUNK_CUSTOMERS;
    uint32_t all = catalog_customer_n(snapshot_catalog(b->at));
    bool ok = true;

    if (atomic_load(&b->stop))
        return err_set(&w->err, ERR_CONFLICT, "it was broken off");
    if (p->asks)
        return add_timelines(b, w, k, &w->err);
    for (uint32_t i = first; ok && i < end && i < all; i++)
        ok = add_customer(b, w, i, NULL, &w->err);
    return ok;
}

static void run(void *context, uint32_t thread)
{
    struct pass *p = context;
    struct worker *w = &p->worker[thread];
    uint32_t k;

    while (!atomic_load(&p->failed) && (k = atomic_fetch_add(&p->next, 1)) < p->chunk_n) {
        w->failed = !add_chunk(p, w, k);
        if (w->failed) {
            atomic_store(&p->failed, true);
            return;
        }
        pthread_mutex_lock(&p->lock);
        backtest_follow(p->follow, ++p->done, p->chunk_n);
        pthread_mutex_unlock(&p->lock);
    }
}

static bool merge_side(struct backtest *b, const struct side *s, int side,
                       struct err *err)
{
    for (uint32_t i = 0; i < b->forecast_n; i++) {
        struct forecast_result *to = &b->forecast[i].result[side];

        to->precision.hits += s->result[i].precision.hits;
        to->precision.n += s->result[i].precision.n;
        to->recall.hits += s->result[i].recall.hits;
        to->recall.n += s->result[i].recall.n;
    }
    return !s->kpi || kpi_merge(b->kpi[side], s->kpi, err);
}

static bool merge(struct backtest *b, const struct worker *w, struct err *err)
{
    bool ok = !w->failed;

    if (!ok)
        *err = w->err;
    for (int k = 0; ok && k < COMPARE_SIDES; k++)
        ok = merge_side(b, &w->side[k], k, err)
             && (!b->same_aims || merge_side(b, &w->side[BOTH], k, err));
    return ok && compare_merge(&b->all, &w->part, err);
}

static bool run_threads(struct pass *p, unsigned threads, struct err *err)
{
    bool ok = true;

    for (unsigned i = 0; ok && i < threads; i++)
        ok = worker_init(&p->worker[i], p->b, err);
    if (ok) {
        pthread_mutex_init(&p->lock, NULL);
        work_run(threads, threads, run, p);
        pthread_mutex_destroy(&p->lock);
    }
    for (unsigned i = 0; ok && i < threads; i++)
        ok = merge(p->b, &p->worker[i], err);
    for (unsigned i = 0; i < threads; i++)
        worker_free(&p->worker[i]);
    return ok;
}

bool backtest_compare(struct backtest *b, struct follow *f, struct err *err)
{
    struct pass p = {.b = b,
                     .asks = side_asks(b, COMPARE_OLD) || side_asks(b, COMPARE_NEW),
                     .chunk_n = snapshot_chunk_count(b->at),
                     .follow = f};
    unsigned threads = work_threads();
    bool ok;

    p.worker = mem_alloc(threads * sizeof *p.worker);
    if (!p.worker)
        return err_nomem(err);
    ok = compare_new(&b->stages, b->result.edge, b->result.period_n, &b->arena, &b->all,
                     err)
         && run_threads(&p, threads, err);
    mem_free(p.worker);
    return ok;
}
