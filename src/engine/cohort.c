#include "engine/cohort.h"

#include "engine/begin.h"
#include "engine/query.h"

/* --- what is asked --- */

static bool add_first(struct engine *e, const struct cohort_question *q,
                      struct program *p, struct arena *a, struct cohort_plan *plan,
                      str *wrong, struct err *err)
{
    struct begin_words words = {q->first, q->after, q->lifecycle, q->scope.at_ms};

    if (!report_begin(e, &words, p, a, &plan->begin, wrong, err))
        return false;
    return q->again.n || plan->begin.by == BEGIN_EVENT
           || err_set(err, ERR_INPUT, "what comes again after %.*s must be said: again",
                      STR_FMT(q->first));
}

static bool add_value(const struct cohort_question *q, struct program *p,
                      struct cohort_plan *plan, str *wrong, struct err *err)
{
    plan->has_value = q->value.n > 0;
    if (!plan->has_value)
        return true;
    *wrong = q->value;
    if (!picks_add_property(p, plan->again, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return plan->value.type == VALUE_NUMBER || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be summed",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

/* From the first period that matters to the one in which the file's events end. A trait's moment
 * may lie before all events. */
static bool add_edges(const struct engine *e, const struct cohort_question *q,
                      struct arena *a, struct cohort_plan *plan, struct err *err)
{
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    int64_t active_ms = engine_active_ms(e);
    int64_t last_ms = q->scope.at_ms < active_ms ? q->scope.at_ms : active_ms;
    int64_t first_ms =
        q->scope.from_ms > facts.first_ms ? q->scope.from_ms : facts.first_ms;

    if (plan->begin.by == BEGIN_TRAIT && q->scope.from_ms > MOMENT_MIN)
        first_ms = q->scope.from_ms;
    if (!facts.events || first_ms > last_ms)
        return true;
    return flow_edges(engine_model(e)->workspace.zone, q->by, first_ms, last_ms, a,
                      &plan->edge, &plan->period_n, err);
}

static bool add_list(const struct engine *e, const struct cohort_question *q,
                     struct cohort_plan *plan, struct err *err)
{
    plan->list = q->cohort.n > 0;
    plan->list_times = q->times;
    plan->list_cohort = plan->list_period = COHORT_ANY;
    if (!plan->list)
        return true;
    if (!str_eq(q->cohort, STR("all"))
        && !report_period(e, q->by, plan->edge, plan->period_n, q->cohort,
                          &plan->list_cohort, err))
        return false;
    return !q->period.n
           || report_period(e, q->by, plan->edge, plan->period_n, q->period,
                            &plan->list_period, err);
}

static bool plan_of(struct engine *e, const struct cohort_question *q, struct program *p,
                    struct arena *a, struct cohort_plan *plan, str *wrong,
                    struct err *err)
{
    *plan = (struct cohort_plan){.program = p,
                                 .repeat = q->repeat,
                                 .from_ms = q->scope.from_ms,
                                 .to_ms = q->scope.to_ms,
                                 .at_ms = q->scope.at_ms};
    return add_first(e, q, p, a, plan, wrong, err)
           && report_pattern(p, q->again.n ? q->again : q->first, &plan->again, wrong,
                             err)
           && add_value(q, p, plan, wrong, err) && add_edges(e, q, a, plan, err)
           && add_list(e, q, plan, err);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct cohorts *c;

    if (!cohorts_new(plan, &c, err))
        return false;
    *count = c;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return cohorts_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return cohorts_merge(into, from, err);
}

static void end(void *count)
{
    cohorts_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool one_side(struct engine *e, const struct cohort_question *q, struct arena *a,
                     struct cohort_view *out, str *wrong, struct err *err)
{
    struct cohort_plan plan;
    void *count = NULL;

    *out = (struct cohort_view){.by = q->by, .cumulated = q->cumulated};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    if (!plan_of(e, q, out->program, a, &plan, wrong, err)
        || !report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err)) {
        cohort_view_free(out);
        return false;
    }
    out->cohorts = count;
    return true;
}

static bool other_side(struct engine *e, const struct cohort_question *q, struct arena *a,
                       struct cohort_view *out, str *wrong, struct err *err)
{
    struct cohort_question other = *q;

    *wrong = STR("");
    if (!against_alone(false, q->cohort.n > 0, err))
        return false;
    out->against = arena_new(a, struct cohort_view);
    if (!out->against)
        return err_nomem(err);
    return against_scope(e, &q->against, &q->scope, &other.scope, err)
           && one_side(e, &other, a, out->against, wrong, err);
}

bool engine_cohorts(struct engine *e, const struct cohort_question *q, struct arena *a,
                    struct cohort_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    cohort_view_free(out);
    return false;
}

void cohort_view_free(struct cohort_view *v)
{
    if (v->against)
        cohort_view_free(v->against);
    cohorts_free(v->cohorts);
    program_free(v->program);
    *v = (struct cohort_view){};
}

void cohort_rows(const struct cohort_view *v, uint32_t *first, uint32_t *end)
{
    const struct cohorts *c = v->cohorts;

    *first = 0;
    *end = c->plan.period_n;
    while (*first < *end && !c->began[*first])
        ++*first;
    while (*first < *end && !c->began[*end - 1])
        --*end;
}

static uint32_t numbers_of(const struct cohort_view *v)
{
    uint32_t n = v->cohorts->plan.period_n;

    while (n && !cohort_after(v->cohorts, n - 1, v->cumulated).n)
        n--;
    return n;
}

uint32_t cohort_numbers(const struct cohort_view *v)
{
    uint32_t here = numbers_of(v), there = numbers_of(v->against);

    return here > there ? here : there;
}

/* --- as JSON --- */

void cohort_put_value(struct json_out *j, const struct engine *e,
                      const struct cohort_view *v, __int128 value)
{
    report_put_value(j, e, v->cohorts->plan.value.type, value);
}

static void put_period_name(struct json_out *j, const struct engine *e,
                            const struct cohort_view *v, uint32_t period)
{
    struct buf name = {};

    flow_period_print(engine_model(e)->workspace.zone, v->by,
                      v->cohorts->plan.edge[period], &name);
    j->to->failed |= name.failed;
    json_put_text(j, buf_str(&name));
    buf_free(&name);
}

static void put_cell(struct json_out *j, const struct engine *e,
                     const struct cohort_view *v, uint32_t cohort, uint32_t period)
{
    struct cohort_cell cell = cohort_cell(v->cohorts, cohort, period, v->cumulated);

    json_begin_object(j);
    json_key(j, "period");
    put_period_name(j, e, v, period);
    json_key(j, "customers");
    json_put_int(j, (int64_t)cell.customers);
    json_key(j, "events");
    json_put_int(j, (int64_t)cell.events);
    if (v->cohorts->plan.has_value) {
        json_key(j, "value");
        cohort_put_value(j, e, v, cell.value);
    }
    json_end_object(j);
}

static void put_cohort(struct json_out *j, const struct engine *e,
                       const struct cohort_view *v, uint32_t cohort)
{
    const struct cohort_plan *p = &v->cohorts->plan;

    json_begin_object(j);
    json_key(j, "cohort");
    put_period_name(j, e, v, cohort);
    json_key(j, "start");
    json_put_moment(j, p->edge[cohort]);
    json_key(j, "customers");
    json_put_int(j, (int64_t)v->cohorts->began[cohort]);
    json_key(j, "periods");
    json_begin_list(j);
    for (uint32_t i = cohort; i < p->period_n; i++)
        put_cell(j, e, v, cohort, i);
    json_end_list(j);
    json_end_object(j);
}

static void put_share(struct json_out *j, const char *key, double share)
{
    json_key(j, key);
    json_put_num(j, (int64_t)(share * 1e6 + 0.5));
}

/* Of those who did it `times` times, how many did it once more. */
static void put_again(struct json_out *j, const struct cohorts *c)
{
    json_key(j, "again");
    json_begin_list(j);
    for (uint32_t n = 1; n < COHORT_TIMES_MAX && c->at_least[n]; n++) {
        struct share s = cohort_once_more(c, n);
        double low, high;

        share_interval(s, &low, &high);
        json_begin_object(j);
        json_key(j, "times");
        json_put_int(j, n);
        json_key(j, "customers");
        json_put_int(j, (int64_t)s.n);
        json_key(j, "once_more");
        json_put_int(j, (int64_t)s.hits);
        put_share(j, "share", (double)s.hits / (double)s.n);
        put_share(j, "low", low);
        put_share(j, "high", high);
        json_end_object(j);
    }
    json_end_list(j);
}

/* "cohorts" and "again": of one side, inside an open object. */
static void put_side(struct json_out *j, const struct engine *e,
                     const struct cohort_view *v)
{
    uint32_t first, end;

    cohort_rows(v, &first, &end);
    json_key(j, "cohorts");
    json_begin_list(j);
    for (uint32_t i = first; i < end; i++)
        put_cohort(j, e, v, i);
    json_end_list(j);
    put_again(j, v->cohorts);
}

static void put_against(struct json_out *j, const struct engine *e,
                        const struct cohort_view *v)
{
    const struct cohorts *here = v->cohorts, *there = v->against->cohorts;

    json_key(j, "against");
    json_begin_object(j);
    put_side(j, e, v->against);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < cohort_numbers(v); i++) {
        json_begin_object(j);
        json_key(j, "number");
        json_put_int(j, i);
        against_put(j, cohort_after(here, i, v->cumulated),
                    cohort_after(there, i, v->cumulated));
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "again_difference");
    json_begin_list(j);
    for (uint32_t n = 1;
         n < COHORT_TIMES_MAX && (here->at_least[n] || there->at_least[n]); n++) {
        json_begin_object(j);
        json_key(j, "times");
        json_put_int(j, n);
        against_put(j, cohort_once_more(here, n), cohort_once_more(there, n));
        json_end_object(j);
    }
    json_end_list(j);
}

bool cohort_put_json(struct json_out *j, const struct engine *e,
                     const struct cohort_view *v, struct arena *a, struct err *err)
{
    const struct cohorts *c = v->cohorts;
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, c->plan.at_ms);
    json_key(j, "by");
    json_put_text(j, flow_by_name(v->by));
    json_key(j, "cumulated");
    json_put_bool(j, v->cumulated);
    put_side(j, e, v);
    if (v->against)
        put_against(j, e, v);
    ok = !(c->plan.list) || report_put_listed(j, "customers", e, &c->listed, a, err);
    json_end_object(j);
    return ok;
}
