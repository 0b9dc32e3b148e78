#include "base/zip.h"

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
