#include "engine/follow.h"

#include "base/tune.h"
#include "engine/collect.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

static void advance(struct engine *e, const char *now)
{
    struct err err;

    NEED_OK(engine_advance(e, moment_of(now), &err), err);
}

/* "anna reach>buyer 9 buyer>at_risk!": "!" when some are lost */
static void need_moved(struct engine *e, const char *expected)
{
    const struct catalog *c = snapshot_catalog(engine_snapshot(e));
    const struct lifecycle *l = engine_model(e)->lifecycle;
    struct happened what;
    struct buf b = {};

    engine_happened(e, &what);
    for (uint32_t i = 0; i < what.moved_n; i++) {
        const struct moved *m = &what.moved[i];

        buf_add_format(&b, "%s%.*s %.*s>%.*s", i ? " " : "",
                       STR_FMT(catalog_customer_id(c, m->customer)),
                       STR_FMT(lifecycle_stage_name(l, m->move.from)),
                       STR_FMT(lifecycle_stage_name(l, m->move.to)));
    }
    if (what.is_lost)
        buf_add_char(&b, '!');
    if (!str_eq(buf_str(&b), str_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(buf_str(&b)), expected);
    buf_free(&b);
}

/* What is counted customer by customer. */
static void need_stock(struct engine *e)
{
    const struct lifecycle *l = engine_model(e)->lifecycle;
    const int64_t *stock = engine_stock(e, 0);
    int64_t own[8] = {};

    assert_true(l->stage_n < 8);
    for (uint32_t i = 0; i < engine_customer_n(e); i++) {
        size_t n;
        const struct move *move = engine_moves(e, 0, i, &n);

        if (n)
            own[move[n - 1].to]++;
    }
    for (uint32_t i = 0; i < l->stage_n; i++)
        assert_int_equal(stock[i], own[i]);
}

static struct engine *followed(const char *now)
{
    struct engine *e = bottega_open(now);
    struct err err;

    NEED_OK(engine_follow(e, &err), err);
    NEED_OK(engine_follow(e, &err), err);
    need_moved(e, "");
    need_stock(e);
    return e;
}

static void add(struct engine *e, const char *lines)
{
    struct err err;

    NEED_OK(bottega_add(e, lines, &err), err);
}

TEST(whom_time_moves_is_told_by_moment)
{
    struct engine *e = followed("2026-02-04T09:29:59.999Z");
    uint64_t version = engine_stock_version(e);

    advance(e, "2026-02-04T09:30:00.249Z");
    need_moved(e, "10 buyer>at_risk");
    assert_true(engine_stock_version(e) > version);
    version = engine_stock_version(e);
    advance(e, "2026-02-04T09:30:00.249Z");
    need_moved(e, "");
    assert_true(engine_stock_version(e) == version);
    advance(e,
            "2026-03-12T11:00:00.000Z"); /* of the moves that were slept through, ... */
    need_moved(e, "10 at_risk>buyer 9 at_risk>lapsed anna at_risk>lapsed");
    need_stock(e);
    engine_close(e);
}

TEST(who_comes_is_told_with_all_the_moves_of_his_day)
{
    struct engine *e = followed("2026-06-01T10:00:00Z");

    add(e, "n1|eva|2026-06-01T09:59:00.000Z|signed_up|\n"
           "n2|eva|2026-06-01T09:59:30.000Z|purchase|\n"
           "n3|bob|2026-06-01T09:59:10.000Z|purchase|\n"
           "n4|c3|2026-06-01T09:58:10.000Z|signed_up|\n"
           "n5|c4|2026-06-01T09:58:11.000Z|signed_up|\n"
           "n6|c5|2026-06-01T09:58:12.000Z|signed_up|\n"); /* a chunk that is new */
    advance(e, "2026-06-01T10:00:00Z");
    need_moved(e, "c3 >reach c4 >reach c5 >reach eva >reach bob >reach bob reach>buyer "
                  "eva reach>buyer");
    need_stock(e);
    engine_close(e);
}

TEST(news_of_the_past_tells_only_who_stands_elsewhere)
{
    struct engine *e = followed("2026-06-01T10:00:00Z");

    /* He lapsed later than was known, and lapsed he still is. */
    add(e, "n1|anna|2026-01-20T00:00:00.000Z|purchase|\n");
    /* He is not known yet, and lapsed long ago. */
    add(e, "n2|eva|2026-01-20T00:00:00.000Z|purchase|\n");
    /* He was reached in February, and is at risk since the end of May. */
    add(e, "n3|7|2026-04-25T00:00:00.000Z|purchase|\n");
    advance(e, "2026-06-01T10:00:00Z");
    need_moved(e, "eva at_risk>lapsed 7 buyer>at_risk");
    need_stock(e);
    engine_close(e);
}

TEST(what_cannot_be_told_is_said_to_be_lost)
{
    struct engine *e = followed("2026-06-01T10:00:00Z");
    struct happened what;
    struct buf lines = {};
    uint32_t version;
    struct err err;

    for (int i = 0; i <= FOLLOW_MOVES; i++)
        buf_add_format(&lines, "n%d|c%d|2026-06-01T09:59:00.000Z|signed_up|\n", i, i);
    buf_add_char(&lines, 0);
    add(e, lines.p);
    advance(e, "2026-06-01T10:00:00Z");
    engine_happened(e, &what);
    assert_true(what.is_lost);
    assert_int_equal(what.moved_n, FOLLOW_MOVES);
    need_moved(e, "");
    buf_clear(&lines);
    buf_add(&lines, str_of(bottega_model));
    buf_add(&lines, STR("  loud: { when: \"exists(purchase, 10d)\" }\n"));
    NEED_OK(engine_apply(e, buf_str(&lines), engine_now_ms(e), &version, &err), err);
    advance(e, "2026-06-01T10:00:00Z");
    need_moved(e, "!");
    need_stock(e);
    buf_free(&lines);
    engine_close(e);
}

/* --- events --- */

static bool cut(struct collect_body *body, struct arena *a, const char *text,
                struct err *err)
{
    enum { SPARE = 64 };
    size_t n = strlen(text);
    char *copy = arena_alloc(a, n + SPARE, 1);

    assert_non_null(copy);
    *body = (struct collect_body){.arena = a, .source = STR("http")};
    body->text = (str){memcpy(copy, text, n), n};
    return collect_cut(body, err);
}

static bool collect(struct engine *e, struct collect_body *body, struct err *err)
{
    return engine_collect(e, &body, 1, moment_of("2026-06-01T10:00:00Z"), err);
}

static bool send_calls(struct engine *e, const char *text, struct err *err)
{
    struct arena a = {};
    struct collect_body body;
    bool ok = cut(&body, &a, text, err) && collect(e, &body, err) && engine_settle(e, err)
              && engine_advance(e, moment_of("2026-06-01T10:00:00Z"), err);

    arena_free(&a);
    return ok;
}

TEST(the_first_events_are_told_and_the_others_counted)
{
    struct engine *e = followed("2026-06-01T10:00:00Z");
    const struct catalog *c;
    struct happened what;
    struct buf b = {};
    struct err err;

    buf_add(&b, STR("[{\"type\":\"identify\",\"userId\":\"anna\",\"traits\":{},"
                    "\"messageId\":\"n1\"},"));
    buf_add(&b, STR("{\"type\":\"identify\",\"userId\":\"anna\",\"traits\":{},"
                    "\"messageId\":\"n1\"}"));
    for (int i = 0; i < FOLLOW_EVENTS + 1; i++)
        buf_add_format(&b,
                       ",{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"u%d\","
                       "\"timestamp\":\"2026-05-0%dT00:00:00Z\"}",
                       i, i + 1);
    buf_add(&b, STR("]"));
    buf_add_char(&b, 0);
    NEED_OK(send_calls(e, b.p, &err), err);
    engine_happened(e, &what);
    c = snapshot_catalog(engine_snapshot(e));
    assert_int_equal(what.came_n, FOLLOW_EVENTS);
    assert_int_equal(what.came_more, 2);
    assert_int_equal(what.came[0].type, TYPE_IDENTIFY);
    assert_int_equal(what.came[0].customer, bottega_customer(e, "anna"));
    assert_int_equal(what.came[1].customer, bottega_customer(e, "u0"));
    assert_true(what.came[1].at_ms == moment_of("2026-05-01"));
    assert_true(str_eq(text_table_get(&c->type, what.came[1].type), STR("purchase")));
    engine_happened(e, &what);
    assert_int_equal(what.came_n, 0);
    assert_int_equal(what.came_more, 0);
    buf_free(&b);
    engine_close(e);
}

static bool has_left(size_t bytes, void *context)
{
    size_t *left = context;

    (void)bytes;
    return *left && (*left)--;
}

TEST(events_that_were_not_kept_are_not_told)
{
    static const char purchase[] = "{\"type\":\"track\",\"event\":\"purchase\","
                                   "\"userId\":\"u\",\"messageId\":\"m\"}";
    struct engine *e = followed("2026-06-01T10:00:00Z");
    bool kept = false;

    for (size_t n = 1; !kept; n++) {
        struct happened what;
        size_t left = n;
        struct arena a = {};
        struct collect_body body;
        struct err err;

        NEED_OK(cut(&body, &a, purchase, &err), err);
        mem_set_hook(has_left, &left);
        kept = collect(e, &body, &err);
        mem_set_hook(NULL, NULL);
        engine_happened(e, &what);
        assert_int_equal(what.came_n, kept);
        arena_free(&a);
    }
    engine_close(e);
}

/* Then all are taken again, one by one: each is told once. */
TEST(an_event_that_the_model_cannot_read_is_not_told)
{
    struct engine *e = bottega_open("2026-06-01");
    struct buf model = {};
    uint32_t version;
    struct happened what;
    struct err err;

    add(e, "n1|anna|2026-05-01T00:00:00.000Z|purchase|'n':1\n");
    buf_add(&model, str_of(bottega_model));
    buf_add(&model, STR("  many: { when: \"sum(purchase.n) > 1\" }\n"));
    NEED_OK(engine_apply(e, buf_str(&model), moment_of("2026-06-01"), &version, &err),
            err);
    buf_free(&model);
    NEED_OK(engine_follow(e, &err), err);
    NEED_OK(
        send_calls(e,
                   "[{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"u\","
                   "\"properties\":{\"n\":2}},{\"type\":\"track\",\"event\":\"purchase\","
                   "\"userId\":\"u\",\"properties\":{\"n\":\"text\"}}]",
                   &err),
        err);
    engine_happened(e, &what);
    assert_int_equal(what.came_n, 1);
    engine_close(e);
}

static bool follow(void *context, struct err *err)
{
    struct engine *e;
    bool ok;

    (void)context;
    if (!bottega_create(bottega_path(), NULL, &e, err))
        return false;
    ok = engine_follow(e, err);
    engine_close(e);
    remove(bottega_path());
    return ok;
}

TEST(following_survives_the_lack_of_memory)
{
    each_oom_or_done(follow, NULL);
}
