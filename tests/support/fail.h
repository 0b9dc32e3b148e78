/* fail.h - the same scenario again and again, with another thing failing each time.
 *
 * A body builds what it needs, does its work, takes everything down again, and returns what
 * the work returned, with *err filled as usual. */
#ifndef SUPPORT_FAIL_H
#define SUPPORT_FAIL_H

#include "base/err.h"
#include "base/io.h"

#include <stdatomic.h>

typedef bool oom_body(void *context, struct err *err);
typedef bool io_body(struct io *io, void *context, struct err *err);

/* Fails the first, the second, the third ... allocation, once and from there on, until the
 * body passes untouched; of very many only some, by chance, and more with CICLO_ROUNDS. A failure
 * must come back as ERR_NOMEM and leave no block behind. */
void each_oom(oom_body *body, void *context);
/* The same, but the body may also end well without that memory: SQLite does, where all that
 * it loses is a cache. */
void each_oom_or_done(oom_body *body, void *context);
/* Likewise, over something that lives on and keeps what it has read: the blocks that live after
 * an untouched run must be the same before and after each failure. */
void each_oom_kept(oom_body *body, void *context);

/* Fails the nth open, read, write, sync, rename, lock or stat, once and from there on: this
 * must come back as ERR_IO with the same errno. Then cuts the nth read or write short, and
 * interrupts it: the body must not mind. No descriptor and no block may stay behind. */
void each_io_failure(io_body *body, void *context);

enum io_failure {
    IO_FAIL_NEVER,
    IO_FAIL_ONCE,     /* the nth operation fails with EIO */
    IO_FAIL_FOR_GOOD, /* it fails, and so does all that follows */
    IO_FAIL_FULL,     /* the nth write stores half of its bytes; from then on, ENOSPC */
    IO_FAIL_SHORT, /* the nth operation, a read or write, moves only half of its bytes */
    IO_FAIL_EINTR, /* the nth operation, a read or write, is interrupted by a signal */
};

/* The real disk with one failure in it, for scenarios of one's own. */
struct io_failing {
    struct io io; /* first: pass &f.io */
    enum io_failure failure;
    size_t nth; /* counted from 1 over the operations that this failure can strike */

    atomic_size_t operations; /* those seen so far, of any thread */
    atomic_int sys;           /* the errno given back, or 0 */
    atomic_bool struck;
    atomic_int descriptors; /* open ones */
};
void io_failing_init(struct io_failing *f, enum io_failure failure, size_t nth);

#endif
