#include "engine/survival.h"

#include "engine/begin.h"

#include <math.h>

/* --- what is asked --- */

#define SEGMENT STR("segment.")

/* Who is in it up to at_ms is known then. */
static bool find_segment(struct engine *e, str name, int64_t at_ms, uint32_t *out,
                         struct err *err)
{
    const struct segments *all = engine_model(e)->segments;

    if (engine_now_ms(e) < at_ms && !engine_advance(e, at_ms, err))
        return false;
    for (*out = 0; *out < all->segment_n; ++*out)
        if (str_eq(all->segment[*out].name, name))
            return true;
    return err_set(err, ERR_INPUT, "the model has no segment \"%.*s\"", STR_FMT(name));
}

static const struct move *get_changes(const void *context, uint32_t customer, size_t *n)
{
    return engine_members(context, customer, n);
}

static bool end_by_segment(struct engine *e, str name, struct spell_plan *plan,
                           struct err *err)
{
    static const bool entered[] = {[MEMBER_OUT] = false, [MEMBER_IN] = true};
    uint32_t segment;

    if (!find_segment(e, name, plan->at_ms, &segment, err))
        return false;
    plan->end_stage = (struct stage_set){entered, false};
    plan->end_moves = (struct moves_of){get_changes, e};
    plan->has_end_way = true;
    plan->end_way = (uint16_t)segment;
    return true;
}

static bool add_end(struct engine *e, const struct survival_question *q,
                    struct program *p, struct arena *a, struct spell_plan *plan,
                    str *wrong, struct err *err)
{
    const struct lifecycle *l;

    if (str_starts(q->end, SEGMENT))
        return end_by_segment(e, str_from(q->end, SEGMENT.n), plan, err);
    if (stages_are_named(q->end))
        return model_lifecycle_find(engine_model(e), q->lifecycle, &l, err)
               && stages_named(l, q->end, a, &plan->end_stage, err)
               && report_moves(e, l, plan->at_ms, a, &plan->end_moves, err);
    *wrong = q->end;
    if (!picks_add(p, q->end, plan->end, SPELL_ENDS_MAX, &plan->end_n, err))
        return false;
    *wrong = STR("");
    return plan->end_n
           || err_set(err, ERR_INPUT,
                      "what it ends with must be said: an event, stage.NAME, or "
                      "segment.NAME");
}

struct member_of {
    const struct engine *engine;
    uint32_t segment;
};

static bool is_member(const void *context, uint32_t customer, int64_t at_ms)
{
    const struct member_of *m = context;

    return engine_is_member(m->engine, customer, m->segment, at_ms);
}

static bool by_segment(struct engine *e, str name, struct arena *a,
                       struct spell_plan *plan, struct err *err)
{
    struct member_of *m = arena_new(a, struct member_of);

    if (!m)
        return err_nomem(err);
    m->engine = e;
    plan->by = SPELL_BY_SEGMENT;
    plan->is_member = is_member;
    plan->context = m;
    return find_segment(e, name, plan->at_ms, &m->segment, err);
}

static bool add_by(struct engine *e, const struct survival_question *q, struct program *p,
                   struct arena *a, struct spell_plan *plan, str *wrong, struct err *err)
{
    const struct pick *first = plan->begin.by == BEGIN_EVENT ? &plan->begin.pick : NULL;
    bool told;

    if (!q->by.n)
        return true;
    if (str_starts(q->by, SEGMENT))
        return by_segment(e, str_from(q->by, SEGMENT.n), a, plan, err);
    if (!report_by(p, first, q->by, &plan->by_pick, &told, wrong, err))
        return false;
    plan->by = told ? SPELL_BY_TOLD : SPELL_BY_FIRST;
    return true;
}

static bool plan_of(struct engine *e, const struct survival_question *q,
                    struct program *p, struct arena *a, struct spell_plan *plan,
                    str *wrong, struct err *err)
{
    int64_t at_ms = q->scope.known_ms;
    struct begin_words words = {q->first, q->after, q->lifecycle, at_ms};

    *plan = (struct spell_plan){.program = p,
                                .from_ms = q->scope.from_ms,
                                .to_ms = q->scope.to_ms,
                                .at_ms = at_ms,
                                .decimals = engine_model(e)->workspace.decimals};
    return report_begin(e, &words, p, a, &plan->begin, wrong, err)
           && add_end(e, q, p, a, plan, wrong, err)
           && add_by(e, q, p, a, plan, wrong, err)
           && cox_plan(p, q->cox, plan, wrong, err);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct spells *s;

    if (!spells_new(plan, &s, err))
        return false;
    *count = s;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return spells_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return spells_merge(into, from, err);
}

static void end(void *count)
{
    spells_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- what comes of it --- */

/* A length of so many milliseconds; `name` is the option. */
static bool fixed_length(const char *name, str text, int64_t *out, struct err *err)
{
    struct length l;

    if (!length_asked(name, text, &l, err))
        return false;
    *out = l.ms;
    return !l.months
           || err_set(err, ERR_INPUT,
                      "%s is a length that is always the same, such as 30d: months and "
                      "years are not",
                      name);
}

static int64_t longest_of(const struct survival_view *v)
{
    return v->spells->n ? v->spells->row[v->spells->n - 1].ms : -1;
}

/* Points at multiples of the length, and where the longest ends. */
static bool add_points(const struct survival_question *q, int64_t longest_ms,
                       struct arena *a, struct survival_view *v, struct err *err)
{
    const struct spells *s = v->spells;
    int64_t every_ms;
    size_t n;

    if (!fixed_length("every", q->every.n ? q->every : STR("30d"), &every_ms, err))
        return false;
    if (longest_ms / every_ms >= SURVIVAL_POINTS_MAX - 2)
        return err_set(err, ERR_LIMIT,
                       "it lasts up to %lld days, and at most %u points are shown: take "
                       "a longer --every",
                       (long long)(longest_ms / MS_DAY), SURVIVAL_POINTS_MAX);
    n = longest_ms < 0 ? 0 : (size_t)(longest_ms / every_ms) + 1;
    v->point_n = (uint32_t)n + (n && longest_ms % every_ms);
    v->point_ms = arena_array(a, int64_t, v->point_n + 1);
    if (!v->point_ms)
        return err_nomem(err);
    for (size_t i = 0; i < v->point_n; i++)
        v->point_ms[i] = i < n ? (int64_t)i * every_ms : longest_ms;
    for (uint32_t g = 0; g < v->group_n; g++) {
        struct survival_point *p = arena_array(a, struct survival_point, v->point_n + 1);

        if (!p)
            return err_nomem(err);
        for (size_t i = 0; i < v->point_n; i++)
            p[i].ms = v->point_ms[i];
        v->curve[g].point = p;
        survival_at(s->row, s->n, g, p, v->point_n);
    }
    return true;
}

static bool add_curves(struct arena *a, struct survival_view *v, struct err *err)
{
    struct spells *s = v->spells;

    if (!spells_finish(s, err))
        return false;
    v->group_n = s->name.n;
    v->curve = arena_array(a, struct survival_curve, v->group_n + 1);
    if (!v->curve)
        return err_nomem(err);
    for (uint32_t g = 0; g < v->group_n; g++) {
        v->curve[g].sum = survival_of(s->row, s->n, g, 0);
        if (!g || v->curve[g].sum.longest_ms < v->horizon_ms)
            v->horizon_ms = v->curve[g].sum.longest_ms;
    }
    for (uint32_t g = 0; g < v->group_n; g++)
        v->curve[g].sum = survival_of(s->row, s->n, g, v->horizon_ms);
    return log_rank(s->row, s->n, v->group_n, a, &v->rank, err);
}

/* v->group_n: nobody is without a value. */
static bool find_group(const struct survival_view *v, const struct survival_question *q,
                       uint32_t *out, struct err *err)
{
    if (!q->by.n)
        return err_set(err, ERR_INPUT, "a group is listed with by");
    if (q->group.n && q->group_missing)
        return err_set(err, ERR_INPUT, "one group, or those without one: not both");
    for (*out = 0; *out < v->group_n; ++*out) {
        str had;

        if (spell_name(v->spells, *out, &had) ? q->group.n && str_eq(had, q->group)
                                              : q->group_missing)
            return true;
    }
    return q->group_missing
           || err_set(err, ERR_INPUT, "there is no group \"%.*s\" here",
                      STR_FMT(q->group));
}

static bool add_list(const struct survival_question *q, struct arena *a,
                     struct survival_view *v, struct err *err)
{
    bool ended = str_eq(q->list, STR("ended"));
    int64_t within_ms = INT64_MAX;
    bool one_group = q->group.n || q->group_missing;
    uint32_t group = 0;

    v->list = q->list.n > 0;
    if (!v->list)
        return true;
    if (!ended && !str_eq(q->list, STR("waiting")))
        return err_set(err, ERR_INPUT, "customers is ended or waiting, not \"%.*s\"",
                       STR_FMT(q->list));
    if ((q->within.n && !fixed_length("within", q->within, &within_ms, err))
        || (one_group && !find_group(v, q, &group, err)))
        return false;
    v->listed.customer = arena_array(a, uint32_t, v->spells->n + 1);
    if (!v->listed.customer)
        return err_nomem(err);
    for (size_t i = 0; i < v->spells->n; i++) {
        const struct lasted *row = &v->spells->row[i];
        bool has = row->ended && row->ms <= within_ms;
        /* Who was not looked at for so long is not waiting then. */
        bool waits = !has && (!q->within.n || row->ms >= within_ms);

        if ((!one_group || row->group == group) && (ended ? has : waits))
            v->listed.customer[v->listed.n++] = row->customer;
    }
    return true;
}

static bool one_side(struct engine *e, const struct survival_question *q, struct arena *a,
                     struct survival_view *out, str *wrong, struct err *err)
{
    struct spell_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct survival_view){.first = q->first, .end = q->end, .by = q->by};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->spells = count;
    return ok && add_curves(a, out, err);
}

/* Both sides' customers as two groups. */
static bool add_apart(struct survival_view *v, struct arena *a, struct err *err)
{
    const struct survival_view *side[] = {v, v->against};
    size_t n = 0;
    struct lasted *row =
        arena_array(a, struct lasted, v->spells->n + v->against->spells->n + 1);

    if (!row)
        return err_nomem(err);
    for (uint32_t i = 0; i < 2; i++)
        for (size_t k = 0; k < side[i]->spells->n; k++) {
            row[n] = side[i]->spells->row[k];
            row[n++].group = i;
        }
    survival_sort(row, n);
    return log_rank(row, n, 2, a, &v->apart, err);
}

static bool other_side(struct engine *e, const struct survival_question *q,
                       struct arena *a, struct survival_view *v, str *wrong,
                       struct err *err)
{
    struct survival_question other = *q;

    if (!against_alone(q->by.n || q->cox.n, q->list.n > 0, err))
        return false;
    v->against = arena_new(a, struct survival_view);
    if (!v->against)
        return err_nomem(err);
    return against_scope(e, &q->against, &q->scope, &other.scope, err)
           && one_side(e, &other, a, v->against, wrong, err) && add_apart(v, a, err);
}

bool engine_survival(struct engine *e, const struct survival_question *q, struct arena *a,
                     struct survival_view *out, str *wrong, struct err *err)
{
    int64_t longest_ms;

    if (one_side(e, q, a, out, wrong, err)
        && (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))) {
        longest_ms = longest_of(out);
        if (out->against && longest_of(out->against) > longest_ms)
            longest_ms = longest_of(out->against);
        if (add_points(q, longest_ms, a, out, err)
            && (!out->against || add_points(q, longest_ms, a, out->against, err))
            && add_list(q, a, out, err)
            && (!q->cox.n || !out->spells->n
                || cox_view_of(e, out->spells, q->ties, a, &out->cox, err)))
            return true;
    }
    survival_view_free(out);
    return false;
}

void survival_view_free(struct survival_view *v)
{
    if (v->against)
        survival_view_free(v->against);
    spells_free(v->spells);
    program_free(v->program);
    *v = (struct survival_view){};
}

/* --- as JSON --- */

static void put_int(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_length(struct json_out *j, const char *key, int64_t ms)
{
    json_key(j, key);
    if (ms < 0)
        json_put_null(j);
    else
        json_put_int(j, ms);
}

static void put_double(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    json_put_double(j, d);
}

static void put_point(struct json_out *j, const struct survival_point *p)
{
    json_begin_object(j);
    put_length(j, "after_ms", p->ms);
    put_int(j, "at_risk", p->at_risk);
    put_int(j, "ended", p->ended);
    put_int(j, "censored", p->censored);
    put_double(j, "share", p->share);
    put_double(j, "error", p->error);
    put_double(j, "low", p->low);
    put_double(j, "high", p->high);
    json_end_object(j);
}

static void put_curve(struct json_out *j, const struct survival_view *v, uint32_t group)
{
    const struct survival_curve *c = &v->curve[group];
    str name;

    json_begin_object(j);
    json_key(j, "value");
    if (spell_name(v->spells, group, &name))
        json_put_text(j, name);
    else
        json_put_null(j);
    put_int(j, "customers", c->sum.customers);
    put_int(j, "ended", c->sum.ended);
    put_double(j, "expected", v->rank.expected[group]);
    put_length(j, "median_ms", c->sum.median_ms);
    put_length(j, "median_low_ms", c->sum.median_low_ms);
    put_length(j, "median_high_ms", c->sum.median_high_ms);
    put_double(j, "mean_ms", c->sum.mean_ms);
    put_double(j, "mean_error_ms", c->sum.mean_error_ms);
    json_key(j, "points");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->point_n; i++)
        put_point(j, &c->point[i]);
    json_end_list(j);
    json_end_object(j);
}

struct survival_gap survival_gap_at(const struct survival_view *v, uint32_t point)
{
    if (!v->group_n || !v->against->group_n)
        return (struct survival_gap){NAN, NAN, NAN};
    return survival_difference(&v->curve->point[point], &v->against->curve->point[point]);
}

static void put_rank(struct json_out *j, const struct log_rank *rank)
{
    json_key(j, "log_rank");
    if (!rank->degrees) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_double(j, "chi_square", rank->chi_square);
    put_int(j, "degrees", rank->degrees);
    put_double(j, "p", rank->p);
    json_end_object(j);
}

static void put_groups(struct json_out *j, const struct survival_view *v)
{
    put_length(j, "mean_to_ms", v->group_n ? v->horizon_ms : -1);
    put_rank(j, &v->rank);
    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t g = 0; g < v->group_n; g++)
        put_curve(j, v, g);
    json_end_list(j);
}

static double share_at(const struct survival_view *v, uint32_t point)
{
    return v->group_n ? v->curve->point[point].share : NAN;
}

static void put_against(struct json_out *j, const struct survival_view *v)
{
    json_key(j, "against");
    json_begin_object(j);
    put_groups(j, v->against);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_object(j);
    put_rank(j, &v->apart);
    json_key(j, "points");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->point_n; i++) {
        struct survival_gap gap = survival_gap_at(v, i);

        json_begin_object(j);
        put_length(j, "after_ms", v->point_ms[i]);
        put_double(j, "share", share_at(v, i));
        put_double(j, "against", share_at(v->against, i));
        put_double(j, "difference", gap.difference);
        put_double(j, "low", gap.low);
        put_double(j, "high", gap.high);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

bool survival_put_json(struct json_out *j, const struct engine *e,
                       const struct survival_view *v, struct arena *a, struct err *err)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->spells->plan.at_ms);
    json_key(j, "first");
    json_put_text(j, v->first);
    json_key(j, "end");
    json_put_text(j, v->end);
    json_key(j, "by");
    if (v->by.n)
        json_put_text(j, v->by);
    else
        json_put_null(j);
    put_groups(j, v);
    if (v->cox) {
        json_key(j, "cox");
        cox_put_json(j, v->cox);
    }
    if (v->against)
        put_against(j, v);
    if (v->list && !report_put_listed(j, "customers", e, &v->listed, a, err))
        return false;
    json_end_object(j);
    return true;
}
