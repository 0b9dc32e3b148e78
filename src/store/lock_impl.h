/* lock_impl.h - the right to write a data file; private to store/.
 *
 * One process has it, by flock, and one opening in that process. SQLite keeps others away by
 * POSIX locks, and a process loses all of those that it has on a file as soon as it closes any
 * descriptor of it: so a lock is taken before SQLite opens the file and given back after it has
 * closed it, and a file that this process has open already is recognised without opening it. */
#ifndef STORE_LOCK_IMPL_H
#define STORE_LOCK_IMPL_H

#include "base/io.h"

/* Zero it to start; it must not move while it is held. */
struct lock {
    struct io *io; /* NULL: not held */
    int fd;
    dev_t device;
    ino_t inode;
    struct lock *next; /* of those that this process has to write */
    bool listed;
};

/* ERR_CONFLICT when another has it. What stands at the path when it is taken is what is locked,
 * even when files are exchanged meanwhile. */
bool lock_take(struct lock *l, struct io *io, const char *path, struct err *err);
/* Makes an empty file; errno says EEXIST when something stands there. */
bool lock_create(struct lock *l, struct io *io, const char *path, struct err *err);
/* Beside others that read, and nobody who writes. */
bool lock_share(struct lock *l, struct io *io, const char *path, struct err *err);
void lock_give(struct lock *l); /* fine when it is not held */
/* What `from` has is `to`'s from here on. */
void lock_hand_over(struct lock *from, struct lock *to);

#endif
