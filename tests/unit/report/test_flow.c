#include "report/flow.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static struct zone *open_zone(const char *name)
{
    struct zone *z;
    struct err err;

    if (!zone_open(io_system(), str_of(name), &z, &err))
        fail_msg("%s", err.msg);
    return z;
}

static int64_t moment(const char *iso, const struct zone *z)
{
    struct err err;
    int64_t at_ms;

    if (!moment_parse(str_of(iso), z, &at_ms, &err))
        fail_msg("%s: %s", iso, err.msg);
    return at_ms;
}

/* The edges as names of periods and UTC moments. */
static void edges_are(const char *zone, enum flow_by by, const char *from, const char *to,
                      const char *wanted)
{
    struct zone *z = open_zone(zone);
    struct arena a = {};
    struct buf text = {};
    const int64_t *edge;
    struct err err;
    uint32_t n;

    assert_true(flow_edges(z, by, moment(from, z), moment(to, z), &a, &edge, &n, &err));
    for (uint32_t i = 0; i <= n; i++) {
        if (i < n) {
            flow_period_print(z, by, edge[i], &text);
            buf_add_char(&text, ' ');
        }
        moment_print(&text, edge[i]);
        buf_add_char(&text, '\n');
    }
    buf_add_char(&text, '\0');
    assert_string_equal(text.p, wanted);
    buf_free(&text);
    arena_free(&a);
    zone_close(z);
}

TEST(periods_have_names)
{
    static const char *const name[] = {"day", "week", "month", "quarter", "year"};
    enum flow_by by;

    for (size_t i = 0; i < 5; i++) {
        assert_true(flow_by_parse(str_of(name[i]), &by));
        assert_int_equal(by, i);
    }
    assert_false(flow_by_parse(STR("hour"), &by));
    assert_false(flow_by_parse(STR(""), &by));
}

TEST(months_begin_at_the_local_midnight_on_both_sides_of_summer_time)
{
    edges_are("Europe/Rome", FLOW_MONTH, "2011-03-17T12:00:00", "2011-04-01",
              "2011-03 2011-02-28T23:00:00.000Z\n"
              "2011-04 2011-03-31T22:00:00.000Z\n"
              "2011-04-30T22:00:00.000Z\n");
}

TEST(a_day_may_have_23_or_25_hours)
{
    edges_are("Europe/Rome", FLOW_DAY, "2011-03-26T23:59:59.999", "2011-03-28",
              "2011-03-26 2011-03-25T23:00:00.000Z\n"
              "2011-03-27 2011-03-26T23:00:00.000Z\n"
              "2011-03-28 2011-03-27T22:00:00.000Z\n"
              "2011-03-28T22:00:00.000Z\n");
    edges_are("Europe/Rome", FLOW_DAY, "2011-10-30", "2011-10-30T23:59:59.999",
              "2011-10-30 2011-10-29T22:00:00.000Z\n"
              "2011-10-30T23:00:00.000Z\n");
}

TEST(a_day_without_midnight_begins_at_the_end_of_the_gap)
{
    /* Brazil's summer time began at midnight. */
    edges_are("America/Sao_Paulo", FLOW_DAY, "2011-10-15", "2011-10-16T12:00:00",
              "2011-10-15 2011-10-15T03:00:00.000Z\n"
              "2011-10-16 2011-10-16T03:00:00.000Z\n"
              "2011-10-17T02:00:00.000Z\n");
}

TEST(a_day_that_the_zone_left_out_is_no_period)
{
    /* Samoa had no 30 December 2011. */
    edges_are("Pacific/Apia", FLOW_DAY, "2011-12-29", "2011-12-31",
              "2011-12-29 2011-12-29T10:00:00.000Z\n"
              "2011-12-31 2011-12-30T10:00:00.000Z\n"
              "2011-12-31T10:00:00.000Z\n");
}

TEST(weeks_begin_on_monday_and_are_named_by_it)
{
    edges_are("UTC", FLOW_WEEK, "2012-01-01", "2012-01-02",
              "2011-12-26 2011-12-26T00:00:00.000Z\n"
              "2012-01-02 2012-01-02T00:00:00.000Z\n"
              "2012-01-09T00:00:00.000Z\n");
    edges_are("UTC", FLOW_WEEK, "1969-12-31T12:00:00", "1969-12-31T12:00:00",
              "1969-12-29 1969-12-29T00:00:00.000Z\n"
              "1970-01-05T00:00:00.000Z\n");
}

TEST(quarters_and_years_are_those_of_the_calendar)
{
    edges_are("Europe/London", FLOW_QUARTER, "2011-09-30T23:59:00", "2012-02-01",
              "2011-Q3 2011-06-30T23:00:00.000Z\n"
              "2011-Q4 2011-09-30T23:00:00.000Z\n"
              "2012-Q1 2012-01-01T00:00:00.000Z\n"
              "2012-03-31T23:00:00.000Z\n");
    edges_are("Europe/London", FLOW_YEAR, "2011-12-31", "2012-01-01",
              "2011 2011-01-01T00:00:00.000Z\n"
              "2012 2012-01-01T00:00:00.000Z\n"
              "2013-01-01T00:00:00.000Z\n");
}

TEST(too_many_periods_are_refused_and_so_is_a_time_that_ends_before_it_begins)
{
    struct zone *z = open_zone("UTC");
    struct arena a = {};
    const int64_t *edge;
    struct err err;
    uint32_t n;

    assert_true(flow_edges(z, FLOW_DAY, 0, 99999 * MS_DAY, &a, &edge, &n, &err));
    assert_int_equal(n, 100000);
    assert_int_equal(edge[n], 100000 * MS_DAY);
    assert_false(flow_edges(z, FLOW_DAY, 0, 100000 * MS_DAY, &a, &edge, &n, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(flow_edges(z, FLOW_DAY, MOMENT_MIN, MOMENT_MAX, &a, &edge, &n, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(flow_edges(z, FLOW_DAY, 1, 0, &a, &edge, &n, &err));
    assert_int_equal(err.code, ERR_INPUT);
    arena_free(&a);
    zone_close(z);
}

/* --- counting --- */

static const int64_t edge[] = {100, 200, 300, 400};
enum { A, B, C, STAGES };

static void begin(struct flow *f, struct arena *a)
{
    struct err err;

    assert_true(flow_new(STAGES, edge, 3, a, f, &err));
}

static uint64_t stock(const struct flow *f, uint32_t period, uint32_t stage)
{
    return f->stock[period * STAGES + stage];
}

TEST(a_move_counts_in_its_period_and_the_stock_is_that_before_the_periods_end)
{
    static const struct move move[] = {{100, STAGE_NONE, A, WAY_START},
                                       {199, A, B, 0},
                                       {200, B, A, 1},
                                       {399, A, C, 2},
                                       {400, C, B, 3}};
    struct arena a = {};
    struct flow f;

    begin(&f, &a);
    flow_add(&f, move, 5);
    flow_sum(&f);
    assert_int_equal(flow_moved(&f, 0, STAGES, A), 1);
    assert_int_equal(flow_moved(&f, 0, A, B), 1);
    assert_int_equal(flow_moved(&f, 1, B, A), 1);
    assert_int_equal(flow_moved(&f, 2, A, C), 1);
    assert_int_equal(flow_moved(&f, 2, C, B), 0);
    assert_int_equal(stock(&f, 0, B), 1);
    assert_int_equal(stock(&f, 1, A), 1);
    assert_int_equal(stock(&f, 2, C), 1);
    for (uint32_t k = 0; k < 3; k++)
        assert_int_equal(flow_population(&f, k), 1);
    assert_int_equal(flow_entered(&f, 0, A), 1);
    assert_int_equal(flow_entered(&f, 0, B), 1);
    assert_int_equal(flow_left(&f, 0, A), 1);
    assert_int_equal(flow_left(&f, 0, B), 0);
    assert_int_equal(flow_left(&f, 1, B), 1);
    arena_free(&a);
}

TEST(who_is_out_of_the_lifecycle_left_his_stage_and_stands_in_none)
{
    static const struct move move[] = {{100, STAGE_NONE, A, WAY_START},
                                       {200, A, STAGE_NONE, WAY_OUT},
                                       {300, STAGE_NONE, A, WAY_START}};
    struct arena a = {};
    struct flow f;

    begin(&f, &a);
    flow_add(&f, move, 3);
    flow_sum(&f);
    assert_int_equal(flow_population(&f, 0), 1);
    assert_int_equal(flow_population(&f, 1), 0);
    assert_int_equal(flow_population(&f, 2), 1);
    assert_int_equal(flow_left(&f, 1, A), 1);
    assert_int_equal(flow_moved(&f, 1, A, STAGES), 1);
    assert_int_equal(flow_moved(&f, 2, STAGES, A), 1);
    arena_free(&a);
}

TEST(moves_before_the_first_period_make_its_stock_only)
{
    static const struct move old[] = {{10, STAGE_NONE, A, WAY_START}, {99, A, C, 0}};
    static const struct move late[] = {{400, STAGE_NONE, A, WAY_START}};
    struct arena a = {};
    struct flow f;

    begin(&f, &a);
    flow_add(&f, old, 2);
    flow_add(&f, late, 1);
    flow_add(&f, NULL, 0);
    flow_sum(&f);
    for (uint32_t k = 0; k < 3; k++) {
        assert_int_equal(flow_population(&f, k), 1);
        assert_int_equal(stock(&f, k, C), 1);
        for (uint32_t s = 0; s < STAGES; s++) {
            assert_int_equal(flow_entered(&f, k, s), 0);
            assert_int_equal(flow_left(&f, k, s), 0);
        }
    }
    arena_free(&a);
}

TEST(flows_add_up_and_each_stock_is_the_one_before_with_what_entered_and_left)
{
    struct arena a = {};
    struct flow all, part[2];

    begin(&all, &a);
    begin(&part[0], &a);
    begin(&part[1], &a);
    for (uint32_t customer = 0; customer < 60; customer++) {
        struct move move[8];
        size_t n = 1 + customer % 8;

        for (size_t i = 0; i < n; i++)
            move[i] = (struct move){100 + (int64_t)(i * 41 + customer * 7 % 90),
                                    i ? move[i - 1].to : STAGE_NONE,
                                    (uint16_t)((customer + i) % STAGES), (uint16_t)i};
        flow_add(&all, move, n);
        flow_add(&part[customer % 2], move, n);
    }
    flow_merge(&part[0], &part[1]);
    flow_sum(&part[0]);
    flow_sum(&all);
    assert_memory_equal(part[0].stock, all.stock, 3 * STAGES * sizeof *all.stock);
    assert_memory_equal(part[0].moved, all.moved,
                        3 * (STAGES + 1) * (STAGES + 1) * sizeof *all.moved);
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t s = 0; s < STAGES; s++)
            assert_int_equal(stock(&all, k, s), (k ? stock(&all, k - 1, s) : 0)
                                                    + flow_entered(&all, k, s)
                                                    - flow_left(&all, k, s));
    assert_int_equal(flow_population(&all, 2), 60);
    arena_free(&a);
}

/* --- in which period --- */

static uint32_t slow_period(const int64_t *e, uint32_t n, int64_t at_ms)
{
    uint32_t k = 0;

    while (k < n && e[k + 1] <= at_ms)
        k++;
    return k;
}

TEST(a_moment_is_found_in_its_period)
{
    struct random r = chance();

    for (int round = 0; round < 200; round++) {
        uint32_t n = (uint32_t)random_below(&r, 40);
        uint64_t most = UINT64_C(1) << random_below(&r, 50);
        struct arena a = {};
        struct periods p;
        struct err err;
        int64_t e[41];

        e[0] = (int64_t)random_below(&r, 1000) - 500;
        for (uint32_t k = 1; k <= n; k++)
            e[k] = e[k - 1] + 1 + (int64_t)random_below(&r, most);
        assert_true(periods_new(e, n, &a, &p, &err));
        for (uint32_t k = 0; k <= n; k++)
            for (int64_t near = -1; near <= 1; near++)
                assert_int_equal(periods_find(&p, e[k] + near),
                                 slow_period(e, n, e[k] + near));
        for (int i = 0; i < 100; i++) {
            int64_t at_ms = e[0] - 5 + (int64_t)random_below(&r, 2 * most);

            assert_int_equal(periods_find(&p, at_ms), slow_period(e, n, at_ms));
        }
        assert_int_equal(periods_find(&p, INT64_MIN), 0);
        assert_int_equal(periods_find(&p, INT64_MAX), n);
        arena_free(&a);
    }
}

TEST(no_periods_hold_nothing)
{
    const struct move moves[] = {{.at_ms = 5, .from = STAGE_NONE, .to = 0}};
    struct arena a = {};
    struct periods none;
    struct flow f;
    struct err err;

    assert_true(periods_new(NULL, 0, &a, &none, &err));
    assert_int_equal(periods_find(&none, 5), 0);
    assert_true(flow_new(2, NULL, 0, &a, &f, &err));
    flow_add(&f, moves, 1);
    flow_sum(&f);
    assert_int_equal(f.period_n, 0);
    arena_free(&a);
}

TEST(more_counts_than_memory_are_refused)
{
    struct arena a = {};
    struct flow f;
    struct err err;

    assert_false(flow_new(1000, edge, 100000, &a, &f, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_false(flow_new(UINT32_MAX, edge, UINT32_MAX, &a, &f, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    arena_free(&a);
}

static bool counts(void *context, struct err *err)
{
    struct arena a = {};
    const int64_t *e;
    struct flow f;
    uint32_t n;
    bool ok = flow_edges(context, FLOW_MONTH, 0, 400 * MS_DAY, &a, &e, &n, err)
              && flow_new(60, e, n, &a, &f, err);

    arena_free(&a);
    return ok;
}

TEST(counting_survives_the_lack_of_memory)
{
    struct zone *z = open_zone("Europe/Rome");

    each_oom(counts, z);
    zone_close(z);
}
