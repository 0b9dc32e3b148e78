/* [F19] What a row of costs says is written the same again: there is one way to write it. */
#include "store/store_impl.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    const struct spend_row *row;
    struct arena a = {.limit = 8 << 20};
    struct buf again = {};
    struct err err;
    uint32_t rows;

    if (spend_decode(bytes, &a, &row, &rows, &err)) {
        NEED(rows > 0 && rows <= SPEND_ROWS_MAX);
        for (uint32_t i = 0; i < rows; i++) {
            NEED(row[i].day >= 0 && row[i].day < SPEND_DAYS && row[i].channel.n);
            NEED(spend_name_is_valid(row[i].source) && spend_name_is_valid(row[i].channel)
                 && spend_name_is_valid(row[i].campaign));
        }
        spend_encode(row, rows, &again);
        NEED(str_eq(buf_str(&again), bytes));
    }
    buf_free(&again);
    arena_free(&a);
    return 0;
}
