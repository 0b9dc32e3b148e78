/* [F17] What is a webhook is written the same again: there is one way to write it. */
#include "store/store_impl.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    struct webhook_row w = {.number = 1};
    struct arena a = {.limit = 1 << 20};
    struct buf again = {};
    struct err err;

    if (webhook_decode(bytes, &a, &w, &err)) {
        NEED(w.number == 1 && w.state <= WEBHOOK_GONE);
        NEED(w.name.n > 0 && w.name.n <= WEBHOOK_NAME_MAX && str_is_utf8(w.name));
        NEED(w.type_n <= WEBHOOK_FILTERS_MAX && w.stage_n <= WEBHOOK_FILTERS_MAX);
        webhook_encode(&w, &again);
        NEED(str_eq(buf_str(&again), bytes));
    }
    buf_free(&again);
    arena_free(&a);
    return 0;
}
