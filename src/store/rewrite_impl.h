/* rewrite_impl.h - what all kinds of rewriting share; private to store/. */
#ifndef STORE_REWRITE_IMPL_H
#define STORE_REWRITE_IMPL_H

#include "base/hash.h"
#include "event/event.h"
#include "event/mention.h"
#include "store/file_impl.h"
#include "store/lock_impl.h"
#include "store/rewrite.h"
#include "store/store.h"

/* One file that is made anew. Zero it to start. */
struct rewrite {
    struct io *io;
    const struct rewrite_options *o;
    char path[PATH_MAX], beside[PATH_MAX]; /* the old file; the new one */
    struct stat file;                      /* the old one, as it was */
    struct lock lock;
    struct sql old;
    int64_t format;
};

/* Takes the writer's lock and opens the old file; `options` of its URI say what happens to
 * damaged pages. Nothing stands beside it then. */
bool rewrite_begin(struct rewrite *w, struct io *io, str path,
                   const struct rewrite_options *o, const char *options, struct err *err);
/* The same for a file that `s` has open for writing; it keeps the lock. */
bool rewrite_begin_beside(struct rewrite *w, const struct store *s, struct err *err);
/* The new file, which is closed, takes the place of the old one. */
bool rewrite_exchange(struct rewrite *w, struct rewrite_sizes *out, struct err *err);
/* Whatever happened; what is left beside is removed. */
void rewrite_end(struct rewrite *w);

/* --- from the log --- */

/* Who and what is left out, and how much that was. */
struct removed_person;
struct leaving {
    const struct text_table *keys; /* of anchors */
    const uint32_t *key_person;    /* by number in .keys: whose it is, in .person */
    struct mentions mentions;
    const uint32_t *id_person;     /* the same of .mentions.id */
    uint64_t *times;               /* by number there: in how many places it stood */
    const struct text_table *said; /* ids of what their group calls say of accounts */
    const uint32_t *said_person;   /* the same of .said */
    struct removed_person *person;
    bool (*drops)(void *context, const struct event *e); /* or NULL */
    void *context;
    uint64_t dropped;
};

/* What becomes of the rows that are taken over. */
struct refill_options {
    bool salvages;           /* what cannot be read is noted, and left */
    bool misses;             /* so is what is not there where it should be */
    struct leaving *leaving; /* or NULL */
    struct arena *arena;     /* where .lost lives; of one that salvages */
    /* The last thing in the transaction; or NULL. */
    bool (*sign)(void *context, struct store *made, struct err *err);
    void *context;
};
struct refill_report {
    uint64_t events, doubled;
    const struct rewrite_lost *lost;
    uint32_t lost_n;
};
/* Makes the new file from the truth of the old one, and closes it. */
bool rewrite_refill(struct rewrite *w, const struct refill_options *o,
                    struct refill_report *out, struct err *err);
/* What the old file says of itself: store_pseudonym. */
bool rewrite_pseudonym(struct rewrite *w, int64_t *fingerprint, struct err *err);
/* A file of an older format becomes one of this; a part of opening. */
bool rewrite_migrate(struct io *io, str path, size_t memory_bytes,
                     const struct store_owner *owner, struct err *err);

#endif
