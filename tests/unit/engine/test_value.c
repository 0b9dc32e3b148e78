#include "engine/value.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>

static struct value_question question(void)
{
    return (struct value_question){.model = STR("bg-nbd"),
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
    assert_int_equal(value_came(&v), 0);
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

    q.hold_out = STR("5d");
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
