/* buyer.h - everybody's purchases in the days of the calendar: purchases of one day are one
 * transaction. */
#ifndef VALUE_BUYER_H
#define VALUE_BUYER_H

#include "base/bits.h"
#include "rule/picks.h"
#include "rule/scan.h"
#include "value/cbs.h"
#include "value/gamma_gamma.h"
#include "value/period.h"

struct buyer {
    uint32_t customer;
    uint32_t x;             /* days with a purchase, after the first */
    int32_t first_day, day; /* the first and the latest, counted from 1970 */
    double log_gaps;        /* of the days between two, the sum of their logarithms */
    int64_t first_spent;    /* on the first day, as the value is stored */
    int64_t spent;          /* on days after it */
    /* Of those who had bought by the last day that a model may know. */
    uint32_t later; /* days with a purchase after it */
    int64_t later_spent;
    int32_t later_day; /* the latest of them */
    uint32_t lately; /* days with a purchase among so many up to it, the first one too */
    uint32_t before; /* and before these */
    int32_t before_day;
};
/* What comes later comes later: days ascend. `any`: he has bought before. */
void buyer_add(struct buyer *b, bool any, int32_t day, int64_t spent);
/* As of the end of that day, which is not before his latest. */
struct cbs_row buyer_cbs(const struct buyer *b, int32_t until_day);

struct buyers_plan {
    const struct program *program; /* of picks, which follow */
    struct pick event, value;      /* the value is a number or money that the event has */
    bool has_value;
    const struct zone *zone;
    int64_t at_ms; /* what happened later is not seen */
    enum period
        period; /* what counts as one transaction; all days below, and of buyers, are such */
    int32_t until_day;   /* the last that a model may know */
    int32_t after_days;  /* how many behind it are looked at, to hold the model against */
    int32_t before_days; /* how many before its end are .lately */
};
struct buyers {
    struct buyers_plan plan;
    struct picks *picks;
    struct buyer *row; /* who bought by until_day, one customer after the other */
    size_t n, cap;
};
[[nodiscard]] bool buyers_new(const struct buyers_plan *plan, struct buyers **out,
                              struct err *err);
void buyers_free(struct buyers *b);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool buyers_add(struct buyers *b, const struct chunk *c, const struct bits *who,
                struct err *err);
bool buyers_merge(struct buyers *into, const struct buyers *from, struct err *err);

#endif
