/* secret.h - keys made by chance, and how they are known again without being kept. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/str.h"

enum { SECRET_BYTES = 32 };

/* BLAKE2b of 256 bits, of the key's text. A key has 256 bits of chance, so that nobody finds it
 * by trying: a slow hash, as passwords need it, would only slow down every request. */
struct secret_hash {
    unsigned char byte[SECRET_BYTES];
};
struct secret_hash secret_hash_of(str secret);
/* As long for those that differ in the first byte as for those that are the same. */
bool secret_eq(const struct secret_hash *a, const struct secret_hash *b);

/* Appends the prefix and 43 characters of 32 bytes that nobody can guess: letters, digits, - and
 * _. False (errno set) when the system has no chance to give. */
[[nodiscard]] bool secret_new(struct buf *to, str prefix);

#endif
