#include "store/store_impl.h"

#include "store/rewrite.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

static const struct saved_row view = {
    .number = 1,
    .kind = SAVED_VIEW,
    .made_ms = 1000,
    .name = STR("repeat"),
    .author = STR("anna"),
    .text = STR("rfm?event=purchase"),
};

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

/* [F20] */
TEST(a_row_of_what_is_saved_is_as_the_format_says)
{
    static const char wanted[] = "\x00\xd0\x0f\x06\x04\x12\x00"
                                 "repeatannarfm?event=purchase";
    struct saved_row again;
    struct arena a = {};
    struct buf b = {};
    struct err err;

    saved_encode(&view, &b);
    assert_int_equal(b.n, sizeof wanted - 1);
    assert_memory_equal(b.p, wanted, b.n);
    must(saved_decode(buf_str(&b), &a, &again, &err), &err);
    assert_true(again.kind == SAVED_VIEW && again.made_ms == 1000);
    assert_true(str_eq(again.name, view.name) && str_eq(again.author, view.author));
    assert_true(str_eq(again.text, view.text) && !again.state.n);
    buf_free(&b);
    arena_free(&a);
}

static void need_refused(struct saved_row row)
{
    struct saved_row out;
    struct arena a = {};
    struct buf b = {};
    struct err err;

    saved_encode(&row, &b);
    assert_false(saved_decode(buf_str(&b), &a, &out, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&b);
    arena_free(&a);
}

TEST(what_is_no_such_row_is_refused)
{
    static char long_text[SAVED_TEXT_MAX + 1];
    struct saved_row row = view, out;
    struct arena a = {};
    struct buf b = {};
    struct err err;

    saved_encode(&view, &b);
    for (size_t cut = 0; cut < b.n; cut++)
        assert_false(saved_decode((str){b.p, cut}, &a, &out, &err));
    buf_add_char(&b, 0);
    assert_false(saved_decode(buf_str(&b), &a, &out, &err));
    buf_free(&b);
    arena_free(&a);

    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = 'x';
    row.kind = SAVED_KINDS;
    need_refused(row);
    row = view;
    row.name.n = 0;
    need_refused(row);
    row.name = STR("a\nb");
    need_refused(row);
    row = view;
    row.name = (str){long_text, SAVED_NAME_MAX + 1};
    need_refused(row);
    row = view;
    row.author = (str){long_text, SAVED_NAME_MAX + 1};
    need_refused(row);
    row = view;
    row.text.n = 0;
    need_refused(row);
    row.text = (str){long_text, sizeof long_text};
    need_refused(row);
    row = view;
    row.state = (str){long_text, sizeof long_text};
    need_refused(row);
    row = view;
    row.made_ms = INT64_MAX;
    need_refused(row);
}

/* --- in the file --- */

static bool see(void *context, const struct saved_row *row)
{
    buf_add_format(context, "%u %.*s %.*s;", row->number, STR_FMT(row->name),
                   STR_FMT(row->state));
    return row->number < 7;
}

static void need_seen(const char *wanted)
{
    const struct store_options o = {.mode = STORE_READ};
    struct snapshot *v;
    struct buf b = {};
    struct store *s;
    struct err err;

    must(store_open(io_system(), str_of(temp_path("shop")), &o, &s, &err), &err);
    must(store_snapshot(s, &v, &err), &err);
    must(snapshot_each_saved(v, see, &b, &err), &err);
    snapshot_close(v);
    store_close(s);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, wanted);
    buf_free(&b);
}

static bool keep(struct store *s, uint32_t number, str state, bool drops, struct err *err)
{
    struct saved_row row = view;

    row.number = number;
    row.state = state;
    if (!store_begin_histories(s, err))
        return false;
    if (!(drops ? store_saved_drop(s, number, err) : store_saved_put(s, &row, err))) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err);
}

TEST(what_is_saved_changes_goes_and_outlives_a_rebuild)
{
    const struct rewrite_options o = {};
    struct rebuild_report report;
    struct arena a = {};
    struct store *s;
    struct err err;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err), &err);
    for (uint32_t number = 1; number < 10; number++)
        must(keep(s, number, STR(""), false, &err), &err);
    must(keep(s, 2, STR("on"), false, &err), &err);
    for (uint32_t number = 3; number < 7; number++)
        must(keep(s, number, STR(""), true, &err), &err);
    must(store_begin_histories(s, &err), &err);
    must(store_saved_drop(s, 1, &err), &err);
    store_cancel(s);
    store_close(s);
    need_seen("1 repeat ;2 repeat on;7 repeat ;");
    must(store_rebuild(io_system(), str_of(temp_path("shop")), &o, &a, &report, &err),
         &err);
    need_seen("1 repeat ;2 repeat on;7 repeat ;");
    arena_free(&a);
}

static bool keep_once([[maybe_unused]] void *context, struct err *err)
{
    const struct store_options o = {.mode = STORE_WRITE};
    struct store *s;
    bool ok;

    if (!store_open(io_system(), str_of(temp_path("shop")), &o, &s, err))
        return false;
    ok = keep(s, 1, STR("on"), false, err);
    store_close(s);
    return ok;
}

TEST(keeping_survives_the_lack_of_memory)
{
    struct store *s;
    struct err err;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err), &err);
    store_close(s);
    each_oom_or_done(keep_once, NULL);
}
