#include "value/gamma_gamma.h"

#include "elog.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"
#include "value/polygamma.h"

#include <math.h>
#include <string.h>

/* Fader and Hardie, note 025. */
static const struct gamma_gamma paper = {6.25, 3.74, 15.44};

static double relative(double a, double b)
{
    return fabs(a - b) / fabs(b);
}

TEST(derivatives_of_log_gamma_are_those_of_the_tables)
{
    /* Abramowitz and Stegun, tables 6.1 and 6.2 */
    assert_true(fabs(digamma(1) - -0.57721566490153286) < 1e-14);
    assert_true(fabs(digamma(1.5) - 0.03648997397857652) < 1e-14);
    assert_true(fabs(trigamma(1) - 1.64493406684822644) < 1e-14);
    assert_true(fabs(trigamma(0.5) - 4.93480220054467931) < 1e-14);
    assert_true(relative(digamma(1e-3), -1000.5755719318103) < 1e-14);
    assert_true(relative(trigamma(1e6), 1.0000005000001667e-6) < 1e-14);
}

TEST(a1_to_a4_what_cdnows_customers_spend)
{
    static const struct {
        const struct elog_file *file;
        size_t n;
        double log_likelihood, parameter[3], error[3];
    } known[] = {{&cdnow_sample,
                  946,
                  -4055.917694802,
                  {6.2495722711, 3.7442246672, 15.4435209635},
                  {1.19007, .290135, 4.159478}},
                 {&cdnow,
                  9450,
                  -40763.476261391,
                  {6.2753590682, 3.6244500228, 14.9836870298},
                  {.399703, .090554, 1.344056}}};

    for (size_t i = 0; i < 2; i++) {
        struct elog e;
        struct gamma_gamma m;
        struct fit f;
        struct err err;

        assert_true(elog_read(known[i].file, "1997-09-30", NULL, &e));
        assert_int_equal(e.spending_n, known[i].n);
        assert_true(gamma_gamma_fit(&m, e.spending, e.spending_n, NULL, &f, &err));
        assert_true(f.converged);
        assert_true(fabs(f.log_likelihood - known[i].log_likelihood) < 1e-6);
        assert_true(relative(m.p, known[i].parameter[0]) < 1e-5);
        assert_true(relative(m.q, known[i].parameter[1]) < 1e-5);
        assert_true(relative(m.gamma, known[i].parameter[2]) < 1e-4);
        for (size_t k = 0; k < 3; k++)
            assert_true(relative(f.error[k], known[i].error[k]) < 1e-3);
        if (i == 0) {
            assert_true(fabs(m.p - 6.25) < .005 && fabs(m.q - 3.74) < .005
                        && fabs(m.gamma - 15.44) < .005);
            assert_true(fabs(gamma_gamma_expected(&m, (struct spending){}) - 35.17037127)
                        < 1e-6);
        }
        elog_free(&e);
    }
}

TEST(a6_expected_spending_at_the_papers_parameters)
{
    static const struct {
        struct spending seen;
        double expected;
    } known[] = {{{2, 22.35}, 24.66371},
                 {{1, 11.77}, 18.91685},
                 {{0, 0}, 35.21898},
                 {{7, 73.74}, 71.46967}};

    for (size_t i = 0; i < 4; i++)
        assert_true(fabs(gamma_gamma_expected(&paper, known[i].seen) - known[i].expected)
                    < 6e-6);
}

TEST(a8_the_same_optimum_from_twenty_starts)
{
    struct random r = chance();
    struct elog e;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (int i = 0; i < 20; i++) {
        double start[3];
        struct gamma_gamma m;
        struct fit f;
        struct err err;

        for (int k = 0; k < 3; k++)
            start[k] = exp((double)random_below(&r, 6000001) / 1e6 - 3);
        assert_true(gamma_gamma_fit(&m, e.spending, e.spending_n, start, &f, &err));
        assert_true(fabs(f.log_likelihood - -4055.917694802) < 1e-6);
    }
    elog_free(&e);
}

TEST(a_mean_that_is_none_is_not_given)
{
    struct gamma_gamma m = {2, 0.9, 10};

    assert_true(isnan(gamma_gamma_expected(&m, (struct spending){})));
    assert_true(gamma_gamma_expected(&m, (struct spending){1, 10}) > 0);
}

TEST(rows_without_money_are_refused_by_number)
{
    struct spending row[] = {{1, 10}, {2, 0}};
    struct gamma_gamma m;
    struct fit f;
    struct err err;

    assert_false(gamma_gamma_fit(&m, row, 2, NULL, &f, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "row 2"));
    row[1] = (struct spending){0, 5};
    assert_false(gamma_gamma_fit(&m, row, 2, NULL, &f, &err));
    row[1] = (struct spending){1, -5};
    assert_false(gamma_gamma_fit(&m, row, 2, NULL, &f, &err));
    assert_false(gamma_gamma_fit(&m, row, 0, NULL, &f, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static bool fit_three(void *context, struct err *err)
{
    static const struct spending row[] = {{1, 10}, {2, 14}, {5, 9}, {1, 40}};
    struct gamma_gamma m;
    struct fit f;

    (void)context;
    return gamma_gamma_fit(&m, row, 4, NULL, &f, err);
}

TEST(without_memory_it_says_so)
{
    each_oom(fit_three, NULL);
}
