/* rfm.h - recency, frequency, monetary: everybody who bought gets three scores from 1 to 5.
 *
 * How long ago the last event was, how many there were, and what they sum up to; 5 is best. Scores
 * hang on everybody, so that each thread or shard gathers what it has of each customer, rfm_merge
 * puts it together, and rfm_score scores it. */
#ifndef SEGMENT_RFM_H
#define SEGMENT_RFM_H

#include "base/bits.h"
#include "rule/picks.h"
#include "rule/scan.h"

#define RFM_SCORES 5u
#define RFM_CUTS (RFM_SCORES - 1)

/* Who shares a score. Everybody's values in order, the worst first, n in all: */
#define RFM_METHODS(X)                                                                         \
    /* a score more for each of the values at the places k * n / 5 (rounded down, from 0)    \
     * that one's own reaches: equal values share a score */ \
    X(QUINTILES, "quintiles")                                                                  \
    /* a score more for each of the cuts at (n - 1) * k / 5, between two values in         \
     * proportion, that one's own passes: equal values share a score */   \
    X(INTERPOLATED, "interpolated")                                                            \
    /* by place: 1 + 5 * place / n; of equal values the smaller id is before the other */      \
    X(RANKS, "ranks")                                                                          \
    /* a score more for each limit of one's own that is reached */                             \
    X(LIMITS, "limits")

enum rfm_method {
#define X(name, text) RFM_##name,
    RFM_METHODS(X)
#undef X
        RFM_METHODS_END
};
bool rfm_method_parse(str name, enum rfm_method *out);
str rfm_method_name(enum rfm_method m);

enum { RFM_RECENCY, RFM_FREQUENCY, RFM_MONETARY, RFM_MEASURES };

/* The named groups: by the scores of recency and frequency. */
#define RFM_GROUPS(X)                                                                    \
    X(CHAMPIONS, "champions")                                                            \
    X(LOYAL, "loyal")                                                                    \
    X(POTENTIAL, "potential loyalists")                                                  \
    X(NEW, "new")                                                                        \
    X(PROMISING, "promising")                                                            \
    X(ATTENTION, "need attention")                                                       \
    X(SLEEPY, "about to sleep")                                                          \
    X(CANNOT_LOSE, "cannot lose")                                                        \
    X(AT_RISK, "at risk")                                                                \
    X(HIBERNATING, "hibernating")

enum rfm_group {
#define X(name, text) RFM_##name,
    RFM_GROUPS(X)
#undef X
        RFM_GROUPS_END
};
str rfm_group_name(enum rfm_group g);
enum rfm_group rfm_group_of(unsigned recency, unsigned frequency);

struct rfm_plan {
    const struct program *program; /* of picks, which follow */
    struct pick event, value;      /* the value is a number or money that the event has */
    const struct zone *zone;
    int64_t from_ms, at_ms; /* events in from_ms <= moment <= at_ms */
    bool in_days;           /* recency: days of the calendar, not moments */
    enum rfm_method method;
    int64_t limit[RFM_MEASURES][RFM_CUTS]; /* LIMITS: ascending; recency's are days of the
                                              calendar (day_of_ms), the others as values */
};

struct rfm_customer {
    uint32_t customer;
    uint8_t score[RFM_MEASURES]; /* by rfm_score */
    int64_t last_ms, n, value;
};

struct rfm {
    struct rfm_plan plan;
    struct picks *picks;
    struct rfm_customer *row;
    size_t n, cap;
    int64_t cut[RFM_MEASURES]
               [RFM_CUTS]; /* that scores were given by: fifths of them where they
                                            are interpolated; RANKS: none */
};

[[nodiscard]] bool rfm_new(const struct rfm_plan *plan, struct rfm **out,
                           struct err *err);
void rfm_free(struct rfm *r);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool rfm_add(struct rfm *r, const struct chunk *c, struct scan_span span,
             const struct bits *who, struct err *err);
bool rfm_merge(struct rfm *into, const struct rfm *from, struct err *err);
/* Scores all. `by_id` is asked for RANKS alone: < 0 when a's id is smaller than b's. */
bool rfm_score(struct rfm *r, int (*by_id)(void *context, uint32_t a, uint32_t b),
               void *context, struct err *err);

#endif
