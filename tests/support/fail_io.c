#include "support/fail.h"

#include "support/unit.h"

#include <errno.h>

static struct io_failing *failing(struct io *io)
{
    return (struct io_failing *)io;
}

/* True when this operation shall fail; errno says how. `moves`: it reads or writes. */
static bool strikes(struct io_failing *f, bool moves, bool writes)
{
    bool counts = true, hit;
    size_t seen;

    switch (f->failure) {
    case IO_FAIL_NEVER:
        return false;
    case IO_FAIL_ONCE:
    case IO_FAIL_FOR_GOOD:
        break;
    case IO_FAIL_FULL:
        counts = writes;
        break;
    case IO_FAIL_SHORT:
    case IO_FAIL_EINTR:
        counts = moves;
        break;
    }
    if (!counts)
        return false;
    seen = ++f->operations;
    hit = seen == f->nth
          || (seen > f->nth
              && (f->failure == IO_FAIL_FOR_GOOD || f->failure == IO_FAIL_FULL));
    if (hit)
        f->struck = true;
    return hit;
}

static int refuse(struct io_failing *f)
{
    f->sys = f->failure == IO_FAIL_FULL    ? ENOSPC
             : f->failure == IO_FAIL_EINTR ? EINTR
                                           : EIO;
    errno = f->sys;
    return -1;
}

static int failing_open(struct io *io, const char *path, int flags, int mode)
{
    struct io_failing *f = failing(io);
    int fd;

    if (strikes(f, false, false))
        return refuse(f);
    fd = io_system()->open(io_system(), path, flags, mode);
    f->descriptors += fd >= 0;
    return fd;
}

static ssize_t failing_read(struct io *io, int fd, void *bytes, size_t n)
{
    struct io_failing *f = failing(io);

    if (strikes(f, true, false)) {
        if (f->failure != IO_FAIL_SHORT)
            return refuse(f);
        n = (n + 1) / 2;
    }
    return io_system()->read(io_system(), fd, bytes, n);
}

static ssize_t failing_write(struct io *io, int fd, const void *bytes, size_t n)
{
    struct io_failing *f = failing(io);

    if (strikes(f, true, true)) {
        bool half = f->failure == IO_FAIL_SHORT
                    || (f->failure == IO_FAIL_FULL && f->operations == f->nth && n > 1);
        if (!half)
            return refuse(f);
        n = f->failure == IO_FAIL_SHORT ? (n + 1) / 2 : n / 2;
    }
    return io_system()->write(io_system(), fd, bytes, n);
}

static int failing_sync(struct io *io, int fd)
{
    return strikes(failing(io), false, false) ? refuse(failing(io))
                                              : io_system()->sync(io_system(), fd);
}

static int failing_close(struct io *io, int fd)
{
    failing(io)->descriptors--;
    return io_system()->close(io_system(), fd);
}

static int failing_rename(struct io *io, const char *from, const char *to)
{
    return strikes(failing(io), false, false)
               ? refuse(failing(io))
               : io_system()->rename(io_system(), from, to);
}

static int failing_unlink([[maybe_unused]] struct io *io, const char *path)
{
    return io_system()->unlink(io_system(), path);
}

static int failing_lock(struct io *io, int fd, bool alone)
{
    return strikes(failing(io), false, false) ? refuse(failing(io))
                                              : io_system()->lock(io_system(), fd, alone);
}

static int failing_stat(struct io *io, const char *path, struct stat *out)
{
    return strikes(failing(io), false, false) ? refuse(failing(io))
                                              : io_system()->stat(io_system(), path, out);
}

static int failing_own(struct io *io, int fd, const struct stat *like)
{
    return strikes(failing(io), false, false) ? refuse(failing(io))
                                              : io_system()->own(io_system(), fd, like);
}

void io_failing_init(struct io_failing *f, enum io_failure failure, size_t nth)
{
    *f = (struct io_failing){
        .io = {.open = failing_open,
               .read = failing_read,
               .write = failing_write,
               .sync = failing_sync,
               .close = failing_close,
               .rename = failing_rename,
               .unlink = failing_unlink,
               .lock = failing_lock,
               .stat = failing_stat,
               .own = failing_own},
        .failure = failure,
        .nth = nth,
    };
}

static void io_loop(io_body *body, void *context, enum io_failure failure)
{
    struct io_failing f = {.nth = 0};

    do {
        struct err err = {ERR_NONE};
        size_t blocks = mem_live_blocks();
        bool ok;

        io_failing_init(&f, failure, f.nth + 1);
        ok = body(&f.io, context, &err);

        if (mem_live_blocks() != blocks)
            fail_msg("failure %d at operation %zu (%s): %zu blocks before, %zu after",
                     failure, f.nth, err.msg, blocks, mem_live_blocks());
        if (f.descriptors)
            fail_msg("failure %d at operation %zu (%s): %d descriptors left open",
                     failure, f.nth, err.msg, f.descriptors);
        if (failure == IO_FAIL_SHORT || failure == IO_FAIL_EINTR || !f.sys) {
            if (!ok)
                fail_msg("failure %d at operation %zu should do no harm: %s", failure,
                         f.nth, err.msg);
        } else if (ok) {
            fail_msg("failure %d at operation %zu, and nobody noticed", failure, f.nth);
        } else if (err.code != ERR_IO || err.sys != f.sys) {
            fail_msg("failure %d at operation %zu reported as code %d, errno %d: %s",
                     failure, f.nth, err.code, err.sys, err.msg);
        }
    } while (f.struck);
}

void each_io_failure(io_body *body, void *context)
{
    for (enum io_failure failure = IO_FAIL_ONCE; failure <= IO_FAIL_EINTR; failure++)
        io_loop(body, context, failure);
}
