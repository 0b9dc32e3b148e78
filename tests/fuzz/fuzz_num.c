/* What parses must print, and what is printed must parse to the same number. With points for
 * commas and commas for points a text is the same number, or none, where commas stand before
 * the decimals. */
#include "base/decimal.h"
#include "base/num.h"

#include "support/fuzz.h"

static void swap(str text)
{
    struct decimal point = {'.', {"EUR", 3}}, comma = {',', {"EUR", 3}}, none = {0};
    int64_t a, b, c;
    char swapped[128];
    bool ok;

    if (text.n > sizeof swapped)
        return;
    for (size_t i = 0; i < text.n; i++)
        swapped[i] = text.p[i] == '.' ? ',' : text.p[i] == ',' ? '.' : text.p[i];
    ok = decimal_parse(&point, text, &a);
    NEED(decimal_parse(&comma, (str){swapped, text.n}, &b) == ok);
    NEED(!ok || a == b);
    NEED(!num_parse(text, &c) || (ok && a == c));
    NEED(!decimal_parse(&none, text, &c) || (ok && a == c));
    decimal_is_foreign(&point, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    int64_t number, again;

    swap((str){(const char *)p, n});

    if (num_parse((str){(const char *)p, n}, &number)) {
        struct buf text = {NULL};

        num_print(&text, number);
        NEED(num_parse(buf_str(&text), &again));
        NEED(again == number);
        buf_free(&text);
    }
    return 0;
}
