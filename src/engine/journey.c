#include "engine/journey.h"

#include "engine/begin.h"
#include "engine/paths_impl.h"

#include <stdlib.h>

/* --- what is asked --- */

struct asked_journey {
    const struct journey_question *q;
    struct paths_moves moves;
    struct journey_plan plan;
};

/* Out of the lifecycle is worse than any stage. */
static bool add_worse(const struct journey_question *q, struct arena *a,
                      struct journey_plan *plan, struct err *err)
{
    const struct lifecycle *l = plan->lifecycle;
    uint32_t n = l->stage_n;
    bool *worse = arena_array(a, bool, (size_t)n *(n + 1));
    str rest = q->worse;

    if (!worse)
        return err_nomem(err);
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to <= n; to++)
            worse[from * (n + 1) + to] =
                to == n || (!q->worse.n && (l->stage[to].end || to < from));
    while (rest.n) {
        uint16_t stage;

        if (!report_stage(l, take_part(&rest), &stage, err))
            return false;
        for (uint32_t from = 0; from < n; from++)
            worse[from * (n + 1) + stage] = from != stage;
    }
    plan->worse = worse;
    return true;
}

static bool add_score(const struct journey_question *q, struct program *p,
                      struct journey_plan *plan, str *wrong, struct err *err)
{
    uint32_t n;

    plan->has_score = q->score.n > 0;
    if (!plan->has_score)
        return true;
    *wrong = q->score;
    if (!picks_add(p, q->score, &plan->score, 1, &n, err))
        return false;
    *wrong = STR("");
    return plan->score.type == VALUE_NUMBER
           || err_set(err, ERR_INPUT,
                      "a score is a property that is a number, such as "
                      "survey_answered.score; %.*s is none",
                      (int)(q->score.n < 100 ? q->score.n : 100), q->score.p);
}

static bool add_list(const struct journey_question *q, struct journey_plan *plan,
                     struct err *err)
{
    plan->list = q->list_stage.n > 0;
    plan->list_lost = q->list_lost;
    plan->list_name = q->list_name;
    return !plan->list
           || report_stage(plan->lifecycle, q->list_stage, &plan->list_stage, err);
}

static bool plan_of(struct asked_journey *asked, struct program *p, struct arena *a,
                    str *wrong, struct err *err)
{
    const struct journey_question *q = asked->q;
    const struct model *m = engine_model(asked->moves.engine);
    struct journey_plan *plan = &asked->plan;
    uint32_t n;

    *plan = (struct journey_plan){.program = p,
                                  .moves = paths_moves_of,
                                  .moves_context = &asked->moves,
                                  .zone = m->workspace.zone,
                                  .from_ms = q->scope.from_ms,
                                  .to_ms = q->scope.to_ms,
                                  .at_ms = q->scope.at_ms};
    if (!q->top || q->top > PATHS_TOP_MAX)
        return err_set(err, ERR_INPUT, "from 1 to %u touchpoints can be told apart",
                       PATHS_TOP_MAX);
    if (!model_lifecycle_find(m, q->lifecycle, &plan->lifecycle, err))
        return false;
    asked->moves.lifecycle = plan->lifecycle->number;
    return length_asked("within", q->within.n ? q->within : STR("30d"), &plan->within,
                        err)
           && through_read(asked->moves.engine, q->through, q->events, p, a,
                           &plan->through, NULL, wrong, err)
           && picks_add(p, STR("any"), &plan->any, 1, &n, err)
           && add_score(q, p, plan, wrong, err) && add_worse(q, a, plan, err)
           && add_list(q, plan, err);
}

/* --- counting --- */

static bool begin(const void *plan, void **count, struct err *err)
{
    struct journey *j;

    if (!journey_new(plan, &j, err))
        return false;
    *count = j;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return journey_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return journey_merge(into, from, err);
}

static void end(void *count)
{
    journey_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- what comes of it --- */

str journey_touchpoint(const struct journey_view *v, const struct journey_row *r)
{
    return r->name == NAME_NONE ? STR("") : step_names_get(&v->journey->names, r->name);
}

static int row_cmp(const void *a, const void *b, void *journey)
{
    const struct journey_row *x = a, *y = b;
    const struct journey *j = journey;

    if (x->stage != y->stage)
        return x->stage < y->stage ? -1 : 1;
    if (!x->name || !y->name)
        return x->name ? 1 : -1;
    if (x->cell->events != y->cell->events)
        return x->cell->events > y->cell->events ? -1 : 1;
    return str_cmp(step_names_get(&j->names, x->name),
                   step_names_get(&j->names, y->name));
}

/* Of as many cells as are compared, one is called a pain by chance in at most 5 % of all maps:
 * Bonferroni's correction. */
static void compare(struct journey_row *row, uint32_t n)
{
    const struct journey_row *all = NULL;
    uint32_t compared = 0;
    double low, high;

    for (uint32_t i = 0; i < n; i++) {
        struct journey_row *r = &row[i];

        if (r->name == NAME_NONE) {
            all = r;
            continue;
        }
        r->others = (struct share){all->cell->stays.hits - r->cell->stays.hits,
                                   all->cell->stays.n - r->cell->stays.n};
        compared += r->cell->lost.n && r->others.n;
        share_difference(r->cell->lost, r->others, &r->low, &r->high);
        if (r->cell->lost.n && r->others.n)
            r->difference = (double)r->cell->lost.hits / (double)r->cell->lost.n
                            - (double)r->others.hits / (double)r->others.n;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (row[i].name == NAME_NONE || !row[i].cell->lost.n || !row[i].others.n)
            continue;
        share_difference_sure(row[i].cell->lost, row[i].others, 1 - 0.05 / compared, &low,
                              &high);
        row[i].pain = low > 0;
    }
}

static bool rank(struct journey_view *v, uint32_t top, struct arena *a, struct err *err)
{
    struct journey *j = v->journey;
    uint32_t n = j->cell_n, kept = 0, shown = 0;
    struct journey_row *row = arena_array(a, struct journey_row, (size_t)n + 1);

    v->rest = arena_array(a, struct journey_rest, j->plan.lifecycle->stage_n + 1);
    if (!row || !v->rest)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        row[i] = (struct journey_row){
            .stage = j->cell[i].stage, .name = j->cell[i].name, .cell = &j->cell[i]};
    qsort_r(row, n, sizeof *row, row_cmp, j);
    compare(row, n);
    for (uint32_t i = 0; i < n; i++) {
        shown = row[i].name == NAME_NONE ? 0 : shown + 1;
        if (shown > top) {
            v->rest[row[i].stage].touchpoints++;
            v->rest[row[i].stage].events += row[i].cell->events;
        } else {
            row[kept++] = row[i];
        }
    }
    v->row = row;
    v->row_n = kept;
    return true;
}

static bool answer(struct asked_journey *asked, struct arena *a, struct journey_view *out,
                   str *wrong, struct err *err)
{
    const struct journey_question *q = asked->q;
    struct engine *e = asked->moves.engine;
    void *count = NULL;

    if (engine_now_ms(e) < q->scope.at_ms && !engine_advance(e, q->scope.at_ms, err))
        return false;
    if (!report_count(e, &kind, &q->scope, &asked->plan, a, &count, wrong, err))
        return false;
    out->journey = count;
    out->lists = asked->plan.list;
    return rank(out, q->top, a, err);
}

static bool one_side(struct engine *e, const struct journey_question *q, struct arena *a,
                     struct journey_view *out, str *wrong, struct err *err)
{
    struct asked_journey *asked = arena_new(a, struct asked_journey);

    *out = (struct journey_view){};
    *wrong = STR("");
    if (!asked)
        return err_nomem(err);
    asked->q = q;
    asked->moves.engine = e;
    if (!report_program(e, &out->program, err))
        return false;
    if (plan_of(asked, out->program, a, wrong, err) && answer(asked, a, out, wrong, err))
        return true;
    journey_view_free(out);
    return false;
}

static bool other_side(struct engine *e, const struct journey_question *q,
                       struct arena *a, struct journey_view *v, str *wrong,
                       struct err *err)
{
    struct journey_question other = *q;

    if (!against_alone(false, q->list_stage.n > 0, err)
        || !against_scope(e, &q->against, &q->scope, &other.scope, err))
        return false;
    v->against = arena_new(a, struct journey_view);
    if (!v->against)
        return err_nomem(err);
    return one_side(e, &other, a, v->against, wrong, err) && journey_compare(v, a, err);
}

bool engine_journey(struct engine *e, const struct journey_question *q, struct arena *a,
                    struct journey_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    journey_view_free(out);
    return false;
}

void journey_view_free(struct journey_view *v)
{
    if (v->against)
        journey_view_free(v->against);
    journey_free(v->journey);
    program_free(v->program);
    *v = (struct journey_view){};
}

bool journey_score(const struct journey_row *r, int64_t *out)
{
    __int128 n = (__int128)r->cell->answers, sum = r->cell->score;

    if (!n)
        return false;
    *out = (int64_t)((sum + (sum < 0 ? -n : n) / 2) / n);
    return true;
}

/* --- as JSON --- */

static void put_share_of(struct json_out *j, const char *key, double share)
{
    json_key(j, key);
    json_put_num(j, (int64_t)(share * 1e6 + (share < 0 ? -0.5 : 0.5)));
}

static void put_length(struct json_out *j, const char *key, struct lengths *l)
{
    int64_t ms = lengths_quantile(l, 50);

    json_key(j, key);
    if (ms < 0)
        json_put_null(j);
    else
        json_put_int(j, ms);
}

static void put_lost(struct json_out *j, const struct journey_row *r)
{
    double low, high;

    share_interval(r->cell->lost, &low, &high);
    json_key(j, "touches");
    json_put_int(j, (int64_t)r->cell->lost.n);
    json_key(j, "lost");
    json_put_int(j, (int64_t)r->cell->lost.hits);
    put_share_of(j, "low", low);
    put_share_of(j, "high", high);
}

static void put_difference(struct json_out *j, const struct journey_row *r)
{
    json_key(j, "others");
    json_begin_object(j);
    json_key(j, "touches");
    json_put_int(j, (int64_t)r->others.n);
    json_key(j, "lost");
    json_put_int(j, (int64_t)r->others.hits);
    json_end_object(j);
    put_share_of(j, "difference", r->difference);
    put_share_of(j, "difference_low", r->low);
    put_share_of(j, "difference_high", r->high);
    json_key(j, "pain");
    json_put_bool(j, r->pain);
}

static void put_cell(struct json_out *j, const struct journey_view *v,
                     const struct journey_row *r)
{
    int64_t score;

    json_key(j, "customers");
    json_put_int(j, (int64_t)r->cell->customers);
    json_key(j, "events");
    json_put_int(j, (int64_t)r->cell->events);
    put_length(j, "since_ms", &r->cell->since);
    put_length(j, "until_ms", &r->cell->until);
    if (v->journey->plan.has_score) {
        json_key(j, "score");
        if (journey_score(r, &score))
            json_put_num(j, score);
        else
            json_put_null(j);
        json_key(j, "answers");
        json_put_int(j, (int64_t)r->cell->answers);
    }
    put_lost(j, r);
}

static void put_stage(struct json_out *j, const struct journey_view *v, uint32_t *at)
{
    const struct journey_row *all = &v->row[*at];
    const struct lifecycle *l = v->journey->plan.lifecycle;

    json_begin_object(j);
    json_key(j, "stage");
    json_put_text(j, lifecycle_stage_name(l, all->stage));
    put_cell(j, v, all);
    json_key(j, "touchpoints");
    json_begin_list(j);
    for (++*at; *at < v->row_n && v->row[*at].name != NAME_NONE; ++*at) {
        json_begin_object(j);
        json_key(j, "touchpoint");
        json_put_text(j, journey_touchpoint(v, &v->row[*at]));
        put_cell(j, v, &v->row[*at]);
        put_difference(j, &v->row[*at]);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "other");
    json_begin_object(j);
    json_key(j, "touchpoints");
    json_put_int(j, v->rest[all->stage].touchpoints);
    json_key(j, "events");
    json_put_int(j, (int64_t)v->rest[all->stage].events);
    json_end_object(j);
    json_end_object(j);
}

static void put_stages(struct json_out *j, const struct journey_view *v)
{
    uint32_t at = 0;

    json_key(j, "stages");
    json_begin_list(j);
    while (at < v->row_n)
        put_stage(j, v, &at);
    json_end_list(j);
}

bool journey_put_json(struct json_out *j, const struct engine *e, struct journey_view *v,
                      struct arena *a, struct err *err)
{
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->journey->plan.at_ms);
    put_stages(j, v);
    if (v->against) {
        json_key(j, "against");
        json_begin_object(j);
        put_stages(j, v->against);
        json_end_object(j);
        journey_put_against(j, v);
    }
    ok = !(v->lists) || report_put_listed(j, "listed", e, &v->journey->listed, a, err);
    json_end_object(j);
    return ok;
}
