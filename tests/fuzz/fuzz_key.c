/* [F14] What is a key is written the same again: there is one way to write it. */
#include "store/store_impl.h"

#include "base/time.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    struct key_row k = {.number = 1};
    struct buf again = {};
    struct err err;

    if (!key_decode(bytes, &k, &err))
        return 0;
    NEED(k.number == 1 && k.right <= KEY_ADMIN);
    NEED(k.name.n > 0 && k.name.n <= KEY_NAME_MAX && str_is_utf8(k.name));
    NEED(k.made_ms >= MOMENT_MIN && k.made_ms <= MOMENT_MAX && k.revoked_ms >= k.made_ms);
    key_encode(&k, &again);
    NEED(str_eq(buf_str(&again), bytes));
    buf_free(&again);
    return 0;
}
