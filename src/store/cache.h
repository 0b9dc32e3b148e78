/* cache.h - decoded columns of chunks in memory, shared by all snapshots and threads of a store
 * and held under a budget.
 *
 * A block never changes. Who gets one has it pinned until he unpins it; of those that nobody has
 * pinned, the ones not asked for the longest go when the budget is passed, and at once those that
 * a newer version has come for. */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include "base/mem.h"

/* The version is another whenever events came to the chunk, so that it names contents. */
struct cache_key {
    uint32_t chunk;
    int32_t column; /* a column's number or PART_... */
    uint64_t version;
    uint64_t by; /* PART_DERIVED: what is derived */
};

struct block {
    struct cache_key key;
    struct arena arena; /* in which it stands itself */
    const void *what;   /* is decoded, in the arena; the key's column says as what */
    uint64_t base;      /* the older version that the next newer one is made of, too */

    /* the cache's own */
    size_t bytes;
    uint32_t pins;
    struct block *next;          /* in its slot */
    struct block *newer, *older; /* of those that are not pinned */
};

/* NULL: out of memory. */
[[nodiscard]] struct block *block_new(struct cache_key key);
void block_free(struct block *b);

struct cache;
/* NULL: out of memory. */
[[nodiscard]] struct cache *cache_new(size_t budget_bytes);
/* When nothing is pinned. NULL is fine. */
void cache_free(struct cache *c);
/* Pinned; NULL when it is not there. */
struct block *cache_get(struct cache *c, struct cache_key key);
/* Takes over a block that is made. Gives, pinned, the one that stands: another thread may have
 * been first. */
struct block *cache_put(struct cache *c, struct block *made);
void cache_unpin(struct cache *c, struct block *b);

struct cache_counts {
    size_t bytes, bytes_max; /* held, and the budget */
    size_t pinned_bytes;
    uint64_t blocks, hits, misses, evictions;
};
struct cache_counts cache_count(struct cache *c);

#endif
