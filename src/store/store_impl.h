/* store_impl.h - an open data file; private to store/. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/chunk_impl.h"
#include "store/sql_impl.h"
#include "store/store.h"

#define CODEC_ZSTD 1
#define PACK_LEVEL 3
#define PART_BYTES_MAX ((size_t)1 << 30) /* of a part, unpacked */
#define LOG_LINE_MAX ((size_t)64 << 20)  /* of one event's JSON */
#define LOG_BATCH_MAX (2 * LOG_LINE_MAX) /* of a batch, unpacked */
#define REFUSED_TEXT_MAX ((size_t)4096)

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

struct transaction {
    bool open;
    struct err broken; /* .code: why it can only be cancelled, or ERR_NONE */
    struct catalog_mark mark;
    struct arena arena; /* what the facts say, and the packed batches */
    struct fact *fact;
    size_t fact_n, fact_cap;
    struct buf lines; /* of the batch that is still growing */
    struct batch *batch, **last;
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
    struct transaction tx;
};

/* Unpacked bytes of a row whose columns codec, bytes and checksum begin at `column`. */
bool row_unpack(sqlite3_stmt *row, int column, size_t max_bytes, struct buf *to,
                struct err *err);
/* The chunks' source; `context` is the store. */
bool part_get(void *context, int32_t column, uint32_t chunk, struct buf *to, bool *there,
              struct err *err);
bool load_names(struct store *s, struct err *err);
uint32_t chunks_for(uint32_t customers);

#endif
