#include "value/interval.h"

#include "base/random.h"
#include "elog.h"
#include "support/unit.h"
#include "value/models.h"

#include <math.h>
#include <stdlib.h>

#define Z_95 1.959963984540054

/* The slopes of what is expected of him, and its interval. */
static struct interval expected_in(const struct repeat_model *m, struct cbs_row c,
                                   double ahead_days)
{
    double slope[NEWTON_MAX] = {};
    size_t n = repeat_parameter_n(m);

    for (size_t i = 0; i < n; i++) {
        struct repeat_model up = repeat_moved(m, i, exp(INTERVAL_MOVE));
        struct repeat_model down = repeat_moved(m, i, exp(-INTERVAL_MOVE));

        slope[i] = interval_slope(
            repeat_expected(&up, c.x, c.last_days, c.age_days, ahead_days),
            repeat_expected(&down, c.x, c.last_days, c.age_days, ahead_days));
    }
    return interval_above_0(repeat_expected(m, c.x, c.last_days, c.age_days, ahead_days),
                            interval_variance(slope, &m->fit, n), ahead_days);
}

/* One rate for all, of which 40 purchases are known: its logarithm's error is the root of 1/40. */
TEST(a_rate_is_as_sure_as_its_purchases_are_many)
{
    struct repeat_model m = {};
    struct cbs c = {};
    struct interval i;
    struct err err;
    double width = exp(Z_95 / sqrt(40));

    assert_true(cbs_add(&c, (struct cbs_row){2, 60, 100, 20}, 0, &err));
    assert_true(cbs_settle(&c, &err));
    assert_true(repeat_fit(VALUE_NBD, 1, 7, &c, &m, &err));
    assert_int_equal(m.fit.limit, FIT_SAME_RATE);
    i = expected_in(&m, c.row[0], 50);
    assert_true(fabs(i.low * width - 1) < 1e-6 && fabs(i.high / width - 1) < 1e-6);
    i = expected_in(&m, c.row[0], 1);
    assert_true(i.low < 0.02 && i.high > 0.02 && i.high < 1);
    cbs_free(&c);
}

static int by_size(const void *a, const void *b)
{
    const double *l = a, *r = b;

    return (*l > *r) - (*l < *r);
}

static double normal(struct random *r)
{
    double u = ((double)random_below(r, 1u << 30) + 1) / (1u << 30);

    return sqrt(-2 * log(u))
           * cos(2 * M_PI * (double)random_below(r, 1u << 30) / (1u << 30));
}

/* Parameters drawn as their errors have it, and everything reckoned anew with each draw. */
TEST(intervals_are_those_of_parameters_drawn_by_chance)
{
    enum { DRAWS = 4000 };
    static const struct cbs_row seen[] = {
        {2, 213, 272, 1}, {0, 0, 250, 1}, {10, 240, 260, 1}, {1, 30, 270, 1}};
    static double drawn[DRAWS];
    struct random r = random_seeded(42);
    struct elog e;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (int kind = 0; kind < VALUE_MODELS_END; kind++) {
        struct repeat_model m = {};
        struct err err;
        double root[NEWTON_MAX][NEWTON_MAX] = {};
        size_t n;

        if (kind != VALUE_NBD && kind != VALUE_BG_NBD && kind != VALUE_PARETO_NBD)
            continue;
        assert_true(repeat_fit((enum value_model)kind, 1, 7, &e.cbs, &m, &err));
        n = repeat_parameter_n(&m);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k <= i; k++) {
                double left = m.fit.covariance[i][k];

                for (size_t j = 0; j < k; j++)
                    left -= root[i][j] * root[k][j];
                root[i][k] = i == k ? sqrt(left) : left / root[k][k];
            }
        for (size_t s = 0; s < sizeof seen / sizeof *seen; s++) {
            struct interval in = expected_in(&m, seen[s], 273);

            for (int d = 0; d < DRAWS; d++) {
                struct repeat_model other = m;
                double by[NEWTON_MAX];

                for (size_t i = 0; i < n; i++) {
                    double sum = 0;

                    by[i] = normal(&r);
                    for (size_t k = 0; k <= i; k++)
                        sum += root[i][k] * by[k];
                    other = repeat_moved(&other, i, exp(sum));
                }
                drawn[d] = repeat_expected(&other, seen[s].x, seen[s].last_days,
                                           seen[s].age_days, 273);
            }
            qsort(drawn, DRAWS, sizeof *drawn, by_size);
            assert_true(fabs(in.low / drawn[DRAWS / 40] - 1) < 0.07);
            assert_true(fabs(in.high / drawn[DRAWS - DRAWS / 40] - 1) < 0.07);
        }
    }
    elog_free(&e);
}

TEST(an_interval_stays_where_its_number_can_be)
{
    struct interval i = interval_of_share(0.99, 0.01);

    assert_true(i.low > 0 && i.low < 0.99 && i.high > 0.99 && i.high < 1);
    i = interval_above_0(2, 100, 30);
    assert_true(i.low >= 0 && i.low < 1e-3 && i.high == 30);
}

/* Nobody leaves, nothing is expected, there is no maximum, or no end of what it may be. */
TEST(what_cannot_be_told_is_not_told)
{
    struct fit stuck = {.covariance = {{NAN}}};
    struct interval none[] = {
        interval_of_share(1, 0),
        interval_of_share(0, 0),
        interval_of_share(0.5, NAN),
        interval_above_0(0, 0, 9),
        interval_above_0(1, NAN, 9),
        interval_above_0(1, INFINITY, 9),
        interval_above_0(1, 1e9, INFINITY),
        interval_above_0(1, interval_variance((double[]){1}, &stuck, 1), 9),
    };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(isnan(none[i].low) && isnan(none[i].high));
}

/* BTYD's manual: the chances of none to seven purchases of a new customer's in 39 weeks. */
TEST(a_range_holds_what_chance_may_bring)
{
    const struct repeat_model m = {.kind = VALUE_BG_NBD,
                                   .bgnbd = {.dropout = DROPOUT_BETA,
                                             .unit_days = 7,
                                             .k = 1,
                                             .parameter = {.243, 4.414, .793, 2.426}}};
    const struct repeat_model pareto = {.kind = VALUE_PARETO_NBD};
    unsigned low, high;

    /* .5737863521 + .1993952808 + .0854297595 + .0458603539: .9044717463 of all */
    assert_true(repeat_range(&m, 0, 0, 0, 39 * 7, 0.8, &low, &high));
    assert_int_equal(low, 0);
    assert_int_equal(high, 3);
    assert_true(repeat_range(&m, 0, 0, 0, 39 * 7, 0.15, &low, &high));
    assert_int_equal(low, 0);
    assert_int_equal(high, 1);
    assert_true(repeat_range(&m, 26, 216, 217, 365, 0.95, &low, &high));
    assert_true(low < 25 && high > 26 && high < 80);
    assert_false(repeat_range(&pareto, 0, 0, 0, 273, 0.95, &low, &high));
}
