#include "base/zip.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

static bool out_of_memory(size_t result)
{
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
}

bool zip_pack(str bytes, int level, struct buf *to, struct err *err)
{
    size_t bound = ZSTD_compressBound(bytes.n), n;
    char *room = buf_room(to, bound);

    if (!room)
        return err_nomem(err);
    n = ZSTD_compress(room, bound, bytes.p, bytes.n, level);
    if (ZSTD_isError(n))
        return out_of_memory(n) ? err_nomem(err)
                                : err_set(err, ERR_LIMIT, "cannot pack %zu bytes: %s",
                                          bytes.n, ZSTD_getErrorName(n));
    to->n += n;
    return true;
}

bool zip_unpack(str packed, size_t max_bytes, struct buf *to, struct err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
    char *room;
    size_t n;

    /* zip_pack always writes the size, so its two "unknown" values, larger than any
     * max_bytes, are damage too */
    if (size > max_bytes)
        return err_set(err, ERR_CORRUPT,
                       "packed bytes are damaged or hold more than %zu bytes", max_bytes);
    room = buf_room(to, (size_t)size + 1); /* 1: NULL may be the room for no bytes */
    if (!room)
        return err_nomem(err);
    n = ZSTD_decompress(room, (size_t)size, packed.p, packed.n);
    if (ZSTD_isError(n) && out_of_memory(n))
        return err_nomem(err);
    if (n != size)
        return err_set(err, ERR_CORRUPT, "packed bytes are damaged");
    to->n += n;
    return true;
}

/* --- gzip --- */

bool is_gzip(str bytes)
{
    return str_starts(bytes, STR("\x1f\x8b"));
}

static void *gzip_alloc([[maybe_unused]] void *context, unsigned n, unsigned size)
{
    return mem_alloc((size_t)n * size);
}

static void gzip_free([[maybe_unused]] void *context, void *block)
{
    mem_free(block);
}

static bool gzip_damaged(struct err *err)
{
    return err_set(err, ERR_INPUT, "its gzip is damaged or cut");
}

/* Piece by piece, so that what the packed bytes announce costs nothing. */
static bool gzip_run(z_stream *z, size_t max_bytes, struct buf *to, struct err *err)
{
    enum { PIECE = 1 << 16 };
    size_t before = to->n;
    int result = Z_OK;

    while (result == Z_OK) {
        size_t left = max_bytes - (to->n - before),
               want = left < PIECE ? left + 1 : PIECE;
        char *room = buf_room(to, want);

        if (!room)
            return err_nomem(err);
        z->next_out = (Bytef *)room;
        z->avail_out = (uInt)want;
        result = inflate(z, Z_NO_FLUSH);
        if (want - z->avail_out > left)
            return err_set(err, ERR_LIMIT, "it unpacks to more than %zu bytes",
                           max_bytes);
        to->n += want - z->avail_out;
    }
    if (result == Z_MEM_ERROR)
        return err_nomem(err);
    return (result == Z_STREAM_END && !z->avail_in) || gzip_damaged(err);
}

bool gzip_unpack(str packed, size_t max_bytes, struct buf *to, struct err *err)
{
    z_stream z = {.zalloc = gzip_alloc, .zfree = gzip_free};
    bool ok;

    if (packed.n > UINT32_MAX)
        return gzip_damaged(err);
    z.next_in = (z_const Bytef *)(uintptr_t)packed.p;
    z.avail_in = (uInt)packed.n;
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) /* 16: gzip, nothing else */
        return err_nomem(err);
    ok = gzip_run(&z, max_bytes, to, err);
    inflateEnd(&z);
    return ok;
}
