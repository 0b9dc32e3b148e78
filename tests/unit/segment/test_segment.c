#include "segment/segment.h"

#include "base/num.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

struct world {
    struct arena arena;
    struct zone *zone;
    struct catalog catalog;
    struct dictionary dictionary;
    struct rule_env env;
    struct segments *segments;
    struct program *program;
    struct chunk *chunk;
    struct cursor *cursor;
};

static void close_world(struct world *w)
{
    cursor_free(w->cursor);
    program_free(w->program);
    chunk_free(w->chunk);
    catalog_free(&w->catalog);
    zone_close(w->zone);
    arena_free(&w->arena);
}

static bool build(struct world *w, struct err *err)
{
    static const char events[] = "a:\nb:\nc: { properties: { n: number } }\n";
    static const struct event did[] = {
        {.at_ms = 0, .customer = {"x", 1}, .type = {"a", 1}, .id = {"1", 1}},
        {.at_ms = MS_DAY, .customer = {"x", 1}, .type = {"b", 1}, .id = {"2", 1}},
    };
    static const str stage[] = {STR("here")};
    static const struct rule_lifecycle lifecycle = {.stage = stage, .stage_n = 1};
    const struct yaml *node;

    for (size_t i = 0; i < 2; i++)
        if (!catalog_add_event(&w->catalog, &did[i], err))
            return false;
    if (!chunk_build(&w->catalog, NULL, 0, did, 2, &w->chunk, err)
        || !yaml_parse(STR(events), &w->arena, &node, err)
        || !dictionary_parse(node, NULL, &w->arena, &w->dictionary, err))
        return false;
    w->env = (struct rule_env){
        .dictionary = &w->dictionary,
        .catalog = &w->catalog,
        .zone = w->zone,
        .currency_decimals = 2,
        .currency = STR("EUR"),
        .lifecycle = &lifecycle,
        .lifecycle_n = 1,
        .find = segments_find,
        .names = segments_names,
        .context = w->segments,
    };
    return program_new(&w->env, &w->program, err);
}

/* `segments:` and `scores:` compiled, and a customer who did a on day 0 and b on day 1. On
 * false everything is taken down. */
static bool open_world(struct world *w, const char *yaml, struct err *err)
{
    const struct yaml *root;
    bool ok;

    *w = (struct world){};
    ok = zone_open(io_system(), STR("UTC"), &w->zone, err)
         && catalog_init(&w->catalog, err)
         && yaml_parse(str_of(yaml), &w->arena, &root, err)
         && segments_parse(yaml_find(root, STR("segments")),
                           yaml_find(root, STR("groups")), yaml_find(root, STR("scores")),
                           &w->arena, &w->segments, err)
         && build(w, err);
    if (ok) {
        segments_use(w->segments, w->program);
        ok =
            segments_compile(w->segments, err) && cursor_new(w->program, &w->cursor, err);
    }
    if (ok) {
        struct timeline t = timeline_of(w->chunk, 0);

        ok = cursor_start(w->cursor, &t, err);
    }
    if (!ok)
        close_world(w);
    return ok;
}

static void must_open(struct world *w, const char *yaml)
{
    struct err err;

    if (!open_world(w, yaml, &err))
        fail_msg("line %d, column %d: %s", err.line, err.column, err.msg);
}

static struct value ask(struct world *w, struct rule_ref rule, int64_t at_ms)
{
    static const uint32_t times_in[] = {1};
    struct situation s = {
        .at_ms = at_ms, .previous_stage = STAGE_NONE, .times_in = times_in};

    return cursor_ask(w->cursor, rule, &s).value;
}

TEST(there_may_be_no_segments_and_no_scores)
{
    struct world w;

    must_open(&w, "segments:\n");
    assert_int_equal(w.segments->segment_n, 0);
    assert_int_equal(w.segments->score_n, 0);
    close_world(&w);
}

TEST(segments_are_read_and_may_name_one_another_in_any_order)
{
    struct world w;
    const str *names;
    size_t n;

    must_open(&w, "segments:\n"
                  "  both: { when: segment.did_b and segment.did_a, description: All }\n"
                  "  did_a: { when: exists(a) }\n"
                  "  did_b: { when: exists(b) }\n"
                  "  neither: { when: not (segment.did_a or segment.did_b) }\n");
    assert_int_equal(w.segments->segment_n, 4);
    assert_true(str_eq(w.segments->segment[0].name, STR("both")));
    assert_true(str_eq(w.segments->segment[0].description, STR("All")));
    assert_true(str_eq(w.segments->segment[1].text, STR("exists(a)")));
    assert_int_equal(w.segments->segment[1].when->line, 3);
    segments_names(w.segments, RULE_SEGMENT, &names, &n);
    assert_int_equal(n, 4);
    assert_true(str_eq(names[3], STR("neither")));

    assert_false(ask(&w, w.segments->segment[0].rule, 0).truth);
    assert_true(ask(&w, w.segments->segment[1].rule, 0).truth);
    assert_false(ask(&w, w.segments->segment[3].rule, 0).truth);
    assert_true(ask(&w, w.segments->segment[0].rule, MS_DAY).truth);
    close_world(&w);
}

TEST(a_score_is_from_plus_the_points_of_what_is_true_clamped)
{
    struct world w;
    const struct score *s;

    must_open(&w, "scores:\n"
                  "  health:\n"
                  "    from: 10\n"
                  "    to: 50\n"
                  "    parts:\n"
                  "      - { name: first, points: 7.5, when: exists(a) }\n"
                  "      - { points: 100, when: exists(b) }\n"
                  "  risk: { good: low, parts: [ { points: -5, when: exists(a) } ] }\n"
                  "  mixed:\n"
                  "    parts:\n"
                  "      - { points: 20, when: score.health >= 50 }\n"
                  "      - { points: 30, when: segment.old }\n"
                  "segments: { old: { when: \"score.health > 17\" } }\n");
    s = w.segments->score;
    assert_int_equal(s[0].from, 10 * NUM_ONE);
    assert_int_equal(s[0].low, 10 * NUM_ONE);
    assert_int_equal(s[0].high, 50 * NUM_ONE);
    assert_true(s[0].high_is_good);
    assert_false(s[1].high_is_good);
    assert_int_equal(s[1].high, 100 * NUM_ONE);

    assert_int_equal(ask(&w, s[0].rule, 0).type, VALUE_NUMBER);
    assert_int_equal(ask(&w, s[0].rule, 0).number, 17500000);
    assert_int_equal(ask(&w, s[1].rule, 0).number, 0);
    assert_int_equal(ask(&w, s[2].rule, 0).number, 30 * NUM_ONE);
    assert_int_equal(ask(&w, s[0].rule, MS_DAY).number, 50 * NUM_ONE);
    assert_int_equal(ask(&w, s[2].rule, MS_DAY).number, 50 * NUM_ONE);
    close_world(&w);
}

TEST(what_is_not_there_is_not_found)
{
    struct world w;
    struct rule_ref rule;
    struct err err;

    must_open(&w, "segments: { x: { when: exists(a) } }\n");
    assert_false(segments_find(w.segments, RULE_SCORE, STR("x"), &rule, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(segments_find(w.segments, RULE_SEGMENT, STR("x"), &rule, &err));
    assert_int_equal(rule.v, w.segments->segment[0].rule.v);
    close_world(&w);
}

static const struct fault {
    const char *text;
    int line, column;
    const char *words;
} faults[] = {
    {"segments: [a]\n", 1, 11, "a line for each segment"},
    {"segments: { x: exists(a) }\n", 1, 16, "{ when:"},
    {"segments: { x: { wen: exists(a) } }\n", 1, 18, "did you mean \"when\""},
    {"segments: { x: { description: y } }\n", 1, 16, "no `when`"},
    {"segments: { x: { list: true, when: exists(a) } }\n", 1, 36, "a list has no `when`"},
    {"segments: { x: { list: maybe } }\n", 1, 24, "list"},
    {"segments: { x: { list: false } }\n", 1, 16, "no `when`"},
    {"segments: { x: { when: [a] } }\n", 1, 24, "a rule is expected"},
    {"segments: { x: { when: \" \" } }\n", 1, 24, "a rule is expected"},
    {"segments: { my vip: { when: exists(a) } }\n", 1, 13, "one word"},
    {"segments: { 1st: { when: exists(a) } }\n", 1, 13, "one word"},
    {"scores: { x: 5 }\n", 1, 14, "a score has the form"},
    {"scores: { x: { from: 0 } }\n", 1, 14, "needs `parts`"},
    {"scores: { x: { from: a, parts: [] } }\n", 1, 22, "a number"},
    {"scores: { x: { from: 5, to: 5, parts: [] } }\n", 1, 29, "above"},
    {"scores: { x: { good: up, parts: [] } }\n", 1, 22, "high or low"},
    {"scores: { x: { parts: [ y ] } }\n", 1, 25, "a part has the form"},
    {"scores: { x: { parts: [ { when: exists(a) } ] } }\n", 1, 25, "no `points`"},
    {"scores: { x: { parts: [ { points: 1 } ] } }\n", 1, 25, "no `when`"},
    {"scores: { x: { parts: [ { points: 1, wen: exists(a) } ] } }\n", 1, 38, "\"when\""},
    {"scores: { x: { parts: [ { points: 1, when: exists(aa) } ] } }\n", 1, 51, "aa"},
    {"segments: { x: { when: segment.vips } , vip: { when: exists(a) } }\n", 1, 32,
     "vip"},
    {"groups: a\n", 1, 9, "{ purchase: EVENT }"},
    {"groups: {}\n", 1, 9, "which event"},
    {"groups: { bought: a }\n", 1, 11, "\"bought\""},
    {"groups: { purchase: aa }\n", 1, 21, "aa"},
    {"groups: { purchase: \"a, b\" }\n", 1, 25, "at most 1"},
    {"groups: { purchase: \"a) or exists(b\" }\n", 1, 23, "\")\""},
    {"groups: { purchase: \"c where m = 1\" }\n", 1, 30, "m"},
    {"groups: { purchase: a, registered: bb }\n", 1, 36, "bb"},
    {"groups: { purchase: a, frequent: 0 }\n", 1, 34, "frequent"},
    {"groups: { purchase: a, frequent: many }\n", 1, 34, "frequent"},
    {"groups: { purchase: a, frequent_within: 3 }\n", 1, 41, "3"},
    {"groups: { purchase: a, lapsed_after: 90d }\n", 1, 38, "longer"},
    {"groups: { purchase: a, lapsed_after: 1y }\n", 1, 38, "months"},
    /* The fault stands in the rule that has it, not in the one that names it. */
    {"segments:\n  x: { when: \"exists(a) and segment.y\" }\n"
     "  y: { when: \"exists(b) or segment.z\" }\n"
     "  z: { when: \"exists(a) and exists(bb)\" }\n",
     4, 36, "bb"},
    {"scores: { x: { parts: [ { points: 1, when: segment.y } ] } }\n"
     "segments:\n  y: { when: exists(bb) }\n",
     3, 21, "bb"},
};

TEST(what_is_wrong_in_a_segment_or_score_is_said_with_its_place)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        struct world w;
        struct err err;

        if (open_world(&w, f->text, &err))
            fail_msg("passes: %s", f->text);
        if (err.code != ERR_INPUT || err.line != f->line || err.column != f->column
            || !strstr(err.msg, f->words))
            fail_msg(
                "%s\nis code %d, line %d, column %d: %s\nand not line %d, column %d: %s",
                f->text, err.code, err.line, err.column, err.msg, f->line, f->column,
                f->words);
    }
}

TEST(rings_are_refused_and_named)
{
    struct world w;
    struct err err;

    assert_false(open_world(&w, "segments: { x: { when: segment.x } }\n", &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 1);
    assert_int_equal(err.column, 24);
    assert_non_null(strstr(err.msg, "segment.x -> segment.x"));

    assert_false(open_world(&w,
                            "segments:\n"
                            "  out: { when: segment.x }\n"
                            "  x: { when: \"exists(a) and segment.y\" }\n"
                            "  y: { when: score.s > 1 }\n"
                            "scores:\n"
                            "  s: { parts: [ { points: 1, when: segment.x } ] }\n",
                            &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 6);
    assert_int_equal(err.column, 36);
    assert_non_null(strstr(err.msg, "segment.x -> segment.y -> score.s -> segment.x"));
}

/* s0 names s1, s1 names s2 ...; or the other way round. */
static bool chain(int n, bool upwards)
{
    struct buf text = {};
    struct world w;
    struct err err;
    bool ok;

    buf_add(&text, STR("segments:\n"));
    for (int i = 0; i < n; i++) {
        int named = upwards ? i + 1 : i - 1;

        if (named < 0 || named == n)
            buf_add_format(&text, "  s%d: { when: exists(a) }\n", i);
        else
            buf_add_format(&text, "  s%d: { when: segment.s%d }\n", i, named);
    }
    buf_add_char(&text, '\0');
    ok = open_world(&w, text.p, &err);
    if (ok)
        close_world(&w);
    else if (err.code != ERR_INPUT || !strstr(err.msg, "deep"))
        fail_msg("%s", err.msg);
    buf_free(&text);
    return ok;
}

TEST(long_chains_are_refused_whatever_their_order)
{
    assert_true(chain(32, true));
    assert_true(chain(32, false));
    assert_false(chain(33, true));
    assert_false(chain(33, false));
    assert_false(chain(3000, true));
    assert_false(chain(3000, false));
}

static bool opens(void *context, struct err *err)
{
    struct world w;

    if (!open_world(&w, context, err))
        return false;
    close_world(&w);
    return true;
}

/* --- groups --- */

static const struct segment *group_of(const struct world *w, const char *name)
{
    for (uint32_t i = 0; i < w->segments->segment_n; i++)
        if (str_eq(w->segments->segment[i].name, str_of(name)))
            return &w->segments->segment[i];
    return NULL;
}

TEST(the_groups_of_buyers_follow_from_what_buying_is)
{
    static const char *const rules[][2] = {
        {"registered_not_bought", "exists(b) and not exists(c where n > 1)"},
        {"first_time", "count(c where n > 1) = 1"},
        {"repeat", "count(c where n > 1) >= 2"},
        {"frequent", "count(c where n > 1, 30d) >= 4"},
        {"at_risk", "since(c where n > 1) >= 30d and since(c where n > 1) < 365d"},
        {"lapsed", "since(c where n > 1) >= 365d"},
        {"reactivated", "first(c where n > 1, 30d) - last(c where n > 1, 30d..9999y) "
                        ">= 365d"},
    };
    struct world w;

    must_open(&w, "groups: { purchase: c where n > 1, registered: b, frequent: 4, "
                  "frequent_within: 30d, at_risk_after: 30d, lapsed_after: 365d }\n");
    assert_int_equal(w.segments->segment_n, sizeof rules / sizeof *rules);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct segment *s = group_of(&w, rules[i][0]);

        assert_non_null(s);
        assert_true(s->is_group);
        assert_true(s->description.n > 0);
        if (!str_eq(s->text, str_of(rules[i][1])))
            fail_msg("%s: %.*s", rules[i][0], STR_FMT(s->text));
    }
    close_world(&w);
}

TEST(a_segment_of_a_groups_name_stands_in_its_place)
{
    struct world w;

    must_open(&w, "segments:\n"
                  "  lapsed: { when: exists(b) }\n"
                  "  back: { when: segment.reactivated or segment.lapsed }\n"
                  "groups: { purchase: a }\n");
    assert_int_equal(w.segments->segment_n, 2 + 5);
    assert_false(group_of(&w, "lapsed")->is_group);
    assert_true(group_of(&w, "repeat")->is_group);
    assert_null(group_of(&w, "registered_not_bought"));
    close_world(&w);
}

/* He buys on day 0 and on day 1; half a day without is being at risk, 20 hours is having lapsed. */
TEST(a_buyer_is_in_each_group_to_the_millisecond)
{
    static const struct {
        const char *name;
        int64_t from_ms, to_ms; /* when he is in it */
    } stays[] = {
        {"first_time", 0, MS_DAY - 1},
        {"repeat", MS_DAY, 9 * MS_DAY},
        {"at_risk", 12 * MS_HOUR, 20 * MS_HOUR - 1},
        {"at_risk", MS_DAY + 12 * MS_HOUR, MS_DAY + 20 * MS_HOUR - 1},
        {"lapsed", 20 * MS_HOUR, MS_DAY - 1},
        {"lapsed", MS_DAY + 20 * MS_HOUR, 9 * MS_DAY},
        {"reactivated", MS_DAY, MS_DAY + 12 * MS_HOUR - 1},
    };
    struct world w;

    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        const int64_t at[] = {stays[i].from_ms - 1, stays[i].from_ms, stays[i].to_ms,
                              stays[i].to_ms + 1};

        must_open(&w,
                  "groups: { purchase: any, at_risk_after: 12h, lapsed_after: 20h }\n");
        for (int k = 0; k < 4; k++)
            if (at[k] >= 0 && at[k] <= 9 * MS_DAY
                && ask(&w, group_of(&w, stays[i].name)->rule, at[k]).truth
                       != (k == 1 || k == 2))
                fail_msg("%s at %lld", stays[i].name, (long long)at[k]);
        close_world(&w);
    }
}

TEST(segments_survive_the_lack_of_memory)
{
    static char text[] = "segments:\n"
                         "  x: { when: segment.y and score.s > 1 }\n"
                         "  y: { when: exists(a) }\n"
                         "groups: { purchase: a, registered: b }\n"
                         "scores:\n"
                         "  s: { parts: [ { points: 1, when: segment.y } ] }\n";

    each_oom(opens, text);
}

static bool ring(void *context, struct err *err)
{
    struct world w;

    if (open_world(&w, context, err))
        fail_msg("a ring passes");
    return err->code != ERR_NOMEM;
}

TEST(a_ring_is_refused_even_without_memory)
{
    static char text[] =
        "segments: { x: { when: segment.y } , y: { when: segment.x } }\n";

    each_oom(ring, text);
}
