#include "base/secret.h"
#include "support/unit.h"

#include <string.h>

/* RFC 7693's function with a digest of 32 bytes, as b2sum -l 256 prints it. */
TEST(a_hash_is_blake2b_of_256_bits)
{
    static const unsigned char abc[SECRET_BYTES] = {
        0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72, 0x31, 0x71, 0xef,
        0x3f, 0xee, 0x98, 0x57, 0x9b, 0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb,
        0x3e, 0x42, 0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19};
    struct secret_hash h = secret_hash_of(STR("abc"));

    assert_memory_equal(h.byte, abc, sizeof abc);
}

TEST(hashes_are_the_same_for_the_same_text_only)
{
    struct secret_hash a = secret_hash_of(STR("ck_a")), b = secret_hash_of(STR("ck_a"));

    assert_true(secret_eq(&a, &b));
    for (int i = 0; i < SECRET_BYTES; i++) {
        b.byte[i] ^= 0x80;
        assert_false(secret_eq(&a, &b));
        b.byte[i] ^= 0x80;
    }
    b = secret_hash_of((str){NULL, 0});
    assert_false(secret_eq(&a, &b));
}

TEST(a_secret_is_of_plain_letters_and_never_the_same)
{
    enum { N = 3 + 43 };
    struct buf b = {};

    for (int i = 0; i < 100; i++)
        assert_true(secret_new(&b, STR("ck_")));
    assert_int_equal(b.n, 100 * N);
    for (size_t i = 0; i < 100; i++) {
        str one = {b.p + i * N, N};

        assert_true(str_starts(one, STR("ck_")));
        for (size_t k = 3; k < N; k++)
            assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_",
                                   one.p[k]));
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(one, (str){b.p + k * N, N}));
    }
    buf_free(&b);
}
