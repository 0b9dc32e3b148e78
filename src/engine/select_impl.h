/* select_impl.h - the virtual tables behind a query; private to engine/. */
#ifndef ENGINE_SELECT_IMPL_H
#define ENGINE_SELECT_IMPL_H

#include "engine/scan.h"
#include "engine/select.h"
#include "lifecycle/lives.h"

#include <sqlite3.h>

/* --- what all tables of a query share --- */

enum { CHUNKS_KEPT = 4 };

struct scope {
    struct engine *engine;
    const struct model *model;
    struct snapshot *snapshot;
    const struct catalog *catalog;
    int64_t at_ms;
    bool (*stop)(void *context);
    void *context;
    struct err err; /* why a table failed; .code ERR_NONE: none did */
    /* Chunks that were let go last: a query that asks for each customer comes back soon. */
    uint32_t kept[CHUNKS_KEPT], kept_n, kept_next;
    /* Made when stages or segments are first asked for. */
    struct lives *lives;
    struct cursor *cursor;
    uint32_t *times_in;
    /* Who is in each of the model's segments, when that was asked of many; .chunk NULL: not. */
    struct fits *fits;
    struct arena arena; /* of them */
};
void scope_free(struct scope *s);
/* Borrowed until it is let go as often as it was asked for. */
bool scope_chunk(struct scope *s, uint32_t chunk, const struct chunk **out,
                 struct err *err);
void scope_let_go(struct scope *s, uint32_t chunk);

/* --- which rows a query wants --- */

/* What a column means to the search for rows. */
enum role {
    ROLE_OTHER,
    ROLE_CUSTOMER, /* the id */
    ROLE_NUMBER,   /* the customer's */
    ROLE_SECONDS,
    ROLE_MS,
    ROLE_TYPE,
    ROLE_ID, /* the event's: orders the events of one moment */
    ROLE_SEGMENT,
};

/* The rows that a table must give: at least those asked for, since SQLite looks again. */
struct span {
    uint32_t from, to; /* customers [from, to) */
    bool like_number;  /* only those whose id may be the number .like */
    double like;
    int64_t from_ms, to_ms; /* both included */
    bool *type;             /* wanted, by code; NULL: all */
    bool *segment;          /* wanted, by place in the model; NULL: all */
};

/* xBestIndex: role[i] is what column i means, for i < role_n; later ones are ROLE_OTHER. */
int span_plan(sqlite3_index_info *info, const enum role *role, int role_n,
              const struct catalog *catalog);
/* xFilter: what span_plan wrote, and the values. */
bool span_read(struct span *s, const struct scope *scope, const char *plan, int value_n,
               sqlite3_value **value, struct err *err);
/* Whether a customer of the range may have rows. */
bool span_wants(const struct span *s, const struct scope *scope, uint32_t customer);
void span_free(struct span *s);

/* --- where customers stand, and in which segments --- */

/* The customer's moves in all lifecycles up to the scope's moment, in s->lives. */
bool scope_replay(struct scope *s, const struct timeline *t, struct err *err);
/* A walk over the span's segments begins: when it goes over many customers, all are asked at
 * once. */
bool scope_scan(struct scope *s, const struct span *span, struct err *err);
/* The places of the customer's segments in the model, of those that the span wants: `member`
 * has room for all. */
bool scope_members(struct scope *s, const struct span *span, const struct timeline *t,
                   uint32_t *member, uint32_t *n, struct err *err);

/* --- a column for every property and trait --- */

enum { RAW_TYPES = 5 };

/* The raw columns of one name: one for each type of value that was met under it. */
struct wide_column {
    uint32_t raw[RAW_TYPES], n;
};

struct wide {
    struct wide_column *column;
    uint32_t n;
    struct buf declaration; /* , "name" type, ... */
};

/* `fixed_n` names are taken already; all columns together stay within `column_max`. */
bool wide_new(struct wide *w, const struct catalog *catalog, bool properties, bool traits,
              const char *const *fixed, int fixed_n, int column_max, struct err *err);
void wide_free(struct wide *w);

/* One place in a chunk's columns, moving mostly forward. Zero it to start. */
struct finger {
    const struct cells *cells;
    uint32_t at;
};
struct reading {
    const struct chunk *chunk;
    struct finger *finger; /* by raw column; NULL: nothing was read yet */
    /* All cells of the chunk by event, for JSON: those of the event at place p are
     * [listed_first[p], listed_first[p + 1]). NULL: not listed. */
    uint32_t *listed_first;
    struct listed {
        uint32_t raw, cell;
    } * listed;
    struct buf text; /* of lists, and of JSON */
};
/* Turns to a chunk. */
void reading_turn(struct reading *r, const struct scope *s, const struct chunk *chunk);
void reading_free(struct reading *r);
/* The value at an event's place; nothing when there is none. */
bool reading_cell(struct reading *r, const struct scope *s, const struct wide_column *c,
                  uint32_t place, sqlite3_context *to, struct err *err);
/* The value at the last of the events [first, behind) that has one; of a trait the one that stands. */
bool reading_last(struct reading *r, const struct scope *s, const struct wide_column *c,
                  uint32_t first, uint32_t behind, sqlite3_context *to, struct err *err);
/* All properties, or all traits, of an event as a JSON object. */
bool reading_json(struct reading *r, const struct scope *s, bool traits, uint32_t place,
                  sqlite3_context *to, struct err *err);

/* --- the tables --- */

/* The names that are there whatever the file holds: of the tables, and of their columns. */
extern const char *const select_names[];
extern const size_t select_name_n;

/* Adds them to a connection; the scope outlives it. */
bool select_tables(sqlite3 *db, struct scope *s, struct err *err);

#endif
