/* How sure forecasts are: how they move with each parameter, and how unsure that is (value/interval.h). A
 * tenth of many customers moves as those of it do who stand at even distances in its order. */
#include "base/work.h"
#include "engine/value_impl.h"

#include <math.h>
#include <string.h>

enum { LOOKED_AT = 100, SPENDING_N = 3 };
#define SURE 0.95

/* What is expected of some, and its slopes by the logarithms of the model's parameters; value's by
 * those of spending, too. */
struct slopes {
    struct {
        double is, by[NEWTON_MAX];
    } alive, purchases, value;
    double by_spending[SPENDING_N];
};

struct surely {
    const struct engine *e;
    struct value_view *v;
    struct slopes tenth[VALUE_TENTHS];
};

static struct gamma_gamma moved(const struct gamma_gamma *m, size_t i, double times)
{
    struct gamma_gamma to = *m;

    *(i == 0 ? &to.p : i == 1 ? &to.q : &to.gamma) *= times;
    return to;
}

/* But for value, in which .is is what purchases are worth. */
static struct slopes slopes_of_kind(const struct value_view *v, const struct cbs_row *r)
{
    struct slopes s = {};

    for (size_t i = 0; i < repeat_parameter_n(&v->model); i++) {
        struct forecast f[2];

        for (int side = 0; side < 2; side++) {
            struct repeat_model m =
                repeat_moved(&v->model, i, exp(side ? -INTERVAL_MOVE : INTERVAL_MOVE));

            value_forecast(v, &m, r, &f[side]);
        }
        s.alive.by[i] = interval_slope(f[0].alive, f[1].alive);
        s.purchases.by[i] = interval_slope(f[0].purchases, f[1].purchases);
        s.value.by[i] = interval_slope(f[0].worth, f[1].worth);
    }
    return s;
}

/* One more of them, with the slopes of his kind. */
static void add(const struct engine *e, const struct value_view *v, struct slopes *to,
                const struct slopes *kind, const struct forecast *f,
                const struct buyer *b)
{
    double each = f->is_untold ? 0 : value_worth(e, v, b);

    to->alive.is += f->alive;
    to->purchases.is += f->purchases;
    to->value.is += f->value;
    for (size_t i = 0; i < NEWTON_MAX; i++) {
        to->alive.by[i] += kind->alive.by[i];
        to->purchases.by[i] += kind->purchases.by[i];
        to->value.by[i] += each * kind->value.by[i];
    }
    for (size_t i = 0; v->has_spending && !f->is_untold && i < SPENDING_N; i++) {
        struct gamma_gamma up = moved(&v->spending, i, exp(INTERVAL_MOVE));
        struct gamma_gamma down = moved(&v->spending, i, exp(-INTERVAL_MOVE));
        struct spending s = value_spending(e, v, b);

        to->by_spending[i] += f->worth
                              * interval_slope(gamma_gamma_expected(&up, s),
                                               gamma_gamma_expected(&down, s));
    }
}

static void scale(double *slope, size_t n, double is, double all)
{
    for (size_t i = 0; i < n; i++)
        slope[i] = is > 0 ? slope[i] * (all / is) : 0;
}

static void look_at_tenth(void *context, uint32_t number)
{
    struct surely *x = context;
    const struct value_view *v = x->v;
    const struct value_tenth *t = &v->tenth[number];
    struct slopes *s = &x->tenth[number], kind = {};
    struct cbs_row last = {};
    size_t n = v->buyers->n, first = (number * n + VALUE_TENTHS - 1) / VALUE_TENTHS;
    size_t looked_at = t->customers < LOOKED_AT ? t->customers : LOOKED_AT;

    for (size_t i = 0; i < looked_at; i++) {
        const struct forecast *f =
            &v->forecast[first + (2 * i + 1) * t->customers / (2 * looked_at)];
        const struct buyer *b = &v->buyers->row[f->buyer];
        struct cbs_row row = buyer_cbs(b, v->until_day);

        if (i == 0 || memcmp(&row, &last, sizeof row) != 0)
            kind = slopes_of_kind(v, &row);
        last = row;
        add(x->e, v, s, &kind, f, b);
    }
    scale(s->alive.by, NEWTON_MAX, s->alive.is, t->alive);
    scale(s->purchases.by, NEWTON_MAX, s->purchases.is, t->purchases);
    scale(s->value.by, NEWTON_MAX, s->value.is, t->value);
    scale(s->by_spending, SPENDING_N, s->value.is, t->value);
}

static struct value_sure sure_of(const struct value_view *v, const struct slopes *s,
                                 const struct value_tenth *t)
{
    const struct fit *fit = &v->model.fit;
    size_t n = repeat_parameter_n(&v->model);
    double customers = (double)t->customers;
    struct value_sure sure = {
        .alive =
            interval_of_share(t->alive / customers, interval_variance(s->alive.by, fit, n)
                                                        / (customers * customers)),
        .purchases =
            interval_above_0(t->purchases, interval_variance(s->purchases.by, fit, n),
                             customers * v->ahead_days),
        .value = {NAN, NAN}};

    sure.alive.low *= customers;
    sure.alive.high *= customers;
    if (v->has_spending)
        sure.value = interval_above_0(
            t->value,
            interval_variance(s->value.by, fit, n)
                + interval_variance(s->by_spending, &v->spending_fit, SPENDING_N),
            INFINITY);
    return sure;
}

static void add_slopes(struct slopes *to, const struct slopes *more)
{
    for (size_t i = 0; i < NEWTON_MAX; i++) {
        to->alive.by[i] += more->alive.by[i];
        to->purchases.by[i] += more->purchases.by[i];
        to->value.by[i] += more->value.by[i];
    }
    for (size_t i = 0; i < SPENDING_N; i++)
        to->by_spending[i] += more->by_spending[i];
}

void value_be_sure(const struct engine *e, struct value_view *v)
{
    struct surely x = {.e = e, .v = v};
    struct slopes all = {};

    work_run(VALUE_TENTHS, work_threads(), look_at_tenth, &x);
    for (int i = 0; i < VALUE_TENTHS; i++) {
        add_slopes(&all, &x.tenth[i]);
        if (v->tenth[i].customers)
            v->tenth[i].sure = sure_of(v, &x.tenth[i], &v->tenth[i]);
        else
            v->tenth[i].sure = (struct value_sure){{NAN, NAN}, {NAN, NAN}, {NAN, NAN}};
    }
    v->all.sure = sure_of(v, &all, &v->all);
}

void value_be_sure_of_own(const struct engine *e, struct value_view *v)
{
    const struct forecast *f = &v->own;
    struct cbs_row row = buyer_cbs(&v->who, v->now_day);
    struct slopes kind = slopes_of_kind(v, &row), s = {};
    struct value_tenth alone = {
        .customers = 1, .alive = f->alive, .purchases = f->purchases, .value = f->value};

    add(e, v, &s, &kind, f, &v->who);
    v->customer_sure = sure_of(v, &s, &alone);
    v->no_purchase =
        repeat_no_purchase(&v->model, row.x, row.last_days, row.age_days, v->ahead_days);
    v->has_range = repeat_range(&v->model, row.x, row.last_days, row.age_days,
                                v->ahead_days, SURE, &v->low, &v->high);
}
