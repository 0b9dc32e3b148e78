/* What decodes as a row of ids holds only ids of its bucket, in order, and there is one way to
 * write it. */
#include "store/seen_impl.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct seen_bucket b = {0};
    struct buf again = {0};
    struct err err;
    unsigned bits;
    uint64_t bucket;

    if (n < 5)
        return 0;
    bits = p[0] % (SEEN_BITS_MAX + 1);
    bucket = (uint64_t)p[1] << 24 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 8 | p[4];
    bucket &= ((uint64_t)1 << bits) - 1;
    if (!seen_decode((str){(const char *)p + 5, n - 5}, bits, bucket, &b, &err)) {
        NEED(err.code == ERR_CORRUPT);
    } else {
        for (size_t i = 0; i < b.n; i++) {
            NEED(bits == 0 || b.id[i].high >> (64 - bits) == bucket);
            NEED(i == 0 || hash128_cmp(b.id[i - 1], b.id[i]) < 0);
        }
        seen_encode(b.id, b.n, bits, &again);
        NEED(str_eq(buf_str(&again), (str){(const char *)p + 5, n - 5}));
    }
    mem_free(b.id);
    buf_free(&again);
    return 0;
}
