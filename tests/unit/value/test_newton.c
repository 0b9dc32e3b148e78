#include "value/newton.h"

#include "support/unit.h"
#include "value/quadrature.h"

#include <math.h>

/* The log-density of a gamma distribution of shape 3 and rate 2 at x, and of another at y. */
static void two_gammas(void *context, const double *at, struct slope *out)
{
    double x = at[0], y = at[1];

    (void)context;
    *out = (struct slope){.value = 2 * log(x) - 2 * x + 4 * log(y) - y,
                          .first = {2 / x - 2, 4 / y - 1},
                          .second = {{-2 / (x * x)}, {0, -4 / (y * y)}}};
}

TEST(it_finds_the_top_and_how_sharp_it_is)
{
    struct newton r = newton_maximum(two_gammas, NULL, (double[]){0.01, 300}, 2);

    assert_int_equal(r.end, NEWTON_FOUND);
    assert_true(fabs(r.at[0] - 1) < 1e-6 && fabs(r.at[1] - 4) < 1e-5);
    assert_true(fabs(r.error[0] - sqrt(0.5)) < 1e-6 && fabs(r.error[1] - 2) < 1e-5);
}

static void rises_for_ever(void *context, const double *at, struct slope *out)
{
    (void)context;
    *out = (struct slope){.value = -1 / at[0],
                          .first = {1 / (at[0] * at[0])},
                          .second = {{-2 / (at[0] * at[0] * at[0])}}};
}

static void is_no_number(void *context, const double *at, struct slope *out)
{
    (void)context;
    *out = (struct slope){.value = at[0] > 0 ? NAN : 0};
}

TEST(what_has_no_top_is_said_to_be_far)
{
    struct newton r = newton_maximum(rises_for_ever, NULL, (double[]){1}, 1);

    assert_int_equal(r.end, NEWTON_FAR);
    assert_true(isnan(r.error[0]));
    r = newton_maximum(is_no_number, NULL, (double[]){1}, 1);
    assert_int_equal(r.end, NEWTON_STUCK);
}

/* Two numbers that are held together sharply, and rise together for ever. */
static void ridge(void *context, const double *at, struct slope *out)
{
    double x = at[0], y = at[1], apart = log(x) - log(y),
           sharp = *(const double *)context;

    *out = (struct slope){
        .value = -sharp * apart * apart - 1 / x,
        .first = {-2 * sharp * apart / x + 1 / (x * x), 2 * sharp * apart / y},
        .second = {
            {2 * sharp * (apart - 1) / (x * x) - 2 / (x * x * x), 2 * sharp / (x * y)},
            {2 * sharp / (x * y), -2 * sharp * (apart + 1) / (y * y)}}};
}

/* The sharp side is bent, so that steps along it lead off it. */
static void bent_ridge(void *context, const double *at, struct slope *out)
{
    double x = at[0], y = at[1], off = y - x * x, sharp = *(const double *)context;

    *out = (struct slope){.value = -sharp * off * off - (1 - x) * (1 - x),
                          .first = {4 * sharp * off * x + 2 * (1 - x), -2 * sharp * off},
                          .second = {{4 * sharp * (off - 2 * x * x) - 2, 4 * sharp * x},
                                     {4 * sharp * x, -2 * sharp}}};
}

TEST(a_ridge_is_walked_along)
{
    double sharp = 1e6;
    struct newton r = newton_maximum(ridge, &sharp, (double[]){0.5, 4}, 2);

    assert_int_equal(r.end, NEWTON_FAR);
    assert_true(r.steps < 40);
    sharp = 100; /* Rosenbrock's valley, upside down */
    r = newton_maximum(bent_ridge, &sharp, (double[]){0.1, 3}, 2);
    assert_int_equal(r.end, NEWTON_FOUND);
    assert_true(fabs(r.at[0] - 1) < 1e-6 && fabs(r.at[1] - 1) < 1e-6);
    assert_true(r.steps < 100);
}

static double log_power(const void *context, double at)
{
    return -*(const double *)context * at;
}

static double steady(const void *context, double at)
{
    (void)at;
    return *(const double *)context;
}

TEST(integrals_of_what_falls)
{
    for (double rate = 1e-3; rate < 1e4; rate *= 10) {
        struct quadrature q = {
            .log_f = log_power, .decline = steady, .context = &rate, .from = 2, .to = 5};
        double exact = -2 * rate + log(-expm1(-3 * rate) / rate);

        assert_true(fabs(quadrature_log(q) - exact) < 1e-13 * (1 + fabs(exact)));
        q.to = INFINITY;
        assert_true(fabs(quadrature_log(q) - (-2 * rate - log(rate)))
                    < 1e-11 * (1 + 2 * rate));
        q.to = q.from;
        assert_true(quadrature_log(q) == -INFINITY);
    }
}
