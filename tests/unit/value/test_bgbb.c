#include "value/bgbb.h"

#include "support/fail.h"
#include "support/unit.h"

#include <math.h>

/* Who gave to a charity in 1995, in the six years after it: Fader, Hardie and Shang 2010; the counts
 * as CamDavidsonPilon/lifetimes has them (MIT License). */
static const struct bgbb_row donors[] = {
    {0, 0, 6, 3464}, {1, 1, 6, 1091}, {1, 2, 6, 277}, {1, 3, 6, 129}, {1, 4, 6, 78},
    {1, 5, 6, 119},  {1, 6, 6, 129},  {2, 2, 6, 613}, {2, 3, 6, 255}, {2, 4, 6, 155},
    {2, 5, 6, 173},  {2, 6, 6, 234},  {3, 3, 6, 322}, {3, 4, 6, 181}, {3, 5, 6, 225},
    {3, 6, 6, 357},  {4, 4, 6, 240},  {4, 5, 6, 284}, {4, 6, 6, 512}, {5, 5, 6, 335},
    {5, 6, 6, 728},  {6, 6, 6, 1203},
};
enum { DONORS = sizeof donors / sizeof *donors };
static const struct bgbb paper = {1.204, .750, .657, 2.783};

static double relative(double a, double b)
{
    return fabs(a - b) / fabs(b);
}

TEST(a1_to_a4_donors_of_the_paper)
{
    static const double optimum[] = {1.2035223516, .7497163582, .6567182084,
                                     2.7834422325};
    static const double error[] = {.069391, .029448, .051010, .320819};
    struct bgbb m;
    struct fit f;
    struct err err;

    assert_true(bgbb_fit(&m, donors, DONORS, NULL, &f, &err));
    assert_true(f.converged);
    assert_true(fabs(f.log_likelihood - -33225.581274347) < 1e-6);
    for (size_t i = 0; i < 4; i++) {
        assert_true(relative((&m.alpha)[i], optimum[i]) < 1e-5);
        assert_true(relative(f.error[i], error[i]) < 1e-3);
        assert_true(fabs((&m.alpha)[i] - (&paper.alpha)[i]) < .001);
    }
}

TEST(a6_each_donor_of_the_paper)
{
    static const struct {
        uint32_t x, last;
        double expected, alive, discounted;
    } known[] = {{6, 6, 3.7521, .9304, 5.9087}, {5, 6, 3.2313, .9304, 5.0885},
                 {1, 6, 1.1479, .9304, 1.8077}, {5, 5, 1.8126, .5219, 2.8544},
                 {4, 5, 2.0296, .6967, 3.1962}, {4, 4, .5830, .2001, .9181},
                 {2, 4, 1.0573, .5895, 1.6651}, {3, 3, .2235, .0950, .3520},
                 {1, 2, .3141, .2546, .4946},   {1, 1, .0856, .0694, .1349},
                 {0, 0, .0728, .1080, .1146}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct bgbb_row c = {known[i].x, known[i].last, 6, 1};

        assert_true(fabs(bgbb_expected(&paper, c, 5) - known[i].expected) < 6e-5);
        assert_true(fabs(bgbb_alive(&paper, c) - known[i].alive) < 6e-5);
        assert_true(fabs(bgbb_expected_discounted(&paper, c, .1) - known[i].discounted)
                    < 6e-5);
    }
}

TEST(a6_all_donors_together)
{
    struct bgbb m;
    struct fit f;
    struct err err;
    double sum = 0;

    assert_true(bgbb_fit(&m, donors, DONORS, NULL, &f, &err));
    for (size_t i = 0; i < DONORS; i++)
        sum += donors[i].customers * bgbb_expected(&m, donors[i], 5);
    assert_true(fabs(sum - 12884.2) < 0.1);
    assert_true(fabs(11104 * bgbb_expected(&m, (struct bgbb_row){}, 1) - 5535.833) < 0.1);
}

TEST(rows_that_cannot_be_are_refused)
{
    static const struct bgbb_row bad[] = {
        {3, 2, 6, 1},    {1, 7, 6, 1},  {0, 2, 6, 1}, {1, 0, 6, 1},
        {1, 1, 2000, 1}, {1, 1, 6, -1}, {0, 0, 6, 5}, /* nobody ever came */
    };
    struct bgbb m;
    struct fit f;
    struct err err;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(bgbb_fit(&m, &bad[i], 1, NULL, &f, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static bool fit_donors(void *context, struct err *err)
{
    struct bgbb m;
    struct fit f;

    (void)context;
    return bgbb_fit(&m, donors, DONORS, NULL, &f, err);
}

TEST(without_memory_it_says_so)
{
    each_oom(fit_donors, NULL);
}
