/* Proportional hazards against their definition: the likelihood of each kind of ties summed up over
 * all who are at risk, and of exact ones over all subsets; flat at the top in every direction, and
 * curved as the standard errors say; and concordance pair by pair. */
#include "report/cox.h"
#include "support/chance.h"
#include "support/unit.h"

#include <math.h>

enum { MOST = 24, COLUMNS = 3 };

struct drawn {
    struct lasted row[MOST];
    size_t n;
    double x[MOST * COLUMNS];
    uint32_t columns;
};

static double eta(const struct drawn *d, const double *beta, size_t i)
{
    double sum = 0;

    for (uint32_t k = 0; k < d->columns; k++)
        sum += beta[k] * d->x[d->row[i].told * d->columns + k];
    return sum;
}

/* The sum over all ways to take `left` of the rows from i on of the products of their hazards. */
static double subsets(const struct drawn *d, const double *beta, size_t i, size_t left)
{
    if (left == 0)
        return 1;
    if (i == d->n)
        return 0;
    return subsets(d, beta, i + 1, left)
           + exp(eta(d, beta, i)) * subsets(d, beta, i + 1, left - 1);
}

static double likelihood(const struct drawn *d, const double *beta, enum cox_ties ties)
{
    double sum = 0;

    for (size_t from = 0, to; from < d->n; from = to) {
        double at_risk = 0, ended = 0, m = 0;

        for (to = from; to < d->n && d->row[to].ms == d->row[from].ms; to++)
            if (d->row[to].ended) {
                sum += eta(d, beta, to);
                ended += exp(eta(d, beta, to));
                m++;
            }
        for (size_t i = from; i < d->n; i++)
            at_risk += exp(eta(d, beta, i));
        if (ties == COX_EXACT && m > 0)
            sum -= log(subsets(d, beta, from, (size_t)m));
        for (double l = 0; ties != COX_EXACT && l < m; l++)
            sum -= log(at_risk - (ties == COX_EFRON ? l / m * ended : 0));
    }
    return sum;
}

static double pairs(const struct drawn *d, const double *beta)
{
    double good = 0, all = 0;

    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; d->row[i].ended && k < d->n; k++) {
            double apart = eta(d, beta, i) - eta(d, beta, k);

            if (d->row[k].ms < d->row[i].ms || i == k
                || (d->row[k].ms == d->row[i].ms && d->row[k].ended))
                continue;
            all++;
            good += fabs(apart) < 1e-9 ? .5 : apart > 0;
        }
    return good / all;
}

static void draw(struct random *r, struct drawn *d)
{
    d->n = 8 + random_below(r, MOST - 8 + 1);
    d->columns = 1 + (uint32_t)random_below(r, COLUMNS);
    for (size_t i = 0; i < d->n; i++) {
        d->row[i] = (struct lasted){.ms = (int64_t)random_below(r, 8),
                                    .customer = (uint32_t)i,
                                    .told = (uint32_t)i,
                                    .ended = random_below(r, 3) > 0};
        for (uint32_t k = 0; k < d->columns; k++)
            d->x[i * d->columns + k] =
                k ? (double)random_below(r, 2) : (double)random_below(r, 5) * 100;
    }
    survival_sort(d->row, d->n);
}

static void need_near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.12g is not %.12g within %g", got, wanted, off);
}

static void need_top(const struct drawn *d, const struct cox *c, enum cox_ties ties)
{
    double beta[COLUMNS], curve[COLUMNS][COLUMNS], step[COLUMNS];

    for (uint32_t k = 0; k < d->columns; k++) {
        beta[k] = c->column[k].coefficient;
        step[k] = c->column[k].error / 1000;
    }
    need_near(c->log_likelihood, likelihood(d, beta, ties), 1e-9);
    need_near(c->log_likelihood_null, likelihood(d, (double[COLUMNS]){}, ties), 1e-9);
    need_near(c->concordance, pairs(d, beta), 1e-12);
    for (uint32_t i = 0; i < d->columns; i++)
        for (uint32_t k = 0; k < d->columns; k++) {
            double at[4];

            for (int s = 0; s < 4; s++) {
                double there[COLUMNS];

                for (uint32_t l = 0; l < d->columns; l++)
                    there[l] = beta[l];
                there[i] += s & 1 ? step[i] : -step[i];
                there[k] += s & 2 ? step[k] : -step[k];
                at[s] = likelihood(d, there, ties);
            }
            curve[i][k] = -(at[3] - at[1] - at[2] + at[0]) / 4 * 1e6; /* in errors */
            if (i == k)
                need_near((at[3] - at[0]) / 4 * 1000, 0, 2e-3);
        }
    /* The inverse of the curvature, in errors, has ones on its diagonal. */
    for (uint32_t i = 0; i < d->columns; i++) {
        double m[COLUMNS][COLUMNS + 1];

        for (uint32_t j = 0; j < d->columns; j++) {
            for (uint32_t l = 0; l < d->columns; l++)
                m[j][l] = curve[j][l];
            m[j][d->columns] = i == j;
        }
        for (uint32_t j = 0; j < d->columns; j++)
            for (uint32_t l = 0; l < d->columns; l++) {
                double share = m[l][j] / m[j][j];

                for (uint32_t k = 0; l != j && k <= d->columns; k++)
                    m[l][k] -= share * m[j][k];
            }
        need_near(m[i][d->columns] / m[i][i], 1, 0.02);
    }
}

TEST(hazards_are_those_that_their_definition_gives)
{
    struct random r = chance();
    size_t found = 0;

    for (size_t round = chance_rounds(150); round; round--)
        for (int ties = 0; ties <= COX_EXACT; ties++) {
            struct drawn d;
            struct cox c;
            enum cox_end end;
            uint32_t column;
            struct err err;

            draw(&r, &d);
            assert_true(cox_fit(d.row, d.n, d.x, d.columns, (enum cox_ties)ties, &c, &end,
                                &column, &err));
            if (end == COX_FOUND)
                need_top(&d, &c, (enum cox_ties)ties);
            found += end == COX_FOUND;
        }
    assert_true(found > 0);
}
