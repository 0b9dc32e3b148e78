#include "engine/funnel.h"

#include "engine/begin.h"
#include <stdlib.h>

/* --- what is asked --- */

static bool add_steps(const struct funnel_question *q, struct program *p,
                      struct funnel_plan *plan, str *wrong, struct err *err)
{
    for (size_t i = 0; i < q->step_n; i++) {
        uint32_t n;

        *wrong = q->step[i];
        if (!picks_add(p, q->step[i], plan->step + plan->step_n,
                       FUNNEL_STEPS_MAX - plan->step_n, &n, err))
            return false;
        plan->step_n += n;
    }
    *wrong = STR("");
    return plan->step_n
           || err_set(err, ERR_INPUT,
                      "a funnel needs steps: events, such as visit, signup, purchase");
}

static bool add_by(const struct funnel_question *q, struct program *p,
                   struct funnel_plan *plan, str *wrong, struct err *err)
{
    bool told;

    if (!q->by.n)
        return true;
    if (!report_by(p, &plan->step[0], q->by, &plan->by_pick, &told, wrong, err))
        return false;
    plan->by = told ? FUNNEL_BY_TOLD : FUNNEL_BY_FIRST;
    return true;
}

static bool add_limit(const struct funnel_question *q, struct funnel_plan *plan,
                      struct err *err)
{
    if (!q->within.n)
        return !q->each_step
               || err_set(err, ERR_INPUT,
                          "a limit from step to step needs its length: within");
    plan->limit = q->each_step ? FUNNEL_EACH_STEP : FUNNEL_FROM_START;
    return length_asked("within", q->within, &plan->within, err);
}

/* Who is listed: what he did next. */
static bool add_next(const struct engine *e, const struct funnel_question *q,
                     struct funnel_plan *plan, struct err *err)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;

    plan->by_next = q->next.n || q->next_nothing;
    if (!plan->by_next)
        return true;
    if (q->next.n && q->next_nothing)
        return err_set(err, ERR_INPUT,
                       "next is an event or nothing more, not both of them");
    if (!q->stopped || q->beyond || q->stopped >= plan->step_n)
        return err_set(err, ERR_INPUT,
                       "next is of those who stopped at a step before the last");
    plan->next = q->next.n ? text_table_find(type, q->next) : plan->type_n;
    return plan->next != TEXT_NONE
           || err_set(err, ERR_INPUT, "next: no event \"%.*s\" has come",
                      (int)(q->next.n < 100 ? q->next.n : 100), q->next.p);
}

static bool plan_of(const struct engine *e, const struct funnel_question *q,
                    struct program *p, struct funnel_plan *plan, str *wrong,
                    struct err *err)
{
    const struct workspace *w = &engine_model(e)->workspace;
    uint32_t n;

    *plan = (struct funnel_plan){
        .program = p,
        .zone = w->zone,
        .strict = q->strict,
        .from_ms = q->scope.from_ms,
        .to_ms = q->scope.to_ms,
        .at_ms = q->scope.at_ms,
        .decimals = w->decimals,
        .type_n = snapshot_catalog(engine_snapshot(e))->type.n,
        .stopped = q->stopped,
        .beyond = q->beyond,
        .in_group = q->group.n || q->group_missing,
        .group_missing = q->group_missing,
        .group = q->group,
    };
    if (!add_steps(q, p, plan, wrong, err) || !add_by(q, p, plan, wrong, err)
        || !add_limit(q, plan, err) || !add_next(e, q, plan, err)
        || !picks_add(p, STR("any"), &plan->any, 1, &n, err))
        return false;
    if (q->group.n && q->group_missing)
        return err_set(err, ERR_INPUT,
                       "a group is that of a value or the one without, not both");
    if (plan->in_group && (!q->by.n || !q->stopped))
        return err_set(err, ERR_INPUT,
                       "a group is one of what by breaks down by, and of it those are "
                       "listed who stopped at a step or reached it");
    return q->stopped <= plan->step_n
           || err_set(err, ERR_INPUT, "the funnel has %u steps: there is no step %u",
                      plan->step_n, q->stopped);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct funnel *f;

    if (!funnel_new(plan, &f, err))
        return false;
    *count = f;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return funnel_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return funnel_merge(into, from, err);
}

static void end(void *count)
{
    funnel_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool one_side(struct engine *e, const struct funnel_question *q, struct arena *a,
                     struct funnel_view *out, str *wrong, struct err *err)
{
    struct funnel_plan plan;
    void *count = NULL;

    *out = (struct funnel_view){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    if (!plan_of(e, q, out->program, &plan, wrong, err)
        || !report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err)) {
        funnel_view_free(out);
        return false;
    }
    out->funnel = count;
    return true;
}

static bool other_side(struct engine *e, const struct funnel_question *q, struct arena *a,
                       struct funnel_view *out, str *wrong, struct err *err)
{
    struct funnel_question other = *q;

    *wrong = STR("");
    if (!against_alone(q->by.n > 0, q->stopped > 0, err))
        return false;
    out->against = arena_new(a, struct funnel_view);
    if (!out->against)
        return err_nomem(err);
    return against_scope(e, &q->against, &q->scope, &other.scope, err)
           && one_side(e, &other, a, out->against, wrong, err);
}

bool engine_funnel(struct engine *e, const struct funnel_question *q, struct arena *a,
                   struct funnel_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    funnel_view_free(out);
    return false;
}

void funnel_view_free(struct funnel_view *v)
{
    if (v->against)
        funnel_view_free(v->against);
    funnel_free(v->funnel);
    program_free(v->program);
    *v = (struct funnel_view){};
}

/* --- what comes of it --- */

static int group_cmp(const void *a, const void *b, void *funnel)
{
    const struct funnel *f = funnel;
    const uint32_t *x = a, *y = b;
    uint64_t of_x = f->group[*x].customers[0], of_y = f->group[*y].customers[0];
    str name_x, name_y;

    if (of_x != of_y)
        return of_x > of_y ? -1 : 1;
    if (!funnel_name(f, *x, &name_x))
        return 1;
    return funnel_name(f, *y, &name_y) ? str_cmp(name_x, name_y) : -1;
}

bool funnel_order(const struct funnel *f, struct arena *a, const uint32_t **out,
                  struct err *err)
{
    uint32_t n = funnel_group_n(f), *group = arena_array(a, uint32_t, n + 1);

    if (!group)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        group[i] = i;
    qsort_r(group, n, sizeof *group, group_cmp, (void *)(uintptr_t)f);
    *out = group;
    return true;
}

static int next_cmp(const void *a, const void *b)
{
    const struct funnel_next *x = a, *y = b;

    if (x->customers != y->customers)
        return x->customers > y->customers ? -1 : 1;
    return x->type < y->type ? -1 : x->type > y->type;
}

bool funnel_next(const struct funnel *f, uint32_t step, struct arena *a,
                 const struct funnel_next **out, uint32_t *n, struct err *err)
{
    uint32_t types = f->plan.type_n;
    const uint64_t *count = f->next + (size_t)step * (types + 1);
    struct funnel_next *next = arena_array(a, struct funnel_next, types + 2);

    if (!next)
        return err_nomem(err);
    *n = 0;
    for (uint32_t i = 0; i <= types; i++)
        if (count[i])
            next[(*n)++] = (struct funnel_next){i < types ? i : TYPE_NONE, count[i]};
    qsort(next, *n, sizeof *next, next_cmp);
    *out = next;
    return true;
}

/* --- as JSON --- */

static void put_length(struct json_out *j, const char *key, int64_t ms)
{
    json_key(j, key);
    if (ms < 0)
        json_put_null(j);
    else
        json_put_int(j, ms);
}

/* [{"customers","median_ms","p90_ms"}]: of the first step the times of the whole way. */
static void put_group(struct json_out *j, const struct funnel *f, struct funnel_group *g)
{
    json_key(j, "whole");
    json_begin_object(j);
    put_length(j, "median_ms", lengths_quantile(&g->took[0], 50));
    put_length(j, "p90_ms", lengths_quantile(&g->took[0], 90));
    json_end_object(j);
    json_key(j, "steps");
    json_begin_list(j);
    for (uint32_t k = 0; k < f->plan.step_n; k++) {
        json_begin_object(j);
        json_key(j, "step");
        json_put_text(j, f->plan.step[k].text);
        json_key(j, "customers");
        json_put_int(j, (int64_t)g->customers[k]);
        put_length(j, "median_ms", k ? lengths_quantile(&g->took[k], 50) : -1);
        put_length(j, "p90_ms", k ? lengths_quantile(&g->took[k], 90) : -1);
        json_end_object(j);
    }
    json_end_list(j);
}

/* [{"step","customers","next":[{"event","customers"}]}], the last step apart. */
static bool put_stopped(struct json_out *j, const struct engine *e,
                        const struct funnel *f, const struct funnel_group *all,
                        struct arena *a, struct err *err)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;
    bool ok = true;

    json_begin_list(j);
    for (uint32_t k = 0; ok && k + 1 < f->plan.step_n; k++) {
        const struct funnel_next *next;
        uint32_t n = 0;

        ok = funnel_next(f, k, a, &next, &n, err);
        json_begin_object(j);
        json_key(j, "step");
        json_put_text(j, f->plan.step[k].text);
        json_key(j, "customers");
        json_put_int(j, (int64_t)(all->customers[k] - all->customers[k + 1]));
        json_key(j, "next");
        json_begin_list(j);
        for (uint32_t i = 0; i < n; i++) {
            json_begin_object(j);
            json_key(j, "event");
            if (next[i].type == TYPE_NONE)
                json_put_null(j);
            else
                json_put_text(j, text_table_get(type, next[i].type));
            json_key(j, "customers");
            json_put_int(j, (int64_t)next[i].customers);
            json_end_object(j);
        }
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
    return ok;
}

static bool put_groups(struct json_out *j, struct funnel *f, struct arena *a,
                       struct err *err)
{
    const uint32_t *order;

    if (!funnel_order(f, a, &order, err))
        return false;
    json_key(j, "by");
    json_put_text(j, f->plan.by_pick.text);
    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t i = 0; i < funnel_group_n(f); i++) {
        str name;

        json_begin_object(j);
        json_key(j, "value");
        if (funnel_name(f, order[i], &name))
            json_put_text(j, name);
        else
            json_put_null(j);
        put_group(j, f, &f->group[order[i]]);
        json_end_object(j);
    }
    json_end_list(j);
    return true;
}

struct share funnel_share(const struct funnel_group *g, uint32_t from, uint32_t step)
{
    return (struct share){g->customers[step], g->customers[from]};
}

static bool put_against(struct json_out *j, const struct engine *e,
                        const struct funnel_view *v, const struct funnel_group *here,
                        struct arena *a, struct err *err)
{
    const struct funnel *f = v->against->funnel;
    struct funnel_group there;
    bool ok;

    if (!funnel_total(f, &there, err))
        return false;
    json_key(j, "against");
    json_begin_object(j);
    put_group(j, f, &there);
    json_key(j, "stopped");
    ok = put_stopped(j, e, f, &there, a, err);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t k = 1; k < f->plan.step_n; k++) {
        json_begin_object(j);
        json_key(j, "step");
        json_put_text(j, f->plan.step[k].text);
        against_put(j, funnel_share(here, 0, k), funnel_share(&there, 0, k));
        json_key(j, "before");
        json_begin_object(j);
        against_put(j, funnel_share(here, k - 1, k), funnel_share(&there, k - 1, k));
        json_end_object(j);
        json_end_object(j);
    }
    json_end_list(j);
    funnel_group_free(&there);
    return ok;
}

bool funnel_put_json(struct json_out *j, const struct engine *e, struct funnel_view *v,
                     struct arena *a, struct err *err)
{
    struct funnel *f = v->funnel;
    struct funnel_group all;
    bool ok;

    if (!funnel_total(f, &all, err))
        return false;
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, f->plan.at_ms);
    put_group(j, f, &all);
    json_key(j, "stopped");
    ok = put_stopped(j, e, f, &all, a, err)
         && (f->plan.by == FUNNEL_BY_NOTHING || put_groups(j, f, a, err))
         && (!f->plan.stopped
             || report_put_listed(j, "customers", e, &v->funnel->listed, a, err))
         && (!v->against || put_against(j, e, v, &all, a, err));
    json_end_object(j);
    funnel_group_free(&all);
    return ok;
}
