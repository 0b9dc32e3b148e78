/* returns.h - whom channels or campaigns reach, whom they win, and what comes of it.
 *
 * A touch is what sources.h says. A source reaches who has a touch of it in the range. A customer
 * is won by his first touch ever, or with `won` by the first event of his life that fits it, when
 * that is in the range; what he does in the range that fits `event` is counted with its value.
 * Both belong to the first touch of his life up to that event (it being one included), or to the
 * last one (by_last); or to nobody, when there is none.
 *
 * Written as per customer, then merge: each thread or shard counts into returns of its own,
 * returns_merge adds them up. */
#ifndef REPORT_RETURNS_H
#define REPORT_RETURNS_H

#include "base/bits.h"
#include "report/listed.h"
#include "report/sources.h"
#include "rule/picks.h"
#include "rule/scan.h"

enum returns_list {
    RETURNS_LIST_NONE,
    RETURNS_LIST_REACHED,
    RETURNS_LIST_WON,
    RETURNS_LIST_EVENTS
};

struct returns_plan {
    const struct program *program; /* of picks, all of which follow */
    bool has_won, has_event, has_value;
    struct pick won, event, value; /* value: a number or money that `event` has */
    bool by_last;
    struct source_plan source;
    int64_t from_ms, to_ms, at_ms; /* the range; events after at_ms are not seen */
    enum returns_list list;
    str list_channel,
        list_campaign; /* channel SOURCE_NO_CAMPAIGN: nobody's; campaign empty: any */
};

struct returns_source {
    uint64_t reached, won, events;
    __int128 value;
    uint64_t stamp; /* the last customer who was reached */
};

struct returns {
    struct returns_plan plan;
    struct picks *picks;
    struct sources sources;
    struct returns_source *source; /* by number */
    uint32_t source_cap;
    struct returns_source nobody, all; /* all: each customer once */
    uint64_t customer_n;               /* that were looked at */
    struct listed listed;
};

/* The plan's program and channels outlive it. */
[[nodiscard]] bool returns_new(const struct returns_plan *plan, struct returns **out,
                               struct err *err);
void returns_free(struct returns *r);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool returns_add(struct returns *r, const struct chunk *c, const struct bits *who,
                 struct err *err);
bool returns_merge(struct returns *into, const struct returns *from, struct err *err);

#endif
