#include "value/learn.h"

#include <math.h>

bool learn_check(const struct learn_rows *r, struct err *err)
{
    size_t did = 0;

    if (!r->column_n || r->column_n > LEARN_COLUMNS_MAX)
        return err_set(err, ERR_INPUT, "1 to %d measures can be learnt from, not %u",
                       LEARN_COLUMNS_MAX, r->column_n);
    for (size_t i = 0; i < r->n * r->column_n; i++)
        if (!isfinite(r->x[i]))
            return err_set(err, ERR_INPUT, "a measure of row %zu is no number",
                           i / r->column_n + 1);
    for (size_t i = 0; i < r->n; i++)
        did += r->is[i];
    if (!did || did == r->n)
        return err_set(err, ERR_INPUT, "%s of %zu did it: there is nothing to tell apart",
                       did ? "everybody" : "nobody", r->n);
    return true;
}

double learn_share(double odds)
{
    double e = exp(-fabs(odds));

    return odds >= 0 ? 1 / (1 + e) : e / (1 + e);
}
