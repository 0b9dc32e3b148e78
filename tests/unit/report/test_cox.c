#include "report/cox.h"

#include "support/fail.h"
#include "support/unit.h"

#include "rossi.h"

#include <math.h>
#include <string.h>

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.12g is not %.12g", got, wanted);
}

static struct cox fitted(struct lasted *row, size_t n, const double *x, uint32_t columns,
                         enum cox_ties ties, enum cox_end wanted, uint32_t *column)
{
    enum cox_end end;
    struct cox c;
    struct err err;

    for (size_t i = 0; i < n; i++)
        row[i].told = row[i].customer = (uint32_t)i;
    survival_sort(row, n);
    assert_true(cox_fit(row, n, x, columns, ties, &c, &end, column, &err));
    assert_int_equal(end, wanted);
    return c;
}

/* Weeks until a relapse, of the controls and with 6-MP, negative where there was none when last
 * looked at (test_survival.c). */
static size_t freireich(struct lasted row[42], double x[42])
{
    static const int weeks[42] = {1,   1,   2,  2,  3,   4,   4,   5,   5,  8,  8,
                                  8,   8,   11, 11, 12,  12,  15,  17,  22, 23, 6,
                                  6,   6,   -6, 7,  -9,  10,  -10, -11, 13, 16, -17,
                                  -19, -20, 22, 23, -25, -32, -32, -34, -35};

    for (size_t i = 0; i < 42; i++) {
        row[i] = (struct lasted){.ms = weeks[i] > 0 ? weeks[i] : -weeks[i],
                                 .ended = weeks[i] > 0};
        x[i] = i < 21;
    }
    return 42;
}

/* The figures here and below are those of R's package survival. */
TEST(a12_cox_of_freireich_with_each_kind_of_ties)
{
    static const struct {
        enum cox_ties ties;
        double coefficient, error, log_likelihood;
    } known[] = {
        {COX_BRESLOW, 1.509191, .409564, -86.379622},
        {COX_EFRON, 1.572125, .412397, -85.008425},
        {COX_EXACT, 1.628244, .433131, -74.543101},
    };
    struct lasted row[42];
    double x[42];

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t column;
        struct cox c =
            fitted(row, freireich(row, x), x, 1, known[i].ties, COX_FOUND, &column);

        near(c.column[0].coefficient, known[i].coefficient, 1e-6);
        near(c.column[0].error, known[i].error, 1e-6);
        near(c.log_likelihood, known[i].log_likelihood, 1e-6);
        near(c.column[0].ratio, exp(known[i].coefficient), 1e-5);
        assert_true(c.column[0].low > 1 && c.column[0].p < .001);
        assert_int_equal(c.tied, 4);
        assert_int_equal(c.ended, 30);
    }
}

static size_t rossi_rows(struct lasted row[432], double x[432 * 7])
{
    for (size_t i = 0; i < 432; i++) {
        row[i] = (struct lasted){.ms = rossi[i][0], .ended = rossi[i][1]};
        for (size_t k = 0; k < 7; k++)
            x[i * 7 + k] = rossi[i][2 + k];
    }
    return 432;
}

TEST(a12_cox_of_rossi)
{
    static const double known[] = {-.379422, -.057438, .313900, -.149796,
                                   -.433704, -.084871, .091497};
    static struct lasted row[432];
    static double x[432 * 7];
    uint32_t column;
    struct cox c = fitted(row, rossi_rows(row, x), x, 7, COX_EFRON, COX_FOUND, &column);

    for (size_t k = 0; k < 7; k++)
        near(c.column[k].coefficient, known[k], 1e-6);
    near(c.log_likelihood, -658.747659, 1e-6);
    near(c.log_likelihood_null, -675.380633, 1e-6);
    near(c.chi_square, 2 * (675.380633 - 658.747659), 4e-6);
    near(c.concordance, .640329, 1e-6);
    assert_int_equal(c.ended, 114);

    c = fitted(row, rossi_rows(row, x), x, 7, COX_BRESLOW, COX_FOUND, &column);
    near(c.column[0].coefficient, -.379022, 1e-6);
    near(c.log_likelihood, -659.120606, 1e-6);
}

TEST(a_column_that_says_nothing_of_its_own_is_named)
{
    static struct lasted row[432];
    double x[432 * 2];
    uint32_t column;

    for (size_t i = 0; i < 432; i++) {
        row[i] = (struct lasted){.ms = rossi[i][0], .ended = rossi[i][1]};
        x[2 * i] = rossi[i][3];
        x[2 * i + 1] = 7;
    }
    fitted(row, 432, x, 2, COX_EFRON, COX_CONSTANT, &column);
    assert_int_equal(column, 1);
    for (size_t i = 0; i < 432; i++)
        x[2 * i + 1] = 3 - 0.1 * x[2 * i];
    fitted(row, 432, x, 2, COX_EFRON, COX_COLLINEAR, &column);
    assert_int_equal(column, 1);
}

/* Nobody with the second column ever ends; then who has more of it ends first, always. */
TEST(a_coefficient_without_end_is_named)
{
    enum { N = 40 };
    struct lasted row[N];
    double x[N * 2];
    uint32_t column;

    for (int ties = 0; ties <= COX_EXACT; ties++) {
        for (size_t i = 0; i < N; i++) {
            bool has = i % 4 == 0;

            row[i] = (struct lasted){.ms = (int64_t)(1 + i * 7 % 11), .ended = !has};
            x[2 * i] = (double)(i % 3);
            x[2 * i + 1] = has;
        }
        fitted(row, N, x, 2, (enum cox_ties)ties, COX_SEPARATED, &column);
        assert_int_equal(column, 1);
        for (size_t i = 0; i < N; i++) {
            row[i] = (struct lasted){.ms = (int64_t)(N - i), .ended = true};
            x[i] = (double)i;
        }
        fitted(row, N, x, 1, (enum cox_ties)ties, COX_SEPARATED, &column);
        assert_int_equal(column, 0);
    }
}

TEST(of_nobody_and_of_nothing_nothing_is_fitted)
{
    struct lasted row[] = {{.ms = 3}, {.ms = 5}};
    double x[] = {0, 1};
    uint32_t column;

    fitted(row, 0, x, 1, COX_EFRON, COX_NOTHING, &column);
    fitted(row, 2, x, 1, COX_EXACT, COX_NOTHING, &column);
    row[1].ended = true; /* with whom nobody is at risk */
    fitted(row, 2, x, 1, COX_EFRON, COX_CONSTANT, &column);
}

TEST(too_many_exact_ties_are_refused)
{
    static struct lasted row[COX_EXACT_MAX + 20];
    static double x[COX_EXACT_MAX + 20];
    const size_t n = COX_EXACT_MAX + 20;
    uint32_t column;

    for (size_t i = 0; i < n; i++) {
        row[i] = (struct lasted){.ms = i < COX_EXACT_MAX + 1 ? 5 : 9, .ended = true};
        x[i] = (double)(i * 37 % 10);
    }
    fitted(row, n, x, 1, COX_EXACT, COX_TIED, &column);
    fitted(row, n, x, 1, COX_EFRON, COX_FOUND, &column);
}

/* Weeks or milliseconds, cents or thousands: the same but for the unit. */
TEST(units_change_nothing_else)
{
    static struct lasted row[432];
    static double x[432 * 7];
    struct cox c[2];
    uint32_t column;

    c[0] = fitted(row, rossi_rows(row, x), x, 7, COX_EFRON, COX_FOUND, &column);
    rossi_rows(row, x);
    for (size_t i = 0; i < 432; i++) {
        row[i].ms *= 604800000;
        x[i * 7 + 1] = 1e9 + 1e3 * x[i * 7 + 1];
        x[i * 7 + 6] *= 1e-6;
    }
    c[1] = fitted(row, 432, x, 7, COX_EFRON, COX_FOUND, &column);
    near(c[1].log_likelihood, c[0].log_likelihood, 1e-9);
    near(c[1].concordance, c[0].concordance, 1e-12);
    near(c[1].column[1].coefficient * 1e3, c[0].column[1].coefficient, 1e-8);
    near(c[1].column[6].coefficient * 1e-6, c[0].column[6].coefficient, 1e-8);
    near(c[1].column[6].error * 1e-6, c[0].column[6].error, 1e-8);
}

static bool fit_them(void *context, struct err *err)
{
    struct lasted *row = context;
    double x[42];
    enum cox_end end;
    uint32_t column;
    struct cox c;

    for (size_t i = 0; i < 42; i++)
        x[i] = (double)(i % 5);
    return cox_fit(row, 42, x, 1, COX_EXACT, &c, &end, &column, err);
}

TEST(a_fit_reports_that_memory_ran_out)
{
    struct lasted row[42];
    double x[42];

    freireich(row, x);
    for (uint32_t i = 0; i < 42; i++)
        row[i].told = i;
    survival_sort(row, 42);
    each_oom(fit_them, row);
}
