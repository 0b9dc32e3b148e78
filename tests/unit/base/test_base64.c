#include "base/base64.h"

#include "support/unit.h"

static void need(const char *text, const char *bytes)
{
    struct buf b = {};

    if (!base64_decode(str_of(text), &b) || !str_eq(buf_str(&b), str_of(bytes)))
        fail_msg("%s gives %.*s", text, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

TEST(base64_gives_its_bytes)
{
    need("", "");
    need("Zg==", "f");
    need("Zm8=", "fo");
    need("Zm9v", "foo");
    need("Zm9vYg==", "foob");
    need("Zm9vYmE=", "fooba");
    need("Zm9vYmFy", "foobar");
}

TEST(without_its_padding_and_for_addresses_too)
{
    need("Zg", "f");
    need("Zm8", "fo");
    need("_-8", "\xff\xef");
    need("/+8", "\xff\xef");
}

TEST(what_is_no_base64_is_refused)
{
    static const char *const text[] = {"Z",    "Zg===", "Zm9vY",
                                       "Zm 9", "Z=g=",  "Zm\xc3\xa9"};

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct buf b = {};

        if (base64_decode(str_of(text[i]), &b))
            fail_msg("%s", text[i]);
        buf_free(&b);
    }
}

TEST(what_is_encoded_is_decoded_to_the_same)
{
    struct buf there = {}, back = {};

    for (size_t n = 0; n < 40; n++) {
        char bytes[40];

        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(i * 37 + n);
        buf_clear(&there);
        buf_clear(&back);
        base64_encode((str){bytes, n}, &there);
        assert_int_equal(there.n, (n + 2) / 3 * 4);
        assert_true(base64_decode(buf_str(&there), &back));
        assert_true(str_eq(buf_str(&back), (str){bytes, n}));
    }
    buf_clear(&there);
    base64_encode(STR("\xfb\xff\x01"), &there);
    assert_true(str_eq(buf_str(&there), STR("+/8B")));
    buf_free(&there);
    buf_free(&back);
}
