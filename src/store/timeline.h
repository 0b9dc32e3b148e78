/* timeline.h - the ordered events of one customer. */
#ifndef STORE_TIMELINE_H
#define STORE_TIMELINE_H

#include "store/chunk.h"

struct timeline {
    const struct chunk *chunk;
    uint32_t customer; /* number in catalog.customer */
    uint32_t first;    /* place of its first event in the chunk */
    uint32_t n;
    const int64_t *at_ms; /* chunk->at_ms + first */
    const uint16_t *type; /* chunk->type + first */
};

/* How many events have happened at at_ms; `from` of them are known to have. */
uint32_t timeline_until(const struct timeline *t, uint32_t from, int64_t at_ms);

struct timeline timeline_of(const struct chunk *c, uint32_t customer);

/* The value of a column at the event (0 .. n-1 of this timeline); MISSING when there is none.
 * Texts are borrowed from the chunk; lists live in `a`. For single looks, not for scans. */
bool timeline_value(const struct timeline *t, uint32_t column, uint32_t event,
                    struct arena *a, struct value *out, struct err *err);

#endif
