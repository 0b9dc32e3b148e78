#include "report/flow_json.h"

#include "support/fail.h"
#include "support/unit.h"

static struct stage stage[] = {{.name = {"new", 3}}, {.name = {"b\"uyer", 6}}};
static const struct lifecycle lifecycle = {.stage = stage, .stage_n = 2};
/* 1 January, 1 February and 1 March 2026 */
static const int64_t edge[] = {INT64_C(1767225600000), INT64_C(1769904000000),
                               INT64_C(1772323200000)};
static const struct move moves[] = {
    {.at_ms = INT64_C(1767225600000), .from = STAGE_NONE, .to = 0, .way = WAY_START},
    {.at_ms = INT64_C(1769904000000), .from = 0, .to = 1},
};

static bool print(bool periods, struct buf *b, struct err *err)
{
    struct arena a = {};
    struct json_out j = {.to = b};
    struct zone *utc;
    struct flow f;
    bool ok = zone_open(io_system(), STR("UTC"), &utc, err);

    if (!ok)
        return false;
    ok = flow_new(2, edge, 2, &a, &f, err);
    if (ok) {
        flow_add(&f, moves, 2);
        flow_sum(&f);
        if (periods) {
            flow_put_periods(&j, &f, FLOW_MONTH, utc, &lifecycle);
        } else {
            json_begin_object(&j);
            flow_put_period(&j, &f, 1, &lifecycle);
            json_end_object(&j);
        }
        ok = !b->failed || err_nomem(err);
    }
    zone_close(utc);
    arena_free(&a);
    return ok;
}

static void need_json(bool periods, const char *wanted)
{
    struct buf b = {};
    struct err err;

    assert_true(print(periods, &b, &err));
    buf_add_char(&b, '\0');
    assert_string_equal(b.p, wanted);
    buf_free(&b);
}

#define FEBRUARY                                                                         \
    "\"population\":1,\"stages\":["                                                      \
    "{\"stage\":\"new\",\"customers\":0,\"entered\":0,\"left\":1},"                      \
    "{\"stage\":\"b\\\"uyer\",\"customers\":1,\"entered\":1,\"left\":0}],"               \
    "\"moves\":[{\"from\":\"new\",\"to\":\"b\\\"uyer\",\"customers\":1}]}"

TEST(a_period_as_json)
{
    need_json(false, "{" FEBRUARY);
}

TEST(periods_as_json_have_name_begin_and_end)
{
    need_json(true, "{\"by\":\"month\",\"months\":["
                    "{\"month\":\"2026-01\",\"start\":\"2026-01-01T00:00:00.000Z\","
                    "\"end\":\"2026-02-01T00:00:00.000Z\",\"population\":1,\"stages\":["
                    "{\"stage\":\"new\",\"customers\":1,\"entered\":1,\"left\":0},"
                    "{\"stage\":\"b\\\"uyer\",\"customers\":0,\"entered\":0,\"left\":0}],"
                    "\"moves\":[{\"from\":null,\"to\":\"new\",\"customers\":1}]},"
                    "{\"month\":\"2026-02\",\"start\":\"2026-02-01T00:00:00.000Z\","
                    "\"end\":\"2026-03-01T00:00:00.000Z\"," FEBRUARY "]}");
}

static bool print_and_free([[maybe_unused]] void *context, struct err *err)
{
    struct buf b = {};
    bool ok = print(true, &b, err);

    buf_free(&b);
    return ok;
}

TEST(json_of_periods_survives_the_lack_of_memory)
{
    each_oom(print_and_free, NULL);
}
