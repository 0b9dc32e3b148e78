#include "engine/lookalike.h"
#include "engine/personas.h"

#include "base/json.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-02-01"

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR, timezone: Europe/Rome }\n"
    "events: { visit: , buy: { properties: { revenue: money } } }\n"
    "traits: { country: text }\n"
    "lifecycle:\n"
    "  start: new\n"
    "  stages: { new: , old: }\n"
    "  moves: [ { from: new, to: old, when: \"count(any) >= 3\" } ]\n"
    "segments:\n"
    "  good: { when: \"sum(buy.revenue) >= 50\" }\n";

/* anna is good; bob is as she is but for what he spent; eve never bought; zoe came later. */
static const char events[] = "a0|anna|2026-01-01|identify|'country':'IT'\n"
                             "a1|anna|2026-01-02|buy|'revenue':50\n"
                             "b0|bob|2026-01-01|identify|'country':'IT'\n"
                             "b1|bob|2026-01-02|buy|'revenue':20\n"
                             "e1|eve|2026-01-01|visit|\n"
                             "z1|zoe|2026-03-01|visit|\n";

static const str measures[] = {STR("count(buy), sum(buy.revenue)"), STR("since(buy)")},
                 traits[] = {STR("country")};

static struct lookalike_question question(void)
{
    return (struct lookalike_question){
        .by = {measures, 2, traits, 1},
        .scope = {.segment = STR("good"), .at_ms = moment_of(NOW)},
        .limit = LOOKALIKES_DEFAULT};
}

TEST(who_is_like_a_segment_is_told_with_his_values)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct lookalike_question q = question();
    struct lookalike_view v;
    struct json_out j = {};
    struct arena a = {};
    struct buf text = {};
    struct err err;
    str wrong;

    j.to = &text;
    NEED_OK(engine_lookalike(e, &q, &a, &v, &wrong, &err), err);
    lookalike_put_json(&j, e, &v);
    buf_add_char(&text, 0);
    /* Counts 0, 1, 1 have the ranks 1/6, 4/6, 4/6; revenues 0, 20, 50 have 1/6, 3/6, 5/6. */
    assert_non_null(strstr(text.p, "\"members\":1,\"others\":2"));
    assert_non_null(
        strstr(text.p, "{\"customer\":\"bob\",\"distance\":0.083333,\"values\":[1,20.00,"
                       "2592000000,\"IT\"],\"distances\":[0,0.333333,0,0],\"close_in\":["
                       "\"count(buy)\",\"since(buy)\",\"country\"]}"));
    assert_non_null(strstr(
        text.p, "{\"customer\":\"eve\",\"distance\":0.791667,\"values\":[0,0.00,null,"
                "null],\"distances\":[0.5,0.666667,1,1],\"close_in\":[]}"));
    lookalike_view_free(&v);
    buf_free(&text);
    arena_free(&a);
    engine_close(e);
}

static bool ask_once(void *context, struct err *err)
{
    struct lookalike_question q = question();
    struct lookalike_view v;
    struct arena a = {};
    str wrong;
    bool ok = engine_lookalike(context, &q, &a, &v, &wrong, err);

    lookalike_view_free(&v);
    arena_free(&a);
    return ok;
}

TEST(looking_for_who_is_like_a_segment_survives_the_lack_of_memory)
{
    struct engine *e = bottega_with(model, events, NOW);

    each_oom_kept(ask_once, e);
    engine_close(e);
}

static bool group_once(void *context, struct err *err)
{
    struct personas_question q = {.by = {measures, 2, traits, 1},
                                  .scope.at_ms = moment_of(NOW),
                                  .from = 2,
                                  .to = 3,
                                  .seed = 1,
                                  .list = 1};
    struct personas_view v;
    struct arena a = {};
    str wrong;
    bool ok = engine_personas(context, &q, &a, &v, &wrong, err);

    assert_true(!ok || (v.k_n == 2 && v.found.n == 3));
    personas_view_free(&v);
    arena_free(&a);
    return ok;
}

TEST(making_personas_survives_the_lack_of_memory)
{
    struct engine *e = bottega_with(model, events, NOW);

    each_oom_kept(group_once, e);
    engine_close(e);
}
