#include "base/work.h"
#include "support/unit.h"

#include <stdatomic.h>
#include <string.h>

enum { MANY = 1000, AHEAD = 3 };

struct tally {
    _Atomic unsigned runs[MANY];
    _Atomic uint32_t place[AHEAD]; /* the number whose run stands there, and 1 */
    uint32_t taken, end;
    bool in_order;
};

static void run(void *context, uint32_t i)
{
    struct tally *t = context;

    atomic_fetch_add(&t->runs[i], 1);
    if (atomic_exchange(&t->place[i % AHEAD], i + 1))
        t->in_order = false;
}

static bool take(void *context, uint32_t i)
{
    struct tally *t = context;

    t->in_order &= i == t->taken++;
    t->in_order &= atomic_exchange(&t->place[i % AHEAD], 0) == i + 1;
    return t->taken < t->end;
}

TEST(each_piece_of_work_is_done_once)
{
    for (unsigned threads = 1; threads < 5; threads++) {
        struct tally t = {};

        work_run(AHEAD, threads, run, &t);
        for (uint32_t i = 0; i < AHEAD; i++)
            assert_int_equal(t.runs[i], 1);
    }
}

TEST(work_is_taken_in_order_and_not_far_behind_its_run)
{
    for (unsigned threads = 1; threads < 5; threads++) {
        struct tally t = {.end = MANY + 1, .in_order = true};

        assert_true(work_in_order(MANY, threads, AHEAD, run, take, &t));
        assert_true(t.in_order && t.taken == MANY);
        for (uint32_t i = 0; i < MANY; i++)
            assert_int_equal(t.runs[i], 1);
    }
    assert_true(work_in_order(0, 2, AHEAD, run, take, NULL));
}

TEST(work_ends_with_the_first_that_is_not_taken)
{
    for (unsigned threads = 1; threads < 5; threads++) {
        struct tally t = {.end = 7, .in_order = true};

        assert_false(work_in_order(MANY, threads, AHEAD, run, take, &t));
        assert_int_equal(t.taken, 7);
        for (uint32_t i = 6 + AHEAD; i < MANY; i++)
            assert_int_equal(t.runs[i], 0);
    }
}
