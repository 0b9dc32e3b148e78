#include "store/lock_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER; /* guards .list */
static struct lock *list;

/* False: this process writes the file already. */
static bool list_add(struct lock *l, const struct stat *file)
{
    bool found = false;

    l->device = file->st_dev;
    l->inode = file->st_ino;
    pthread_mutex_lock(&list_lock);
    for (const struct lock *other = list; other; other = other->next)
        found |= other->device == l->device && other->inode == l->inode;
    if (!found) {
        l->next = list;
        list = l;
        l->listed = true;
    }
    pthread_mutex_unlock(&list_lock);
    return !found;
}

static void list_remove(struct lock *l)
{
    struct lock **at = &list;

    if (!l->listed)
        return;
    pthread_mutex_lock(&list_lock);
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    pthread_mutex_unlock(&list_lock);
}

static bool in_use(const char *path, struct err *err)
{
    return err_set(
        err, ERR_CONFLICT,
        "another ciclo process has %s open for writing (ciclo serve or an import); "
        "stop it first",
        path);
}

static bool open_and_lock(struct lock *l, struct io *io, const char *path, int flags,
                          bool alone, struct err *err)
{
    l->fd = io->open(io, path, flags, 0600);
    if (l->fd < 0)
        return err_sys(err, flags & O_RDWR ? "cannot write to %s" : "cannot open %s",
                       path);
    l->io = io;
    if (io->lock(io, l->fd, alone) == 0)
        return true;
    return errno == EWOULDBLOCK ? in_use(path, err)
                                : err_sys(err, "cannot lock %s", path);
}

static bool look(struct io *io, const char *path, struct stat *out, struct err *err)
{
    return io->stat(io, path, out) == 0 || err_sys(err, "cannot open %s", path);
}

/* Whatever stood at the path when it was opened: *same says whether that is still there. */
static bool try_take(struct lock *l, struct io *io, const char *path, bool *same,
                     struct err *err)
{
    struct stat before, after;

    if (!look(io, path, &before, err))
        return false;
    if (!list_add(l, &before))
        return in_use(path, err);
    if (!open_and_lock(l, io, path, O_RDWR, true, err) || !look(io, path, &after, err))
        return false;
    *same = before.st_dev == after.st_dev && before.st_ino == after.st_ino;
    return true;
}

bool lock_take(struct lock *l, struct io *io, const char *path, struct err *err)
{
    enum { TRIES = 5 };

    for (int i = 0; i < TRIES; i++) {
        bool same;

        if (!try_take(l, io, path, &same, err)) {
            lock_give(l);
            return false;
        }
        if (same)
            return true;
        lock_give(l);
    }
    return in_use(path, err); /* others exchange it all the time */
}

bool lock_create(struct lock *l, struct io *io, const char *path, struct err *err)
{
    struct stat file;

    if (open_and_lock(l, io, path, O_RDWR | O_CREAT | O_EXCL, true, err)
        && look(io, path, &file, err) && (list_add(l, &file) || in_use(path, err)))
        return true;
    lock_give(l);
    return false;
}

bool lock_share(struct lock *l, struct io *io, const char *path, struct err *err)
{
    if (open_and_lock(l, io, path, O_RDONLY, false, err))
        return true;
    lock_give(l);
    return false;
}

void lock_hand_over(struct lock *from, struct lock *to)
{
    struct lock **at = &list;

    pthread_mutex_lock(&list_lock);
    *to = *from;
    while (from->listed && *at != from)
        at = &(*at)->next;
    if (from->listed)
        *at = to;
    *from = (struct lock){NULL};
    pthread_mutex_unlock(&list_lock);
}

void lock_give(struct lock *l)
{
    if (l->io)
        l->io->close(l->io, l->fd);
    list_remove(l);
    *l = (struct lock){NULL};
}
