/* bits.h - sets of a chunk's customers, one bit each. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/tune.h"

#include <stdbool.h>
#include <stdint.h>

enum { BITS_WORDS = (CHUNK_CUSTOMERS + 63) / 64 };

struct bits {
    uint64_t w[BITS_WORDS];
};

/* The first n. */
static inline struct bits bits_up_to(uint32_t n)
{
    struct bits b;

    for (uint32_t i = 0; i<BITS_WORDS; i++, n = n> 64 ? n - 64 : 0)
        b.w[i] = n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
    return b;
}

static inline void bits_put(struct bits *b, uint32_t i)
{
    b->w[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool bits_has(const struct bits *b, uint32_t i)
{
    return b->w[i / 64] >> i % 64 & 1;
}

static inline struct bits bits_and(const struct bits *a, const struct bits *b)
{
    struct bits out;

    for (uint32_t i = 0; i < BITS_WORDS; i++)
        out.w[i] = a->w[i] & b->w[i];
    return out;
}

static inline struct bits bits_or(const struct bits *a, const struct bits *b)
{
    struct bits out;

    for (uint32_t i = 0; i < BITS_WORDS; i++)
        out.w[i] = a->w[i] | b->w[i];
    return out;
}

/* Those of a that are not in b. */
static inline struct bits bits_without(const struct bits *a, const struct bits *b)
{
    struct bits out;

    for (uint32_t i = 0; i < BITS_WORDS; i++)
        out.w[i] = a->w[i] & ~b->w[i];
    return out;
}

static inline bool bits_any(const struct bits *b)
{
    uint64_t any = 0;

    for (uint32_t i = 0; i < BITS_WORDS; i++)
        any |= b->w[i];
    return any != 0;
}

static inline uint32_t bits_count(const struct bits *b)
{
    int n = 0;

    for (uint32_t i = 0; i < BITS_WORDS; i++)
        n += __builtin_popcountll(b->w[i]);
    return (uint32_t)n;
}

/* The first one from i on; CHUNK_CUSTOMERS or more when there is none. */
static inline uint32_t bits_from(const struct bits *b, uint32_t i)
{
    uint32_t word = i / 64;
    uint64_t rest;

    if (word >= BITS_WORDS)
        return BITS_WORDS * 64;
    rest = b->w[word] >> i % 64 << i % 64;
    while (!rest) {
        if (++word == BITS_WORDS)
            return BITS_WORDS * 64;
        rest = b->w[word];
    }
    return word * 64 + (uint32_t)__builtin_ctzll(rest);
}

/* for (EACH_BIT(i, b)): i goes through the set in ascending order. */
#define EACH_BIT(i, b)                                                                   \
    uint32_t i = bits_from((b), 0);                                                      \
    i < CHUNK_CUSTOMERS;                                                                 \
    i = bits_from((b), i + 1)

#endif
