#include "engine/churn.h"

#include "engine/begin.h"

/* --- what is asked --- */

static bool add_value(const struct churn_question *q, struct program *p,
                      struct churn_plan *plan, str *wrong, struct err *err)
{
    plan->has_value = q->value.n > 0;
    if (!plan->has_value)
        return true;
    if (plan->active_n != 1)
        return err_set(err, ERR_INPUT,
                       "value is a property of the one event that makes active, and %.*s "
                       "is not one event",
                       STR_FMT(q->active));
    *wrong = q->value;
    if (!picks_add_property(p, plan->active[0], q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return plan->value.type == VALUE_NUMBER || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be summed",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

static bool add_active(struct engine *e, const struct churn_question *q,
                       struct program *p, struct arena *a, struct churn_plan *plan,
                       str *wrong, struct err *err)
{
    const struct lifecycle *l;

    if (stages_are_named(q->active))
        return model_lifecycle_find(engine_model(e), q->lifecycle, &l, err)
               && stages_named(l, q->active, a, &plan->stage, err)
               && report_moves(e, l, plan->at_ms, a, &plan->moves, err);
    *wrong = q->active;
    if (!picks_add(p, q->active, plan->active, CHURN_PATTERNS_MAX, &plan->active_n, err))
        return false;
    *wrong = STR("");
    return plan->active_n
           || err_set(err, ERR_INPUT,
                      "what makes active must be said: an event, or stage.NAME");
}

/* Whole periods alone, from the one that holds from_ms: of one that is not over nobody knows
 * yet who is lost. */
static bool add_edges(const struct engine *e, const struct churn_question *q,
                      struct arena *a, struct churn_plan *plan, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    int64_t to_ms = q->scope.to_ms < plan->at_ms ? q->scope.to_ms : plan->at_ms;
    int64_t from_ms =
        q->scope.from_ms > facts.first_ms ? q->scope.from_ms : facts.first_ms;
    const int64_t *before;
    uint32_t n;

    if (!facts.events || from_ms >= to_ms)
        return true;
    if (!flow_edges(z, q->by, from_ms, to_ms, a, &plan->edge, &plan->period_n, err)
        || !flow_edges(z, q->by, plan->edge[0] - 1, plan->edge[0] - 1, a, &before, &n,
                       err))
        return false;
    plan->before_ms = before[0];
    while (plan->period_n && plan->edge[plan->period_n] > to_ms)
        plan->period_n--;
    return true;
}

static bool add_list(const struct engine *e, const struct churn_question *q,
                     struct churn_plan *plan, struct err *err)
{
    plan->list = q->period.n > 0;
    if (!plan->list)
        return true;
    if (!churn_fate_parse(q->fate, &plan->list_fate))
        return err_set(err, ERR_INPUT,
                       "customers of a period are kept, lost, new, returned or passed, "
                       "not \"%.*s\"",
                       STR_FMT(q->fate));
    return report_period(e, q->by, plan->edge, plan->period_n, q->period,
                         &plan->list_period, err);
}

static bool plan_of(struct engine *e, const struct churn_question *q, struct program *p,
                    struct arena *a, struct churn_plan *plan, str *wrong, struct err *err)
{
    *plan = (struct churn_plan){.program = p, .at_ms = q->scope.known_ms};
    return add_active(e, q, p, a, plan, wrong, err) && add_value(q, p, plan, wrong, err)
           && add_edges(e, q, a, plan, err) && add_list(e, q, plan, err);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct churn *c;

    if (!churn_new(plan, &c, err))
        return false;
    *count = c;
    return true;
}

static bool add(void *count, const struct chunk *c,
                [[maybe_unused]] struct scan_span span, const struct bits *who,
                struct err *err)
{
    return churn_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return churn_merge(into, from, err);
}

static void end(void *count)
{
    churn_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool one_side(struct engine *e, const struct churn_question *q, struct arena *a,
                     struct churn_view *out, str *wrong, struct err *err)
{
    struct churn_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct churn_view){.by = q->by};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->churn = count;
    if (!ok)
        churn_view_free(out);
    return ok;
}

static bool other_side(struct engine *e, const struct churn_question *q, struct arena *a,
                       struct churn_view *out, str *wrong, struct err *err)
{
    struct churn_question other = *q;

    *wrong = STR("");
    if (!against_alone(false, q->period.n > 0, err))
        return false;
    out->against = arena_new(a, struct churn_view);
    if (!out->against)
        return err_nomem(err);
    return against_scope(e, &q->against, &q->scope, &other.scope, err)
           && one_side(e, &other, a, out->against, wrong, err);
}

bool engine_churn(struct engine *e, const struct churn_question *q, struct arena *a,
                  struct churn_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    churn_view_free(out);
    return false;
}

void churn_view_free(struct churn_view *v)
{
    if (v->against)
        churn_view_free(v->against);
    churn_free(v->churn);
    program_free(v->program);
    *v = (struct churn_view){};
}

/* --- as JSON --- */

void churn_put_value(struct json_out *j, const struct engine *e,
                     const struct churn_view *v, __int128 value)
{
    report_put_value(j, e, v->churn->plan.value.type, value);
}

static void put_rate(struct json_out *j, const struct churn_period *p,
                     enum churn_formula f)
{
    struct churn_rate r = churn_rate(p, f);

    json_key_str(j, churn_formula_name(f));
    if (!r.known) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    json_key(j, "retention");
    json_put_double(j, r.retention);
    json_key(j, "churn");
    json_put_double(j, 1 - r.retention);
    if (r.has_bounds) {
        json_key(j, "low");
        json_put_double(j, r.low);
        json_key(j, "high");
        json_put_double(j, r.high);
    }
    json_end_object(j);
}

static int formulas(const struct churn_view *v)
{
    return v->churn->plan.has_value ? CHURN_FORMULAS_END : CHURN_BY_GROSS;
}

static void put_sums(struct json_out *j, const struct engine *e,
                     const struct churn_view *v, const struct churn_period *p)
{
    json_key(j, "before");
    churn_put_value(j, e, v, p->base);
    json_key(j, "gross");
    churn_put_value(j, e, v, p->gross);
    json_key(j, "net");
    churn_put_value(j, e, v, p->net);
}

static void put_name(struct json_out *j, const char *key, const struct engine *e,
                     const struct churn_view *v, uint32_t period)
{
    const struct churn_plan *plan = &v->churn->plan;
    struct buf name = {};

    json_key(j, key);
    if (period < plan->period_n) {
        flow_period_print(engine_model(e)->workspace.zone, v->by, plan->edge[period],
                          &name);
        j->to->failed |= name.failed;
        json_put_text(j, buf_str(&name));
        buf_free(&name);
    } else
        json_put_null(j);
}

static void put_period(struct json_out *j, const struct engine *e,
                       const struct churn_view *v, uint32_t period)
{
    const struct churn_plan *plan = &v->churn->plan;
    const struct churn_period *p = &v->churn->period[period];

    json_begin_object(j);
    put_name(j, "period", e, v, period);
    json_key(j, "from");
    json_put_moment(j, plan->edge[period]);
    json_key(j, "to");
    json_put_moment(j, plan->edge[period + 1]);
    json_key(j, "start");
    json_put_int(j, (int64_t)churn_start(p));
    for (int f = 0; f < CHURN_FATES_END; f++) {
        json_key_str(j, churn_fate_name((enum churn_fate)f));
        json_put_int(j, (int64_t)p->fate[f]);
    }
    json_key(j, "end");
    json_put_int(j, (int64_t)churn_end(p));
    if (plan->has_value)
        put_sums(j, e, v, p);
    json_key(j, "rates");
    json_begin_object(j);
    for (int f = 0; f < formulas(v); f++)
        put_rate(j, p, (enum churn_formula)f);
    json_end_object(j);
    json_end_object(j);
}

static void put_periods(struct json_out *j, const struct engine *e,
                        const struct churn_view *v)
{
    json_key(j, "periods");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->churn->plan.period_n; k++)
        put_period(j, e, v, k);
    json_end_list(j);
}

uint32_t churn_rows(const struct churn_view *v)
{
    uint32_t here = v->churn->plan.period_n, there = v->against->churn->plan.period_n;

    return here > there ? here : there;
}

struct churn_rate churn_rate_at(const struct churn_view *side, uint32_t row,
                                enum churn_formula f)
{
    return row < side->churn->plan.period_n ? churn_rate(&side->churn->period[row], f)
                                            : (struct churn_rate){};
}

static void put_difference(struct json_out *j, const struct engine *e,
                           const struct churn_view *v, uint32_t row)
{
    json_begin_object(j);
    put_name(j, "period", e, v, row);
    put_name(j, "against_period", e, v->against, row);
    json_key(j, "rates");
    json_begin_object(j);
    for (int i = 0; i < formulas(v); i++) {
        enum churn_formula f = (enum churn_formula)i;
        struct churn_rate here = churn_rate_at(v, row, f),
                          there = churn_rate_at(v->against, row, f);

        json_key_str(j, churn_formula_name(f));
        json_begin_object(j);
        if (churn_is_share(f))
            against_put(j, here.share, there.share);
        else
            against_put_figures(j, (struct figure){here.known, here.retention},
                                (struct figure){there.known, there.retention});
        json_end_object(j);
    }
    json_end_object(j);
    json_end_object(j);
}

static void put_against(struct json_out *j, const struct engine *e,
                        const struct churn_view *v)
{
    json_key(j, "against");
    json_begin_object(j);
    put_periods(j, e, v->against);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t k = 0; k < churn_rows(v); k++)
        put_difference(j, e, v, k);
    json_end_list(j);
}

bool churn_put_json(struct json_out *j, const struct engine *e,
                    const struct churn_view *v, struct arena *a, struct err *err)
{
    const struct churn *c = v->churn;
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, c->plan.at_ms);
    json_key(j, "by");
    json_put_text(j, flow_by_name(v->by));
    put_periods(j, e, v);
    if (v->against)
        put_against(j, e, v);
    ok = !(c->plan.list) || report_put_listed(j, "customers", e, &c->listed, a, err);
    json_end_object(j);
    return ok;
}
