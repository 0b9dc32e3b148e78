/* io.h - the seam to the file system, so that tests can fail the nth operation. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Every function sets errno like its POSIX namesake; a simulated disk fills in the same. */
struct io {
    int (*open)(struct io *io, const char *path, int flags, int mode);
    ssize_t (*read)(struct io *io, int fd, void *bytes, size_t n);
    ssize_t (*write)(struct io *io, int fd, const void *bytes, size_t n);
    int (*sync)(struct io *io, int fd);
    int (*close)(struct io *io, int fd);
    int (*rename)(struct io *io, const char *from, const char *to);
    int (*unlink)(struct io *io, const char *path);
    /* flock without waiting: alone, or shared; EWOULDBLOCK when another is in the way. */
    int (*lock)(struct io *io, int fd, bool alone);
    int (*stat)(struct io *io, const char *path, struct stat *out);
    /* fchown and fchmod: the mode, the owner and the group of another file. */
    int (*own)(struct io *io, int fd, const struct stat *like);
};
/* The real one. */
struct io *io_system(void);

/* The whole file in the arena with 64 zero bytes behind it; ERR_LIMIT beyond max_bytes. */
bool io_read_file(struct io *io, str path, size_t max_bytes, struct arena *a, str *out,
                  struct err *err);
/* A file that is written piece by piece, beside its place; at the end synced, renamed, the
 * folder synced: the old file or the new one, never a half. What is no plain file is refused. */
struct draft;
[[nodiscard]] bool draft_begin(struct io *io, str path, struct draft **out,
                               struct err *err);
bool draft_append(struct draft *w, str bytes, struct err *err);
bool draft_commit(struct draft *w, struct err *err); /* ends it, whatever it returns */
void draft_cancel(struct draft *w);                  /* NULL is fine */
/* All at once. */
bool io_write_file(struct io *io, str path, str bytes, struct err *err);

/* Makes durable which names stand in the folder of `path`: a rename, or a new file. */
bool io_sync_folder(struct io *io, str path, struct err *err);

/* A stream of bytes: a file, or "-" for standard input, unpacked when it is gzip or xz
 * (told by its first bytes). A cut or damaged packed file is ERR_INPUT. */
struct reader;
[[nodiscard]] bool reader_open(struct io *io, str path, struct reader **out,
                               struct err *err);
/* A stream of bytes that are there already, as they are; they live at least as long. */
[[nodiscard]] bool reader_open_text(str text, struct reader **out, struct err *err);
/* Up to n bytes; *got 0 is the clean end. */
bool reader_read(struct reader *r, char *to, size_t n, size_t *got, struct err *err);
/* How far in the file as stored, and its size (0: unknown), for progress bars. */
uint64_t reader_done_bytes(const struct reader *r);
uint64_t reader_total_bytes(const struct reader *r);
void reader_close(struct reader *r);

#endif
