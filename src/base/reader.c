/* reader.c - a file as a stream of bytes, unpacked on the way.
 *
 * `in` holds stored bytes from in_at to in_n. What is unpacked goes straight to the caller,
 * so memory is bounded whatever the file claims to hold: gzip needs 40 KiB, xz up to
 * XZ_MEMORY_MAX (a file packed with the strongest preset, xz -9, needs 65 MiB). */
#include "base/io_impl.h"
#include "base/tune.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define XZ_MEMORY_MAX (128 << 20)

enum packing { PLAIN, GZIP, XZ, TEXT };

struct reader {
    struct io *io;
    int fd;
    bool is_stdin;
    enum packing packing;
    bool at_end;    /* the file gave its last byte */
    bool done;      /* the packed data gave its last byte */
    bool in_member; /* GZIP: a member has begun and not ended */
    uint64_t done_bytes, total_bytes;
    str text; /* TEXT: all of it */
    size_t in_at, in_n;
    z_stream gzip;
    lzma_stream xz;
    lzma_allocator allocator;
    uint8_t in[READER_BYTES];
    char name[PATH_MAX];
};

/* mem_alloc checks nothing about n * size: both come from zlib and liblzma themselves. */
static voidpf gzip_alloc(voidpf context, uInt n, uInt size)
{
    (void)context;
    return mem_alloc((size_t)n * size);
}

static void gzip_free(voidpf context, voidpf block)
{
    (void)context;
    mem_free(block);
}

static void *xz_alloc(void *context, size_t n, size_t size)
{
    (void)context;
    return mem_alloc(n * size);
}

static void xz_free(void *context, void *block)
{
    (void)context;
    mem_free(block);
}

static bool cut(struct reader *r, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%s is cut: its packed data ends in the middle; copy the file again",
                   r->name);
}

static bool damaged(struct reader *r, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "%s is damaged: its packed data does not add up; copy the "
                   "file again",
                   r->name);
}

/* More stored bytes behind those that are there. */
static bool fill(struct reader *r, struct err *err)
{
    ssize_t got;

    if (r->in_at == r->in_n)
        r->in_at = r->in_n = 0;
    got = io_read_some(r->io, r->fd, r->in + r->in_n, READER_BYTES - r->in_n);
    if (got < 0)
        return err_sys(err, "cannot read %s", r->name);
    r->in_n += (size_t)got;
    r->done_bytes += (uint64_t)got;
    r->at_end = got == 0;
    return true;
}

/* A file cut inside its first bytes is still told from plain text by two of them. */
static bool begins(const struct reader *r, str magic)
{
    return r->in_n >= 2
           && memcmp(r->in, magic.p, r->in_n < magic.n ? r->in_n : magic.n) == 0;
}

static bool begin_unpacking(struct reader *r, struct err *err)
{
    while (r->in_n < 6 && !r->at_end)
        if (!fill(r, err))
            return false;
    if (begins(r, STR("\x1f\x8b"))) {
        int z;

        r->packing = GZIP;
        r->in_member = true;
        r->gzip.zalloc = gzip_alloc;
        r->gzip.zfree = gzip_free;
        z = inflateInit2(&r->gzip, 16 + MAX_WBITS); /* 16: gzip, nothing else */
        return z == Z_OK || err_nomem(err);
    }
    if (begins(r, STR("\xfd"
                      "7zXZ\0"))) {
        r->packing = XZ;
        r->allocator = (lzma_allocator){.alloc = xz_alloc, .free = xz_free};
        r->xz.allocator = &r->allocator;
        return lzma_stream_decoder(&r->xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK
               || err_nomem(err);
    }
    return true;
}

bool reader_open(struct io *io, str path, struct reader **out, struct err *err)
{
    struct reader *r = mem_alloc(sizeof *r);
    struct stat st;

    if (!r)
        return err_nomem(err);
    r->io = io;
    r->fd = -1;
    r->is_stdin = str_eq(path, STR("-"));
    if (r->is_stdin) {
        r->fd = STDIN_FILENO;
        memcpy(r->name, "standard input", sizeof "standard input");
    } else if (!io_path(path, "", r->name, err)
               || !io_open_to_read(io, r->name, &r->fd, err)) {
        reader_close(r);
        return false;
    }
    /* The descriptors of a simulated disk mean nothing to fstat. */
    if (io == io_system() && fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode))
        r->total_bytes = (uint64_t)st.st_size;
    if (!begin_unpacking(r, err)) {
        reader_close(r);
        return false;
    }
    *out = r;
    return true;
}

bool reader_open_text(str text, struct reader **out, struct err *err)
{
    struct reader *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->fd = -1;
    r->packing = TEXT;
    r->text = text;
    r->total_bytes = text.n;
    *out = r;
    return true;
}

static bool read_text(struct reader *r, char *to, size_t n, size_t *got)
{
    str rest = str_from(r->text, r->done_bytes);

    *got = rest.n < n ? rest.n : n;
    if (*got > 0)
        memcpy(to, rest.p, *got);
    r->done_bytes += *got;
    return true;
}

static bool read_plain(struct reader *r, char *to, size_t n, size_t *got, struct err *err)
{
    size_t here = r->in_n - r->in_at;
    ssize_t more;

    if (here > 0) {
        *got = here < n ? here : n;
        memcpy(to, r->in + r->in_at, *got);
        r->in_at += *got;
        return true;
    }
    more = io_read_some(r->io, r->fd, to, n);
    if (more < 0)
        return err_sys(err, "cannot read %s", r->name);
    *got = (size_t)more;
    r->done_bytes += *got;
    return true;
}

/* Behind a member: the next one, or the end. Zero bytes are the padding of tapes. */
static void next_member(struct reader *r)
{
    while (r->in_at < r->in_n && r->in[r->in_at] == 0)
        r->in_at++;
    if (r->in_at < r->in_n) {
        inflateReset(&r->gzip);
        r->in_member = true;
    } else {
        r->done = r->at_end;
    }
}

/* One step; *got may stay 0. */
static bool step_gzip(struct reader *r, char *to, size_t n, size_t *got, struct err *err)
{
    uInt room = n < UINT_MAX ? (uInt)n : UINT_MAX;
    int z;

    if (!r->in_member) {
        next_member(r);
        return true;
    }
    r->gzip.next_in = r->in + r->in_at;
    r->gzip.avail_in = (uInt)(r->in_n - r->in_at);
    r->gzip.next_out = (Bytef *)to;
    r->gzip.avail_out = room;
    z = inflate(&r->gzip, Z_NO_FLUSH);
    r->in_at = r->in_n - r->gzip.avail_in;
    *got = room - r->gzip.avail_out;
    switch (z) {
    case Z_STREAM_END:
        r->in_member = false;
        return true;
    case Z_OK:
    case Z_BUF_ERROR: /* it wants more input */
        return *got > 0 || r->in_at < r->in_n || !r->at_end || cut(r, err);
    case Z_MEM_ERROR:
        return err_nomem(err);
    default:
        return damaged(r, err);
    }
}

static bool step_xz(struct reader *r, char *to, size_t n, size_t *got, struct err *err)
{
    lzma_ret x;

    r->xz.next_in = r->in + r->in_at;
    r->xz.avail_in = r->in_n - r->in_at;
    r->xz.next_out = (uint8_t *)to;
    r->xz.avail_out = n;
    x = lzma_code(&r->xz, r->at_end ? LZMA_FINISH : LZMA_RUN);
    r->in_at = r->in_n - r->xz.avail_in;
    *got = n - r->xz.avail_out;
    switch ((int)x) { /* liblzma has more values than its documentation lets it return */
    case LZMA_OK:
        return true;
    case LZMA_STREAM_END:
        r->done = true;
        return true;
    case LZMA_BUF_ERROR:
        return cut(r, err);
    case LZMA_MEM_ERROR:
        return err_nomem(err);
    case LZMA_MEMLIMIT_ERROR:
        return err_set(err, ERR_LIMIT,
                       "%s needs more than %d MiB of memory to unpack; pack "
                       "it again with xz -9 or less",
                       r->name, XZ_MEMORY_MAX >> 20);
    case LZMA_OPTIONS_ERROR:
        return err_set(err, ERR_INPUT,
                       "%s is packed in a way that this version of xz does "
                       "not know; pack it again with plain xz",
                       r->name);
    default:
        return damaged(r, err);
    }
}

bool reader_read(struct reader *r, char *to, size_t n, size_t *got, struct err *err)
{
    *got = 0;
    if (r->packing == TEXT)
        return read_text(r, to, n, got);
    if (r->packing == PLAIN)
        return read_plain(r, to, n, got, err);
    while (n > 0 && *got == 0 && !r->done) {
        if (r->in_at == r->in_n && !r->at_end && !fill(r, err))
            return false;
        if (!(r->packing == GZIP ? step_gzip : step_xz)(r, to, n, got, err))
            return false;
    }
    return true;
}

uint64_t reader_done_bytes(const struct reader *r)
{
    return r->done_bytes;
}

uint64_t reader_total_bytes(const struct reader *r)
{
    return r->total_bytes;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    if (r->packing == GZIP)
        inflateEnd(&r->gzip);
    if (r->packing == XZ)
        lzma_end(&r->xz);
    if (!r->is_stdin && r->fd >= 0)
        r->io->close(r->io, r->fd);
    mem_free(r);
}
