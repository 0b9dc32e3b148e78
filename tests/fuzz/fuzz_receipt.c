/* What is a receipt is printed as a receipt that says the same, and there is one way to write it;
 * whatever was not signed by the key that it names is not taken as signed. */
#include "engine/receipt.h"

#include "support/fuzz.h"

#include <string.h>

static struct json_parser *parser;

__attribute__((constructor)) static void make(void)
{
    struct err err;

    NEED(json_parser_new(&parser, &err));
}

static bool parse(str text, struct arena *a, struct receipt *out, str *salt)
{
    enum { SPARE = 64 };
    char *padded = arena_alloc(a, text.n + SPARE, 1);
    const struct json *json;
    struct err err;

    NEED(padded);
    memset(padded, 0, text.n + SPARE);
    if (text.n)
        memcpy(padded, text.p, text.n);
    if (json_parse(parser, (str){padded, text.n}, a, &json, &err)
        && receipt_parse(json, a, out, salt, &err))
        return true;
    NEED(err.code == ERR_INPUT);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct buf text = {}, again = {};
    struct receipt one, other;
    struct seal seal = {};
    struct arena a = {};
    struct err err;
    bool is_signed;
    str salt;

    if (parse((str){(const char *)p, n}, &a, &one, &salt)) {
        receipt_print(&one, salt, &text);
        NEED(parse(buf_str(&text), &a, &other, &salt));
        receipt_print(&other, salt, &again);
        NEED(str_eq(buf_str(&text), buf_str(&again)));
        NEED(receipt_sign(&other, &seal, &err));
        NEED(receipt_is_signed(&other, &is_signed, &err) && is_signed);
        other.counts.events++;
        NEED(receipt_is_signed(&other, &is_signed, &err) && !is_signed);
    }
    buf_free(&text);
    buf_free(&again);
    arena_free(&a);
    return 0;
}
