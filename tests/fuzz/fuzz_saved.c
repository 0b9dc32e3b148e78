/* [F20] What a row of what is saved says is written the same again: there is one way to write it. */
#include "store/store_impl.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    struct arena a = {.limit = 8 << 20};
    struct saved_row row = {.number = 1};
    struct buf again = {};
    struct err err;

    if (saved_decode(bytes, &a, &row, &err)) {
        NEED(row.kind < SAVED_KINDS && saved_name_is_valid(row.name));
        NEED(row.text.n && row.text.n <= SAVED_TEXT_MAX);
        saved_encode(&row, &again);
        NEED(str_eq(buf_str(&again), bytes));
    }
    buf_free(&again);
    arena_free(&a);
    return 0;
}
