#include "engine/value_impl.h"

#include "base/num.h"
#include "base/radix.h"
#include "engine/begin.h"
#include "engine/model.h"

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
    v->brings = plan->value.type;
    *wrong = STR("");
    return !plan->has_value || plan->value.type == VALUE_NUMBER
           || plan->value.type == VALUE_MONEY
           || err_set(
               err, ERR_INPUT, "%.*s is a %.*s: only numbers and money can be summed",
               STR_FMT(plan->value.text), STR_FMT(value_type_name(plan->value.type)));
}

static bool check_now(const struct value_question *q, struct err *err)
{
    if (!q->is_now)
        return true;
    if (!q->customer.n)
        return err_set(err, ERR_INPUT,
                       "until now is told of one customer: name him, or leave it out");
    return (q->until_ms == MOMENT_NEVER && !q->hold_out.n && !q->scope.segment.n
            && !q->scope.when.n)
           || err_set(err, ERR_INPUT,
                      "until now a customer is told of as he is: leave out hold-out, "
                      "segment and when");
}

bool value_plan(struct engine *e, const struct value_question *q, struct value_view *v,
                struct buyers_plan *plan, struct report_scope *scope, str *wrong,
                struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    int32_t ahead;

    *plan = (struct buyers_plan){.program = v->program, .zone = z, .at_ms = MOMENT_NEVER};
    if (!check_now(q, err) || !find_unit(q->unit, v, err)
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
        plan->until_day = day_of_moment(z, q->scope.known_ms) - 1 - v->hold_out_days;
    if (q->until_ms != MOMENT_NEVER
        && zone_moment(z, ((int64_t)plan->until_day + 1) * MS_DAY) > q->scope.at_ms)
        return err_set(
            err, ERR_INPUT,
            "until is a day that is not over: what is still to come in it is not "
            "known; take an earlier one, or leave it out");
    plan->after_days = v->hold_out_days;
    v->until_day = plan->until_day;
    *scope = q->scope;
    scope->at_ms = zone_moment(z, ((int64_t)plan->until_day + 1) * MS_DAY)
                   - 1; /* what comes at midnight is not known yet */
    return true;
}

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

bool value_fit(struct engine *e, const struct value_question *q, struct value_view *v,
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
