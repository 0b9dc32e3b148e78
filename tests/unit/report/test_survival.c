#include "report/survival.h"

#include "support/fail.h"
#include "support/unit.h"

#include "telco.h"

#include <math.h>
#include <string.h>

#define MONTH 1000 /* any unit will do */

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.12g is not %.12g", got, wanted);
}

/* "6, 6, 6+" are three: of + it was not seen that it ended. */
static size_t add(struct lasted *row, size_t n, uint32_t group, const char *text)
{
    while (*text) {
        int64_t weeks = 0;

        for (; *text >= '0' && *text <= '9'; text++)
            weeks = 10 * weeks + (*text - '0');
        row[n++] =
            (struct lasted){.ms = weeks * MONTH, .group = group, .ended = *text != '+'};
        text += strspn(text, "+, ");
    }
    return n;
}

/* E. J. Freireich and others, "The Effect of 6-Mercaptopurine on the Duration of Steroid-induced
 * Remissions in Acute Leukemia", Blood 21 (1963): weeks until a relapse. 0 had 6-MP, 1 had not. */
static size_t freireich(struct lasted row[42])
{
    size_t n = add(row, 0, 0,
                   "6, 6, 6, 6+, 7, 9+, 10, 10+, 11+, 13, 16, 17+, 19+, 20+, 22, 23, "
                   "25+, 32+, 32+, 34+, 35+");

    n = add(row, n, 1,
            "1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23");
    survival_sort(row, n);
    return n;
}

static size_t telco_rows(struct lasted row[7043])
{
    size_t n = 0;

    for (uint32_t month = 0; month <= 72; month++)
        for (uint32_t contract = 0; contract < 3; contract++)
            for (uint32_t stays = 0; stays < 2; stays++)
                for (uint32_t i = telco[month][contract][stays]; i; i--)
                    row[n++] = (struct lasted){
                        .ms = month * MONTH, .group = contract, .ended = !stays};
    return n;
}

/* The figures here and below are those of R's package survival, which agree with the published
 * ones of Freireich's data. */
/* The medians are the published ones, 23 weeks and 8; the quartiles are read off the curve. */
TEST(quartiles_of_remissions_are_those_that_are_known)
{
    static const int weeks[2][3] = {{13, 23, -1}, {4, 8, 12}};
    struct survival_quantile q[] = {{.left = 0.75}, {.left = 0.5}, {.left = 0.25}};
    struct lasted row[42];
    size_t n = freireich(row);

    for (uint32_t group = 0; group < 2; group++) {
        struct survival all = survival_of(row, n, group, 35 * MONTH);

        survival_quantiles(row, n, group, q, 3);
        for (int i = 0; i < 3; i++)
            assert_int_equal(q[i].ms, weeks[group][i] < 0 ? -1 : weeks[group][i] * MONTH);
        assert_int_equal(q[1].low_ms, all.median_low_ms);
        assert_int_equal(q[1].high_ms, all.median_high_ms);
    }
    survival_quantiles(row, 0, 0, q, 3);
    assert_int_equal(q[0].ms, -1);
}

TEST(the_curve_of_freireich)
{
    static const int64_t week[] = {6, 7, 10, 13, 16, 22, 23};
    static const double share[] = {.857143, .806723, .752941, .690196,
                                   .627451, .537815, .448179};
    static const double error[] = {.076360, .086935, .096350, .106815,
                                   .114054, .128234, .134592};
    static const uint64_t at_risk[] = {21, 17, 15, 12, 11, 7, 6};
    struct survival_point p[7];
    struct lasted row[42];
    size_t n = freireich(row);

    assert_int_equal(n, 42);
    for (size_t i = 0; i < 7; i++)
        p[i].ms = week[i] * MONTH;
    survival_at(row, n, 0, p, 7);
    for (size_t i = 0; i < 7; i++) {
        near(p[i].share, share[i], 5e-7);
        near(p[i].error, error[i], 1e-6);
        assert_int_equal(p[i].at_risk, at_risk[i]);
    }
    near(p[0].share, 6.0 / 7, 1e-15);
    near(p[1].share, 6.0 / 7 * 16 / 17, 1e-15);
    near(p[0].low, .619718, 5e-7);
    near(p[0].high, .951552, 5e-7);
    assert_int_equal(p[6].ended, 9);
    assert_int_equal(p[6].censored, 7);
    assert_int_equal(survival_of(row, n, 0, 35 * MONTH).median_ms, 23 * MONTH);
    assert_int_equal(survival_of(row, n, 1, 35 * MONTH).median_ms, 8 * MONTH);
}

TEST(how_far_apart_two_curves_are)
{
    struct survival_point a = {.share = .857143, .error = .076360},
                          b = {.share = .571429, .error = .107990};
    struct survival_gap gap = survival_difference(&a, &b);

    near(gap.difference, .285714, 1e-9);
    near(gap.low, .285714 - 1.959963985 * .132260, 2e-6);
    near(gap.high, .285714 + 1.959963985 * .132260, 2e-6);
    b = (struct survival_point){.share = 0, .error = 0};
    a = (struct survival_point){.share = .99, .error = .08};
    assert_true(survival_difference(&a, &b).high == 1);
    a = (struct survival_point){.share = 1, .error = 0};
    gap = survival_difference(&a, &b);
    assert_true(gap.difference == 1 && isnan(gap.low) && isnan(gap.high));
    a.share = a.error = NAN;
    assert_true(isnan(survival_difference(&a, &b).difference));
}

TEST(the_log_rank_test_of_freireich)
{
    struct lasted row[42];
    size_t n = freireich(row);
    struct arena a = {};
    struct log_rank t;
    struct err err;

    assert_true(log_rank(row, n, 2, &a, &t, &err));
    near(t.chi_square, 16.7929, 5e-5);
    near(t.p, 4.169e-05, 5e-9);
    near(t.expected[0], 19.2505, 5e-5);
    near(t.expected[1], 10.7495, 5e-5);
    assert_int_equal(t.degrees, 1);
    assert_int_equal(t.observed[0], 9);
    assert_int_equal(t.observed[1], 21);
    arena_free(&a);
}

TEST(the_curves_of_telco)
{
    static const int64_t month[] = {1, 12, 24, 36, 48, 60, 72};
    static const double share[] = {.9459613, .8431996, .7887364, .7485454,
                                   .7088402, .6644039, .5927902};
    static const double by_contract[] = {.7030966, .9908082, 1};
    static struct lasted row[7043];
    size_t n = telco_rows(row);
    struct survival_point p[7], year = {.ms = 12 * MONTH};
    struct survival s;
    struct arena a = {};
    struct log_rank t;
    struct err err;

    assert_int_equal(n, 7043);
    for (uint32_t i = 0; i < 3; i++) {
        survival_at(row, n, i, &year, 1);
        near(year.share, by_contract[i], 5e-8);
        assert_int_equal(isnan(year.low), i == 2);
    }
    assert_true(log_rank(row, n, 3, &a, &t, &err));
    near(t.chi_square, 2352.9, .05);
    assert_int_equal(t.degrees, 2);
    assert_true(t.p >= 0 && t.p < 1e-300);
    s = survival_of(row, n, 0, 72 * MONTH);
    assert_int_equal(s.median_ms, 35 * MONTH);
    assert_int_equal(s.median_low_ms, 32 * MONTH);
    assert_int_equal(s.median_high_ms, 38 * MONTH);

    for (size_t i = 0; i < n; i++)
        row[i].group = 0;
    for (size_t i = 0; i < 7; i++)
        p[i].ms = month[i] * MONTH;
    survival_at(row, n, 0, p, 7);
    for (size_t i = 0; i < 7; i++)
        near(p[i].share, share[i], 5e-8);
    near(p[1].error, .0044922, 5e-8);
    near(p[1].low, .8341687, 5e-8);
    near(p[1].high, .8517833, 5e-8);
    s = survival_of(row, n, 0, 72 * MONTH);
    assert_int_equal(s.ended, 1869);
    assert_int_equal(s.longest_ms, 72 * MONTH);
    assert_int_equal(s.median_ms, -1);
    near(s.mean_ms / MONTH, 54.492387, 5e-7);
    near(s.mean_error_ms / MONTH, .347750, 5e-7);
    arena_free(&a);
}

TEST(beyond_a_chi_square)
{
    /* From the power series of the incomplete gamma function, with 60 digits. */
    static const struct {
        double x;
        uint32_t degrees;
        double p;
    } known[] = {
        {1e-06, 1, 0.99920211557217786},
        {3.841458820694124, 1, 0.050000000000000058},
        {16.7929, 1, 4.1688991586082339e-05},
        {60, 1, 9.4857375710738478e-15},
        {0.5, 2, 0.77880078307140488},
        {5.99, 2, 0.050036627086586287},
        {100, 2, 1.9287498479639178e-22},
        {7.8, 3, 0.050331097859853353},
        {0.001, 3, 0.9999915920809419},
        {9.49, 4, 0.049953131223294894},
        {40, 5, 1.4933679000503952e-07},
        {3, 10, 0.98142406377785929},
        {18.3, 10, 0.050109061411462465},
        {19.7, 11, 0.049628648114463395},
        {60, 30, 0.00092068239614866631},
        {43.5, 29, 0.040906005012933191},
        {10, 49, 0.99999999963889197},
        {120, 49, 6.8769614270628657e-08},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double p = chi_square_beyond(known[i].x, known[i].degrees);

        near(p / known[i].p, 1, 1e-12);
    }
    assert_true(chi_square_beyond(0, 3) == 1);
    assert_true(chi_square_beyond(-1, 3) == 1);
    assert_true(chi_square_beyond(1e6, 1) == 0);
}

TEST(without_anybody_there_is_no_curve)
{
    struct survival_point p = {.ms = 0};
    struct survival s = survival_of(NULL, 0, 0, 0);
    struct arena a = {};
    struct log_rank t;
    struct err err;

    survival_at(NULL, 0, 0, &p, 1);
    assert_true(isnan(p.share));
    assert_int_equal(p.at_risk, 0);
    assert_int_equal(s.customers, 0);
    assert_int_equal(s.median_ms, -1);
    assert_true(log_rank(NULL, 0, 0, &a, &t, &err));
    assert_int_equal(t.degrees, 0);
    arena_free(&a);
}

TEST(one_to_whom_it_happens)
{
    struct lasted row = {.ms = 5, .ended = true};
    struct survival_point p[3] = {{.ms = 0}, {.ms = 5}, {.ms = 9}};
    struct survival s = survival_of(&row, 1, 0, 5);

    survival_at(&row, 1, 0, p, 3);
    assert_true(p[0].share == 1 && p[0].at_risk == 1);
    assert_true(p[1].share == 0 && p[1].at_risk == 1);
    assert_true(p[2].share == 0 && p[2].at_risk == 0);
    for (int i = 0; i < 3; i++)
        assert_true(isnan(p[i].low) && isnan(p[i].high));
    assert_int_equal(s.median_ms, 5);
    assert_int_equal(s.median_low_ms, -1);
    assert_true(s.mean_ms == 5 && s.mean_error_ms == 0);
}

TEST(behind_the_last_look_nothing_is_known)
{
    struct lasted row[] = {{.ms = 2, .ended = true}, {.ms = 5}};
    struct survival_point p[2] = {{.ms = 5}, {.ms = 6}};

    survival_at(row, 2, 0, p, 2);
    assert_true(p[0].share == 0.5 && p[0].at_risk == 1);
    assert_true(isnan(p[1].share) && isnan(p[1].error));
    assert_int_equal(p[1].ended, 1);
    assert_int_equal(p[1].censored, 1);
    assert_int_equal(survival_of(row, 2, 0, 5).median_ms, 2);
}

TEST(all_at_once_is_no_difference)
{
    struct lasted row[12];
    struct arena a = {};
    struct log_rank t;
    struct err err;

    for (uint32_t i = 0; i < 12; i++)
        row[i] = (struct lasted){.ms = 7, .group = i % 3, .ended = true};
    assert_true(log_rank(row, 12, 3, &a, &t, &err));
    assert_int_equal(t.degrees, 0);
    assert_true(t.p == 1 && t.chi_square == 0);
    assert_true(t.expected[0] == 4 && t.observed[2] == 4);
    arena_free(&a);
}

/* Two groups that are one, and a third: as if there were two. */
TEST(a_group_to_whom_it_could_not_happen_is_not_compared)
{
    struct lasted row[45];
    size_t n = freireich(row);
    struct arena a = {};
    struct log_rank t;
    struct err err;

    for (uint32_t i = 0; i < 3; i++)
        row[n++] = (struct lasted){.ms = 0, .group = 2};
    survival_sort(row, n);
    assert_true(log_rank(row, n, 3, &a, &t, &err));
    assert_int_equal(t.degrees, 1);
    near(t.chi_square, 16.7929, 5e-5);
    assert_true(t.expected[2] == 0);
    arena_free(&a);
}

static bool test_them(void *context, struct err *err)
{
    struct lasted *row = context;
    struct arena a = {};
    struct log_rank t;
    bool ok = log_rank(row, 42, 2, &a, &t, err);

    arena_free(&a);
    return ok;
}

TEST(a_test_reports_that_memory_ran_out)
{
    struct lasted row[42];

    freireich(row);
    each_oom(test_them, row);
}
