/* bytes_io.h - a disk that holds one file, in memory, whatever name is asked for. A read
 * gives at most `step` bytes, so that a stream can be cut at every place. */
#ifndef SUPPORT_BYTES_IO_H
#define SUPPORT_BYTES_IO_H

#include "base/io.h"

#include <string.h>

struct bytes_io {
    struct io io; /* first: pass &b.io */
    str bytes;
    size_t step;
    size_t at;
};

static int bytes_open(struct io *io, [[maybe_unused]] const char *path,
                      [[maybe_unused]] int flags, [[maybe_unused]] int mode)
{
    ((struct bytes_io *)io)->at = 0;
    return 1000;
}

static ssize_t bytes_read(struct io *io, [[maybe_unused]] int fd, void *to, size_t n)
{
    struct bytes_io *b = (struct bytes_io *)io;
    size_t left = b->bytes.n - b->at;

    n = n < b->step ? n : b->step;
    n = n < left ? n : left;
    if (n > 0)
        memcpy(to, b->bytes.p + b->at, n);
    b->at += n;
    return (ssize_t)n;
}

static int bytes_close([[maybe_unused]] struct io *io, [[maybe_unused]] int fd)
{
    return 0;
}

static inline struct bytes_io bytes_io(str bytes, size_t step)
{
    return (struct bytes_io){
        .io = {.open = bytes_open, .read = bytes_read, .close = bytes_close},
        .bytes = bytes,
        .step = step,
    };
}

#endif
