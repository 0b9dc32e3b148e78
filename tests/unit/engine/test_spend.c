#include "engine/returns.h"
#include "engine/spend.h"

#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <unistd.h>

#define NOW "2026-02-01"

static const char model[] = "ciclo: 1\n"
                            "workspace: { currency: EUR, timezone: Europe/Rome }\n"
                            "channels:\n"
                            "  - { channel: ads, when: 'source = \"ads\"' }\n"
                            "  - { channel: mail, when: 'source = \"mail\"' }\n"
                            "events: { purchase: { properties: { revenue: money } } }\n"
                            "lifecycle: { start: all, stages: { all: {} } }\n";

/* Anna came by an advertisement, then by mail, and bought; Eve bought, nobody knows why. */
static const char events[] =
    "a1|anna|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "a2|anna|2026-01-03|page|'url':'https://x.example/?utm_source=mail'\n"
    "a3|anna|2026-01-05|purchase|'revenue':10\n"
    "e1|eve|2026-01-02|purchase|'revenue':5\n";

static const char costs[] = "date,channel,campaign,amount,currency\n"
                            "2026-01-01,ads,it,1.005,EUR\n"
                            "2026-01-01,ads,it,2,\n"
                            "2026-01-31,tv,,7,\n"
                            "2025-12-31,mail,,9,\n"
                            "2026-01-01,mail,,no,\n"
                            "2026-01-01,mail,,9,USD\n";

static bool tell(struct engine *e, const char *table, struct spend_report *out,
                 struct err *err)
{
    const struct spend_import how = {.now_ms = moment_of(NOW)};
    struct arena a = {};
    bool ok = engine_spend_import(e, str_of(table), &how, &a, out, err);

    arena_free(&a);
    return ok;
}

/* The same, as text; and what stands then. */
static bool tell_text(struct engine *e, str table, struct buf *to, struct err *err)
{
    const struct spend_import how = {.now_ms = moment_of(NOW), .text = table};
    struct json_out j = {.to = to};
    struct spend_report r;
    struct arena a = {};
    bool ok = engine_spend_import(e, STR("pasted"), &how, &a, &r, err)
              && spend_put_json(&j, e, &(struct spend_list){.first = 1, .n = 1}, &a, err);

    arena_free(&a);
    return ok;
}

static bool report(struct engine *e, struct buf *to, struct err *err)
{
    const struct returns_question q = {
        .event = STR("purchase"),
        .value = STR("revenue"),
        .by_campaign = true,
        .list = STR("ads"),
        .list_campaign = STR("it"),
        .list_as = STR("events"),
        .scope = {.from_ms = moment_of("2025-12-31T23:00:00Z"),
                  .to_ms = moment_of(NOW),
                  .at_ms = moment_of(NOW)}};
    struct json_out j = {.to = to};
    struct returns_view v;
    struct arena a = {};
    str wrong;
    bool ok = engine_returns(e, &q, &a, &v, &wrong, err);

    if (ok) {
        ok = returns_put_json(&j, e, &v, &a, err) && (!to->failed || err_nomem(err));
        returns_view_free(&v);
    }
    arena_free(&a);
    return ok;
}

static const char wanted[] =
    "{\"at\":\"2026-02-01T00:00:00.000Z\",\"by\":\"campaign\",\"touch\":\"first\","
    "\"all\":{\"spend\":10.01,\"reached\":1,\"won\":1,\"cost\":10.01,\"events\":2,"
    "\"value\":15.00,\"return\":1.498501},"
    "\"nobody\":{\"spend\":0.00,\"reached\":0,\"won\":0,\"cost\":null,\"events\":1,"
    "\"value\":5.00,\"return\":null},\"foreign\":0,\"sources\":["
    "{\"channel\":\"tv\",\"campaign\":null,\"spend\":7.00,\"reached\":0,\"won\":0,"
    "\"cost\":null,\"events\":0,\"value\":0.00,\"return\":0},"
    "{\"channel\":\"ads\",\"campaign\":\"it\",\"spend\":3.01,\"reached\":1,\"won\":1,"
    "\"cost\":3.01,\"events\":1,\"value\":10.00,\"return\":3.322259},"
    "{\"channel\":\"mail\",\"campaign\":null,\"spend\":0.00,\"reached\":1,\"won\":0,"
    "\"cost\":null,\"events\":0,\"value\":0.00,\"return\":null}],"
    "\"customers\":[\"anna\"]}";

static bool report_once(void *context, struct err *err)
{
    struct buf text = {};
    bool ok = report(context, &text, err);

    if (ok) {
        buf_add_char(&text, 0);
        assert_string_equal(text.p, wanted);
    }
    buf_free(&text);
    return ok;
}

TEST(costs_stand_beside_what_channels_bring)
{
    struct engine *e = bottega_with(model, events, NOW);
    const char *table = temp_file("costs.csv", costs, sizeof costs - 1);
    struct spend_report r;
    struct err err;

    NEED_OK(tell(e, table, &r, &err), err);
    assert_int_equal(r.lines, 6);
    assert_int_equal(r.added, 3);
    assert_int_equal(r.refused_lines, 2);
    assert_int_equal(r.refused_n, 2);
    assert_int_equal(r.unknown_channel, 1);
    NEED_OK(tell(e, table, &r, &err), err);
    assert_true(r.added == 0 && r.changed == 0 && r.known == 3);
    NEED_OK(report_once(e, &err), err);
    each_oom_kept(report_once, e);
    engine_close(e);
}

/* Each time a file of its own: what was told once is known. */
static bool tell_once(void *context, struct err *err)
{
    struct engine *e;
    struct spend_report r;
    bool ok;

    unlink(bottega_path());
    ok = bottega_create(bottega_path(), model, &e, err);
    if (!ok)
        return false;
    ok = tell(e, context, &r, err);
    assert_true(!ok || (r.added == 3 && r.refused_lines == 2));
    engine_close(e);
    return ok;
}

TEST(telling_costs_survives_the_lack_of_memory)
{
    const char *table = temp_file("costs.csv", costs, sizeof costs - 1);

    each_oom_or_done(tell_once, (void *)(uintptr_t)table);
}

static const char stands[] =
    "{\"statements\":3,\"channels\":["
    "{\"channel\":\"mail\",\"amount\":9.00,\"currency\":\"EUR\",\"statements\":1,"
    "\"first\":\"2025-12-31\",\"last\":\"2025-12-31\"},"
    "{\"channel\":\"tv\",\"amount\":7.00,\"currency\":\"EUR\",\"statements\":1,"
    "\"first\":\"2026-01-31\",\"last\":\"2026-01-31\"},"
    "{\"channel\":\"ads\",\"amount\":3.01,\"currency\":\"EUR\",\"statements\":1,"
    "\"first\":\"2026-01-01\",\"last\":\"2026-01-01\"}],"
    "\"days\":[{\"date\":\"2026-01-01\",\"channel\":\"ads\",\"campaign\":\"it\","
    "\"amount\":3.01,\"currency\":\"EUR\",\"source\":null}],\"next\":2}";

static bool tell_text_once([[maybe_unused]] void *context, struct err *err)
{
    struct buf text = {};
    struct engine *e;
    bool ok;

    unlink(bottega_path());
    ok = bottega_create(bottega_path(), model, &e, err);
    if (!ok)
        return false;
    ok = tell_text(e, STR(costs), &text, err) && (!text.failed || err_nomem(err));
    if (ok) {
        buf_add_char(&text, 0);
        assert_string_equal(text.p, stands);
    }
    buf_free(&text);
    engine_close(e);
    return ok;
}

TEST(a_table_may_be_told_as_text_and_what_stands_is_shown)
{
    struct err err;

    NEED_OK(tell_text_once(NULL, &err), err);
    each_oom_or_done(tell_text_once, NULL);
}
