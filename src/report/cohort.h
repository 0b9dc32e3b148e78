/* cohort.h - customers by the period in which they began, and what of them comes again.
 *
 * begin.h says where a customer begins; his cohort is the period that holds it. What comes again
 * are events that `again` picks, from there on: the event with which he begins is one of them when
 * it is picked, too, and is not for plan.repeat.
 *
 * Written as per customer, then merge: each thread or shard counts into cohorts of its own,
 * cohort_merge adds them up. */
#ifndef REPORT_COHORT_H
#define REPORT_COHORT_H

#include "base/bits.h"
#include "report/begin.h"
#include "report/listed.h"
#include "report/share.h"
#include "rule/scan.h"

#define COHORT_PERIODS_MAX 500u
#define COHORT_TIMES_MAX 100u

struct cohort_plan {
    const struct program *program; /* of picks, all of which follow */
    struct begin begin;
    struct pick again;
    bool repeat;
    bool has_value;
    struct pick value;   /* a number or money that events of `again` have */
    const int64_t *edge; /* period_n + 1, see flow_edges */
    uint32_t period_n;
    int64_t from_ms, to_ms; /* who begins: from_ms <= the moment < to_ms */
    int64_t at_ms;          /* events after it are not seen */
    bool list;              /* list who is in the cell: */
    uint32_t list_cohort;   /* COHORT_ANY: in any cohort */
    uint32_t list_period;   /* COHORT_ANY: everybody in the cohort */
    uint32_t list_times;    /* of them, for whom it came so often at least */
};
#define COHORT_ANY UINT32_MAX

struct cohort_cell {
    uint64_t customers; /* with an event in the period */
    uint64_t came;      /* of them, those who had none before */
    uint64_t events;
    __int128 value;
};

struct cohorts {
    struct cohort_plan plan;
    struct picks *picks;
    uint64_t *began; /* by cohort */
    struct cohort_cell
        *cell; /* [cohort][period], the period from the beginning of time on */
    /* Who had at least so many events of `again`, whenever; of 1 to COHORT_TIMES_MAX. */
    uint64_t at_least[COHORT_TIMES_MAX + 1];
    struct listed listed;
};

/* The plan's program and edges outlive it. ERR_LIMIT for too many periods. */
[[nodiscard]] bool cohorts_new(const struct cohort_plan *plan, struct cohorts **out,
                               struct err *err);
void cohorts_free(struct cohorts *c);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool cohorts_add(struct cohorts *c, const struct chunk *chunk, struct scan_span span,
                 const struct bits *who, struct err *err);
bool cohorts_merge(struct cohorts *into, const struct cohorts *from, struct err *err);

/* A cohort's cell, or all of its cells up to there: .customers then are those who came by its
 * end. */
struct cohort_cell cohort_cell(const struct cohorts *c, uint32_t cohort, uint32_t period,
                               bool cumulated);
/* Of all who began, as far as the period so many after their cohort's is over at at_ms: for how
 * many something came in it; cumulated: by its end. */
struct share cohort_after(const struct cohorts *c, uint32_t number, bool cumulated);
/* Of those for whom something came so many times, for how many once more. */
struct share cohort_once_more(const struct cohorts *c, uint32_t times);

#endif
