#include "engine/rfm.h"

#include "base/num.h"
#include "engine/query.h"

#include <stdlib.h>
#include <string.h>

static const char *const measure_name[RFM_MEASURES] = {"recency", "frequency",
                                                       "monetary"};

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
    int64_t at_day = rfm_day(plan->zone, plan->at_ms);
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
                      measure_name[what],
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

static bool check_list(str list, struct err *err)
{
    bool ok = list.n <= RFM_MEASURES;

    for (size_t i = 0; ok && i < list.n; i++)
        ok = is_digit(list.p[i]);
    ok = ok || str_eq(list, STR("all"));
    for (int g = 0; !ok && g < RFM_GROUPS_END; g++)
        ok = str_eq(list, rfm_group_name((enum rfm_group)g));
    return ok
           || err_set(err, ERR_INPUT,
                      "\"%.*s\" is no group, no cell such as 555, and not all",
                      STR_FMT(list));
}

static bool take_list(const struct engine *e, str list, struct arena *a,
                      struct rfm_view *v, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    v->has_list = list.n > 0;
    if (!v->has_list)
        return true;
    v->list = arena_array(a, const struct rfm_customer *, v->rfm->n + 1);
    if (!v->list)
        return err_nomem(err);
    for (size_t i = 0; i < v->rfm->n; i++)
        if (is_listed(&v->rfm->row[i], list))
            v->list[v->list_n++] = &v->rfm->row[i];
    qsort_r(v->list, v->list_n, sizeof *v->list, row_cmp, (void *)(uintptr_t)catalog);
    return true;
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

bool engine_rfm(struct engine *e, const struct rfm_question *q, struct arena *a,
                struct rfm_view *out, str *wrong, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    struct rfm_plan plan = {.zone = engine_model(e)->workspace.zone,
                            .from_ms = q->scope.from_ms,
                            .at_ms = q->scope.at_ms};
    void *count = NULL;
    bool ok;

    *out = (struct rfm_view){};
    *wrong = STR("");
    if (!check_list(q->list, err) || !report_program(e, &out->program, err))
        return false;
    plan.program = out->program;
    ok = add_patterns(q, out->program, &plan, wrong, err) && add_method(e, q, &plan, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->rfm = count;
    ok = ok && rfm_score(out->rfm, by_id, (void *)(uintptr_t)catalog, err)
         && take_list(e, q->list, a, out, err);
    if (!ok) {
        rfm_view_free(out);
        return false;
    }
    count_cells(out);
    return true;
}

void rfm_view_free(struct rfm_view *v)
{
    rfm_free(v->rfm);
    program_free(v->program);
    *v = (struct rfm_view){};
}

/* --- as JSON --- */

int64_t rfm_days_ago(const struct rfm_view *v, int64_t last_ms)
{
    const struct rfm_plan *p = &v->rfm->plan;

    return rfm_day(p->zone, p->at_ms) - rfm_day(p->zone, last_ms);
}

void rfm_put_value(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                   __int128 value)
{
    if (value > INT64_MAX || value < INT64_MIN)
        json_put_null(j);
    else if (v->rfm->plan.value.type == VALUE_MONEY)
        json_put_money(j, (int64_t)value, engine_model(e)->workspace.decimals);
    else
        json_put_num(j, (int64_t)value);
}

static void put_cell(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                     const struct rfm_cell *cell)
{
    json_key(j, "customers");
    json_put_int(j, (int64_t)cell->customers);
    json_key(j, "value");
    rfm_put_value(j, e, v, cell->value);
    json_end_object(j);
}

static void put_cells(struct json_out *j, const struct engine *e,
                      const struct rfm_view *v)
{
    json_key(j, "cells");
    json_begin_list(j);
    for (unsigned i = 0; i < RFM_SCORES * RFM_SCORES * RFM_SCORES; i++) {
        unsigned r = i / RFM_SCORES / RFM_SCORES, f = i / RFM_SCORES % RFM_SCORES,
                 m = i % RFM_SCORES;

        if (!v->cell[r][f][m].customers)
            continue;
        json_begin_object(j);
        json_key(j, "recency");
        json_put_int(j, r + 1);
        json_key(j, "frequency");
        json_put_int(j, f + 1);
        json_key(j, "monetary");
        json_put_int(j, m + 1);
        put_cell(j, e, v, &v->cell[r][f][m]);
    }
    json_end_list(j);
}

/* Cuts as the measures are: recency as a moment, or as days before at_ms. */
static void put_cut(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                    int what, int64_t cut)
{
    const struct rfm_plan *p = &v->rfm->plan;
    int64_t parts = p->method == RFM_INTERPOLATED ? RFM_SCORES : 1;
    int64_t at_day = rfm_day(p->zone, p->at_ms);
    __int128 exact = cut;

    if (what == RFM_RECENCY && !p->in_days)
        json_put_moment(j, cut / parts);
    else if (what == RFM_RECENCY)
        json_put_num(j, (at_day * parts - cut) * NUM_ONE / parts);
    else if (what == RFM_FREQUENCY)
        json_put_num(j, cut * NUM_ONE / parts);
    else if (parts == 1)
        rfm_put_value(j, e, v, cut);
    else {
        /* In millionths: money has fewer decimals than a fifth of its least unit. */
        for (int d = engine_model(e)->workspace.decimals;
             p->value.type == VALUE_MONEY && d < 6; d++)
            exact *= 10;
        json_put_num(j, (int64_t)(exact / parts));
    }
}

static void put_cuts(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    bool none = v->rfm->plan.method == RFM_RANKS || !v->rfm->n;

    json_key(j, "cuts");
    json_begin_object(j);
    for (int what = 0; !none && what < RFM_MEASURES; what++) {
        json_key(j, measure_name[what]);
        json_begin_list(j);
        for (unsigned k = 0; k < RFM_CUTS; k++)
            put_cut(j, e, v, what, v->rfm->cut[what][k]);
        json_end_list(j);
    }
    json_end_object(j);
}

static void put_list(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    json_key(j, "customers");
    json_begin_list(j);
    for (size_t i = 0; i < v->list_n; i++) {
        const struct rfm_customer *row = v->list[i];

        json_begin_object(j);
        json_key(j, "id");
        json_put_text(j, catalog_customer_id(catalog, row->customer));
        for (int what = 0; what < RFM_MEASURES; what++) {
            json_key(j, measure_name[what]);
            json_put_int(j, row->score[what]);
        }
        json_key(j, "last");
        json_put_moment(j, row->last_ms);
        json_key(j, "days");
        json_put_int(j, rfm_days_ago(v, row->last_ms));
        json_key(j, "events");
        json_put_int(j, row->n);
        json_key(j, "value");
        rfm_put_value(j, e, v, row->value);
        json_end_object(j);
    }
    json_end_list(j);
}

void rfm_put_json(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->rfm->plan.at_ms);
    json_key(j, "method");
    json_put_text(j, rfm_method_name(v->rfm->plan.method));
    json_key(j, "total");
    json_put_int(j, (int64_t)v->rfm->n);
    put_cuts(j, e, v);
    put_cells(j, e, v);
    json_key(j, "groups");
    json_begin_list(j);
    for (int g = 0; g < RFM_GROUPS_END; g++) {
        json_begin_object(j);
        json_key(j, "group");
        json_put_text(j, rfm_group_name((enum rfm_group)g));
        put_cell(j, e, v, &v->group[g]);
    }
    json_end_list(j);
    if (v->has_list)
        put_list(j, e, v);
    json_end_object(j);
}
