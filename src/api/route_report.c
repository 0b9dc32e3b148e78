/* route_report.c - reports: a question in the query's parameters, its answer as JSON. */
#include "api/route_impl.h"

#include "engine/attribution.h"
#include "engine/begin.h"
#include "engine/churn.h"
#include "engine/cohort.h"
#include "engine/contracts.h"
#include "engine/equity.h"
#include "engine/funnel.h"
#include "engine/journey.h"
#include "engine/ledger.h"
#include "engine/lift.h"
#include "engine/overlap.h"
#include "engine/paths.h"
#include "engine/propensity.h"
#include "engine/returns.h"
#include "engine/rfm.h"
#include "engine/survival.h"
#include "engine/value.h"

#include <string.h>

static bool by_campaign_param(const struct api_request *r, bool *out, struct err *err)
{
    str given = param(r, "by");

    *out = str_eq(given, STR("campaign"));
    return !given.n || *out || str_eq(given, STR("channel"))
           || err_set(err, ERR_INPUT, "by is channel or campaign");
}

/* Who is listed. */
static bool funnel_list_params(const struct api_request *r, struct funnel_question *q,
                               struct err *err)
{
    str stopped = param(r, "stopped"), reached = param(r, "reached");

    q->group = param(r, "group");
    q->next = param(r, "next");
    q->beyond = reached.n > 0;
    if (!flag_param(r, "group_missing", &q->group_missing, err)
        || !flag_param(r, "next_nothing", &q->next_nothing, err))
        return false;
    if (stopped.n && reached.n)
        return err_set(err, ERR_INPUT, "stopped or reached, not both");
    if (stopped.n && !whole_parse(stopped, 1, FUNNEL_STEPS_MAX, &q->stopped))
        return err_set(err, ERR_INPUT, "stopped is the number of a step, from 1");
    return !reached.n || whole_parse(reached, 1, FUNNEL_STEPS_MAX, &q->stopped)
           || err_set(err, ERR_INPUT, "reached is the number of a step, from 1");
}

bool get_funnel(struct api_request *r, struct err *err)
{
    const str steps = param(r, "steps");
    struct funnel_question q = {.step = &steps,
                                .step_n = 1,
                                .within = param(r, "within"),
                                .by = param(r, "by"),
                                .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct funnel_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "each_step", &q.each_step, err)
        || !flag_param(r, "strict", &q.strict, err))
        return false;
    if (!steps.n)
        return err_set(err, ERR_INPUT,
                       "steps are patterns with commas between: visit, signup, purchase");
    if (!funnel_list_params(r, &q, err))
        return false;
    if (!engine_funnel(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = funnel_put_json(&j, r->engine, &v, r->a, err);
    funnel_view_free(&v);
    return ok;
}

/* A whole number, or what stands in *out already. */
static bool number_param(const struct api_request *r, const char *name, uint32_t max,
                         uint32_t *out, struct err *err)
{
    str given = param(r, name);

    return !given.n || whole_parse(given, 1, max, out)
           || err_set(err, ERR_INPUT, "%s is a number from 1 to %u", name, max);
}

bool get_cohorts(struct api_request *r, struct err *err)
{
    struct cohort_question q = {.first = param(r, "first"),
                                .after = param(r, "after"),
                                .lifecycle = param(r, "lifecycle"),
                                .again = param(r, "again"),
                                .value = param(r, "value"),
                                .by = FLOW_MONTH,
                                .cohort = param(r, "cohort"),
                                .period = param(r, "period"),
                                .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct cohort_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "repeat", &q.repeat, err)
        || !flag_param(r, "cumulated", &q.cumulated, err))
        return false;
    if (!q.first.n)
        return err_set(err, ERR_INPUT, "first is a pattern, or a trait that is a moment");
    if (param(r, "by").n && !flow_by_parse(param(r, "by"), &q.by))
        return err_set(err, ERR_INPUT, "by is one of day, week, month, quarter, year");
    if (!number_param(r, "times", COHORT_TIMES_MAX, &q.times, err))
        return false;
    if ((q.period.n || q.times) && !q.cohort.n)
        return err_set(err, ERR_INPUT,
                       "period and times are of the cohort that is named");
    if (!engine_cohorts(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = cohort_put_json(&j, r->engine, &v, r->a, err);
    cohort_view_free(&v);
    return ok;
}

bool get_rfm(struct api_request *r, struct err *err)
{
    struct rfm_question q = {
        .event = param(r, "event"),
        .value = param(r, "value"),
        .method = param(r, "method"),
        .limit = {param(r, "recency"), param(r, "frequency"), param(r, "monetary")},
        .since = param(r, "since"),
        .from = param(r, "from"),
        .list = param(r, "customers"),
        .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct rfm_view v;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "days", &q.in_days, err))
        return false;
    if (!q.event.n || !q.value.n)
        return err_set(err, ERR_INPUT,
                       "event is a pattern, and value a property of it that is summed");
    if (!engine_rfm(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    rfm_put_json(&j, r->engine, &v);
    rfm_view_free(&v);
    return true;
}

bool get_attribution(struct api_request *r, struct err *err)
{
    struct attribution_question q = {.conversion = param(r, "conversion"),
                                     .value = param(r, "value"),
                                     .without = param(r, "without"),
                                     .lookback = param(r, "lookback"),
                                     .half_life = param(r, "half_life"),
                                     .position = param(r, "position"),
                                     .list = param(r, "customers"),
                                     .list_campaign = param(r, "campaign"),
                                     .list_as = param(r, "as"),
                                     .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct attribution_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !by_campaign_param(r, &q.by_campaign, err))
        return false;
    if (!q.conversion.n)
        return err_set(err, ERR_INPUT,
                       "conversion is a pattern of the event to which paths lead");
    if ((q.list_campaign.n || q.list_as.n) && !q.list.n)
        return err_set(err, ERR_INPUT,
                       "campaign and as are of the channel whose customers are listed");
    if (!engine_attribution(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = attribution_put_json(&j, r->engine, &v, r->a, err);
    attribution_view_free(&v);
    return ok;
}

bool get_paths(struct api_request *r, struct err *err)
{
    struct paths_question q = {.through = param(r, "through"),
                               .events = param(r, "events"),
                               .after = param(r, "after"),
                               .before = param(r, "before"),
                               .steps = 5,
                               .top = 20,
                               .within = param(r, "within"),
                               .gap = param(r, "gap"),
                               .lifecycle = param(r, "lifecycle"),
                               .list = param(r, "customers"),
                               .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct paths_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "each", &q.each, err)
        || !flag_param(r, "whole", &q.whole, err)
        || !flag_param(r, "collapse", &q.collapsed, err)
        || !flag_param(r, "links", &q.links, err)
        || !number_param(r, "steps", PATHS_STEPS_MAX, &q.steps, err)
        || !number_param(r, "top", PATHS_TOP_MAX, &q.top, err)
        || !number_param(r, "step", PATHS_STEPS_MAX, &q.list_step, err))
        return false;
    if (q.list_step && !q.list.n)
        return err_set(err, ERR_INPUT, "step is of the link that customers names");
    if (!engine_paths(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = paths_put_json(&j, r->engine, &v, r->a, err);
    paths_view_free(&v);
    return ok;
}

bool get_survival(struct api_request *r, struct err *err)
{
    struct survival_question q = {.first = param(r, "first"),
                                  .after = param(r, "after"),
                                  .lifecycle = param(r, "lifecycle"),
                                  .end = param(r, "end"),
                                  .every = param(r, "every"),
                                  .by = param(r, "by"),
                                  .list = param(r, "customers"),
                                  .within = param(r, "within"),
                                  .group = param(r, "group"),
                                  .cox = param(r, "cox"),
                                  .ties = param(r, "ties"),
                                  .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct survival_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err)
        || !flag_param(r, "group_missing", &q.group_missing, err))
        return false;
    if (!q.first.n || !q.end.n)
        return err_set(err, ERR_INPUT,
                       "first says where somebody begins, and end what it ends with: "
                       "patterns, or stage.x");
    if ((q.within.n || q.group.n || q.group_missing) && !q.list.n)
        return err_set(err, ERR_INPUT,
                       "within, group and group_missing are of customers");
    if (q.ties.n && !q.cox.n)
        return err_set(err, ERR_INPUT, "ties are of cox");
    if (!engine_survival(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = survival_put_json(&j, r->engine, &v, r->a, err);
    survival_view_free(&v);
    return ok;
}

bool get_lift(struct api_request *r, struct err *err)
{
    struct lift_question q = {.assigned = param(r, "assigned"),
                              .group = param(r, "group"),
                              .control = param(r, "control"),
                              .conversion = param(r, "conversion"),
                              .value = param(r, "value"),
                              .within = param(r, "within"),
                              .split = param(r, "split"),
                              .list = param(r, "customers"),
                              .in = param(r, "in"),
                              .channel = param(r, "channel")};
    struct json_out j = {.to = r->out};
    struct lift_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err))
        return false;
    if (!q.group.n || !q.conversion.n)
        return err_set(
            err, ERR_INPUT,
            "group says what names a customer's group: trait.x, or with assigned "
            "a property of that event; conversion is the event that counts");
    if (q.in.n && !q.list.n)
        return err_set(err, ERR_INPUT, "in is of customers");
    if (!engine_lift(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = lift_put_json(&j, r->engine, &v, r->a, err);
    lift_view_free(&v);
    return ok;
}

bool get_lift_plan(struct api_request *r, struct err *err)
{
    struct lift_plan q = {param(r, "rate"), param(r, "spread"), param(r, "change"),
                          param(r, "customers"), param(r, "power")};
    struct lift_planned p;

    if (!engine_lift_plan(&q, &p, err))
        return false;
    lift_plan_put_json(&(struct json_out){.to = r->out}, &p);
    return true;
}

static bool get_contracts(struct api_request *r, struct err *err)
{
    struct contracts_question q = {.event = param(r, "event"),
                                   .end = param(r, "end"),
                                   .unit = param(r, "unit"),
                                   .ahead = param(r, "ahead"),
                                   .discount = param(r, "discount")};
    struct contracts_view v;

    if (!scope_params(r, &q.scope, err)
        || !moment_param(r, "until", MOMENT_NEVER, &q.until_ms, err)
        || !engine_contracts(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    contracts_put_json(&(struct json_out){.to = r->out}, &v);
    contracts_view_free(&v);
    return true;
}

bool get_value(struct api_request *r, struct err *err)
{
    struct value_question q = {.model = param(r, "model"),
                               .k = param(r, "k"),
                               .choose = param(r, "choose"),
                               .event = param(r, "event"),
                               .value = param(r, "value"),
                               .unit = param(r, "unit"),
                               .hold_out = param(r, "hold_out"),
                               .ahead = param(r, "ahead"),
                               .discount = param(r, "discount"),
                               .customer = param(r, "customer")};
    struct json_out j = {.to = r->out};
    struct value_view v;
    bool there = true;

    if (str_eq(q.model, STR("sbg")))
        return get_contracts(r, err);
    q.is_now = str_eq(param(r, "until"), STR("now"));
    q.until_ms = MOMENT_NEVER;
    if (!scope_params(r, &q.scope, err)
        || (!q.is_now && !moment_param(r, "until", MOMENT_NEVER, &q.until_ms, err))
        || !(r->at_hand
                 ? engine_value_at_hand(r->engine, &q, r->a, &v, &there, &r->wrong, err)
                 : engine_value(r->engine, &q, r->a, &v, &r->wrong, err)))
        return false;
    r->is_put_off = !there;
    r->wants_new = q.is_now;
    if (!there)
        return true;
    if (!v.is_latest)
        r->outdated_ms = v.fitted_ms;
    value_view_put_json(&j, r->engine, &v);
    value_view_free(&v);
    return true;
}

bool get_value_equity(struct api_request *r, struct err *err)
{
    struct equity_question q = {.value = {.model = param(r, "model"),
                                          .k = param(r, "k"),
                                          .choose = param(r, "choose"),
                                          .event = param(r, "event"),
                                          .value = param(r, "value"),
                                          .unit = param(r, "unit"),
                                          .ahead = param(r, "ahead"),
                                          .discount = param(r, "discount")},
                                .by = param(r, "by"),
                                .lifecycle = param(r, "lifecycle"),
                                .list = param(r, "row")};
    struct json_out j = {.to = r->out};
    struct equity_view v;
    bool ok;

    if (!scope_params(r, &q.value.scope, err)
        || !moment_param(r, "until", MOMENT_NEVER, &q.value.until_ms, err)
        || !engine_equity(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = equity_put_json(&j, r->engine, &v, r->a, err);
    equity_free(&v);
    return ok;
}

bool get_propensity(struct api_request *r, struct err *err)
{
    str measures = param(r, "measures");
    struct propensity_question q = {
        .target = param(r, "target"),
        .within = param(r, "within"),
        .with = param(r, "with"),
        .value = param(r, "value"),
        .own = {.measure = &measures, .measure_n = measures.n > 0},
        .customer = param(r, "customer")};
    struct json_out j = {.to = r->out};
    struct propensity_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "churn", &q.churn, err))
        return false;
    ok = engine_propensity(r->engine, &q, r->a, &v, &r->wrong, err)
         && (propensity_put_json(&j, r->engine, &v) || err_nomem(err));
    propensity_view_free(&v);
    return ok;
}

bool get_ledger(struct api_request *r, struct err *err)
{
    struct ledger_question q = {.by = param(r, "by"),
                                .lifecycle = param(r, "lifecycle"),
                                .ahead = param(r, "ahead"),
                                .discount = param(r, "discount"),
                                .customer = param(r, "customer")};
    struct json_out j = {.to = r->out};
    struct ledger_view v;

    if (!scope_params(r, &q.scope, err))
        return false;
    if (q.customer.n && (q.by.n || q.scope.segment.n || q.scope.when.n))
        return err_set(err, ERR_INPUT,
                       "one customer's ledger has no by, segment or when");
    if (!engine_ledger(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ledger_put_json(&j, r->engine, &v);
    return true;
}

bool get_churn(struct api_request *r, struct err *err)
{
    struct churn_question q = {.active = param(r, "active"),
                               .lifecycle = param(r, "lifecycle"),
                               .value = param(r, "value"),
                               .by = FLOW_MONTH,
                               .against = against_params(r),
                               .period = param(r, "period"),
                               .fate = param(r, "who")};
    struct json_out j = {.to = r->out};
    struct churn_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err))
        return false;
    if (!q.active.n)
        return err_set(
            err, ERR_INPUT,
            "active says who is a customer: patterns, stage.x, or not stage.x");
    if (param(r, "by").n && !flow_by_parse(param(r, "by"), &q.by))
        return err_set(err, ERR_INPUT, "by is one of day, week, month, quarter, year");
    if (!q.period.n != !q.fate.n)
        return err_set(err, ERR_INPUT, "period and who go together");
    if (!engine_churn(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = churn_put_json(&j, r->engine, &v, r->a, err);
    churn_view_free(&v);
    return ok;
}

bool get_journey_map(struct api_request *r, struct err *err)
{
    struct journey_question q = {.through = param(r, "through"),
                                 .events = param(r, "events"),
                                 .score = param(r, "score"),
                                 .worse = param(r, "worse"),
                                 .within = param(r, "within"),
                                 .top = 20,
                                 .lifecycle = param(r, "lifecycle"),
                                 .list_stage = param(r, "customers"),
                                 .list_name = param(r, "touchpoint"),
                                 .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct journey_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !flag_param(r, "lost", &q.list_lost, err)
        || !number_param(r, "top", PATHS_TOP_MAX, &q.top, err))
        return false;
    if ((q.list_name.n || q.list_lost) && !q.list_stage.n)
        return err_set(err, ERR_INPUT,
                       "touchpoint and lost are of the stage that customers names");
    if (!engine_journey(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = journey_put_json(&j, r->engine, &v, r->a, err);
    journey_view_free(&v);
    return ok;
}

bool get_overlap(struct api_request *r, struct err *err)
{
    str name[OVERLAP_MAX + 1], rest = param(r, "segments");
    struct overlap_question q = {
        .segment = name, .list = param(r, "customers"), .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct overlap_view v;
    str wrong;

    if (!scope_params(r, &q.scope, err))
        return false;
    while (rest.n && q.segment_n <= OVERLAP_MAX) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

        name[q.segment_n++] = (str){rest.p, n};
        rest = str_from(rest, comma ? n + 1 : n);
    }
    if (!engine_overlap(r->engine, &q, r->a, &v, &wrong, err))
        return false;
    return overlap_put_json(&j, r->engine, &v, r->a, err);
}

bool get_channels(struct api_request *r, struct err *err)
{
    str touch = param(r, "touch");
    struct returns_question q = {.won = param(r, "won"),
                                 .event = param(r, "event"),
                                 .value = param(r, "value"),
                                 .by_last = str_eq(touch, STR("last")),
                                 .without = param(r, "without"),
                                 .list = param(r, "customers"),
                                 .list_campaign = param(r, "campaign"),
                                 .list_as = param(r, "as"),
                                 .against = against_params(r)};
    struct json_out j = {.to = r->out};
    struct returns_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err) || !by_campaign_param(r, &q.by_campaign, err))
        return false;
    if (touch.n && !q.by_last && !str_eq(touch, STR("first")))
        return err_set(err, ERR_INPUT, "touch is first or last");
    if ((q.list_campaign.n || q.list_as.n) && !q.list.n)
        return err_set(err, ERR_INPUT,
                       "campaign and as are of the channel whose customers are listed");
    if (!engine_returns(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = returns_put_json(&j, r->engine, &v, r->a, err);
    returns_view_free(&v);
    return ok;
}
