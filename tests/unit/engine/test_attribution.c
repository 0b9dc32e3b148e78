#include "engine/attribution.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-02-01"

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR }\n"
    "channels:\n"
    "  - { channel: ads, when: 'source = \"ads\"' }\n"
    "  - { channel: mail, when: 'source = \"mail\"' }\n"
    "events: { purchase: { properties: { revenue: money, sku: text } } }\n"
    "lifecycle: { start: all, stages: { all: {} } }\n";

/* Anna came twice and bought; Bob came; Eve bought, and nobody knows how she came. */
static const char events[] =
    "a1|anna|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "a2|anna|2026-01-03|page|'url':'https://x.example/?utm_source=mail'\n"
    "a3|anna|2026-01-05|purchase|'revenue':10.01,'sku':'a'\n"
    "b1|bob|2026-01-01|page|'url':'https://x.example/?utm_source=ads'\n"
    "e1|eve|2026-01-02|purchase|'revenue':5\n";

static struct attribution_question question(void)
{
    return (struct attribution_question){
        .conversion = STR("purchase"),
        .value = STR("revenue"),
        .scope = {.from_ms = MOMENT_MIN, .to_ms = MOMENT_NEVER, .at_ms = moment_of(NOW)}};
}

static bool ask(struct engine *e, const struct attribution_question *q, struct buf *to,
                struct err *err)
{
    struct json_out j = {.to = to};
    struct attribution_view v;
    struct arena a = {};
    str wrong;
    bool ok = engine_attribution(e, q, &a, &v, &wrong, err);

    if (ok) {
        ok = attribution_put_json(&j, e, &v, &a, err) && (!to->failed || err_nomem(err));
        attribution_view_free(&v);
    }
    arena_free(&a);
    return ok;
}

static const char wanted[] =
    "{\"at\":\"2026-02-01T00:00:00.000Z\",\"by\":\"campaign\","
    "\"conversions\":2,\"value\":15.01,\"untouched\":{\"conversions\":1,\"value\":5.00},"
    "\"lost\":1,\"sources\":["
    "{\"channel\":\"ads\",\"campaign\":\"it\",\"paths\":1,\"lost\":0,\"removal\":1,"
    "\"first\":{\"conversions\":1,\"value\":10.01},"
    "\"last\":{\"conversions\":0,\"value\":0.00},"
    "\"linear\":{\"conversions\":0.5,\"value\":5.01},"
    "\"position\":{\"conversions\":0.25,\"value\":2.50},"
    "\"decay\":{\"conversions\":0.333333,\"value\":3.34},"
    "\"markov\":{\"conversions\":0.5,\"value\":5.01}},"
    "{\"channel\":\"mail\",\"campaign\":null,\"paths\":1,\"lost\":0,\"removal\":1,"
    "\"first\":{\"conversions\":0,\"value\":0.00},"
    "\"last\":{\"conversions\":1,\"value\":10.01},"
    "\"linear\":{\"conversions\":0.5,\"value\":5.00},"
    "\"position\":{\"conversions\":0.75,\"value\":7.51},"
    "\"decay\":{\"conversions\":0.666667,\"value\":6.67},"
    "\"markov\":{\"conversions\":0.5,\"value\":5.00}},"
    "{\"channel\":\"ads\",\"campaign\":null,\"paths\":0,\"lost\":1,\"removal\":0,"
    "\"first\":{\"conversions\":0,\"value\":0.00},"
    "\"last\":{\"conversions\":0,\"value\":0.00},"
    "\"linear\":{\"conversions\":0,\"value\":0.00},"
    "\"position\":{\"conversions\":0,\"value\":0.00},"
    "\"decay\":{\"conversions\":0,\"value\":0.00},"
    "\"markov\":{\"conversions\":0,\"value\":0.00}}],"
    "\"customers\":[\"anna\"]}";

struct asked {
    struct engine *e;
    struct attribution_question q;
};

static bool ask_once(void *context, struct err *err)
{
    const struct asked *asked = context;
    struct buf text = {};
    bool ok = ask(asked->e, &asked->q, &text, err);

    if (ok) {
        buf_add_char(&text, 0);
        assert_string_equal(text.p, wanted);
    }
    buf_free(&text);
    return ok;
}

TEST(a_cent_that_cannot_be_halved_goes_to_the_first)
{
    struct asked asked = {bottega_with(model, events, NOW), question()};
    struct err err;

    asked.q.by_campaign = true;
    asked.q.half_life = STR("2d");
    asked.q.position = STR("20,20,60");
    asked.q.list = STR("ads");
    asked.q.list_campaign = STR("it");
    asked.q.list_as = STR("first");
    NEED_OK(ask_once(&asked, &err), err);
    each_oom_kept(ask_once, &asked);
    engine_close(asked.e);
}

static void need_refused(struct engine *e, struct attribution_question q, const char *why)
{
    struct buf text = {};
    struct err err;

    assert_false(ask(e, &q, &text, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, why));
    buf_free(&text);
}

TEST(what_cannot_be_asked_is_refused_in_words)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct attribution_question q = question();
    static const str position[] = {STR("1,1"), STR("50,50"), STR("101,0,-1"),
                                   STR("33.5,33,33.5"), STR(",")};

    for (size_t i = 0; i < sizeof position / sizeof *position; i++) {
        q.position = position[i];
        need_refused(e, q, "100 together");
    }
    q = question();
    q.half_life = STR("0d");
    need_refused(e, q, "half life");
    q.half_life = STR("1y");
    need_refused(e, q, "half life");
    q = question();
    q.value = STR("sku");
    need_refused(e, q, "only numbers");
    q = question();
    q.without = STR("ads,");
    q.without.n--;
    q.list = STR("post");
    need_refused(e, q, "no channel \"post\"");
    q.list = STR("ads");
    q.list_as = STR("best");
    need_refused(e, q, "any, first, last or lost");
    q.list_campaign = STR("it");
    need_refused(e, q, "count by campaign");
    engine_close(e);
}

TEST(of_nothing_there_is_nothing_to_share_out)
{
    struct engine *e = bottega_with(model, "", NOW);
    struct attribution_question q = question();
    struct buf text = {};
    struct err err;

    NEED_OK(ask(e, &q, &text, &err), err);
    buf_add_char(&text, 0);
    assert_string_equal(text.p, "{\"at\":\"2026-02-01T00:00:00.000Z\",\"by\":\"channel\","
                                "\"conversions\":0,\"value\":0.00,"
                                "\"untouched\":{\"conversions\":0,\"value\":0.00},"
                                "\"lost\":0,\"sources\":[]}");
    buf_free(&text);
    engine_close(e);
}
