/* journey.h - stage by touchpoint: what customers do in each stage, when, how content they are
 * then, and after what they are lost.
 *
 * A stay is the time from one move of a customer to his next; an event belongs to the stay in
 * which he stood just before its moment, since what it moves follows from it; an event of his
 * first moment belongs to his first stay. A touchpoint is what an event is called by. In a stay
 * the first event of a touchpoint is its touch.
 *
 * A touch is lost when within the length after it he moves to a worse stage, before any other; or,
 * when he moves nowhere, does nothing any more. It is open as long as neither is known.
 *
 * Written as per customer, then merge: each thread or shard counts into a map of its own,
 * journey_merge adds them up. */
#ifndef REPORT_JOURNEY_H
#define REPORT_JOURNEY_H

#include "base/bits.h"
#include "lifecycle/lifecycle.h"
#include "report/lengths.h"
#include "report/listed.h"
#include "report/share.h"
#include "report/through.h"
#include "rule/scan.h"

struct journey_plan {
    const struct program *program; /* of picks, all of which follow */
    struct through through;
    struct pick any; /* what tells that he still does something */
    bool has_score;
    struct pick score; /* a number that answers have; they are no touchpoints */
    const struct lifecycle *lifecycle;
    const struct move *(*moves)(const void *context, uint32_t customer, size_t *n);
    const void *moves_context;
    const bool
        *worse; /* [stage][stage, or stage_n for none]: from the one to the other */
    struct length within; /* in which he is lost */
    const struct zone *zone;
    int64_t from_ms, to_ms; /* of the events that are touchpoints */
    int64_t at_ms;          /* what is later is not seen */
    bool list;              /* list who is in the cell; */
    bool list_lost;         /* only those of whom a touch was lost */
    uint16_t list_stage;
    str list_name;
};

/* Of a stage all touchpoints together, or one of them. */
struct journey_cell {
    uint16_t stage, name; /* NAME_NONE: all touchpoints of the stage */
    uint64_t customers, events;
    uint32_t last;               /* customer counted */
    uint64_t stay;               /* last one counted */
    struct lengths since, until; /* from the stay's beginning to the touch; to its end */
    struct share lost;           /* of its touches that are not open */
    struct share stays; /* of the stays with it: of those whose first touch is not open */
    __int128 score;     /* sum of the answers that followed */
    uint64_t answers;
    bool listed;
};

struct journey {
    struct journey_plan plan;
    struct picks *picks;
    struct step_names names;
    struct through_look look;
    struct journey_cell *cell;
    uint32_t cell_n, cell_cap;
    uint32_t *place; /* [stage][name_cap], by name: 1 + where in .cell, or 0 */
    uint32_t name_cap;
    uint64_t stay; /* the last one's number */
    struct listed listed;
};

/* The plan outlives it. */
[[nodiscard]] bool journey_new(const struct journey_plan *plan, struct journey **out,
                               struct err *err);
void journey_free(struct journey *j);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool journey_add(struct journey *j, const struct chunk *c, struct scan_span span,
                 const struct bits *who, struct err *err);
bool journey_merge(struct journey *into, const struct journey *from, struct err *err);

#endif
