#include "engine/model.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define HEAD "ciclo: 1\n"
#define LIFE "lifecycle: { stages: { a: { end: true } } }\n"

/* Compiles against a catalog without events. NULL when it has a fault. */
static struct model *compile(const char *text, struct catalog *catalog, struct err *err)
{
    struct model *m;

    return model_compile(io_system(), str_of(text), catalog, &m, err) ? m : NULL;
}

static void begin(struct catalog *catalog)
{
    struct err err;

    assert_true(catalog_init(catalog, &err));
}

static struct model *must_compile(const char *text, struct catalog *catalog)
{
    struct err err;
    struct model *m = compile(text, catalog, &err);

    if (!m)
        fail_msg("line %d, column %d: %s\n%s", err.line, err.column, err.msg, text);
    return m;
}

TEST(a_model_is_compiled)
{
    static const char text[] =
        HEAD "workspace: { name: Bottega, currency: JPY, timezone: Europe/Rome, "
             "language: it }\n"
             "events: { purchase: { from: [Order], properties: { revenue: money } } }\n"
             "traits: { country: text }\n"
             "lifecycle:\n"
             "  stages: { reach: , buyer: }\n"
             "  moves:\n"
             "    - { from: reach, to: buyer, when: segment.spender }\n"
             "    - { from: buyer, to: reach, when: \"score.health < 10\" }\n"
             "segments: { spender: { when: sum(purchase.revenue) >= 100 } }\n"
             "scores: { health: { parts: [ { points: 20, when: segment.spender } ] } }\n";
    struct catalog catalog;
    struct model *m;

    begin(&catalog);
    m = must_compile(text, &catalog);
    assert_true(str_eq(m->text, STR(text)));
    assert_true(str_eq(m->workspace.name, STR("Bottega")));
    assert_int_equal(m->workspace.decimals, 0);
    assert_true(str_eq(zone_name(m->workspace.zone), STR("Europe/Rome")));
    assert_true(str_eq(m->workspace.language, STR("it")));
    assert_non_null(dictionary_event(&m->dictionary, STR("Order")));
    assert_int_equal(m->lifecycle->stage_n, 2);
    assert_int_equal(m->segments->segment_n, 1);
    assert_int_equal(m->segments->score_n, 1);
    model_free(m);
    catalog_free(&catalog);
}

TEST(a_workspace_need_not_be_described)
{
    struct catalog catalog;
    struct model *m;

    begin(&catalog);
    m = must_compile(HEAD LIFE, &catalog);
    assert_true(str_eq(m->workspace.currency, STR("EUR")));
    assert_int_equal(m->workspace.decimals, 2);
    assert_true(str_eq(m->workspace.language, STR("en")));
    assert_true(str_eq(zone_name(m->workspace.zone), STR("UTC")));
    model_free(m);
    catalog_free(&catalog);
}

TEST(what_the_data_holds_may_be_named_without_being_declared)
{
    static const struct property property = {{"n", 1}, {.type = VALUE_NUMBER}};
    static const struct property trait = {{"plan", 4}, {.type = VALUE_TEXT}};
    static const struct event event = {
        .customer = {"x", 1},
        .type = {"visit", 5},
        .id = {"1", 1},
        .property = &property,
        .property_n = 1,
        .trait = &trait,
        .trait_n = 1,
    };
    static const char text[] = HEAD
        "lifecycle:\n"
        "  stages: { a: , b: }\n"
        "  moves:\n"
        "    - { from: a, to: b, when: \"sum(visit.n) > 3 and trait.plan = 'basic'\" }\n";
    struct catalog catalog;
    struct err err;
    struct model *m;

    begin(&catalog);
    assert_null(compile(text, &catalog, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 5);

    assert_true(catalog_add_event(&catalog, &event, &err));
    m = must_compile(text, &catalog);
    assert_true(dictionary_event(&m->dictionary, STR("visit"))->learned);
    assert_true(dictionary_trait(&m->dictionary, STR("plan"))->learned);
    model_free(m);
    catalog_free(&catalog);
}

/* Two lifecycles of two stages and one move each. */
#define TWO_LIVES(top, low)                                                              \
    HEAD "lifecycles:\n"                                                                 \
         "  top:\n"                                                                      \
         "    stages: { a: , b: }\n"                                                     \
         "    moves: [ { from: a, to: b, when: \"" top "\" } ]\n"                        \
         "  low:\n"                                                                      \
         "    stages: { c: , d: }\n"                                                     \
         "    moves: [ { from: c, to: d, when: \"" low "\" } ]\n"

#define BUYS HEAD LIFE "events: { buy: { properties: { amount: money, what: text } } }\n"

static const struct fault {
    const char *text;
    int line, column;
    const char *words;
} faults[] = {
    {"", 1, 1, "ciclo: 1"},
    {"ciclo\n", 1, 1, "ciclo: 1"},
    {LIFE, 1, 1, "ciclo: 1"},
    {"ciclo: 2\n" LIFE, 1, 8, "ciclo: 1"},
    {"ciclo: [1]\n" LIFE, 1, 8, "ciclo: 1"},
    {HEAD, 1, 1, "no `lifecycle:`"},
    {HEAD "lifecycel: {}\n", 2, 1, "did you mean \"lifecycle\""},
    {HEAD LIFE "lifecycles: { x: {} }\n", 3, 13, "not both"},
    {HEAD "lifecycles:\n", 2, 12, "under its name"},
    {HEAD "lifecycles: [a]\n", 2, 13, "under its name"},
    {HEAD "lifecycles: { x: {} }\n", 2, 18, "needs stages"},
    {HEAD "lifecycles: { x: , x: }\n", 2, 20, "second time"},
    {HEAD "lifecycles: { my people: {} }\n", 2, 15, "one word"},
    {HEAD "lifecycles: { x: { fro: 'true', stages: { a: } } }\n", 2, 20,
     "has no \"fro\""},
    {HEAD "lifecycles: { x: { for: [], stages: { a: } } }\n", 2, 25,
     "a rule is expected"},
    {HEAD "lifecycles: { x: { for: \"stage = 'a'\", stages: { a: } } }\n", 2, 25,
     "cannot ask for the stage"},
    {HEAD "lifecycles: { x: { for: \"true and segment.s\", stages: { a: } } }\n"
          "segments: { s: { when: \"times_in('a') > 1\" } }\n",
     2, 25, "cannot ask for the stage"},
    /* Names of one another's stages: only of those above. */
    {TWO_LIVES("lifecycle.low.stage = 'c'", "true"), 5, 39, "below this one in the text"},
    {TWO_LIVES("lifecycle.top.stage = 'b'", "true"), 5, 39, "this one: write stage"},
    {TWO_LIVES("true", "lifecycle.low.stage = 'c'"), 8, 39, "this one: write stage"},
    {TWO_LIVES("true", "lifecycle.top.stage = 'c'"), 8, 61, "there is no stage \"c\""},
    {TWO_LIVES("true", "lifecycle.topp.stage = 'b'"), 8, 49, "did you mean top?"},
    {TWO_LIVES("true", "lifecycle.top = 'b'"), 8, 39, "lifecycle.NAME.stage"},
    {TWO_LIVES("true", "lifecycle = 'b'"), 8, 39, "lifecycle.NAME.stage"},
    {TWO_LIVES("true", "stage = 'a'"), 8, 47, "there is no stage \"a\""},
    {TWO_LIVES("true", "times_in('b') > 1"), 8, 48, "there is no stage \"b\""},
    {TWO_LIVES("true", "segment.s") "segments: { s: { when: \"stage = 'a'\" } }\n", 8, 39,
     "write lifecycle.top.stage"},
    {TWO_LIVES("segment.s",
               "true") "segments: { s: { when: \"lifecycle.low.stage = 'c'\" } }\n",
     5, 39, "segment.s asks for the lifecycle low"},
    {TWO_LIVES("true", "score.s > 1") "scores: { s: { parts: [ { points: 1, when: "
                                      "\"time_in_stage > 3d\" } ] } }\n",
     8, 39, "score.s asks for"},
    {TWO_LIVES("true", "true") "segments: { s: { when: \"stage = 'c'\" } }\n", 9, 33,
     "there is no stage \"c\""},
    {HEAD LIFE "segments: { x: { when: lifecycle.a.stage = 'a' } }\n", 3, 24,
     "has no name"},
    {HEAD "lifecycle: 5\n", 2, 12, "`stages:`"},
    {HEAD LIFE "workspace: x\n", 3, 12, "must be"},
    {HEAD LIFE "workspace: { zone: UTC }\n", 3, 14, "has no \"zone\""},
    {HEAD LIFE "workspace: { currency: EURO }\n", 3, 24, "ISO 4217"},
    {HEAD LIFE "workspace: { language: fr }\n", 3, 24, "en, it and pt"},
    {HEAD LIFE "workspace: { timezone: Europe/Roma }\n", 3, 24, "Europe/Roma"},
    {HEAD LIFE "workspace: { name: [x] }\n", 3, 20, "a text"},
    {HEAD LIFE "events: { x: { form: [y] } }\n", 3, 16, "has no \"form\""},
    {HEAD LIFE "traits: { x: txt }\n", 3, 14, "text"},
    {HEAD LIFE "segments: { x: { when: segment.x } }\n", 3, 24, "segment.x -> segment.x"},
    {HEAD LIFE "segments: { x: { when: exists(y) } }\n", 3, 31, "y"},
    {HEAD "events: { buy: , sell: }\n"
          "segments: { x: { when: exists(bye) } }\n"
          "lifecycle:\n  stages: { a: , b: }\n"
          "  moves:\n    - { from: a, to: b, when: segment.x }\n",
     3, 31, "bye"},
    {HEAD LIFE "measures: { revenu: x.y }\n", 3, 13, "did you mean \"revenue\""},
    {HEAD LIFE "measures: { revenue: [] }\n", 3, 22, "a property of an event"},
    {HEAD LIFE "measures: { revenue: bye.x }\n", 3, 22, "no event \"bye\""},
    {BUYS "measures: { revenue: buy.amont }\n", 4, 26, "did you mean amount?"},
    {BUYS "measures: { cost: \"buy.amount where amont > 3\" }\n", 4, 37, "amont"},
    {BUYS "measures: { revenue: buy }\n", 4, 22, "needs a property"},
    {BUYS "measures: { revenue: buy.what }\n", 4, 22, "needs numbers"},
    {BUYS "measures: { revenue: \"buy.amount, 90d\" }\n", 4, 22, "one property"},
    {BUYS "measures: { revenue: \"buy.amount) + sum(buy.amount\" }\n", 4, 22,
     "one property"},
    {HEAD "events: { buy: { properties: { amount: money, n: number } } }\n"
          "measures: { revenue: buy.amount, cost: buy.n }\n"
          "lifecycle: { stages: { a: { kpi: { x: margin } } } }\n",
     4, 39, "money and the other a number"},
    {HEAD "a: &b c\n", 2, 4, "&"},
    {HEAD "ciclo: 1\n", 2, 1, "second time"},
};

TEST(what_is_wrong_in_a_model_is_said_with_its_place)
{
    struct catalog catalog;

    begin(&catalog);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        struct err err;

        if (compile(f->text, &catalog, &err))
            fail_msg("passes: %s", f->text);
        if (err.code != ERR_INPUT || err.line != f->line || err.column != f->column
            || !strstr(err.msg, f->words))
            fail_msg(
                "%s\nis code %d, line %d, column %d: %s\nand not line %d, column %d: %s",
                f->text, err.code, err.line, err.column, err.msg, f->line, f->column,
                f->words);
    }
    catalog_free(&catalog);
}

TEST(a_model_may_have_several_lifecycles)
{
    static const char text[] = TWO_LIVES(
        "stage = 'a' and previous_stage is missing",
        "lifecycle.top.stage in ('a', 'b') and stage = 'c' and segment.s "
        "and not segment.up") "  third: { for: \"lifecycle.low.stage = 'd' and "
                              "segment.s\", start: f, "
                              "stages: { e: , f: } }\n"
                              "segments: { s: { when: \"exists(any)\" }, top: { "
                              "when: \"stage = 'a'\" },\n"
                              "  up: { when: \"lifecycle.top.stage = 'b'\" },\n"
                              "  all: { when: \"lifecycle.third.stage = 'f' and "
                              "segment.up\" } }\n";
    struct catalog catalog;
    struct model *m;

    begin(&catalog);
    m = must_compile(text, &catalog);
    assert_int_equal(m->lifecycle_n, 3);
    assert_ptr_equal(m->lifecycle, m->lifecycles[0]);
    assert_true(str_eq(m->lifecycles[1]->name, STR("low")));
    assert_int_equal(m->lifecycles[1]->number, 1);
    assert_int_equal(lifecycle_stage_find(m->lifecycles[1], STR("d")), 1);
    assert_false(m->lifecycles[1]->has_for);
    assert_true(m->lifecycles[2]->has_for);
    assert_int_equal(m->lifecycles[2]->start, 1);
    model_free(m);
    catalog_free(&catalog);
}

TEST(there_is_an_end_to_the_number_of_lifecycles)
{
    struct buf text = {};
    struct catalog catalog;
    struct err err;

    begin(&catalog);
    buf_add(&text, STR(HEAD "lifecycles:\n"));
    for (unsigned i = 0; i < LIFECYCLES_MAX; i++)
        buf_add_format(&text, "  l%u: { stages: { a: } }\n", i);
    buf_add_char(&text, '\0');
    model_free(must_compile(text.p, &catalog));
    text.n--;
    buf_add(&text, STR("  more: { stages: { a: } }\n"));
    buf_add_char(&text, '\0');
    assert_null(compile(text.p, &catalog, &err));
    assert_int_equal(err.line, 3 + LIFECYCLES_MAX);
    buf_free(&text);
    catalog_free(&catalog);
}

/* --- templates --- */

static const struct workspace shop = {
    .name = {"Bottega \"da Lucia\" \\ n: {1}", 27},
    .currency = {"GBP", 3},
    .language = {"pt", 2},
};

TEST(every_template_makes_a_model_without_findings_and_a_goal_for_each_stage)
{
    static const char *const wanted[] = {
        "five-stages", "six-relationship", "six-value", "retail", "saas", "subscription"};
    static const char *const sets[] = {"vip", "one_time", "repeat", "at_risk_high_value"};
    const struct model_template *all;
    struct catalog catalog;
    size_t n;

    begin(&catalog);
    all = model_templates(&n);
    assert_int_equal(n, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < n; i++) {
        struct buf text = {};
        struct arena a = {};
        const struct finding *finding;
        struct err err;
        struct model *m;
        uint32_t found, known = 0, end = 0;
        bool back = false;

        for (size_t k = 0; k < n; k++)
            known += strcmp(all[i].name, wanted[k]) == 0;
        assert_int_equal(known, 1);
        assert_true(strlen(all[i].what) > 10);

        assert_true(model_from_template(str_of(all[i].name), &shop, STR("Europe/London"),
                                        &text, &err));
        buf_add_char(&text, '\0');
        m = must_compile(text.p, &catalog);
        assert_true(str_eq(m->workspace.name, shop.name));
        assert_true(str_eq(m->workspace.currency, shop.currency));
        assert_true(str_eq(m->workspace.language, shop.language));
        assert_true(str_eq(zone_name(m->workspace.zone), STR("Europe/London")));

        for (uint32_t s = 0; s < m->lifecycle->stage_n; s++) {
            assert_true(m->lifecycle->stage[s].goal.n > 0);
            end += m->lifecycle->stage[s].end;
            back |= m->lifecycle->stage[s].end && m->lifecycle->out_n[s] > 0;
        }
        assert_int_equal(end, 1);
        assert_true(back);
        for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
            struct rule_ref rule;

            assert_true(
                segments_find(m->segments, RULE_SEGMENT, str_of(sets[k]), &rule, &err));
        }

        assert_true(model_lint(m, &a, &finding, &found, &err));
        if (found)
            fail_msg("%s, line %d, column %d: %.*s", all[i].name, finding->line,
                     finding->column, STR_FMT(finding->text));
        arena_free(&a);
        model_free(m);
        buf_free(&text);
    }
    catalog_free(&catalog);
}

TEST(an_unknown_template_is_not_found_and_the_nearest_named)
{
    struct buf text = {};
    struct err err;

    assert_false(model_from_template(STR("retial"), &shop, STR("UTC"), &text, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "\"retail\""));
    assert_false(model_from_template(STR("zoo"), &shop, STR("UTC"), &text, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(text.n, 0);
}

/* --- findings --- */

#define SHOP                                                                             \
    HEAD "events: { buy: { properties: { n: number } } , look: }\ntraits: { x: text }\n"

/* The findings as "LINE:COLUMN words" lines. */
static void findings_are(const char *text, const char *wanted)
{
    struct catalog catalog;
    struct arena a = {};
    struct buf said = {};
    const struct finding *f;
    struct err err;
    struct model *m;
    uint32_t n;

    begin(&catalog);
    m = must_compile(text, &catalog);
    assert_true(model_lint(m, &a, &f, &n, &err));
    for (uint32_t i = 0; i < n; i++)
        buf_add_format(&said, "%d:%d %.*s\n", f[i].line, f[i].column, STR_FMT(f[i].text));
    buf_add_char(&said, '\0');
    assert_string_equal(said.p, wanted);
    buf_free(&said);
    arena_free(&a);
    model_free(m);
    catalog_free(&catalog);
}

/* As a segment: "never", "always", or nothing is found. */
static void verdict_is(const char *rule, const char *wanted)
{
    struct catalog catalog;
    struct buf text = {};
    struct model *m;
    static const char *const names[] = {"", "never", "always"};
    const char *verdict;

    begin(&catalog);
    buf_add_format(&text,
                   SHOP
                   "lifecycle: { stages: { a: , b: { end: true } }, moves: [ { from: "
                   "a, to: b, when: exists(buy) } ] }\n"
                   "scores: { fit: { from: 0, to: 100, parts: [ { name: p, points: 5, "
                   "when: exists(buy) } ] } }\n"
                   "segments: { young: { when: 'age(any) < 30d' }, s: { when: \"%s\" "
                   "} }\n",
                   rule);
    buf_add_char(&text, '\0');
    m = must_compile(text.p, &catalog);
    verdict = names[program_verdict(m->program, m->segments->segment[1].rule)];
    if (strcmp(verdict, wanted) != 0)
        fail_msg("%s is called \"%s\"", rule, verdict);
    model_free(m);
    buf_free(&text);
    catalog_free(&catalog);
}

TEST(what_contradicts_itself_is_never_true)
{
    static const char *const never[] = {
        "since(buy) < 30d and since(buy) > 60d",
        "since(buy) < 1mo and since(buy) >= 2mo",
        "not exists(buy) and count(buy) > 0",
        "exists(buy, 30d) and count(buy, 30d) < 1",
        "count(buy) < 0",
        "count(buy) > 2 and count(buy) < 3",
        "since(buy) < 0d",
        "exists(look) and (since(buy) > 9d and not since(buy) > 5d)",
        "not (count(buy) < 5 or count(buy) > 3)",
        "stage = 'a' and stage = 'b'",
        "trait.x is missing and trait.x = 'y'",
        "since(buy) > 3d and not exists(buy)",
        "last(buy.n) > 3 and count(buy.n) = 0",
        "score.fit > 100",
        "times_in('a') < 0",
        "segment.young and not segment.young",
        "age(any) > 60d and (exists(buy) and not exists(buy) or count(look) < 0)",
        "time_in_stage < 0d",
    };
    static const char *const always[] = {
        "count(buy) >= 0",
        "count(buy) > 2 or count(buy) < 3",
        "exists(buy) or not exists(buy)",
        "not (since(buy) < 30d and since(buy) > 60d)",
        "score.fit <= 100",
    };
    static const char *const open[] = {
        "since(buy) < 60d and since(buy) > 30d",
        "since(buy) > 1mo and since(buy) < 30d",
        "since(buy) > 1mo and since(buy) < 2mo",
        "count(buy, 30d) = 0 and count(buy, 90d) > 0",
        "since(buy) < 30d or since(buy) >= 30d",
        "not since(buy) < 30d and not since(buy) >= 30d",
        "sum(buy.n) < 0",
        "sum(buy.n) >= 0 or sum(buy.n) < 0",
        "since(buy) < 30d and since(look) > 60d",
        "trait.x = 'a' or trait.x = 'b'",
        "trait.x != 'a' and trait.x != 'b'",
        "last(buy.n) > 3 and first(buy.n) < 3",
    };

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        verdict_is(never[i], "never");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        verdict_is(always[i], "always");
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        verdict_is(open[i], "");
}

TEST(rules_that_are_never_or_always_true_are_found)
{
    findings_are(SHOP
                 "lifecycle:\n"
                 "  stages: { a: , b: , c: }\n"
                 "  moves:\n"
                 "    - { from: a, to: b, when: since(buy) > 9d and since(buy) < 5d }\n"
                 "    - { from: a, to: c, when: count(buy) >= 0 }\n"
                 "    - { from: [ b, c ], to: a, when: exists(look) }\n"
                 "segments:\n"
                 "  s: { when: count(buy) = 1 and count(buy) = 2 }\n"
                 "  t: { when: exists(buy) or not exists(buy) }\n",
                 "7:31 this move can never be taken: its rule is never true\n"
                 "8:31 this move is always taken: nobody stays where it begins\n"
                 "11:14 nobody can be in this segment: its rule is never true\n"
                 "12:14 everybody is in this segment: its rule is always true\n");
}

TEST(moves_behind_a_wider_one_are_found)
{
    static const struct {
        const char *early, *late;
        bool hidden;
    } pairs[] = {
        {"exists(buy)", "exists(buy) and exists(look)", true},
        {"exists(buy)", "exists(look) and exists(buy)", true},
        {"exists(buy) and exists(look)", "exists(buy)", false},
        {"exists(buy)", "exists(buy) or exists(look)", false},
        {"exists(buy) or exists(look)", "exists(buy)", false},
        {"exists(buy)", "(exists(buy) and exists(look))", false},
        {"since(buy) >= 90d", "since(buy) >= 180d", true},
        {"since(buy) >= 90d", "since( buy ) > 90d and exists(look)", true},
        {"since(buy) > 90d", "since(buy) >= 90d", false},
        {"since(buy) >= 12w", "since(buy) >= 90d", true},
        {"since(buy) >= 3mo", "since(buy) >= 6mo", true},
        {"since(buy) >= 3mo", "since(buy) >= 180d", false},
        {"since(buy) >= 90d", "since(look) >= 180d", false},
        {"since(buy) < 90d", "since(buy) < 30d", true},
        {"since(buy) < 30d", "since(buy) < 90d", false},
        {"count(look, 30d) >= 2", "count(look, 30d) >= 3 and exists(buy)", true},
        {"count(look, 30d) >= 2", "count(look, 90d) >= 3", false},
        {"trait.x = 'a'", "trait.x = 'a b' and exists(buy)", false},
        {"count(look, 30d) != 2", "count(look, 30d) != 3", false},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf text = {};

        buf_add_format(&text,
                       SHOP "lifecycle:\n"
                            "  stages: { a: , b: , c: }\n"
                            "  moves:\n"
                            "    - { from: a, to: b, when: \"%s\" }\n"
                            "    - { from: a, to: c, when: \"%s\" }\n"
                            "    - { from: b, to: a, when: times_in('c') > 1 }\n"
                            "    - { from: c, to: a, when: times_in('b') > 1 }\n",
                       pairs[i].early, pairs[i].late);
        buf_add_char(&text, '\0');
        print_message("# %s, %s\n", pairs[i].early, pairs[i].late);
        findings_are(text.p,
                     pairs[i].hidden
                         ? "8:31 this move out of \"a\" can never be taken: the one "
                           "in line 7 stands before it and is true whenever this one "
                           "is; put this one first\n"
                         : "");
        buf_free(&text);
    }
}

TEST(every_lifecycle_is_looked_at)
{
    findings_are(TWO_LIVES("exists(any)", "true"),
                 "4:20 nobody can leave \"b\": if that is meant, write `end: true`\n"
                 "7:20 nobody can leave \"d\": if that is meant, write `end: true`\n"
                 "8:38 this move is always taken: nobody stays where it begins\n");
}

TEST(a_target_that_leads_nowhere_is_found)
{
    findings_are(
        SHOP "lifecycle:\n"
             "  stages: { a: { target: { rate: 0.2, within: 3d } },\n"
             "            b: { end: true, target: { rate: 0.2, within: 3d } } }\n"
             "  moves: [ { from: a, to: b, when: exists(buy) } ]\n",
        "5:26 this target is not counted, since below \"a\" stands no stage that is "
        "no end: say to which people shall come, with `to`\n"
        "6:37 this target is not counted, since below \"b\" stands no stage that is "
        "no end: say to which people shall come, with `to`\n");
}

TEST(stages_that_nobody_can_enter_or_leave_are_found)
{
    findings_are(SHOP "lifecycle:\n"
                      "  stages: { a: , b: , c: , d: { end: true } }\n"
                      "  moves:\n"
                      "    - { from: [a, c], to: b, when: exists(buy) }\n"
                      "    - { from: c, to: d, when: exists(look) }\n",
                 "5:18 nobody can leave \"b\": if that is meant, write `end: true`\n"
                 "5:23 nobody can come into \"c\": no moves lead there from \"a\"\n"
                 "5:28 nobody can come into \"d\": no moves lead there from \"a\"\n");
}

TEST(moves_that_can_never_be_taken_are_found)
{
    findings_are(
        SHOP "lifecycle:\n"
             "  stages: { a: , b: , c: }\n"
             "  moves:\n"
             "    - { from: a, to: b, when: \"exists( buy ,30d )\" }\n"
             "    - { from: any, to: c, when: \"exists(buy, 30d)\" }\n"
             "    - { from: c, to: a, when: \"false\" }\n"
             "    - { from: c, to: a, when: \"true\" }\n"
             "    - { from: c, to: b, when: exists(look) }\n",
        "8:33 this move out of \"a\" can never be taken: the one in line 7 stands before "
        "it and has the same rule\n"
        "9:31 this move can never be taken: its rule is never true\n"
        "10:31 this move is always taken: nobody stays where it begins\n"
        "11:31 this move out of \"c\" can never be taken: the one in line 10 stands "
        "before "
        "it and is always true\n");
}

TEST(a_loop_of_two_moves_by_one_rule_is_found)
{
    findings_are(
        SHOP "lifecycle:\n"
             "  stages: { a: , b: , c: }\n"
             "  moves:\n"
             "    - { from: a, to: b, when: exists(buy) }\n"
             "    - { from: b, to: a, when: exists(buy) }\n"
             "    - { from: b, to: c, when: time_in_stage > 3d }\n"
             "    - { from: c, to: b, when: time_in_stage > 3d }\n",
        "8:31 a loop: from \"a\" to \"b\" leads the move in line 7 by the same rule; "
        "where both are true, neither is made\n");
}

#define TWO                                                                              \
    "lifecycle: { stages: { a: , b: { end: true } }, moves: [ { from: a, to: b, when: "

TEST(what_is_true_of_customers_without_any_is_found)
{
    findings_are(
        SHOP TWO "exists(buy) } ] }\n"
                 "segments:\n"
                 "  small: { when: sum(buy.n) < 100 }\n"
                 "  few: { when: \"exists(look) or count(buy, 30d) <= 2\" }\n"
                 "  buyers: { when: \"exists(buy) and count(buy, 30d) <= 2\" }\n"
                 "  many: { when: count(buy) > 2 }\n",
        "6:18 this is also true of customers without any: sum(buy.n) is then 0; add `and "
        "exists(...)` if they are not meant\n"
        "7:33 this is also true of customers without any: count(buy, 30d) is then 0; add "
        "`and exists(...)` if they are not meant\n");
    /* A move counts when everybody begins where it does. */
    findings_are(
        SHOP TWO "\"count(buy where n < 3) < 3\" } ] }\n",
        "4:83 this is also true of customers without any: count(buy where n < 3) is then "
        "0; add `and exists(...)` if they are not meant\n");
    findings_are(SHOP "lifecycle:\n"
                      "  stages: { a: , b: , c: { end: true } }\n"
                      "  moves:\n"
                      "    - { from: a, to: b, when: exists(buy) }\n"
                      "    - { from: b, to: c, when: \"count(buy, 30d) < 1\" }\n",
                 "");
}

TEST(comparisons_with_what_may_be_missing_are_found)
{
    findings_are(
        SHOP TWO "\"not trait.x = 'y'\" } ] }\n"
                 "segments:\n"
                 "  one: { when: \"not (trait.x = 'y')\" }\n"
                 "  two: { when: not since(buy) < 3d }\n"
                 "  three: { when: \"trait.x != 'y'\" }\n"
                 "  four: { when: \"not (trait.x = 'y' or exists(look))\" }\n"
                 "  five: { when: \"trait.x is not missing and not trait.x = 'y'\" }\n"
                 "  six: { when: \"trait.x not in ('y')\" }\n"
                 "scores:\n"
                 "  s: { parts: [ { points: 1, when: last(buy.n) != 3 } ] }\n",
        "4:83 this is also true of customers without trait.x: a comparison with a "
        "missing "
        "side is false, and `not` makes it true\n"
        "6:17 this is also true of customers without trait.x: a comparison with a "
        "missing "
        "side is false, and `not` makes it true\n"
        "7:16 this is also true of customers without since(buy): a comparison with a "
        "missing side is false, and `not` makes it true\n"
        "8:19 a comparison with a missing side is false: this leaves out customers "
        "without trait.x\n"
        "13:36 a comparison with a missing side is false: this leaves out customers "
        "without last(buy.n)\n");
}

TEST(segments_with_the_same_rule_are_found)
{
    findings_are(SHOP TWO "exists(buy) } ] }\n"
                          "segments:\n"
                          "  one: { when: \"exists(buy) and exists(look)\" }\n"
                          "  two: { when: exists(look) and exists(buy) }\n"
                          "  three:\n"
                          "    when: >\n"
                          "      exists(buy)\n"
                          "      and exists( look )\n",
                 "9:11 the segments \"one\" and \"three\" have the same rule\n");
}

/* --- out of memory --- */

static bool whole_model(void *context, struct err *err)
{
    static const struct property trait = {{"plan", 4}, {.type = VALUE_TEXT}};
    static const struct event event = {.customer = {"x", 1},
                                       .type = {"visit", 5},
                                       .id = {"1", 1},
                                       .trait = &trait,
                                       .trait_n = 1};
    struct catalog catalog = {};
    struct arena a = {};
    struct buf text = {};
    const struct finding *finding;
    struct model *m = NULL;
    uint32_t n;
    bool ok =
        catalog_init(&catalog, err) && catalog_add_event(&catalog, &event, err)
        && model_from_template(str_of(context), &shop, STR("Europe/Rome"), &text, err);

    if (ok && str_eq(str_of(context), STR("retail")))
        buf_add(&text, STR("  empty: { parts: [ { points: 1, when: \"not trait.plan = "
                           "'x'\" } ] }\n"));
    ok = ok && (!text.failed || err_nomem(err))
         && model_compile(io_system(), buf_str(&text), &catalog, &m, err)
         && model_lint(m, &a, &finding, &n, err);
    model_free(m);
    arena_free(&a);
    buf_free(&text);
    catalog_free(&catalog);
    return ok;
}

TEST(a_model_survives_the_lack_of_memory)
{
    static char name[] = "retail";

    each_oom(whole_model, name);
}
