/* compare.h - the stage histories that two models give to the same customers, side by side.
 *
 * Written as per customer, then merge: each thread counts into a comparison of its own,
 * compare_merge adds them up. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "report/flow.h"
#include "report/lengths.h"

enum { COMPARE_OLD, COMPARE_NEW, COMPARE_SIDES };

/* The stages of both sides by name: those of the old model, then what only the new one has. */
struct compare_stages {
    const str *name;
    uint32_t n;
    bool *has[COMPARE_SIDES];             /* by stage */
    const uint16_t *place[COMPARE_SIDES]; /* by the number in the side's own lifecycle */
};
/* NULL: this side has no such lifecycle. Lives in `a`, but for the names. */
bool compare_stages_of(const struct lifecycle *old, const struct lifecycle *new,
                       struct arena *a, struct compare_stages *out, struct err *err);

/* One who differs: the first moment of the time compared at which he stands elsewhere, where,
 * and where just before its end. STAGE_NONE: nowhere. */
struct differing {
    int64_t at_ms;
    uint32_t customer;
    uint16_t stage[COMPARE_SIDES], last[COMPARE_SIDES];
};

struct compare {
    const struct compare_stages *stages;
    struct flow flow[COMPARE_SIDES];
    struct lengths
        *stay[COMPARE_SIDES]; /* [period][stage]: of the stays that ended in it */
    uint64_t customers;       /* known before the end, on either side */
    uint64_t *last; /* [old stage][new stage], n is nowhere: who stands so at the end */
    struct differing *differing;
    size_t differing_n, differing_cap;
    struct moves renamed[COMPARE_SIDES]; /* of the customer at hand */
};
/* Compared is [edge[0], edge[period_n]). Counts live in `a`; compare_free for the rest. */
[[nodiscard]] bool compare_new(const struct compare_stages *stages, const int64_t *edge,
                               uint32_t period_n, struct arena *a, struct compare *out,
                               struct err *err);
void compare_free(struct compare *c);
/* One customer's moves, oldest first. After a failure the comparison can only be freed. */
bool compare_add(struct compare *c, uint32_t customer, const struct move *old,
                 size_t old_n, const struct move *new, size_t new_n, struct err *err);
bool compare_merge(struct compare *into, const struct compare *from, struct err *err);
/* Once, after the last, before it is asked: those who differ stand in the order of their moments. */
void compare_finish(struct compare *c);

/* The whole time is "period" COMPARE_ALL. */
#define COMPARE_ALL UINT32_MAX
struct compare_cell {
    uint64_t stock, entered, left; /* stock: just before the end */
    int64_t median_ms, p90_ms;     /* of the stays that ended; -1: none did */
};
/* Orders the lengths; two threads may not ask at once. */
bool compare_cell(struct compare *c, int side, uint32_t period, uint32_t stage,
                  struct compare_cell *out, struct err *err);

#endif
