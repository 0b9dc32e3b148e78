#include "engine/ledger.h"
#include "engine/rates.h"
#include "engine/spend.h"

#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>
#include <unistd.h>

#define NOW "2026-02-01"

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR, timezone: Europe/Rome }\n"
    "channels:\n"
    "  - { channel: ads, when: 'source = \"ads\"' }\n"
    "events: { purchase: { properties: { revenue: money, currency: text } }, ticket: {} "
    "}\n"
    "traits: { by: text }\n"
    "ledger: { purchases: purchase.revenue, support: ticket, contact_cost: 1.5,\n"
    "          margin: 0.5, referred_by: by, referral_share: 0.1 }\n"
    "lifecycle: { start: all, stages: { all: {} } }\n"
    "segments: { helped: { when: exists(ticket) } }\n";

/* Three came by the same advertisement; Anna brought Eve, and paid in dollars; Bob's pounds have no
 * rate. */
static const char events[] =
    "a1|anna|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "a2|anna|2026-01-05|purchase|'revenue':10,'currency':'usd'\n"
    "a3|anna|2026-01-06|ticket|\n"
    "b1|bob|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "b2|bob|2026-01-02|purchase|'revenue':3,'currency':'GBP'\n"
    "e0|eve|2026-01-01|identify|'by':'anna'\n"
    "e1|eve|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "e2|eve|2026-01-04|purchase|'revenue':0.05\n"
    "e3|eve|2026-01-07|purchase|'revenue':7\n";

static const char dollars[] = "date,currency,rate\n"
                              "2026-01-03,USD,0.9\n"
                              "2026-01-03,USD,0.8\n"
                              "2026-01-03,EUR,1\n"
                              "2026-01-03,Euro,1\n"
                              "2026-01-03,USD,-1\n"
                              "soon,USD,1\n"
                              "2026-01-03\n";
static const char costs[] = "date,channel,campaign,amount,currency\n"
                            "2026-01-01,ads,it,10,EUR\n"
                            "2026-01-06,ads,,0.02,EUR\n"
                            "2026-01-06,tv,,5,USD\n";

static bool tell_rates(struct engine *e, struct rates_report *out, struct err *err)
{
    const struct rates_import how = {.now_ms = moment_of(NOW)};

    return engine_rates_import(
        e, str_of(temp_file("rates.csv", dollars, sizeof dollars - 1)), &how, out, err);
}

static bool tell_costs(struct engine *e, struct spend_report *out, struct err *err)
{
    const struct spend_import how = {.now_ms = moment_of(NOW)};
    struct arena a = {};
    bool ok = engine_spend_import(
        e, str_of(temp_file("costs.csv", costs, sizeof costs - 1)), &how, &a, out, err);

    arena_free(&a);
    return ok;
}

static struct engine *open_told(void)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct rates_report rates;
    struct spend_report spend;
    struct err err;

    NEED_OK(tell_rates(e, &rates, &err), err);
    assert_true(rates.lines == 7 && rates.added == 1 && rates.changed == 0);
    for (int i = 0; i < RATES_REASON_N; i++)
        assert_int_equal(rates.refused[i].lines, i != RATES_NO_CSV);
    NEED_OK(tell_costs(e, &spend, &err), err);
    assert_int_equal(spend.added, 3);
    return e;
}

static const char wanted[] =
    "{\"at\":\"2026-02-01T00:00:00.000Z\",\"all\":{\"customers\":3,\"stand\":3,\"won\":2,"
    "\"kept\":1,\"purchases\":15.05,\"refunds\":0.00,\"margin\":7.53,\"acquisition\":10."
    "00,"
    "\"keeping\":0.02,\"unassigned\":4.00,\"support\":1.50,\"rewards\":0.00,\"net\":-7."
    "99,"
    "\"indirect\":0.71,\"cost_of_winning\":7.00,\"cost_of_keeping\":1.52},"
    "\"imported\":14.02,\"with_others\":0.00,\"without_rate\":[{\"currency\":\"GBP\","
    "\"lines\":1,\"sum\":3.00}],\"too_large\":0,\"unknown_referrers\":0}";

static const char wanted_anna[] =
    "\"customer\":\"anna\",\"lines\":["
    "{\"day\":\"2026-01-01\",\"kind\":\"acquisition\",\"amount\":3.34,\"channel\":"
    "\"ads\","
    "\"campaign\":\"it\"},"
    "{\"day\":\"2026-01-04\",\"kind\":\"indirect\",\"amount\":0.01,\"event\":\"e2\","
    "\"brought\":\"eve\"},"
    "{\"day\":\"2026-01-05\",\"kind\":\"purchase\",\"amount\":8.00,\"event\":\"a2\"},"
    "{\"day\":\"2026-01-06\",\"kind\":\"support\",\"amount\":1.50,\"event\":\"a3\"},"
    "{\"day\":\"2026-01-06\",\"kind\":\"keeping\",\"amount\":0.01,\"channel\":\"ads\","
    "\"campaign\":\"\"},"
    "{\"day\":\"2026-01-07\",\"kind\":\"indirect\",\"amount\":0.70,\"event\":\"e3\","
    "\"brought\":\"eve\"}]}";

struct asked {
    struct engine *e;
    struct ledger_question q;
    struct buf text;
};

static bool ask(struct asked *k, struct err *err)
{
    struct json_out j = {.to = &k->text};
    struct ledger_view v;
    struct arena a = {};
    str wrong;
    bool ok;

    buf_clear(&k->text);
    k->q.scope.from_ms = MOMENT_MIN;
    k->q.scope.to_ms = MOMENT_NEVER;
    k->q.scope.at_ms = k->q.scope.known_ms = moment_of(NOW);
    ok = engine_ledger(k->e, &k->q, &a, &v, &wrong, err);
    if (ok) {
        ledger_put_json(&j, k->e, &v);
        buf_add_char(&k->text, 0);
        ok = !k->text.failed || err_nomem(err);
    }
    arena_free(&a);
    return ok;
}

static bool ask_once(void *context, struct err *err)
{
    struct asked k = {.e = context};
    bool ok = ask(&k, err);

    if (ok)
        assert_string_equal(k.text.p, wanted);
    buf_free(&k.text);
    k.q = (struct ledger_question){.by = STR("segment"),
                                   .scope.when = STR("exists(ticket)")};
    ok = ok && ask(&k, err);
    buf_free(&k.text);
    k.q = (struct ledger_question){.customer = STR("anna")};
    ok = ok && ask(&k, err);
    if (ok && !strstr(k.text.p, wanted_anna))
        fail_msg("%s", k.text.p);
    buf_free(&k.text);
    return ok;
}

TEST(a_ledger_is_told_to_the_cent)
{
    struct engine *e = open_told();
    struct err err;

    NEED_OK(ask_once(e, &err), err);
    each_oom_kept(ask_once, e);
    engine_close(e);
}

TEST(what_is_expected_is_not_told_of_several_currencies)
{
    struct asked k = {.e = open_told(), .q.ahead = STR("30d")};
    struct err err;

    assert_false(ask(&k, &err));
    assert_int_equal(err.code, ERR_INPUT);
    buf_free(&k.text);
    engine_close(k.e);
}

/* Each time a file of its own: what was told once is known. */
static bool tell_once([[maybe_unused]] void *context, struct err *err)
{
    struct engine *e;
    struct rates_report r;
    bool ok;

    unlink(bottega_path());
    if (!bottega_create(bottega_path(), model, &e, err))
        return false;
    ok = tell_rates(e, &r, err);
    assert_true(!ok || r.added == 1);
    engine_close(e);
    return ok;
}

TEST(telling_rates_survives_the_lack_of_memory)
{
    each_oom_or_done(tell_once, NULL);
}

TEST(a_rate_stands_for_a_week_or_until_the_next)
{
    struct rates r = {};
    int64_t worth;
    struct err err;

    NEED_OK(rates_parse(&r, STR("USD"), STR("2026-01-05 0.9\n2026-01-07 /1.25"), &err),
            err);
    rates_sort(&r);
    assert_null(rates_find(&r, STR("USD"), r.row[0].day - 1));
    assert_ptr_equal(rates_find(&r, STR("USD"), r.row[0].day + 1), &r.row[0]);
    assert_ptr_equal(rates_find(&r, STR("USD"), r.row[1].day + 6), &r.row[1]);
    assert_null(rates_find(&r, STR("USD"), r.row[1].day + 7));
    assert_null(rates_find(&r, STR("GBP"), r.row[1].day));
    assert_true(rate_convert(&r.row[0], 5, 2, 2, &worth) && worth == 5);   /* 4.5 */
    assert_true(rate_convert(&r.row[0], -5, 2, 2, &worth) && worth == -5); /* -4.5 */
    assert_true(rate_convert(&r.row[1], 100, 0, 2, &worth) && worth == 8000);
    assert_false(rate_convert(&r.row[1], INT64_MAX, 0, 2, &worth));
    rates_free(&r);
}

static void need_wrong(struct engine *e, const char *ledger, int line, const char *why)
{
    struct buf text = {};
    struct err err;
    uint32_t version;

    buf_add_format(&text,
                   "ciclo: 1\n"
                   "events: { purchase: { properties: { revenue: money } } }\n"
                   "traits: { age: number }\n"
                   "lifecycle: { start: all, stages: { all: {} } }\n"
                   "ledger:\n%s",
                   ledger);
    assert_false(engine_apply(e, buf_str(&text), moment_of(NOW), &version, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, line);
    if (!strstr(err.msg, why))
        fail_msg("%s", err.msg);
    buf_free(&text);
}

TEST(a_ledger_that_means_nothing_is_refused_where_it_stands)
{
    struct engine *e = bottega_with(model, events, NOW);

    need_wrong(e, "  purchase: x\n", 6, "did you mean");
    need_wrong(e, "  purchases: purchase\n", 6, "which of its values");
    need_wrong(e, "  margin: 35\n", 6, "a share from 0 to 1");
    need_wrong(e, "  refunds: refunded.amount\n", 6, "no event");
    need_wrong(e, "  support: ticket\n", 6, "go together");
    need_wrong(e, "  margin: 0.3\n  contact_cost: 4\n", 7, "go together");
    need_wrong(e, "  referral_share: 0.1\n", 6, "needs referred_by");
    need_wrong(e, "  referred_by: friend\n", 6, "no trait");
    need_wrong(e, "  referred_by: age\n", 6, "a text");
    engine_close(e);
}
