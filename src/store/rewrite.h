/* rewrite.h - a data file made anew beside itself, and put in its own place; and copies of it.
 *
 * The new file is whole and on disk before it takes the old one's name: whatever fails, and
 * whenever the power goes, one of the two stands there whole. Nobody writes to the file
 * meanwhile (ERR_CONFLICT where somebody has it open for writing); it can be read until the
 * exchange, which waits some seconds for readers to end, and gives up with ERR_CONFLICT. */
#ifndef STORE_REWRITE_H
#define STORE_REWRITE_H

#include "base/io.h"

#include <stdatomic.h>

struct store_owner; /* store.h */

struct rewrite_options {
    size_t memory_bytes; /* as when a store is opened */
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void *context;                   /* of .progress, which may be NULL */
    bool accepts_loss;               /* store_rebuild */
    const struct store_owner *owner; /* NULL: each anchor is its own home */
    const atomic_bool
        *stop; /* once it is true, what is under way ends with ERR_CONFLICT; or NULL */
};

struct rewrite_sizes {
    uint64_t before_bytes, after_bytes;
};

/* Every table as it is, without free pages, in the order of its keys. */
bool store_compact(struct io *io, str path, const struct rewrite_options *o,
                   struct rewrite_sizes *out, struct err *err);
/* A copy of what is committed now, also while another process writes; every page of it is
 * checked as it is read. ERR_CONFLICT when something stands at `to`. */
bool store_backup(struct io *io, str path, str to, const struct rewrite_options *o,
                  struct rewrite_sizes *out, struct err *err);

/* Rows that could not be read. */
struct rewrite_lost {
    str table;        /* log: batches of events; refused; model: versions; erased */
    int64_t from, to; /* numbers of the rows, both included */
    str why;          /* of the first of them */
};
struct rebuild_report {
    bool is_made; /* false: the file is as it was, since something would be lost */
    struct rewrite_sizes sizes; /* when it is made */
    uint64_t events;
    uint64_t doubled; /* events whose id came before; they are left out */
    uint32_t pages, pages_damaged, pages_mended;
    const struct rewrite_lost *lost;
    uint32_t lost_n;
};
/* The log, what was refused, the model and what was erased are taken over; everything else is
 * derived from them again. A file with damaged pages gives what can be read of it: one flipped
 * bit in a page is flipped back, and beyond that the checksum of each row decides. Where
 * rows cannot be read, the old file stays unless .accepts_loss. The texts of *out live in `a`. */
bool store_rebuild(struct io *io, str path, const struct rewrite_options *o,
                   struct arena *a, struct rebuild_report *out, struct err *err);

#endif
