#include "base/sign.h"

#include "support/unit.h"

#include <string.h>

/* RFC 8032, 7.1, test 2 */
static const char seed_hex[] =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char public_hex[] =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char signature_hex[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

static void need_hex(const unsigned char *byte, size_t n, const char *expected)
{
    struct buf b = {};

    hex_print(&b, byte, n);
    assert_true(str_eq(buf_str(&b), str_of(expected)));
    buf_free(&b);
}

TEST(a_signature_is_that_of_the_standard)
{
    unsigned char seed[SIGN_SEED_BYTES];
    struct sign_public public;
    struct signature s;

    assert_true(hex_parse(str_of(seed_hex), seed, sizeof seed));
    public = sign_public_of(seed);
    s = sign_text(seed, STR("r"));
    need_hex(public.byte, sizeof public.byte, public_hex);
    need_hex(s.byte, sizeof s.byte, signature_hex);
    assert_true(sign_check(&public, STR("r"), &s));
}

TEST(a_signature_is_of_one_text_and_one_key)
{
    unsigned char seed[SIGN_SEED_BYTES] = {1}, other[SIGN_SEED_BYTES] = {2};
    struct sign_public public = sign_public_of(seed), another = sign_public_of(other);
    struct signature s = sign_text(seed, STR("twelve events"));

    assert_true(sign_check(&public, STR("twelve events"), &s));
    assert_false(sign_check(&public, STR("eleven events"), &s));
    assert_false(sign_check(&another, STR("twelve events"), &s));
    s.byte[0] ^= 1;
    assert_false(sign_check(&public, STR("twelve events"), &s));
}

TEST(a_mac_hangs_on_its_key)
{
    struct mac a = mac_of(STR("0123456789abcdef"), STR("ada")),
               b = mac_of(STR("0123456789abcdeg"), STR("ada")),
               c = mac_of(STR("0123456789abcdef"), STR("bob")),
               again = mac_of(STR("0123456789abcdef"), STR("ada"));

    assert_memory_equal(&a, &again, sizeof a);
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &c, sizeof a);
}

TEST(hexadecimal_digits_have_one_form)
{
    unsigned char byte[2];

    assert_true(hex_parse(STR("00ff"), byte, 2));
    assert_int_equal(byte[0], 0);
    assert_int_equal(byte[1], 255);
    assert_false(hex_parse(STR("00FF"), byte, 2));
    assert_false(hex_parse(STR("00f"), byte, 2));
    assert_false(hex_parse(STR("00ff0"), byte, 2));
    assert_false(hex_parse(STR("0g00"), byte, 2));
    assert_false(hex_parse(STR(""), byte, 2));
}

/* RFC 4231, case 2. */
TEST(an_hmac_is_the_one_that_others_make)
{
    struct mac mac = hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"));
    struct buf b = {};

    hex_print(&b, mac.byte, sizeof mac.byte);
    assert_true(
        str_eq(buf_str(&b),
               STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
    buf_free(&b);
}
