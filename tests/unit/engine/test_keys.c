#include "engine/keys.h"

#include "store/rewrite.h"
#include "store/verify.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000 };

struct house {
    struct engine *engine;
    struct keys *keys;
};

static struct house enter(struct engine *e)
{
    struct house h = {.engine = e};
    struct err err;

    NEED_OK(keys_new(h.engine, &h.keys, &err), err);
    return h;
}

static struct house house_open(void)
{
    return enter(bottega_open("2026-06-01"));
}

static void house_close(struct house *h)
{
    keys_free(h->keys);
    engine_close(h->engine);
}

/* The key's text, with a NUL behind it; the caller's. */
static struct buf make(struct house *h, const char *name, enum key_right right,
                       uint32_t rate)
{
    struct buf b = {};
    struct err err;

    NEED_OK(keys_add(h->keys, str_of(name), right, rate, NOW, &b, &err), err);
    buf_add_char(&b, 0);
    b.n--;
    return b;
}

static void need_refused(struct house *h, const char *name, enum err_code code)
{
    struct buf b = {};
    struct err err;

    assert_false(keys_add(h->keys, str_of(name), KEY_READ, 0, NOW, &b, &err));
    assert_int_equal(err.code, code);
    buf_free(&b);
}

TEST(a_file_has_no_keys_at_first)
{
    struct house h = house_open();
    struct key_view v;
    uint32_t n;

    assert_false(keys_any(h.keys));
    assert_false(keys_has_admin(h.keys));
    assert_false(keys_find(h.keys, STR(""), &v));
    assert_false(keys_find(h.keys, STR("ck_"), &v));
    keys_get(h.keys, &n);
    assert_int_equal(n, 0);
    house_close(&h);
}

TEST(a_key_is_known_by_its_text_alone)
{
    struct house h = house_open();
    struct buf shop = make(&h, "shop", KEY_COLLECT, 0),
               ada = make(&h, "Ada", KEY_EDIT, 7);
    struct key_view v;

    assert_true(keys_find(h.keys, buf_str(&shop), &v));
    assert_true(str_eq(v.name, STR("shop")));
    assert_int_equal(v.right, KEY_COLLECT);
    assert_true(keys_find(h.keys, buf_str(&ada), &v));
    assert_true(str_eq(v.name, STR("Ada")));
    assert_int_equal(v.right, KEY_EDIT);
    assert_true(keys_find_number(h.keys, v.number, &v));
    assert_true(str_eq(v.name, STR("Ada")));
    assert_false(keys_find(h.keys, (str){ada.p, ada.n - 1}, &v));
    ada.p[ada.n - 1] ^= 1;
    assert_false(keys_find(h.keys, buf_str(&ada), &v));
    assert_false(keys_find(h.keys, STR("Ada"), &v));
    assert_false(keys_find_number(h.keys, 3, &v));
    buf_free(&shop);
    buf_free(&ada);
    house_close(&h);
}

/* Through a rebuild, too, which makes the file anew. */
TEST(keys_stay_in_the_file_and_their_texts_do_not)
{
    static const struct rewrite_options plain = {};
    static const struct verify_options check = {.threads = 1};
    const char *path = bottega_path();
    struct house h = house_open();
    struct buf shop = make(&h, "shop", KEY_COLLECT, 9),
               old = make(&h, "old", KEY_ADMIN, 0);
    struct arena a = {};
    struct rebuild_report rebuilt;
    struct verify_report report;
    const struct key_row *row;
    struct engine *e;
    struct key_view v;
    struct err err;
    str bytes;
    uint32_t n;

    NEED_OK(keys_revoke(h.keys, STR("old"), NOW + 5, &err), err);
    house_close(&h);
    NEED_OK(io_read_file(io_system(), str_of(path), 1 << 26, &a, &bytes, &err), err);
    assert_null(memmem(bytes.p, bytes.n, shop.p, shop.n));
    NEED_OK(store_rebuild(io_system(), str_of(path), &plain, &a, &rebuilt, &err), err);
    assert_int_equal(rebuilt.lost_n, 0);
    NEED_OK(store_verify(io_system(), str_of(path), &check, &report, &err), err);
    assert_int_equal(report.differences, 0);
    assert_int_equal(report.keys, 2);

    NEED_OK(engine_open(io_system(), str_of(path), &(struct store_options){STORE_READ, 0},
                        &e, &err),
            err);
    h = enter(e);
    row = keys_get(h.keys, &n);
    assert_int_equal(n, 2);
    assert_int_equal(row[0].rate, 9);
    assert_int_equal(row[0].made_ms, NOW);
    assert_true(row[0].revoked_ms == MOMENT_NEVER);
    assert_int_equal(row[1].revoked_ms, NOW + 5);
    assert_true(keys_find(h.keys, buf_str(&shop), &v));
    assert_false(keys_find(h.keys, buf_str(&old), &v));
    house_close(&h);
    arena_free(&a);
    buf_free(&shop);
    buf_free(&old);
}

TEST(a_revoked_key_opens_nothing_and_the_doors_stay_shut)
{
    struct house h = house_open();
    struct buf first = make(&h, "page", KEY_ADMIN, 0), second;
    struct key_view v;
    struct err err;

    assert_true(keys_has_admin(h.keys));
    need_refused(&h, "page", ERR_CONFLICT);
    /* the clock was set back meanwhile */
    NEED_OK(keys_revoke(h.keys, STR("page"), NOW - 10, &err), err);
    assert_false(keys_find(h.keys, buf_str(&first), &v));
    assert_false(keys_find_number(h.keys, 1, &v));
    assert_false(keys_has_admin(h.keys));
    assert_true(keys_any(h.keys));
    assert_false(keys_revoke(h.keys, STR("page"), NOW, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);

    second = make(&h, "page", KEY_READ, 0);
    assert_true(keys_find(h.keys, buf_str(&second), &v));
    assert_int_equal(v.number, 2);
    assert_false(keys_find(h.keys, buf_str(&first), &v));
    buf_free(&first);
    buf_free(&second);
    house_close(&h);
}

TEST(a_name_is_plain_text)
{
    struct house h = house_open();
    char longest[KEY_NAME_MAX + 2];
    struct buf b;

    memset(longest, 'x', sizeof longest);
    longest[KEY_NAME_MAX + 1] = 0;
    need_refused(&h, "", ERR_INPUT);
    need_refused(&h, "a\nb", ERR_INPUT);
    need_refused(&h, "a\x1b[31m", ERR_INPUT);
    need_refused(&h, "\xff", ERR_INPUT);
    need_refused(&h, longest, ERR_INPUT);
    longest[KEY_NAME_MAX] = 0;
    b = make(&h, longest, KEY_READ, 0);
    buf_free(&b);
    b = make(&h, "Zoë's \"page\"", KEY_READ, 0);
    buf_free(&b);
    house_close(&h);
}

TEST(rights_are_a_table)
{
    /*                                              needs: collect read edit admin */
    static const bool may[KEY_RIGHTS][KEY_RIGHTS] = {
        [KEY_COLLECT] = {true, false, false, false},
        [KEY_READ] = {false, true, false, false},
        [KEY_EDIT] = {false, true, true, false},
        [KEY_ADMIN] = {true, true, true, true},
    };
    enum key_right parsed;

    for (int has = 0; has < KEY_RIGHTS; has++) {
        for (int needs = 0; needs < KEY_RIGHTS; needs++)
            assert_int_equal(key_may((enum key_right)has, (enum key_right)needs),
                             may[has][needs]);
        assert_true(
            key_right_parse(str_of(key_right_name((enum key_right)has)), &parsed));
        assert_int_equal(parsed, has);
    }
    assert_false(key_right_parse(STR("Admin"), &parsed));
    assert_false(key_right_parse(STR(""), &parsed));
}

/* --- the allowance, by a clock of our own --- */

static void need_wait(struct house *h, uint32_t n, int64_t now_ms, uint32_t wait_s)
{
    uint32_t got = 0;
    bool taken = keys_take(h->keys, 1, n, now_ms, &got);

    if (taken != !wait_s || got != wait_s)
        fail_msg("at %lld: taken %d, wait %u and not %u", (long long)now_ms, taken, got,
                 wait_s);
}

TEST(an_allowance_is_ten_seconds_of_the_rate)
{
    struct house h = house_open();
    struct buf b = make(&h, "shop", KEY_COLLECT, 5);
    int64_t at = 77;

    for (int i = 0; i < 50; i++)
        need_wait(&h, 1, at, 0);
    need_wait(&h, 1, at, 1);
    need_wait(&h, 1, at + 1, 0); /* five thousandths are something */
    need_wait(&h, 1, at + 1, 1);
    need_wait(&h, 1, at + 199, 1);
    need_wait(&h, 1, at + 202, 0);
    at += 1000 * 1000; /* a long time: full, and no more than full */
    for (int i = 0; i < 50; i++)
        need_wait(&h, 1, at, 0);
    need_wait(&h, 1, at, 1);
    buf_free(&b);
    house_close(&h);
}

TEST(a_batch_may_be_larger_than_the_allowance_and_is_owed)
{
    struct house h = house_open();
    struct buf b = make(&h, "shop", KEY_COLLECT, 10);

    need_wait(&h, 2500, 0, 0); /* 100 were there: 2,400 are owed, 240 seconds */
    need_wait(&h, 1, 0, 241);
    need_wait(&h, 1, 239 * 1000, 2);
    need_wait(&h, 1, 240 * 1000, 1);
    need_wait(&h, 1, 240 * 1000 + 1, 0);
    buf_free(&b);
    house_close(&h);
}

TEST(the_largest_rate_and_the_longest_time_do_not_overflow)
{
    struct house h = house_open();
    struct buf b = make(&h, "shop", KEY_COLLECT, UINT32_MAX);

    need_wait(&h, UINT32_MAX, 0, 0);
    need_wait(&h, UINT32_MAX, INT64_C(1) << 60, 0);
    need_wait(&h, UINT32_MAX, INT64_C(1) << 60, 0);
    buf_free(&b);
    house_close(&h);
}

TEST(without_a_rate_there_is_no_limit)
{
    struct house h = house_open();
    struct buf b = make(&h, "shop", KEY_COLLECT, 0);

    for (int i = 0; i < 1000; i++)
        need_wait(&h, UINT32_MAX, 0, 0);
    buf_free(&b);
    house_close(&h);
}

/* --- out of memory --- */

static bool add_and_revoke(void *context, struct err *err)
{
    struct engine *e = context;
    struct buf b = {};
    struct keys *k;
    struct key_view v;
    uint32_t n, after;
    bool ok;

    if (!keys_new(e, &k, err))
        return false;
    keys_get(k, &n);
    ok = keys_add(k, STR("shop"), KEY_READ, 0, NOW, &b, err);
    keys_get(k, &after);
    assert_int_equal(after, n + ok);
    if (ok) {
        assert_true(keys_find(k, buf_str(&b), &v));
        ok = keys_revoke(k, STR("shop"), NOW, err);
        assert_int_equal(keys_find(k, buf_str(&b), &v), !ok);
    }
    buf_free(&b);
    keys_free(k);
    return ok;
}

/* Memory may fail, and this asks for none. */
static void copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char bytes[1 << 16];
    size_t n;

    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(bytes, 1, sizeof bytes, in)))
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
}

struct paths {
    char whole[500], used[500], wal[500], shm[500];
};

static bool open_add_and_revoke(void *context, struct err *err)
{
    const struct paths *path = context;
    struct engine *e;
    bool ok;

    remove(path->wal); /* of a file that could not be closed well */
    remove(path->shm);
    copy(path->whole, path->used);
    if (!engine_open_versions(io_system(), str_of(path->used),
                              &(struct store_options){STORE_WRITE, 0}, &e, err))
        return false;
    ok = add_and_revoke(e, err);
    engine_close(e);
    return ok;
}

TEST(keys_without_memory)
{
    struct paths path;
    struct house h = house_open();
    struct buf b = make(&h, "page", KEY_ADMIN, 0);

    house_close(&h);
    buf_free(&b);
    snprintf(path.whole, sizeof path.whole, "%s", bottega_path());
    snprintf(path.used, sizeof path.used, "%s.used", bottega_path());
    snprintf(path.wal, sizeof path.wal, "%s.used-wal", bottega_path());
    snprintf(path.shm, sizeof path.shm, "%s.used-shm", bottega_path());
    each_oom_or_done(open_add_and_revoke, &path);
}
