/* io_impl.h - what io.c and reader.c share. */
#ifndef BASE_IO_IMPL_H
#define BASE_IO_IMPL_H

#include "base/io.h"

#include <limits.h>

/* path + suffix with a NUL behind it. */
bool io_path(str path, const char *suffix, char out[PATH_MAX], struct err *err);
bool io_open_to_read(struct io *io, const char *path, int *fd, struct err *err);
/* As io->read, again when a signal interrupts it. */
ssize_t io_read_some(struct io *io, int fd, void *bytes, size_t n);

#endif
