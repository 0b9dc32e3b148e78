#include "value/chance.h"

#include "support/unit.h"

#include <math.h>

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.15g is not %.15g", got, wanted);
}

/* Forty digits of mpmath, rounded. */
TEST(distributions_have_their_known_values)
{
    near(normal_at(.975), 1.959963984540054, 1e-14);
    near(normal_at(.8), .8416212335729143, 1e-14);
    near(normal_at(1e-12), -7.034483825301132, 1e-9);
    near(normal_below(-8), 6.220960574271785e-16, 1e-28);
    near(student_beyond(2.5, 7.3), .0396502346656005, 1e-14);
    near(student_within(.95, 10), 2.228138851986275, 1e-11);
    near(student_within(.95, 1e6), 1.9599663568, 1e-8);
    near(student_beyond(1, 1), .5, 1e-14);
    near(beta_below(.3, 2, 3), .3483, 1e-14); /* 6 x^2 - 8 x^3 + 3 x^4 */
    assert_true(beta_below(0, 1, 2) == 0 && beta_below(1, 1, 2) == 1);
}

/* What is below x and what is above are all, for long and for short fractions. */
TEST(both_sides_of_the_beta_distribution_are_one)
{
    static const double shape[] = {.5, 1, 2.5, 30, 4000, 900000};

    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++)
            for (double off = -3; off <= 3; off += .5) {
                double a = shape[i], b = shape[k], n = a + b;
                double x = a / n + off * sqrt(a * b / (n * n * (n + 1)));

                if (x > 0 && x < 1)
                    near(beta_below(x, a, b) + beta_below(1 - x, b, a), 1, 1e-9);
            }
}

/* 81 of 263, 9 of 10: the limits of Clopper and Pearson and of Jeffreys are places of beta
 * distributions. */
TEST(a12_the_limits_of_clopper_pearson_and_jeffreys)
{
    near(beta_below(.25273675, 81, 183), .025, 1e-7);
    near(beta_below(.36762192, 82, 182), .975, 1e-7);
    near(beta_below(.25452194, 81.5, 182.5), .025, 1e-7);
    near(beta_below(.36564750, 81.5, 182.5), .975, 1e-7);
    near(beta_below(.55498388, 9, 2), .025, 1e-8);
    near(beta_below(.99747142, 10, 1), .975, 1e-7);
}
