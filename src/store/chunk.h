/* chunk.h - the timelines of CHUNK_CUSTOMERS customers, or of some of them, as columns in memory.
 *
 * Customer k of the file stands in chunk k / CHUNK_CUSTOMERS. His events are
 * [first[i], first[i + 1]), i = k - customer_first, ordered by (at_ms, message id). */
#ifndef STORE_CHUNK_H
#define STORE_CHUNK_H

#include "base/tune.h"
#include "store/catalog.h"

/* The values of one column, for the events that have one. */
struct cells {
    enum value_type type; /* the column's raw type */
    uint32_t n;
    const uint32_t *event;      /* places in the chunk's events, ascending */
    const int64_t *number;      /* NUMBER: fixed point; BOOL: 0 or 1 */
    const uint32_t *text;       /* TEXT: places in word */
    const uint32_t *list_first; /* LIST: n + 1 places in list_item */
    const uint32_t *list_item;  /* LIST: places in word */
    const str *word; /* the texts, each once, in the order of their first use */
    uint32_t word_n;
};

struct chunk {
    uint64_t serial; /* no other chunk of this process has it, living or dead */
    uint32_t customer_first, customer_n;
    uint32_t event_n;
    const uint32_t *first; /* customer_n + 1 */
    const int64_t *at_ms;
    const uint16_t *type; /* numbers in catalog.type */
    struct chunk_private *own;
};

/* The cells of a column, decoded when first asked for; *out is an empty one when the chunk
 * has none. Borrowed from the chunk. */
bool chunk_cells(const struct chunk *c, uint32_t column, const struct cells **out,
                 struct err *err);
/* The first column from `from` on that has cells in the chunk, or had some before events of it
 * went to other customers; or COLUMN_NONE. */
bool chunk_next_column(const struct chunk *c, uint32_t from, uint32_t *out,
                       struct err *err);
/* The first cell at or behind an event's place; cells->n when there is none. */
uint32_t cells_from(const struct cells *cells, uint32_t event);
/* The same when it is not before cell `from`, and likely near. */
uint32_t cells_after(const struct cells *cells, uint32_t from, uint32_t event);
/* What follows from a chunk's columns alone, however it was come by: made when first asked for, and
 * kept and shared as the columns are. `by` is another for each way of making it; `make` may be
 * called by any thread, and lets its result live in `a`. */
struct derivation {
    uint64_t by;
    bool (*make)(const void *context, const struct chunk *c, struct arena *a,
                 const void **out, struct err *err);
    const void *context;
};
/* Borrowed from the chunk. */
bool chunk_derive(const struct chunk *c, const struct derivation *d, const void **out,
                  struct err *err);
/* The names behind its numbers. */
const struct catalog *chunk_catalog(const struct chunk *c);
/* Message ids of all the chunk's events, in order. Borrowed from the chunk. */
bool chunk_message_ids(const struct chunk *c, const str **out, struct err *err);

/* Of the events that another anchor brought than the customer on whose timeline they stand: the
 * anchor's number. Borrowed from the chunk. */
bool chunk_anchors(const struct chunk *c, const struct cells **out, struct err *err);

/* Of an account's timeline, the events that are its members': each one's customer. Of all other chunks
 * none. Borrowed from the chunk. */
bool chunk_members(const struct chunk *c, const struct cells **out, struct err *err);

/* A chunk out of events in any order (all of customers in the chunk's range, everything in
 * them numbered in the catalog, ids unique), merged with `old` (NULL: none), which stays as
 * it is. `catalog` outlives the chunk. */
bool chunk_build(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct event *event, size_t n,
                 struct chunk **out, struct err *err);
void chunk_free(struct chunk *c);

#endif
