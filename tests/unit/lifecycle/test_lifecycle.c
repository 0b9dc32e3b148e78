#include "unit/lifecycle/life.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static const char good[] = "start: b\n"
                           "stages:\n"
                           "  a: { goal: sell, target: { rate: 0.2, within: 30d } }\n"
                           "  b: { forecast: { that: exists(a), within: 30d } }\n"
                           "  c: { end: true, kpi: { back: conversion to a within 3mo, "
                           "repeat: \"exists(a)\" } }\n"
                           "moves:\n"
                           "  - { from: [b, c], to: a, when: exists(a) }\n"
                           "  - { from: any, to: c, when: exists(c) }\n"
                           "  - { from: a, to: b, when: exists(b) }\n";

TEST(a_lifecycle_is_read)
{
    struct life l;
    struct err err;
    const struct lifecycle *lc;

    assert_true(life_open(&l, "UTC", good, NULL, 0, &err));
    lc = l.lifecycle;
    assert_int_equal(lc->stage_n, 3);
    assert_int_equal(lc->start, 1);
    assert_true(str_eq(lc->stage[0].name, STR("a")));
    assert_true(str_eq(lc->stage[0].goal, STR("sell")));
    assert_int_equal(lc->stage[2].at->line, 5);
    assert_true(lc->stage[2].end);
    assert_false(lc->stage[0].end);
    assert_true(str_eq(lc->stage_name[2], STR("c")));
    assert_int_equal(lc->stage[0].aims.target.rate, 200000);
    assert_int_equal(lc->stage[0].aims.target.to_n, 1);
    assert_int_equal(lc->stage[0].aims.target.to[0], 1);
    assert_null(lc->stage[1].aims.target.at);
    assert_int_equal(lc->stage[2].aims.kpi_n, 2);
    assert_int_equal(lc->stage[2].aims.kpi[0].kind, KPI_CONVERSION);
    assert_int_equal(lc->stage[2].aims.kpi[0].within.months, 3);
    assert_int_equal(lc->stage[2].aims.kpi[0].to, 0);
    assert_int_equal(lc->stage[2].aims.kpi[1].type, VALUE_BOOL);
    assert_non_null(lc->stage[1].aims.forecast.at);
    assert_int_equal(lifecycle_stage_find(lc, STR("c")), 2);
    assert_int_equal(lifecycle_stage_find(lc, STR("d")), STAGE_NONE);

    assert_int_equal(lc->way_n, 3);
    assert_int_equal(lc->way[0].from_n, 2);
    assert_int_equal(lc->way[0].from[1], 2);
    assert_true(lc->way[1].any);
    assert_int_equal(lc->way[2].to, 1);
    assert_true(str_eq(lc->way[2].text, STR("exists(b)")));

    assert_int_equal(lc->out_n[0], 2);
    assert_int_equal(lc->out[0][0], 1);
    assert_int_equal(lc->out[0][1], 2);
    assert_int_equal(lc->out_n[1], 2);
    assert_int_equal(lc->out[1][0], 0);
    assert_int_equal(lc->out[1][1], 1);
    assert_int_equal(lc->out_n[2], 1);
    assert_int_equal(lc->out[2][0], 0);
    life_close(&l);
}

TEST(the_first_stage_is_the_start_when_none_is_named)
{
    struct life l;
    struct err err;

    assert_true(life_open(&l, "UTC", "stages: { x: , y: }", NULL, 0, &err));
    assert_int_equal(l.lifecycle->start, 0);
    assert_int_equal(l.lifecycle->out_n[0], 0);
    life_close(&l);
}

#define AIM(what) "stages: { a: { " what " }, b: }\n"
#define STAGES "stages: { reach: , loyalty: , lapsed: }\n"
#define MOVE(from, to, when)                                                             \
    STAGES "moves:\n  - { from: " from ", to: " to ", when: " when " }\n"

/* What is wrong, where it is said to be, and a part of what is said. */
static const struct fault {
    const char *text;
    int line, column;
    const char *words;
} faults[] = {
    {"[a]", 1, 1, "described by"},
    {"start: a\n", 1, 1, "needs stages"},
    {"stages:\nmoves: []\n", 1, 1, "needs stages"},
    {"stages: [a, b]\n", 1, 9, "must be"},
    {"stages: { a: }\nmove: []\n", 2, 1, "did you mean \"moves\""},
    {"stages: { a: { goals: x } }\n", 1, 16, "did you mean \"goal\""},
    {"stages: { a: x }\n", 1, 14, "in braces"},
    {"stages: { a: { goal: [x] } }\n", 1, 22, "must be a text"},
    {"stages: { a: { end: yes } }\n", 1, 21, "true or false"},
    {"stages: { a: , any: }\n", 1, 16, "from: any"},
    {"stages: { \"\": }\n", 1, 11, "needs a name"},
    {"stages: { \"a\\tb\": }\n", 1, 11, "on one line"},
    {"stages: { a: { target: { rate: 2, within: 3d } } }\n", 1, 32, "up to 1"},
    {"stages: { a: { target: { rate: 0.2, within: 3 } } }\n", 1, 45, "no length"},
    {"stages: { a: { target: { rate: 0.2, within: [] } } }\n", 1, 45, "a length of time"},
    {"stages: { a: { target: { rate: 0.2 } } }\n", 1, 24, "a rate and a time"},
    {"stages: { a: { target: { rat: 0.2 } } }\n", 1, 26, "did you mean \"rate\""},
    {AIM("target: { rate: 0.2, within: 3d, to: bb }"), 1, 53, "no stage \"bb\""},
    {AIM("target: { rate: 0.2, within: 3d, to: [b, a] }"), 1, 57, "another stage"},
    {AIM("target: { rate: 0.2, within: 3d, to: [] }"), 1, 53, "names a stage"},
    {AIM("target: { rate: 0.2, within: 3d, to: { b: } }"), 1, 53, "names a stage"},
    {AIM("target: [1]"), 1, 24, "must be"},
    {AIM("kpi: { x: [1] }"), 1, 26, "a kpi is"},
    {AIM("kpi: { x: '' }"), 1, 26, "a kpi is"},
    {AIM("kpi: { '': entered }"), 1, 27, "needs a name"},
    {AIM("kpi: { x: entred }"), 1, 26, "did you mean \"entered\"?"},
    {AIM("kpi: { x: orders a year }"), 1, 26, "no measure \"orders a year\"; a kpi is a"},
    {AIM("kpi: { x: medium time in stage }"), 1, 26, "\"median time in stage\""},
    {AIM("kpi: { x: count(purchas) }"), 1, 32, "did you mean purchase?"},
    {AIM("kpi: { x: revenue }"), 1, 26, "measures: { revenue: EVENT.revenue }"},
    {AIM("kpi: { x: margin }"), 1, 26, "what cost is"},
    {AIM("kpi: { x: satisfaction }"), 1, 26, "EVENT.score"},
    {AIM("kpi: { x: conversion }"), 1, 26, "conversion within 30d"},
    {AIM("kpi: { x: conversion in 3d }"), 1, 26, "conversion within 30d"},
    {AIM("kpi: { x: conversion within 3 }"), 1, 26, "no length"},
    {AIM("kpi: { x: conversion to bb within 3d }"), 1, 26, "no stage \"bb\""},
    {AIM("kpi: { x: conversion to a within 3d }"), 1, 26, "another stage"},
    {"stages: { a: { kpi: { x: conversion within 3d } } }\n", 1, 26,
     "stands none that is no end"},
    {AIM("forecast: { that: exists(a) }"), 1, 26, "a length of time"},
    {AIM("forecast: { within: 3d }"), 1, 26, "needs a rule"},
    {AIM("forecast: { that: [], within: 3d }"), 1, 34, "needs a rule"},
    {AIM("forecast: { that: exists(d), within: 3d }"), 1, 41, "no event"},
    {AIM("forecast: { that: count(a), within: 3d }"), 1, 34, "a condition"},
    {AIM("forecast: { thet: x }"), 1, 28, "did you mean \"that\""},
    {"start: loialty\n" STAGES, 1, 8, "no stage \"loialty\"; did you mean \"loyalty\"?"},
    {"start: [reach]\n" STAGES, 1, 8, "the name of a stage"},
    {STAGES "moves: { a: b }\n", 2, 8, "a list"},
    {STAGES "moves: [ reach ]\n", 2, 10, "the form"},
    {MOVE("reach", "loialty", "exists(a)"), 3, 24, "did you mean \"loyalty\"?"},
    {MOVE("[reach, lapse]", "loyalty", "exists(a)"), 3, 21, "did you mean \"lapsed\"?"},
    {MOVE("xyz", "loyalty", "exists(a)"), 3, 13, "those under `stages:`"},
    {MOVE("[reach, loyalty]", "loyalty", "exists(a)"), 3, 21, "to itself"},
    {MOVE("loyalty", "loyalty", "exists(a)"), 3, 13, "to itself"},
    {MOVE("[reach, reach]", "loyalty", "exists(a)"), 3, 21, "stands twice"},
    {MOVE("[]", "loyalty", "exists(a)"), 3, 13, "any of them"},
    {MOVE("{ a: b }", "loyalty", "exists(a)"), 3, 13, "any of them"},
    {MOVE("[[reach]]", "loyalty", "exists(a)"), 3, 14, "the name of a stage"},
    {MOVE("reach", "loyalty", "''"), 3, 39, "a rule is expected"},
    {MOVE("reach", "loyalty", "[a]"), 3, 39, "a rule is expected"},
    {STAGES "moves:\n  - { from: reach, to: lapsed }\n", 3, 5, "no `when`"},
    {STAGES "moves:\n  - { when: exists(a), to: lapsed }\n", 3, 5, "no `from`"},
    {STAGES "moves:\n  - { from: reach, until: lapsed }\n", 3, 20, "a move has no"},
    /* Inside a rule: its place in the model. */
    {MOVE("reach", "loyalty", "exists(purchas)"), 3, 46, "purchase"},
    {MOVE("reach", "loyalty", "\"exists(a) and stage = 'loialty'\""), 3, 62, "loyalty"},
    {STAGES
     "moves:\n  - from: reach\n    to: lapsed\n    when: |\n      exists(a)\n        and "
     "segment.vip\n",
     7, 21, "no segment"},
    {MOVE("reach", "loyalty", "count(a)"), 3, 39, "a condition"},
};

TEST(what_is_wrong_in_a_lifecycle_is_said_with_its_place)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        struct life l;
        struct err err;

        if (life_open(&l, "UTC", f->text, NULL, 0, &err))
            fail_msg("passes: %s", f->text);
        if (err.code != ERR_INPUT || err.line != f->line || err.column != f->column
            || !strstr(err.msg, f->words))
            fail_msg(
                "%s\nis code %d, line %d, column %d: %s\nand not line %d, column %d: %s",
                f->text, err.code, err.line, err.column, err.msg, f->line, f->column,
                f->words);
    }
}

TEST(a_lifecycle_has_at_most_a_thousand_stages)
{
    struct buf text = {};
    struct life l;
    struct err err;

    buf_add(&text, STR("stages:\n"));
    for (int i = 0; i < 1000; i++)
        buf_add_format(&text, "  s%d:\n", i);
    buf_add(&text, STR("moves:\n- { from: any, to: s999, when: exists(a) }\n"));
    buf_add_char(&text, '\0');
    assert_true(life_open(&l, "UTC", text.p, NULL, 0, &err));
    assert_int_equal(l.lifecycle->out_n[998], 1);
    assert_int_equal(l.lifecycle->out_n[999], 0);
    life_close(&l);

    buf_clear(&text);
    buf_add(&text, STR("stages:\n"));
    for (int i = 0; i < 1001; i++)
        buf_add_format(&text, "  s%d:\n", i);
    buf_add_char(&text, '\0');
    assert_false(life_open(&l, "UTC", text.p, NULL, 0, &err));
    assert_int_equal(err.line, 1002);
    assert_int_equal(err.column, 3);
    buf_free(&text);
}

static bool reads(void *context, struct err *err)
{
    struct life l;

    if (!life_open(&l, "UTC", context, NULL, 0, err))
        return false;
    life_close(&l);
    return true;
}

TEST(reading_a_lifecycle_survives_the_lack_of_memory)
{
    each_oom(reads, (char *)(uintptr_t)good);
}
