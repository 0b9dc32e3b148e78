#include "value/sbg.h"

#include "support/unit.h"

#include <math.h>

/* Fader and Hardie 2007: of 100 customers, how many are left after so many renewals. */
static const double high_end[] = {86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1};
static const double regular[] = {63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1};

static struct fit fit(struct sbg *m, const double *left_over)
{
    double left[7], before = 1000;
    struct fit f;
    struct err err;

    for (size_t i = 0; i < 7; i++) {
        left[i] = before - 10 * left_over[i];
        before = 10 * left_over[i];
    }
    assert_true(sbg_fit(m, &(struct sbg_data){left, 7, before}, NULL, &f, &err));
    return f;
}

TEST(a1_to_a3_contracts_of_the_paper)
{
    static const struct {
        const double *left_over;
        double alpha, beta, log_likelihood, printed[2], survival[5];
    } known[] = {{high_end,
                  .6680883511,
                  3.8060949639,
                  -1611.158147,
                  {.668, 3.806},
                  {46.0440, 43.5780, 41.4172, 39.5055, 37.7999}},
                 {regular,
                  .7040772985,
                  1.1820430262,
                  -1680.265188,
                  {.704, 1.182},
                  {22.0085, 20.4411, 19.1190, 17.9865, 17.0037}}};

    for (size_t i = 0; i < 2; i++) {
        struct sbg m;
        struct fit f = fit(&m, known[i].left_over);

        assert_true(f.converged);
        assert_true(fabs(f.log_likelihood - known[i].log_likelihood) < 1e-6);
        assert_true(fabs(m.alpha / known[i].alpha - 1) < 1e-5);
        assert_true(fabs(m.beta / known[i].beta - 1) < 1e-5);
        assert_true(fabs(m.alpha - known[i].printed[0]) < .0005);
        assert_true(fabs(m.beta - known[i].printed[1]) < .0005);
        for (unsigned year = 8; year <= 12; year++)
            assert_true(fabs(100 * sbg_survival(&m, year) - known[i].survival[year - 8])
                        < 6e-5);
    }
}

TEST(a6_discounted_lifetimes_of_the_paper)
{
    static const struct {
        const double *left_over;
        double new, before[5];
    } known[] = {{high_end, 5.922253, {5.414479, 5.901378, 6.293892, 6.619920, 6.896707}},
                 {regular, 3.694908, {2.964399, 4.103140, 4.869805, 5.442058, 5.894095}}};

    for (size_t i = 0; i < 2; i++) {
        struct sbg m;

        fit(&m, known[i].left_over);
        assert_true(fabs(sbg_expected_lifetime(&m, 0, true, .1) - known[i].new) < 2e-6);
        for (unsigned n = 0; n < 5; n++)
            assert_true(fabs(sbg_expected_lifetime(&m, n, false, .1) - known[i].before[n])
                        < 2e-6);
        if (i == 0)
            assert_true(fabs(sbg_expected_lifetime(&m, 7, false, .1) - 7.530) < .0006);
    }
}

TEST(too_little_is_said)
{
    struct sbg m;
    struct fit f;
    struct err err;

    assert_false(sbg_fit(&m, &(struct sbg_data){NULL, 0, 10}, NULL, &f, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(
        sbg_fit(&m, &(struct sbg_data){(double[]){0, 0}, 2, 10}, NULL, &f, &err));
    assert_false(sbg_fit(&m, &(struct sbg_data){(double[]){-1}, 1, 10}, NULL, &f, &err));
    assert_int_equal(err.code, ERR_INPUT);
}
