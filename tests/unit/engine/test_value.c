#include "engine/value.h"

#include "engine/engine_impl.h"
#include "engine/value_memory.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of a model that has a maximum here: few as they are, most have none. */
static struct value_question question(void)
{
    return (struct value_question){.model = STR("nbd"),
                                   .value = STR("revenue"),
                                   .ahead = STR("30d"),
                                   .until_ms = moment_of("2026-02-28"),
                                   .scope.at_ms = moment_of("2026-03-01"),
                                   .scope.known_ms = moment_of("2026-03-01")};
}

/* Customer 10 bought on 5 January and, by the clock of Rome, on 21 February; the others once. */
TEST(purchases_are_counted_in_the_days_of_the_workspace)
{
    struct engine *e = bottega_open("2026-03-01");
    struct value_question q = question();
    struct arena a = {};
    struct value_view v;
    struct err err;
    str wrong;

    NEED_OK(engine_value(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.cbs.customers, 3);
    assert_int_equal(v.cbs.repeaters, 1);
    for (uint32_t i = 0; i < v.cbs.n; i++)
        if (v.cbs.row[i].x) {
            assert_int_equal(v.cbs.row[i].last_days, 47);
            assert_int_equal(v.cbs.row[i].age_days, 54);
        }
    assert_int_equal(v.spenders, 1);
    assert_true(isfinite(v.forecast[0].purchases) && v.forecast[0].purchases > 0);
    value_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

TEST(what_came_behind_the_last_day_is_not_known_to_the_model)
{
    struct engine *e = bottega_open("2026-03-01");
    struct value_question q = question();
    struct arena a = {};
    struct value_view v;
    struct err err;
    str wrong;

    q.until_ms = moment_of("2026-01-31");
    q.hold_out = STR("28d");
    assert_false(engine_value(e, &q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_INPUT); /* nobody had come back by then */
    q.until_ms = moment_of("2026-02-21");
    q.hold_out = STR("7d");
    NEED_OK(engine_value(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.came, 0);
    value_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

static bool ask(void *context, struct err *err)
{
    struct value_question q = question();
    struct arena a = {};
    struct value_view v;
    str wrong;
    bool ok;

    q.model = STR("");
    q.hold_out = STR("5d");
    q.choose = STR("5d");
    q.customer = STR("10");
    ok = engine_value(context, &q, &a, &v, &wrong, err);
    if (ok)
        value_view_free(&v);
    arena_free(&a);
    return ok;
}

TEST(without_memory_it_says_so)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask, e);
    engine_close(e);
}

/* --- out of a view, which keeps what it made --- */

static void need_add(struct engine *e, const char *lines)
{
    struct err err;

    NEED_OK(bottega_add(e, lines, &err), err);
    NEED_OK(engine_refresh(e, &err), err);
}

/* Somebody who buys so often that not all can have one rate. */
static void add_regular(struct engine *e)
{
    char lines[600];
    int n = 0;

    for (int day = 6; day < 16; day++)
        n += snprintf(lines + n, sizeof lines - (size_t)n,
                      "r%d|regular|2026-02-%02dT12:00:00.000Z|purchase|'revenue':7\n",
                      day, day);
    need_add(e, lines);
}

/* As a report asks it; to be freed by value_view_free. */
static struct value_view asked(struct engine *e, const struct value_question *q)
{
    struct engine *view;
    struct arena a = {};
    struct value_view v;
    struct err err;
    str wrong;

    NEED_OK(engine_view(e, &view, &err), err);
    NEED_OK(engine_value(view, q, &a, &v, &wrong, &err), err);
    engine_view_close(view);
    arena_free(&a);
    return v;
}

static void need_same(const struct value_view *a, const struct value_view *b)
{
    assert_int_equal(a->until_day, b->until_day);
    assert_int_equal(a->cbs.customers, b->cbs.customers);
    assert_int_equal(a->cbs.purchases, b->cbs.purchases);
    assert_int_equal(a->model.kind, b->model.kind);
    assert_memory_equal(a->model.bgnbd.parameter, b->model.bgnbd.parameter,
                        repeat_parameter_n(&a->model) * sizeof(double));
    assert_memory_equal(&a->spending, &b->spending, sizeof a->spending);
    assert_memory_equal(a->tenth, b->tenth, sizeof a->tenth);
    assert_int_equal(a->spenders, b->spenders);
    assert_int_equal(a->came, b->came);
}

/* Everything is counted and fitted anew. */
static void need_true(struct engine *e, const struct value_question *q,
                      const struct value_view *v)
{
    struct value_question all = *q;
    struct arena a = {};
    struct value_view anew;
    struct err err;
    str wrong;

    all.customer = STR("");
    all.is_now = false;
    NEED_OK(engine_value_each(e, &all, &a, &anew, &wrong, &err), err);
    need_same(v, &anew);
    value_view_free(&anew);
    arena_free(&a);
}

/* Of chunks, of which each has seven customers here, some change and some come, on some days behind the
 * last that the model knows. */
TEST(what_is_kept_is_what_counting_all_again_gives)
{
    struct random r = chance();
    struct engine *e = bottega_open("2026-03-01");
    struct value_question q = question();

    for (unsigned i = 0; i < chance_rounds(40); i++) {
        char lines[400];
        int n = 0;
        struct value_view v;

        for (uint64_t k = random_below(&r, 4); k > 0; k--)
            n += snprintf(
                lines + n, sizeof lines - (size_t)n,
                "n%u.%u|c%u|2026-0%u-%02uT12:00:00.000Z|purchase|'revenue':%u\n", i,
                (unsigned)k, (unsigned)random_below(&r, 30),
                1 + (unsigned)random_below(&r, 2), 1 + (unsigned)random_below(&r, 28),
                1 + (unsigned)random_below(&r, 90));
        if (n)
            need_add(e, lines);
        q.customer = random_below(&r, 2) ? STR("10") : STR("9");
        q.value = random_below(&r, 5) ? STR("revenue") : STR("");
        q.hold_out = random_below(&r, 5) ? STR("") : STR("3d");
        v = asked(e, &q);
        assert_true(v.is_latest);
        need_true(e, &q, &v);
        value_view_free(&v);
    }
    engine_close(e);
}

TEST(another_customer_of_the_same_state_takes_no_fit)
{
    struct engine *e = bottega_open("2026-03-01");
    struct value_question q = question();
    struct value_view first, second;

    add_regular(e);
    q.customer = STR("10");
    first = asked(e, &q);
    assert_non_null(first.buyers); /* counted for this */
    assert_int_equal(first.who.x, 1);
    q.customer = STR("9");
    second = asked(e, &q);
    assert_null(second.buyers);
    assert_int_equal(second.who.x, 0);
    need_same(&first, &second);
    assert_true(second.own.purchases != first.own.purchases);
    value_view_free(&first);
    value_view_free(&second);
    engine_close(e);
}

static struct value_question now_question(const char *customer)
{
    struct value_question q = question();

    q.until_ms = MOMENT_NEVER;
    q.is_now = true;
    q.customer = str_of(customer);
    q.scope.at_ms = moment_of("2026-03-01T12:00");
    q.scope.known_ms = q.scope.at_ms;
    return q;
}

static bool at_hand(struct engine *e, const char *customer, struct value_view *v)
{
    struct value_question q = now_question(customer);
    struct arena a = {};
    struct err err;
    bool there;
    str wrong;

    NEED_OK(engine_value_at_hand(e, &q, &a, v, &there, &wrong, &err), err);
    arena_free(&a);
    return there;
}

TEST(what_somebody_buys_counts_at_once_by_the_last_fit)
{
    struct engine *e = bottega_open("2026-03-01");
    struct value_question q = now_question("9");
    struct value_view fitted, v;

    add_regular(e);
    assert_false(at_hand(e, "9", &v));
    fitted = asked(e, &q);
    need_true(e, &q, &fitted);
    assert_true(at_hand(e, "9", &v));
    assert_true(v.is_latest && v.own.purchases == fitted.own.purchases);
    value_view_free(&v);

    need_add(e, "n1|9|2026-03-01T12:00:00.000Z|purchase|'revenue':40\n"
                "n2|9|2026-03-01T12:00:00.001Z|purchase|'revenue':2\n" /* not yet */
                "n3|nina|2026-02-03T11:00:00.000Z|purchase|'revenue':40\n");
    assert_true(at_hand(e, "9", &v));
    assert_false(v.is_latest);
    assert_int_equal(v.who.x, 1);
    assert_int_equal(v.who.spent, 4000);
    assert_true(v.own.purchases != fitted.own.purchases);
    need_same(&v, &fitted);
    value_view_free(&v);
    assert_true(at_hand(e, "nina", &v));
    assert_int_equal(v.who.x, 0);
    value_view_free(&v);
    value_view_free(&fitted);

    fitted = asked(e, &q);
    need_true(e, &q, &fitted);
    assert_true(at_hand(e, "9", &v));
    assert_true(v.is_latest && v.own.purchases == fitted.own.purchases);
    need_same(&v, &fitted);
    value_view_free(&v);
    value_view_free(&fitted);
    engine_close(e);
}

TEST(a_fit_of_other_days_is_not_at_hand)
{
    struct engine *e = bottega_open("2026-03-12T12:00");
    struct value_question q = now_question("9");
    struct value_view v;
    struct arena a = {};
    struct err err;
    bool there;
    str wrong;

    v = asked(e, &q);
    value_view_free(&v);
    for (int day = 0; day < 10; day += 3) {
        q.scope.at_ms = q.scope.known_ms = moment_of("2026-03-01T12:00") + day * MS_DAY;
        NEED_OK(engine_value_at_hand(e, &q, &a, &v, &there, &wrong, &err), err);
        assert_int_equal(there, day < 8);
        if (there) {
            assert_int_equal(v.is_latest, day == 0);
            value_view_free(&v);
        }
    }
    q.scope.at_ms = q.scope.known_ms = moment_of("2026-02-27T12:00");
    NEED_OK(engine_value_at_hand(e, &q, &a, &v, &there, &wrong, &err), err);
    assert_false(there);
    arena_free(&a);
    engine_close(e);
}

static bool ask_views(void *context, struct err *err)
{
    struct value_question q = question(), now = now_question("10");
    struct engine *e = context, *view = NULL;
    struct arena a = {};
    struct value_view v;
    bool there, ok = engine_view(e, &view, err);
    str wrong;

    q.customer = STR("10");
    ok = ok && engine_value(view, &q, &a, &v, &wrong, err);
    if (ok)
        value_view_free(&v);
    ok = ok && engine_value(view, &now, &a, &v, &wrong, err);
    if (ok)
        value_view_free(&v);
    ok = ok && engine_value_at_hand(e, &now, &a, &v, &there, &wrong, err);
    if (ok && there)
        value_view_free(&v);
    engine_view_close(view);
    value_memory_forget(e->values);
    arena_free(&a);
    return ok;
}

TEST(views_without_memory_say_so)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask_views, e);
    engine_close(e);
}
