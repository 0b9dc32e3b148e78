#include "engine/rfm.h"

#include "base/num.h"
#include "engine/query.h"

#include <stdlib.h>
#include <string.h>

const char *const rfm_measure[RFM_MEASURES] = {"recency", "frequency", "monetary"};

/* --- what is asked --- */

static bool add_patterns(const struct rfm_question *q, struct program *p,
                         struct rfm_plan *plan, str *wrong, struct err *err)
{
    uint32_t n;

    *wrong = q->event;
    if (!picks_add(p, q->event, &plan->event, 1, &n, err))
        return false;
    *wrong = q->value;
    if (!picks_add_property(p, plan->event, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return plan->value.type == VALUE_NUMBER || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be summed",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

/* One of four limits, up to the next comma. */
static bool next_limit(str *rest, int64_t *out)
{
    const char *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
    str one = comma ? (str){rest->p, (size_t)(comma - rest->p)} : *rest;

    *rest = comma ? str_from(*rest, one.n + 1) : STR("");
    return num_parse(str_trim(one), out);
}

/* A limit of a measure as its values are. */
static bool limit_value(const struct rfm_plan *plan, int what, int64_t at_day,
                        int decimals, int64_t number, int64_t *out)
{
    if (what == RFM_MONETARY)
        return plan->value.type != VALUE_MONEY ? (*out = number, true)
                                               : money_from_num(number, decimals, out);
    if (number % NUM_ONE || number < 0)
        return false;
    *out = what == RFM_RECENCY ? at_day - number / NUM_ONE : number / NUM_ONE;
    return true;
}

static bool add_limits(const struct engine *e, const struct rfm_question *q, int what,
                       struct rfm_plan *plan, struct err *err)
{
    int64_t at_day = day_of_moment(plan->zone, plan->at_ms);
    int decimals = engine_model(e)->workspace.decimals;
    int64_t *limit = plan->limit[what], number;
    str rest = q->limit[what];
    bool ok = true;

    /* Few days are good: from the last limit on, they ascend as all others do. */
    for (unsigned k = 0; ok && k < RFM_CUTS; k++) {
        unsigned place = what == RFM_RECENCY ? RFM_CUTS - 1 - k : k;

        ok = next_limit(&rest, &number)
             && limit_value(plan, what, at_day, decimals, number, &limit[place]);
    }
    for (unsigned k = 1; ok && k < RFM_CUTS; k++)
        ok = limit[k - 1] < limit[k];
    return (ok && !rest.n)
           || err_set(err, ERR_INPUT,
                      "%s takes four ascending limits with commas between, such as %s",
                      rfm_measure[what],
                      what == RFM_RECENCY     ? "14,33,72,180 (days)"
                      : what == RFM_FREQUENCY ? "2,3,5,10"
                                              : "50,100,250,1000");
}

static bool add_method(const struct engine *e, const struct rfm_question *q,
                       struct rfm_plan *plan, struct err *err)
{
    unsigned given = 0;

    for (int what = 0; what < RFM_MEASURES; what++)
        given += q->limit[what].n > 0;
    plan->method = given ? RFM_LIMITS : RFM_INTERPOLATED;
    if (q->method.n && !rfm_method_parse(q->method, &plan->method))
        return err_set(err, ERR_INPUT,
                       "the methods are interpolated, quintiles, ranks and limits");
    if ((plan->method == RFM_LIMITS) != (given == RFM_MEASURES)
        || (plan->method != RFM_LIMITS && given))
        return err_set(err, ERR_INPUT,
                       "own limits are given for all of recency, frequency and monetary");
    plan->in_days = q->in_days || plan->method == RFM_LIMITS;
    for (int what = 0; plan->method == RFM_LIMITS && what < RFM_MEASURES; what++)
        if (!add_limits(e, q, what, plan, err))
            return false;
    return true;
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct rfm *r;

    if (!rfm_new(plan, &r, err))
        return false;
    *count = r;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return rfm_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return rfm_merge(into, from, err);
}

static void end(void *count)
{
    rfm_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- who is listed --- */

static int by_id(void *catalog, uint32_t a, uint32_t b)
{
    return id_cmp(catalog_customer_id(catalog, a), catalog_customer_id(catalog, b));
}

static int row_cmp(const void *a, const void *b, void *catalog)
{
    const struct rfm_customer *const *x = a, *const *y = b;

    return by_id(catalog, (*x)->customer, (*y)->customer);
}

static bool is_digit(char c)
{
    return c >= '1' && c <= '5';
}

/* Is he in the group of this name, or are his first scores these? */
static bool is_listed(const struct rfm_customer *row, str list)
{
    if (str_eq(list, STR("all")))
        return true;
    if (!is_digit(list.p[0]))
        return str_eq(list, rfm_group_name(rfm_group_of(row->score[RFM_RECENCY],
                                                        row->score[RFM_FREQUENCY])));
    for (size_t what = 0; what < list.n; what++)
        if (row->score[what] != list.p[what] - '0')
            return false;
    return true;
}

/* Both sides of "loyal > at risk". */
struct from_to {
    uint8_t from, to;
};

static bool read_side(str name, uint8_t *out)
{
    for (*out = 0; *out <= RFM_GROUPS_END; (*out)++)
        if (str_eq(name, rfm_side_name(*out)))
            return true;
    return false;
}

static bool read_way(str list, struct from_to *out)
{
    const char *arrow = list.n ? memchr(list.p, '>', list.n) : NULL;
    size_t n = arrow ? (size_t)(arrow - list.p) : 0;

    return arrow && read_side(str_trim((str){list.p, n}), &out->from)
           && read_side(str_trim(str_from(list, n + 1)), &out->to)
           && (out->from < RFM_GROUPS_END || out->to < RFM_GROUPS_END);
}

static bool check_list(const struct rfm_question *q, struct err *err)
{
    const str list = q->list;
    bool ok = list.n <= RFM_MEASURES;
    struct from_to way;

    if (q->since.n && read_way(list, &way))
        return true;
    for (size_t i = 0; ok && i < list.n; i++)
        ok = is_digit(list.p[i]);
    ok = ok || str_eq(list, STR("all"));
    for (int g = 0; !ok && g < RFM_GROUPS_END; g++)
        ok = str_eq(list, rfm_group_name((enum rfm_group)g));
    return ok
           || err_set(
               err, ERR_INPUT, "\"%.*s\" is no group, no cell such as 555, and not all%s",
               STR_FMT(list),
               q->since.n ? ", nor from one group to another: loyal > at risk" : "");
}

/* Those of `v` who are in the list, or with `both` those who went this way. */
static bool take_list(const struct engine *e, str list, const struct rfm_view *both,
                      const struct from_to *way, struct arena *a, struct rfm_view *v,
                      struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    v->has_list = true;
    v->list_moved = both;
    v->list = arena_array(a, const struct rfm_customer *, v->rfm->n + 1);
    if (!v->list)
        return err_nomem(err);
    for (size_t i = 0; i < v->rfm->n; i++) {
        const struct rfm_customer *row = &v->rfm->row[i];

        if (both ? both->before->group_of[row->customer] == way->from
                       && both->group_of[row->customer] == way->to
                 : is_listed(row, list))
            v->list[v->list_n++] = row;
    }
    qsort_r(v->list, v->list_n, sizeof *v->list, row_cmp, (void *)(uintptr_t)catalog);
    return true;
}

static bool take_lists(const struct engine *e, const struct rfm_question *q,
                       struct arena *a, struct rfm_view *v, struct err *err)
{
    struct from_to way;

    if (!q->list.n)
        return true;
    if (!v->before || !read_way(q->list, &way))
        return take_list(e, q->list, NULL, NULL, a, v, err);
    return take_list(e, q->list, v, &way, a, v->before, err)
           && take_list(e, q->list, v, &way, a, v, err);
}

static void count_cells(struct rfm_view *v)
{
    for (size_t i = 0; i < v->rfm->n; i++) {
        const struct rfm_customer *row = &v->rfm->row[i];
        const uint8_t *s = row->score;
        struct rfm_cell *cell =
            &v->cell[s[RFM_RECENCY] - 1][s[RFM_FREQUENCY] - 1][s[RFM_MONETARY] - 1];
        struct rfm_cell *group =
            &v->group[rfm_group_of(s[RFM_RECENCY], s[RFM_FREQUENCY])];

        cell->customers++;
        cell->value += row->value;
        group->customers++;
        group->value += row->value;
    }
}

static bool one_side(struct engine *e, const struct rfm_question *q, int64_t from_ms,
                     int64_t at_ms, struct arena *a, struct rfm_view *out, str *wrong,
                     struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    struct rfm_plan plan = {
        .zone = engine_model(e)->workspace.zone, .from_ms = from_ms, .at_ms = at_ms};
    void *count = NULL;
    bool ok;

    *out = (struct rfm_view){};
    if (!report_program(e, &out->program, err))
        return false;
    plan.program = out->program;
    ok = add_patterns(q, out->program, &plan, wrong, err) && add_method(e, q, &plan, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->rfm = count;
    if (!ok || !rfm_score(out->rfm, by_id, (void *)(uintptr_t)catalog, err))
        return false;
    count_cells(out);
    return true;
}

static bool read_since(const struct engine *e, const struct rfm_question *q,
                       int64_t *from_ms, int64_t *at_ms, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;

    *from_ms = MOMENT_MIN;
    if (!moment_parse_from(q->since, z, q->scope.at_ms, at_ms, err))
        return err_in(err, "since");
    if (*at_ms >= q->scope.at_ms)
        return err_set(err, ERR_INPUT,
                       "since %.*s is not before the date whose groups are asked for",
                       STR_FMT(q->since));
    return !q->from.n || moment_parse_from(q->from, z, *at_ms, from_ms, err)
           || err_in(err, "from");
}

static bool take_groups(const struct engine *e, struct arena *a, struct rfm_view *v,
                        struct err *err)
{
    uint32_t n = catalog_customer_n(snapshot_catalog(engine_snapshot(e)));
    uint8_t *group = arena_array(a, uint8_t, n + 1);

    if (!group)
        return err_nomem(err);
    memset(group, RFM_GROUPS_END, n);
    for (size_t i = 0; i < v->rfm->n; i++) {
        const uint8_t *s = v->rfm->row[i].score;

        group[v->rfm->row[i].customer] =
            (uint8_t)rfm_group_of(s[RFM_RECENCY], s[RFM_FREQUENCY]);
    }
    v->group_of = group;
    return true;
}

/* The side of since, and who moved from there to here. */
static bool add_before(struct engine *e, const struct rfm_question *q, struct arena *a,
                       struct rfm_view *v, str *wrong, struct err *err)
{
    uint32_t n = catalog_customer_n(snapshot_catalog(engine_snapshot(e)));
    int64_t from_ms, at_ms;

    if (!read_since(e, q, &from_ms, &at_ms, err))
        return false;
    v->before = arena_new(a, struct rfm_view);
    if (!v->before)
        return err_nomem(err);
    if (!one_side(e, q, from_ms, at_ms, a, v->before, wrong, err)
        || !take_groups(e, a, v->before, err) || !take_groups(e, a, v, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        v->moved[v->before->group_of[i]][v->group_of[i]]++;
    v->moved[RFM_GROUPS_END][RFM_GROUPS_END] = 0;
    return true;
}

static bool other_side(struct engine *e, const struct rfm_question *q, struct arena *a,
                       struct rfm_view *v, str *wrong, struct err *err)
{
    struct rfm_question other = *q;
    int64_t at_ms = q->scope.at_ms;

    if (q->since.n)
        return err_set(err, ERR_INPUT,
                       "since says who moved, of one side: without against");
    if (!against_alone(false, q->list.n > 0, err)
        || !against_scope(e, &q->against, &q->scope, &other.scope, err))
        return false;
    if (q->against.period.n && other.scope.to_ms < at_ms)
        at_ms = other.scope.to_ms;
    v->against = arena_new(a, struct rfm_view);
    if (!v->against)
        return err_nomem(err);
    return one_side(e, &other, other.scope.from_ms, at_ms, a, v->against, wrong, err);
}

bool engine_rfm(struct engine *e, const struct rfm_question *q, struct arena *a,
                struct rfm_view *out, str *wrong, struct err *err)
{
    *out = (struct rfm_view){};
    *wrong = STR("");
    if (check_list(q, err)
        && one_side(e, q, q->scope.from_ms, q->scope.at_ms, a, out, wrong, err)
        && (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        && (!q->since.n || add_before(e, q, a, out, wrong, err))
        && take_lists(e, q, a, out, err))
        return true;
    rfm_view_free(out);
    return false;
}

void rfm_view_free(struct rfm_view *v)
{
    if (v->before)
        rfm_view_free(v->before);
    if (v->against)
        rfm_view_free(v->against);
    rfm_free(v->rfm);
    program_free(v->program);
    *v = (struct rfm_view){};
}

str rfm_side_name(unsigned group)
{
    return group < RFM_GROUPS_END ? rfm_group_name((enum rfm_group)group) : STR("(none)");
}
