/* [F6] A batch of refusals that decodes holds what one may, and encodes to one that decodes to the
 * same. */
#include "store/store_impl.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {.limit = 64 << 20};
    const struct refusal *r, *again;
    struct refused_batch b = {0};
    struct err err;

    if (n && refused_decode((str){(const char *)p + 1, n - 1}, p[0], &a, &r, &err)) {
        for (uint8_t i = 0; i < p[0]; i++) {
            NEED(r[i].source.n <= REFUSED_NAME_MAX && r[i].reason.n <= REFUSED_NAME_MAX
                 && r[i].text.n <= REFUSED_TEXT_MAX);
            NEED(refused_encode(&b, &r[i], &err));
        }
        NEED(b.n == p[0] && refused_decode(buf_str(&b.rows), b.n, &a, &again, &err));
        for (uint8_t i = 0; i < p[0]; i++)
            NEED(r[i].line == again[i].line && str_eq(r[i].source, again[i].source)
                 && str_eq(r[i].reason, again[i].reason)
                 && str_eq(r[i].text, again[i].text));
    } else if (n) {
        NEED(err.code == ERR_CORRUPT);
    }
    refused_batch_free(&b);
    arena_free(&a);
    return 0;
}
