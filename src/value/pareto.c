#include "value/pareto.h"

#include "base/mem.h"
#include "value/quadrature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t rate_n(const struct pareto *m)
{
    return m->rate == PARETO_GAMMA ? 2 : 1;
}

static size_t death_n(const struct pareto *m)
{
    return m->death == PARETO_GAMMA ? 2 : m->death == PARETO_SAME ? 1 : 0;
}

/* --- what the likelihood is made of ---
 *
 * A customer who is there at age y, having bought x times, has the log-density
 *     - (r + x) log(1 + y / alpha) - s log(1 + y / beta)
 * (but for what is the same at every age) and leaves at it at the rate s / (beta + y); with one rate
 * for all it is - rate y instead, and with one death rate - death y, at the rate death. All derivatives
 * of that are numbers that hang on the row and the parameters alone, times these five functions of y
 * and their products. They fall as a gamma narrows, and log(alpha + y), which the papers have, does
 * not: on the way to the limits it would lose its digits. */
enum { ONE, RATE_LOG, RATE_SHARE, DEATH_LOG, DEATH_SHARE, FUNCTIONS };
struct at_age {
    double f[FUNCTIONS];
};
/* Of sums over ages, those of every product of two. */
struct moments {
    double m[FUNCTIONS][FUNCTIONS]; /* the upper half */
};

static struct at_age at_age(const struct pareto *m, double y)
{
    const double *p = m->parameter, *d = p + rate_n(m);
    struct at_age a = {{[ONE] = 1}};

    a.f[RATE_LOG] = m->rate == PARETO_GAMMA ? log1p(y / p[1]) : y;
    a.f[RATE_SHARE] = m->rate == PARETO_GAMMA ? y / (p[1] + y) : 0;
    a.f[DEATH_LOG] = m->death == PARETO_GAMMA ? log1p(y / d[1]) : y;
    a.f[DEATH_SHARE] = m->death == PARETO_GAMMA ? y / (d[1] + y) : 0;
    return a;
}

static double rate_weight(const struct pareto *m, double x)
{
    return m->rate == PARETO_GAMMA ? m->parameter[0] + x : m->parameter[0];
}

static double death_weight(const struct pareto *m)
{
    return m->death == PARETO_NEVER ? 0 : m->parameter[rate_n(m)];
}

/* The rate at which a new customer leaves. */
static double leaves_new(const struct pareto *m)
{
    return m->death == PARETO_GAMMA ? death_weight(m) / m->parameter[rate_n(m) + 1]
                                    : death_weight(m);
}

/* The log-density of being there at that age. */
static double log_there(const struct pareto *m, double x, const struct at_age *a)
{
    return -rate_weight(m, x) * a->f[RATE_LOG] - death_weight(m) * a->f[DEATH_LOG];
}

static void add_moments(struct moments *to, const struct at_age *a, double mass)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        for (size_t k = i; k < FUNCTIONS; k++)
            to->m[i][k] += mass * a->f[i] * a->f[k];
}

/* --- one row's integral over the age at which he left --- */

struct leaving {
    const struct pareto *model;
    double x, shift; /* over u = log(shift + y), which both densities are smooth in */
};

static double log_leaves(const void *context, double u)
{
    const struct leaving *l = context;
    const struct pareto *m = l->model;
    struct at_age a = at_age(m, exp(u) - l->shift);

    return log_there(m, l->x, &a) + u - (m->death == PARETO_GAMMA ? a.f[DEATH_LOG] : 0);
}

/* How fast it falls a unit of age. */
static double falls_at(const struct pareto *m, double x, double y)
{
    double rate = rate_weight(m, x), death = death_weight(m);

    return (m->rate == PARETO_GAMMA ? rate / (m->parameter[1] + y) : rate)
           + (m->death == PARETO_GAMMA ? (death + 1) / (m->parameter[rate_n(m) + 1] + y)
                                       : death);
}

static double leaves_decline(const void *context, double u)
{
    const struct leaving *l = context;

    return falls_at(l->model, l->x, exp(u) - l->shift) * exp(u) - 1;
}

static struct quadrature leaving_over(struct leaving *l, double last, double age)
{
    const struct pareto *m = l->model;
    double alpha = m->rate == PARETO_GAMMA ? m->parameter[1] : INFINITY;
    double beta = m->death == PARETO_GAMMA ? m->parameter[rate_n(m) + 1] : INFINITY;

    l->shift = fmin(fmin(alpha, beta), 1 + age);
    return (struct quadrature){.log_f = log_leaves,
                               .decline = leaves_decline,
                               .context = l,
                               .from = log(l->shift + last),
                               .to = log(l->shift + age),
                               .top = -INFINITY};
}

/* Scaled by exp(-scale). */
static void moments_of_row(const struct pareto *m, struct pareto_seen c, double scale,
                           struct moments *out)
{
    struct leaving l = {.model = m, .x = c.x};
    struct quadrature q = leaving_over(&l, c.last, c.age);
    double at[GAUSS_N], log_mass[GAUSS_N];

    while (quadrature_panel(&q, at, log_mass))
        for (int i = 0; i < GAUSS_N; i++) {
            struct at_age a = at_age(m, exp(at[i]) - l.shift);

            add_moments(out, &a, exp(log_mass[i] - scale));
        }
}

/* --- many rows' integrals, over days ---
 *
 * Rows with the same x want integrals over parts of the same function. Between two days it is smooth
 * enough for four points, unless it falls by more than e^0.5 there; the sums from each day to the
 * last one are kept, and a row's integral is the difference of two. */
enum { POINTS = 4 };
static const double most_fall = 0.5;
static const double point_at[POINTS] = {-0.86113631159405258, -0.33998104358485626,
                                        0.33998104358485626, 0.86113631159405258};
static const double point_weight[POINTS] = {0.34785484513745386, 0.65214515486254614,
                                            0.65214515486254614, 0.34785484513745386};

struct tables {
    const struct pareto *model;
    const struct cbs *data;
    struct cbs_row *row;   /* by x */
    double *more;          /* [x_max]: customers with x > j */
    struct at_age *point;  /* [age_max * POINTS] */
    struct at_age *day;    /* [age_max + 1] */
    struct moments *after; /* [threads * (age_max + 1)]: from that day on, of one x */
};

/* Of rows [from, to), which have one x. */
static void fill_after(const struct tables *t, size_t from, size_t to, double scale,
                       struct moments *after)
{
    const struct pareto *m = t->model;
    uint32_t first = UINT32_MAX, last = 0;
    double x = t->row[from].x, half = 0.5 / m->unit_days;

    for (size_t i = from; i < to; i++) {
        first = t->row[i].last_days < first ? t->row[i].last_days : first;
        last = t->row[i].age_days > last ? t->row[i].age_days : last;
    }
    after[last] = (struct moments){};
    for (uint32_t day = last; day-- > first;) {
        after[day] = after[day + 1];
        for (size_t i = 0; i < POINTS; i++) {
            const struct at_age *a = &t->point[(size_t)day * POINTS + i];
            double log_leaves =
                log_there(m, x, a) - (m->death == PARETO_GAMMA ? a->f[DEATH_LOG] : 0);

            add_moments(&after[day], a, half * point_weight[i] * exp(log_leaves - scale));
        }
    }
}

/* --- the likelihood --- */

/* Adds `mass` times a density's log-derivatives, which are `by` times the functions, and `alone`. */
struct derived {
    double by[NEWTON_MAX], alone[NEWTON_MAX];
    size_t of[NEWTON_MAX];    /* which function */
    double curve[NEWTON_MAX]; /* of the function's square less it twice; diagonal */
    double curve_alone[NEWTON_MAX];
};

static struct derived derived_of(const struct pareto *m, double x, bool leaves)
{
    struct derived d = {};
    size_t at = rate_n(m);

    if (m->rate == PARETO_GAMMA) {
        d.of[0] = RATE_LOG;
        d.by[0] = -1;
        d.of[1] = RATE_SHARE;
        d.by[1] = (m->parameter[0] + x) / m->parameter[1];
        d.curve[1] = d.by[1] / m->parameter[1];
    } else {
        d.of[0] = RATE_LOG;
        d.by[0] = -1;
    }
    if (m->death == PARETO_NEVER)
        return d;
    d.of[at] = DEATH_LOG;
    d.by[at] = -1;
    if (leaves) { /* log of the rate at which he leaves */
        d.alone[at] = 1 / m->parameter[at];
        d.curve_alone[at] = -d.alone[at] * d.alone[at];
    }
    if (m->death == PARETO_GAMMA) {
        double beta = m->parameter[at + 1];

        d.of[at + 1] = DEATH_SHARE;
        d.by[at + 1] = (m->parameter[at] + leaves) / beta;
        d.curve[at + 1] = d.by[at + 1] / beta;
        d.alone[at + 1] = -leaves / beta;
        d.curve_alone[at + 1] = leaves / (beta * beta);
    }
    return d;
}

static double moment(const struct moments *m, size_t i, size_t k)
{
    return i < k ? m->m[i][k] : m->m[k][i];
}

/* Adds the sums over the mass of 1, of the log-density's first derivatives, and of its second ones
 * and products of first ones. */
static void add_derived(const struct pareto *m, double x, const struct moments *mass,
                        bool leaves, double scale, struct slope *s)
{
    struct derived d = derived_of(m, x, leaves);
    size_t n = rate_n(m) + death_n(m);
    double all = mass->m[ONE][ONE] * scale;

    s->value += all;
    for (size_t i = 0; i < n; i++) {
        double fi = mass->m[ONE][d.of[i]] * scale;

        s->first[i] += d.by[i] * fi + d.alone[i] * all;
        for (size_t k = i; k < n; k++) {
            double fk = mass->m[ONE][d.of[k]] * scale;
            double both = moment(mass, d.of[i], d.of[k]) * scale;

            s->second[i][k] += d.by[i] * d.by[k] * both + d.by[i] * d.alone[k] * fi
                               + d.alone[i] * d.by[k] * fk
                               + d.alone[i] * d.alone[k] * all;
            if (i == k)
                s->second[i][k] += d.curve[i] * (both - 2 * fi) + d.curve_alone[i] * all;
        }
    }
    /* of each gamma's two together: a log whose factor is the first, of a part of the second */
    if (m->rate == PARETO_GAMMA)
        s->second[0][1] += mass->m[ONE][RATE_SHARE] * scale / m->parameter[1];
    if (m->death == PARETO_GAMMA) {
        size_t at = rate_n(m);

        s->second[at][at + 1] += mass->m[ONE][DEATH_SHARE] * scale / m->parameter[at + 1];
    }
}

static void add_row(const struct tables *t, const struct cbs_row *row,
                    const struct moments *left, double scale, struct slope *out)
{
    const struct pareto *m = t->model;
    const struct at_age *age = &t->day[row->age_days];
    struct moments stays = {};
    struct slope s = {};
    size_t n = rate_n(m) + death_n(m);
    double customers = row->customers;

    add_moments(&stays, age, exp(log_there(m, row->x, age) - scale));
    add_derived(m, row->x, &stays, false, 1, &s);
    if (left)
        add_derived(m, row->x, left, true, leaves_new(m), &s);
    out->value += customers * (scale + log(s.value));
    for (size_t i = 0; i < n; i++) {
        s.first[i] /= s.value;
        out->first[i] += customers * s.first[i];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++)
            out->second[i][k] +=
                customers * (s.second[i][k] / s.value - s.first[i] * s.first[k]);
}

static void add_group(const struct tables *t, struct moments *after, size_t from,
                      size_t to, struct slope *out)
{
    const struct pareto *m = t->model;
    uint32_t first = UINT32_MAX;
    bool by_row;
    double x = t->row[from].x, scale;

    for (size_t i = from; i < to; i++)
        first = t->row[i].last_days < first ? t->row[i].last_days : first;
    scale = log_there(m, x, &t->day[first]);
    by_row = falls_at(m, x, first / m->unit_days) / m->unit_days > most_fall;
    /* Far from the first day doubles may not hold what is left. */
    for (size_t i = from; i < to && !by_row; i++)
        by_row = log_there(m, x, &t->day[t->row[i].age_days]) < scale - 500;
    if (m->death != PARETO_NEVER && !by_row)
        fill_after(t, from, to, scale, after);
    for (size_t i = from; i < to; i++) {
        const struct cbs_row *row = &t->row[i];
        struct moments left = {};

        if (by_row) {
            double unit = m->unit_days;

            scale = log_there(m, x, &t->day[row->last_days]);
            if (m->death != PARETO_NEVER)
                moments_of_row(
                    m,
                    (struct pareto_seen){x, row->last_days / unit, row->age_days / unit},
                    scale, &left);
        } else if (m->death != PARETO_NEVER) {
            const struct moments *a = &after[row->last_days], *b = &after[row->age_days];

            for (size_t f = 0; f < FUNCTIONS; f++)
                for (size_t g = f; g < FUNCTIONS; g++)
                    left.m[f][g] = a->m[f][g] - b->m[f][g];
        }
        add_row(t, row, m->death == PARETO_NEVER ? NULL : &left, scale, out);
    }
}

static void add_shared_terms(const struct tables *t, struct slope *s)
{
    const struct pareto *m = t->model;
    const struct cbs *d = t->data;
    const double *p = m->parameter;
    double bought = (double)d->purchases;

    if (m->rate == PARETO_GAMMA) {
        for (uint32_t x = 0; x < d->x_max; x++) {
            s->value += t->more[x] * log((p[0] + x) / p[1]);
            s->first[0] += t->more[x] / (p[0] + x);
            s->second[0][0] -= t->more[x] / ((p[0] + x) * (p[0] + x));
        }
        s->first[1] -= bought / p[1];
        s->second[1][1] += bought / (p[1] * p[1]);
    } else {
        s->value += bought * log(p[0]);
        s->first[0] += bought / p[0];
        s->second[0][0] -= bought / (p[0] * p[0]);
    }
}

static void add_rows(const void *context, unsigned thread, size_t from, size_t to,
                     struct slope *sum)
{
    const struct tables *t = context;
    struct moments *after = t->after + thread * ((size_t)t->data->age_max + 1);

    for (size_t i = from, end; i < to; i = end) {
        for (end = i; end < to && t->row[end].x == t->row[i].x;)
            end++;
        add_group(t, after, i, end, sum);
    }
}

static void slope_at(void *context, const double *at, struct slope *out)
{
    const struct tables *t = context;
    const struct cbs *d = t->data;
    struct pareto here = *t->model;
    struct tables now = *t;
    size_t n = rate_n(&here) + death_n(&here);

    memcpy(here.parameter, at, n * sizeof *at);
    now.model = &here;
    *out = (struct slope){};
    add_shared_terms(&now, out);
    for (uint32_t day = 0; day <= d->age_max; day++) {
        t->day[day] = at_age(&here, day / here.unit_days);
        for (size_t i = 0; i < POINTS && day < d->age_max; i++)
            t->point[(size_t)day * POINTS + i] =
                at_age(&here, (day + (1 + point_at[i]) / 2) / here.unit_days);
    }
    fit_sum(d->n, add_rows, &now, out);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            out->second[i][k] = out->second[k][i];
}

static int by_x(const void *a, const void *b)
{
    const struct cbs_row *l = a, *r = b;

    return (l->x > r->x) - (l->x < r->x);
}

static bool tables_new(struct tables *t, const struct pareto *m, const struct cbs *d,
                       struct arena *a, struct err *err)
{
    *t = (struct tables){
        .model = m,
        .data = d,
        .row = arena_array(a, struct cbs_row, d->n + 1),
        .more = arena_array(a, double, d->x_max + 1),
        .point = arena_array(a, struct at_age, (size_t)d->age_max * POINTS + 1),
        .day = arena_array(a, struct at_age, d->age_max + 1),
        .after =
            arena_array(a, struct moments, fit_threads(d->n) * ((size_t)d->age_max + 1))};
    if (!t->row || !t->more || !t->point || !t->day || !t->after)
        return err_nomem(err);
    memcpy(t->row, d->row, d->n * sizeof *d->row);
    qsort(t->row, d->n, sizeof *t->row, by_x);
    for (uint32_t i = 0; i < d->n; i++)
        if (d->row[i].x)
            t->more[d->row[i].x - 1] += d->row[i].customers;
    for (uint32_t x = d->x_max; x-- > 1;)
        t->more[x - 1] += t->more[x];
    return true;
}

bool pareto_log_likelihood(const struct pareto *m, const struct cbs *data, double *out,
                           struct err *err)
{
    struct arena a = {};
    struct tables t;
    struct slope s;
    bool ok = tables_new(&t, m, data, &a, err);

    if (ok) {
        slope_at(&t, m->parameter, &s);
        *out = s.value;
    }
    arena_free(&a);
    return ok;
}

/* --- fitting --- */

static bool fit_one(const struct pareto *m, const struct cbs *d, const double *start,
                    struct newton *out, struct err *err)
{
    struct arena a = {};
    struct tables t;
    double from[NEWTON_MAX] = {1, 1, 1, 1}, days = 0, age;
    size_t n = rate_n(m);
    bool ok = tables_new(&t, m, d, &a, err);

    if (ok) {
        for (uint32_t i = 0; i < d->n; i++)
            days += (double)d->row[i].age_days * d->row[i].customers;
        age = days / m->unit_days / (double)d->customers;
        from[n - 1] = days / m->unit_days / (double)d->purchases;
        if (m->rate == PARETO_SAME)
            from[0] = 1 / from[0];
        from[n + death_n(m) - 1] = m->death == PARETO_GAMMA  ? age
                                   : m->death == PARETO_SAME ? 1 / age
                                                             : from[n - 1];
        *out = fit_from(slope_at, &t, start, from, n + death_n(m));
    }
    arena_free(&a);
    return ok;
}

static enum fit_limit limit_of(const struct pareto *m)
{
    bool same = m->rate == PARETO_SAME;

    switch (m->death) {
    case PARETO_NEVER:
        return same ? FIT_SAME_RATE_NO_DROPOUT : FIT_NO_DROPOUT;
    case PARETO_SAME:
        return same ? FIT_SAME_RATE_SAME_DEATH_RATE : FIT_SAME_DEATH_RATE;
    case PARETO_GAMMA:
        break;
    }
    return same ? FIT_SAME_RATE : FIT_INSIDE;
}

bool pareto_fit(struct pareto *m, const struct cbs *data, const double *start,
                struct fit *out, struct err *err)
{
    static const struct {
        enum pareto_side rate, death;
    } limit[] = {
        {PARETO_SAME, PARETO_GAMMA}, {PARETO_GAMMA, PARETO_SAME},
        {PARETO_SAME, PARETO_SAME},  {PARETO_GAMMA, PARETO_NEVER},
        {PARETO_SAME, PARETO_NEVER},
    };
    struct newton best;

    if (data->purchases == 0)
        return err_set(err, ERR_INPUT, "%s", fit_nobody_twice);
    if (!fit_one(m, data, start, &best, err))
        return false;
    for (size_t i = 0; best.end != NEWTON_FOUND && i < sizeof limit / sizeof *limit;
         i++) {
        struct pareto other = *m;
        struct newton tried;

        other.rate = limit[i].rate;
        other.death = limit[i].death;
        if (!fit_one(&other, data, NULL, &tried, err))
            return false;
        if (fit_is_better(&tried, &best)) {
            m->rate = other.rate;
            m->death = other.death;
            best = tried;
        }
    }
    memcpy(m->parameter, best.at, sizeof m->parameter);
    *out = fit_of(&best, limit_of(m));
    return true;
}

/* --- one customer --- */

/* log of the integral over (t_x, T) of exp(log_there) times how much slower he leaves than when new. */
static double log_left(const struct pareto *m, struct pareto_seen c)
{
    struct leaving l = {.model = m, .x = c.x};

    return m->death == PARETO_NEVER ? -INFINITY
                                    : quadrature_log(leaving_over(&l, c.last, c.age));
}

double pareto_log_left(const struct pareto *m, struct pareto_seen c)
{
    const double *p = m->parameter, *d = p + rate_n(m);

    return log_left(m, c) - (m->rate == PARETO_GAMMA ? (p[0] + c.x) * log(p[1]) : 0)
           - (m->death == PARETO_GAMMA ? (d[0] + 1) * log(d[1]) : 0);
}

double pareto_alive(const struct pareto *m, struct pareto_seen c)
{
    struct at_age age = at_age(m, c.age);

    return 1 / (1 + leaves_new(m) * exp(log_left(m, c) - log_there(m, c.x, &age)));
}

/* How often he buys a unit of time while he is there. */
static double rate_of(const struct pareto *m, struct pareto_seen c)
{
    return m->rate == PARETO_GAMMA ? (m->parameter[0] + c.x) / (m->parameter[1] + c.age)
                                   : m->parameter[0];
}

/* For how much of `length` he is there, if he is now. */
static double time_there(const struct pareto *m, double age, double length)
{
    const double *d = m->parameter + rate_n(m);
    double logs;

    switch (m->death) {
    case PARETO_GAMMA:
        logs = log1p(length / (d[1] + age));
        return d[0] == 1 ? (d[1] + age) * logs
                         : -(d[1] + age) * expm1((1 - d[0]) * logs) / (d[0] - 1);
    case PARETO_SAME:
        return -expm1(-d[0] * length) / d[0];
    case PARETO_NEVER:
        break;
    }
    return length;
}

double pareto_expected(const struct pareto *m, struct pareto_seen c, double length)
{
    return length > 0 ? pareto_alive(m, c) * rate_of(m, c) * time_there(m, c.age, length)
                      : 0;
}

/* He left, leaves without having bought, or is there all the time and does not buy. */
double pareto_no_purchase(const struct pareto *m, struct pareto_seen c, double length)
{
    struct pareto_seen then = {c.x, c.age, c.age + fmax(length, 0)};
    struct at_age now = at_age(m, c.age), end = at_age(m, then.age);
    double alive = pareto_alive(m, c), here = log_there(m, c.x, &now);

    return 1 - alive
           + alive
                 * (exp(log_there(m, c.x, &end) - here)
                    + leaves_new(m) * exp(log_left(m, then) - here));
}

/* Over u = log(1 + length / (beta + T)): there, discounted. */
struct discounting {
    double s, scale, rate;
};

static double log_discounted(const void *context, double u)
{
    const struct discounting *d = context;

    return (1 - d->s) * u - d->rate * d->scale * expm1(u);
}

static double discounted_decline(const void *context, double u)
{
    const struct discounting *d = context;

    return d->s - 1 + d->rate * d->scale * exp(u);
}

double pareto_expected_discounted(const struct pareto *m, struct pareto_seen c,
                                  double rate)
{
    const double *p = m->parameter + rate_n(m);
    double there = 1 / rate;

    if (m->death == PARETO_SAME)
        there = 1 / (rate + p[0]);
    else if (m->death == PARETO_GAMMA) {
        struct discounting d = {p[0], p[1] + c.age, rate};

        there = d.scale
                * exp(quadrature_log((struct quadrature){.log_f = log_discounted,
                                                         .decline = discounted_decline,
                                                         .context = &d,
                                                         .to = INFINITY}));
    }
    return pareto_alive(m, c) * rate_of(m, c) * there;
}

/* --- how many purchases of somebody new --- */

/* log of the probability of n purchases in so long. */
static double log_count(const struct pareto *m, double n, double length)
{
    const double *p = m->parameter;

    if (length <= 0)
        return n > 0 ? -INFINITY : 0;
    if (m->rate == PARETO_SAME)
        return n * log(p[0] * length) - p[0] * length - lgamma(n + 1);
    return lgamma(p[0] + n) - lgamma(p[0]) - lgamma(n + 1) - p[0] * log1p(length / p[1])
           - n * log1p(p[1] / length);
}

static double log_survival(const struct pareto *m, double age)
{
    const double *d = m->parameter + rate_n(m);

    return m->death == PARETO_GAMMA  ? -d[0] * log1p(age / d[1])
           : m->death == PARETO_SAME ? -d[0] * age
                                     : 0;
}

double pareto_chance_new(const struct pareto *m, unsigned n, double from, double to)
{
    enum { PANELS = 64 };
    const double *d = m->parameter + rate_n(m);
    double sum = exp(log_survival(m, to) + log_count(m, n, to - from));

    if (n == 0)
        sum += -expm1(log_survival(m, from));
    /* He left in between; panels are the narrower, the nearer to `from`, where both bend. */
    for (int i = 0; i < PANELS && m->death != PARETO_NEVER; i++) {
        double low = (to - from) * pow((double)i / PANELS, 3);
        double high = (to - from) * pow((double)(i + 1) / PANELS, 3);

        for (int k = 0; k < POINTS; k++) {
            double y = low + (high - low) * (1 + point_at[k]) / 2;
            double leaves = m->death == PARETO_GAMMA ? d[0] / (d[1] + from + y) : d[0];

            sum += (high - low) / 2 * point_weight[k] * leaves
                   * exp(log_survival(m, from + y) + log_count(m, n, y));
        }
    }
    return sum;
}
