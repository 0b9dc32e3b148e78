#include "base/time.h"
#include "event/call.h"
#include "support/unit.h"

#include <string.h>

enum { SPARE = 64 };
static const int64_t noon_ms = INT64_C(1772625600000); /* 2026-03-04T12:00:00Z */

static const struct json *json_of(struct json_parser *parser, str text, struct arena *a)
{
    char *copy = arena_alloc(a, text.n + SPARE, 1);
    const struct json *json;
    struct err err;

    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    if (!json_parse(parser, (str){copy, text.n}, a, &json, &err))
        fail_msg("%.*s: %s", STR_FMT(text), err.msg);
    return json;
}

/* When a call happened that came at noon in a batch with this sentAt, as text; why it was refused
 * if it was. */
static void need_time(const char *call, const char *batch_sent_at, const char *expected)
{
    struct arena a = {};
    struct json_parser *parser;
    struct call_frame by = {.received_ms = noon_ms};
    struct buf text = {}, found = {};
    struct event e;
    struct err err;

    assert_true(json_parser_new(&parser, &err));
    by.sent_at = json_of(parser, str_of(batch_sent_at), &a);
    buf_add(&text, STR("{\"type\":\"track\",\"event\":\"x\",\"userId\":\"u\""));
    buf_add(&text, str_of(call));
    buf_add(&text, STR("}"));
    if (call_parse(json_of(parser, buf_str(&text), &a), &by, &a, &e, &err))
        moment_print(&found, e.at_ms);
    else
        buf_add(&found, str_of(err.msg));
    if (!str_eq(buf_str(&found), str_of(expected)))
        fail_msg("%s sent at %s: %.*s", call, batch_sent_at, STR_FMT(buf_str(&found)));
    buf_free(&text);
    buf_free(&found);
    json_parser_free(parser);
    arena_free(&a);
}

#define MORNING "2026-03-04T09:00:00.250Z"
#define TIME ",\"timestamp\":\"" MORNING "\""
#define ORIGINAL ",\"originalTimestamp\":\"" MORNING "\""

TEST(a_moment_stays_what_it_is_however_long_the_call_was_on_its_way)
{
    need_time(TIME, "\"2026-03-04T11:59:59.993Z\"", MORNING);
    need_time(TIME, "\"2026-03-04T11:59:00.000Z\"", MORNING);
    need_time(TIME, "\"2026-03-04T12:01:00.000Z\"", MORNING);
    need_time(TIME, "null", MORNING);
    need_time(TIME, "\"yesterday\"", MORNING);
    need_time(ORIGINAL, "\"2026-03-04T11:59:58.000Z\"", MORNING);
}

TEST(a_clock_that_is_wrong_is_put_right)
{
    need_time(TIME, "\"2026-03-04T11:58:59.999Z\"", "2026-03-04T09:01:00.251Z");
    need_time(TIME, "\"2026-03-04T12:01:00.001Z\"", "2026-03-04T08:59:00.249Z");
    need_time(",\"timestamp\":\"1970-01-01T00:00:05.000Z\"",
              "\"1970-01-01T00:00:08.000Z\"", "2026-03-04T11:59:57.000Z");
    need_time(",\"originalTimestamp\":\"2031-01-01T00:00:05Z\"",
              "\"2031-01-01T00:00:08Z\"", "2026-03-04T11:59:57.000Z");
    need_time(TIME ",\"sentAt\":\"2026-03-04T09:00:01.250Z\"",
              "\"2026-03-04T12:00:00.000Z\"", "2026-03-04T11:59:59.000Z");
}

TEST(a_time_beside_the_original_one_is_right_already)
{
    need_time(ORIGINAL ",\"timestamp\":\"2020-01-01T00:00:00.001Z\"",
              "\"2026-03-04T09:00:01.250Z\"", "2020-01-01T00:00:00.001Z");
}

TEST(without_a_time_a_call_happened_when_it_came)
{
    need_time("", "\"2020-01-01T00:00:00.000Z\"", "2026-03-04T12:00:00.000Z");
}

TEST(the_future_begins_a_day_from_now)
{
    need_time(",\"timestamp\":\"2026-03-05T12:00:00.000Z\"", "null",
              "2026-03-05T12:00:00.000Z");
    need_time(",\"timestamp\":\"2026-03-05T12:00:00.001Z\"", "null",
              "the time lies in the future");
}
