/* chunk_impl.h - how chunks are made of parts and news, and packed; private to store/.
 *
 * A chunk is one of three: what its parts hold; an overlay, of news over the parts; or whole, with
 * all of its columns in memory and nothing behind them. */
#ifndef STORE_CHUNK_IMPL_H
#define STORE_CHUNK_IMPL_H

#include "store/cache.h"
#include "store/chunk.h"
#include "store/fact_impl.h"

/* The numbers of the parts that are no column's. */
#define PART_TIME (-1)
#define PART_TYPE (-2)
#define PART_ID (-3)
#define PART_RARE (-4)
/* Of the events that their customer's number did not bring: the anchor's number. It is not there
 * when all did. */
#define PART_ANCHOR (-5)
/* No part: an overlay's times, which say more than those of the same events in a part. */
#define OVERLAY_TIME (-6)
/* Nor are the events that join accounts' timelines, nor what is derived from the columns. */
#define PART_JOINED (-7)
#define PART_DERIVED INT32_MIN

/* --- opening --- */

/* Appends the bytes of a part, a column's number or PART_..; *there is false when the chunk
 * has no such part. */
struct chunk_source {
    bool (*part)(void *context, int32_t column, uint32_t chunk, struct buf *to,
                 bool *there, struct err *err);
    void *context;
};

/* Of a chain of news, what is newer than `until`, of the customers at places [first, end). */
struct news;
struct news_range {
    const struct news *newest, *until; /* newest NULL: there are none */
    uint32_t first, end;
};
/* Its facts, sorted; mem_free ends them. */
bool news_sorted(const struct news_range *r, struct fact **out, uint32_t *n,
                 struct err *err);

struct chunk_want {
    uint32_t chunk;
    uint32_t customer_first,
        customer_n; /* that are wanted of it; none is not in its range */
    bool is_some; /* of its customers: nothing of it may be taken for the whole chunk's */
    const struct chunk_source *source;
    uint32_t parts_customers;        /* that the parts hold; 0: there are no parts */
    uint64_t parts_version, version; /* of the parts alone, and with the news */
    const struct fact *fact;         /* news of those wanted, sorted; copied */
    uint32_t fact_n;
    struct news_range news; /* instead of them: gathered when something is made of them */
    const bool
        *gone; /* by place: of whom the parts' events do not count; or NULL; copied */
    struct cache *cache; /* NULL: nothing is shared */
};
/* Reads times and types now, the rest when asked. The source, the cache, the catalog, and what
 * the facts borrow, outlive the chunk. */
bool chunk_open(const struct catalog *catalog, const struct chunk_want *want,
                struct chunk **out, struct err *err);
/* chunk_build for facts that are sorted. */
bool chunk_merge(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct fact *fact, size_t n,
                 struct chunk **out, struct err *err);
/* Of a customer, the events that stand together in a chunk. */
struct chunk_range {
    uint32_t customer, first, n;
};
/* They as facts again, one behind the other, with what they say of traits or without; they live in
 * `a`, and `to` has room for all. */
bool chunk_facts(const struct chunk *c, const struct chunk_range *range, uint32_t range_n,
                 bool traits, struct arena *a, struct fact *to, struct err *err);
/* Events that stand on other timelines too, sorted; their anchors are those timelines' customers. */
struct joined {
    const struct fact *fact;
    uint32_t n;
};
/* `base` with these among its customers' events: an account's timeline holds those of its members.
 * Takes both, also when it fails; the block is a struct joined, pinned in the cache when there is one,
 * under the key's version of what comes out. */
bool chunk_join(struct chunk *base, struct block *joined, struct cache *cache,
                struct chunk **out, struct err *err);
/* The news that are wanted over `base`, which it takes, also when it fails. Nothing of it is shared. */
bool chunk_lay(struct chunk *base, const struct chunk_want *want, struct chunk **out,
               struct err *err);
/* Gives every part of the chunk, and holds no more than one column at a time that was not held
 * before; stops when `put` fails. */
bool chunk_each_part(const struct chunk *c,
                     bool (*put)(void *context, int32_t column, str bytes,
                                 struct err *err),
                     void *context, struct err *err);

/* --- what a chunk holds --- */

/* What PART_TIME is decoded to. Of an overlay (OVERLAY_TIME): its base events are [base_first, base_first +
 * base_n) of the base, and before fact k stand before[k] of them. */
struct times {
    uint32_t customer_n, event_n;
    const uint32_t *first;
    const int64_t *at_ms;
    uint32_t base_first, base_n;
    const uint32_t *before;
};

/* What PART_RARE is decoded to: the chunk's columns, ascending, and the bytes of those that have
 * few values; none: it has a part of its own. */
struct directory {
    uint32_t n;
    const uint32_t *column;
    const str *bytes;
};

/* A column as far as it was asked for. */
struct held {
    int32_t column;
    const void *what;    /* struct cells, struct times, struct directory, types or ids */
    struct block *block; /* it stands in; NULL: in the chunk's arena, or it is constant */
};

/* What was derived of it so far. */
struct derived {
    uint64_t by;
    const void *what;
    struct block *block;
    struct derived *next;
};

/* A new value, and which fact has it. */
struct ref {
    uint32_t fact;
    const struct fact_cell *cell;
};

struct chunk_private {
    struct arena arena;
    const struct catalog *catalog;
    bool joins; /* some events are of accounts' members, who stand for their anchors */
    struct block
        *joined; /* of an overlay that joins members' events to accounts': they */
    enum { CHUNK_PARTS, CHUNK_THIN, CHUNK_OVERLAY, CHUNK_WHOLE } kind;
    struct chunk_want want;
    struct cache *cache; /* for its own columns */
    struct held *held;   /* ascending by column */
    uint32_t held_n, held_cap;
    struct derived *derived;

    struct chunk *base; /* an overlay's, or a thin one's; NULL: not open, or no parts */

    /* a thin one's */
    struct run *run;
    uint32_t run_n;

    /* an overlay's */
    const struct times *times;
    bool is_base_lent;     /* a thin one's, too */
    struct fact *gathered; /* the wanted news' facts; when .has_facts */
    bool has_facts;
    struct ref *ref; /* by column and fact; when .has_refs */
    uint32_t ref_n;
    struct ref *one; /* until then: those of .one_column, by fact */
    uint32_t one_n, one_cap, one_column;
    struct ref *
        moved; /* by fact: the anchors of those who brought not their own; when .has_moved */
    uint32_t moved_n;
    bool has_refs, has_moved;
};

/* What a column holds, or PART_ANCHOR. */
enum value_type part_type(const struct catalog *catalog, int32_t column);

/* Makes what a column is decoded to, in `a`. */
typedef bool column_maker(const struct chunk *c, int32_t column, struct arena *a,
                          const void **out, struct err *err);
/* What is held, or shared, or made; in the chunk's arena when it is small. */
bool chunk_get(const struct chunk *c, int32_t column, column_maker *make,
               const void **out, struct err *err);
bool chunk_find(const struct chunk *c, int32_t column, const void **out, struct err *err);
bool chunk_make(const struct chunk *c, int32_t column, bool small, column_maker *make,
                const void **out, struct err *err);
/* Gives back a block that a chunk holds. */
void chunk_let_go(const struct chunk_private *own, struct block *block);
void chunk_forget(const struct chunk *c, int32_t column);
const struct cells *no_cells(enum value_type type);

/* --- thin chunks: without the events of some customers --- */

/* Events of the base that stand together there and here. */
struct run {
    uint32_t from, n, to;
};
struct chunk *chunk_new(const struct catalog *catalog, const struct chunk_want *want);
/* Takes `base`, also when it fails, unless it is lent. */
bool chunk_thin(struct chunk *base, bool is_lent, const bool *gone, struct chunk **out,
                struct err *err);
bool thin_cells(const struct chunk *c, int32_t column, const struct cells **out,
                struct err *err);
bool thin_ids(const struct chunk *c, int32_t column, struct arena *a, const void **out,
              struct err *err);

/* --- overlays --- */

column_maker merge_times, merge_types, merge_ids;
bool merge_cells(const struct chunk *c, int32_t column, const struct cells **out,
                 struct err *err);
bool merge_next_column(const struct chunk *c, uint32_t from, uint32_t *out,
                       struct err *err);

/* --- the columns of a chunk as bytes: docs/format.md says which --- */

void part_encode_time(const struct chunk *c, struct buf *to);
void part_encode_type(const struct chunk *c, struct buf *to);
void part_encode_id(const str *id, uint32_t n, struct buf *to);
void part_encode_cells(const struct cells *cells, struct buf *to);

/* Each: all of `bytes` is one part, every number in its range and every order kept; else
 * ERR_CORRUPT. What is decoded lives in `a`. */
bool part_decode_time(str bytes, struct arena *a, struct times *out, struct err *err);
bool part_decode_type(str bytes, const struct catalog *catalog, uint32_t event_n,
                      struct arena *a, const uint16_t **out, struct err *err);
bool part_decode_id(str bytes, const struct chunk *c, struct arena *a, const str **out,
                    struct err *err);
/* `type` is what the column holds, `event_n` how many events the chunk has. */
bool part_decode_cells(str bytes, enum value_type type, uint32_t event_n, struct arena *a,
                       struct cells *out, struct err *err);
/* .event_n, .first and .customer_first of `c` are known. */
bool part_decode_anchor(str bytes, const struct chunk *c, uint32_t customers,
                        struct arena *a, struct cells *out, struct err *err);
bool part_decode_rare(str bytes, const struct catalog *catalog, struct arena *a,
                      struct directory *out, struct err *err);

/* The part of rare columns while it is written, column by column, ascending. Zero it to start. */
struct rare {
    struct buf entries, bytes;
    uint32_t n;
};
/* No bytes: the column has a part of its own. */
void rare_add(struct rare *r, uint32_t column, str bytes);
void part_encode_rare(const struct rare *r, struct buf *to);
void rare_free(struct rare *r);

/* The places of a column that all of n events have a value in; NULL beyond DENSE_EVENTS. */
const uint32_t *dense_places(uint32_t n);

/* n things, on a border of 64 bytes, with 64 bytes behind them that may be read. */
void *padded(struct arena *a, size_t n, size_t size);

#endif
