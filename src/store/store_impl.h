/* store_impl.h - an open data file; private to store/. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/chunk_impl.h"
#include "store/sql_impl.h"
#include "store/store.h"

#define CODEC_ZSTD 1
/* 3 takes twice the time; it makes the sample's log 1 % smaller, and a log whose ids are
 * hashes 9 % larger. */
#define LOG_PACK_LEVEL 1
#define PACK_LEVEL 3 /* 6 makes the sample 8 % smaller, and its import 30 % slower */
#define PART_BYTES_MAX ((size_t)1 << 30) /* of a part, unpacked */
#define LOG_LINE_MAX ((size_t)64 << 20)  /* of one event's JSON */
#define LOG_BATCH_MAX (2 * LOG_LINE_MAX) /* of a batch, unpacked */
#define REFUSED_TEXT_MAX ((size_t)4096)
#define REFUSED_BATCH_MAX ((size_t)2 << 20) /* of a batch, unpacked */

/* The file as this process has it open for writing. */
struct writing {
    dev_t device;
    ino_t inode;
    struct writing *next;
    bool listed;
};

/* A batch of the log, packed. */
struct batch {
    str packed;
    struct batch *next;
};

/* A batch of what was refused, still growing. */
struct refused_batch {
    struct text_table names; /* sources and reasons */
    struct buf rows;
    uint64_t line; /* of the last row */
    uint32_t n;
};

/* Hashes of all that was refused, when .is_whole. */
struct refused_known {
    struct hash_set set;
    struct buf key; /* what is hashed */
    bool is_whole;
};

struct transaction {
    bool open;
    struct err broken; /* .code: why it can only be cancelled, or ERR_NONE */
    struct catalog_mark mark;
    struct arena arena; /* what the facts say, and the packed batches */
    struct fact *fact;
    size_t fact_n, fact_cap;
    struct buf lines; /* of the batch that is still growing */
    struct batch *batch, **last;
    struct refused_batch refused;
};

struct store {
    struct io *io;
    enum store_mode mode;
    struct sql sql;
    int lock; /* descriptor, or -1 */
    struct writing writing;
    struct catalog catalog;
    struct chunk_source source;
    struct chunk **chunk; /* NULL: not loaded yet */
    uint32_t chunk_cap;
    uint32_t customers;  /* committed */
    struct hash_set ids; /* of all message ids, when .ids_known */
    bool ids_known;
    struct refused_known refused;
    struct transaction tx;
};

/* Binds packed bytes to the columns codec, bytes and checksum, from `place` on. */
int row_pack(sqlite3_stmt *statement, int place, str packed);
/* Unpacked bytes of a row whose columns codec, bytes and checksum begin at `column`. */
bool row_unpack(sqlite3_stmt *row, int column, size_t max_bytes, struct buf *to,
                struct err *err);
/* The chunks' source; `context` is the store. */
bool part_get(void *context, int32_t column, uint32_t chunk, struct buf *to, bool *there,
              struct err *err);
bool load_names(struct store *s, struct err *err);
uint32_t chunks_for(uint32_t customers);

/* --- what was refused, in batches --- */

/* One more row; nothing in it is longer than REFUSED_TEXT_MAX. When memory runs out the batch
 * can only be freed. */
bool refused_encode(struct refused_batch *b, const struct refusal *r, struct err *err);
/* All of `bytes` is a batch of n rows; else ERR_CORRUPT. The texts are borrowed from `bytes`. */
bool refused_decode(str bytes, uint64_t n, struct arena *a, const struct refusal **out,
                    struct err *err);
void refused_batch_free(struct refused_batch *b);
/* Writes the transaction's batch, if there is one. */
bool refused_write(struct store *s, struct err *err);
void refused_forget(struct refused_known *known);

#endif
