/* funnel.h - how many customers get how far along ordered steps, how long it takes them, and what
 * those who stop do instead.
 *
 * A way of k steps is k events of a customer, in the order of his timeline (moment, then message
 * id), the first one picked by the first step's pattern, the second by the second's, and so on,
 * each within the limit, the far end included; strict: with no other event between. Any choice of
 * events counts. A customer got as far as his longest way; of ways as long, the one that is shown
 * ends earliest, and of those it is the quickest: the one whose first event is the latest, then
 * the second, and so on; where the limit is from step to step, whose last but one is the latest,
 * then the one before.
 *
 * Written as per customer, then merge: each thread or shard counts into a funnel of its own,
 * funnel_merge adds them up. */
#ifndef REPORT_FUNNEL_H
#define REPORT_FUNNEL_H

#include "base/bits.h"
#include "report/lengths.h"
#include "report/listed.h"
#include "rule/picks.h"
#include "rule/scan.h"

#define FUNNEL_STEPS_MAX 16u
#define FUNNEL_GROUPS_MAX 10000u

enum funnel_limit { FUNNEL_NO_LIMIT, FUNNEL_FROM_START, FUNNEL_EACH_STEP };
enum funnel_by {
    FUNNEL_BY_NOTHING,
    FUNNEL_BY_FIRST, /* by what the first event of his way has */
    FUNNEL_BY_TOLD   /* by what is known of him at at_ms */
};

struct funnel_plan {
    const struct program *program; /* of picks, all of which follow */
    struct pick step[FUNNEL_STEPS_MAX], any;
    uint32_t step_n;
    enum funnel_limit limit;
    struct length within;
    const struct zone *zone; /* of the limit's months */
    bool strict;
    int64_t from_ms, to_ms; /* the first step's event: from_ms <= its moment < to_ms */
    int64_t at_ms;          /* events after it are not seen */
    enum funnel_by by;
    struct pick by_pick;
    int decimals;       /* of money among what is broken down by */
    uint32_t type_n;    /* of events, in the catalog */
    uint32_t stopped;   /* who stopped at this step is listed, from 1; 0: nobody; ... */
    bool beyond;        /* ... who got further, too; ... */
    bool by_next;       /* ... but only whose next event, having stopped, */
    uint32_t next;      /* is of this type; type_n: who did nothing more; ... */
    bool in_group;      /* ... but only of the group with the name `group`, */
    bool group_missing; /* or of whom it is missing */
    str group;
};

struct funnel_group {
    uint64_t customers[FUNNEL_STEPS_MAX]; /* who got to the step, or beyond */
    struct lengths
        took[FUNNEL_STEPS_MAX]; /* to the step from the one before; of the first
                                              step: from the first to the last */
};

struct funnel {
    struct funnel_plan plan;
    struct picks *picks;
    struct text_table name;     /* of the groups, see funnel_name */
    struct funnel_group *group; /* without a breakdown: one */
    uint32_t group_cap;
    uint64_t
        *next; /* [step][type, or type_n for none]: the next event of who stopped there */
    struct listed listed;
};

/* The plan's program outlives it. */
[[nodiscard]] bool funnel_new(const struct funnel_plan *plan, struct funnel **out,
                              struct err *err);
void funnel_free(struct funnel *f);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool funnel_add(struct funnel *f, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err);
bool funnel_merge(struct funnel *into, const struct funnel *from, struct err *err);

static inline uint32_t funnel_group_n(const struct funnel *f)
{
    return f->name.n;
}
/* What the customers of a group have in common; false: the value is missing, or nothing is asked
 * for. */
bool funnel_name(const struct funnel *f, uint32_t group, str *out);
/* All groups as one. To be freed by funnel_group_free. */
bool funnel_total(const struct funnel *f, struct funnel_group *out, struct err *err);
void funnel_group_free(struct funnel_group *g);

#endif
