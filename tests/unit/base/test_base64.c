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
