/* seen_impl.h - which message ids the file knows; private to store/.
 *
 * Ids are 128-bit hashes of message ids. They stand in the file in sorted runs; in memory each
 * run has a filter (two bytes an id), which says of an id that is not in the run that it is not
 * there, but for one time in a thousand. What is said of "the file" here is what the
 * connection sees: inside a transaction that writes, what it has written too. */
#ifndef STORE_SEEN_IMPL_H
#define STORE_SEEN_IMPL_H

#include "base/hash.h"
#include "store/sql_impl.h"

/* What makes the tables of a new file. */
#define SEEN_SCHEMA                                                                      \
    "create table seen_run (run integer primary key, n integer not null,"                \
    " checksum integer not null);"                                                       \
    "create table seen (place integer primary key, bytes blob not null,"                 \
    " checksum integer not null);"                                                       \
    "create table seen_filter (place integer primary key, bytes blob not null,"          \
    " checksum integer not null);"

struct seen;

/* Reads nothing yet. `sql` must outlive it. */
[[nodiscard]] bool seen_new(struct sql *sql, struct seen **out, struct err *err);
void seen_free(struct seen *s); /* NULL is fine */
/* Forgets what is in memory, which is read anew: after a rollback, or when another connection
 * wrote. */
void seen_forget(struct seen *s);

/* It will soon be asked for: the filters are waited for, unless other work lies between. */
void seen_expect(const struct seen *s, hash128 id);
/* The first question reads the filters. */
bool seen_has(struct seen *s, hash128 id, bool *found, struct err *err);
/* Inside the caller's transaction, which can only be rolled back (and forgotten) when this
 * fails. The ids ascend, each once, and none of them is known. */
bool seen_add(struct seen *s, const hash128 *sorted, size_t n, struct err *err);
/* Goes on with making few runs of many, so far that some `ids_max` ids are written anew; with
 * SEEN_ALL until nothing is left to do. As seen_add inside a transaction. */
#define SEEN_ALL UINT64_MAX
bool seen_merge(struct seen *s, uint64_t ids_max, struct err *err);

struct seen_facts {
    uint64_t ids;
    uint32_t runs;
    uint64_t file_bytes;   /* what the rows of the runs hold */
    uint64_t filter_bytes; /* what is in memory when all filters are */
    size_t memory_bytes;   /* of the filters that are in memory now */
};
bool seen_facts(struct seen *s, struct seen_facts *out, struct err *err);
/* All ids, ascending; every row of every run is read and checked, the filters too. Stops when
 * `each` returns false. */
bool seen_each(struct seen *s, bool (*each)(void *context, hash128 id), void *context,
               struct err *err);

/* --- a row of a run: the ids whose first `bits` bits are `bucket` --- */

enum { SEEN_BITS_MAX = 32 };
struct seen_bucket {
    hash128 *id; /* owned */
    size_t n, cap;
};
void seen_encode(const hash128 *id, size_t n, unsigned bits, struct buf *to);
/* ERR_CORRUPT unless the bytes are ids of this bucket, ascending, each once. */
bool seen_decode(str bytes, unsigned bits, uint64_t bucket, struct seen_bucket *to,
                 struct err *err);

#endif
