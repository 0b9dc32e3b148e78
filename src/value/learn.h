/* learn.h - rows from which it is learnt who will do something. */
#ifndef VALUE_LEARN_H
#define VALUE_LEARN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { LEARN_COLUMNS_MAX = 64 };

struct learn_rows {
    size_t n;
    uint32_t column_n;
    const double *x; /* n times column_n, row by row; all of them are numbers */
    const bool *is;  /* by row: he did it */
};
/* ERR_INPUT: there are no columns or too many, or a number is none, or all did it, or nobody did: there
 * is nothing to tell apart. */
bool learn_check(const struct learn_rows *r, struct err *err);
/* 1 / (1 + exp(-odds)), whatever the odds. */
double learn_share(double odds);

#endif
