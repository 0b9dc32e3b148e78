#include "report/share.h"

#include "support/unit.h"

#include <math.h>

/* Worked numbers: R. G. Newcombe, "Two-sided confidence intervals for the single proportion",
 * Statistics in Medicine 17 (1998), table I, method 3. */
TEST(intervals_are_those_of_wilson)
{
    static const struct {
        struct share share;
        double low, high;
    } known[] = {
        {{81, 263}, 0.2553, 0.3662},
        {{15, 148}, 0.0624, 0.1605},
        {{0, 20}, 0.0000, 0.1611},
        {{1, 29}, 0.0061, 0.1718},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high;

        share_interval(known[i].share, &low, &high);
        assert_true(fabs(low - known[i].low) < 0.00005);
        assert_true(fabs(high - known[i].high) < 0.00005);
    }
}

/* The same, to more digits. */
TEST(a12_intervals_of_wilson)
{
    static const struct {
        struct share share;
        double low, high;
    } known[] = {{{81, 263}, .25528852, .36620958},
                 {{45, 50}, .78639769, .95652424},
                 {{0, 20}, 0, .16112516},
                 {{9, 10}, .59584997, .98212379}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high;

        share_interval(known[i].share, &low, &high);
        assert_true(fabs(low - known[i].low) < 5.1e-9);
        assert_true(fabs(high - known[i].high) < 5.1e-9);
    }
}

/* Table II of the paper of 1998, method 10. */
TEST(differences_have_the_intervals_that_were_published)
{
    static const struct {
        struct share a, b;
        double low, high;
    } known[] = {
        {{56, 70}, {48, 80}, 0.0524, 0.3339}, {{9, 10}, {3, 10}, 0.1705, 0.8090},
        {{6, 7}, {2, 7}, 0.0582, 0.8062},     {{5, 56}, {0, 29}, -0.0381, 0.1926},
        {{0, 10}, {0, 20}, -0.1611, 0.2775},  {{0, 10}, {0, 10}, -0.2775, 0.2775},
        {{10, 10}, {0, 20}, 0.6791, 1.0000},  {{10, 10}, {0, 10}, 0.6075, 1.0000},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high, other_low, other_high;

        share_difference(known[i].a, known[i].b, &low, &high);
        share_difference(known[i].b, known[i].a, &other_low, &other_high);
        assert_true(fabs(low - known[i].low) < 0.00005);
        assert_true(fabs(high - known[i].high) < 0.00005);
        assert_true(fabs(low + other_high) < 1e-12 && fabs(high + other_low) < 1e-12);
    }
}

TEST(of_none_nothing_is_known_of_a_difference)
{
    double low, high;

    share_difference((struct share){0, 0}, (struct share){3, 4}, &low, &high);
    assert_true(low == -1 && high == 1);
    share_difference((struct share){3, 4}, (struct share){0, 0}, &low, &high);
    assert_true(low == -1 && high == 1);
}

/* The chance of `hits` of n. */
static double chance(unsigned hits, unsigned n, double p)
{
    double c = 1;

    for (unsigned i = 0; i < hits; i++)
        c *= (double)(n - i) / (i + 1) * p;
    return c * pow(1 - p, n - hits);
}

/* How often the interval holds the true difference, summed over all that may come. */
static double coverage(unsigned m, unsigned n, double p, double q)
{
    double sum = 0;

    for (unsigned i = 0; i <= m; i++)
        for (unsigned k = 0; k <= n; k++) {
            double low, high;

            share_difference((struct share){i, m}, (struct share){k, n}, &low, &high);
            if (low <= p - q && p - q <= high)
                sum += chance(i, m, p) * chance(k, n, q);
        }
    return sum;
}

TEST(ninety_five_of_a_hundred_intervals_hold_the_true_difference)
{
    double sum = 0, least = 1;
    unsigned n = 0;

    for (double p = 0.05; p < 1; p += 0.1)
        for (double q = 0.03; q < 1; q += 0.1, n++) {
            double c = coverage(20, 30, p, q);

            sum += c;
            least = c < least ? c : least;
        }
    assert_true(fabs(sum / n - 0.95) < 0.015);
    assert_true(least > 0.9);
}
