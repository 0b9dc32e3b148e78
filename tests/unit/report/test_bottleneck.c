#include "report/bottleneck.h"

#include "support/unit.h"

#define DAY 86400000

static void is(struct bottleneck got, enum bottleneck_reason reason, uint32_t stage,
               uint32_t like)
{
    assert_int_equal(got.reason, reason);
    assert_int_equal(got.stage, stage);
    assert_int_equal(got.like, like);
}

/* `hits` of `n` went on. */
static struct bottleneck_stage gone(uint64_t hits, uint64_t n)
{
    return (struct bottleneck_stage){.is_on_way = true, .gone = {hits, n}};
}

/* Half of them after so many days, surely between two others; -1: not reached. */
static struct bottleneck_stage slow(int days, int low, int high, int longest)
{
    return (struct bottleneck_stage){.is_on_way = true,
                                     .gone = {1, 2},
                                     .median_ms = days < 0 ? -1 : (int64_t)days * DAY,
                                     .low_ms = low < 0 ? -1 : (int64_t)low * DAY,
                                     .high_ms = high < 0 ? -1 : (int64_t)high * DAY,
                                     .longest_ms = (int64_t)longest * DAY};
}

TEST(a_share_that_is_lower_beyond_chance_is_the_bottleneck)
{
    struct bottleneck_stage s[] = {
        gone(500, 1000), gone(100, 1000), gone(300, 1000), {.gone = {0, 1000}}};

    is(bottleneck_by_share(s, 4), BOTTLENECK_FOUND, 1, BOTTLENECK_NONE);
    s[2] = gone(120, 1000);
    is(bottleneck_by_share(s, 4), BOTTLENECK_CHANCE, 1, 2);
    s[2] = gone(100, 1000);
    is(bottleneck_by_share(s, 4), BOTTLENECK_CHANCE, 1, 2);
    s[2] = gone(100000, 1000000); /* however sure one is, the same is not less */
    is(bottleneck_by_share(s, 4), BOTTLENECK_CHANCE, 1, 2);
}

/* Newcombe's bounds of 56/70 - 48/80 are 0.0524 and 0.3339 at 95 % (his table II); with ten stages each
 * has to hold at 99.5 %. */
TEST(more_stages_must_differ_more)
{
    struct bottleneck_stage s[10] = {gone(56, 70), gone(48, 80)};

    is(bottleneck_by_share(s, 2), BOTTLENECK_FOUND, 1, BOTTLENECK_NONE);
    for (int i = 2; i < 10; i++)
        s[i] = gone(100000, 100000);
    is(bottleneck_by_share(s, 10), BOTTLENECK_CHANCE, 1, 0);
}

TEST(there_must_be_something_to_set_beside_it)
{
    struct bottleneck_stage s[] = {gone(1, 10), gone(0, 0), {.gone = {3, 4}}};

    is(bottleneck_by_share(s, 3), BOTTLENECK_ALONE, 0, BOTTLENECK_NONE);
    is(bottleneck_by_time(s, 3), BOTTLENECK_ALONE, 0, BOTTLENECK_NONE);
    is(bottleneck_by_share(s + 1, 2), BOTTLENECK_NOBODY, BOTTLENECK_NONE,
       BOTTLENECK_NONE);
    is(bottleneck_by_time(s, 0), BOTTLENECK_NOBODY, BOTTLENECK_NONE, BOTTLENECK_NONE);
}

TEST(a_time_that_is_longer_beyond_chance_is_the_bottleneck)
{
    struct bottleneck_stage s[] = {slow(5, 4, 6, 90), slow(30, 20, 40, 90),
                                   slow(9, 8, 19, 90)};

    is(bottleneck_by_time(s, 3), BOTTLENECK_FOUND, 1, BOTTLENECK_NONE);
    s[2] = slow(9, 8, 20, 90);
    is(bottleneck_by_time(s, 3), BOTTLENECK_CHANCE, 1, 2);
    s[2] = slow(9, 8, -1, 90);
    is(bottleneck_by_time(s, 3), BOTTLENECK_UNKNOWN, 1, 2);
}

TEST(a_median_that_is_not_reached_is_the_longest)
{
    struct bottleneck_stage s[] = {slow(5, 4, 6, 90), slow(-1, -1, -1, 80),
                                   slow(60, 50, 70, 90)};

    is(bottleneck_by_time(s, 3), BOTTLENECK_FOUND, 1, BOTTLENECK_NONE);
    s[1].longest_ms = 70 * (int64_t)DAY;
    is(bottleneck_by_time(s, 3), BOTTLENECK_CHANCE, 1, 2);
    s[1].gone.hits = 0; /* how long it takes, nobody has shown */
    is(bottleneck_by_time(s, 3), BOTTLENECK_UNKNOWN, 1, 1);
}

TEST(each_reason_has_a_name)
{
    for (int r = 0; r < BOTTLENECK_REASONS_END; r++)
        assert_true(bottleneck_reason_name((enum bottleneck_reason)r).n > 0);
}
