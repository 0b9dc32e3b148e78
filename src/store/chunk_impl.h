/* chunk_impl.h - how chunks are merged, packed and loaded; private to store/. */
#ifndef STORE_CHUNK_IMPL_H
#define STORE_CHUNK_IMPL_H

#include "store/chunk.h"
#include "store/fact_impl.h"

/* --- what a chunk holds --- */

/* One column, as far as it was asked for. */
struct held {
    uint32_t column;
    struct cells cells;
};

struct chunk_private {
    struct arena arena;
    const struct catalog *catalog;
    const struct chunk_source *source; /* of what is not held; NULL: everything is */
    struct held **held;                /* ascending by column */
    uint32_t held_n, held_cap;
    const str *id;
};

/* Without customers yet. NULL: out of memory. */
struct chunk *chunk_new(const struct catalog *catalog, uint32_t customer_first);
/* An empty column, in the chunk's arena but not yet held; NULL: out of memory. */
struct held *held_new(struct chunk_private *own, uint32_t column, enum value_type type);
bool held_insert(struct chunk_private *own, struct held *held);

/* --- merging --- */

/* chunk_build for facts that are sorted. */
bool chunk_merge(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct fact *fact, size_t n,
                 struct chunk **out, struct err *err);

/* --- the columns of a chunk as bytes: docs/format.md says which --- */

#define PART_TIME (-1)
#define PART_TYPE (-2)
#define PART_ID (-3)

void part_encode_time(const struct chunk *c, struct buf *to);
void part_encode_type(const struct chunk *c, struct buf *to);
void part_encode_id(const str *id, uint32_t n, struct buf *to);
void part_encode_cells(const struct cells *cells, struct buf *to);

/* Each: all of `bytes` is one part, every number in its range and every order kept; else
 * ERR_CORRUPT. What is decoded lives in `a`. */
bool part_decode_time(str bytes, struct arena *a, struct chunk *out, struct err *err);
bool part_decode_type(str bytes, const struct catalog *catalog, struct arena *a,
                      struct chunk *out, struct err *err);
bool part_decode_id(str bytes, const struct chunk *c, struct arena *a, const str **out,
                    struct err *err);
/* `type` is what the column holds, `event_n` how many events the chunk has. */
bool part_decode_cells(str bytes, enum value_type type, uint32_t event_n, struct arena *a,
                       struct cells *out, struct err *err);

/* n things, on a border of 64 bytes, with 64 bytes behind them that may be read. */
void *padded(struct arena *a, size_t n, size_t size);

/* --- loading and storing --- */

/* Appends the bytes of a part, a column's number or PART_..; *there is false when the chunk
 * has no such part. */
struct chunk_source {
    bool (*part)(void *context, int32_t column, uint32_t chunk, struct buf *to,
                 bool *there, struct err *err);
    void *context;
};
/* Reads times and types now, the rest when asked. The file has `customers` in all. `source`
 * outlives the chunk. */
bool chunk_load(const struct catalog *catalog, const struct chunk_source *source,
                uint32_t chunk, uint32_t customers, struct chunk **out, struct err *err);
/* chunk_message_ids that are not kept in the chunk, but in `a`, unless they were already. */
bool chunk_read_ids(const struct chunk *c, struct arena *a, const str **out,
                    struct err *err);
/* Gives every part of a chunk that was merged; stops when `put` fails. */
bool chunk_each_part(const struct chunk *c,
                     bool (*put)(void *context, int32_t column, str bytes,
                                 struct err *err),
                     void *context, struct err *err);

#endif
