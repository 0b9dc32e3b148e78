#include "base/sign.h"

#include <assert.h>
#include <sodium.h>

static void keys_of(const unsigned char seed[SIGN_SEED_BYTES], struct sign_public *public,
                    unsigned char secret[crypto_sign_SECRETKEYBYTES])
{
    [[maybe_unused]] int failed = crypto_sign_seed_keypair(public->byte, secret, seed);
    assert(!failed);
}

struct sign_public sign_public_of(const unsigned char seed[SIGN_SEED_BYTES])
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    struct sign_public public;

    keys_of(seed, &public, secret);
    sodium_memzero(secret, sizeof secret);
    return public;
}

struct signature sign_text(const unsigned char seed[SIGN_SEED_BYTES], str text)
{
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    struct sign_public public;
    struct signature s;
    [[maybe_unused]] int failed;

    keys_of(seed, &public, secret);
    failed =
        crypto_sign_detached(s.byte, NULL, (const unsigned char *)text.p, text.n, secret);
    assert(!failed);
    sodium_memzero(secret, sizeof secret);
    return s;
}

bool sign_check(const struct sign_public *key, str text, const struct signature *s)
{
    return crypto_sign_verify_detached(s->byte, (const unsigned char *)text.p, text.n,
                                       key->byte)
           == 0;
}

struct mac mac_of(str key, str text)
{
    struct mac m;

    [[maybe_unused]] int failed =
        crypto_generichash(m.byte, sizeof m.byte, (const unsigned char *)text.p, text.n,
                           (const unsigned char *)key.p, key.n);
    assert(!failed); /* all sizes are right */
    return m;
}

struct mac hmac_sha256(str key, str text)
{
    crypto_auth_hmacsha256_state state;
    struct mac out;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.p, key.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.p, text.n);
    crypto_auth_hmacsha256_final(&state, out.byte);
    return out;
}

void hex_print(struct buf *to, const unsigned char *byte, size_t n)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        buf_add_char(to, digit[byte[i] >> 4]);
        buf_add_char(to, digit[byte[i] & 15]);
    }
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_parse(str text, unsigned char *byte, size_t n)
{
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = digit_value(text.p[2 * i]), low = digit_value(text.p[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        byte[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
