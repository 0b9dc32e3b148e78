#include "engine/value_impl.h"

#include "base/num.h"
#include "base/radix.h"
#include "engine/begin.h"
#include "engine/identity.h"
#include "engine/model.h"

#include <math.h>
#include <string.h>

/* --- what is asked --- */

static bool find_unit(str name, struct value_view *v, struct err *err)
{
    static const struct {
        const char *name;
        double days;
    } unit[] = {{"week", 7}, {"day", 1}, {"month", 365.25 / 12}};

    v->unit = name.n ? name : STR("week");
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
        if (str_eq(v->unit, str_of(unit[i].name))) {
            v->unit_days = unit[i].days;
            return true;
        }
    return err_set(err, ERR_INPUT, "units are day, week and month, not \"%.*s\"",
                   STR_FMT(name));
}

static bool whole_days(const char *what, str text, int32_t otherwise, int32_t *out,
                       struct err *err)
{
    struct length l;

    *out = otherwise;
    if (!text.n)
        return true;
    if (!length_parse(text, &l, err))
        return err_in(err, "%s", what);
    if (l.months || l.ms % MS_DAY || l.ms <= 0 || l.ms / MS_DAY > 36500)
        return err_set(err, ERR_INPUT,
                       "%s is a number of whole days, such as 90d, at most 36500d", what);
    *out = (int32_t)(l.ms / MS_DAY);
    return true;
}

static bool find_discount(str text, double *out, struct err *err)
{
    int64_t rate = 0;

    if (text.n && (!num_parse(text, &rate) || rate < 0 || rate > 10 * NUM_ONE))
        return err_set(
            err, ERR_INPUT,
            "discount is a rate per year from 0 to 10, such as 0.1 for ten in a "
            "hundred");
    *out = (double)rate / (double)NUM_ONE;
    return true;
}

static bool add_patterns(const struct value_question *q, struct program *p,
                         struct value_view *v, struct buyers_plan *plan, str *wrong,
                         struct err *err)
{
    uint32_t n;

    v->event = q->event.n ? q->event : STR("purchase");
    v->value = q->value;
    *wrong = v->event;
    if (!picks_add(p, v->event, &plan->event, 1, &n, err))
        return false;
    *wrong = q->value;
    plan->has_value = q->value.n > 0 || plan->event.type != VALUE_MISSING;
    plan->value = plan->event;
    if (q->value.n && !picks_add_property(p, plan->event, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return !plan->has_value || plan->value.type == VALUE_NUMBER
           || plan->value.type == VALUE_MONEY
           || err_set(
               err, ERR_INPUT, "%.*s is a %.*s: only numbers and money can be summed",
               STR_FMT(plan->value.text), STR_FMT(value_type_name(plan->value.type)));
}

static bool plan_of(struct engine *e, const struct value_question *q,
                    struct value_view *v, struct buyers_plan *plan,
                    struct report_scope *scope, str *wrong, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    int32_t ahead;

    *plan = (struct buyers_plan){.program = v->program, .zone = z};
    if (!find_unit(q->unit, v, err)
        || !whole_days("hold-out", q->hold_out, 0, &v->hold_out_days, err)
        || !whole_days("ahead", q->ahead, v->hold_out_days ? v->hold_out_days : 365,
                       &ahead, err)
        || !find_discount(q->discount, &v->discount, err)
        || !add_patterns(q, v->program, v, plan, wrong, err))
        return false;
    v->ahead_days = ahead;
    if (q->until_ms != MOMENT_NEVER)
        plan->until_day = day_of_moment(z, q->until_ms);
    else
        plan->until_day =
            day_of_moment(z, q->scope.known_ms > 0 ? q->scope.known_ms - 1 : 0)
            - v->hold_out_days;
    if (q->until_ms != MOMENT_NEVER
        && zone_moment(z, ((int64_t)plan->until_day + 1) * MS_DAY) > q->scope.at_ms)
        return err_set(
            err, ERR_INPUT,
            "until is a day that is not over: what is still to come in it is not "
            "known; take an earlier one, or leave it out");
    plan->after_days = v->hold_out_days;
    v->until_day = plan->until_day;
    *scope = q->scope;
    scope->at_ms = zone_moment(z, ((int64_t)plan->until_day + 1) * MS_DAY);
    return true;
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct buyers *b;

    if (!buyers_new(plan, &b, err))
        return false;
    *count = b;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    (void)span;
    return buyers_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return buyers_merge(into, from, err);
}

static void end(void *count)
{
    buyers_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- fitting --- */

struct spent {
    int64_t sum;
    uint32_t x;
};

static int by_times(const void *a, const void *b, void *context)
{
    const struct spent *l = a, *r = b;

    (void)context;
    return (l->x > r->x) - (l->x < r->x);
}

/* In an order that does not hang on that in which customers came, so that sums do not, either. */
static size_t sort_spent(struct value_view *v, struct spent *spent)
{
    size_t n = 0;

    for (size_t i = 0; i < v->buyers->n; i++) {
        const struct buyer *b = &v->buyers->row[i];

        v->spenders += b->x > 0;
        v->without_money += b->x > 0 && b->spent <= 0;
        if (b->x && b->spent > 0)
            spent[n++] = (struct spent){b->spent, b->x};
    }
    radix_sort_then(spent, n, sizeof *spent, by_times, NULL);
    return n;
}

static bool fit_spending(const struct engine *e, struct value_view *v, struct err *err)
{
    struct spent *spent = mem_alloc((v->buyers->n + 1) * sizeof *spent);
    struct spending *row = mem_alloc((v->buyers->n + 1) * sizeof *row);
    size_t n;

    if (spent && row) {
        n = sort_spent(v, spent);
        for (size_t i = 0; i < n; i++)
            row[i] = (struct spending){spent[i].x, value_major(e, v, (double)spent[i].sum)
                                                       / spent[i].x};
        v->has_spending =
            gamma_gamma_fit(&v->spending, row, n, NULL, &v->spending_fit, err);
    } else {
        err_nomem(err);
    }
    mem_free(spent);
    mem_free(row);
    return v->has_spending;
}

static bool fit_repeats(const struct value_question *q, struct value_view *v,
                        struct err *err)
{
    enum value_model model;
    uint32_t k = 0;
    int64_t number;

    if (q->k.n
        && (!num_parse(q->k, &number) || number % NUM_ONE || number < NUM_ONE
            || number / NUM_ONE > BGNBD_K_MAX))
        return err_set(err, ERR_INPUT, "k is a whole number from 1 to %d, not \"%.*s\"",
                       BGNBD_K_MAX, STR_FMT(q->k));
    k = q->k.n ? (uint32_t)(number / NUM_ONE) : 0;
    v->has_model = true;
    if (!q->model.n)
        return repeat_choose(v->unit_days, &v->cbs, v->tried, v->was_tried, &v->model,
                             err);
    return value_model_parse(q->model, &model, err)
           && repeat_fit(model, k, v->unit_days, &v->cbs, &v->model, err);
}

static bool fit(struct engine *e, const struct value_question *q, struct value_view *v,
                struct err *err)
{
    int64_t began_us = clock_steady_us();
    bool only_spending = str_eq(q->model, STR("gamma-gamma"));
    bool ok = true;

    for (size_t i = 0; ok && i < v->buyers->n; i++)
        ok = cbs_add(&v->cbs, buyer_cbs(&v->buyers->row[i], v->until_day),
                     v->buyers->row[i].log_gaps, err);
    if (!ok)
        return false;
    cbs_settle(&v->cbs);
    if (v->cbs.customers == 0)
        return err_set(err, ERR_INPUT,
                       "nobody had a %.*s by then: there is nothing to learn from",
                       STR_FMT(v->event));
    if (only_spending && !v->buyers->plan.has_value)
        return err_set(
            err, ERR_INPUT,
            "gamma-gamma is about money: say which of the event's values it is, "
            "such as revenue");
    if (only_spending) /* which the purchases' days are not counted for */
        began_us = clock_steady_us();
    else if (!fit_repeats(q, v, err))
        return false;
    if (v->buyers->plan.has_value && !fit_spending(e, v, err))
        return false;
    v->seconds = (double)(clock_steady_us() - began_us) / 1e6;
    return true;
}

bool engine_value_fit(struct engine *e, const struct value_question *q, struct arena *a,
                      struct value_view *out, str *wrong, struct err *err)
{
    struct buyers_plan plan;
    struct report_scope scope;
    void *count = NULL;
    bool ok;

    *out = (struct value_view){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out, &plan, &scope, wrong, err)
         && report_count(e, &kind, &scope, &plan, a, &count, wrong, err);
    out->buyers = count;
    ok = ok && fit(e, q, out, err);
    if (!ok)
        value_view_free(out);
    return ok;
}

void value_view_free(struct value_view *v)
{
    buyers_free(v->buyers);
    program_free(v->program);
    cbs_free(&v->cbs);
    *v = (struct value_view){};
}

/* --- held against what came --- */

static void add_guess(struct value_guess *g, double guessed, double came)
{
    g->mean_error += fabs(guessed - came);
    g->root_error += (guessed - came) * (guessed - came);
    g->sum += guessed;
}

static void finish_guess(struct value_guess *g, size_t n)
{
    g->mean_error /= (double)n;
    g->root_error = sqrt(g->root_error / (double)n);
}

/* Recency and frequency in five bands each, doubling: days since the last purchase up to 30, 60,
 * 120, 240 and more; purchases 1, 2, 3 to 4, 5 to 8 and more. */
enum { BANDS = 5 };
static size_t cell_of(int32_t silence_days, uint32_t purchases)
{
    static const int32_t days[BANDS - 1] = {30, 60, 120, 240};
    static const uint32_t times[BANDS - 1] = {1, 2, 4, 8};
    size_t r = 0, f = 0;

    while (r < BANDS - 1 && silence_days > days[r])
        r++;
    while (f < BANDS - 1 && purchases > times[f])
        f++;
    return r * BANDS + f;
}

/* What those of each cell bought in the last stretch of this length says of those who are in it
 * now. */
static void guess_by_cells(struct value_view *v)
{
    double bought[BANDS * BANDS] = {}, were[BANDS * BANDS] = {}, all = 0, customers = 0;
    int32_t then = v->until_day - v->hold_out_days;

    for (size_t i = 0; i < v->buyers->n; i++) {
        const struct buyer *b = &v->buyers->row[i];

        if (b->before) {
            size_t cell = cell_of(then - b->before_day, b->before);

            bought[cell] += b->lately;
            were[cell]++;
            all += b->lately;
            customers++;
        }
    }
    v->has_cells = customers > 0;
    for (size_t i = 0; i < v->buyers->n && v->has_cells; i++) {
        const struct buyer *b = &v->buyers->row[i];
        size_t cell = cell_of(v->until_day - b->day, b->x + 1);

        add_guess(&v->by_cells,
                  were[cell] > 0 ? bought[cell] / were[cell] : all / customers, b->later);
    }
}

static void hold_against(struct value_view *v)
{
    size_t n = v->buyers->n;

    for (size_t i = 0; i < n; i++) {
        const struct buyer *b = &v->buyers->row[v->forecast[i].buyer];

        add_guess(&v->by_model, v->forecast[i].purchases, b->later);
        add_guess(&v->by_last_time, b->lately, b->later);
    }
    guess_by_cells(v);
    finish_guess(&v->by_model, n);
    finish_guess(&v->by_last_time, n);
    finish_guess(&v->by_cells, n);
}

static double error_of(const struct value_guess *g, bool by_root)
{
    return by_root ? g->root_error : g->mean_error;
}

const char *value_nearest(const struct value_view *v, bool by_root)
{
    double model = error_of(&v->by_model, by_root),
           cells = error_of(&v->by_cells, by_root);
    double last_time = error_of(&v->by_last_time, by_root);

    if (model <= last_time && (!v->has_cells || model <= cells))
        return "model";
    return !v->has_cells || last_time <= cells ? "last_time" : "cells";
}

uint64_t value_came(const struct value_view *v)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < v->buyers->n; i++)
        sum += v->buyers->row[i].later;
    return sum;
}

static bool find_customer(struct engine *e, const struct value_question *q,
                          struct value_view *v, struct err *err)
{
    uint32_t customer;

    if (!q->customer.n)
        return true;
    if (!engine_find(e, q->customer, &customer, err))
        return false;
    for (size_t i = 0; i < v->buyers->n; i++)
        if (v->buyers->row[v->forecast[i].buyer].customer == customer)
            v->customer = &v->forecast[i];
    return v->customer
           || err_set(err, ERR_NOT_FOUND,
                      "%.*s had no %.*s by then: of what he will buy nothing is known",
                      STR_FMT(q->customer), STR_FMT(v->event));
}

bool engine_value(struct engine *e, const struct value_question *q, struct arena *a,
                  struct value_view *out, str *wrong, struct err *err)
{
    bool ok;

    if (!engine_value_fit(e, q, a, out, wrong, err))
        return false;
    ok = out->has_model
         || err_set(err, ERR_INPUT,
                    "gamma-gamma says what a purchase brings, not how many "
                    "come: take another model, and --value beside it");
    ok = ok && value_expect(e, out, a, err) && find_customer(e, q, out, err);
    if (ok) {
        if (out->hold_out_days)
            hold_against(out);
    } else {
        value_view_free(out);
    }
    return ok;
}
