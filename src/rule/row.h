/* row.h - the same expressions over the rows of a table: what imports are described with.
 *
 * Names are the columns; a name that is no plain word stands in backquotes: `Order ID`.
 * A column is text; where a number is needed it is read as one, as the table's numbers are
 * written; those of the expression itself are 12.50. Empty is missing. Windows,
 * traits and stages have no meaning here and are refused. sum count min max avg first last
 * over an expression stand for the rows that share an id. */
#ifndef RULE_ROW_H
#define RULE_ROW_H

#include "base/decimal.h"
#include "event/event.h"

struct row_expr;
/* `column` are the table's names, for checking and for "did you mean"; `decimal` is borrowed
 * until the last row was asked, and need not be filled before the first. Lives in `a`. */
[[nodiscard]] bool row_expr_new(str text, const str *column, uint32_t column_n,
                                const struct decimal *decimal, struct arena *a,
                                struct row_expr **out, struct err *err);
/* Gives every row true or false: no number, no text, no function over rows. */
bool row_expr_is_condition(const struct row_expr *e);
/* Sets is_number[i] for each column i that is read as a number; with `as_number` also for one
 * that is the value itself and will be read so. */
void row_expr_numbers(const struct row_expr *e, bool as_number, bool *is_number);
/* Asks one row. ERR_INPUT when a column that must be a number is not empty and is none: the
 * message names the column and holds no value. Texts are borrowed from the row. A bare column
 * gives TEXT (or MISSING). */
bool row_expr_ask(const struct row_expr *e, const str *field, struct value *out,
                  struct err *err);

/* One measure over the rows that share an id: fed row by row, then asked. For an expression
 * without a function the first value (in the order fed) that is not missing counts. */
struct row_sum {
    __int128 sum;
    int64_t n;
    struct value
        best; /* first, last, min, max; its text lives in the arena given to feed */
};
/* ERR_INPUT as above, and the sum is then as before. */
bool row_expr_feed(const struct row_expr *e, const str *field, struct row_sum *sum,
                   struct arena *a, struct err *err);
/* MISSING when nothing was fed but missing values (count and sum then give 0), or when the
 * result does not fit. */
struct value row_expr_result(const struct row_expr *e, const struct row_sum *sum);

#endif
