/* pieces.h - everybody's histories counted by all threads: customers in pieces, each with counts of its
 * own, that are added up. */
#ifndef ENGINE_PIECES_H
#define ENGINE_PIECES_H

#include "base/work.h"

#include <stddef.h>

/* How many: one where the counts are so many that adding them up takes longer than counting. */
static inline uint32_t pieces_of(size_t counts)
{
    return counts > 1u << 16 ? 1 : 4 * work_threads();
}

/* The first of n customers in piece i. */
static inline uint32_t piece_from(uint32_t n, uint32_t pieces, uint32_t i)
{
    return (uint32_t)((uint64_t)n * i / pieces);
}

#endif
