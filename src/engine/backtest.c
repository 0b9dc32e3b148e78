/* backtest.c - the histories of two models over the same events, computed beside each other and
 * then compared, customer by customer. */
#include "engine/backtest_impl.h"

#include "engine/engine_impl.h"
#include "engine/versions.h"

#include <string.h>

void backtest_free(struct backtest *b)
{
    if (!b)
        return;
    compare_free(&b->all);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        kpi_free(b->kpi[k]);
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
    struct activity activity = {};
    int64_t *edge, active_ms, end_ms = o->now_ms;
    const int64_t *month;
    uint32_t n;

    if (!facts.events)
        return err_set(err, ERR_INPUT,
                       "the data file has no events yet: there is nothing to try a model "
                       "on");
    if (!activity_last(b->at, &activity, &active_ms, err)) {
        activity_free(&activity);
        return false;
    }
    activity_free(&activity);
    if (zone_day(zone, active_ms, 1) < end_ms)
        end_ms = zone_day(zone, active_ms, 1);
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

/* --- targets and KPIs --- */

static bool same_names(const struct lifecycle *a, const struct lifecycle *b)
{
    if (!str_eq(a->name, b->name) || a->stage_n != b->stage_n)
        return false;
    for (uint32_t i = 0; i < a->stage_n; i++) {
        const struct stage *x = &a->stage[i], *y = &b->stage[i];

        if (!str_eq(x->name, y->name) || x->aims.kpi_n != y->aims.kpi_n)
            return false;
        for (uint32_t k = 0; k < x->aims.kpi_n; k++)
            if (!str_eq(x->aims.kpi[k].name, y->aims.kpi[k].name))
                return false;
    }
    return true;
}

/* Whether both models count alike whoever moves alike: they differ in moves alone, and what they
 * name stands in the same order. */
static bool find_same_aims(struct backtest *b, struct err *err)
{
    const struct lifecycle *old = b->lifecycle[COMPARE_OLD],
                           *new = b->lifecycle[COMPARE_NEW];
    const struct model_change *change;
    struct arena a = {};
    bool ok;
    uint32_t n;

    if (!old || !new || old->number != new->number)
        return true;
    ok = model_changes(b->model[COMPARE_OLD]->text, b->model[COMPARE_NEW]->text, &a,
                       &change, &n, err);
    b->same_aims = ok;
    for (uint32_t i = 0; ok && i < n; i++)
        b->same_aims &= str_eq(change[i].section, STR("moves"));
    arena_free(&a);
    for (uint32_t l = 0; b->same_aims && l <= old->number; l++)
        b->same_aims = same_names(b->model[COMPARE_OLD]->lifecycles[l],
                                  b->model[COMPARE_NEW]->lifecycles[l]);
    return ok;
}

static bool plan_kpis(struct backtest *b, struct err *err)
{
    for (int k = 0; k < COMPARE_SIDES; k++) {
        b->plan[k] = (struct kpi_plan){.lifecycle = b->lifecycle[k],
                                       .measures = &b->model[k]->measures,
                                       .zone = b->model[k]->workspace.zone,
                                       .edge = b->result.edge,
                                       .period_n = b->result.period_n,
                                       .known_ms = b->to_ms - 1};
        if (b->lifecycle[k] && !kpi_new(&b->plan[k], &b->kpi[k], err))
            return false;
    }
    return find_same_aims(b, err);
}

/* --- beginning --- */

static bool begin(struct engine *e, struct backtest *b, str text,
                  const struct backtest_options *o, struct err *err)
{
    const struct catalog *catalog;

    if (!store_snapshot(e->store, &b->at, err))
        return false;
    catalog = snapshot_catalog(b->at);
    return model_compile_with(e->io, text, catalog, &e->fits, &b->model[COMPARE_NEW], err)
           && (model_compile_with(e->io, e->model->text, catalog, &e->fits,
                                  &b->model[COMPARE_OLD], err)
               || err_in(err, "the live model"))
           && find_lifecycles(b, o->lifecycle, err) && find_edges(b, o, err)
           && add_forecasts(b, o, err) && plan_kpis(b, err)
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

/* --- the result --- */

/* A table of numbers by period and stage, the whole time behind the last period. */
static bool find_cells(struct backtest *b, int side, struct err *err)
{
    uint32_t periods = b->result.period_n, stages = b->stages.n;
    struct compare_cell *cell =
        arena_array(&b->arena, struct compare_cell, ((size_t)periods + 1) * stages + 1);

    if (!cell)
        return err_nomem(err);
    for (uint32_t p = 0; p <= periods; p++)
        for (uint32_t s = 0; s < stages; s++)
            if (!compare_cell(&b->all, side, p < periods ? p : COMPARE_ALL, s,
                              &cell[(size_t)p * stages + s], err))
                return false;
    b->result.cell[side] = cell;
    return true;
}

static bool find_values(struct backtest *b, int side, uint32_t own,
                        struct backtest_aims *out, struct err *err)
{
    const struct aims *aims = &b->lifecycle[side]->stage[own].aims;
    uint32_t periods = b->result.period_n, n = 1 + aims->kpi_n;
    struct kpi_value *value =
        arena_array(&b->arena, struct kpi_value, ((size_t)periods + 1) * n);

    if (!value)
        return err_nomem(err);
    *out = (struct backtest_aims){aims, value};
    for (uint32_t p = 0; p < periods; p++)
        for (uint32_t i = 0; i < n; i++)
            *value++ = kpi_value(b->kpi[side], p, own, i ? i - 1 : KPI_TARGET);
    return kpi_whole(b->kpi[side], own, value, err);
}

/* Targets and KPIs; what they were counted from is not needed any longer. */
static bool find_aims(struct backtest *b, int side, struct err *err)
{
    struct backtest_aims *aims =
        arena_array(&b->arena, struct backtest_aims, (size_t)b->stages.n + 1);
    bool ok = aims || err_nomem(err);

    for (uint32_t i = 0; ok && i < stage_count(b->lifecycle[side]); i++)
        ok = find_values(b, side, i, &aims[b->stages.place[side][i]], err);
    kpi_free(b->kpi[side]);
    b->kpi[side] = NULL;
    b->result.aims[side] = aims;
    return ok;
}

static bool find_result(struct backtest *b, struct err *err)
{
    struct backtest_result *r = &b->result;
    uint32_t ends = b->stages.n + 1;

    compare_finish(&b->all);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        if (!find_cells(b, k, err) || !find_aims(b, k, err))
            return false;
        r->model[k] = b->model[k];
        r->lifecycle[k] = b->lifecycle[k];
    }
    r->stages = &b->stages;
    r->compare = &b->all;
    r->forecast = b->forecast;
    r->forecast_n = b->forecast_n;
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
    const struct history_watch watch = {backtest_follow, &f, &b->stop};

    for (int k = 0; k < COMPARE_SIDES; k++, f.piece++)
        if (!histories_advance(b->histories[k], b->at, b->to_ms - 1, &watch, err))
            return false;
    if (!backtest_compare(b, &f, err) || !find_result(b, err))
        return false;
    snapshot_end(b->at);
    return true;
}

const struct backtest_result *backtest_result(const struct backtest *b)
{
    return &b->result;
}

const struct kpi_value *backtest_kpis(const struct backtest_result *r, int side,
                                      uint32_t period, uint32_t stage)
{
    const struct backtest_aims *aims = &r->aims[side][stage];

    return aims->of ? &aims->value[(size_t)period * (1 + aims->of->kpi_n)] : NULL;
}

str backtest_customer_id(const struct backtest *b, uint32_t customer)
{
    return catalog_customer_id(snapshot_catalog(b->at), customer);
}
