/* The first line is an expression, the second a row of three fields between bars. Whatever
 * they hold, and however their numbers are written, there is an answer or an error; fed as one
 * row, the result is the answer. */
#include "rule/row.h"

#include "support/fuzz.h"

#include <string.h>

enum { COLUMNS = 3 };

static str cut(str *rest, char end)
{
    const char *stop = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    str part = {rest->p, stop ? (size_t)(stop - rest->p) : rest->n};

    *rest = str_from(*rest, part.n + (stop != NULL));
    return part;
}

static bool same(struct value a, struct value b)
{
    if (a.type != b.type)
        return false;
    if (a.type == VALUE_TEXT)
        return str_eq(a.text, b.text);
    return a.type == VALUE_BOOL ? a.truth == b.truth : a.number == b.number;
}

static void ask(const uint8_t *bytes, size_t n, const struct decimal *decimal)
{
    static const str columns[COLUMNS] = {
        {"Quantity", 8}, {"UnitPrice", 9}, {"Order ID", 8}};
    str rest = {(const char *)bytes, n}, text = cut(&rest, '\n'), field[COLUMNS];
    struct err err = {.code = ERR_NONE};
    struct arena a = {.limit = 1 << 22};
    struct row_sum sum = {0};
    struct row_expr *e;
    struct value v, result;

    for (int i = 0; i < COLUMNS; i++)
        field[i] = cut(&rest, '|');
    if (!row_expr_new(text, columns, COLUMNS, decimal, &a, &e, &err)) {
        NEED(err.code == ERR_INPUT && err.line > 0 && err.column > 0 && err.msg[0]);
    } else if (!row_expr_ask(e, field, &v, &err)) {
        NEED(err.code == ERR_INPUT && !row_expr_feed(e, field, &sum, &a, &err));
        NEED(sum.n == 0);
    } else {
        NEED(row_expr_feed(e, field, &sum, &a, &err));
        result = row_expr_result(e, &sum);
        /* count alone gives another value than its row's. */
        NEED(same(v, result) || memmem(text.p, text.n, "count", 5)
             || v.type == VALUE_MISSING);
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct decimal written[] = {{0}, {'.', {"EUR", 3}}, {',', {"EUR", 3}}};

    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        ask(bytes, n, &written[i]);
    return 0;
}
