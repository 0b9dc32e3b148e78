#include "value/newton.h"

#include <math.h>
#include <string.h>

enum { STEPS_MAX = 200 };
static const double far_log = 16;
static const double longest_step = 1.5; /* in logarithms */
/* A squared decrement below it moves a log-likelihood by less than its own rounding. */
static const double flat = 1e-13;

/* --- small symmetric systems --- */

/* The lower triangle of the root of m, in place. False: m is not positive definite. */
static bool root(double m[NEWTON_MAX][NEWTON_MAX], size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double left = m[i][k];

            for (size_t j = 0; j < k; j++)
                left -= m[i][j] * m[k][j];
            if (i == k && !(left > 1e-14 * fabs(m[i][i])))
                return false;
            m[i][k] = i == k ? sqrt(left) : left / m[k][k];
        }
    return true;
}

static void solve(double r[NEWTON_MAX][NEWTON_MAX], size_t n, const double *right,
                  double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = right[i];
        for (size_t k = 0; k < i; k++)
            out[i] -= r[i][k] * out[k];
        out[i] /= r[i][i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            out[i] -= r[k][i] * out[k];
        out[i] /= r[i][i];
    }
}

/* --- logarithms --- */

static void to_logarithms(struct slope *s, const double *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            s->second[i][k] =
                at[i] * at[k] * s->second[i][k] + (i == k ? at[i] * s->first[i] : 0);
    for (size_t i = 0; i < n; i++)
        s->first[i] *= at[i];
}

static bool is_finite(const struct slope *s, size_t n)
{
    bool ok = isfinite(s->value);

    for (size_t i = 0; i < n; i++) {
        ok = ok && isfinite(s->first[i]);
        for (size_t k = 0; k < n; k++)
            ok = ok && isfinite(s->second[i][k]);
    }
    return ok;
}

/* A step up from a place, shortened by the damping. False: it must be damped more. */
static bool step_from(const struct slope *s, size_t n, double damping, double *step,
                      double *decrement)
{
    double m[NEWTON_MAX][NEWTON_MAX], longest = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            m[i][k] = -s->second[i][k]
                      + (i == k ? damping * fmax(1, fabs(s->second[i][i])) : 0);
    if (!root(m, n))
        return false;
    solve(m, n, s->first, step);
    *decrement = 0;
    for (size_t i = 0; i < n; i++) {
        *decrement += step[i] * s->first[i];
        longest = fmax(longest, fabs(step[i]));
    }
    for (size_t i = 0; i < n && longest > longest_step; i++)
        step[i] *= longest_step / longest;
    return true;
}

static void errors(struct newton *r, const struct slope *s, size_t n)
{
    double m[NEWTON_MAX][NEWTON_MAX];

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            m[i][k] = -s->second[i][k];
    if (!root(m, n))
        return;
    for (size_t i = 0; i < n; i++) {
        double unit[NEWTON_MAX] = {}, column[NEWTON_MAX];

        unit[i] = 1;
        solve(m, n, unit, column);
        r->error[i] = r->at[i] * sqrt(column[i]);
    }
}

static bool is_far(const double *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fabs(log(at[i])) > far_log)
            return true;
    return false;
}

struct newton newton_maximum(newton_function *f, void *context, const double *start,
                             size_t n)
{
    struct newton r = {.end = NEWTON_STUCK};
    struct slope here, there;
    double damping = 0;

    for (size_t i = 0; i < NEWTON_MAX; i++)
        r.error[i] = NAN;
    memcpy(r.at, start, n * sizeof *start);
    f(context, r.at, &here);
    if (!is_finite(&here, n)) {
        r.value = here.value;
        return r;
    }
    to_logarithms(&here, r.at, n);
    while (r.steps < STEPS_MAX) {
        double step[NEWTON_MAX], decrement, next[NEWTON_MAX];
        bool ok = step_from(&here, n, damping, step, &decrement);

        if (ok && damping == 0 && decrement < flat) {
            r.end = NEWTON_FOUND;
            break;
        }
        r.steps++;
        if (ok) {
            for (size_t i = 0; i < n; i++)
                next[i] = r.at[i] * exp(step[i]);
            f(context, next, &there);
            ok = is_finite(&there, n)
                 && there.value >= here.value - 1e-14 * fabs(here.value);
        }
        if (!ok) {
            damping = damping > 0 ? damping * 8 : 1.0 / 64;
            if (damping > 1e12)
                break;
            continue;
        }
        damping = damping > 1.0 / 64 ? damping / 64 : 0;
        memcpy(r.at, next, sizeof r.at);
        here = there;
        to_logarithms(&here, r.at, n);
        if (is_far(r.at, n)) {
            r.end = NEWTON_FAR;
            break;
        }
    }
    r.value = here.value;
    if (r.end == NEWTON_FOUND)
        errors(&r, &here, n);
    return r;
}
