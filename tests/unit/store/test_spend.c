#include "store/store_impl.h"

#include "store/rewrite.h"
#include "store/verify.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>

static const struct spend_row told[] = {
    {.day = 20000,
     .currency = "EUR",
     .minor = 1234,
     .channel = STR("paid search"),
     .campaign = STR("spring")},
    {.day = 19999,
     .currency = "JPY",
     .minor = -5,
     .source = STR("agency"),
     .channel = STR("email")},
};
enum { TOLD = sizeof told / sizeof *told };

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

/* [F19] */
TEST(a_row_of_costs_is_as_the_format_says)
{
    static const char wanted[] = "\x02"
                                 "\xc0\xb8\x02\x01"
                                 "\xa4\x13\x09"
                                 "\x03\x00\x0b\x06\x03\x06\x05\x00"
                                 "EURpaid searchspringJPYagencyemail";
    const struct spend_row *again;
    struct arena a = {};
    struct buf b = {};
    struct err err;
    uint32_t n;

    spend_encode(told, TOLD, &b);
    assert_int_equal(b.n, sizeof wanted - 1);
    assert_memory_equal(b.p, wanted, b.n);
    must(spend_decode(buf_str(&b), &a, &again, &n, &err), &err);
    assert_int_equal(n, TOLD);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(again[i].day, told[i].day);
        assert_string_equal(again[i].currency, told[i].currency);
        assert_true(again[i].minor == told[i].minor);
        assert_true(str_eq(again[i].source, told[i].source));
        assert_true(str_eq(again[i].channel, told[i].channel));
        assert_true(str_eq(again[i].campaign, told[i].campaign));
    }
    buf_free(&b);
    arena_free(&a);
}

static void need_refused(struct spend_row row)
{
    const struct spend_row *out;
    struct arena a = {};
    struct buf b = {};
    struct err err;
    uint32_t n;

    spend_encode(&row, 1, &b);
    assert_false(spend_decode(buf_str(&b), &a, &out, &n, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&b);
    arena_free(&a);
}

TEST(what_are_no_costs_is_refused)
{
    const struct spend_row *out;
    struct spend_row row = told[0];
    struct arena a = {};
    struct buf b = {};
    struct err err;
    uint32_t n;

    spend_encode(told, TOLD, &b);
    for (size_t cut = 0; cut < b.n; cut++)
        assert_false(spend_decode((str){b.p, cut}, &a, &out, &n, &err));
    buf_add_char(&b, 0);
    assert_false(spend_decode(buf_str(&b), &a, &out, &n, &err));
    row.day = -1;
    need_refused(row);
    row.day = SPEND_DAYS;
    need_refused(row);
    row = told[0];
    row.channel.n = 0;
    need_refused(row);
    row.channel = STR("a\nb");
    need_refused(row);
    row = told[0];
    memcpy(row.currency, "eur", 3);
    need_refused(row);
    row.currency[0] = 0;
    need_refused(row);
    buf_free(&b);
    arena_free(&a);
}

/* --- in the file --- */

struct seen {
    uint32_t n;
    int64_t told_ms, minor;
};

static bool see(void *context, int64_t told_ms, const struct spend_row *row)
{
    struct seen *seen = context;

    seen->n++;
    seen->told_ms = told_ms;
    seen->minor += row->minor;
    return seen->n < 3;
}

static struct seen seen_in(const char *path, struct err *err)
{
    const struct store_options o = {.mode = STORE_READ};
    struct snapshot *v;
    struct seen seen = {};
    struct store *s;

    must(store_open(io_system(), str_of(path), &o, &s, err), err);
    must(store_snapshot(s, &v, err), err);
    must(snapshot_each_spend(v, see, &seen, err), err);
    snapshot_close(v);
    store_close(s);
    return seen;
}

static bool tell(struct store *s, int64_t told_ms, uint32_t n, struct err *err)
{
    if (!store_begin(s, told_ms, err))
        return false;
    if (!store_spend_add(s, told_ms, told, n, err)) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err);
}

TEST(costs_are_kept_as_they_were_told_and_outlive_a_rebuild)
{
    const struct rewrite_options o = {};
    struct rebuild_report report;
    struct arena a = {};
    struct store *s;
    struct seen seen;
    struct err err;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err), &err);
    must(tell(s, 1000, 2, &err), &err);
    must(store_begin(s, 5, &err), &err);
    must(store_spend_add(s, 5, told, 1, &err), &err);
    store_cancel(s);
    must(tell(s, 2000, 1, &err), &err);
    store_close(s);
    seen = seen_in(temp_path("shop"), &err);
    assert_true(seen.n == 3 && seen.told_ms == 2000 && seen.minor == 1234 - 5 + 1234);
    must(store_rebuild(io_system(), str_of(temp_path("shop")), &o, &a, &report, &err),
         &err);
    seen = seen_in(temp_path("shop"), &err);
    assert_true(seen.n == 3 && seen.told_ms == 2000 && seen.minor == 1234 - 5 + 1234);
    arena_free(&a);
}

static bool tell_once([[maybe_unused]] void *context, struct err *err)
{
    const struct store_options o = {.mode = STORE_WRITE};
    struct store *s;
    bool ok;

    if (!store_open(io_system(), str_of(temp_path("shop")), &o, &s, err))
        return false;
    ok = tell(s, 3000, TOLD, err);
    store_close(s);
    return ok;
}

TEST(telling_survives_the_lack_of_memory)
{
    struct store *s;
    struct err err;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err), &err);
    store_close(s);
    each_oom_or_done(tell_once, NULL);
}
