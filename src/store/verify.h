/* verify.h - proves a data file: every page and row is as it was written, and everything that is
 * made from the log is what the log gives.
 *
 * It reads what the file held at one moment, while others may go on writing to it, in memory that
 * grows with the number of customers, not with that of events. Equality with the log is shown by
 * sums of 128-bit hashes; where they differ, the log is read once more to name the events. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "base/io.h"

struct store_owner; /* store.h */

struct difference {
    const char *table;
    str text;      /* where, and what is wrong */
    bool in_truth; /* of the log or the like: no rebuild can make it anew */
};

struct verify_options {
    unsigned threads;                /* at least 1 */
    const struct store_owner *owner; /* NULL: each anchor is its own home */
    /* Called for each difference, up to DIFFERENCES_TOLD of them; by one thread at a time. */
    void (*found)(void *context, const struct difference *d);
    void *context;
    /* How far it has come; by one thread at a time. NULL: nobody asks. */
    void (*progress)(void *bar, uint64_t done, uint64_t all);
    void *bar;
};
enum { DIFFERENCES_TOLD = 100 };

struct verify_report {
    uint64_t pages, batches, events, customers, chunks, parts, news, ids, refused, erased,
        histories, keys, receipts, webhooks, told, spent, saved;
    uint64_t differences;
    bool in_truth; /* one of them is */
    bool opens;    /* else only its pages were looked at */
};

/* False only when there is no proof to be had: it is no data file, memory ran out. */
bool store_verify(struct io *io, str path, const struct verify_options *o,
                  struct verify_report *out, struct err *err);

#endif
