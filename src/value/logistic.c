#include "value/logistic.h"

#include "base/mem.h"

#include <math.h>

enum { STEPS_MAX = 100, SIDE = LEARN_COLUMNS_MAX + 1 };
/* A squared decrement below it moves the sum by less than its own rounding. */
static const double flat = 1e-16;

/* The intercept stands in front of the weights. */
struct slopes {
    double loss;
    double first[SIDE];
    double second[SIDE][SIDE]; /* the lower triangle */
};

static void standardise(const struct learn_rows *r, struct logistic *l)
{
    for (uint32_t k = 0; k < r->column_n; k++) {
        double mean = 0, square = 0;

        for (size_t i = 0; i < r->n; i++)
            mean += r->x[i * r->column_n + k];
        mean /= (double)r->n;
        for (size_t i = 0; i < r->n; i++) {
            double d = r->x[i * r->column_n + k] - mean;

            square += d * d;
        }
        l->mean[k] = mean;
        l->spread[k] = sqrt(square / (double)r->n);
        if (!(l->spread[k] > 1e-12 * (1 + fabs(mean))))
            l->spread[k] = 1;
    }
}

static void add_row(struct slopes *s, const double *z, size_t side, double odds, bool is,
                    double c)
{
    double share = learn_share(odds), weight = c * share * (1 - share);

    s->loss += c * (log1p(exp(-fabs(odds))) + (is ? fmax(-odds, 0) : fmax(odds, 0)));
    for (size_t i = 0; i < side; i++) {
        s->first[i] += c * (share - is) * z[i];
        for (size_t k = 0; k <= i; k++)
            s->second[i][k] += weight * z[i] * z[k];
    }
}

static void slopes_at(const struct learn_rows *r, const struct logistic *l, double c,
                      struct slopes *out)
{
    size_t side = (size_t)r->column_n + 1;
    double z[SIDE] = {1};

    *out = (struct slopes){};
    for (size_t i = 0; i < r->n; i++) {
        double odds = l->intercept;

        for (uint32_t k = 0; k < r->column_n; k++) {
            z[k + 1] = (r->x[i * r->column_n + k] - l->mean[k]) / l->spread[k];
            odds += l->weight[k] * z[k + 1];
        }
        add_row(out, z, side, odds, r->is[i], c);
    }
    for (uint32_t k = 0; k < r->column_n; k++) {
        out->loss += l->weight[k] * l->weight[k] / 2;
        out->first[k + 1] += l->weight[k];
        out->second[k + 1][k + 1] += 1;
    }
}

/* The step down, by Cholesky's root in place; gives the squared decrement. */
static double step_of(struct slopes *s, size_t n, double *step)
{
    double decrement = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++) {
            double left = s->second[i][k];

            for (size_t j = 0; j < k; j++)
                left -= s->second[i][j] * s->second[k][j];
            s->second[i][k] = i == k ? sqrt(fmax(left, 1e-300)) : left / s->second[k][k];
        }
    for (size_t i = 0; i < n; i++) {
        step[i] = s->first[i];
        for (size_t k = 0; k < i; k++)
            step[i] -= s->second[i][k] * step[k];
        step[i] /= s->second[i][i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            step[i] -= s->second[k][i] * step[k];
        step[i] /= s->second[i][i];
        decrement += step[i] * s->first[i];
    }
    return decrement;
}

static void move(struct logistic *l, const struct logistic *from, const double *step,
                 double far)
{
    l->intercept = from->intercept - far * step[0];
    for (uint32_t k = 0; k < l->column_n; k++)
        l->weight[k] = from->weight[k] - far * step[k + 1];
}

/* The function is convex: a step that is short enough leads down. */
static bool descend(const struct learn_rows *r, double c, struct logistic *l,
                    struct slopes *now, struct slopes *next)
{
    size_t side = (size_t)r->column_n + 1;

    slopes_at(r, l, c, now);
    for (l->steps = 1; l->steps <= STEPS_MAX; l->steps++) {
        struct logistic from = *l;
        double step[SIDE] = {}, loss = now->loss, decrement = step_of(now, side, step),
               far = 1;

        do {
            move(l, &from, step, far);
            slopes_at(r, l, c, next);
            far /= 2;
        } while (!(next->loss <= loss) && far > 1e-9);
        if (!(next->loss <= loss))
            *l = from;
        if (decrement < flat * (1 + loss) || !(next->loss <= loss))
            return isfinite(loss) && decrement < 1e-9 * (1 + loss);
        *now = *next;
    }
    return false;
}

bool logistic_fit(const struct learn_rows *r, double c, struct logistic *out,
                  struct err *err)
{
    struct slopes *s;
    bool ok;

    *out = (struct logistic){.column_n = r->column_n};
    if (!learn_check(r, err))
        return false;
    if (!(s = mem_alloc(2 * sizeof *s)))
        return err_nomem(err);
    standardise(r, out);
    ok = descend(r, c, out, &s[0], &s[1]);
    mem_free(s);
    return ok || err_set(err, ERR_INPUT, "no weights fit these measures");
}

double logistic_odds(const struct logistic *l, const double *x)
{
    double odds = l->intercept;

    for (uint32_t k = 0; k < l->column_n; k++)
        odds += logistic_reason(l, k, x[k]);
    return odds;
}

double logistic_reason(const struct logistic *l, uint32_t column, double x)
{
    return l->weight[column] * (x - l->mean[column]) / l->spread[column];
}
