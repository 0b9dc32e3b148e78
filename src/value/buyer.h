/* buyer.h - one customer's purchases, in the days of the calendar: purchases of one day are one
 * transaction. */
#ifndef VALUE_BUYER_H
#define VALUE_BUYER_H

#include "value/cbs.h"
#include "value/gamma_gamma.h"

#include <stdint.h>

struct buyer {
    uint32_t customer;
    uint32_t x;             /* days with a purchase, after the first */
    int32_t first_day, day; /* the first and the latest, counted from 1970 */
    double log_gaps;        /* of the days between two, the sum of their logarithms */
    int64_t spent;          /* on days after the first, as the value is stored */
};
/* What comes later comes later: days ascend. Zero all but .customer, and *any, to start. */
void buyer_add(struct buyer *b, bool *any, int32_t day, int64_t spent);
/* As of the end of that day, which is not before his latest. */
[[nodiscard]] bool buyer_to_cbs(const struct buyer *b, int32_t until_day, struct cbs *c,
                                struct err *err);

#endif
