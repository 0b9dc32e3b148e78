/* fold_impl.h - folding from inside; private to store/. */
#ifndef STORE_FOLD_IMPL_H
#define STORE_FOLD_IMPL_H

#include "store/store_impl.h"

/* What is folded, and read through: the writer's transaction, or a snapshot. */
struct fold_from {
    const struct catalog *catalog;
    const struct chunk_source *source;
    const struct image *image;
    int64_t seq; /* of the last batch of the log that it knows */
};

struct packed_part {
    int32_t column;
    struct buf bytes;
};

/* One chunk. */
struct fold {
    uint32_t chunk;
    uint64_t version; /* of its content, news and all */
    struct fact *fact;
    size_t n;
    struct gone_set gone; /* of whom the parts hold nothing any more */
    bool is_changed;      /* by the transaction: it is more than news that is folded */
    struct packed_part *part;
    uint32_t part_n, part_cap;
    int32_t *old; /* columns whose parts may have to go */
    uint32_t old_n;
    struct chunk_row row;
    struct err err;
    bool ok;
};

/* The chunk at which folding goes on, so that the oldest news are folded first; false: there are
 * none. */
bool fold_next(struct store *s, const struct image *image, uint32_t *out);
/* All of the chunk's news. Also when it fails, *f is to be freed. */
bool fold_gather(const struct fold_from *from, uint32_t chunk, struct fold *f,
                 struct err *err);
/* Makes the parts. On any thread. */
bool fold_chunk(const struct fold_from *from, struct fold *f, struct err *err);
/* Writes them, in the writer's transaction. */
bool fold_put(struct store *s, const struct fold *f, struct err *err);
/* As long as the snapshot is open. */
struct fold_from snapshot_fold_from(struct snapshot *v);
void fold_free(struct fold *f);

#endif
