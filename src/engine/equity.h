/* equity.h - customer equity: what is expected of all customers, by the stage in which they are or the
 * month of their first purchase. */
#ifndef ENGINE_EQUITY_H
#define ENGINE_EQUITY_H

#include "engine/value.h"
#include "value/lift.h"

struct equity_question {
    struct value_question value; /* .hold_out and .customer are not asked for */
    str by;                      /* stage (empty, too) or cohort */
    str lifecycle;               /* by stage; empty: the first */
    str list; /* the customers of the row of this name; empty: of none */
};
struct equity_row {
    str name; /* retention, or 2026-01; (none): in no stage */
    uint64_t customers, untold;
    double alive; /* the sum of their probabilities */
    __int128
        worth; /* as all numbers, six decimals: what each will bring, rounded, then summed */
    struct joint told; /* .after: what is expected of each of whom it is told */
};
/* How much more is expected of each customer in the stage to which a move of the model leads than of each in
 * that from which it comes: of those who are there, not what moving somebody would bring. */
struct equity_move {
    uint16_t from, to; /* rows */
    struct welch
        more; /* .difference, .low and .high; NAN: fewer than two in one of them */
};
struct equity_view {
    struct value_view value;
    bool by_cohort, has_list;
    const struct equity_row
        *row; /* stages as in the model's text, cohorts the oldest first */
    size_t row_n;
    const struct equity_move *move; /* in the order of the stages; none by cohort */
    size_t move_n;
    struct equity_row all;
    struct listed listed;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Rows live in
 * `a`; *out is to be freed by equity_free. */
[[nodiscard]] bool engine_equity(struct engine *e, const struct equity_question *q,
                                 struct arena *a, struct equity_view *out, str *wrong,
                                 struct err *err);
void equity_free(struct equity_view *v);
/* The mean of a row's customers of whom it is told; not finite: of none. */
double equity_mean(const struct equity_row *row);
[[nodiscard]] bool equity_put_json(struct json_out *j, const struct engine *e,
                                   const struct equity_view *v, struct arena *a,
                                   struct err *err);

#endif
