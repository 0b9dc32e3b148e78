#include "base/random.h"
#include "support/unit.h"

#include <string.h>

TEST(the_same_seed_gives_the_same_chance)
{
    struct random a = random_seeded(42), b = random_seeded(42), c = random_seeded(43);
    bool differs = false;

    for (int i = 0; i < 100; i++) {
        uint64_t x = random_next(&a);

        assert_true(x == random_next(&b));
        differs |= x != random_next(&c);
    }
    assert_true(differs);
}

TEST(random_below_is_even)
{
    struct random r = random_seeded(1);
    int count[7] = {0};

    for (int i = 0; i < 70000; i++)
        count[random_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(count[i], 9500, 10500);
    for (int i = 0; i < 100; i++) {
        assert_true(random_below(&r, 1) == 0);
        assert_true(random_below(&r, UINT64_MAX) < UINT64_MAX);
    }
}

TEST(secrets_differ)
{
    unsigned char a[32] = {0}, b[32] = {0};

    assert_true(random_secret(a, sizeof a));
    assert_true(random_secret(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(random_secret(a, 0));
}
