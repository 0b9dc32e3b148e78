#include "value/lift.h"

#include "support/chance.h"
#include "support/unit.h"

#include <math.h>
#include <stdio.h>

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.12g is not %.12g", got, wanted);
}

/* R. C. Gosset's sleep data ("Student", Biometrika 6 (1908), 1-25), as R's manual prints Welch's
 * test of them. */
TEST(welch_of_hours_of_sleep)
{
    static const double a[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    static const double b[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct joint j[2] = {};
    struct welch w;

    for (size_t i = 0; i < 10; i++) {
        joint_add(&j[0], 0, a[i]);
        joint_add(&j[1], 0, b[i]);
    }
    w = welch_of(joint_sample(&j[0]), joint_sample(&j[1]));
    near(w.difference, -1.58, 1e-12);
    near(w.t, -1.8608, 5e-5);
    near(w.degrees, 17.776, 5e-4);
    near(w.p, .07939, 5e-6);
    near(w.low, -3.3654832, 5e-8);
    near(w.high, .2054832, 5e-8);
}

TEST(nothing_is_told_of_the_means_of_nobody)
{
    struct joint one = {}, none = {}, same = {};
    struct welch w;

    joint_add(&one, 0, 5);
    joint_add(&same, 0, 5);
    joint_add(&same, 0, 5);
    assert_true(isnan(welch_of(joint_sample(&one), joint_sample(&none)).difference));
    w = welch_of(joint_sample(&one), joint_sample(&same));
    assert_true(w.difference == 0 && isnan(w.p) && isnan(w.low));
    w = welch_of(joint_sample(&same), joint_sample(&same));
    assert_true(w.difference == 0 && isnan(w.p) && isnan(w.low));
    assert_true(isnan(always_means(joint_sample(&same), joint_sample(&same)).p));
    assert_true(isnan(always_shares(0, 0, 3, 4).p));
    assert_true(isnan(always_shares(0, 5, 0, 5).low));
}

/* The Physicians' Health Study: of 11,037 with aspirin 104 had an infarction, of 11,034 without it
 * 189; ratio .55, 95 % .433 to .698 (A. Agresti, Categorical Data Analysis, 2nd edition (2002),
 * 2.2 and 3.1, has its inverse, 1.43 to 2.30). */
TEST(the_ratio_of_the_physicians)
{
    struct ratio r = ratio_of(189, 11034, 104, 11037);

    near(r.ratio, 1.82, .005);
    near(r.low, 1.43, .005);
    near(r.high, 2.31, .005);
    r = ratio_of(10, 10, 10, 10);
    assert_true(r.ratio == 1 && r.low == 1 && r.high == 1);
    r = ratio_of(0, 10, 3, 10);
    assert_true(r.ratio == 0 && isnan(r.low) && isnan(r.high));
    assert_true(isnan(ratio_of(3, 10, 0, 10).ratio));
    assert_true(isnan(ratio_of(0, 0, 3, 10).ratio));
}

/* As a sum, term by term: E. Miller, "Formulas for Bayesian A/B Testing" (2015), equation 6. */
static double better_twin(uint64_t treated, uint64_t treated_n, uint64_t control,
                          uint64_t control_n)
{
    double a = 1 + (double)control, b = 1 + (double)(control_n - control), sum = 0;
    double other_a = 1 + (double)treated, other_b = 1 + (double)(treated_n - treated);

    for (double i = 0; i < other_a; i++)
        sum += exp(lgamma(a + i) + lgamma(b + other_b) - lgamma(a + i + b + other_b)
                   - log(other_b + i) - lgamma(1 + i) - lgamma(other_b)
                   + lgamma(1 + i + other_b) - lgamma(a) - lgamma(b) + lgamma(a + b));
    return sum;
}

TEST(the_probability_to_be_better_is_its_sum)
{
    struct random r = chance();

    near(better_of(0, 0, 0, 0), .5, 1e-12);
    near(better_of(0, 10, 0, 20), 21.0 / 32, 1e-12);
    near(better_of(7, 7, 0, 9), better_twin(7, 7, 0, 9), 1e-12);
    assert_true(better_of(1000000, 1000000, 0, 1000000) == 1);
    assert_true(better_of(0, 1000000, 1000000, 1000000) == 0);
    for (int i = 0; i < 400; i++) {
        uint64_t most = i % 2 ? 30 : 30000, n = random_below(&r, most),
                 m = random_below(&r, most);
        uint64_t a = random_below(&r, n + 1), b = random_below(&r, m + 1);

        near(better_of(a, n, b, m), better_twin(a, n, b, m), 1e-8);
        near(better_of(a, n, b, m) + better_of(b, m, a, n), 1, 1e-8);
    }
}

/* From the formula, by a second pass. */
TEST(cuped_is_what_a_line_leaves)
{
    static const double before[2][4] = {{1, 2, 3, 4}, {2, 2, 5, 9}};
    static const double after[2][4] = {{3, 5, 6, 9}, {4, 6, 11, 20}};
    double mean_before[2] = {}, mean_after[2] = {}, both = 0, square = 0, all = 0;
    struct joint j[2] = {};
    struct cuped c;

    for (int g = 0; g < 2; g++)
        for (int i = 0; i < 4; i++) {
            joint_add(&j[g], before[g][i], after[g][i]);
            mean_before[g] += before[g][i] / 4;
            mean_after[g] += after[g][i] / 4;
            all += before[g][i] / 8;
        }
    for (int g = 0; g < 2; g++)
        for (int i = 0; i < 4; i++) {
            double x = before[g][i] - mean_before[g];

            both += x * (after[g][i] - mean_after[g]);
            square += x * x;
        }
    c = cuped_of(j, 2);
    near(c.theta, both / square, 1e-12);
    for (uint32_t g = 0; g < 2; g++) {
        struct sample s = cuped_sample(j, 2, g, c);
        double mean = mean_after[g] - both / square * (mean_before[g] - all), squares = 0;

        for (int i = 0; i < 4; i++) {
            double y = after[g][i] - both / square * (before[g][i] - all) - mean;

            squares += y * y;
        }
        near(s.mean, mean, 1e-12);
        near(s.variance, squares / 3, 1e-12);
    }
    assert_true(cuped_of((struct joint[1]){}, 1).theta == 0);
}

/* R: power.prop.test(p1 = .50, p2 = .75, power = .90), n = 76.7; power.t.test(delta = 1, sd = 1,
 * power = .90), n = 22.02110, and with delta = .5 and power = .8 63.76561, from the noncentral t
 * distribution. */
TEST(sizes_of_samples_are_those_that_r_plans)
{
    near(plan_shares(.50, .75, .90), 76.7, .05);
    near(plan_shares(.05, .06, .8), 8158, .5);
    near(plan_means(1, 1, .90), 22.02110, .06);
    near(plan_means(1, .5, .8), 63.76561, .03);
    near(plan_share_change(.05, plan_shares(.05, .06, .8), .8), .01, 1e-9);
    near(plan_mean_change(40, plan_means(40, 5, .9), .9), 5, 1e-9);
    assert_true(isnan(plan_share_change(.5, 3, .8)));
    assert_true(isnan(plan_mean_change(1, .5, .8)));
}

/* --- looking again and again --- */

enum { LOOK_EVERY = 50, LOOK_UNTIL = 5000 };

static double uniform(struct random *r)
{
    return ((double)random_below(r, UINT64_C(1) << 53) + .5) / 0x1p53;
}

/* Money: most buy nothing, a few a lot. */
static double spent(struct random *r)
{
    return random_below(r, 10)
               ? 0
               : exp(2 + sqrt(-2 * log(uniform(r))) * cos(2 * M_PI * uniform(r)));
}

struct looked {
    bool always, always_money, once,
        once_money; /* that it ever seemed to be a difference */
};

static struct looked look_again_and_again(struct random *r, double share, double lift)
{
    uint64_t n[2] = {}, hits[2] = {};
    struct joint money[2] = {};
    struct looked l = {};

    for (int i = 1; i <= LOOK_UNTIL; i++) {
        int g = (int)random_below(r, 2);
        struct always a, m;
        double p[2], error;

        n[g]++;
        hits[g] += uniform(r) < share + g * lift;
        joint_add(&money[g], 0, spent(r) * (1 + g * lift * 20));
        if (i % LOOK_EVERY)
            continue;
        a = always_shares(hits[1], n[1], hits[0], n[0]);
        m = always_means(joint_sample(&money[1]), joint_sample(&money[0]));
        l.always |= a.p < .05;
        l.always_money |= m.p < .05;
        if (!isnan(a.p))
            assert_true((a.p < .05) == (a.low > 0 || a.high < 0));
        for (int k = 0; k < 2; k++)
            p[k] = (double)hits[k] / (double)n[k];
        error = sqrt(p[0] * (1 - p[0]) / (double)n[0] + p[1] * (1 - p[1]) / (double)n[1]);
        l.once |= i >= 200 && fabs(p[1] - p[0]) > 1.96 * error;
        l.once_money |=
            i >= 200
            && welch_of(joint_sample(&money[1]), joint_sample(&money[0])).p < .05;
    }
    return l;
}

/* No difference, and a look at every 50th customer: the usual test cries wolf in a third of all
 * experiments, the one that may be looked at always in no more than one of twenty. */
TEST(looking_again_and_again_keeps_the_rate_of_errors)
{
    struct random r = chance();
    size_t rounds = chance_rounds(600), always = 0, money = 0, once = 0, once_money = 0;
    double n = (double)rounds, most = .05 + 3 * sqrt(.05 * .95 / n);

    for (size_t i = 0; i < rounds; i++) {
        struct looked l = look_again_and_again(&r, .05, 0);

        always += l.always;
        money += l.always_money;
        once += l.once;
        once_money += l.once_money;
    }
    printf("# of %zu: always %zu, of money %zu; as if looked at once %zu, of money %zu\n",
           rounds, always, money, once, once_money);
    assert_true((double)always / n < most);
    assert_true((double)money / n < most);
    assert_true((double)once / n > .2 && (double)once_money / n > .2);
}

TEST(looking_again_and_again_still_finds_what_is_there)
{
    struct random r = chance();
    size_t rounds = chance_rounds(100), always = 0, money = 0;

    for (size_t i = 0; i < rounds; i++) {
        struct looked l = look_again_and_again(&r, .08, .05);

        always += l.always;
        money += l.always_money;
    }
    printf("# of %zu: shares %zu, money %zu\n", rounds, always, money);
    assert_true((double)always > .9 * (double)rounds);
    assert_true((double)money > .5 * (double)rounds);
}
