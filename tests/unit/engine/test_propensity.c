#include "engine/propensity.h"

#include "base/mem.h"
#include "engine/engine_impl.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>
#include <string.h>

enum { CUSTOMERS = 60, DAYS = 120 };

static void put_event(struct buf *b, int customer, int day, const char *what)
{
    struct buf at = {};

    moment_print(&at, moment_of("2026-01-01") + day * MS_DAY + customer * 1000);
    buf_add_format(b, "%d-%d-%.3s|c%d|%.*s|%s\n", customer, day, what, customer,
                   STR_FMT(buf_str(&at)), what);
    buf_free(&at);
}

/* Everybody buys once a week; each second customer stops some day. */
static void put_shop(struct buf *b, int n)
{
    for (int c = 0; c < n; c++)
        for (int day = c % 7; day < DAYS && (c % 2 == 0 || day < 30 + 120 * c / n);
             day += 7)
            put_event(b, c, day, "purchase|'revenue':12.5");
    buf_add_char(b, 0);
}

static struct engine *shop_open(int n)
{
    struct buf b = {};
    struct engine *e;

    put_shop(&b, n);
    assert_false(b.failed);
    e = bottega_with(NULL, b.p, "2026-05-01");
    buf_free(&b);
    return e;
}

static struct propensity_question question(void)
{
    return (struct propensity_question){.target = STR("purchase"),
                                        .churn = true,
                                        .within = STR("14d"),
                                        .value = STR("revenue"),
                                        .scope.at_ms = moment_of("2026-05-01"),
                                        .scope.known_ms = moment_of("2026-05-01")};
}

/* Who bought in the 14 days before `day`, and how many of them did not in those behind it, counted event by
 * event. */
static void slow_count(int day, uint64_t *active, uint64_t *left)
{
    *active = *left = 0;
    for (int c = 0; c < CUSTOMERS; c++) {
        bool before = false, after = false;

        for (int d = c % 7; d < DAYS && (c % 2 == 0 || d < 30 + 2 * c); d += 7) {
            double at = d + c / 86400.0;

            before |= at > day - 14 && at <= day;
            after |= at > day && at <= day + 14;
        }
        *active += before;
        *left += before && !after;
    }
}

TEST(who_left_is_who_did_nothing_in_the_time_behind)
{
    struct engine *e = shop_open(CUSTOMERS);
    struct propensity_question q = question();
    struct propensity_view v;
    struct arena a = {};
    struct err err;
    uint64_t rows = 0, did = 0, active, left;
    str wrong;

    NEED_OK(engine_propensity(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.moment_n, 3);
    for (int i = 0; i < 3; i++) {
        slow_count(DAYS - 28 - 14 * i, &active, &left);
        rows += active;
        did += left;
    }
    assert_int_equal(v.rows, rows);
    assert_int_equal(v.did, did);
    slow_count(DAYS - 14, &active, &left);
    for (int k = 0; k < BY_KINDS; k++) {
        assert_int_equal(v.model[k].score.n, active);
        assert_int_equal(v.model[k].score.hits, left);
    }
    propensity_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

/* Gives how many columns. */
static uint32_t features_of(struct engine *e, int64_t at_ms, struct arena *a,
                            struct feature_rows *out)
{
    str own = STR("trait.age, sum(purchase.revenue)"), wrong;
    struct feature_question q = {.event = STR("purchase"),
                                 .within = STR("14d"),
                                 .value = STR("revenue"),
                                 .own = {.measure = &own, .measure_n = 1}};
    struct features f;
    struct err err;

    NEED_OK(features_plan(e, &q, a, &f, &wrong, &err), err);
    NEED_OK(features_at(e, &f, at_ms, NULL, a, out, &wrong, &err), err);
    features_free(&f);
    return f.n;
}

/* "It must show" 5: what comes later, of events, properties, traits and stages, has no effect. */
TEST(nothing_of_the_future_is_seen)
{
    static const char later[] =
        "x1|c1|2026-04-01T00:00:00.001Z|identify|'age':1\n"
        "x2|c2|2026-04-01T00:00:00.001Z|purchase|'revenue':99999\n"
        "x3|c3|2026-04-02T00:00:00.000Z|signed_up|\n"
        "x4|c4|2026-04-30T00:00:00.000Z|identify|'age':0\n"
        "x5|new|2026-04-01T00:00:00.001Z|signed_up|\n";
    struct engine *e = shop_open(CUSTOMERS);
    struct feature_rows before, after;
    struct arena a = {};
    struct err err;
    int64_t at_ms = moment_of("2026-04-01");
    uint32_t columns;

    NEED_OK(bottega_add(e, "x0|c9|2026-01-05T00:00:00.000Z|identify|'age':30\n", &err),
            err);
    NEED_OK(engine_advance(e, moment_of("2026-05-01"), &err), err);
    features_of(e, at_ms, &a, &before);
    NEED_OK(bottega_add(e, later, &err), err);
    NEED_OK(engine_advance(e, moment_of("2026-05-01"), &err), err);
    columns = features_of(e, at_ms, &a, &after);
    assert_int_equal(before.n, CUSTOMERS);
    assert_int_equal(after.n, CUSTOMERS);
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        assert_int_equal(before.customer[i], after.customer[i]);
    assert_memory_equal(before.x, after.x, (size_t)CUSTOMERS * columns * sizeof *after.x);
    arena_free(&a);
    engine_close(e);
}

TEST(reasons_add_up_to_what_is_said)
{
    struct engine *e = shop_open(CUSTOMERS);
    struct propensity_question q = question();
    struct propensity_shares all;
    struct propensity_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    q.customer = STR("c2");
    NEED_OK(engine_propensity(e, &q, &a, &v, &wrong, &err), err);
    assert_true(v.has_customer && v.customer.share > 0 && v.customer.share < 1);
    NEED_OK(propensity_ask(e, &v, &q.scope, &a, &all, &wrong, &err), err);
    for (uint32_t i = 0; i < all.n; i++)
        if (all.customer[i] == v.customer.customer)
            assert_true(all.share[i] == v.customer.share);
    propensity_view_free(&v);
    q.customer = STR("c1"); /* bought last on the 29th day */
    assert_false(engine_propensity(e, &q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    propensity_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

/* Who comes to a stage: everybody but those who are in it. */
TEST(a_stage_is_a_target)
{
    struct engine *e = shop_open(CUSTOMERS);
    struct propensity_question q = question();
    struct propensity_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    q.churn = false;
    q.target = STR("stage:at_risk");
    NEED_OK(engine_propensity(e, &q, &a, &v, &wrong, &err), err);
    assert_true(v.model[BY_LOGISTIC].score.hits > 0);
    assert_true(v.model[BY_LOGISTIC].score.n < CUSTOMERS);
    assert_true(v.model[v.best].score.auc > .7);
    propensity_view_free(&v);
    q.target = STR("stage:at_rsik");
    assert_false(engine_propensity(e, &q, &a, &v, &wrong, &err));
    assert_non_null(strstr(err.msg, "did you mean at_risk?"));
    propensity_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

static void refuses(struct engine *e, const struct propensity_question *q,
                    const char *words)
{
    struct propensity_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    assert_false(engine_propensity(e, q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, words))
        fail_msg("%s", err.msg);
    propensity_view_free(&v);
    arena_free(&a);
}

TEST(too_little_is_told_in_words)
{
    struct engine *e = shop_open(CUSTOMERS);
    struct propensity_question q = question();

    q.target = STR("signed_up");
    q.value = STR("");
    q.churn = false;
    refuses(e, &q, "of 180 there 0 did it and 180 did not: 10 of each are needed");
    q = question();
    q.within = STR("90d");
    refuses(e, &q, "the file holds less than two times 90d");
    q.within = STR("1mo");
    refuses(e, &q, "within is a number of whole days");
    q = question();
    q.with = STR("forest");
    refuses(e, &q, "with is logistic or xgboost, not \"forest\"");
    q = question();
    q.target = STR("");
    refuses(e, &q, "say what they do");
    q = question();
    q.scope.when = STR("count(purchase) > 1000");
    refuses(e, &q, "of 0 there 0 did it");
    engine_close(e);
}

TEST(three_buyers_are_too_few)
{
    struct engine *e = bottega_open("2026-03-01");
    struct propensity_question q = question();

    q.scope.known_ms = q.scope.at_ms = moment_of("2026-03-01");
    refuses(e, &q, "10 of each are needed");
    engine_close(e);
}

static bool ask(void *context, struct err *err)
{
    struct propensity_question q = question();
    struct propensity_view v;
    struct arena a = {};
    struct buf b = {};
    str wrong;
    bool ok;

    q.churn = false;
    q.customer = STR("c2");
    q.with = STR("logistic"); /* trees: tests/unit/value */
    q.scope.when = STR("count(purchase) > 1");
    ok = engine_propensity(context, &q, &a, &v, &wrong, err)
         && (propensity_put_json(&(struct json_out){.to = &b}, context, &v)
             || err_nomem(err))
         && (!b.failed || err_nomem(err));
    propensity_view_free(&v);
    buf_free(&b);
    arena_free(&a);
    return ok;
}

TEST(without_memory_no_propensity)
{
    struct engine *e = shop_open(26);

    each_oom_kept(ask, e);
    engine_close(e);
}
