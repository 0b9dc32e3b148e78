#include "engine/rule.h"
#include "engine/scan.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#define NOW "2026-12-31"

static const char rule[] =
    "sum(purchase.revenue, 90d) > 50 and not trait.country = 'IT' or stage = 'lapsed'";

/* What trial_put_json writes. */
static bool explain(struct engine *e, const char *text, const char *id, const char *at,
                    struct buf *json, struct err *err)
{
    struct json_out j = {.to = json};
    struct trial t = {};
    struct trial_view v;
    struct arena a = {};
    bool ok =
        trial_new(e, str_of(text), &t, err)
        && trial_explain(e, &t, str_of(id), moment_of(at), LANGUAGE_EN, &a, &v, err);

    if (ok)
        trial_put_json(&j, e, &t, &v);
    trial_free(&t);
    arena_free(&a);
    return ok && (!json->failed || err_nomem(err));
}

static void need(struct engine *e, const char *text, const char *id, const char *at,
                 const char *wanted)
{
    struct buf json = {};
    struct err err;

    NEED_OK(explain(e, text, id, at, &json, &err), err);
    if (json.n < str_of(wanted).n || !str_starts(buf_str(&json), str_of(wanted)))
        fail_msg("%s of %s: %.*s", text, id, STR_FMT(buf_str(&json)));
    buf_free(&json);
}

TEST(a_trial_is_of_its_moment)
{
    struct engine *e = bottega_open(NOW);

    need(e, "count(purchase)", "10", "2026-02-20T23:29:59.999Z",
         "{\"answer\":1,\"holds_until\":null,");
    need(e, "count(purchase)", "10", "2026-02-20T23:30:00.000Z", "{\"answer\":2,");
    need(e, "avg(purchase.revenue, 1d)", "10", "2026-02-20T23:30:00.000Z",
         "{\"answer\":95.00,\"holds_until\":\"2026-02-21T23:30:00.000Z\",");
    need(e, "max(purchase.revenue)", "anna", "2026-01-05", "{\"answer\":null,");
    engine_close(e);
}

/* The histories are brought to the moment that is asked about. */
TEST(a_trial_knows_the_stage_of_its_moment)
{
    struct engine *e = bottega_open("2026-01-01");

    need(e, "stage = 'buyer'", "10", "2026-02-04T09:29:59.999Z", "{\"answer\":true,");
    need(e, "stage = 'buyer'", "10", "2026-02-04T09:30:00.000Z", "{\"answer\":false,");
    need(e, "time_in_stage >= 1d", "10", "2026-02-04T10:30:00.000Z",
         "{\"answer\":false,\"holds_until\":\"2026-02-05T09:30:00.000Z\"");
    need(e, "stage is missing", "10", "2025-02-04", "{\"answer\":true,");
    engine_close(e);
}

TEST(a_trial_that_is_wrong_has_its_place)
{
    struct engine *e = bottega_open(NOW);
    struct buf json = {};
    struct err err;

    assert_false(explain(e, "true and\n count(purchse) > 1", "10", NOW, &json, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 8);
    assert_false(explain(e, "true", "nobody", NOW, &json, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    buf_free(&json);
    engine_close(e);
}

TEST(a_trial_leaves_the_live_model_as_it_is)
{
    struct engine *e = bottega_open("2026-01-01");
    struct buf json = {};
    struct err err;
    hash128 before, after;

    assert_true(engine_advance(e, moment_of(NOW), &err));
    assert_true(engine_hash(e, moment_of(NOW), &before, &err));
    NEED_OK(explain(e, rule, "9", NOW, &json, &err), err);
    assert_true(engine_hash(e, moment_of(NOW), &after, &err));
    assert_memory_equal(&before, &after, sizeof before);
    buf_free(&json);
    engine_close(e);
}

TEST(what_looks_odd_in_a_trial_is_found)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct finding *finding;
    struct trial t;
    struct err err;
    uint32_t n;

    NEED_OK(trial_new(e, STR("count(purchase) < 2 and\n  not trait.country = 'IT'"), &t,
                      &err),
            err);
    NEED_OK(rule_lint(t.model, t.rule, &a, &finding, &n, &err), err);
    assert_int_equal(n, 2);
    assert_int_equal(finding[0].line, 1);
    assert_int_equal(finding[0].column, 1);
    assert_int_equal(finding[1].line, 2);
    assert_int_equal(finding[1].column, 3);
    arena_free(&a);
    trial_free(&t);
    engine_close(e);
}

static bool try_it(void *context, struct err *err)
{
    struct buf json = {};
    bool ok = explain(context, rule, "9", NOW, &json, err);

    buf_free(&json);
    return ok;
}

TEST(a_trial_survives_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);

    each_oom_kept(try_it, e);
    engine_close(e);
}

/* Who fits, of those who exist; as a cursor says of each. */
static void need_fits(struct engine *e, const char *text, const char *at, uint64_t n,
                      uint64_t of)
{
    struct arena a = {};
    struct trial t;
    struct fits fits;
    struct err err;
    uint64_t asked = 0;

    NEED_OK(trial_new(e, str_of(text), &t, &err), err);
    NEED_OK(engine_scan(e, t.model->program, t.rule, moment_of(at), &a, &fits, &err),
            err);
    for (uint32_t c = 0; c < engine_customer_n(e); c++) {
        str id = catalog_customer_id(snapshot_catalog(engine_snapshot(e)), c);
        struct trial_view v;

        NEED_OK(trial_explain(e, &t, id, moment_of(at), LANGUAGE_EN, &a, &v, &err), err);
        asked += v.exists && v.answer.value.truth;
        assert_int_equal(fits_has(&fits, c), v.exists && v.answer.value.truth);
    }
    if (fits.n != n || fits.of != of || asked != n)
        fail_msg("%s at %s: %d of %d", text, at, (int)fits.n, (int)fits.of);
    trial_free(&t);
    arena_free(&a);
}

TEST(everybody_is_asked_at_once)
{
    struct engine *e = bottega_open("2026-01-01");

    need_fits(e, "exists(purchase, 30d)", "2026-02-04T09:30:00.000Z", 2, 10);
    need_fits(e, "exists(purchase, 30d)", "2026-02-04T09:29:59.999Z", 3, 10);
    need_fits(e, "not exists(purchase)", "2026-01-01T10:00:00.000Z", 1, 1);
    need_fits(e, "not exists(purchase)", "2026-01-01", 0, 0);
    need_fits(e, "stage = 'at_risk'", "2026-02-19", 3, 10);
    need_fits(e, "segment.vip or stage = 'lapsed'", "2026-05-01", 3, 10);
    need_fits(e, "not exists(purchase, 1d)", "2027-05-01", 10, 10);
    engine_close(e);
}

static bool count_them(void *context, struct err *err)
{
    struct arena a = {};
    struct trial t;
    struct fits fits;
    bool ok = trial_new(context, str_of(rule), &t, err);

    if (ok) {
        ok = engine_scan(context, t.model->program, t.rule, moment_of(NOW), &a, &fits,
                         err);
        trial_free(&t);
    }
    arena_free(&a);
    return ok;
}

TEST(asking_everybody_survives_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);

    each_oom_kept(count_them, e);
    engine_close(e);
}
