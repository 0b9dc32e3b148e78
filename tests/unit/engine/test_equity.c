#include "engine/equity.h"

#include "base/num.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>

static struct equity_question question(void)
{
    return (struct equity_question){.value = {.model = STR("nbd"),
                                              .value = STR("revenue"),
                                              .ahead = STR("30d"),
                                              .until_ms = moment_of("2026-02-28"),
                                              .scope.at_ms = moment_of("2026-03-01"),
                                              .scope.known_ms = moment_of("2026-03-01")}};
}

static void rows_are_all(struct engine *e, str by)
{
    struct equity_question q = question();
    struct equity_row sum = {};
    struct arena a = {};
    struct equity_view v;
    struct err err;
    str wrong;
    double shown = 0;

    q.by = by;
    NEED_OK(engine_equity(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.all.customers, 3);
    for (size_t i = 0; i < v.row_n; i++) {
        sum.customers += v.row[i].customers;
        sum.alive += v.row[i].alive;
        sum.worth += v.row[i].worth;
    }
    for (int i = 0; i < VALUE_TENTHS; i++)
        shown += v.value.tenth[i].value;
    assert_int_equal(sum.customers, v.all.customers);
    assert_true(fabs(sum.alive - v.all.alive) < 1e-12);
    assert_true(sum.worth == v.all.worth && sum.worth > 0);
    assert_true(fabs((double)sum.worth / NUM_ONE - shown) < 1e-5);
    equity_free(&v);
    arena_free(&a);
}

TEST(rows_are_the_whole)
{
    struct engine *e = bottega_open("2026-03-01");

    rows_are_all(e, STR(""));
    rows_are_all(e, STR("stage"));
    rows_are_all(e, STR("cohort"));
    engine_close(e);
}

TEST(a_row_has_its_customers)
{
    struct engine *e = bottega_open("2026-03-01");
    struct equity_question q = question();
    struct arena a = {};
    struct equity_view v;
    struct err err;
    str wrong;

    q.by = STR("cohort");
    q.list = STR("2026-01");
    NEED_OK(engine_equity(e, &q, &a, &v, &wrong, &err), err);
    for (size_t i = 0; i < v.row_n; i++)
        if (str_eq(v.row[i].name, q.list))
            assert_int_equal(v.row[i].customers, v.listed.n);
    assert_true(v.listed.n > 0);
    equity_free(&v);
    q.list = STR("1999-01");
    assert_false(engine_equity(e, &q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_INPUT);
    q = question();
    q.value.value = STR("");
    assert_false(engine_equity(e, &q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_INPUT);
    arena_free(&a);
    engine_close(e);
}

static bool ask_by(struct engine *e, str by, str list, struct err *err)
{
    struct equity_question q = question();
    struct arena a = {};
    struct equity_view v;
    struct buf b = {};
    str wrong;
    bool ok;

    q.by = by;
    q.list = list;
    ok = engine_equity(e, &q, &a, &v, &wrong, err);
    if (ok) {
        ok = equity_put_json(&(struct json_out){.to = &b}, e, &v, &a, err);
        equity_free(&v);
        if (ok && b.failed)
            ok = err_nomem(err);
    }
    buf_free(&b);
    arena_free(&a);
    return ok;
}

static bool ask(void *context, struct err *err)
{
    return ask_by(context, STR("cohort"), STR("2026-01"), err)
           && ask_by(context, STR("stage"), STR(""), err);
}

TEST(without_memory_it_says_so)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask, e);
    engine_close(e);
}
