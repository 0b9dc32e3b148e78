/* route_stages.c - who stands in which stage, how they move, and how many go on. */
#include "api/route_impl.h"

#include "engine/conversion.h"
#include "engine/erase.h"
#include "engine/query.h"

/* Those in the segment who fit the rule at at_ms; NULL: everybody. */
static bool who_params(struct api_request *r, int64_t at_ms, const struct fits **out,
                       struct err *err)
{
    const struct report_scope scope = {
        .at_ms = at_ms, .segment = param(r, "segment"), .when = param(r, "when")};

    r->wrong = scope.when;
    if (!report_who(r->engine, &scope, r->a, out, err))
        return false;
    r->wrong = STR("");
    return true;
}

static bool put_conversion(struct api_request *r, bool kpi,
                           const struct conversion_view *v,
                           const struct report_scope *scope, struct err *err)
{
    const struct conversion_plan *p = &v->conversion->plan;
    struct json_out j = {.to = r->out};
    const struct fits *who;

    json_begin_object(&j);
    if (!conversion_put_json(&j, r->engine, v, r->a, err)
        || !engine_put_erased(&j, r->engine, r->a, err)
        || (kpi
            && (!report_who(r->engine, scope, r->a, &who, err)
                || !engine_put_kpis(&j, r->engine, p->lifecycle, who, p->edge, p->at_ms,
                                    err))))
        return false;
    json_end_object(&j);
    return true;
}

static bool get_conversion(struct api_request *r, bool kpi, struct err *err)
{
    struct conversion_question q = {.lifecycle = param(r, "lifecycle"),
                                    .within = param(r, "within"),
                                    .by = param(r, "by"),
                                    .against = against_params(r),
                                    .list = param(r, "customers"),
                                    .who = param(r, "who"),
                                    .group = param(r, "group")};
    struct conversion_view v;
    bool ok;

    if (!scope_params(r, &q.scope, err)
        || !flag_param(r, "group_missing", &q.group_missing, err))
        return false;
    if (!q.list.n != !q.who.n)
        return err_set(err, ERR_INPUT, "customers and who go together");
    if ((q.group.n || q.group_missing) && !q.list.n)
        return err_set(err, ERR_INPUT, "group and group_missing are of customers");
    if (!engine_conversion(r->engine, &q, r->a, &v, &r->wrong, err))
        return false;
    ok = put_conversion(r, kpi, &v, &q.scope, err);
    conversion_view_free(&v);
    return ok;
}

/* A parameter of conversion that stands without it is refused. */
static bool has_no_stray(const struct api_request *r, struct err *err)
{
    static const char *const of_conversion[] = {
        "to",        "within", "by",    "against",      "against_segment",
        "customers", "who",    "group", "group_missing"};

    for (size_t i = 0; i < sizeof of_conversion / sizeof *of_conversion; i++)
        if (param(r, of_conversion[i]).n)
            return err_set(err, ERR_INPUT, "%s goes with conversion=1", of_conversion[i]);
    return true;
}

bool get_stages(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct lifecycle *l;
    const struct fits *who;
    int64_t at_ms, from_ms;
    bool kpi, conversion;
    struct flow f;

    if (!flag_param(r, "kpi", &kpi, err)
        || !flag_param(r, "conversion", &conversion, err))
        return false;
    if (conversion)
        return get_conversion(r, kpi, err);
    if (!has_no_stray(r, err) || !lifecycle_param(r, &l, err) || !at_param(r, &at_ms, err)
        || !moment_param(r, "from", MOMENT_MIN, &from_ms, err)
        || !who_params(r, at_ms, &who, err)
        || !engine_flow_at(r->engine, l, who, from_ms, at_ms, r->a, &f, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "from");
    json_put_moment(&j, from_ms == MOMENT_MIN ? MOMENT_NEVER : from_ms);
    flow_put_period(&j, &f, 0, l);
    if (!engine_put_erased(&j, r->engine, r->a, err)
        || (kpi && !engine_put_kpis(&j, r->engine, l, who, f.edge, at_ms, err)))
        return false;
    json_end_object(&j);
    return true;
}

bool get_periods(struct api_request *r, struct err *err)
{
    const struct model *m = model_of(r);
    struct json_out j = {.to = r->out};
    const struct lifecycle *l;
    const struct fits *who;
    struct flow f = {};
    enum flow_by by = FLOW_MONTH;
    int64_t from_ms, to_ms;
    struct store_facts facts = snapshot_facts(engine_snapshot(r->engine));
    const int64_t *edge;
    uint32_t n;

    if (!lifecycle_param(r, &l, err))
        return false;
    f.stage_n = l->stage_n;
    if (param(r, "by").n && !flow_by_parse(param(r, "by"), &by))
        return err_set(err, ERR_INPUT, "by is one of day, week, month, quarter, year");
    if (facts.events && facts.first_ms <= engine_now_ms(r->engine)
        && (!moment_param(r, "from", facts.first_ms, &from_ms, err)
            || !moment_param(r, "to", engine_default_at(r->engine), &to_ms, err)
            || !flow_edges(m->workspace.zone, by, from_ms, to_ms, r->a, &edge, &n, err)
            || !who_params(r, to_ms, &who, err)
            || !engine_flow(r->engine, l, who, edge, n, r->a, &f, err)))
        return false;
    flow_put_periods(&j, &f, by, m->workspace.zone, l);
    return true;
}
