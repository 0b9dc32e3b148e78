#include "engine/backtest.h"

#include "base/random.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>
#include <unistd.h>

#define NOW "2026-12-31"

/* The model of the tests with one text in another's place; lives in `a`. */
static str changed_model(const char *old, const char *new, struct arena *a)
{
    const char *at = strstr(bottega_model, old);
    struct buf b = {};
    str text;

    assert_non_null(at);
    buf_add(&b, (str){bottega_model, (size_t)(at - bottega_model)});
    buf_add(&b, str_of(new));
    buf_add(&b, str_of(at + strlen(old)));
    text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

static struct backtest *run(struct engine *e, str text, struct backtest_options o)
{
    struct backtest *b;
    struct err err;

    o.now_ms = moment_of(NOW);
    if (!engine_backtest_begin(e, text, &o, &b, &err)
        || !backtest_run(b, NULL, NULL, &err))
        fail_msg("%s", err.msg);
    return b;
}

static const struct backtest_options ALL = {.from_ms = MOMENT_MIN, .to_ms = MOMENT_NEVER};

static uint32_t stage_of(const struct backtest_result *r, const char *name)
{
    for (uint32_t i = 0; i < r->stages->n; i++)
        if (str_eq(r->stages->name[i], str_of(name)))
            return i;
    fail_msg("no stage %s", name);
    return 0;
}

TEST(the_same_model_leads_nobody_elsewhere)
{
    struct engine *e = bottega_open(NOW);
    struct backtest *b = run(e, str_of(bottega_model), ALL);
    const struct backtest_result *r = backtest_result(b);

    assert_int_equal(r->compare->differing_n, 0);
    assert_int_equal(r->differ_at_end, 0);
    assert_int_equal(r->compare->customers, engine_customer_n(e));
    assert_int_equal(r->stages->n, 4);
    /* To the first local midnight after the last event, at half past midnight in Rome. */
    assert_true(r->edge[r->period_n] == moment_of("2026-02-21T23:00:00Z"));
    backtest_free(b);
    engine_close(e);
}

TEST(who_differs_is_told_with_the_first_moment)
{
    struct arena a = {};
    struct engine *e = bottega_open(NOW);
    struct backtest_options o = ALL;
    const struct backtest_result *r;
    const struct differing *d;
    struct backtest *b;

    o.to_ms = moment_of("2026-02-21");
    b = run(e, changed_model(">= 30d", ">= 40d", &a), o);
    r = backtest_result(b);
    /* 10 and 9 bought on 5 January, anna on the 11th; after 40 days 10 has bought again. */
    assert_int_equal(r->compare->differing_n, 3);
    d = r->compare->differing;
    assert_true(str_eq(backtest_customer_id(b, d[0].customer), STR("10")));
    assert_true(d[0].at_ms == moment_of("2026-02-04T09:30:00Z"));
    assert_int_equal(d[0].stage[COMPARE_OLD], stage_of(r, "at_risk"));
    assert_int_equal(d[0].stage[COMPARE_NEW], stage_of(r, "buyer"));
    assert_int_equal(d[0].last[COMPARE_OLD], d[0].last[COMPARE_NEW]);
    assert_true(str_eq(backtest_customer_id(b, d[1].customer), STR("9")));
    assert_true(d[2].at_ms == moment_of("2026-02-10T10:00:00Z"));
    /* On 20 February anna is at risk by both: 40 days are over at ten o'clock. */
    assert_int_equal(d[2].last[COMPARE_OLD], stage_of(r, "at_risk"));
    assert_int_equal(d[2].last[COMPARE_NEW], stage_of(r, "at_risk"));
    assert_int_equal(r->differ_at_end, 0);
    backtest_free(b);

    o.to_ms = moment_of("2026-02-20T10:00:00Z");
    b = run(e, changed_model(">= 30d", ">= 40d", &a), o);
    assert_int_equal(backtest_result(b)->differ_at_end, 1);
    backtest_free(b);
    arena_free(&a);
    engine_close(e);
}

TEST(stages_of_one_model_only_are_told_apart)
{
    struct arena a = {};
    struct engine *e = bottega_open(NOW);
    struct backtest *b =
        run(e, changed_model("    at_risk:\n", "    at_risk:\n    idle:\n", &a), ALL);
    const struct backtest_result *r = backtest_result(b);
    uint32_t idle = stage_of(r, "idle");

    assert_int_equal(r->stages->n, 5);
    assert_false(r->stages->has[COMPARE_OLD][idle]);
    assert_true(r->stages->has[COMPARE_NEW][idle]);
    assert_int_equal(r->compare->differing_n, 0);
    backtest_free(b);
    arena_free(&a);
    engine_close(e);
}

static void need_refused(struct engine *e, str text, struct backtest_options o,
                         const char *words)
{
    struct backtest *b;
    struct err err;

    o.now_ms = moment_of(NOW);
    assert_false(engine_backtest_begin(e, text, &o, &b, &err));
    if (!strstr(err.msg, words))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
}

TEST(what_cannot_be_tried_is_refused_in_words)
{
    struct arena a = {};
    struct engine *e = bottega_open(NOW);
    struct backtest_options o = ALL;

    need_refused(e, changed_model("to: at_risk", "to: at_rsik", &a), o, "at_risk");
    o.lifecycle = STR("people");
    need_refused(e, str_of(bottega_model), o, "neither model has a lifecycle \"people\"");
    o = ALL;
    o.from_ms = o.to_ms = moment_of("2026-02-01");
    need_refused(e, str_of(bottega_model), o, "ends before it begins");
    o = ALL;
    o.stage = STR("nowhere");
    o.that = STR("exists(purchase)");
    need_refused(e, str_of(bottega_model), o, "neither model has a stage \"nowhere\"");
    o.stage = STR("buyer");
    o.that = STR("exists(purchas)");
    need_refused(e, str_of(bottega_model), o, "did you mean purchase");
    arena_free(&a);
    engine_close(e);
}

TEST(a_run_is_broken_off)
{
    struct engine *e = bottega_open(NOW);
    struct backtest_options o = ALL;
    struct backtest *b;
    struct err err;

    o.now_ms = moment_of(NOW);
    assert_true(engine_backtest_begin(e, str_of(bottega_model), &o, &b, &err));
    backtest_stop(b);
    assert_false(backtest_run(b, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    backtest_free(b);
    engine_close(e);
}

/* --- forecasts, against a look at every hour --- */

enum { PEOPLE = 24, HOURS = 24 * 150, WITHIN = 24 * 20, GONE = 24 * 45 };
#define BEGIN_MS INT64_C(1767225600000) /* 2026-01-01 */

struct life {
    bool bought[HOURS], seen[HOURS];
    int first;
};

static void some_lives(struct random *r, struct life *life, struct buf *lines)
{
    memset(life, 0, PEOPLE * sizeof *life);
    for (int p = 0; p < PEOPLE; p++) {
        life[p].first = HOURS;
        for (int i = 0; i < 7; i++) {
            int hour = (int)random_below(r, HOURS);
            bool buys = random_below(r, 4) > 0;
            struct buf at = {};

            (buys ? life[p].bought : life[p].seen)[hour] = true;
            if (hour < life[p].first)
                life[p].first = hour;
            moment_print(&at, BEGIN_MS + hour * MS_HOUR);
            buf_add_format(lines, "%d-%d|c%d|%.*s|%s|\n", p, i, p, STR_FMT(buf_str(&at)),
                           buys ? "purchase" : "signed_up");
            buf_free(&at);
        }
    }
    buf_add_char(lines, '\0');
}

/* not exists(purchase, 45d) */
static bool is_gone(const struct life *l, int hour)
{
    for (int h = hour; h > hour - GONE && h >= 0; h--)
        if (l->bought[h])
            return false;
    return true;
}

static uint16_t stage_at(const struct move *move, size_t n, int64_t at_ms)
{
    uint16_t stage = STAGE_NONE;

    for (size_t i = 0; i < n && move[i].at_ms <= at_ms; i++)
        stage = move[i].to;
    return stage;
}

static void judge(const struct life *l, const struct move *move, size_t n, uint16_t stage,
                  int from, int to, struct forecast_result *out)
{
    for (size_t i = 0; i < n; i++) {
        int hour = (int)((move[i].at_ms - BEGIN_MS) / MS_HOUR);

        assert_int_equal((move[i].at_ms - BEGIN_MS) % MS_HOUR, 0);
        if (move[i].to != stage || hour < from || hour + WITHIN >= to)
            continue;
        out->precision.n++;
        out->precision.hits += is_gone(l, hour + WITHIN);
    }
    for (int h = l->first + 1; h < to; h++) {
        bool was = false;

        if (!is_gone(l, h) || is_gone(l, h - 1) || h < from)
            continue;
        /* A stage is held from hour to hour: what it is at the hours tells all. */
        for (int b = h - 1; b >= 0 && b > h - 1 - WITHIN; b--)
            was |= stage_at(move, n, BEGIN_MS + b * MS_HOUR) == stage;
        out->recall.n++;
        out->recall.hits += was;
        break;
    }
}

static void need_share(struct share got, struct share wanted)
{
    assert_int_equal(got.n, wanted.n);
    assert_int_equal(got.hits, wanted.hits);
}

TEST(a_forecast_is_judged_as_a_look_at_every_hour_does)
{
    static struct life life[PEOPLE];
    struct random r = random_seeded(11);
    uint64_t judged = 0;

    for (int round = 0; round < 8; round++) {
        struct arena a = {};
        struct buf lines = {};
        str new_model =
            changed_model("since(purchase) >= 30d", "since(purchase) >= 25d", &a);
        struct engine *e;
        struct backtest_options o = {.stage = STR("at_risk"),
                                     .that = STR("not exists(purchase, 45d)"),
                                     .within = {0, WITHIN * MS_HOUR}};
        struct backtest *b;
        int from = (int)random_below(&r, HOURS / 2), to = from + HOURS / 2;

        some_lives(&r, life, &lines);
        e = bottega_with(NULL, lines.p, NOW);
        o.from_ms = BEGIN_MS + from * MS_HOUR;
        o.to_ms = BEGIN_MS + to * MS_HOUR;
        b = run(e, new_model, o);
        for (int k = 0; k < COMPARE_SIDES; k++) {
            const struct forecast_result *got =
                &backtest_result(b)->forecast[0].result[k];
            struct forecast_result wanted = {};
            uint32_t version;
            struct err err;

            /* The histories of the new model are those of an engine that has it. */
            if (k == COMPARE_NEW) {
                assert_true(engine_apply(e, new_model, moment_of(NOW), &version, &err));
                assert_true(engine_advance(e, moment_of(NOW), &err));
            }
            for (uint32_t c = 0; c < engine_customer_n(e); c++) {
                size_t n;
                const struct move *move = engine_moves(e, 0, c, &n);
                str id = catalog_customer_id(snapshot_catalog(engine_snapshot(e)), c);
                uint16_t stage =
                    lifecycle_stage_find(engine_model(e)->lifecycle, STR("at_risk"));
                int p = id.n == 2 ? id.p[1] - '0' : 10 * (id.p[1] - '0') + id.p[2] - '0';

                judge(&life[p], move, n, stage, from, to, &wanted);
            }
            need_share(got->precision, wanted.precision);
            need_share(got->recall, wanted.recall);
            judged += wanted.precision.n + wanted.recall.n;
        }
        backtest_free(b);
        engine_close(e);
        unlink(bottega_path());
        buf_free(&lines);
        arena_free(&a);
    }
    assert_true(judged > 100);
}

/* In the upper lifecycle he is gone exactly when he has not bought for 45 days. */
static const char two_lifecycles[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR, timezone: Europe/Rome }\n"
    "events: { purchase: , signed_up: }\n"
    "lifecycles:\n"
    "  life:\n"
    "    stages: { here: , gone: }\n"
    "    moves:\n"
    "      - { from: here, to: gone, when: 'not exists(purchase, 45d)' }\n"
    "      - { from: gone, to: here, when: 'exists(purchase, 45d)' }\n"
    "  trade:\n"
    "    stages: { reach: , buyer: , at_risk: }\n"
    "    moves:\n"
    "      - { from: [reach, at_risk], to: buyer, when: 'since(purchase) < 30d' }\n"
    "      - { from: buyer, to: at_risk, when: 'since(purchase) >= 30d' }\n";

TEST(a_forecast_sees_the_lifecycles_above)
{
    static struct life life[PEOPLE];
    static const char *const that[] = {"not exists(purchase, 45d)",
                                       "lifecycle.life.stage = 'gone'"};
    struct random r = random_seeded(12);
    struct forecast_result got[2];
    struct buf lines = {};
    struct engine *e;

    some_lives(&r, life, &lines);
    e = bottega_with(two_lifecycles, lines.p, NOW);
    for (int i = 0; i < 2; i++) {
        struct backtest_options o = {.lifecycle = STR("trade"),
                                     .stage = STR("at_risk"),
                                     .that = str_of(that[i]),
                                     .within = {0, WITHIN * MS_HOUR},
                                     .from_ms = BEGIN_MS,
                                     .to_ms = BEGIN_MS + HOURS * MS_HOUR};
        struct backtest *b = run(e, str_of(two_lifecycles), o);

        got[i] = backtest_result(b)->forecast[0].result[COMPARE_NEW];
        backtest_free(b);
    }
    assert_true(got[0].precision.n > 10 && got[0].recall.n > 10);
    assert_true(got[0].precision.hits > 0 && got[0].recall.hits > 0);
    need_share(got[1].precision, got[0].precision);
    need_share(got[1].recall, got[0].recall);
    engine_close(e);
    unlink(bottega_path());
    buf_free(&lines);
}

/* --- printed, and without memory --- */

static bool try_and_print(void *path, struct err *err)
{
    const struct store_options store = {STORE_READ};
    struct backtest_options o = {.now_ms = moment_of(NOW),
                                 .from_ms = MOMENT_MIN,
                                 .to_ms = MOMENT_NEVER,
                                 .stage = STR("at_risk"),
                                 .that = STR("not exists(purchase, 45d)"),
                                 .within = {0, 10 * MS_DAY}};
    struct arena a = {};
    struct buf text = {};
    struct json_out j = {.to = &text};
    struct backtest *b = NULL;
    struct engine *e;
    bool ok;

    if (!engine_open(io_system(), str_of(path), &store, &e, err))
        return false;
    ok = engine_backtest_begin(e, str_of(bottega_model), &o, &b, err)
         && backtest_run(b, NULL, NULL, err);
    if (ok) {
        backtest_put_json(&j, b, 0, 10);
        ok = !text.failed || err_nomem(err);
    }
    backtest_free(b);
    engine_close(e);
    buf_free(&text);
    arena_free(&a);
    return ok;
}

TEST(a_backtest_without_memory_says_so)
{
    struct engine *e;
    struct err err;

    assert_true(bottega_create(bottega_path(), NULL, &e, &err));
    assert_true(bottega_add(e, bottega_events, &err));
    engine_close(e);
    each_oom_or_done(try_and_print, (void *)(uintptr_t)bottega_path());
}
