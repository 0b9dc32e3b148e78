#include "report/credit.h"

#include "base/random.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

TEST(shares_are_in_proportion_and_the_last_has_what_is_left)
{
    uint64_t share[3];

    credit_share((const uint64_t[]){1, 1, 1}, 3, share);
    assert_int_equal(share[0], UINT64_C(333333333333333333));
    assert_int_equal(share[2], UINT64_C(333333333333333334));
    credit_share((const uint64_t[]){3, 1, 0}, 3, share);
    assert_int_equal(share[0], CREDIT_ONE / 4 * 3);
    assert_int_equal(share[1], CREDIT_ONE / 4);
    assert_int_equal(share[2], 0);
    credit_share((const uint64_t[]){UINT64_MAX, UINT64_MAX}, 2, share);
    assert_int_equal(share[0] + share[1], CREDIT_ONE);
}

TEST(a_value_is_shared_without_loss)
{
    static const int64_t value[] = {0, 1, -1, 1999, -1999, INT64_MAX, INT64_MIN};
    uint64_t weight[7], share[7];
    __int128 part[7];
    struct random r = chance();

    for (size_t k = 0; k < sizeof value / sizeof *value; k++)
        for (size_t round = 0; round < 100; round++) {
            __int128 sum = 0;

            for (size_t i = 0; i < 7; i++)
                weight[i] = random_below(&r, 4);
            weight[random_below(&r, 7)] += 1;
            credit_share(weight, 7, share);
            credit_share_value(value[k], share, 7, part);
            for (size_t i = 0; i < 7; i++)
                sum += part[i];
            assert_true(sum == (__int128)value[k] * CREDIT_VALUE_ONE);
        }
}

TEST(the_largest_remainders_get_what_rounding_leaves)
{
    __int128 out[4];
    struct err err;

    assert_true(credit_round((const __int128[]){25, 35, 40}, 3, 10, out, &err));
    assert_true(out[0] == 3 && out[1] == 3 && out[2] == 4);
    assert_true(credit_round((const __int128[]){-25, 5}, 2, 10, out, &err));
    assert_true(out[0] == -2 && out[1] == 0);
    assert_true(credit_round((const __int128[]){1, 1, 1, 7}, 4, 10, out, &err));
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == 1);
    assert_true(credit_round(NULL, 0, 10, out, &err));
}

static bool round_off([[maybe_unused]] void *context, struct err *err)
{
    __int128 out[2];

    return credit_round((const __int128[]){5, 5}, 2, 10, out, err);
}

TEST(rounding_survives_the_lack_of_memory)
{
    each_oom(round_off, NULL);
}
