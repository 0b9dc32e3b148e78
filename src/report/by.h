/* by.h - what customers are broken down by: which value is a customer's, and as text. */
#ifndef REPORT_BY_H
#define REPORT_BY_H

#include "rule/picks.h"

#define BY_NONE UINT32_MAX

/* The value that an event has, as a place in `p`; or BY_NONE. */
uint32_t by_event(const struct picked *p, uint32_t event);
/* The one that was told last by the events [from, to), unless it was taken away; or BY_NONE. */
uint32_t by_told(const struct picked *p, uint32_t from, uint32_t to);
/* `decimals` of money. */
void by_put(struct buf *to, const struct picks *k, struct pick pick, int decimals,
            int64_t value);

#endif
