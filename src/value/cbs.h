/* cbs.h - customers by sufficient statistic: all that a probability model needs of a customer's
 * purchases.
 *
 * x is on how many days he bought after the first one, t_x his age on the last of them, T his age
 * when he was last looked at; ages are days since his first purchase. Purchases of one day are one
 * transaction, and the last day is looked at whole. (D. C. Schmittlein, D. G. Morrison and
 * R. Colombo, "Counting Your Customers", Management Science 33 (1987), 1-24.) Customers with the
 * same three are one row with their number. */
#ifndef VALUE_CBS_H
#define VALUE_CBS_H

#include "base/err.h"

#include <stdint.h>

/* 200 years: more is no customer's age. */
enum { CBS_DAYS_MAX = 73000 };

struct cbs_row {
    uint32_t x;
    uint32_t last_days, age_days; /* t_x and T */
    uint32_t customers;
};
struct cbs {
    struct cbs_row *row;
    uint32_t n;
    uint32_t *slot, cap; /* of the rows, by what they are: 1 + number, 0 is empty */
    uint64_t customers, repeaters,
        purchases;   /* repeaters: x > 0; purchases: the sum of x */
    double log_gaps; /* the sum of log(days between two purchases), one after the other */
    uint32_t x_max, age_max;
};
/* `gaps`: his part of log_gaps. ERR_INPUT: x is more than days went by, a last day without a
 * purchase or the reverse, or after the last day that was looked at. Zero it to start. */
[[nodiscard]] bool cbs_add(struct cbs *c, struct cbs_row row, double gaps,
                           struct err *err);
/* Puts the rows in order, so that what is made of them does not hang on the order in which customers
 * came. */
[[nodiscard]] bool cbs_settle(struct cbs *c, struct err *err);
/* Which row has these three, which one of them has. */
uint32_t cbs_find(const struct cbs *c, struct cbs_row row);
void cbs_free(struct cbs *c);

#endif
