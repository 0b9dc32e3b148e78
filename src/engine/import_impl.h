/* import_impl.h - one import under way: what the readers of tables and of JSON lines share.
 *
 * A thread of its own reads the file and makes events of it; the thread that called takes them
 * into the store. What passes between them are loads, each taken wholly, in order: so what
 * happens does not depend on who was faster. */
#ifndef ENGINE_IMPORT_IMPL_H
#define ENGINE_IMPORT_IMPL_H

#include "base/io.h"
#include "base/time.h"
#include "engine/collect.h"
#include "engine/import.h"
#include "engine/import_measure.h"

#define IMPORT_LINE_MAX ((size_t)1 << 20) /* bytes of one record */

/* Numbers under hashes, of which 96 bits are kept: a table of a billion keys takes one for
 * another with a chance of one in 10^11. Zero it to start. */
struct number_table {
    struct number_slot {
        uint64_t low;
        uint32_t high;
        uint32_t number; /* 0: an empty slot */
    } * slot;
    size_t n, cap;
};
/* Number_at will be asked for this key soon. */
void number_expect(const struct number_table *t, hash128 key);
/* Where the number of the key stands; 0 when it is new, to be changed before the next call.
 * NULL: out of memory. */
uint32_t *number_at(struct number_table *t, hash128 key);
/* The number of a key; 0: it has none. */
uint32_t number_find(const struct number_table *t, hash128 key);
void number_table_free(struct number_table *t);

/* Where an event comes from. */
struct origin {
    uint64_t line; /* the number and the text of its row, to be refused with ... */
    str text;
    uint64_t lines; /* how many made it */
    uint32_t group; /* ... or the group whose rows are, counted from 1 */
    str account;    /* the cell that says whose members it makes; may be empty */
};

/* An event for the store, or a line that is refused. Lives in its load. */
struct delivery {
    struct event event;
    size_t json_at, json_n; /* in the load's json */
    struct origin origin;
    str reason; /* not empty: why the line is refused */
};

struct load {
    struct arena arena;
    struct buf json;
    struct delivery *item;
    uint32_t n, cap;
    uint64_t lines, done_bytes; /* of the file, read so far */
};
enum { LOADS = 4 };

/* A group whose event the store has no room for. */
struct group_fault {
    uint32_t group;
    str reason; /* in the report's arena */
};

/* Who is a member of which account by the rows that were taken. Zero it to start. */
struct memberships {
    struct text_table text; /* customers' keys, and accounts */
    struct number_table of; /* a customer and an account */
    struct membership {
        uint32_t customer, account;
        int64_t at_ms;
    } * item;
    uint32_t n, cap;
};
/* `cell` may name several, parted by semicolons; what is no id counts for nothing. */
bool memberships_add(struct memberships *m, const struct event *e, str cell,
                     struct err *err);
void memberships_free(struct memberships *m);

struct import {
    struct io *io;
    const struct workspace *workspace;
    const struct dictionary *dictionary;
    const struct pseudonym_key
        *hide; /* by which it is hidden; NULL: it is kept as it comes */
    const struct mapping *mapping;
    const struct import_options *options;
    str path, source;
    struct load load[LOADS];
    struct queue *full, *empty; /* NULL: loads are taken where they were filled */

    /* of whoever reads the file */
    struct reader *reader;
    struct load *filling;
    struct number_table rank;
    bool has_made_room; /* in .rank, for all rows */
    struct buf json, key;

    /* of whoever takes the loads */
    struct engine *engine;
    struct store *store;
    struct arena *arena; /* the report's */
    struct import_report
        *report;               /* but for .lines and .left_out, which are the reader's */
    struct measures *measures; /* their totals; or NULL */
    uint64_t lines_shown;
    struct text_table reason;
    struct import_reason *reasons; /* as numbered in `reason` */
    uint32_t reason_cap;
    struct hash_set customers;
    struct memberships members;
    struct event *sample;
    struct group_fault *fault;
    uint32_t fault_n, fault_cap;
};

/* Can it stand for a customer, an event, an id, a property? As event_parse sees it. */
bool import_is_name(str s);
/* A hash of the texts with their lengths. */
bool import_hash(struct import *im, const str *text, size_t n, hash128 *out,
                 struct err *err);
/* As much of a text as is kept when it is refused, and no half characters: of a row, which is mended
 * in its file, what tells which one it is; of a line of JSON, which may be sent again, all that
 * collecting takes. */
#define IMPORT_ROW_KEPT ((size_t)4096)
#define IMPORT_JSON_KEPT COLLECT_EVENT_BYTES_MAX
str import_cut(str text, size_t bytes_max);
/* Runs `read` on a thread of its own, and takes on this one what it hands over. */
bool import_run(struct import *im, bool (*read)(void *context, struct err *err),
                void *context, struct err *err);
/* Where the texts of the next event go: they live until it is handed over. */
struct arena *import_arena(struct import *im);
/* Hands over a line that is refused: it will be counted and kept. */
bool import_refuse(struct import *im, uint64_t line, str reason, str text,
                   struct err *err);
/* Hands over an event that stands in import_arena; `json` as store_append wants it, or empty:
 * printed. Where it does not fit into the file, which others still may, its origin is
 * refused. */
bool import_event(struct import *im, const struct event *e, str json,
                  const struct origin *from, struct err *err);
/* Takes what was handed over and not taken yet, when no thread is running. */
bool import_flush(struct import *im, struct err *err);
/* Makes everybody the member that his rows say he is, when all are taken. */
bool import_members(struct import *im, struct err *err);
/* What the loads need, given back. */
void import_loads_free(struct import *im);

/* One will soon be taken. */
void import_expect(const struct import *im, const struct delivery *d);
/* Takes one. */
bool import_take(struct import *im, const struct load *load, const struct delivery *d,
                 struct err *err);
/* Tells the progress now and then. */
void import_progress(struct import *im, const struct load *load);

/* Which of the file's rows of this customer, time and type it is, from 0. In two steps, since
 * the second waits for memory unless other work stands between them. */
bool import_rank_key(struct import *im, str customer, int64_t at_ms, str type,
                     hash128 *key, struct err *err);
bool import_rank(struct import *im, hash128 key, uint32_t *rank, struct err *err);
/* The id of an event that came without one; `row` are the texts that it was made of. In `a`. */
bool import_id(struct import *im, str type, uint32_t rank, const str *row, size_t n,
               struct arena *a, str *out, struct err *err);
bool import_is_future(const struct import *im, int64_t at_ms);
#define IMPORT_FUTURE STR("the time lies in the future")
/* Adds the names of the columns, as far as a message has room. */
void import_columns(const str *column, uint32_t n, struct buf *b);
/* Always false: the columns of the file, and a command line made of them. */
bool import_explain(const struct import *im, const str *column, uint32_t n,
                    struct err *err);

bool import_csv(struct import *im, struct err *err);
/* *is_jsonl is false, and nothing was done, when the first byte is no "{". */
bool import_jsonl(struct import *im, bool *is_jsonl, struct err *err);

/* What refusals name: the file without its folders. */
str import_source(str path);

#endif
