#include "api/bodies.h"
#include "support/unit.h"

static void send(struct bodies *all, struct body *b, size_t n, int64_t at_ms)
{
    static const char piece[1 << 16];

    for (; n >= sizeof piece; n -= sizeof piece)
        bodies_add(all, b, (str){piece, sizeof piece}, at_ms);
    if (n)
        bodies_add(all, b, (str){piece, n}, at_ms);
}

enum { HALF = BODIES_MAX / 2 };

TEST(a_body_is_held_until_its_end)
{
    struct bodies all = {};
    struct body b = {};

    send(&all, &b, 100000, 0);
    assert_int_equal(b.bytes.n, 100000);
    assert_true(all.held >= 100000 && all.held == b.held);
    bodies_whole(&all, &b);
    assert_true(bodies_hold(&all, &b, 300000, 0));
    assert_int_equal(all.held, 300000);
    bodies_end(&all, &b);
    bodies_end(&all, &b);
    assert_true(!all.held && !all.oldest && !all.newest);
}

TEST(what_finds_no_room_is_lost_and_the_others_stay)
{
    struct bodies all = {};
    struct body one = {}, two = {}, three = {};

    send(&all, &one, HALF, 0);
    send(&all, &two, HALF, 0);
    send(&all, &three, 1, BODIES_SLOW_MS - 1);
    assert_true(three.is_lost && !three.held && !one.is_lost && !two.is_lost);
    send(&all, &three, 1, BODIES_SLOW_MS - 1);
    assert_false(three.bytes.n);
    bodies_end(&all, &one);
    assert_int_equal(all.held, HALF);
    bodies_end(&all, &two);
    bodies_end(&all, &three);
}

TEST(who_sends_slowly_gives_way_the_first_before_others)
{
    struct bodies all = {};
    struct body one = {}, two = {}, three = {}, four = {};

    send(&all, &one, HALF, 0);
    send(&all, &two, HALF, 1);
    send(&all, &three, HALF, BODIES_SLOW_MS);
    assert_true(one.is_lost && !two.is_lost && three.bytes.n == HALF);
    bodies_whole(&all, &two);
    send(&all, &four, 1, BODIES_SLOW_MS + 9);
    assert_true(four.is_lost && !two.is_lost && !three.is_lost);
    assert_false(bodies_hold(&all, &two, HALF + 1, BODIES_SLOW_MS + 9));
    assert_int_equal(two.held, HALF);
    assert_true(bodies_hold(&all, &two, HALF + 1, 3 * BODIES_SLOW_MS));
    assert_true(three.is_lost);
    bodies_end(&all, &one);
    bodies_end(&all, &two);
    bodies_end(&all, &three);
    bodies_end(&all, &four);
    assert_int_equal(all.held, 0);
}

TEST(who_is_alone_does_not_give_way_to_himself)
{
    struct bodies all = {};
    struct body b = {};

    send(&all, &b, BODIES_MAX, 0);
    assert_false(b.is_lost);
    send(&all, &b, 1, 2 * BODIES_SLOW_MS);
    assert_true(b.is_lost && !all.held);
    bodies_end(&all, &b);
}
