#include "base/secret.h"

#include "base/random.h"

#include <assert.h>
#include <sodium.h>

struct secret_hash secret_hash_of(str secret)
{
    struct secret_hash h;

    [[maybe_unused]] int failed = crypto_generichash(
        h.byte, sizeof h.byte, (const unsigned char *)secret.p, secret.n, NULL, 0);
    assert(!failed); /* all sizes are right */
    return h;
}

bool secret_eq(const struct secret_hash *a, const struct secret_hash *b)
{
    return sodium_memcmp(a->byte, b->byte, SECRET_BYTES) == 0;
}

bool secret_new(struct buf *to, str prefix)
{
    enum {
        TEXT_BYTES = sodium_base64_ENCODED_LEN(SECRET_BYTES,
                                               sodium_base64_VARIANT_URLSAFE_NO_PADDING)
    };
    unsigned char chance[SECRET_BYTES];
    char text[TEXT_BYTES];

    if (!random_secret(chance, sizeof chance))
        return false;
    sodium_bin2base64(text, sizeof text, chance, sizeof chance,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add(to, prefix);
    buf_add(to, (str){text, sizeof text - 1});
    sodium_memzero(chance, sizeof chance);
    sodium_memzero(text, sizeof text);
    return true;
}
