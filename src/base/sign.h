/* sign.h - signatures that anybody can check (Ed25519), and hashes that only who knows a key can
 * make (BLAKE2b). */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "base/str.h"

enum {
    SIGN_SEED_BYTES = 32,
    SIGN_PUBLIC_BYTES = 32,
    SIGNATURE_BYTES = 64,
    MAC_BYTES = 32
};

/* The seed is the secret: 32 bytes of chance. */
struct sign_public {
    unsigned char byte[SIGN_PUBLIC_BYTES];
};
struct signature {
    unsigned char byte[SIGNATURE_BYTES];
};
struct sign_public sign_public_of(const unsigned char seed[SIGN_SEED_BYTES]);
/* The same text gives the same signature. */
struct signature sign_text(const unsigned char seed[SIGN_SEED_BYTES], str text);
bool sign_check(const struct sign_public *key, str text, const struct signature *s);

/* The key has 16 to 64 bytes. */
struct mac {
    unsigned char byte[MAC_BYTES];
};
struct mac mac_of(str key, str text);

/* HMAC-SHA256, which others can make too. */
struct mac hmac_sha256(str key, str text);

/* Lower-case hexadecimal digits, two a byte. */
void hex_print(struct buf *to, const unsigned char *byte, size_t n);
/* False unless the text is exactly n bytes in such digits. */
bool hex_parse(str text, unsigned char *byte, size_t n);

#endif
