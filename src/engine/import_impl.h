/* import_impl.h - one import under way: what the readers of tables and of JSON lines share. */
#ifndef ENGINE_IMPORT_IMPL_H
#define ENGINE_IMPORT_IMPL_H

#include "base/io.h"
#include "base/time.h"
#include "engine/import.h"

#define IMPORT_LINE_MAX ((size_t)1 << 20) /* bytes of one record */

/* Numbers under 128-bit hashes. Zero it to start. */
struct number_table {
    struct number_slot {
        hash128 key;
        uint32_t number; /* 0: an empty slot */
    } * slot;
    size_t n, cap;
};
/* Where the number of the key stands; 0 when it is new, to be changed before the next call.
 * NULL: out of memory. */
uint32_t *number_at(struct number_table *t, hash128 key);
void number_table_free(struct number_table *t);

struct import {
    struct io *io;
    struct store *store;
    const struct workspace *workspace;
    const struct mapping *mapping;
    const struct import_options *options;
    str path, source;
    struct reader *reader;
    struct arena *arena; /* the report's */
    struct import_report *report;
    struct text_table reason;
    struct import_reason *reasons; /* as numbered in `reason` */
    uint32_t reason_cap;
    struct hash_set customers;
    struct number_table rank;
    struct buf json, key;
    struct event *sample;
};

/* Can it stand for a customer, an event, an id, a property? As event_parse sees it. */
bool import_is_name(str s);
/* A hash of the texts with their lengths. */
bool import_hash(struct import *im, const str *text, size_t n, hash128 *out,
                 struct err *err);
/* As much of a text as is kept of what was refused: 4 KiB, no half characters. */
str import_cut(str text);
/* Counts and keeps a line that is refused. */
bool import_refuse(struct import *im, uint64_t line, str reason, str text,
                   struct err *err);
/* Appends an event; `json` as store_append wants it, or empty: printed. ERR_LIMIT when it does
 * not fit into the file, which others still may. */
bool import_event(struct import *im, const struct event *e, str json, struct err *err);
/* Which of the file's rows of this customer, time and type it is, from 0. */
bool import_rank(struct import *im, str customer, int64_t at_ms, str type, uint32_t *rank,
                 struct err *err);
/* The id of an event that came without one; `row` are the texts that it was made of. In `a`. */
bool import_id(struct import *im, str type, uint32_t rank, const str *row, size_t n,
               struct arena *a, str *out, struct err *err);
bool import_is_future(const struct import *im, int64_t at_ms);
#define IMPORT_FUTURE STR("the time lies in the future")
/* Counts a line that was read, and tells the progress now and then. */
void import_line(struct import *im);
/* Adds the names of the columns, as far as a message has room. */
void import_columns(const str *column, uint32_t n, struct buf *b);
/* Always false: the columns of the file, and a command line made of them. */
bool import_explain(const struct import *im, const str *column, uint32_t n,
                    struct err *err);

bool import_csv(struct import *im, struct err *err);
/* *is_jsonl is false, and nothing was done, when the first byte is no "{". */
bool import_jsonl(struct import *im, bool *is_jsonl, struct err *err);

#endif
