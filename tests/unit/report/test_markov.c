#include "report/markov.h"

#include "base/mem.h"
#include "support/fail.h"
#include "support/unit.h"

#include <math.h>

enum { ONE, TWO, THREE };

static void walk(struct markov *m, uint32_t from, uint32_t to, uint64_t times)
{
    *markov_step(m, from, to) += times;
}

/* To start: one 3/6, two 2/6, three 1/6. From one: two 2/4, nothing 2/4. From two: three 1/4, one
 * 1/4, conversion 2/4. From three: conversion 1/2, nothing 1/2. */
static bool find(void *effect, struct err *err)
{
    static const uint32_t order[] = {ONE, TWO, THREE};
    struct markov m = {};
    bool ok = markov_need(&m, 3, err);

    if (ok) {
        walk(&m, MARKOV_START, 2 + ONE, 3);
        walk(&m, MARKOV_START, 2 + TWO, 2);
        walk(&m, MARKOV_START, 2 + THREE, 1);
        walk(&m, 1 + ONE, 2 + TWO, 2);
        walk(&m, 1 + ONE, MARKOV_NOTHING, 2);
        walk(&m, 1 + TWO, 2 + THREE, 1);
        walk(&m, 1 + TWO, 2 + ONE, 1);
        walk(&m, 1 + TWO, MARKOV_CONVERSION, 2);
        walk(&m, 1 + THREE, MARKOV_CONVERSION, 1);
        walk(&m, 1 + THREE, MARKOV_NOTHING, 1);
        walk(&m, 1 + THREE, 2 + THREE, 70); /* who stays goes nowhere else by that */
        ok = markov_need(&m, 40, err) && markov_effects(&m, order, 3, effect, err);
    }
    markov_free(&m);
    return ok;
}

TEST(a_sources_effect_is_what_its_removal_takes)
{
    /* By hand: h1 = h2 / 2, h2 = h3 / 4 + h1 / 4 + 1/2, h3 = 1/2, so h2 = 5/7, h1 = 5/14, and
     * all in all 3/6 * 5/14 + 2/6 * 5/7 + 1/6 * 1/2 = 1/2. Without one: h2 = 5/8, in all 7/24.
     * Without two: 1/12. Without three: h2 = 4/7, h1 = 2/7, in all 1/3. */
    double effect[3];
    struct err err;

    assert_true(find(effect, &err));
    assert_true(fabs(effect[ONE] - 5 / 12.0) < 1e-15);
    assert_true(fabs(effect[TWO] - 5 / 6.0) < 1e-15);
    assert_true(fabs(effect[THREE] - 1 / 3.0) < 1e-15);
}

TEST(a_chain_without_a_conversion_has_no_effects)
{
    struct markov m = {};
    double effect[1] = {7};
    struct err err;

    assert_true(markov_need(&m, 1, &err));
    assert_true(markov_effects(&m, (const uint32_t[]){0}, 0, effect, &err));
    walk(&m, MARKOV_START, 2, 5);
    walk(&m, 1 + ONE, MARKOV_NOTHING, 5);
    assert_true(markov_effects(&m, (const uint32_t[]){0}, 1, effect, &err));
    assert_true(effect[0] == 0);
    markov_free(&m);
}

TEST(too_many_sources_turn_the_chain_off)
{
    struct markov m = {};
    struct err err;

    assert_true(markov_need(&m, MARKOV_MAX, &err));
    assert_false(m.is_off);
    assert_true(markov_need(&m, MARKOV_MAX + 1, &err));
    assert_true(m.is_off && !m.step);
    assert_true(markov_need(&m, 1, &err));
    assert_true(m.is_off);
}

TEST(a_chain_survives_the_lack_of_memory)
{
    double effect[3];

    each_oom(find, effect);
}
