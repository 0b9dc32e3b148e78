#include "engine/select.h"

#include "support/chance.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-03-01"

static bool ask(struct engine *e, const char *query, struct buf *to, struct err *err)
{
    const struct select_options options = {.at_ms = moment_of(NOW)};
    struct select *s;
    bool there, ok;

    if (!select_open(e, str_of(query), &options, &s, err))
        return false;
    while ((ok = select_next(s, &there, err)) && there) {
        for (uint32_t i = 0; ok && i < select_column_n(s); i++) {
            struct select_value v;

            ok = select_value(s, i, &v, err);
            if (i)
                buf_add_char(to, '|');
            if (ok)
                buf_add(to, v.type == SELECT_NULL ? STR("null") : v.text);
        }
        buf_add_char(to, '\n');
    }
    select_close(s);
    return ok && (!to->failed || err_nomem(err));
}

static void need(struct engine *e, const char *query, const char *rows)
{
    struct buf b = {};
    struct err err;

    if (!ask(e, query, &b, &err))
        fail_msg("%s: code %d: %s", query, err.code, err.msg);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, rows);
    buf_free(&b);
}

static void need_error(struct engine *e, const char *query, enum err_code code,
                       const char *message)
{
    struct buf b = {};
    struct err err;

    assert_false(ask(e, query, &b, &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, message))
        fail_msg("%s: %s", query, err.msg);
    buf_free(&b);
}

/* --- the tables --- */

TEST(events_come_by_customer_and_time_with_typed_values)
{
    struct engine *e = bottega_open(NOW);

    need(e,
         "select customer, time, type, id, revenue, sku, items, \"traits.country\" "
         "from events limit 6",
         "anna|2026-01-01 11:00:00|signed_up|s1|null|null|null|null\n"
         "anna|2026-01-11 11:00:00|purchase|p1|40|a1|[\"cup\",\"tea\"]|null\n"
         "9|2026-01-05 10:30:00.250|purchase|p2|120|null|null|null\n"
         "9|2026-01-06 01:00:00|identify|i1|null|null|null|IT\n"
         "9|2026-02-10 01:00:00|identify|i2|null|null|null|null\n"
         "10|2026-01-05 10:30:00|purchase|p3|10|null|null|null\n");
    need(e, "select ts, at_ms from events where id = 'p2'", "1767605400|1767605400250\n");
    need(e, "select traits from events where id = 'i2'",
         "{\"country\":null,\"age\":40}\n");
    need(e,
         "select typeof(revenue), typeof(items), typeof(sku) from events where id = 'p1'",
         "integer|text|text\n");
    engine_close(e);
}

TEST(timelines_have_the_traits_as_they_stand)
{
    struct engine *e = bottega_open(NOW);

    need(e,
         "select number, events, first_time, last_ms - first_ms, \"traits.country\", "
         "\"traits.age\", traits from timelines where customer in ('9', 'anna') "
         "order by number",
         "0|2|2026-01-01 11:00:00|864000000|null|null|{}\n"
         "1|3|2026-01-05 10:30:00.250|3076199750|null|40|{\"age\":40}\n");
    engine_close(e);
}

TEST(stages_and_segments_are_those_of_the_moment)
{
    struct engine *e = bottega_open(NOW);

    need(e,
         "select customer, time, from_stage, to_stage, until_time, present, rule "
         "from stages where number < 2",
         "anna|2026-01-01 11:00:00|null|reach|2026-01-11 11:00:00|0|null\n"
         "anna|2026-01-11 11:00:00|reach|buyer|2026-02-10 11:00:00|0|since(purchase) < "
         "30d\n"
         "anna|2026-02-10 11:00:00|buyer|at_risk|null|1|since(purchase) >= 30d\n"
         "9|2026-01-05 10:30:00.250|null|reach|2026-01-05 10:30:00.250|0|null\n"
         "9|2026-01-05 10:30:00.250|reach|buyer|2026-02-04 "
         "10:30:00.250|0|since(purchase) < "
         "30d\n"
         "9|2026-02-04 10:30:00.250|buyer|at_risk|null|1|since(purchase) >= 30d\n");
    need(e, "select segment, group_concat(customer, ' ') from segments group by segment",
         "quiet|anna 9 a/b c Zo\xc3\xab 007 7 x1 x2 x3\nvip|9 10\n");
    need(e, "select customer from segments where segment = 'vip' and number > 1", "10\n");
    engine_close(e);
}

static const char staged_segments[] =
    "ciclo: 1\n"
    "events: { purchase: , signed_up: }\n"
    "lifecycles:\n"
    "  up:\n"
    "    stages: { a: , b: }\n"
    "    moves: [ { from: a, to: b, when: exists(purchase) } ]\n"
    "  low:\n"
    "    stages: { x: , y: }\n"
    "    moves: [ { from: x, to: y, when: \"lifecycle.up.stage = 'b' and "
    "since(purchase) >= 20d\" } ]\n"
    "segments:\n"
    "  first: { when: \"stage = 'b'\" }\n"
    "  second: { when: \"lifecycle.low.stage = 'y'\" }\n"
    "  plain: { when: 'count(purchase) = 1' }\n"
    "  none: { when: 'count(purchase) > 100' }\n";

/* The inner question is asked of one customer at a time, the outer one of all at once. */
TEST(segments_of_everybody_are_those_of_each)
{
    struct engine *e = bottega_with(staged_segments, bottega_events, NOW);

    need(e, "select segment, group_concat(customer, ' ') from segments group by segment",
         "first|anna 9 10\nplain|anna 9\nsecond|anna 9 10\n");
    need(e,
         "select count(*) from timelines t, segments s where s.number = t.number "
         "and s.segment in ('first', 'second', 'none')",
         "6\n");
    need(e,
         "select count(*) from segments o where exists (select 1 from segments i "
         "where i.number = o.number and i.segment = o.segment)",
         "8\n");
    engine_close(e);
}

/* --- names --- */

TEST(names_that_clash_are_told_apart)
{
    struct engine *e = bottega_with(
        NULL,
        "1|a|2026-01-01T00:00:00Z|t|'Plan':1,'plan':2,'type':'x','traits.y':3,'a\\\"b':"
        "4\n"
        "2|a|2026-01-02T00:00:00Z|t|'plan':'two','PLAN':5,'properties':6,'NUMBER':7\n"
        "3|a|2026-01-03T00:00:00Z|identify|'plan':8\n",
        NOW);

    need(e,
         "select Plan, \"properties.plan\", type, \"properties.type\", "
         "\"properties.traits.y\", \"a\"\"b\", \"properties.properties\", "
         "\"properties.number\", \"traits.plan\" from events",
         "1|2|t|x|3|4|null|null|null\n"
         "null|two|t|null|null|null|6|7|null\n"
         "null|null|identify|null|null|null|null|null|8\n");
    need(e, "select properties from events where id = '2'",
         "{\"plan\":\"two\",\"PLAN\":5,\"properties\":6,\"NUMBER\":7}\n");
    need_error(e, "select \"traits.plaan\" from events", ERR_INPUT, "no column");
    engine_close(e);
}

TEST(what_is_beyond_the_columns_of_a_table_is_in_the_json)
{
    enum { NAMES = 2100, AT_ONCE = 700 };
    struct buf lines = {};
    struct engine *e;

    for (int i = 0; i < NAMES; i++) {
        if (i % AT_ONCE == 0)
            buf_add_format(&lines, "%s%d|a|2026-01-01T00:00:00Z|t|", i ? "\n" : "", i);
        buf_add_format(&lines, "%s'p%d':%d", i % AT_ONCE ? "," : "", i, i);
    }
    buf_add_char(&lines, '\n');
    buf_add_char(&lines, 0);
    assert_false(lines.failed);
    e = bottega_with(NULL, lines.p, NOW);
    need(e, "select count(*) from pragma_table_info('events')", "1998\n");
    need(e, "select max(p0), max(p1989), max(properties ->> 'p2099') from events",
         "0|1989|2099\n");
    need_error(e, "select p2099 from events", ERR_INPUT, "properties ->> '$.\"p2099\"'");
    engine_close(e);
    buf_free(&lines);
}

/* --- what is pushed down --- */

static const char *const values[] = {
    "0",
    "1",
    "3",
    "7",
    "-1",
    "2.5",
    "1e300",
    "-1e300",
    "9223372036854775807",
    "-9223372036854775808",
    "null",
    "'3'",
    "'x'",
    "''",
    "x'37'",
    "cast(7 as integer)",
    "cast('7' as text)",
    "7.0",
    "'7'",
    "'007'",
    "'c1'",
    "'t1'",
    "'t2'",
    "1767225600",
    "1767225600000",
    "1767225601",
    "1767225601500",
    "1767225602.5",
    "'1767225601'",
    "(select 7)",
    "(select '7')",
    "(select max(number) from timelines)",
};
enum { VALUES = sizeof values / sizeof *values };

static const char *pick(struct random *r, const char *const *list, size_t n)
{
    return list[random_below(r, n)];
}

/* A condition on a column, twice: as it is, and so that nothing can be pushed down. */
static void add_condition(struct random *r, const char *before, const char *column,
                          struct buf *pushed, struct buf *plain)
{
    static const char *const operators[] = {"=", "<", "<=", ">", ">=", "is", "<>"};
    struct buf test = {};

    if (random_below(r, 4)) {
        buf_add_format(&test, " %s %s", pick(r, operators, 7), pick(r, values, VALUES));
    } else {
        buf_add(&test, STR(" in ("));
        for (uint64_t i = 1 + random_below(r, 4); i; i--)
            buf_add_format(&test, "%s%s", pick(r, values, VALUES), i > 1 ? ", " : ")");
    }
    buf_add_format(pushed, "%s%s%.*s", before, column, STR_FMT(buf_str(&test)));
    buf_add_format(plain, "%s%s%.*s", before, column, STR_FMT(buf_str(&test)));
    buf_free(&test);
}

/* One more, or one of several, that must be true. */
static void add_conditions(struct random *r, struct buf *pushed, struct buf *plain)
{
    static const char *const columns[] = {"customer", "number", "ts",
                                          "at_ms",    "type",   "id"};

    add_condition(r, " and (", pick(r, columns, 6), pushed, plain);
    for (uint64_t k = random_below(r, 6); k > 3; k--)
        add_condition(r, " or ", pick(r, columns, 6), pushed, plain);
    buf_add_char(pushed, ')');
    buf_add_char(plain, ')');
}

static struct engine *random_engine(struct random *r)
{
    static const char *const ids[] = {"7", "007", "7.0", "c1", "c2", "3", "x", " 7", "1"};
    static const char *const types[] = {"t1", "t2", "7", "x"};
    struct buf lines = {};
    struct engine *e;

    for (int i = 0; i < 120; i++) {
        buf_add_format(&lines, "i%d|%s|2026-01-01T00:00:0%d.%d00Z|%s|'n':%d\n", i,
                       pick(r, ids, 9), (int)random_below(r, 4), (int)random_below(r, 10),
                       pick(r, types, 4), (int)random_below(r, 9));
    }
    buf_add_char(&lines, 0);
    assert_false(lines.failed);
    e = bottega_with(NULL, lines.p, NOW);
    buf_free(&lines);
    return e;
}

/* The twin is the same question over the same rows without any help of ours: a table that
 * SQLite itself made of them has the same columns with the same affinities. */
static void need_same(struct engine *e, const char *pushed, const char *plain)
{
    struct buf got = {}, wanted = {};
    struct err err;

    NEED_OK(ask(e, pushed, &got, &err), err);
    NEED_OK(ask(e, plain, &wanted, &err), err);
    if (!str_eq(buf_str(&got), buf_str(&wanted)))
        fail_msg("%s\ngives\n%.*s\n%s\ngives\n%.*s", pushed, STR_FMT(buf_str(&got)),
                 plain, STR_FMT(buf_str(&wanted)));
    buf_free(&got);
    buf_free(&wanted);
}

TEST(what_is_pushed_down_changes_no_answer)
{
    static const char *const orders[] = {"number",
                                         "number, at_ms",
                                         "number, ts, at_ms, id",
                                         "number, at_ms, id, n",
                                         "ts, id",
                                         "customer, at_ms, id",
                                         "number desc",
                                         "number, ts desc",
                                         "number, customer, ts, at_ms",
                                         "at_ms, id",
                                         "type, number"};
    struct random r = chance();
    struct engine *e = random_engine(&r);

    for (size_t i = 0; i < chance_rounds(300); i++) {
        struct buf pushed = {}, plain = {};
        const char *order = pick(&r, orders, 11);

        buf_add_format(&pushed, "select %s from events where true", order);
        /* What is sorted knows nothing of the conditions: SQLite takes a column that equals a
         * value for all the same, and does not sort 7 and 7.0, which both equal 7. */
        buf_add(&plain, STR("with w as materialized (select * from events), "
                            "x as materialized (select * from w where true"));
        for (uint64_t k = random_below(&r, 4); k; k--)
            add_conditions(&r, &pushed, &plain);
        buf_add_format(&pushed, " order by %s", order);
        buf_add_format(&plain, ") select %s from x order by %s", order, order);
        buf_add_char(&pushed, 0);
        buf_add_char(&plain, 0);
        assert_false(pushed.failed || plain.failed);
        need_same(e, pushed.p, plain.p);
        buf_free(&pushed);
        buf_free(&plain);
    }
    engine_close(e);
}

TEST(rows_that_come_together_are_grouped_as_sorted_ones_are)
{
    static const char *const groups[] = {"customer",          "number",
                                         "number, ts",        "customer, type",
                                         "number, at_ms, id", "type"};
    struct random r = chance();
    struct engine *e = random_engine(&r);

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct buf pushed = {}, plain = {};

        buf_add_format(
            &pushed,
            "select * from (select %s, count(*), sum(n), min(type) from events "
            "group by %s) order by 1, 2, 3",
            groups[i], groups[i]);
        buf_add_format(&plain,
                       "with w as materialized (select * from events) "
                       "select %s, count(*), sum(n), min(type) from w group by %s "
                       "order by 1, 2, 3",
                       groups[i], groups[i]);
        buf_add_char(&pushed, 0);
        buf_add_char(&plain, 0);
        need_same(e, pushed.p, plain.p);
        buf_clear(&pushed);
        buf_clear(&plain);
        buf_add_format(
            &pushed, "select count(*) from (select distinct %s from events where n > 3)",
            groups[i]);
        buf_add_format(&plain,
                       "with w as materialized (select * from events) "
                       "select count(*) from (select distinct %s from w where n > 3)",
                       groups[i]);
        buf_add_char(&pushed, 0);
        buf_add_char(&plain, 0);
        need_same(e, pushed.p, plain.p);
        buf_free(&pushed);
        buf_free(&plain);
    }
    engine_close(e);
}

TEST(a_query_that_asks_again_for_each_customer_finds_his_rows)
{
    struct random r = chance();
    struct engine *e = random_engine(&r);

    need_same(
        e,
        "select t.customer, (select sum(n) from events e where e.number = t.number and "
        "e.ts >= t.first_ms / 1000), (select count(*) from stages s where "
        "s.customer = t.customer), (select count(*) from events e where e.customer = "
        "t.customer and e.at_ms = t.last_ms) from timelines t order by t.number desc",
        "with w as materialized (select * from events), v as materialized (select * "
        "from stages) "
        "select t.customer, (select sum(n) from w e where e.number = t.number and "
        "e.ts >= t.first_ms / 1000), (select count(*) from v s where "
        "s.customer = t.customer), (select count(*) from w e where e.customer = "
        "t.customer and e.at_ms = t.last_ms) from timelines t order by t.number desc");
    engine_close(e);
}

static void need_plan(struct engine *e, const char *query, const char *part, bool has)
{
    struct buf text = {}, plan = {};
    struct err err;

    buf_add_format(&text, "explain query plan %s", query);
    buf_add_char(&text, 0);
    NEED_OK(ask(e, text.p, &plan, &err), err);
    if (str_contains_nocase(buf_str(&plan), str_of(part)) != has)
        fail_msg("%s\n%.*s", query, STR_FMT(buf_str(&plan)));
    buf_free(&text);
    buf_free(&plan);
}

TEST(what_comes_in_order_is_not_sorted)
{
    struct engine *e = bottega_open(NOW);

    need_plan(e, "select * from events order by number, ts", "TEMP B-TREE", false);
    need_plan(e, "select * from events order by number, at_ms, id", "TEMP B-TREE", false);
    need_plan(e, "select * from events where number = 3 order by ts", "TEMP B-TREE",
              false);
    need_plan(e, "select lag(ts) over (partition by number order by ts) from events",
              "TEMP B-TREE", false);
    need_plan(e, "select customer, count(*) from events group by customer", "TEMP B-TREE",
              false);
    need_plan(e, "select * from events order by customer, ts", "TEMP B-TREE", true);
    need_plan(e, "select * from events order by number desc", "TEMP B-TREE", true);
    /* SQLite guesses that a plain table has a million rows: ours is asked for each of them. */
    need_plan(e, "select * from events where customer in (select id from customer)",
              "SCAN events VIRTUAL TABLE INDEX 0:customer=", true);
    need_plan(e, "select * from customer c join events e on e.customer = c.id",
              "SCAN e VIRTUAL TABLE INDEX 0:customer=", true);
    engine_close(e);
}

/* --- how it ends --- */

static bool stop_when(void *context)
{
    int *looks = context;

    return (*looks)-- <= 0;
}

/* Whatever is going on when somebody asks for it. */
TEST(a_query_is_stopped)
{
    static const char *const queries[] = {
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) "
        "from n",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select "
        "max((select "
        "count(*) from events where type = 10 * i)) from n",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select "
        "max((select "
        "count(*) from segments where segment = 'vip' and i > 0)) from n",
    };
    struct engine *e = bottega_open(NOW);

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        for (int looks = 0; looks < 40; looks += 13) {
            int left = looks;
            const struct select_options options = {
                .at_ms = moment_of(NOW), .stop = stop_when, .context = &left};
            struct select *s;
            struct err err;
            bool there;

            NEED_OK(select_open(e, str_of(queries[i]), &options, &s, &err), err);
            assert_false(select_next(s, &there, &err));
            assert_int_equal(err.code, ERR_CONFLICT);
            assert_string_equal(err.msg, "stopped");
            select_close(s);
        }
    engine_close(e);
}

TEST(what_is_wrong_is_said_in_words)
{
    struct engine *e = bottega_open(NOW);

    need_error(e, "select * from event", ERR_INPUT,
               "there is no table event; did you mean events?");
    need_error(e, "select revenu from events", ERR_INPUT, "did you mean revenue?");
    need_error(e, "select \"sku\"\"s\" from events", ERR_INPUT,
               "there is no column sku\"s");
    need_error(e, "select revenue from stages", ERR_INPUT, "no column revenue here");
    need_error(e, "delete from log", ERR_INPUT, "can only be read");
    need_error(e, "attach 'x' as y", ERR_INPUT, "no other file");
    need_error(e, "select 1; select 2", ERR_INPUT, "a second query");
    need_error(e, "select ?1", ERR_INPUT, "parameter");
    need_error(e, "select randomblob(300000000)", ERR_LIMIT, "too large");
    need_error(e, "select sum(9223372036854775807) from events", ERR_INPUT, "overflow");
    need_error(e, "", ERR_INPUT, "empty");
    engine_close(e);
}
