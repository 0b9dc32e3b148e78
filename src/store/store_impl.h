/* store_impl.h - an open data file; private to store/. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "base/bits.h"
#include "base/work.h"
#include "store/chunk_impl.h"
#include "store/known_ids.h"
#include "store/lock_impl.h"
#include "store/seen_impl.h"
#include "store/sql_impl.h"
#include "store/store.h"

#include <pthread.h>

#define CODEC_ZSTD 1
/* 3 takes twice the time; it makes the sample's log 1 % smaller, and a log whose ids are
 * hashes 9 % larger. */
#define LOG_PACK_LEVEL 1
#define NEWS_PACK_LEVEL 1 /* they go soon */
#define ID_PACK_LEVEL 1   /* of message ids, for the same reason */
#define PACK_LEVEL 3      /* 6 makes the sample 8 % smaller, and its import 30 % slower */
#define PART_BYTES_MAX ((size_t)1 << 30) /* of a part, unpacked */
#define LOG_LINE_MAX ((size_t)64 << 20)  /* of one event's JSON */
#define LOG_BATCH_MAX (2 * LOG_LINE_MAX) /* of a batch, unpacked */
#define NEWS_BYTES_MAX ((size_t)1 << 30) /* of one commit, unpacked */
#define HISTORY_PACK_LEVEL 1
#define HISTORY_BYTES_MAX ((size_t)1 << 30)  /* of a chunk, unpacked */
#define REFUSED_NAME_MAX ((size_t)4096)      /* of a source or a reason */
#define REFUSED_TEXT_MAX ((size_t)256 << 10) /* of what came */
#define REFUSED_BATCH_MAX ((size_t)2 << 20)  /* of a batch, unpacked */

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

/* Where the events of each anchor stand, by number. */
#define HOME_NONE UINT32_MAX /* it has brought none: it is only known as a home */
struct homes {
    uint32_t *home;
    uint32_t n, cap;
};

/* An anchor that a transaction gave another home, and the one that it had. */
struct move {
    uint32_t anchor, from; /* HOME_NONE: it had brought nothing */
    uint32_t order;        /* in which they were made */
};

/* A batch of the log that is packed on a thread of its own, while others grow. */
struct packing {
    struct aside aside;
    int64_t seq; /* 0: none is */
    struct buf lines, packed;
    bool ok;
    struct err err; /* unless ok */
};

struct transaction {
    bool open;
    bool has_spilled;  /* facts of it are in the parts already */
    bool only_folds;   /* whoever waits for it waits for nothing else */
    bool keeps_image;  /* it writes histories alone */
    struct err broken; /* .code: why it can only be cancelled, or ERR_NONE */
    struct catalog_mark mark;
    int64_t now_ms, seq; /* of the last batch of the log */
    struct image *image; /* as it will be */
    struct arena arena;  /* what the facts say */
    struct fact *fact;
    size_t fact_n, fact_cap;
    struct move *move;
    size_t move_n, move_cap;
    size_t move_done;  /* of these the events stand where they shall already */
    struct gone *gone; /* ascending; its facts hold what these had */
    uint32_t gone_n, gone_cap;
    struct news_batch *batch; /* what it leaves as news */
    struct buf lines;         /* of the batch that is still growing */
    struct packing packing;   /* the one before */
    struct refused_batch refused;
};

/* --- images: all that says what one commit left, for snapshots on any thread --- */

/* A row of table chunk: what its parts hold. */
struct chunk_row {
    int64_t folded_seq; /* log.seq up to which all news is in the parts */
    int64_t told_seq;   /* of the last batch that told one of its customers again */
    uint32_t customers, events; /* customers: up to the last who has events */
    int64_t first_ms, last_ms;
};

/* What one commit brought, while some of it is in no part. */
struct news_batch {
    _Atomic uint32_t users; /* news, and the store */
    int64_t seq;
    struct arena arena;
    struct fact *fact; /* sorted */
    struct gone *gone; /* ascending */
    uint32_t n, gone_n;

    /* the writer's own */
    uint32_t left, folding; /* chunks that still have it as news; that are being folded */
    bool is_dropped;        /* by the transaction */
    struct news_batch *next;
};

/* A customer of whom the parts, and older news, hold nothing any more. */
struct retold {
    int64_t seq;    /* of the last batch that told him again */
    uint16_t place; /* his in the chunk */
};

/* What some commits, none of them left out, brought to one chunk. */
struct news {
    uint64_t serial;        /* no other of this process has it, living or dead */
    _Atomic uint32_t users; /* newer news, and pages of images */
    uint32_t batch_n, n, gone_n;
    struct news_batch **batch; /* from which the facts are borrowed */
    const struct fact **fact;  /* ascending by customer; none that these took away */
    uint16_t *place;           /* in the chunk: of each fact's customer */
    struct retold *gone;       /* ascending by place */
    struct news *older;        /* or NULL */

    /* together with all older ones */
    uint32_t all_n;   /* facts that no newer batch took away */
    uint32_t lost_n;  /* events of the parts that are taken away */
    uint64_t waiting; /* facts and customers taken away, as the commits brought them */
    bool has_gone;    /* some are */
    int64_t told_seq; /* of the last batch with such a one; 0: there is none */
    int64_t first_ms, last_ms; /* of all facts; MOMENT_NEVER: there is none */
};

struct chunk_state {
    struct chunk_row parts; /* .customers 0: there are none */
    struct news *news;      /* the newest that is in no part, or NULL */
    uint64_t version;       /* another whenever events came to the chunk */
    uint64_t parts_version; /* what the parts alone are */
};

/* The states of neighbours, shared by the images between which none of them changed. */
struct image_page {
    _Atomic uint32_t users;
    struct chunk_state state[IMAGE_PAGE_CHUNKS];
};

/* Unchanging once it is the store's. */
struct image {
    uint32_t users; /* snapshots, and the store; guarded by store.lock */
    struct catalog catalog;
    struct image_page **page;
    uint32_t page_n, page_cap, chunk_n;
    uint64_t refused, events, news_n; /* .events are all, .news_n wait for a fold */
    uint64_t stale;                   /* events in the parts of chunks that have news */
    uint32_t customers;               /* who have events */
    int64_t seq;                      /* of the last batch of the log */
};

/* A copy that may be changed; its catalog is still to be made. `from` may be NULL. */
bool image_new(const struct image *from, struct image **out, struct err *err);
void image_free(struct image *image);
const struct chunk_state *image_get(const struct image *image, uint32_t chunk);
/* How many events the chunk has. */
uint32_t state_events(const struct chunk_state *state);
/* To be changed; it is there even when the chunk is new. NULL: out of memory. */
struct chunk_state *image_edit(struct image *image, uint32_t chunk);

/* --- the open file --- */

/* A connection of its own, for one snapshot at a time. */
struct reader {
    struct sql sql;
    pthread_mutex_t lock; /* guards .sql */
    struct reader *next;  /* of those that wait for a snapshot */
};

struct store {
    struct io *io;
    enum store_mode mode;
    uint32_t holds; /* while there are any no transaction may begin */
    size_t memory_bytes;
    int64_t pseudonym;   /* store_pseudonym */
    struct cache *cache; /* of all snapshots' columns */
    struct buf name;     /* of the file, with its NUL */
    struct sql sql;      /* the writer's; or all snapshots' of a store that only reads */
    pthread_mutex_t sql_lock; /* guards .sql of a store that only reads */
    struct lock file_lock;
    struct catalog catalog;          /* the writer's own */
    struct homes homes;              /* likewise */
    const struct store_owner *owner; /* or NULL */
    struct chunk_source source;
    struct news_batch *news, **news_last; /* oldest first */
    size_t news_bytes;
    int64_t seq;        /* of the last batch of the log */
    size_t news_facts;  /* of all batches in .news, those that are in parts too */
    uint32_t fold_next; /* the chunk at which folding goes on */
    struct checkpoint *checkpoint; /* is under way on another thread; or NULL */
    struct fold_beside *beside;    /* is folded by another thread; or NULL */
    int wal_pages;  /* of SQLite's log beside the file, after the last commit */
    int wal_done;   /* of them, those that were there when the last checkpoint began */
    bool wal_waits; /* it could begin anew, were there no snapshot of an older commit */
    struct seen *seen;    /* message ids of what is in the parts */
    struct known_ids ids; /* of the news and of the transaction, ... */
    bool ids_known;       /* ... when this is true */
    struct refused_known refused;
    struct transaction tx;

    /* Guards what follows, and that a snapshot begins before or after a commit. */
    pthread_mutex_t lock;
    struct image *image;
    struct reader *idle;
    struct snapshot *snapshots; /* that are not closed yet */
};

/* What a snapshot reads through, and what guards it; and what the store may hold in memory. */
struct sql *snapshot_sql(struct snapshot *v, pthread_mutex_t **lock);
size_t snapshot_memory(const struct snapshot *v);
/* What it knows of a chunk; the first customer behind it. */
const struct chunk_state *snapshot_state(const struct snapshot *v, uint32_t chunk);
uint32_t snapshot_chunk_end(const struct snapshot *v, uint32_t chunk);
/* Customers [first, end) of one chunk, but for the news. */
struct chunk_want snapshot_want(struct snapshot *v, uint32_t first, uint32_t end);
/* What the parts hold of them, and over it the news that are not newer than `newest`. */
bool snapshot_open(struct snapshot *v, struct chunk_want want, const struct news *newest,
                   struct chunk **out, struct err *err);
/* As snapshot_chunk, for the caller alone. */
bool snapshot_whole(struct snapshot *v, uint32_t chunk, struct chunk **out,
                    struct err *err);
/* The chunk with its accounts' members' events among theirs. Takes it, also when it fails; the version
 * names what comes out in the cache, which may be NULL. */
bool members_join(struct snapshot *v, struct cache *cache, uint64_t version,
                  struct chunk *own, struct chunk **out, struct err *err);
/* As snapshot_own, of customers [first, end) of one chunk. */
bool snapshot_range(struct snapshot *v, uint32_t first, uint32_t end, struct chunk **out,
                    struct err *err);
/* How many events are news. */
uint64_t snapshot_waiting(const struct snapshot *v);

/* --- rows that hold packed bytes --- */

/* Binds packed bytes to the columns codec, bytes and checksum, from `place` on. */
int row_pack(sqlite3_stmt *statement, int place, str packed);
/* One row of five columns: two numbers, then codec, bytes and checksum. Zero it to start. */
struct row {
    int64_t number[2], codec, checksum;
    struct buf packed;
};
/* Copies the first row that the statement gives; `lock` is held meanwhile. */
bool row_get(struct sql *sql, pthread_mutex_t *lock, enum sql_text text,
             const int64_t *bound, int bound_n, struct row *out, bool *there,
             struct err *err);
bool row_unpack(const struct row *row, size_t max_bytes, struct buf *to, struct err *err);
/* Appends the bytes of a part. */
bool part_read(struct sql *sql, pthread_mutex_t *lock, int32_t column, uint32_t chunk,
               struct buf *to, bool *there, struct err *err);
/* Calls `take` with every row of a statement. */
bool each_row(struct sql *sql, enum sql_text text,
              bool (*take)(void *context, sqlite3_stmt *row, struct err *err),
              void *context, struct err *err);

/* --- what stands outside of the parts --- */

bool load_names(struct sql *sql, struct catalog *catalog, struct homes *homes,
                struct err *err);
/* The store's image, of what its connection sees. */
bool load_image(struct store *s, struct err *err);
uint32_t chunks_for(uint32_t customers);
struct chunk_row chunk_row_of(const struct chunk *c, int64_t folded_seq,
                              int64_t told_seq);
/* The chunk as its parts say; *out is NULL when it has none. */
bool parts_load(const struct catalog *catalog, const struct chunk_source *source,
                const struct image *image, uint32_t chunk, struct chunk **out,
                struct err *err);

/* The writer's chunk_source.part; `context` is the store. */
bool writer_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                 bool *there, struct err *err);

/* --- transactions --- */

/* SQLite's log goes to the file between transactions from here on, not at their ends. */
void watch_wal(struct store *s);
/* All of it goes there that nobody reads any more; what fails is tried again. */
void checkpoint_now(struct store *s);
void checkpoint_drop(struct store *s); /* fine when none is under way */
/* Without message ids and a time: nothing can be appended. */
bool transaction_begin(struct store *s, struct err *err);
/* It can only be cancelled from here on. False. */
bool transaction_spoil(struct transaction *tx, const struct err *err);
/* Room for one more of its facts. */
bool facts_room(struct transaction *tx, struct err *err);
/* Whether it holds more than its share of the memory. */
bool is_full(const struct store *s);
/* False: it is still to be cancelled. */
bool transaction_commit(struct store *s, struct err *err);

/* --- who stands where --- */

void homes_free(struct homes *h);
/* Room for the homes of n numbers. */
bool homes_need(struct homes *h, uint32_t n, struct err *err);
/* How many customers have events. Memory can run out. */
bool homes_count(const struct homes *h, uint32_t *customers, struct err *err);
/* Where the events of this anchor stand; the transaction brings one of them. */
bool home_of_new(struct store *s, uint32_t anchor, uint32_t *home, struct err *err);
/* The transaction's facts go where their anchors' homes are, and with them all that is in the
 * file of customers who lose events: they are told again. */
bool moves_tell(struct store *s, struct err *err);
/* The rows of table customer, and how many there are of those who have events. */
bool customers_write(struct store *s, struct err *err);
/* The homes are what they were before the transaction. */
void moves_undo(struct store *s);
/* A group event makes its anchor a member of an account. */
bool member_add(struct store *s, const struct event *e, struct err *err);
/* A batch of the log, and be it an empty one, so that what the transaction does has a number. */
bool need_batch(struct store *s, struct err *err);

#define GRAPH_BYTES_MAX ((size_t)1 << 30) /* of a row, unpacked */
bool graph_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, str bytes), void *context, struct err *err);

/* --- news --- */

void news_hold(struct news *news);    /* NULL is fine */
void news_release(struct news *news); /* likewise */
void news_batch_release(struct news_batch *batch);
/* The batch's sorted facts become news of their chunks in the image. */
bool news_spread(struct image *image, struct news_batch *batch, struct err *err);
/* Notes with its batches up to this one that the chunk's news are being folded. */
void news_folding(const struct news *news, int64_t seq);
/* Those batches of the list that came later, oldest first, become the chunk's news again: it has none
 * in the image, and they took nothing from its parts. */
bool news_put_later(struct image *image, uint32_t chunk, struct news_batch *list,
                    int64_t seq, struct err *err);
/* Customers of a chunk, by their places, of whom the parts hold nothing any more. */
struct gone_set {
    bool is[CHUNK_CUSTOMERS];
    uint32_t n;
};
/* The facts of the customers at places [first, end) in their chunk's news, in any order, with room
 * for `room` more behind them; *out is the caller's. Those who are in *gone already have nothing in
 * the news, and those whom the news took from the parts come to it. */
bool news_gather(const struct news *news, uint32_t first, uint32_t end, size_t room,
                 struct gone_set *gone, struct fact **out, size_t *n, struct err *err);
/* Adds those of whom what is newer than `until` took away all that is older. */
void news_gone(const struct news *news, const struct news *until, struct gone_set *gone);
/* The newest of the chain, or NULL for the parts alone, that is older than whatever touched the last
 * TOUCHED_MAX customers at most; *touched are they. */
const struct news *news_settled(const struct news *news, struct bits *touched);
/* Says true of those who were told again by a batch after this one. */
void news_told(const struct news *news, int64_t since_seq, bool is[CHUNK_CUSTOMERS]);
/* Adds how many facts each customer has. */
void news_count(const struct news *news, struct gone_set *gone,
                uint32_t n[CHUNK_CUSTOMERS]);
/* Calls `take` with each fact that no newer batch took away; *gone as in news_gather. */
void news_each(const struct news *news, uint32_t first, uint32_t end,
               struct gone_set *gone,
               void (*take)(void *context, const struct fact *fact), void *context);
/* Encodes the transaction's facts and makes news of them. */
bool news_write(struct store *s, struct err *err);
bool news_load(struct store *s, struct image *image, struct err *err);
void news_append(struct store *s, struct news_batch *batch);

/* --- folding --- */

/* Whether the transaction has so many facts that its commit folds them. */
bool fold_pays(const struct store *s, bool *pays, struct err *err);
/* Folds the transaction's facts, and the news of their chunks, into the parts, and forgets
 * them. */
bool fold_now(struct store *s, struct err *err);
/* Before the commit: rows of table news that are folded wholly go. */
bool drop_news(struct store *s, struct err *err);
/* After the commit, or instead of it. */
void fold_end(struct store *s, bool is_done);
/* The image is the store's from here on; store.lock is held. */
void image_publish(struct store *s, struct image *image);
/* Lets the snapshots of the present image begin anew, so that they need nothing of SQLite's log;
 * they see no difference. */
void snapshots_renew(struct store *s);
/* Whether one taken now would show the same as each that is open. */
bool snapshots_are_latest(struct store *s);
/* Opens another connection, that only reads. */
bool open_reader(const struct store *s, struct sql *sql, struct err *err);
void reader_free(struct reader *r);

/* --- keys of the doors --- */

#define KEY_BYTES_MAX ((size_t)256) /* of a key, unpacked */
void key_encode(const struct key_row *k, struct buf *to);
/* All but the number; the name is borrowed from `bytes`. */
bool key_decode(str bytes, struct key_row *out, struct err *err);
bool keys_each(struct sql *sql, pthread_mutex_t *lock,
               bool (*each)(void *context, const struct key_row *k), void *context,
               struct err *err);

/* --- what was removed --- */

#define RECEIPT_BYTES_MAX ((size_t)16 << 20) /* of a row, unpacked */
bool receipts_each(struct sql *sql, pthread_mutex_t *lock,
                   bool (*each)(void *context, uint32_t number, str bytes), void *context,
                   struct err *err);

/* --- what is sent to others --- */

#define WEBHOOK_BYTES_MAX ((size_t)1 << 20) /* of a webhook, unpacked */
#define SPEND_BYTES_MAX ((size_t)4 << 20)   /* of a row, unpacked */
#define SAVED_BYTES_MAX ((size_t)64 << 10)  /* of a row, unpacked */
#define JOURNAL_BYTES_MAX ((size_t)1 << 30) /* of a row, unpacked */
/* All but the number; texts are borrowed from `bytes`, lists live in `a`. */
void spend_encode(const struct spend_row *row, uint32_t n, struct buf *to);
/* *out lives in `a`. */
bool spend_decode(str bytes, struct arena *a, const struct spend_row **out, uint32_t *n,
                  struct err *err);
bool spend_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, int64_t told_ms, const struct spend_row *row),
                void *context, struct err *err);
void saved_encode(const struct saved_row *row, struct buf *to);
/* All but the number; texts are borrowed from `bytes`. */
bool saved_decode(str bytes, struct arena *a, struct saved_row *out, struct err *err);
bool saved_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, const struct saved_row *row), void *context,
                struct err *err);
void webhook_encode(const struct webhook_row *w, struct buf *to);
bool webhook_decode(str bytes, struct arena *a, struct webhook_row *out, struct err *err);
bool webhooks_each(struct sql *sql, pthread_mutex_t *lock,
                   bool (*each)(void *context, const struct webhook_row *w),
                   void *context, struct err *err);
/* The first row behind *seq, which is 0 when there is none. Appends what it holds: lines. */
bool lines_after(struct sql *sql, pthread_mutex_t *lock, enum sql_text table,
                 int64_t *seq, int64_t *moment_ms, struct buf *to, struct err *err);

/* Walks the log's events; stops when `each` returns false. */
bool log_each(struct sql *sql, pthread_mutex_t *lock,
              bool (*each)(void *context, int64_t received_ms, const struct event *e),
              void *context, struct err *err);

/* --- a log that is written again (rewrite_impl.h) --- */

/* As store_append; the line stands in a batch that is written as a whole. */
bool relog_event(struct store *s, const struct event *e, bool *added, struct err *err);
bool relog_batch(struct store *s, int64_t seq, int64_t received_ms, str packed,
                 struct err *err);

/* --- ids of erased events: hashes, which stay known --- */

enum { ERASED_ROW_IDS = 65536 }; /* in one row at most */
void erased_encode(const hash128 *id, size_t n, struct buf *to);
/* `take` gets every id, until it fails. */
bool erased_decode(str bytes, bool (*take)(void *context, hash128 id, struct err *err),
                   void *context, struct err *err);
/* The same for all that the file holds. */
bool erased_each(struct sql *sql, pthread_mutex_t *lock,
                 bool (*take)(void *context, hash128 id, struct err *err), void *context,
                 struct err *err);

/* --- what was refused, in batches --- */

/* One more row; nothing in it is longer than may be. When memory runs out the batch can only be
 * freed. */
bool refused_encode(struct refused_batch *b, const struct refusal *r, struct err *err);
/* After the last row: when all of them were refused. */
void refused_end(struct refused_batch *b, int64_t at_ms);
/* All of `bytes` is a batch of n rows; else ERR_CORRUPT. The texts are borrowed from `bytes`. */
bool refused_decode(str bytes, uint64_t n, struct arena *a, const struct refusal **out,
                    struct err *err);
void refused_batch_free(struct refused_batch *b);
/* Writes the transaction's batch, if there is one. */
bool refused_write(struct store *s, struct err *err);
void refused_forget(struct refused_known *known);
/* Walks what was refused from *at on, as snapshot_refused_from. */
bool refused_each(struct sql *sql, pthread_mutex_t *lock, struct refused_place *at,
                  bool (*each)(void *context, const struct refusal *r), void *context,
                  struct err *err);

#endif
