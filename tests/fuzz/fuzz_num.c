/* What parses must print, and what is printed must parse to the same number. */
#include "base/num.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    int64_t number, again;

    if (num_parse((str){(const char *)p, n}, &number)) {
        struct buf text = {NULL};

        num_print(&text, number);
        NEED(num_parse(buf_str(&text), &again));
        NEED(again == number);
        buf_free(&text);
    }
    return 0;
}
