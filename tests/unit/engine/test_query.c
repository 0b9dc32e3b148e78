#include "unit/engine/bottega.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define NOW "2026-12-31"

enum { REACH, BUYER, AT_RISK, LAPSED }; /* in the model's order */

/* --- the flow --- */

TEST(a_flow_by_month_counts_stock_and_moves)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct flow f;
    struct err err;
    /* January, February, March in Rome */
    const int64_t edge[] = {
        moment_of("2026-01-01T00:00+01:00"),
        moment_of("2026-02-01T00:00+01:00"),
        moment_of("2026-03-01T00:00+01:00"),
        moment_of("2026-04-01T00:00+02:00"),
    };
    static const uint64_t stock[3][4] = {{0, 3, 0, 0}, {7, 1, 2, 0}, {7, 0, 1, 2}};

    NEED_OK(engine_flow(e, engine_model(e)->lifecycle, NULL, edge, 3, &a, &f, &err), err);
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t s = 0; s < 4; s++)
            assert_int_equal(f.stock[k * 4 + s], stock[k][s]);
    assert_int_equal(flow_population(&f, 2), 10);
    assert_int_equal(flow_entered(&f, 0, BUYER), 3);
    assert_int_equal(flow_left(&f, 0, REACH), 3);
    assert_int_equal(flow_entered(&f, 1, AT_RISK), 3);
    assert_int_equal(flow_left(&f, 1, AT_RISK), 1); /* 10 buys again */
    assert_int_equal(flow_entered(&f, 2, LAPSED), 2);
    arena_free(&a);
    engine_close(e);
}

/* The one who moves at 09:30:00.250, seen through periods that begin or end there. */
TEST(a_period_begins_after_from_and_ends_with_at)
{
    static const struct {
        const char *from, *at;
        uint64_t entered;
    } period[] = {
        {"2026-02-04T09:30:00.100Z", "2026-02-04T09:30:00.249Z", 0},
        {"2026-02-04T09:30:00.100Z", "2026-02-04T09:30:00.250Z", 1},
        {"2026-02-04T09:30:00.249Z", "2026-02-04T09:30:00.250Z", 1},
        {"2026-02-04T09:30:00.250Z", "2026-02-04T09:30:00.251Z", 0},
    };
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct err err;
    struct flow f;

    for (size_t i = 0; i < sizeof period / sizeof *period; i++) {
        NEED_OK(engine_flow_at(e, engine_model(e)->lifecycle, NULL,
                               moment_of(period[i].from), moment_of(period[i].at), &a, &f,
                               &err),
                err);
        assert_int_equal(flow_entered(&f, 0, AT_RISK), period[i].entered);
    }
    assert_false(engine_flow_at(e, engine_model(e)->lifecycle, NULL, 5, 5, &a, &f, &err));
    assert_int_equal(err.code, ERR_INPUT);
    arena_free(&a);
    engine_close(e);
}

/* --- where a look begins --- */

TEST(a_look_begins_on_the_local_day_after_the_last_event)
{
    struct engine *e = bottega_open(NOW);
    int64_t at_ms;

    /* 20 February, 23:30 UTC is the 21st in Rome. */
    at_ms = engine_default_at(e);
    assert_true(at_ms == moment_of("2026-02-22T00:00+01:00"));
    engine_close(e);
}

TEST(a_look_never_begins_in_the_future)
{
    struct engine *e = bottega_open("2026-02-21T12:00:00Z");
    int64_t at_ms;

    at_ms = engine_default_at(e);
    assert_true(at_ms == moment_of("2026-02-21T12:00:00Z"));
    engine_close(e);
}

TEST(there_is_no_look_at_an_empty_file)
{
    struct engine *e;
    struct err err;
    int64_t at_ms;

    NEED_OK(bottega_create(bottega_path(), NULL, &e, &err), err);
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
    at_ms = engine_default_at(e);
    assert_true(at_ms == MOMENT_NEVER);
    engine_close(e);
}

/* --- the order of ids --- */

TEST(ids_stand_in_natural_order)
{
    static const char *const id[] = {
        "",
        "007",
        "7",
        "9",
        "10",
        "10a",
        "99",
        "100",
        "a",
        "a1",
        "a2",
        "a10",
        "a10b",
        "a010b2",
        "a10b3",
        "anna",
        "x00000000000000000000000009",
        "x00000000000000000000000010",
        "x99999999999999999999999999",
        "z",
        "\xc3\xa9",
    };
    enum { N = sizeof id / sizeof *id };

    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++) {
            int c = id_cmp(str_of(id[i]), str_of(id[k]));

            if (i < k ? c >= 0 : i > k ? c <= 0 : c != 0)
                fail_msg("\"%s\" against \"%s\" gives %d", id[i], id[k], c);
        }
}

static str random_id(struct random *r, char *p)
{
    static const char letters[] = "00012ab";
    size_t n = random_below(r, 6);

    for (size_t i = 0; i < n; i++)
        p[i] = letters[random_below(r, sizeof letters - 1)];
    return (str){p, n};
}

TEST(the_order_of_ids_is_one)
{
    struct random r = chance();

    for (size_t i = chance_rounds(20000); i; i--) {
        char p[3][8];
        str a = random_id(&r, p[0]), b = random_id(&r, p[1]), c = random_id(&r, p[2]);

        assert_int_equal(id_cmp(a, b) < 0, id_cmp(b, a) > 0);
        assert_int_equal(id_cmp(a, b) == 0, str_eq(a, b));
        if (id_cmp(a, b) <= 0 && id_cmp(b, c) <= 0)
            assert_true(id_cmp(a, c) <= 0);
    }
}

/* --- the customers behind a number --- */

static const struct segment *segment_of(struct engine *e, const char *name)
{
    const struct segments *all = engine_model(e)->segments;

    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, str_of(name)))
            return &all->segment[i];
    fail_msg("no segment %s", name);
    return NULL;
}

static struct customer_filter everybody(const struct engine *e, const char *at)
{
    return (struct customer_filter){
        .lifecycle = engine_model(e)->lifecycle,
        .at_ms = moment_of(at),
        .from_ms = MOMENT_MIN,
        .stage = STAGE_NONE,
        .move_from = STAGE_NONE,
        .move_to = STAGE_NONE,
    };
}

static void need_ids(struct engine *e, const struct customer_filter *f,
                     const char *wanted)
{
    struct customer_page page;
    struct arena a = {};
    struct buf ids = {};
    struct err err;

    NEED_OK(engine_customers(e, f, &a, &page, &err), err);
    for (uint32_t i = 0; i < page.n; i++) {
        str id = catalog_customer_id(snapshot_catalog(engine_snapshot(e)),
                                     page.row[i].customer);

        buf_add_format(&ids, "%s%.*s", i ? "," : "", STR_FMT(id));
    }
    if (!str_eq(buf_str(&ids), str_of(wanted)))
        fail_msg("got \"%.*s\", wanted \"%s\"", STR_FMT(buf_str(&ids)), wanted);
    buf_free(&ids);
    arena_free(&a);
}

TEST(everybody_who_was_there_is_listed_in_natural_order)
{
    struct engine *e = bottega_open(NOW);
    struct customer_filter f = everybody(e, NOW);

    need_ids(e, &f, "007,7,9,10,Zo\xc3\xab,a/b c,anna,x1,x2,x3");
    f.at_ms = moment_of("2026-01-05T09:30:00.249Z");
    need_ids(e, &f, "10,anna");
    f.at_ms = moment_of("2026-01-05T09:30:00.250Z");
    need_ids(e, &f, "9,10,anna");
    f.at_ms = moment_of("2026-01-01T09:59:59.999Z");
    need_ids(e, &f, "");
    engine_close(e);
}

TEST(customers_are_found_by_stage_segment_and_part_of_the_id)
{
    struct engine *e = bottega_open(NOW);
    struct customer_filter f = everybody(e, "2026-03-01");

    f.stage = AT_RISK;
    need_ids(e, &f, "9,anna");
    f.stage = BUYER;
    need_ids(e, &f, "10");
    f = everybody(e, "2026-03-01");
    f.segment = segment_of(e, "vip");
    need_ids(e, &f, "9,10");
    f.at_ms = moment_of("2026-02-20");
    need_ids(e, &f, "9");
    f.segment = segment_of(e, "quiet");
    f.stage = BUYER;
    f.at_ms = moment_of("2026-01-15T09:30:00.000Z");
    need_ids(e, &f, "10"); /* 10 days to the millisecond; 9 has 250 ms left */
    f = everybody(e, NOW);
    f.search = STR("ZO\xc3\x8b");
    need_ids(e, &f, "Zo\xc3\xab");
    f.search = STR("B C");
    need_ids(e, &f, "a/b c");
    f.search = STR("nobody");
    need_ids(e, &f, "");
    engine_close(e);
}

TEST(customers_are_found_by_their_moves)
{
    struct engine *e = bottega_open(NOW);
    struct customer_filter f = everybody(e, "2026-02-10T10:00:00.000Z");

    f.by_move = true;
    f.move_to = AT_RISK;
    need_ids(e, &f, "9,10,anna");
    f.from_ms = moment_of("2026-02-04T09:30:00.250Z");
    need_ids(e, &f, "anna"); /* after from, at included */
    f.from_ms = moment_of("2026-02-04T09:30:00.249Z");
    need_ids(e, &f, "9,anna");
    f.at_ms--;
    need_ids(e, &f, "9");
    f = everybody(e, NOW);
    f.by_move = true;
    f.move_from = AT_RISK;
    need_ids(e, &f, "9,10,anna");
    f.move_to = BUYER;
    need_ids(e, &f, "10");
    f.move_from = STAGE_NONE;
    f.move_to = REACH;
    f.came_in = true;
    f.from_ms = moment_of("2026-02-01T08:00:00.000Z");
    need_ids(e, &f, "x1,x2,x3");
    f.move_to = BUYER;
    need_ids(e, &f, ""); /* nobody begins as a buyer */
    engine_close(e);
}

/* Page after page, however long one is, all are shown, each once, and in order. */
TEST(pages_are_all_of_them)
{
    struct engine *e = bottega_open(NOW);
    struct customer_filter f = everybody(e, NOW);
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    struct customer_page all, page;
    struct arena a = {};
    struct err err;

    NEED_OK(engine_customers(e, &f, &a, &all, &err), err);
    assert_int_equal(all.n, all.total);
    assert_true(all.n > 3);
    for (f.limit = 1; f.limit <= all.n + 1; f.limit++) {
        uint32_t seen = 0;

        f.after = STR("");
        do {
            NEED_OK(engine_customers(e, &f, &a, &page, &err), err);
            assert_int_equal(page.total, all.n);
            assert_int_equal(page.behind, all.n - seen);
            assert_int_equal(page.n, page.behind < f.limit ? page.behind : f.limit);
            for (uint32_t i = 0; i < page.n; i++)
                assert_int_equal(page.row[i].customer, all.row[seen++].customer);
            f.after = catalog_customer_id(catalog, all.row[seen - 1].customer);
        } while (page.n < page.behind);
        assert_int_equal(seen, all.n);
    }
    arena_free(&a);
    engine_close(e);
}

TEST(a_row_says_what_was_known_then)
{
    struct engine *e = bottega_open(NOW);
    struct customer_filter f = everybody(e, "2026-02-15");
    struct customer_page page;
    struct arena a = {};
    struct err err;

    f.search = STR("10");
    NEED_OK(engine_customers(e, &f, &a, &page, &err), err);
    assert_int_equal(page.n, 1);
    assert_int_equal(page.row->stage, AT_RISK);
    assert_true(page.row->since_ms == moment_of("2026-02-04T09:30:00.000Z"));
    assert_true(page.row->first_ms == moment_of("2026-01-05T09:30:00.000Z"));
    assert_true(page.row->last_ms == page.row->first_ms);
    assert_int_equal(page.row->events, 1);
    f.at_ms = moment_of("2026-02-20T23:30:00.000Z");
    NEED_OK(engine_customers(e, &f, &a, &page, &err), err);
    assert_int_equal(page.row->events, 2);
    assert_true(page.row->last_ms == f.at_ms);
    arena_free(&a);
    engine_close(e);
}

/* --- traits --- */

static void need_traits(struct engine *e, const char *id, const char *at,
                        const char *wanted)
{
    const struct property *trait;
    struct arena a = {};
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct err err;
    uint32_t n;

    NEED_OK(
        engine_traits(e, bottega_customer(e, id), moment_of(at), &a, &trait, &n, &err),
        err);
    properties_put_json(&j, trait, n);
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("at %s got %.*s, wanted %s", at, STR_FMT(buf_str(&b)), wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(traits_are_those_of_the_moment)
{
    struct engine *e = bottega_open(NOW);

    need_traits(e, "9", "2026-01-05T23:59:59.999Z", "{}");
    need_traits(e, "9", "2026-01-06T00:00:00.000Z", "{\"country\":\"IT\"}");
    need_traits(e, "9", "2026-02-09T23:59:59.999Z", "{\"country\":\"IT\"}");
    need_traits(e, "9", "2026-02-10T00:00:00.000Z", "{\"age\":40}"); /* null removes */
    need_traits(e, "anna", NOW, "{}");
    engine_close(e);
}

/* The same trait as text, number, bool, list and nothing: the latest counts, whatever the
 * order in which its columns came to be. */
TEST(the_latest_value_of_a_trait_counts_whatever_its_type)
{
    struct engine *e =
        bottega_with(NULL,
                     "1|anna|2026-01-01T00:00:00Z|identify|'size':'big','plan':'a'\n"
                     "2|anna|2026-01-02T00:00:00Z|identify|'size':42.5\n"
                     "3|anna|2026-01-03T00:00:00Z|identify|'size':true\n"
                     "4|anna|2026-01-04T00:00:00Z|identify|'size':['s','m']\n"
                     "5|anna|2026-01-05T00:00:00Z|identify|'size':null\n"
                     "6|anna|2026-01-06T00:00:00Z|identify|'size':'small'\n"
                     "7|anna|2026-01-07T00:00:00Z|identify|'plan':null,'size':41\n",
                     NOW);

    need_traits(e, "anna", "2026-01-01T00:00:00Z", "{\"size\":\"big\",\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-02T00:00:00Z", "{\"size\":42.5,\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-03T00:00:00Z", "{\"size\":true,\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-04T00:00:00Z",
                "{\"size\":[\"s\",\"m\"],\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-05T00:00:00Z", "{\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-06T00:00:00Z", "{\"size\":\"small\",\"plan\":\"a\"}");
    need_traits(e, "anna", "2026-01-07T00:00:00Z", "{\"size\":41}");
    engine_close(e);
}

/* --- memory that runs out --- */

static bool ask_all(void *context, struct err *err)
{
    struct engine *e = context;
    struct customer_filter f = everybody(e, NOW);
    struct customer_page page;
    const struct property *trait;
    struct arena a = {};
    struct flow flow;
    uint32_t n;
    bool ok;

    f.segment = segment_of(e, "vip");
    ok = engine_customers(e, &f, &a, &page, err)
         && engine_flow_at(e, engine_model(e)->lifecycle, NULL, MOMENT_MIN, f.at_ms, &a,
                           &flow, err)
         && engine_traits(e, 1, f.at_ms, &a, &trait, &n, err);
    arena_free(&a);
    return ok;
}

TEST(questions_survive_the_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);

    each_oom_kept(ask_all, e);
    engine_close(e);
}
