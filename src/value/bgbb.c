#include "value/bgbb.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

/* log of a (a + 1) ... (a + n - 1), which is gamma(a + n) / gamma(a), for every n, with its
 * derivatives. */
struct rising {
    double log, first, second;
};
static void rising_fill(struct rising *r, double a, uint32_t n)
{
    r[0] = (struct rising){};
    for (uint32_t i = 0; i < n; i++)
        r[i + 1] = (struct rising){r[i].log + log(a + i), r[i].first + 1 / (a + i),
                                   r[i].second - 1 / ((a + i) * (a + i))};
}

/* Of alpha, beta, alpha + beta, gamma, delta, gamma + delta. */
struct tables {
    const struct bgbb_row *row;
    size_t n;
    struct rising *of[6]; /* [chances + 2] */
    uint32_t chances;
};

/* A log-probability with its derivatives by alpha, beta, gamma and delta; .both are those that
 * hang on alpha + beta, and gamma + delta. */
struct term {
    double log, first[4], second[4], both[2];
};
/* He took x and passed `passed`; then he is there still (leaves = 0), or left after `stayed`. */
static struct term term_of(const struct tables *t, uint32_t x, uint32_t passed,
                           uint32_t leaves, uint32_t stayed)
{
    const struct rising *a = &t->of[0][x], *b = &t->of[1][passed],
                        *ab = &t->of[2][x + passed], *c = &t->of[3][leaves],
                        *d = &t->of[4][stayed], *cd = &t->of[5][leaves + stayed];

    return (struct term){a->log + b->log - ab->log + c->log + d->log - cd->log,
                         {a->first - ab->first, b->first - ab->first,
                          c->first - cd->first, d->first - cd->first},
                         {a->second - ab->second, b->second - ab->second,
                          c->second - cd->second, d->second - cd->second},
                         {-ab->second, -cd->second}};
}

/* Adds a term of the sum under the logarithm, scaled by exp(-top). */
static void add_term(struct slope *s, const struct term *t, double top)
{
    double p = exp(t->log - top);

    s->value += p;
    for (size_t i = 0; i < 4; i++) {
        s->first[i] += p * t->first[i];
        for (size_t k = 0; k < 4; k++)
            s->second[i][k] += p
                               * (t->first[i] * t->first[k]
                                  + (i == k           ? t->second[i]
                                     : i / 2 == k / 2 ? t->both[i / 2]
                                                      : 0));
    }
}

/* Of one row: the sum of the likelihoods of being there still and of having left at each time since
 * the last. */
static struct slope row_slope(const struct tables *t, const struct bgbb_row *row)
{
    struct slope s = {};
    struct term stays = term_of(t, row->x, row->n - row->x, 0, row->n);
    double top = stays.log;

    for (uint32_t at = row->last; at < row->n; at++) {
        struct term left = term_of(t, row->x, at - row->x, 1, at);

        top = fmax(top, left.log);
    }
    add_term(&s, &stays, top);
    for (uint32_t at = row->last; at < row->n; at++) {
        struct term left = term_of(t, row->x, at - row->x, 1, at);

        add_term(&s, &left, top);
    }
    for (size_t i = 0; i < 4; i++)
        s.first[i] /= s.value;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            s.second[i][k] = s.second[i][k] / s.value - s.first[i] * s.first[k];
    s.value = top + log(s.value);
    return s;
}

static void slope_at(void *context, const double *at, struct slope *out)
{
    const struct tables *t = context;
    double of[6] = {at[0], at[1], at[0] + at[1], at[2], at[3], at[2] + at[3]};

    for (size_t i = 0; i < 6; i++)
        rising_fill(t->of[i], of[i], t->chances + 1);
    *out = (struct slope){};
    for (size_t r = 0; r < t->n; r++) {
        struct slope one = row_slope(t, &t->row[r]);
        double n = t->row[r].customers;

        out->value += n * one.value;
        for (size_t i = 0; i < 4; i++) {
            out->first[i] += n * one.first[i];
            for (size_t k = 0; k < 4; k++)
                out->second[i][k] += n * one.second[i][k];
        }
    }
}

static bool tables_new(struct tables *t, const struct bgbb_row *row, size_t n,
                       struct arena *a, struct err *err)
{
    *t = (struct tables){.row = row, .n = n};
    for (size_t i = 0; i < n; i++) {
        const struct bgbb_row *r = &row[i];

        if (r->n > BGBB_CHANCES_MAX || r->last > r->n || r->x > r->last
            || (r->x > 0) != (r->last > 0) || !(r->customers >= 0)
            || !isfinite(r->customers))
            return err_set(
                err, ERR_INPUT,
                "row %zu: %u taken, the last one number %u, of %u: that cannot be "
                "(at most %d are counted)",
                i + 1, r->x, r->last, r->n, BGBB_CHANCES_MAX);
        t->chances = r->n > t->chances ? r->n : t->chances;
    }
    for (size_t i = 0; i < 6; i++) {
        t->of[i] = arena_array(a, struct rising, t->chances + 2);
        if (!t->of[i])
            return err_nomem(err);
    }
    return true;
}

bool bgbb_log_likelihood(const struct bgbb *m, const struct bgbb_row *row, size_t n,
                         double *out, struct err *err)
{
    struct arena a = {};
    struct tables t;
    struct slope s;
    bool ok = tables_new(&t, row, n, &a, err);

    if (ok) {
        slope_at(&t, (double[]){m->alpha, m->beta, m->gamma, m->delta}, &s);
        *out = s.value;
    }
    arena_free(&a);
    return ok;
}

bool bgbb_fit(struct bgbb *m, const struct bgbb_row *row, size_t n, const double *start,
              struct fit *out, struct err *err)
{
    struct arena a = {};
    struct tables t;
    struct newton best;
    double taken = 0;
    bool ok = tables_new(&t, row, n, &a, err);

    for (size_t i = 0; ok && i < n; i++)
        taken += row[i].customers * row[i].x;
    if (ok && taken == 0)
        ok = err_set(err, ERR_INPUT,
                     "nobody ever came back: how often is not known; wait until somebody "
                     "does, or let "
                     "the unit be shorter");
    if (ok) {
        best = fit_from(slope_at, &t, start, (double[]){1, 1, 1, 1}, 4);
        *m = (struct bgbb){best.at[0], best.at[1], best.at[2], best.at[3]};
        *out = fit_of(&best, FIT_INSIDE);
    }
    arena_free(&a);
    return ok;
}

/* --- one customer --- */

/* log of beta(a + n, b + k) / beta(a, b) */
static double log_beta_ratio(double a, double n, double b, double k)
{
    return lgamma(a + n) - lgamma(a) + lgamma(b + k) - lgamma(b) + lgamma(a + b)
           - lgamma(a + b + n + k);
}

/* The probability that he is there after the n opportunities that were. */
static double there(const struct bgbb *m, struct bgbb_row c)
{
    double stays = log_beta_ratio(m->alpha, c.x, m->beta, c.n - c.x)
                   + log_beta_ratio(m->gamma, 0, m->delta, c.n);
    double sum = 1;

    for (uint32_t at = c.last; at < c.n; at++)
        sum += exp(log_beta_ratio(m->alpha, c.x, m->beta, at - c.x)
                   + log_beta_ratio(m->gamma, 1, m->delta, at) - stays);
    return 1 / sum;
}

double bgbb_alive(const struct bgbb *m, struct bgbb_row c)
{
    return there(m, c) * (m->delta + c.n) / (m->gamma + m->delta + c.n);
}

double bgbb_expected_worth(const struct bgbb *m, struct bgbb_row c, unsigned ahead,
                           double rate)
{
    double takes = (m->alpha + c.x) / (m->alpha + m->beta + c.n);
    double sum = 0, stays = there(m, c), worth = 1;

    for (unsigned i = 0; i < ahead; i++) {
        stays *= (m->delta + c.n + i) / (m->gamma + m->delta + c.n + i);
        worth /= 1 + rate;
        sum += stays * worth;
    }
    return takes * sum;
}

/* He left, leaves having passed some by, or is there each time and passes all by. */
double bgbb_no_purchase(const struct bgbb *m, struct bgbb_row c, unsigned ahead)
{
    double is_there = there(m, c), alpha = m->alpha + c.x, beta = m->beta + (c.n - c.x),
           delta = m->delta + c.n, sum = 0;

    for (unsigned passed = 0; passed <= ahead; passed++)
        sum += exp(log_beta_ratio(alpha, 0, beta, passed)
                   + log_beta_ratio(m->gamma, passed < ahead, delta, passed));
    return 1 - is_there + is_there * sum;
}

double bgbb_expected(const struct bgbb *m, struct bgbb_row c, unsigned ahead)
{
    return bgbb_expected_worth(m, c, ahead, 0);
}

double bgbb_expected_discounted(const struct bgbb *m, struct bgbb_row c, double rate)
{
    double takes = (m->alpha + c.x) / (m->alpha + m->beta + c.n);
    double sum = 0, stays = there(m, c), worth = 1;

    for (double i = c.n; stays * worth > 1e-17 * rate * sum; i++) {
        stays *= (m->delta + i) / (m->gamma + m->delta + i);
        worth /= 1 + rate;
        sum += stays * worth;
    }
    return takes * sum;
}
