#include "engine/conversion.h"

#include "base/work.h"
#include "engine/begin.h"
#include "report/flow_json.h"

/* --- what is asked --- */

#define STAGE STR("stage.")

static bool add_list(const struct conversion_question *q, struct arena *a,
                     struct conversion_plan *plan, struct err *err)
{
    const struct lifecycle *l = plan->lifecycle;
    struct buf name = {};

    plan->list = q->list.n > 0;
    if (!plan->list)
        return true;
    plan->list_one_group = q->group.n || q->group_missing;
    if (plan->list_one_group && !plan->has_by)
        return err_set(err, ERR_INPUT,
                       "a group is one of those that it is broken down by: give by, too");
    if (q->group.n) {
        buf_add_char(&name, '=');
        buf_add(&name, q->group);
        plan->list_group = name.failed ? STR("") : arena_str(a, buf_str(&name));
        buf_free(&name);
        if (!plan->list_group.n)
            return err_nomem(err);
    }
    if (!report_stage(l, q->list, &plan->list_stage, err))
        return false;
    plan->list_to = STAGE_NONE;
    plan->list_next = str_eq(q->who, STR("out")) || str_starts(q->who, STAGE);
    if (str_starts(q->who, STAGE))
        return report_stage(l, str_from(q->who, STAGE.n), &plan->list_to, err);
    return plan->list_next || conversion_fate_parse(q->who, &plan->list_fate)
           || err_set(err, ERR_INPUT,
                      "customers of a stage are stock, entered, left, forward, back, "
                      "lost, waiting, out, or those who went on to stage.NAME, not "
                      "\"%.*s\"",
                      (int)(q->who.n < 60 ? q->who.n : 60), q->who.p);
}

static bool add_within(const struct conversion_question *q, struct conversion_plan *plan,
                       struct err *err)
{
    plan->has_within = q->within.n > 0;
    return !plan->has_within || length_parse(q->within, &plan->within, err)
           || err_in(err, "within");
}

static bool add_by(const struct conversion_question *q, struct program *p,
                   struct conversion_plan *plan, str *wrong, struct err *err)
{
    bool told;

    plan->has_by = q->by.n > 0;
    return !plan->has_by || report_by(p, NULL, q->by, &plan->by, &told, wrong, err);
}

static bool plan_of(struct engine *e, const struct conversion_question *q,
                    struct program *p, struct arena *a, struct conversion_plan *plan,
                    str *wrong, struct err *err)
{
    const struct workspace *w = &engine_model(e)->workspace;
    int64_t at_ms = q->scope.known_ms, end_ms = at_ms + (at_ms < MOMENT_NEVER);
    int64_t to_ms = q->scope.to_ms < end_ms ? q->scope.to_ms : end_ms;

    *plan = (struct conversion_plan){
        .program = p,
        .zone = w->zone,
        .decimals = w->decimals,
        .edge = {q->scope.from_ms < to_ms ? q->scope.from_ms : to_ms, to_ms},
        .at_ms = at_ms};
    return model_lifecycle_find(engine_model(e), q->lifecycle, &plan->lifecycle, err)
           && report_moves(e, plan->lifecycle, at_ms, a, &plan->moves, err)
           && add_within(q, plan, err) && add_by(q, p, plan, wrong, err)
           && add_list(q, a, plan, err);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct conversion *c;

    if (!conversion_new(plan, &c, err))
        return false;
    *count = c;
    return true;
}

static bool add(void *count, const struct chunk *c,
                [[maybe_unused]] struct scan_span span, const struct bits *who,
                struct err *err)
{
    return conversion_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return conversion_merge(into, from, err);
}

static void end(void *count)
{
    conversion_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- what comes of it --- */

static void time_one(void *context, uint32_t stage)
{
    conversion_time(context, stage);
}

static bool add_bottlenecks(struct arena *a, struct conversion_view *v, struct err *err)
{
    struct conversion *c = v->conversion;

    if (!conversion_finish(c, err))
        return false;
    work_run(c->plan.lifecycle->stage_n, work_threads(), time_one, c);
    v->bottleneck = (struct bottleneck(*)[CONVERSION_BYS])arena_array(
        a, struct bottleneck, (size_t)CONVERSION_BYS * (c->name.n + 1));
    if (!v->bottleneck)
        return err_nomem(err);
    for (uint32_t g = 0; g < c->name.n; g++)
        if (!conversion_bottlenecks(c, g, a, &v->bottleneck[g][CONVERSION_BY_SHARE],
                                    &v->bottleneck[g][CONVERSION_BY_TIME], err))
            return false;
    return true;
}

/* What nobody has may be a name with an error in it. */
static bool has_group(const struct conversion_view *v, struct err *err)
{
    const struct conversion_plan *p = &v->conversion->plan;
    str name = p->list_group;

    if (!p->list || !p->list_one_group || !name.n
        || text_table_find(&v->conversion->name, name) != TEXT_NONE)
        return true;
    name = str_from(name, 1);
    return err_set(err, ERR_INPUT, "nobody has the value \"%.*s\" here",
                   (int)(name.n < 60 ? name.n : 60), name.p);
}

static bool one_side(struct engine *e, const struct conversion_question *q,
                     struct arena *a, struct conversion_view *out, str *wrong,
                     struct err *err)
{
    struct conversion_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct conversion_view){.within = q->within, .by = q->by};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->conversion = count;
    ok = ok && has_group(out, err) && add_bottlenecks(a, out, err);
    if (!ok)
        conversion_view_free(out);
    return ok;
}

static bool other_side(struct engine *e, const struct conversion_question *q,
                       struct arena *a, struct conversion_view *out, str *wrong,
                       struct err *err)
{
    struct conversion_question other = *q;

    *wrong = STR("");
    if (q->list.n)
        return err_set(err, ERR_INPUT,
                       "customers are listed of one side: without against");
    out->against = arena_new(a, struct conversion_view);
    if (!out->against)
        return err_nomem(err);
    return against_scope(e, &q->against, &q->scope, &other.scope, err)
           && one_side(e, &other, a, out->against, wrong, err);
}

bool engine_conversion(struct engine *e, const struct conversion_question *q,
                       struct arena *a, struct conversion_view *out, str *wrong,
                       struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    conversion_view_free(out);
    return false;
}

void conversion_view_free(struct conversion_view *v)
{
    if (v->against)
        conversion_view_free(v->against);
    conversion_free(v->conversion);
    program_free(v->program);
    *v = (struct conversion_view){};
}

struct share conversion_beside(const struct conversion_view *v, uint32_t group,
                               uint32_t stage)
{
    const struct conversion *other = v->against->conversion;
    uint32_t there =
        text_table_find(&other->name, text_table_get(&v->conversion->name, group));
    struct share none = {0, 0};

    return there == TEXT_NONE ? none
                              : conversion_share(other, there, stage, CONVERSION_FORWARD);
}
