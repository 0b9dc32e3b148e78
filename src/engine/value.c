#include "engine/value_impl.h"

#include "base/num.h"
#include "base/radix.h"
#include "engine/begin.h"
#include "engine/model.h"

#include <string.h>

/* --- what is asked --- */

static bool find_unit(str name, bool by_periods, struct value_view *v, struct err *err)
{
    static const struct {
        const char *name;
        double days;
        enum period period;
        uint32_t a_year; /* so many are about one */
    } unit[] = {{"week", 7, PERIOD_WEEK, 52},
                {"day", 1, PERIOD_DAY, 365},
                {"month", 365.25 / 12, PERIOD_MONTH, 12},
                {"year", 365.25, PERIOD_YEAR, 1}};

    v->unit = name.n ? name : by_periods ? STR("month") : STR("week");
    for (size_t i = 0; i < 3u + by_periods; i++)
        if (str_eq(v->unit, str_of(unit[i].name))) {
            v->unit_days = unit[i].days;
            v->step_days = by_periods ? unit[i].days : 1;
            v->period = by_periods ? unit[i].period : PERIOD_DAY;
            v->ahead_days = by_periods ? unit[i].a_year : 365;
            return true;
        }
    return err_set(err, ERR_INPUT, "units are day, week and month%s, not \"%.*s\"",
                   by_periods ? ", and year" : "", STR_FMT(name));
}

int64_t value_periods_of(struct length l, enum period p)
{
    static const int64_t days[] = {[PERIOD_DAY] = 1, [PERIOD_WEEK] = 7};
    static const int32_t months[] = {[PERIOD_MONTH] = 1, [PERIOD_YEAR] = 12};

    if (p == PERIOD_MONTH || p == PERIOD_YEAR)
        return l.ms || l.months % months[p] ? 0 : l.months / months[p];
    return l.months || l.ms % (days[p] * MS_DAY) ? 0 : l.ms / (days[p] * MS_DAY);
}

static bool whole_days(const char *what, str text, const struct value_view *v,
                       int32_t otherwise, int32_t *out, struct err *err)
{
    bool by_periods = v->period != PERIOD_DAY;
    int64_t most = by_periods ? BGBB_CHANCES_MAX : 36500, n;
    struct length l;

    *out = otherwise;
    if (!text.n)
        return true;
    if (!length_parse(text, &l, err))
        return err_in(err, "%s", what);
    n = value_periods_of(l, v->period);
    if (n > 0 && n <= most) {
        *out = (int32_t)n;
        return true;
    }
    if (by_periods)
        return err_set(err, ERR_INPUT, "%s is a number of whole %.*ss, at most %d", what,
                       STR_FMT(v->unit), (int)most);
    return err_set(err, ERR_INPUT,
                   "%s is a number of whole days, such as 90d, at most 36500d", what);
}

bool value_discount(str text, double *out, struct err *err)
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

bool value_until(const struct zone *z, int64_t until_ms, const struct report_scope *scope,
                 int32_t *day, struct err *err)
{
    if (until_ms == MOMENT_NEVER) {
        *day = day_of_moment(z, scope->known_ms) - 1;
        return true;
    }
    *day = day_of_moment(z, until_ms);
    return zone_moment(z, ((int64_t)*day + 1) * MS_DAY) <= scope->at_ms
           || err_set(
               err, ERR_INPUT,
               "until is a day that is not over: what is still to come in it is not "
               "known; take an earlier one, or leave it out");
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
    if (!check_now(q, err))
        return false;
    if (str_eq(q->model, STR("sbg")))
        return err_set(
            err, ERR_INPUT,
            "sbg is of all contracts together, and rules do not ask it: take value "
            "show or value fit, with --end");
    if (!find_unit(q->unit, str_eq(q->model, value_model_name(VALUE_BG_BB)), v, err)
        || !whole_days("hold-out", q->hold_out, v, 0, &v->hold_out_days, err)
        || !whole_days("ahead", q->ahead, v,
                       v->hold_out_days ? v->hold_out_days : (int32_t)v->ahead_days,
                       &ahead, err)
        || !value_discount(q->discount, &v->discount, err)
        || !whole_days("choose", q->choose, v, 0, &v->choose_days, err)
        || !add_patterns(q, v->program, v, plan, wrong, err)
        || !value_until(z, q->until_ms, &q->scope, &plan->until_day, err))
        return false;
    if (v->choose_days && q->model.n)
        return err_set(
            err, ERR_INPUT,
            "choose is among the simple models: leave the model out, or choose");
    if (v->choose_days && v->hold_out_days && v->choose_days != v->hold_out_days)
        return err_set(err, ERR_INPUT,
                       "what is chosen by and what is held out are of one length here: "
                       "give choose and hold-out the same");
    v->ahead_days = ahead;
    plan->period = v->period;
    plan->until_day = period_of(v->period, plan->until_day + 1) - 1
                      - (q->until_ms == MOMENT_NEVER ? v->hold_out_days : 0);
    plan->after_days = v->hold_out_days;
    plan->before_days = v->hold_out_days ? v->hold_out_days : v->choose_days;
    v->until_day = plan->until_day;
    *scope = q->scope;
    scope->at_ms =
        zone_moment(z, (int64_t)period_first_day(v->period, plan->until_day + 1) * MS_DAY)
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
                             err)
               && (!v->choose_days || value_choose(v, err));
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
    if (!ok || !cbs_settle(&v->cbs, err))
        return false;
    if (v->cbs.customers == 0)
        return err_set(err, ERR_INPUT,
                       "nobody had a %.*s by then: there is nothing to learn from; name "
                       "another event, or a later day",
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
