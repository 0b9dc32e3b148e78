/* backtest.c - the histories of two models over the same events, computed beside each other and
 * then compared, customer by customer. */
#include "engine/backtest.h"

#include "base/work.h"
#include "engine/engine_impl.h"

#include <pthread.h>
#include <string.h>

struct backtest {
    struct snapshot *at;
    struct model *model[COMPARE_SIDES];
    const struct lifecycle
        *lifecycle[COMPARE_SIDES]; /* NULL: the model has none so named */
    struct histories *histories[COMPARE_SIDES];
    int64_t from_ms, to_ms;
    struct compare_stages stages;
    struct compare all;
    struct compare_cell *cell[COMPARE_SIDES];
    struct backtest_forecast *forecast;
    uint32_t forecast_n;
    struct backtest_result result;
    struct arena arena;
    atomic_bool stop;
};

void backtest_free(struct backtest *b)
{
    if (!b)
        return;
    compare_free(&b->all);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        histories_free(b->histories[k]);
        model_free(b->model[k]);
    }
    snapshot_close(b->at);
    arena_free(&b->arena);
    mem_free(b);
}

/* --- what is compared --- */

static const struct lifecycle *find_lifecycle(const struct model *m, str name)
{
    for (uint32_t l = 0; l < m->lifecycle_n; l++)
        if (!name.n || str_eq(m->lifecycles[l]->name, name))
            return m->lifecycles[l];
    return NULL;
}

static bool find_lifecycles(struct backtest *b, str name, struct err *err)
{
    for (int k = 0; k < COMPARE_SIDES; k++)
        b->lifecycle[k] = find_lifecycle(b->model[k], name);
    return b->lifecycle[COMPARE_OLD] || b->lifecycle[COMPARE_NEW]
           || err_set(err, ERR_NOT_FOUND, "neither model has a lifecycle \"%.*s\"",
                      STR_FMT(name));
}

/* The months, of which the first and the last are cut. */
static bool find_edges(struct backtest *b, const struct backtest_options *o,
                       struct err *err)
{
    const struct zone *zone = b->model[COMPARE_NEW]->workspace.zone;
    struct store_facts facts = snapshot_facts(b->at);
    int64_t *edge, end_ms = o->now_ms;
    const int64_t *month;
    uint32_t n;

    if (!facts.events)
        return err_set(err, ERR_INPUT,
                       "the data file has no events yet: there is nothing to try a model "
                       "on");
    if (zone_day(zone, facts.last_ms, 1) < end_ms)
        end_ms = zone_day(zone, facts.last_ms, 1);
    b->from_ms = o->from_ms == MOMENT_MIN ? facts.first_ms : o->from_ms;
    b->to_ms = o->to_ms == MOMENT_NEVER ? end_ms : o->to_ms;
    if (b->from_ms >= b->to_ms)
        return err_set(err, ERR_INPUT, "the time to look at ends before it begins");
    if (!flow_edges(zone, FLOW_MONTH, b->from_ms, b->to_ms - 1, &b->arena, &month, &n,
                    err))
        return false;
    edge = arena_array(&b->arena, int64_t, (size_t)n + 1);
    if (!edge)
        return err_nomem(err);
    memcpy(edge, month, ((size_t)n + 1) * sizeof *edge);
    edge[0] = b->from_ms;
    edge[n] = b->to_ms;
    b->result.edge = edge;
    b->result.period_n = n;
    return true;
}

/* --- forecasts --- */

static bool judge(struct backtest *b, struct backtest_forecast *f, int side,
                  struct err *err)
{
    static const char *const whose[] = {"the live model", "the new model"};
    const struct lifecycle *l = b->lifecycle[side];
    struct program *p = b->model[side]->program;
    uint16_t stage = l ? lifecycle_stage_find(l, f->stage) : STAGE_NONE;
    bool ok;

    if (stage == STAGE_NONE)
        return true;
    f->rule[side] = (struct forecast){.stage = stage, .within = f->within};
    program_use_lifecycle(p, l->number);
    ok = program_add(p, f->that, RULE_CONDITION, &f->rule[side].that, err)
         || err_in(err, "in %s, the rule of a forecast", whose[side]);
    program_use_lifecycle(p, LIFECYCLES_ALL);
    f->asked[side] = ok;
    return ok;
}

static bool same_forecast(const struct backtest_forecast *f, str stage, str that,
                          struct length within)
{
    return str_eq(f->stage, stage) && str_eq(f->that, that)
           && f->within.months == within.months && f->within.ms == within.ms;
}

/* A forecast of one side is judged on the other too, where its rule means something there;
 * `whose` is COMPARE_SIDES when it is asked of both. */
static bool add_forecast(struct backtest *b, str stage, str that, struct length within,
                         int whose, struct err *err)
{
    struct backtest_forecast *f = &b->forecast[b->forecast_n];

    for (uint32_t i = 0; i < b->forecast_n; i++)
        if (same_forecast(&b->forecast[i], stage, that, within))
            return true;
    *f = (struct backtest_forecast){.stage = arena_str(&b->arena, stage),
                                    .that = arena_str(&b->arena, that),
                                    .within = within};
    if (!f->stage.p || !f->that.p)
        return err_nomem(err);
    for (int k = 0; k < COMPARE_SIDES; k++)
        if (!judge(b, f, k, err)
            && (whose == COMPARE_SIDES || whose == k || err->code != ERR_INPUT))
            return false;
    b->forecast_n++;
    return true;
}

static uint32_t stage_count(const struct lifecycle *l)
{
    return l ? l->stage_n : 0;
}

static bool add_forecasts(struct backtest *b, const struct backtest_options *o,
                          struct err *err)
{
    size_t most = 1;

    for (int k = 0; k < COMPARE_SIDES; k++)
        most += stage_count(b->lifecycle[k]);
    b->forecast = arena_array(&b->arena, struct backtest_forecast, most);
    if (!b->forecast)
        return err_nomem(err);
    if (o->stage.n) {
        if (!add_forecast(b, o->stage, o->that, o->within, COMPARE_SIDES, err))
            return false;
        if (!b->forecast->asked[COMPARE_OLD] && !b->forecast->asked[COMPARE_NEW])
            return err_set(err, ERR_NOT_FOUND, "neither model has a stage \"%.*s\"",
                           STR_FMT(o->stage));
    }
    for (int k = 0; k < COMPARE_SIDES; k++)
        for (uint32_t i = 0; i < stage_count(b->lifecycle[k]); i++) {
            const struct stage *stage = &b->lifecycle[k]->stage[i];
            const struct stage_forecast *f = &stage->aims.forecast;

            if (f->at && !add_forecast(b, stage->name, f->at->text, f->within, k, err))
                return false;
        }
    return true;
}

/* --- beginning --- */

static bool begin(struct engine *e, struct backtest *b, str text,
                  const struct backtest_options *o, struct err *err)
{
    const struct catalog *catalog;

    if (!store_snapshot(e->store, &b->at, err))
        return false;
    catalog = snapshot_catalog(b->at);
    return model_compile(e->io, text, catalog, &b->model[COMPARE_NEW], err)
           && (model_compile(e->io, e->model->text, catalog, &b->model[COMPARE_OLD], err)
               || err_in(err, "the live model"))
           && find_lifecycles(b, o->lifecycle, err) && find_edges(b, o, err)
           && add_forecasts(b, o, err)
           && compare_stages_of(b->lifecycle[COMPARE_OLD], b->lifecycle[COMPARE_NEW],
                                &b->arena, &b->stages, err)
           && histories_new(b->model[COMPARE_OLD], 0, &b->histories[COMPARE_OLD], err)
           && histories_new(b->model[COMPARE_NEW], 0, &b->histories[COMPARE_NEW], err);
}

bool engine_backtest_begin(struct engine *e, str text, const struct backtest_options *o,
                           struct backtest **out, struct err *err)
{
    struct backtest *b = mem_alloc(sizeof *b);

    if (!b)
        return err_nomem(err);
    if (!begin(e, b, text, o, err)) {
        backtest_free(b);
        return false;
    }
    *out = b;
    return true;
}

void backtest_stop(struct backtest *b)
{
    atomic_store(&b->stop, true);
}

/* --- running --- */

/* Three pieces of work, one after the other: two replays and the comparison. */
struct follow {
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
    uint64_t piece; /* which of them */
};
enum { PIECES = 3 };

static void follow(void *context, uint64_t done, uint64_t all)
{
    const struct follow *f = context;

    if (f->progress)
        f->progress(f->context, f->piece * all + done, PIECES * all);
}

struct worker { /* one a thread */
    struct compare part;
    struct cursor *cursor[COMPARE_SIDES];
    uint32_t *times_in[COMPARE_SIDES];
    struct forecast_result *result[COMPARE_SIDES]; /* by forecast */
    struct arena arena;
    struct err err;
    bool failed;
};

struct pass {
    struct backtest *b;
    struct worker *worker;
    uint32_t chunk_n, done;
    _Atomic uint32_t next;
    pthread_mutex_t lock; /* guards .done, and that progress is called once at a time */
    struct follow *follow;
    atomic_bool failed;
};

static void worker_free(struct worker *w)
{
    compare_free(&w->part);
    for (int k = 0; k < COMPARE_SIDES; k++)
        cursor_free(w->cursor[k]);
    arena_free(&w->arena);
}

static bool worker_init(struct worker *w, const struct backtest *b, struct err *err)
{
    if (!compare_new(&b->stages, b->result.edge, b->result.period_n, &w->arena, &w->part,
                     err))
        return false;
    for (int k = 0; k < COMPARE_SIDES && b->forecast_n; k++) {
        w->result[k] = arena_array(&w->arena, struct forecast_result, b->forecast_n);
        if (!w->result[k])
            return err_nomem(err);
        if (!b->lifecycle[k])
            continue;
        w->times_in[k] = arena_array(&w->arena, uint32_t, b->lifecycle[k]->stage_n);
        if (!w->times_in[k])
            return err_nomem(err);
        if (!cursor_new(b->model[k]->program, &w->cursor[k], err))
            return false;
    }
    return true;
}

static const struct move *moves_of(const struct backtest *b, int side, uint32_t customer,
                                   size_t *n)
{
    *n = 0;
    return b->lifecycle[side] ? histories_moves(b->histories[side],
                                                b->lifecycle[side]->number, customer, n)
                              : NULL;
}

static bool compare_customers(const struct backtest *b, struct worker *w, uint32_t first,
                              uint32_t end, struct err *err)
{
    for (uint32_t i = first; i < end; i++) {
        size_t old_n, new_n;
        const struct move *old = moves_of(b, COMPARE_OLD, i, &old_n);
        const struct move *new = moves_of(b, COMPARE_NEW, i, &new_n);

        if (!compare_add(&w->part, i, old, old_n, new, new_n, err))
            return false;
    }
    return true;
}

static bool judge_side(const struct backtest *b, struct worker *w, int side,
                       const struct timeline *t, struct err *err)
{
    struct forecast_span span = {b->lifecycle[side], b->model[side]->workspace.zone,
                                 b->from_ms, b->to_ms, w->times_in[side]};
    struct beside moves[LIFECYCLES_MAX];

    for (uint32_t i = 0; b->lifecycle[side] && i <= b->lifecycle[side]->number; i++)
        moves[i].move = histories_moves(b->histories[side], i, t->customer, &moves[i].n);
    for (uint32_t i = 0; i < b->forecast_n; i++) {
        const struct backtest_forecast *f = &b->forecast[i];

        if (f->asked[side]
            && !forecast_add(&f->rule[side], &span, w->cursor[side], t, moves,
                             &w->result[side][i], err))
            return false;
    }
    return true;
}

static bool judge_customers(const struct backtest *b, struct worker *w, uint32_t k,
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
        ok = judge_side(b, w, COMPARE_OLD, &t, err)
             && judge_side(b, w, COMPARE_NEW, &t, err);
    }
    snapshot_release(b->at, k);
    return ok;
}

static bool compare_chunk(const struct pass *p, struct worker *w, uint32_t k)
{
    const struct backtest *b = p->b;
    uint32_t first = k * CHUNK_CUSTOMERS, end = first + CHUNK_CUSTOMERS;
    uint32_t all = catalog_customer_n(snapshot_catalog(b->at));

    if (atomic_load(&b->stop))
        return err_set(&w->err, ERR_CONFLICT, "it was broken off");
    return compare_customers(b, w, first, end < all ? end : all, &w->err)
           && (!b->forecast_n || judge_customers(b, w, k, &w->err));
}

static void run(void *context, uint32_t thread)
{
    struct pass *p = context;
    struct worker *w = &p->worker[thread];
    uint32_t k;

    while (!atomic_load(&p->failed) && (k = atomic_fetch_add(&p->next, 1)) < p->chunk_n) {
        w->failed = !compare_chunk(p, w, k);
        if (w->failed) {
            atomic_store(&p->failed, true);
            return;
        }
        pthread_mutex_lock(&p->lock);
        follow(p->follow, ++p->done, p->chunk_n);
        pthread_mutex_unlock(&p->lock);
    }
}

static bool merge(struct backtest *b, const struct worker *w, struct err *err)
{
    if (w->failed) {
        *err = w->err;
        return false;
    }
    for (uint32_t i = 0; i < b->forecast_n; i++)
        for (int k = 0; k < COMPARE_SIDES; k++) {
            struct forecast_result *to = &b->forecast[i].result[k];
            const struct forecast_result *more = &w->result[k][i];

            to->precision.hits += more->precision.hits;
            to->precision.n += more->precision.n;
            to->recall.hits += more->recall.hits;
            to->recall.n += more->recall.n;
        }
    return compare_merge(&b->all, &w->part, err);
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

static bool compare_all(struct backtest *b, struct follow *f, struct err *err)
{
    struct pass p = {.b = b, .chunk_n = snapshot_chunk_count(b->at), .follow = f};
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

/* --- the result --- */

static bool find_cells(struct backtest *b, struct err *err)
{
    uint32_t periods = b->result.period_n, stages = b->stages.n;

    for (int k = 0; k < COMPARE_SIDES; k++) {
        struct compare_cell *cell = arena_array(&b->arena, struct compare_cell,
                                                ((size_t)periods + 1) * stages + 1);

        if (!cell)
            return err_nomem(err);
        for (uint32_t p = 0; p <= periods; p++)
            for (uint32_t s = 0; s < stages; s++)
                if (!compare_cell(&b->all, k, p < periods ? p : COMPARE_ALL, s,
                                  &cell[(size_t)p * stages + s], err))
                    return false;
        b->cell[k] = cell;
    }
    return true;
}

static bool find_result(struct backtest *b, struct err *err)
{
    struct backtest_result *r = &b->result;
    uint32_t ends = b->stages.n + 1;

    if (!find_cells(b, err))
        return false;
    compare_sort(&b->all);
    r->stages = &b->stages;
    r->compare = &b->all;
    r->forecast = b->forecast;
    r->forecast_n = b->forecast_n;
    for (int k = 0; k < COMPARE_SIDES; k++) {
        r->model[k] = b->model[k];
        r->cell[k] = b->cell[k];
    }
    for (uint32_t i = 0; i < ends; i++)
        for (uint32_t k = 0; k < ends; k++)
            r->differ_at_end += i != k ? b->all.last[i * ends + k] : 0;
    return true;
}

bool backtest_run(struct backtest *b,
                  void (*progress)(void *context, uint64_t done, uint64_t all),
                  void *context, struct err *err)
{
    struct follow f = {progress, context, 0};
    const struct history_watch watch = {follow, &f, &b->stop};

    for (int k = 0; k < COMPARE_SIDES; k++, f.piece++)
        if (!histories_advance(b->histories[k], b->at, b->to_ms - 1, &watch, err))
            return false;
    return compare_all(b, &f, err) && find_result(b, err);
}

const struct backtest_result *backtest_result(const struct backtest *b)
{
    return &b->result;
}

str backtest_customer_id(const struct backtest *b, uint32_t customer)
{
    return catalog_customer_id(snapshot_catalog(b->at), customer);
}
