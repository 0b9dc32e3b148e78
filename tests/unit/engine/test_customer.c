#include "unit/engine/bottega.h"

#include "base/num.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#define NOW "2026-12-31"

static struct customer_view view_of(struct engine *e, const char *id, const char *at,
                                    struct arena *a)
{
    struct customer_view v;
    struct err err;

    NEED_OK(engine_customer(e, str_of(id), engine_model(e)->lifecycle, moment_of(at),
                            LANGUAGE_EN, 100, a, &v, &err),
            err);
    return v;
}

static str stage_name(struct engine *e, uint16_t stage)
{
    return engine_model(e)->lifecycle->stage[stage].name;
}

/* What time alone will do: "MOMENT STAGE", or "never". */
static void need_next(struct engine *e, const char *id, const char *at,
                      const char *wanted)
{
    struct arena a = {};
    struct customer_view v = view_of(e, id, at, &a);
    struct buf b = {};

    if (v.next.at_ms == MOMENT_NEVER) {
        buf_add(&b, STR("never"));
    } else {
        moment_print(&b, v.next.at_ms);
        buf_add_format(&b, " %.*s", STR_FMT(stage_name(e, v.next.to)));
    }
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("%s at %s: got %.*s, wanted %s", id, at, STR_FMT(buf_str(&b)), wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(who_is_not_known_is_not_found)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v;
    struct err err;

    assert_false(engine_customer(e, STR("Anna"), engine_model(e)->lifecycle,
                                 moment_of(NOW), LANGUAGE_EN, 100, &a, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "Anna"));
    arena_free(&a);
    engine_close(e);
}

TEST(before_the_first_event_there_is_nobody)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v = view_of(e, "anna", "2026-01-01T09:59:59.999Z", &a);

    assert_int_equal(v.stage, STAGE_NONE);
    assert_int_equal(v.move_n, 0);
    assert_int_equal(v.event_n, 0);
    assert_int_equal(v.timeline.n, 0);
    arena_free(&a);
    engine_close(e);
}

TEST(a_view_is_of_its_moment)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v = view_of(e, "10", "2026-02-20T23:29:59.999Z", &a);

    assert_true(str_eq(stage_name(e, v.stage), STR("at_risk")));
    assert_true(v.since_ms == moment_of("2026-02-04T09:30:00.000Z"));
    assert_int_equal(v.move_n, 3);
    assert_int_equal(v.timeline.n, 1);
    assert_int_equal(v.segment_n, 1);
    assert_true(str_eq(v.segment[0], STR("quiet")));

    v = view_of(e, "10", "2026-02-20T23:30:00.000Z", &a);
    assert_true(str_eq(stage_name(e, v.stage), STR("buyer")));
    assert_int_equal(v.timeline.n, 2);
    assert_int_equal(v.segment_n, 1);
    assert_true(str_eq(v.segment[0], STR("vip")));
    arena_free(&a);
    engine_close(e);
}

TEST(each_move_has_its_rule_and_the_values_that_made_it_true)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v = view_of(e, "anna", NOW, &a);
    const struct move_view *lapsed = &v.move[3];

    assert_int_equal(v.move_n, 4);
    assert_int_equal(v.move[0].why.term_n, 0);
    assert_int_equal(v.move[0].move.way, WAY_START);
    for (uint32_t i = 1; i < 4; i++) {
        assert_int_equal(v.move[i].why.term_n, 1);
        assert_true(v.move[i].why.term[0].truth);
        assert_true(v.move[i].why.words.n > 0);
    }
    assert_true(str_eq(lapsed->why.term[0].test, STR("since(purchase) >= 60d")));
    assert_true(str_eq(lapsed->why.term[0].measure, STR("since(purchase)")));
    assert_true(str_eq(lapsed->why.term[0].value, STR("60 days")));
    assert_int_equal(lapsed->why.term[0].event_n, 1);
    assert_true(str_eq(v.message_id[lapsed->why.term[0].event[0]], STR("p1")));
    arena_free(&a);
    engine_close(e);
}

TEST(what_time_alone_will_do_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_next(e, "anna", "2026-01-01T10:00:00.000Z", "never");
    need_next(e, "anna", "2026-01-11T10:00:00.000Z", "2026-02-10T10:00:00.000Z at_risk");
    need_next(e, "anna", "2026-02-10T09:59:59.999Z", "2026-02-10T10:00:00.000Z at_risk");
    need_next(e, "anna", "2026-02-10T10:00:00.000Z", "2026-03-12T10:00:00.000Z lapsed");
    need_next(e, "anna", NOW, "never");
    /* What he will do on 20 February is not known on the 19th. */
    need_next(e, "10", "2026-02-19", "2026-03-06T09:30:00.000Z lapsed");
    engine_close(e);
}

static const char far_model[] =
    "ciclo: 1\n"
    "events: { purchase: {}, signed_up: {} }\n"
    "lifecycle:\n"
    "  start: a\n"
    "  stages: { a: {}, b: {}, c: {}, d: {} }\n"
    "  moves:\n"
    "    - { from: a, to: b, when: since(signed_up) >= 20y }\n"
    "    - { from: a, to: c, when: since(signed_up) >= 200y }\n"
    "    - { from: a, to: d, when: \"count(purchase, 10d) = 0 and since(signed_up) < "
    "30d\" }\n"
    "    - { from: a, to: c, when: \"count(purchase) >= 2\" }\n";

TEST(a_change_many_years_away_is_found)
{
    struct engine *e = bottega_with(far_model,
                                    "1|anna|2026-01-01T10:00:00Z|purchase|\n"
                                    "2|bob|2026-01-01T10:00:00Z|signed_up|\n"
                                    "3|bob|2026-01-01T10:00:00Z|purchase|\n",
                                    "2026-01-02");

    need_next(e, "anna", "2026-01-02", "never");
    need_next(e, "bob", "2026-01-02", "2026-01-11T10:00:00.000Z d");
    engine_close(e);
}

/* Each way out of the present stage, and when time alone makes its rule true. */
TEST(every_way_out_says_when_time_opens_it)
{
    struct engine *e = bottega_with(far_model,
                                    "1|bob|2026-01-01T10:00:00Z|signed_up|\n"
                                    "2|bob|2026-01-01T10:00:00Z|purchase|\n",
                                    "2026-01-02");
    struct arena a = {};
    struct customer_view v = view_of(e, "bob", "2026-01-02", &a);

    assert_int_equal(v.way_n, 4);
    assert_true(v.way[0].at_ms == moment_of("2046-01-01T10:00:00Z"));
    assert_true(v.way[1].at_ms == moment_of("2226-01-01T10:00:00Z"));
    assert_true(v.way[2].at_ms == moment_of("2026-01-11T10:00:00Z"));
    assert_true(v.way[3].at_ms == MOMENT_NEVER);
    assert_false(v.way[0].why.term[0].truth);
    assert_int_equal(v.way[2].why.term_n, 2);
    assert_true(v.way[2].why.term[1].truth);
    arena_free(&a);
    engine_close(e);
}

TEST(events_come_newest_first_and_no_more_than_asked)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v;
    struct err err;

    NEED_OK(engine_customer(e, STR("9"), engine_model(e)->lifecycle, moment_of(NOW),
                            LANGUAGE_IT, 2, &a, &v, &err),
            err);
    assert_int_equal(v.timeline.n, 3);
    assert_int_equal(v.event_n, 2);
    assert_int_equal(v.event[0].place, 2);
    assert_int_equal(v.event[1].place, 1);
    assert_true(str_eq(v.message_id[v.event[0].place], STR("i2")));
    assert_int_equal(v.event[0].trait_n, 2); /* the null is shown as what was said */
    assert_int_equal(v.event[0].property_n, 0);
    arena_free(&a);
    engine_close(e);
}

/* --- scores --- */

static const char bottega_scores[] =
    "scores:\n"
    "  health:\n"
    "    from: 5\n"
    "    to: 50\n"
    "    parts:\n"
    "      - { name: bought lately, points: 60, when: \"exists(purchase, 30d)\" }\n"
    "      - { points: 12.5, when: segment.vip }\n";

TEST(of_a_score_each_part_is_told)
{
    struct engine *e = bottega_open(NOW);
    struct buf model = {}, b = {};
    struct json_out j = {.to = &b};
    struct arena a = {};
    struct customer_view v;
    uint32_t version;
    struct err err;

    buf_add(&model, str_of(bottega_model));
    buf_add(&model, str_of(bottega_scores));
    NEED_OK(engine_apply(e, buf_str(&model), 0, &version, &err), err);
    v = view_of(e, "anna", "2026-02-01T00:00:00.000Z", &a);
    assert_int_equal(v.score_n, 1);
    assert_int_equal(v.score[0].points, 50 * NUM_ONE);
    customer_put_json(&j, e, &v);
    assert_true(str_contains_nocase(
        buf_str(&b), STR("\"scores\":[{\"name\":\"health\",\"points\":50,\"from\":5,"
                         "\"to\":50,\"parts\":["
                         "{\"name\":\"bought lately\",\"rule\":\"exists(purchase, 30d)\","
                         "\"points\":60,\"given\":true},"
                         "{\"name\":null,\"rule\":\"segment.vip\",\"points\":12.5,"
                         "\"given\":false}]}]")));
    buf_free(&b);
    buf_free(&model);
    arena_free(&a);
    engine_close(e);
}

/* --- as JSON --- */

static const char anna_as_json[] =
    "{\"id\":\"anna\",\"ids\":[{\"kind\":\"userId\",\"id\":\"anna\",\"first\":null}],"
    "\"is_account\":false,\"members_total\":0,\"members\":[],\"accounts\":[],"
    "\"at\":\"2026-02-01T00:00:00.000Z\",\"stage\":\"buyer\","
    "\"since\":\"2026-01-11T10:00:00.000Z\",\"traits\":{},"
    "\"trait_history\":[],"
    "\"acquisition\":{\"channel\":null,\"source\":null,\"medium\":null,\"campaign\":null,"
    "\"referrer\":null,\"page\":null},"
    "\"segments\":[\"quiet\"],\"segment_changes\":["
    "{\"at\":\"2026-01-01T10:00:00.000Z\",\"segment\":\"quiet\",\"change\":\"entered\"},"
    "{\"at\":\"2026-01-11T10:00:00.000Z\",\"segment\":\"quiet\",\"change\":\"left\"},"
    "{\"at\":\"2026-01-21T10:00:00.000Z\",\"segment\":\"quiet\",\"change\":\"entered\"}],"
    "\"scores\":[],"
    "\"moves\":[{\"at\":\"2026-01-01T10:00:00.000Z\",\"from\":null,\"to\":\"reach\","
    "\"rule\":null,\"words\":null,\"model_version\":1,\"why\":[]},"
    "{\"at\":\"2026-01-11T10:00:00.000Z\",\"from\":\"reach\",\"to\":\"buyer\","
    "\"rule\":\"since(purchase) < 30d\",";

TEST(a_customer_as_json)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v = view_of(e, "anna", "2026-02-01T00:00:00.000Z", &a);
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct json_parser *parser;
    const struct json *json, *part;
    struct err err;

    customer_put_json(&j, e, &v);
    assert_true(str_starts(buf_str(&b), str_of(anna_as_json)));
    assert_non_null(buf_room(&b, 64));
    NEED_OK(json_parser_new(&parser, &err), err);
    NEED_OK(json_parse(parser, buf_str(&b), &a, &json, &err), err);
    json_parser_free(parser);

    part = json_find(json, STR("stays"));
    assert_int_equal(part->n, 2);
    assert_true(str_eq(json_find_text(&part->item[0], STR("to")),
                       STR("2026-01-11T10:00:00.000Z")));
    assert_int_equal(json_find(&part->item[1], STR("to"))->type, JSON_NULL);

    part = json_find(json, STR("next"));
    assert_true(str_eq(json_find_text(part, STR("at")), STR("2026-02-10T10:00:00.000Z")));
    assert_true(str_eq(json_find_text(part, STR("to")), STR("at_risk")));
    part = json_find(part, STR("moves"));
    assert_int_equal(part->n, 1);
    assert_true(
        str_eq(json_find_text(part->item, STR("at")), STR("2026-02-10T10:00:00.000Z")));
    part = json_find(part->item, STR("why"))->item;
    assert_true(str_eq(json_find_text(part, STR("test")), STR("since(purchase) >= 30d")));
    assert_false(json_find(part, STR("truth"))->truth);
    assert_true(str_eq(json_find_text(part, STR("holds_until")),
                       STR("2026-02-10T10:00:00.000Z")));
    part = json_find(part, STR("events"));
    assert_int_equal(part->n, 1);
    assert_true(str_eq(json_find_text(part->item, STR("id")), STR("p1")));

    assert_int_equal(json_find(json, STR("events_total"))->number, 2 * 1000000);
    part = json_find(json, STR("events"))->item; /* the newest */
    assert_true(str_eq(json_find_text(part, STR("type")), STR("purchase")));
    part = json_find(part, STR("properties"));
    assert_int_equal(part->n, 3);
    assert_int_equal(json_find(part, STR("items"))->n, 2);
    assert_int_equal(json_find(part, STR("revenue"))->number, 40 * 1000000);
    assert_true(str_eq(json_find_text(part, STR("sku")), STR("a1")));
    buf_free(&b);
    arena_free(&a);
    engine_close(e);
}

TEST(nobody_yet_as_json)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct customer_view v = view_of(e, "anna", "2025-12-31T00:00:00.000Z", &a);
    struct buf b = {};
    struct json_out j = {.to = &b};

    customer_put_json(&j, e, &v);
    buf_add_char(&b, '\0');
    assert_string_equal(
        b.p,
        "{\"id\":\"anna\",\"ids\":[{\"kind\":\"userId\",\"id\":\"anna\",\"first\":null}],"
        "\"is_account\":false,\"members_total\":0,\"members\":[],\"accounts\":[],"
        "\"at\":\"2025-12-31T00:00:00.000Z\",\"stage\":null,"
        "\"since\":null,\"traits\":{},"
        "\"trait_history\":[],"
        "\"acquisition\":{\"channel\":null,\"source\":null,\"medium\":null,"
        "\"campaign\":null,"
        "\"referrer\":null,\"page\":null},"
        "\"segments\":[],\"segment_changes\":[],\"scores\":[],\"moves\":[],\"stays\":[],"
        "\"next\":{\"at\":null,\"to\":null,\"moves\":[]},\"why_not\":[],"
        "\"events_total\":0,\"events\":[]}");
    buf_free(&b);
    arena_free(&a);
    engine_close(e);
}

/* --- memory that runs out --- */

static bool view_and_print(void *context, struct err *err)
{
    struct engine *e = context;
    struct arena a = {};
    struct customer_view v;
    struct buf b = {};
    struct json_out j = {.to = &b};
    bool ok = engine_customer(e, STR("10"), engine_model(e)->lifecycle, moment_of(NOW),
                              LANGUAGE_PT, 100, &a, &v, err);

    if (ok) {
        customer_put_json(&j, e, &v);
        ok = !b.failed || err_nomem(err);
    }
    buf_free(&b);
    arena_free(&a);
    return ok;
}

TEST(a_view_survives_the_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);

    each_oom_kept(view_and_print, e);
    engine_close(e);
}
