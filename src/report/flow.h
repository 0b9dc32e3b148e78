/* flow.h - how many customers stand in each stage, and how they move between stages.
 *
 * Written as per customer, then merge: each thread or shard counts into a flow of its own,
 * flow_merge adds them up. */
#ifndef REPORT_FLOW_H
#define REPORT_FLOW_H

#include "lifecycle/lifecycle.h"
#include "report/periods.h"

enum flow_by {
    FLOW_DAY = CALENDAR_DAY,
    FLOW_WEEK = CALENDAR_WEEK,
    FLOW_MONTH = CALENDAR_MONTH,
    FLOW_QUARTER = CALENDAR_QUARTER,
    FLOW_YEAR = CALENDAR_YEAR,
};
bool flow_by_parse(str name, enum flow_by *out);
str flow_by_name(enum flow_by by); /* "month" */

/* Edges e[0] < e[1] < .. < e[n]: period k is [e[k], e[k+1]), in the zone's calendar; the first
 * begins at or before from_ms, the last contains to_ms. Lives in `a`. ERR_LIMIT beyond
 * 100,000 periods. */
bool flow_edges(const struct zone *z, enum flow_by by, int64_t from_ms, int64_t to_ms,
                struct arena *a, const int64_t **edge, uint32_t *n, struct err *err);
/* The edges of one period with the moments after from_ms up to at_ms. */
bool flow_edges_at(int64_t from_ms, int64_t at_ms, int64_t edge[2], struct err *err);
/* "2011-12", "2011-12-05", "2011-Q4", "2011"; a week is named by its Monday. */
void flow_period_print(const struct zone *z, enum flow_by by, int64_t start_ms,
                       struct buf *to);

struct flow {
    uint32_t stage_n, period_n;
    const int64_t *edge; /* period_n + 1; a move at m belongs to period k when
                            edge[k] <= m < edge[k + 1] */
    uint64_t *stock; /* [period][stage]: just before the period's end, after flow_sum */
    uint64_t *moved; /* see flow_moved */
    struct periods periods;
};
/* Lives in `a`. ERR_LIMIT for more counts than anybody reads. */
[[nodiscard]] bool flow_new(uint32_t stage_n, const int64_t *edge, uint32_t period_n,
                            struct arena *a, struct flow *out, struct err *err);
/* One customer's moves, oldest first. Until flow_sum, which is called once, after the last, a stock is
 * what it has more than that of the period before. */
void flow_add(struct flow *f, const struct move *move, size_t n);
/* From stage_n: they came in. To stage_n: they are out. */
uint64_t flow_moved(const struct flow *f, uint32_t period, uint32_t from, uint32_t to);
void flow_merge(struct flow *into, const struct flow *from);
void flow_sum(struct flow *f);
uint64_t flow_population(const struct flow *f, uint32_t period);
uint64_t flow_entered(const struct flow *f, uint32_t period, uint32_t stage);
uint64_t flow_left(const struct flow *f, uint32_t period, uint32_t stage);

#endif
