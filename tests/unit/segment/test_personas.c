#include "segment/personas.h"

#include "base/random.h"

#include "support/fail.h"
#include "support/unit.h"

#include <math.h>
#include <string.h>

enum { ROWS = 60 };

static int64_t value[2][ROWS];
static uint32_t code[1][ROWS];

static struct crowd crowd_of(uint32_t n, uint32_t measures, uint32_t traits)
{
    return (struct crowd){.n = n,
                          .measure_n = measures,
                          .trait_n = traits,
                          .value = {value[0], value[1]},
                          .code = {code[0]},
                          .code_n = {3}};
}

/* The first ten have small values and the first code, twenty large ones and the second. */
static void two_kinds(void)
{
    for (uint32_t i = 0; i < 30; i++) {
        value[0][i] = i < 10 ? i : 1000 + i;
        value[1][i] = i < 10 ? 50 - i : -(int64_t)i;
        code[0][i] = i < 10 ? 1 : 2;
    }
}

TEST(two_kinds_of_customers_are_two_personas)
{
    const struct crowd c = crowd_of(30, 2, 1);
    struct personas p, again;
    struct arena a = {};
    struct err err;

    two_kinds();
    assert_true(personas_find(&c, 2, 1, &a, &p, &err));
    assert_true(p.persona[0].n == 20 && p.persona[1].n == 10);
    for (uint32_t i = 0; i < 30; i++)
        assert_int_equal(p.group[i], i < 10);
    assert_int_equal(p.persona[0].median[0], 1019);
    assert_int_equal(p.persona[1].median[0], 4);
    assert_int_equal(p.median[0], 1014);
    assert_int_equal(p.persona[0].code[0], 2);
    assert_true(p.persona[0].code_n[0] == 20 && p.persona[0].all_n[0] == 20);
    /* 0 and 1, 2 ... 9 of the range from 1 to 1028, without the fewest and most 5 %. */
    assert_true(fabs((double)p.persona[1].mean[0] - 1e6 * 36 / 1027 / 10) < 2);
    assert_true(p.silhouette > 500000);
    assert_true(personas_find(&c, 2, 1, &a, &again, &err));
    assert_memory_equal(p.group, again.group, 30);
    assert_int_equal(p.cost, again.cost);
    arena_free(&a);
}

TEST(gamma_is_half_of_the_mean_deviation)
{
    const struct crowd c = crowd_of(20, 1, 1);
    struct arena a = {};
    struct personas p;
    struct err err;

    for (uint32_t i = 0; i < 20; i++) {
        value[0][i] = i % 2 ? 90 : 10;
        code[0][i] = i < 10;
    }
    assert_true(personas_find(&c, 4, 1, &a, &p, &err));
    assert_int_equal(p.gamma, 250000); /* of 0 and 1, half each, the deviation is 1/2 */
    assert_int_equal(p.cost, 0);
    assert_int_equal(p.silhouette, 1000000);
    assert_true(personas_find(&c, 2, 1, &a, &p, &err));
    /* Apart by the number, they differ in the trait: half of them, by gamma. */
    assert_int_equal(p.cost, 125000);
    arena_free(&a);
}

static double scaled(uint32_t n, uint32_t i)
{
    double low = (double)value[0][(n - 1) / 20],
           high = (double)value[0][n - 1 - (n - 1) / 20];

    return 1e6 * fmin(1, fmax(0, ((double)value[0][i] - low) / (high - low)));
}

/* Everybody stands with the nearest centre, and each centre is the mean of its own. */
TEST(groups_are_those_of_their_centres)
{
    struct random r = random_seeded(3);

    for (int round = 0; round < 50; round++) {
        uint32_t n = 20 + (uint32_t)random_below(&r, ROWS - 20),
                 k = 2 + (uint32_t)random_below(&r, 4);
        const struct crowd c = crowd_of(n, 1, 0);
        struct arena a = {};
        struct personas p;
        struct err err;
        double sum[PERSONAS_MAX] = {};

        for (uint32_t i = 0; i < n; i++)
            value[0][i] = (int64_t)i * i + 1;
        assert_true(personas_find(&c, k, (uint64_t)round, &a, &p, &err));
        for (uint32_t i = 0; i < n; i++)
            sum[p.group[i]] += scaled(n, i);
        for (uint32_t g = 0; g < k; g++) {
            assert_true(p.persona[g].n > 0
                        && (!g || p.persona[g].n <= p.persona[g - 1].n));
            assert_true(fabs(sum[g] / p.persona[g].n - (double)p.persona[g].mean[0]) < 2);
        }
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t g = 0; g < k; g++) {
                double x = scaled(n, i),
                       own = fabs(x - (double)p.persona[p.group[i]].mean[0]);

                assert_true(own <= fabs(x - (double)p.persona[g].mean[0]) + 2);
            }
        arena_free(&a);
    }
}

TEST(who_lacks_a_value_is_with_others_who_do)
{
    const struct crowd c = crowd_of(20, 1, 0);
    struct arena a = {};
    struct personas p;
    struct err err;

    for (uint32_t i = 0; i < 20; i++)
        value[0][i] = i < 12 ? CROWD_MISSING : 500 + i % 2;
    assert_true(personas_find(&c, 2, 5, &a, &p, &err));
    assert_int_equal(p.persona[0].n, 12);
    assert_false(p.persona[0].there[0]);
    assert_true(p.persona[1].there[0]);
    arena_free(&a);
}

TEST(groups_need_as_many_different_customers)
{
    const struct crowd none = crowd_of(0, 1, 0), one = crowd_of(1, 1, 0),
                       same = crowd_of(20, 1, 0);
    struct arena a = {};
    struct personas p;
    struct err err;

    for (uint32_t i = 0; i < 20; i++)
        value[0][i] = 7;
    assert_false(personas_find(&none, 2, 1, &a, &p, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "no customers"));
    assert_false(personas_find(&one, 2, 1, &a, &p, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "different"));
    assert_false(personas_find(&same, 2, 1, &a, &p, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "different"));
    arena_free(&a);
}

static bool find_once(void *context, struct err *err)
{
    struct arena a = {};
    struct personas p;
    bool ok = personas_find(context, 2, 1, &a, &p, err);

    arena_free(&a);
    return ok;
}

TEST(making_personas_survives_the_lack_of_memory)
{
    struct crowd c = crowd_of(30, 2, 1);

    two_kinds();
    each_oom(find_once, &c);
}
