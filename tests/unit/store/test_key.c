#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/time.h"
#include "support/unit.h"

#include <string.h>

/* [F14] */
TEST(a_row_of_a_key_is_as_the_format_says)
{
    static const char rest[] = "\x02\x64\xd0\x0f\x00\x04page"; /* edit, 100, 1000 */
    struct key_row k = {.number = 7,
                        .name = STR("page"),
                        .right = KEY_EDIT,
                        .rate = 100,
                        .made_ms = 1000,
                        .revoked_ms = MOMENT_NEVER,
                        .hash = secret_hash_of(STR("ck_secret"))};
    struct key_row again = {.number = 7};
    struct buf b = {};
    struct err err;

    key_encode(&k, &b);
    assert_int_equal(b.n, SECRET_BYTES + sizeof rest - 1);
    assert_memory_equal(b.p, k.hash.byte, SECRET_BYTES);
    assert_memory_equal(b.p + SECRET_BYTES, rest, sizeof rest - 1);

    k.revoked_ms = 1005;
    buf_clear(&b);
    key_encode(&k, &b);
    assert_true(key_decode(buf_str(&b), &again, &err));
    assert_int_equal(again.number, 7);
    assert_true(str_eq(again.name, k.name));
    assert_int_equal(again.right, KEY_EDIT);
    assert_int_equal(again.rate, 100);
    assert_int_equal(again.made_ms, 1000);
    assert_int_equal(again.revoked_ms, 1005);
    assert_true(secret_eq(&again.hash, &k.hash));
    buf_free(&b);
}

static void need_none(str rest)
{
    struct key_row k;
    struct buf b = {};
    struct err err;

    for (int i = 0; i < SECRET_BYTES; i++)
        buf_add_char(&b, 'h');
    buf_add(&b, rest);
    assert_false(key_decode(buf_str(&b), &k, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&b);
}

TEST(a_row_that_is_no_key_is_refused)
{
    struct key_row k;
    struct err err;

    assert_false(key_decode((str){NULL, 0}, &k, &err));
    assert_false(key_decode(STR("too short for a hash"), &k, &err));
    need_none(STR(""));
    need_none(STR("\x04\x00\x00\x00\x01p"));     /* no such right */
    need_none(STR("\x00\x00\x00\x00\x00"));      /* no name */
    need_none(STR("\x00\x00\x00\x00\x02p"));     /* a name that ends too soon */
    need_none(STR("\x00\x00\x00\x00\x01\xff"));  /* no text */
    need_none(STR("\x00\x00\x00\x00\x01pp"));    /* something behind it */
    need_none(STR("\x00\x00\x80\x00\x00\x01p")); /* a number with a zero too many */
    need_none(STR("\x00\xff\xff\xff\xff\x1f\x00\x00\x01p")); /* more than a rate */
}
