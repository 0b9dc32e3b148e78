/* random.h - chance, from a seed (repeatable) or from the system (secret). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};
struct random random_seeded(uint64_t seed);
uint64_t random_next(struct random *r);
/* Even over 0 .. below-1, without bias; below > 0. */
uint64_t random_below(struct random *r, uint64_t below);

/* Bytes nobody can guess. False (errno set) when the system has none. */
bool random_secret(void *to, size_t n);

#endif
