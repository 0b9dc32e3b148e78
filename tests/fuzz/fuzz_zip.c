/* Any bytes packed come back; any bytes unpacked give at most what is allowed, or damage. */
#include "base/zip.h"

#include "support/fuzz.h"

#define OUT_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    struct buf packed = {}, back = {}, unpacked = {};
    struct err err;

    NEED(zip_pack(bytes, 1, &packed, &err));
    NEED(zip_unpack(buf_str(&packed), n, &back, &err));
    NEED(str_eq(buf_str(&back), bytes));
    if (n > 0) {
        buf_clear(&back);
        NEED(!zip_unpack(buf_str(&packed), n - 1, &back, &err)
             && err.code == ERR_CORRUPT);
    }
    if (zip_unpack(bytes, OUT_MAX, &unpacked, &err))
        NEED(unpacked.n <= OUT_MAX);
    else
        NEED(err.code == ERR_CORRUPT && unpacked.n == 0);
    buf_free(&packed);
    buf_free(&back);
    buf_free(&unpacked);
    return 0;
}
