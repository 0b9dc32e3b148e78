/* assigned.h - who was given which treatment by chance, and what he did after it and before: what
 * lift.h compares.
 *
 * A customer is assigned by the first event that tells his group: one that a pattern picks and that
 * has the property, or an identify with the trait. Whoever is told another group by at_ms is in
 * several, and in none. What he did counts behind that event for as long as the plan says, the far
 * end included; and before it as far back as an event's own moment and that length reach his
 * assignment. Who could not be looked at for so long by at_ms is waiting.
 *
 * Written as per customer, then merge: each thread gathers rows of its own. */
#ifndef REPORT_ASSIGNED_H
#define REPORT_ASSIGNED_H

#include "base/bits.h"
#include "base/time.h"
#include "rule/picks.h"
#include "rule/scan.h"

#define ASSIGNED_GROUPS_MAX 20u

struct assigned_plan {
    const struct program *program; /* of picks, which follow */
    struct pick group;             /* whose value names the group */
    struct pick conversion;
    bool has_value;
    struct pick value; /* a number or money that conversions have */
    struct length within;
    const struct zone *zone;
    int64_t from_ms, to_ms; /* of the assignment: from_ms <= its moment < to_ms */
    int64_t at_ms;          /* what is later is not seen */
    int decimals;           /* of money, where it names groups */
};

struct assigned {
    int64_t at_ms, until_ms; /* when he was assigned, and until when he is looked at */
    uint32_t customer, group;
    uint32_t events;             /* of his timeline, up to the one that assigned him */
    uint32_t after, before;      /* conversions */
    int64_t spent, spent_before; /* what they brought, as it is stored */
    bool is_several, is_waiting;
};

struct assignments {
    struct assigned_plan plan;
    struct picks *picks;
    struct text_table name; /* of the groups */
    struct assigned *row;
    size_t n, cap;
};
[[nodiscard]] bool assignments_new(const struct assigned_plan *plan,
                                   struct assignments **out, struct err *err);
void assignments_free(struct assignments *s);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool assignments_add(struct assignments *s, const struct chunk *c, const struct bits *who,
                     struct err *err);
bool assignments_merge(struct assignments *into, const struct assignments *from,
                       struct err *err);
/* Numbers the groups by their names, and puts customers in their order: the same whatever was merged
 * into what. */
bool assignments_finish(struct assignments *s, struct err *err);

#endif
