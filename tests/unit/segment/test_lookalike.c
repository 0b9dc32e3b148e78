#include "segment/lookalike.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#include "support/fail.h"
#include "support/unit.h"

enum { ROWS = 40 };

static int64_t value[2][ROWS];
static uint32_t code[2][ROWS];
static bool in[ROWS];

static struct crowd crowd_of(uint32_t n, uint32_t measures, uint32_t traits)
{
    return (struct crowd){.n = n,
                          .measure_n = measures,
                          .trait_n = traits,
                          .value = {value[0], value[1]},
                          .code = {code[0], code[1]},
                          .code_n = {4, 4}};
}

/* By hand: the values 1, 2, 3 have the ranks 1/6, 3/6 and 5/6, and a fourth has none. The first and
 * the third are members. */
TEST(a_distance_is_the_mean_of_those_to_each_member)
{
    const struct crowd c = crowd_of(4, 1, 1);
    struct lookalike l;
    struct arena a = {};
    struct err err;

    memcpy(value[0], (int64_t[]){1, 2, 3, CROWD_MISSING}, 4 * sizeof(int64_t));
    memcpy(code[0], (uint32_t[]){1, 1, 2, 1}, 4 * sizeof(uint32_t));
    memcpy(in, (bool[]){true, false, true, false}, 4);
    assert_true(lookalike_find(&c, in, &a, &l, &err));
    assert_int_equal(l.member_n, 2);
    assert_int_equal(l.part[0][0], 333333); /* (0 + 4/6) / 2 */
    assert_int_equal(l.part[0][1], 333333); /* (2/6 + 2/6) / 2 */
    assert_int_equal(l.part[0][3], 1000000);
    assert_int_equal(l.part[1][3], 500000);
    assert_int_equal(l.distance[1], 416667);
    assert_int_equal(l.distance[3], 750000);
    assert_int_equal(l.column[0].quartile[0], 1);
    assert_int_equal(l.column[0].quartile[2], 3);
    assert_int_equal(l.column[0].others, 666667); /* (333333 + 1000000) / 2, half up */
    assert_int_equal(l.column[1].code, 1);
    assert_int_equal(l.column[1].share, 1);
    arena_free(&a);
}

static void fill(struct random *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (int k = 0; k < 2; k++) {
            value[k][i] =
                random_below(r, 5) ? (int64_t)random_below(r, 6) - 3 : CROWD_MISSING;
            code[k][i] = (uint32_t)random_below(r, 4);
        }
        in[i] = random_below(r, 3) == 0;
    }
    in[0] = true;
    in[1] = false;
}

/* Twice its rank. */
static int64_t rank(const int64_t *of, uint32_t n, uint32_t i)
{
    int64_t out = 0;

    for (uint32_t k = 0; k < n; k++)
        if (of[k] != CROWD_MISSING)
            out += of[k] < of[i] ? 2 : of[k] == of[i];
    return out;
}

/* The slow, obvious twin: the mean over all members. */
static double apart(const int64_t *of, uint32_t n, uint32_t i)
{
    double sum = 0, members = 0, there = 0;

    for (uint32_t k = 0; k < n; k++)
        there += of[k] != CROWD_MISSING;
    for (uint32_t k = 0; k < n; k++) {
        if (!in[k])
            continue;
        members++;
        if ((of[i] == CROWD_MISSING) != (of[k] == CROWD_MISSING))
            sum++;
        else if (of[i] != CROWD_MISSING)
            sum += (double)llabs(rank(of, n, i) - rank(of, n, k)) / (2 * there);
    }
    return sum / members;
}

static double differs(const uint32_t *of, uint32_t n, uint32_t i)
{
    double sum = 0, members = 0;

    for (uint32_t k = 0; k < n; k++)
        if (in[k]) {
            members++;
            sum += of[k] != of[i];
        }
    return sum / members;
}

TEST(distances_are_those_of_a_twin_that_looks_at_all_pairs)
{
    struct random r = random_seeded(7);

    for (int round = 0; round < 300; round++) {
        uint32_t n = 2 + (uint32_t)random_below(&r, ROWS - 1);
        const struct crowd c = crowd_of(n, 2, 2);
        struct arena a = {};
        struct lookalike l;
        struct err err;

        fill(&r, n);
        assert_true(lookalike_find(&c, in, &a, &l, &err));
        for (uint32_t i = 0; i < n; i++) {
            double all = 0;

            for (int k = 0; k < 4; k++) {
                double want = k < 2 ? apart(value[k], n, i) : differs(code[k - 2], n, i);

                assert_true(l.part[k][i] - 1e6 * want < 0.51
                            && 1e6 * want - l.part[k][i] < 0.51);
                all += want / 4;
            }
            assert_true(l.distance[i] - 1e6 * all < 1.1
                        && 1e6 * all - l.distance[i] < 1.1);
        }
        arena_free(&a);
    }
}

TEST(there_are_members_and_others)
{
    const struct crowd c = crowd_of(2, 1, 0);
    struct arena a = {};
    struct lookalike l;
    struct err err;

    value[0][0] = value[0][1] = 1;
    in[0] = in[1] = false;
    assert_false(lookalike_find(&c, in, &a, &l, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "nobody"));
    in[0] = in[1] = true;
    assert_false(lookalike_find(&c, in, &a, &l, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "everybody"));
    arena_free(&a);
}

static bool find_once(void *context, struct err *err)
{
    struct arena a = {};
    struct lookalike l;
    bool ok = lookalike_find(context, in, &a, &l, err);

    arena_free(&a);
    return ok;
}

TEST(looking_for_who_is_alike_survives_the_lack_of_memory)
{
    struct crowd c = crowd_of(ROWS, 2, 2);
    struct random r = random_seeded(1);

    fill(&r, ROWS);
    each_oom(find_once, &c);
}
