/* What reads as a fit is written the same, and reads the same again; whatever it says, it can be asked. */
#include "value/kept.h"

#include "support/fuzz.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct rule_bought bought[] = {
        {0, 0, 0, 0}, {1, 1, 1, 2.5}, {7, 90, 400, 120}, {2, 30, 73000, -1}};
    struct kept_fit one, two;
    struct buf text = {}, again = {};
    struct arena a = {};
    struct err err;

    if (kept_parse((str){(const char *)p, n}, &a, &one, &err)) {
        kept_print(&one, &text);
        NEED(kept_parse(buf_str(&text), &a, &two, &err));
        kept_print(&two, &again);
        NEED(str_eq(buf_str(&text), buf_str(&again)));
        for (size_t i = 0; i < sizeof bought / sizeof *bought; i++)
            for (int what = 0; what < WORTHS_END; what++) {
                double d = kept_worth(&one, (enum rule_worth)what, &bought[i]);
                double e = kept_worth(&two, (enum rule_worth)what, &bought[i]);

                NEED(d == e || (isnan(d) && isnan(e)));
            }
    }
    arena_free(&a);
    buf_free(&text);
    buf_free(&again);
    return 0;
}
