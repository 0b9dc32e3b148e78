#include "event/id.h"
#include "store/store_impl.h"

#include "base/time.h"
#include "store/rewrite.h"
#include "support/erase.h"
#include "support/models.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>

static const str types[] = {STR("purchase"), STR("visit")};
static const str stages[] = {STR("vip")}, segments[] = {STR("b2b"), STR("gold")};

static struct webhook_row shop(void)
{
    struct webhook_row w = {.number = 7,
                            .state = WEBHOOK_PAUSED,
                            .what = WEBHOOK_ALL,
                            .allows = WEBHOOK_PRIVATE_HOST,
                            .name = STR("shop"),
                            .url = STR("https://a.b/c"),
                            .type = types,
                            .type_n = 2,
                            .stage = stages,
                            .stage_n = 1,
                            .segment = segments,
                            .segment_n = 2,
                            .made_ms = 1000,
                            .event = {7, 3},
                            .move = {2, 0},
                            .failing_ms = -1,
                            .last_ms = MOMENT_NEVER,
                            .last_status = 200};

    memset(w.secret, 's', sizeof w.secret);
    return w;
}

/* [F17] */
TEST(a_row_of_a_webhook_is_as_the_format_says)
{
    static const char before[] = "\x01\x0f\x02";
    static const char after[] =
        "\xd1\x0f\x07\x03\x02\x00\x02\x00\xc8\x01\x02\x01\x02"
        "\x04\x0dshophttps://a.b/c\x08\x05purchasevisit\x03vip\x03\x04"
        "b2bgold";
    struct webhook_row w = shop(), again = {.number = 7};
    struct arena a = {};
    struct buf b = {};
    struct err err;

    webhook_encode(&w, &b);
    assert_int_equal(b.n, 3 + SECRET_BYTES + sizeof after - 1);
    assert_memory_equal(b.p, before, 3);
    assert_memory_equal(b.p + 3, w.secret, SECRET_BYTES);
    assert_memory_equal(b.p + 3 + SECRET_BYTES, after, sizeof after - 1);

    assert_true(webhook_decode(buf_str(&b), &a, &again, &err));
    assert_int_equal(again.number, 7);
    assert_int_equal(again.state, WEBHOOK_PAUSED);
    assert_true(str_eq(again.name, w.name) && str_eq(again.url, w.url));
    assert_int_equal(again.type_n, 2);
    assert_true(str_eq(again.type[1], types[1]) && str_eq(again.stage[0], stages[0]));
    assert_int_equal(again.segment_n, 2);
    assert_true(str_eq(again.segment[1], segments[1]));
    assert_true(again.made_ms == 1000 && again.failing_ms == -1);
    assert_true(again.last_ms == MOMENT_NEVER && again.last_status == 200);
    assert_true(again.event.seq == 7 && again.event.line == 3 && again.move.seq == 2);
    buf_free(&b);
    arena_free(&a);
}

TEST(what_is_no_webhook_is_refused)
{
    struct webhook_row w = shop(), out;
    struct arena a = {};
    struct buf b = {};
    struct err err;

    webhook_encode(&w, &b);
    for (size_t n = 0; n < b.n; n++)
        assert_false(webhook_decode((str){b.p, n}, &a, &out, &err));
    buf_add_char(&b, 0);
    assert_false(webhook_decode(buf_str(&b), &a, &out, &err));
    w.name.n = 0;
    buf_clear(&b);
    webhook_encode(&w, &b);
    assert_false(webhook_decode(buf_str(&b), &a, &out, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&b);
    arena_free(&a);
}

/* --- in the file --- */

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

static struct store *open_shop(enum store_mode mode)
{
    const struct store_options o = {.mode = mode};
    struct store *s;
    struct err err;

    must(store_open(io_system(), str_of(temp_path("shop")), &o, &s, &err), &err);
    return s;
}

struct seen {
    uint32_t n, number[4];
    struct webhook_place event;
};

static bool see(void *context, const struct webhook_row *w)
{
    struct seen *seen = context;

    seen->number[seen->n++] = w->number;
    seen->event = w->event;
    return true;
}

/* The lines of row `seq`, the first behind `after`. */
static void need_journal(struct snapshot *v, int64_t after, int64_t seq,
                         const char *lines)
{
    int64_t found, told_ms;
    struct buf b = {};
    struct err err;

    must(snapshot_journal(v, after, &b, &found, &told_ms, &err), &err);
    assert_int_equal(found, seq);
    if (seq)
        assert_int_equal(told_ms, 1000 * seq);
    if (!str_eq(buf_str(&b), str_of(lines)))
        fail_msg("%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
}

static void tell(struct store *s, int64_t told_ms, const char *lines)
{
    struct err err;

    must(store_begin_histories(s, &err)
             && store_journal_add(s, told_ms, str_of(lines), &err)
             && store_commit(s, &err),
         &err);
}

static void make_shop(void)
{
    struct webhook_row w = shop();
    struct store *s;
    struct err err;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err), &err);
    must(store_begin_histories(s, &err) && store_webhook_put(s, &w, &err), &err);
    w.number = 9;
    must(store_webhook_put(s, &w, &err) && store_webhook_drop(s, 7, &err)
             && store_commit(s, &err),
         &err);
    tell(s, 1000,
         "{\"customer\":\"ada\",\"kind\":\"userId\"}\n{\"customer\":\"ada\",\"kind\":"
         "\"anonymousId\"}\n");
    tell(s, 2000, "{\"customer\":\"ada\",\"kind\":\"userId\"}\n");
    store_close(s);
}

TEST(webhooks_and_the_journal_stand_in_the_file)
{
    struct seen seen = {};
    struct snapshot *v;
    struct store *s;
    struct err err;

    make_shop();
    s = open_shop(STORE_WRITE);
    must(store_snapshot(s, &v, &err), &err);
    must(snapshot_each_webhook(v, see, &seen, &err), &err);
    assert_true(seen.n == 1 && seen.number[0] == 9);
    need_journal(v, 0, 1,
                 "{\"customer\":\"ada\",\"kind\":\"userId\"}\n{\"customer\":\"ada\","
                 "\"kind\":\"anonymousId\"}\n");
    need_journal(v, 1, 2, "{\"customer\":\"ada\",\"kind\":\"userId\"}\n");
    need_journal(v, 2, 0, "");
    snapshot_close(v);
    /* all are away: but the last one's number is not given again */
    must(store_begin_histories(s, &err) && store_journal_trim(s, 2, &err)
             && store_commit(s, &err),
         &err);
    tell(s, 3000, "{\"customer\":\"eve\"}\n");
    must(store_snapshot(s, &v, &err), &err);
    need_journal(v, 0, 2, "{\"customer\":\"ada\",\"kind\":\"userId\"}\n");
    need_journal(v, 2, 3, "{\"customer\":\"eve\"}\n");
    snapshot_close(v);
    store_close(s);
}

/* [F18] */
TEST(who_is_erased_is_gone_from_the_journal)
{
    const struct rewrite_options o = {0};
    struct erase_report report;
    struct seen seen = {};
    struct snapshot *v;
    struct arena a = {};
    struct event e = {.type = STR("visit"),
                      .customer = id_key((struct id){ID_ANONYMOUS, STR("ada")}, &a),
                      .id = STR("m2")};
    struct store *s;
    struct err err;
    bool added;

    make_shop();
    s = open_shop(STORE_WRITE);
    must(store_begin(s, 1, &err)
             && store_append(s, &e,
                             STR("{\"type\":\"track\",\"event\":\"visit\","
                                 "\"anonymousId\":\"ada\",\"messageId\":\"m2\","
                                 "\"timestamp\":\"1970-01-01T00:00:00Z\"}"),
                             &added, &err),
         &err);
    e = (struct event){.type = STR("visit"), .customer = STR("ada"), .id = STR("m1")};
    must(store_append(s, &e,
                      STR("{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"ada\","
                          "\"messageId\":\"m1\",\"timestamp\":\"1970-01-01T00:00:00Z\"}"),
                      &added, &err)
             && store_commit(s, &err),
         &err);
    store_close(s);
    must(erase_customers(io_system(), str_of(temp_path("shop")), &e.customer, 1, &o,
                         &report, &err),
         &err);
    s = open_shop(STORE_READ);
    must(store_snapshot(s, &v, &err), &err);
    need_journal(v, 0, 1, "{\"customer\":\"ada\",\"kind\":\"anonymousId\"}\n");
    need_journal(v, 1, 2, "");
    /* which of the batch's lines are left is not known: the whole batch is sent again */
    must(snapshot_each_webhook(v, see, &seen, &err), &err);
    assert_true(seen.n == 1 && seen.event.seq == 7 && seen.event.line == 0);
    snapshot_close(v);
    store_close(s);
    arena_free(&a);
}
