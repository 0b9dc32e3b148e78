/* What reads as rates is written the same, and reads the same again. */
#include "engine/rates.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct rates one = {}, two = {};
    struct buf text = {}, again = {};
    struct err err;

    if (rates_parse(&one, STR("USD"), (str){(const char *)p, n}, &err) && one.n) {
        rates_print(one.row, one.n, &text);
        NEED(rates_parse(&two, STR("USD"), buf_str(&text), &err) && two.n == one.n);
        rates_print(two.row, two.n, &again);
        NEED(str_eq(buf_str(&text), buf_str(&again)));
        for (size_t i = 0; i < one.n; i++) {
            int64_t worth;

            NEED(one.row[i].value == two.row[i].value
                 && one.row[i].day == two.row[i].day);
            NEED(rate_convert(&one.row[i], 0, 2, 2, &worth) && worth == 0);
            if (rate_convert(&one.row[i], INT64_MAX, 4, 4, &worth))
                NEED(worth >= 0);
        }
    }
    rates_free(&one);
    rates_free(&two);
    buf_free(&text);
    buf_free(&again);
    return 0;
}
