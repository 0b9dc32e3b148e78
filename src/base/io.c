#include "base/io_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define SPARE_BYTES 64 /* what simdjson may read behind a text */

static int system_open(struct io *io, const char *path, int flags, int mode)
{
    (void)io;
    return open(path, flags | O_CLOEXEC, mode);
}

static ssize_t system_read(struct io *io, int fd, void *bytes, size_t n)
{
    (void)io;
    return read(fd, bytes, n);
}

static ssize_t system_write(struct io *io, int fd, const void *bytes, size_t n)
{
    (void)io;
    return write(fd, bytes, n);
}

static int system_sync(struct io *io, int fd)
{
    (void)io;
    return fsync(fd);
}

static int system_close(struct io *io, int fd)
{
    (void)io;
    return close(fd);
}

static int system_rename(struct io *io, const char *from, const char *to)
{
    (void)io;
    return rename(from, to);
}

static int system_unlink(struct io *io, const char *path)
{
    (void)io;
    return unlink(path);
}

static int system_lock(struct io *io, int fd, bool alone)
{
    (void)io;
    return flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB);
}

static int system_stat(struct io *io, const char *path, struct stat *out)
{
    (void)io;
    return stat(path, out);
}

static int system_own(struct io *io, int fd, const struct stat *like)
{
    struct stat now;

    (void)io;
    if (fstat(fd, &now) != 0)
        return -1;
    if ((now.st_uid != like->st_uid || now.st_gid != like->st_gid)
        && fchown(fd, like->st_uid, like->st_gid) != 0)
        return -1;
    return fchmod(fd, like->st_mode & 07777);
}

struct io *io_system(void)
{
    static struct io io = {
        .open = system_open,
        .read = system_read,
        .write = system_write,
        .sync = system_sync,
        .close = system_close,
        .rename = system_rename,
        .unlink = system_unlink,
        .lock = system_lock,
        .stat = system_stat,
        .own = system_own,
    };

    return &io;
}

bool io_path(str path, const char *suffix, char out[PATH_MAX], struct err *err)
{
    size_t tail = strlen(suffix);

    if (path.n == 0)
        return err_set(err, ERR_INPUT, "the name of the file is empty");
    if (memchr(path.p, 0, path.n))
        return err_set(err, ERR_INPUT, "the name of the file holds a NUL byte");
    if (path.n + tail >= PATH_MAX)
        return err_set(err, ERR_INPUT, "the name of the file is longer than %d bytes",
                       PATH_MAX - 1);
    memcpy(out, path.p, path.n);
    memcpy(out + path.n, suffix, tail + 1);
    return true;
}

bool io_open_to_read(struct io *io, const char *path, int *fd, struct err *err)
{
    *fd = io->open(io, path, O_RDONLY, 0);
    if (*fd >= 0)
        return true;
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "there is no file %s", path);
    return err_sys(err, "cannot open %s", path);
}

ssize_t io_read_some(struct io *io, int fd, void *bytes, size_t n)
{
    ssize_t got;

    do
        got = io->read(io, fd, bytes, n);
    while (got < 0 && errno == EINTR);
    return got;
}

bool io_read_file(struct io *io, str path, size_t max_bytes, struct arena *a, str *out,
                  struct err *err)
{
    char name[PATH_MAX];
    struct buf b = {};
    char *copy;
    bool ok = false;
    int fd;

    if (!io_path(path, "", name, err) || !io_open_to_read(io, name, &fd, err))
        return false;
    for (;;) {
        char *room = buf_room(&b, READ_BYTES);
        ssize_t got;

        if (!room) {
            err_nomem(err);
            break;
        }
        got = io_read_some(io, fd, room, READ_BYTES);
        if (got < 0) {
            err_sys(err, "cannot read %s", name);
            break;
        }
        b.n += (size_t)got;
        if (b.n > max_bytes) {
            err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", name, max_bytes);
            break;
        }
        if (got > 0)
            continue;
        copy = arena_alloc(a, b.n + SPARE_BYTES, 1);
        ok = copy || err_nomem(err);
        if (ok && b.n)
            memcpy(copy, b.p, b.n);
        if (ok)
            *out = (str){copy, b.n};
        break;
    }
    io->close(io, fd);
    buf_free(&b);
    return ok;
}

static bool write_all(struct io *io, int fd, str bytes)
{
    while (bytes.n > 0) {
        ssize_t put = io->write(io, fd, bytes.p, bytes.n);

        if (put >= 0)
            bytes = str_from(bytes, (size_t)put);
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool io_sync_folder(struct io *io, str path, struct err *err)
{
    char name[PATH_MAX];
    char *slash;
    bool ok;
    int fd;

    if (!io_path(path, "", name, err))
        return false;
    slash = strrchr(name, '/');
    if (!slash)
        memcpy(name, ".", 2);
    else
        slash[slash == name] = 0;
    fd = io->open(io, name, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_sys(err, "cannot open the folder %s", name);
    /* EINVAL: this file system keeps names in order without being asked */
    ok = io->sync(io, fd) == 0 || errno == EINVAL
         || err_sys(err, "cannot sync the folder %s", name);
    io->close(io, fd);
    return ok;
}

struct draft {
    struct io *io;
    int fd;
    char name[PATH_MAX], beside[PATH_MAX];
};

static bool may_be_replaced(struct io *io, const char *name, struct err *err)
{
    struct stat there;

    if (io->stat(io, name, &there) != 0)
        return errno == ENOENT || err_sys(err, "cannot write to %s", name);
    return S_ISREG(there.st_mode)
           || err_set(err, ERR_INPUT, "%s is no plain file: it would be replaced", name);
}

static bool begin(struct draft *w, str path, struct err *err)
{
    if (!io_path(path, "", w->name, err) || !io_path(path, ".new", w->beside, err)
        || !may_be_replaced(w->io, w->name, err))
        return false;
    if (w->io->unlink(w->io, w->beside) != 0 && errno != ENOENT) /* left by a crash */
        return err_sys(err, "cannot remove %s", w->beside);
    w->fd = w->io->open(w->io, w->beside, O_WRONLY | O_CREAT | O_EXCL, 0666);
    return w->fd >= 0 || err_sys(err, "cannot create %s", w->name);
}

bool draft_begin(struct io *io, str path, struct draft **out, struct err *err)
{
    struct draft *w = mem_alloc(sizeof *w);

    if (!w)
        return err_nomem(err);
    w->io = io;
    if (!begin(w, path, err)) {
        mem_free(w);
        return false;
    }
    *out = w;
    return true;
}

bool draft_append(struct draft *w, str bytes, struct err *err)
{
    return write_all(w->io, w->fd, bytes) || err_sys(err, "cannot write %s", w->beside);
}

bool draft_commit(struct draft *w, struct err *err)
{
    bool ok =
        w->io->sync(w->io, w->fd) == 0 || err_sys(err, "cannot write %s", w->beside);

    if (w->io->close(w->io, w->fd) != 0 && ok)
        ok = err_sys(err, "cannot write %s", w->beside);
    w->fd = -1;
    if (ok && w->io->rename(w->io, w->beside, w->name) != 0)
        ok = err_sys(err, "cannot rename %s to %s", w->beside, w->name);
    if (!ok) {
        draft_cancel(w);
        return false;
    }
    ok = io_sync_folder(w->io, str_of(w->name), err);
    mem_free(w);
    return ok;
}

void draft_cancel(struct draft *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        w->io->close(w->io, w->fd);
    w->io->unlink(w->io, w->beside);
    mem_free(w);
}

bool io_write_file(struct io *io, str path, str bytes, struct err *err)
{
    struct draft *w;

    if (!draft_begin(io, path, &w, err))
        return false;
    if (draft_append(w, bytes, err))
        return draft_commit(w, err);
    draft_cancel(w);
    return false;
}
