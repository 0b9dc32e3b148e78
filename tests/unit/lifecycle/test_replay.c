#include "unit/lifecycle/life.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char shop[] =
    "start: reach\n"
    "stages: { reach: , conversion: , retention: , at_risk: , lapsed: "
    "{ end: true }, reactivated: }\n"
    "moves:\n"
    "  - { from: reach, to: conversion, when: exists(purchase) }\n"
    "  - { from: conversion, to: retention, when: count(purchase) >= 2 }\n"
    "  - from: [conversion, retention, reactivated]\n"
    "    to: at_risk\n"
    "    when: since(purchase) >= 90d\n"
    "  - { from: at_risk, to: lapsed, when: since(purchase) >= 180d }\n"
    "  - { from: [at_risk, lapsed], to: reactivated, when: "
    "since(purchase) < 90d }\n";

TEST(a_customer_enters_start_at_his_first_instant_and_is_asked_at_once)
{
    static const struct did did[] = {{"2011-01-18T10:01:00Z", "purchase", NULL}};

    LIFE_IS("UTC", shop, did, "2011-01-18T10:01:00Z", 0,
            "2011-01-18T10:01:00.000Z reach\n"
            "2011-01-18T10:01:00.000Z conversion (0)\n");
}

TEST(before_his_first_instant_a_customer_is_in_no_stage)
{
    static const struct did did[] = {{"2011-01-18T10:01:00Z", "purchase", NULL}};

    LIFE_IS("UTC", shop, did, "2011-01-18T10:00:59.999Z", 0, "");
}

TEST(an_identify_brings_a_customer_in)
{
    static const struct did did[] = {{"2011-01-18", "identify", "plan=basic"}};

    LIFE_IS("UTC", shop, did, "2012-01-18", 0, "2011-01-18T00:00:00.000Z reach\n");
}

TEST(events_of_one_moment_are_seen_together)
{
    static const struct did did[] = {
        {"2011-01-01", "visit", NULL},
        {"2011-01-02T12:00:00.001Z", "purchase", NULL},
        {"2011-01-02T12:00:00.001Z", "purchase", NULL},
    };

    LIFE_IS("UTC", shop, did, "2011-01-03", 0,
            "2011-01-01T00:00:00.000Z reach\n"
            "2011-01-02T12:00:00.001Z conversion (0)\n"
            "2011-01-02T12:00:00.001Z retention (1)\n");
}

TEST(time_alone_moves_a_customer_to_the_millisecond_and_round_again)
{
    static const struct did did[] = {
        {"2011-01-01T00:00:00.007Z", "purchase", NULL},
        {"2011-08-01", "purchase", NULL},
        {"2011-10-30", "purchase", NULL},
    };

    LIFE_IS(
        "UTC", shop, did, "2013-01-01", 0,
        "2011-01-01T00:00:00.007Z reach\n"
        "2011-01-01T00:00:00.007Z conversion (0)\n"
        "2011-04-01T00:00:00.007Z at_risk (2)\n"
        "2011-06-30T00:00:00.007Z lapsed (3)\n"
        "2011-08-01T00:00:00.000Z reactivated (4)\n"
        /* 90 days later to the millisecond he buys: that instant sees the purchase. */
        "2012-01-28T00:00:00.000Z at_risk (2)\n"
        "2012-04-27T00:00:00.000Z lapsed (3)\n");
}

TEST(a_history_ends_where_it_is_told_to_and_says_what_comes_next)
{
    static const struct did did[] = {
        {"2011-01-01", "purchase", NULL},
        {"2011-03-01", "visit", NULL},
    };
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC", shop, did, 2, &err));
    assert_true(life_replay(&l, "2010-12-31", &err));
    assert_int_equal(l.moves.n, 0);
    assert_int_equal(l.next_ms, life_moment(&l, "2011-01-01"));

    /* The visit that is still to come moves nobody. */
    assert_true(life_replay(&l, "2011-02-28", &err));
    assert_int_equal(l.moves.n, 2);
    assert_int_equal(l.next_ms, life_moment(&l, "2011-04-01"));

    l.moves.n = 0;
    assert_true(life_replay(&l, "2011-03-31T23:59:59.999Z", &err));
    assert_int_equal(l.moves.n, 2);
    assert_int_equal(l.next_ms, life_moment(&l, "2011-04-01"));

    /* Customers follow one another. */
    assert_true(life_replay(&l, "2011-06-30", &err));
    assert_int_equal(l.moves.n, 2 + 4);
    assert_int_equal(l.moves.move[2].from, STAGE_NONE);
    assert_int_equal(l.next_ms, MOMENT_NEVER);
    life_close(&l);
}

TEST(a_customer_without_events_has_no_history)
{
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC", shop, NULL, 0, &err));
    assert_true(
        chunk_build(&l.catalog, NULL, 0,
                    &(struct event){.customer = STR("anna"), .type = STR("identify")}, 0,
                    &l.chunk, &err));
    l.timeline = (struct timeline){.chunk = l.chunk};
    assert_true(life_replay(&l, "2011-06-30", &err));
    assert_int_equal(l.moves.n, 0);
    assert_int_equal(l.next_ms, MOMENT_NEVER);
    life_close(&l);
}

TEST(ways_are_asked_in_the_order_of_the_text)
{
    static const struct did did[] = {{"2011-01-01", "a", NULL}};

    LIFE_IS("UTC",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: s, to: t, when: exists(b) }\n"
            "  - { from: s, to: u, when: exists(a) }\n"
            "  - { from: s, to: t, when: exists(any) }\n",
            did, "2012-01-01", 0,
            "2011-01-01T00:00:00.000Z s\n"
            "2011-01-01T00:00:00.000Z u (1)\n");
}

TEST(from_any_leads_out_of_end_stages_too_but_not_out_of_its_own_target)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-02-01", "b", NULL},
        {"2011-03-01", "c", NULL},
        {"2011-04-01", "c", NULL},
    };

    LIFE_IS("UTC",
            "stages: { s: , gone: { end: true }, back: }\n"
            "moves:\n"
            "  - { from: s, to: gone, when: exists(b) }\n"
            "  - { from: any, to: back, when: exists(c) }\n",
            did, "2012-01-01", 0,
            "2011-01-01T00:00:00.000Z s\n"
            "2011-02-01T00:00:00.000Z gone (0)\n"
            "2011-03-01T00:00:00.000Z back (1)\n");
}

TEST(rules_see_the_stage_as_it_stands_after_the_moves_of_the_instant)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-05", "b", NULL},
        {"2011-01-06", "b", NULL},
    };

    LIFE_IS(
        "UTC",
        "stages: { s: , t: , u: , v: }\n"
        "moves:\n"
        "  - { from: s, to: t, when: \"exists(b, stage) and time_in_stage >= 4d\" }\n"
        "  - { from: t, to: u, when: \"previous_stage = 's' and time_in_stage < 1s\" }\n"
        "  - { from: u, to: s, when: \"previous_stage = 't' and time_in_stage >= 1d\" }\n"
        "  - { from: s, to: v, when: \"times_in('s') = 2 and times_in('v') = 0\" }\n",
        did, "2012-01-01", 0,
        "2011-01-01T00:00:00.000Z s\n"
        "2011-01-05T00:00:00.000Z t (0)\n"
        "2011-01-05T00:00:00.000Z u (1)\n"
        "2011-01-06T00:00:00.000Z s (2)\n"
        "2011-01-06T00:00:00.000Z v (3)\n");
}

TEST(the_time_in_a_stage_passes_on_the_clock_of_the_zone)
{
    static const struct did did[] = {
        /* The night of 27 March 2011 has no 2:30 in Rome: a month after 27 February 2:30 is
         * the end of the gap. */
        {"2011-02-27T02:30:00", "a", NULL},
    };

    LIFE_IS("Europe/Rome",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: s, to: t, when: time_in_stage >= 1mo }\n"
            "  - { from: t, to: u, when: time_in_stage > 1d }\n",
            did, "2012-01-01", 0,
            "2011-02-27T01:30:00.000Z s\n"
            "2011-03-27T01:00:00.000Z t (0)\n"
            "2011-03-28T01:00:00.001Z u (1)\n");
}

/* --- loops --- */

TEST(moves_that_undo_one_another_are_not_made)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-02", "b", NULL},
        {"2011-01-09", "c", NULL},
    };
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC",
                          "stages: { s: , t: , u: }\n"
                          "moves:\n"
                          "  - { from: s, to: t, when: exists(b) }\n"
                          "  - { from: t, to: s, when: exists(b) }\n"
                          "  - { from: s, to: u, when: time_in_stage >= 10d }\n",
                          did, 3, &err));
    assert_true(life_replay(&l, "2012-01-01", &err));
    /* The way to u is never asked: the one before it is true, and undone. */
    assert_string_equal(life_history(&l), "2011-01-01T00:00:00.000Z s\n");
    assert_int_equal(l.moves.loop_n, 1);
    assert_int_equal(l.moves.loop[0].at_ms, life_moment(&l, "2011-01-02"));
    assert_int_equal(l.moves.loop[0].customer, 0);
    assert_int_equal(l.moves.loop[0].way_n, 2);
    assert_int_equal(l.moves.loop[0].way[0], 0);
    assert_int_equal(l.moves.loop[0].way[1], 1);
    assert_true(l.moves.loop[0].times >= 2);
    life_close(&l);
}

TEST(after_a_loop_a_customer_keeps_his_earlier_entry_time)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-02", "b", NULL},
    };

    LIFE_IS("UTC",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: s, to: t, when: \"exists(b, 1d)\" }\n"
            "  - { from: t, to: s, when: \"exists(b, 1d)\" }\n"
            "  - { from: s, to: u, when: time_in_stage >= 10d }\n",
            did, "2012-01-01", 1,
            "2011-01-01T00:00:00.000Z s\n"
            "2011-01-11T00:00:00.000Z u (2)\n");
}

TEST(a_loop_undoes_only_the_moves_since_its_stage_was_reached)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-02", "b", NULL},
    };

    LIFE_IS(
        "UTC",
        "stages: { s: , t: , u: , v: }\n"
        "moves:\n"
        "  - { from: s, to: t, when: exists(b) }\n"
        "  - { from: t, to: u, when: \"exists(b, 5d)\" }\n"
        "  - { from: u, to: v, when: \"exists(b, 5d)\" }\n"
        "  - { from: v, to: t, when: \"exists(b, 5d)\" }\n"
        "  - { from: t, to: v, when: \"time_in_stage >= 5d and times_in('v') = 0\" }\n",
        did, "2012-01-01", 1,
        "2011-01-01T00:00:00.000Z s\n"
        "2011-01-02T00:00:00.000Z t (0)\n"
        "2011-01-07T00:00:00.000Z v (4)\n");
}

TEST(a_loop_back_to_the_stage_before_the_instant_undoes_all)
{
    static const struct did did[] = {{"2011-01-01", "a", NULL}};

    LIFE_IS("UTC",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: [s, t], to: u, when: time_in_stage >= 1d }\n"
            "  - { from: u, to: t, when: exists(a) }\n"
            "  - { from: t, to: s, when: exists(a) }\n",
            did, "2011-01-01T23:00:00Z", 0, "2011-01-01T00:00:00.000Z s\n");
    LIFE_IS("UTC",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: s, to: u, when: time_in_stage >= 1d }\n"
            "  - { from: u, to: t, when: exists(a) }\n"
            "  - { from: t, to: s, when: exists(a) }\n",
            did, "2012-01-01", 1, "2011-01-01T00:00:00.000Z s\n");
}

TEST(a_ring_of_moves_is_one_loop_wherever_it_is_entered)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-02", "b", NULL},
        {"2011-01-05", "c", NULL},
        {"2011-01-06", "b", NULL},
    };
    struct life l;
    struct err err;

    /* Out of p he enters the ring s, t, u at t; out of q at s. */
    assert_true(life_open(&l, "UTC",
                          "start: p\n"
                          "stages: { p: , q: , s: , t: , u: }\n"
                          "moves:\n"
                          "  - { from: s, to: t, when: \"exists(b, 1d)\" }\n"
                          "  - { from: t, to: u, when: \"exists(b, 1d)\" }\n"
                          "  - { from: u, to: s, when: \"exists(b, 1d)\" }\n"
                          "  - { from: p, to: t, when: exists(b) }\n"
                          "  - { from: t, to: q, when: exists(c) }\n"
                          "  - { from: q, to: s, when: \"exists(b, 1d)\" }\n",
                          did, 4, &err));
    assert_true(life_replay(&l, "2012-01-01", &err));
    assert_string_equal(life_history(&l), "2011-01-01T00:00:00.000Z p\n"
                                          "2011-01-02T00:00:00.000Z t (3)\n"
                                          "2011-01-05T00:00:00.000Z q (4)\n"
                                          "2011-01-06T00:00:00.000Z s (5)\n");
    assert_int_equal(l.moves.loop_n, 1);
    assert_int_equal(l.moves.loop[0].at_ms, life_moment(&l, "2011-01-02"));
    assert_int_equal(l.moves.loop[0].way_n, 3);
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(l.moves.loop[0].way[i], i);
    life_close(&l);
}

TEST(the_millisecond_after_a_loop_no_longer_has_its_events_in_the_stage)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-01-02", "b", NULL},
    };

    LIFE_IS("UTC",
            "stages: { s: , t: }\n"
            "moves:\n"
            "  - { from: s, to: t, when: exists(b) }\n"
            "  - { from: t, to: s, when: \"exists(b, stage)\" }\n",
            did, "2012-01-01", 1,
            "2011-01-01T00:00:00.000Z s\n"
            "2011-01-02T00:00:00.001Z t (0)\n");
}

TEST(a_loop_that_a_time_in_an_undone_stage_would_end_goes_on)
{
    static const struct did did[] = {{"2011-01-01", "a", NULL}};

    /* t is entered anew at each millisecond: it never becomes a day. */
    LIFE_IS("UTC",
            "stages: { s: , t: , u: }\n"
            "moves:\n"
            "  - { from: s, to: t, when: \"exists(a, 30d)\" }\n"
            "  - { from: t, to: u, when: time_in_stage >= 1d }\n"
            "  - { from: t, to: s, when: \"exists(a, 20d)\" }\n",
            did, "2012-01-01", 1,
            "2011-01-01T00:00:00.000Z s\n"
            "2011-01-21T00:00:00.000Z t (0)\n"
            "2011-01-22T00:00:00.000Z u (1)\n");
}

TEST(stages_that_swap_by_time_alone_for_ever_are_refused)
{
    static const struct did did[] = {
        {"2011-01-01", "a", NULL},
        {"2011-06-01", "a", NULL},
    };
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC",
                          "stages: { s: , t: }\n"
                          "moves:\n"
                          "  - { from: s, to: t, when: time_in_stage >= 1h }\n"
                          "  - { from: t, to: s, when: time_in_stage >= 1h }\n",
                          did, 2, &err));
    assert_true(life_replay(&l, "2011-07-01", &err));
    /* One move an hour, but for the last, whose hour is over with the month. */
    assert_int_equal(l.moves.n, 1 + 24 * (31 + 28 + 31 + 30 + 31 + 30));
    assert_false(life_replay(&l, "2012-12-01", &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.msg, "time_in_stage"));
    assert_int_equal(l.moves.n, 1 + 24 * (31 + 28 + 31 + 30 + 31 + 30));
    life_close(&l);
}

TEST(a_loop_that_is_asked_for_ever_is_refused)
{
    static const struct did did[] = {{"2011-01-01", "a", NULL}};
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC",
                          "stages: { s: , t: , u: }\n"
                          "moves:\n"
                          "  - { from: s, to: t, when: exists(a) }\n"
                          "  - { from: t, to: u, when: time_in_stage > 0s }\n"
                          "  - { from: t, to: s, when: exists(a) }\n",
                          did, 1, &err));
    assert_true(life_replay(&l, "2011-01-01T00:00:01Z", &err));
    assert_int_equal(l.moves.n, 1);
    assert_false(life_replay(&l, "2012-12-01", &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(l.moves.n, 1);
    life_close(&l);
}

/* --- where he stands --- */

TEST(a_situation_is_what_the_moves_say_of_a_moment)
{
    static const struct lifecycle l = {.stage_n = 3};
    static const struct move move[] = {
        {10, STAGE_NONE, 1, WAY_START}, {10, 1, 2, 0}, {30, 2, 1, 1}, {40, 1, 0, 2}};
    uint32_t times_in[3] = {7, 7, 7};
    struct situation s;

    situation_of(&l, move, 4, 9, times_in, &s);
    assert_int_equal(s.stage, STAGE_NONE);
    assert_int_equal(s.previous_stage, STAGE_NONE);
    assert_int_equal(s.at_ms, 9);
    assert_int_equal(times_in[0] + times_in[1] + times_in[2], 0);

    situation_of(&l, move, 4, 29, times_in, &s);
    assert_int_equal(s.stage, 2);
    assert_int_equal(s.previous_stage, 1);
    assert_int_equal(s.entered_ms, 10);

    situation_of(&l, move, 4, 30, times_in, &s);
    assert_int_equal(s.stage, 1);
    assert_int_equal(s.previous_stage, 2);
    assert_int_equal(s.entered_ms, 30);
    assert_ptr_equal(s.times_in, times_in);
    assert_int_equal(times_in[0], 0);
    assert_int_equal(times_in[1], 2);
    assert_int_equal(times_in[2], 1);
}

/* --- out of memory --- */

static bool whole_life(void *context, struct err *err)
{
    static const struct did did[] = {
        {"2011-01-01", "purchase", NULL},
        {"2011-12-01", "purchase", NULL},
    };
    struct life l;
    bool ok;

    if (!life_open(&l, "Europe/London", context, did, 2, err))
        return false;
    ok = life_replay(&l, "2014-01-01", err);
    life_close(&l);
    return ok;
}

TEST(a_replay_survives_the_lack_of_memory)
{
    static char loops[] = "stages: { s: , t: }\n"
                          "moves:\n"
                          "  - { from: s, to: t, when: exists(purchase) }\n"
                          "  - { from: t, to: s, when: exists(purchase) }\n";

    each_oom(whole_life, (char *)(uintptr_t)shop);
    each_oom(whole_life, loops);
}

/* --- the naive twin: the same, asked at every millisecond --- */

enum { TWIN_MS = 9000, TWIN_STAGES = 4 };

static const char *const twin_rules[] = {
    "exists(a, 1s)",
    "exists(b)",
    "count(a, stage) >= 1",
    "count(a, stage) < 1",
    "exists(b, stage)",
    "count(any, 2s) >= 2",
    "since(a) >= 1s",
    "since(b) < 2s",
    "since(a) > 2s",
    "time_in_stage >= 1s",
    "time_in_stage > 1s",
    "time_in_stage < 1s",
    "exists(a, 1s..2s)",
    "times_in('s0') < 4 and exists(a, 3s)",
    "previous_stage = 's1'",
    "not exists(any, 1s)",
    "count(a, stage) < count(b, stage)",
};

static void random_lifecycle(struct random *r, struct buf *to)
{
    uint64_t n = 1 + random_below(r, 9);

    buf_add(to, STR("stages: { s0: , s1: , s2: , s3: }\nmoves:\n"));
    while (n--) {
        uint64_t from = random_below(r, TWIN_STAGES + 1),
                 stage = (from + 1 + random_below(r, TWIN_STAGES - 1)) % TWIN_STAGES;

        if (from == TWIN_STAGES)
            buf_add_format(to, "  - { from: any, to: s%d", (int)stage);
        else
            buf_add_format(to, "  - { from: s%d, to: s%d", (int)from, (int)stage);
        buf_add_format(
            to, ", when: \"%s\" }\n",
            twin_rules[random_below(r, sizeof twin_rules / sizeof *twin_rules)]);
    }
    buf_add_char(to, '\0');
}

static size_t random_events(struct random *r, struct did *did, char (*at)[32],
                            size_t most)
{
    size_t n = 1 + random_below(r, most);

    for (size_t i = 0; i < n; i++) {
        /* Some are neighbours, some stand at whole seconds apart. */
        uint64_t ms = random_below(r, 3) ? 1000 * random_below(r, 6) + random_below(r, 2)
                                         : random_below(r, 6000);

        snprintf(at[i], sizeof at[i], "1970-01-01T00:00:%02d.%03dZ", (int)(ms / 1000),
                 (int)(ms % 1000));
        did[i] = (struct did){at[i], random_below(r, 2) ? "a" : "b", NULL};
    }
    return n;
}

/* What DESIGN says, word for word, at one millisecond. */
static void twin_step(struct life *l, struct cursor *c, int64_t at_ms, struct move *move,
                      size_t *n)
{
    const struct lifecycle *lc = l->lifecycle;
    uint32_t times_in[TWIN_STAGES];
    size_t before = *n;
    bool asking = true;

    while (asking) {
        struct situation s;

        situation_of(lc, move, *n, at_ms, times_in, &s);
        asking = false;
        for (uint32_t i = 0; i < lc->out_n[s.stage] && !asking; i++) {
            uint16_t way = lc->out[s.stage][i], to = lc->way[way].to;

            if (!cursor_ask(c, lc->way[way].rule, &s).value.truth)
                continue;
            /* Reached already: held when the instant began, or entered in it. */
            for (size_t k = before ? before - 1 : 0; k < *n; k++)
                if (move[k].to == to) {
                    *n = k + 1;
                    return;
                }
            move[(*n)++] = (struct move){at_ms, s.stage, to, way};
            asking = true;
        }
    }
}

static size_t twin_replay(struct life *l, struct move *move)
{
    struct cursor *c;
    struct err err;
    size_t n = 0;

    assert_true(cursor_new(l->program, &c, &err));
    assert_true(cursor_start(c, &l->timeline, &err));
    for (int64_t at_ms = l->timeline.at_ms[0]; at_ms <= TWIN_MS; at_ms++) {
        if (n == 0)
            move[n++] = (struct move){at_ms, STAGE_NONE, l->lifecycle->start, WAY_START};
        twin_step(l, c, at_ms, move, &n);
    }
    cursor_free(c);
    return n;
}

static bool same_move(const struct move *a, const struct move *b)
{
    return a->at_ms == b->at_ms && a->from == b->from && a->to == b->to
           && a->way == b->way;
}

TEST(a_replay_is_as_if_asked_at_every_millisecond)
{
    static struct move move[(TWIN_MS + 1) * TWIN_STAGES];
    struct random r = chance();

    for (int round = 0; round < 120; round++) {
        struct did did[6];
        char at[6][32];
        struct buf model = {};
        struct err err;
        struct life l;
        size_t n;

        random_lifecycle(&r, &model);
        n = random_events(&r, did, at, 6);
        if (!life_open(&l, "UTC", model.p, did, n, &err))
            fail_msg("%s: %s", model.p, err.msg);
        assert_int_equal(l.moves.n, 0);
        assert_true(life_replay(&l, "1970-01-01T00:00:09Z", &err));
        n = twin_replay(&l, move);
        for (size_t i = 0; i < n || i < l.moves.n; i++) {
            const struct move *m = &l.moves.move[i];

            if (i < n && i < l.moves.n && same_move(m, &move[i]))
                continue;
            fail_msg("%sreplay:\n%s%zu moves; the twin has %zu, and at %zu: %" PRId64
                     " %u -> %u",
                     model.p, life_history(&l), l.moves.n, n, i, move[i].at_ms,
                     move[i].from, move[i].to);
        }
        life_close(&l);
        buf_free(&model);
    }
}
