#include "value/newton.h"

#include <math.h>
#include <string.h>

enum { STEPS_MAX = 200 };
static const double far_log = 16;
static const double longest_step = 1.5; /* in logarithms */
/* A squared decrement below it moves a log-likelihood by less than its own rounding. */
static const double flat = 1e-13;
static const double rounding = 1e-13; /* of a sum over a million customers */
static const double shortest = 1e-9;  /* of a step, as a part of it */

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

/* The columns of `v` become the directions in which m does not mix, and its diagonal how it curves
 * along them: Jacobi's method (Journal fuer die reine und angewandte Mathematik 30 (1846), 51-94). */
static void directions(double m[NEWTON_MAX][NEWTON_MAX], double v[NEWTON_MAX][NEWTON_MAX],
                       size_t n)
{
    enum { SWEEPS = 30 };

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            v[i][k] = i == k;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]), t, c, s;

                if (m[p][q] == 0)
                    continue;
                t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
                c = 1 / sqrt(t * t + 1);
                s = t * c;
                for (size_t k = 0; k < n; k++) {
                    double kp = m[k][p], kq = m[k][q];

                    m[k][p] = c * kp - s * kq;
                    m[k][q] = s * kp + c * kq;
                }
                for (size_t k = 0; k < n; k++) {
                    double pk = m[p][k], qk = m[q][k], kp = v[k][p], kq = v[k][q];

                    m[p][k] = c * pk - s * qk;
                    m[q][k] = s * pk + c * qk;
                    v[k][p] = c * kp - s * kq;
                    v[k][q] = s * kp + c * kq;
                }
                m[p][q] = m[q][p] = 0;
            }
}

/* A step up. Along each of its directions alone it is no longer than longest_step: where two numbers
 * grow together beyond all bounds, what curves sharply beside them does not hold them up. */
static void step_up(const struct slope *s, size_t n, double *step)
{
    double m[NEWTON_MAX][NEWTON_MAX], v[NEWTON_MAX][NEWTON_MAX], scale[NEWTON_MAX];

    for (size_t i = 0; i < n; i++) {
        scale[i] = s->second[i][i] != 0 ? 1 / sqrt(fabs(s->second[i][i])) : 1;
        step[i] = 0;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            m[i][k] = -s->second[i][k] * scale[i] * scale[k];
    directions(m, v, n);
    for (size_t d = 0; d < n; d++) {
        double rises = 0, longest = 0, by;

        for (size_t i = 0; i < n; i++) {
            rises += v[i][d] * scale[i] * s->first[i];
            longest = fmax(longest, fabs(v[i][d] * scale[i]));
        }
        by = fmin(fabs(rises) / fmax(fabs(m[d][d]), 1e-300), longest_step / longest);
        for (size_t i = 0; i < n; i++)
            step[i] += copysign(by, rises) * v[i][d] * scale[i];
    }
}

/* It curves down in all directions, and is flat. */
static bool is_top(const struct slope *s, size_t n)
{
    double m[NEWTON_MAX][NEWTON_MAX], step[NEWTON_MAX], decrement = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            m[i][k] = -s->second[i][k];
    if (!root(m, n))
        return false;
    solve(m, n, s->first, step);
    for (size_t i = 0; i < n; i++)
        decrement += step[i] * s->first[i];
    return decrement < flat;
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
        memcpy(r->covariance[i], column, n * sizeof *column);
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
    double shorter = 1;

    for (size_t i = 0; i < NEWTON_MAX; i++)
        for (size_t k = 0; k < NEWTON_MAX; k++)
            r.error[i] = r.covariance[i][k] = NAN;
    memcpy(r.at, start, n * sizeof *start);
    f(context, r.at, &here);
    if (!is_finite(&here, n)) {
        r.value = here.value;
        return r;
    }
    to_logarithms(&here, r.at, n);
    while (r.steps < STEPS_MAX && shorter > shortest) {
        double step[NEWTON_MAX], next[NEWTON_MAX];

        if (is_top(&here, n)) {
            r.end = NEWTON_FOUND;
            break;
        }
        r.steps++;
        step_up(&here, n, step);
        for (size_t i = 0; i < n; i++)
            next[i] = r.at[i] * exp(step[i] * shorter);
        f(context, next, &there);
        if (!is_finite(&there, n)
            || there.value < here.value - rounding * fabs(here.value)) {
            shorter /= 4;
            continue;
        }
        shorter = fmin(1, shorter * 4);
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
