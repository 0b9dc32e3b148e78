#include "base/radix.h"

#include "base/mem.h"
#include "support/chance.h"
#include "support/unit.h"

enum { ROWS_MAX = 5000 };

struct row {
    int64_t key;
    uint32_t number, check; /* of the key, so that a row stays whole */
};

static uint32_t check_of(const struct row *r)
{
    return (uint32_t)((uint64_t)r->key * UINT64_C(0x9E3779B97F4A7C15) >> 40) ^ r->number;
}

static void need_order(struct random *r, size_t n, unsigned bits)
{
    struct row *row = mem_alloc((n + 1) * sizeof *row);
    uint64_t sum = 0, after = 0;

    assert_non_null(row);
    for (size_t i = 0; i < n; i++) {
        row[i].key = (int64_t)(bits ? random_next(r) >> (64 - bits) : 0)
                     - (random_below(r, 2) ? 0 : INT64_C(1) << 40);
        row[i].number = (uint32_t)i;
        row[i].check = check_of(&row[i]);
        sum += i;
    }
    radix_sort(row, n, sizeof *row);
    for (size_t i = 0; i < n; i++) {
        assert_true(!i || row[i - 1].key <= row[i].key);
        assert_int_equal(row[i].check, check_of(&row[i]));
        after += row[i].number;
    }
    assert_true(sum == after);
    mem_free(row);
}

TEST(rows_stand_in_order_and_are_whole)
{
    struct random r = chance();

    for (unsigned bits = 0; bits <= 64; bits++)
        need_order(&r, (size_t)random_below(&r, ROWS_MAX), bits);
    need_order(&r, 0, 0);
    need_order(&r, 1, 64);
    need_order(&r, ROWS_MAX, 0);
}

static bool refuse(size_t bytes, void *context)
{
    (void)bytes;
    (void)context;
    return false;
}

TEST(without_memory_they_are_put_in_order_too)
{
    int64_t number[1000];

    for (int i = 0; i < 1000; i++)
        number[i] = i * INT64_C(7919) % 1000 - 500;
    mem_set_hook(refuse, NULL);
    radix_sort(number, 1000, sizeof *number);
    mem_set_hook(NULL, NULL);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(number[i], i - 500);
}

struct pair {
    int64_t key;
    int second;
};

static int by_second(const void *a, const void *b, void *context)
{
    const struct pair *l = a, *r = b;

    return *(int *)context * (l->second - r->second);
}

TEST(ties_are_put_in_order_by_what_else_they_have)
{
    struct pair row[1000];
    int turned = -1;

    for (int i = 0; i < 1000; i++)
        row[i] = (struct pair){i * 7919 % 13, i * 6007 % 1000};
    radix_sort_then(row, 1000, sizeof *row, by_second, &turned);
    for (int i = 1; i < 1000; i++)
        assert_true(
            row[i - 1].key < row[i].key
            || (row[i - 1].key == row[i].key && row[i - 1].second > row[i].second));
}
