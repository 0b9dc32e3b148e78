/* conversion.h - of those who entered a stage, how many went on to which one, and after how long.
 *
 * A customer counts once at each stage: with the first time that he enters it in the range. What
 * becomes of him is the move with which he leaves it: forward, into a stage to which its target leads,
 * or the target of that one, and so on; lost, into another end, or out of the lifecycle; back, into any
 * other. Where no stage of the lifecycle has a target, forward is into any stage further down the text
 * that is no end. Who has not left it waits.
 *
 * How long it lasts until they go forward is survival.h's question: who waits was looked at until
 * at_ms, who left another way until then.
 *
 * Written as per customer, then merge: each thread or shard counts into one of its own. */
#ifndef REPORT_CONVERSION_H
#define REPORT_CONVERSION_H

#include "base/bits.h"
#include "report/begin.h"
#include "report/bottleneck.h"
#include "report/flow.h"
#include "report/groups.h"
#include "report/listed.h"
#include "report/survival.h"

#define CONVERSION_FATES(X)                                                              \
    X(STOCK, "stock")     /* stands there just before the range's end */                 \
    X(ENTERED, "entered") /* in the range: the whole of what follows */                  \
    X(LEFT, "left")       /* in the range, whenever he entered */                        \
    X(FORWARD, "forward")                                                                \
    X(BACK, "back")                                                                      \
    X(LOST, "lost")                                                                      \
    X(WAITING, "waiting")

enum conversion_fate {
#define X(name, text) CONVERSION_##name,
    CONVERSION_FATES(X)
#undef X
        CONVERSION_FATES_END
};
bool conversion_fate_parse(str name, enum conversion_fate *out);
str conversion_fate_name(enum conversion_fate f);

struct conversion_plan {
    const struct program *program; /* of the pick */
    const struct lifecycle *lifecycle;
    const struct zone *zone;
    struct moves_of moves;
    int64_t edge[2]; /* the range: edge[0] <= the moment < edge[1] <= at_ms + 1 */
    int64_t at_ms;
    /* What comes later behind the entering does not count, and who has not been there for so long
     * at at_ms is left out. */
    bool has_within;
    struct length within;
    bool has_by;
    struct pick by; /* what is told of the customer */
    int decimals;   /* of money among what is broken down by */
    bool list;      /* list whom it befell at this stage: */
    uint16_t list_stage;
    enum conversion_fate list_fate;
    bool list_next;      /* instead of the fate: who went on to this one next */
    uint16_t list_to;    /* STAGE_NONE: out */
    bool list_one_group; /* only of this one: */
    str list_group;      /* as groups.h has it in the table */
};

struct conversion_times {
    int64_t longest_ms; /* that somebody was looked at; -1: there is nobody */
    struct survival_quantile
        quarter[4]; /* a quarter, half, three quarters, all have gone */
};
struct conversion_group {
    struct flow flow; /* of one period */
    uint64_t *next;   /* [stage][stage, or stage_n for out, or stage_n + 1: waiting] */
    struct conversion_times *time; /* by stage: see conversion_time */
};
struct conversion_rows {
    struct lasted *row;
    size_t n, cap;
};
struct conversion {
    struct conversion_plan plan;
    struct picks *picks;
    struct arena arena;     /* of the groups */
    struct text_table name; /* see groups_name */
    struct conversion_group group[GROUPS_MAX];
    struct conversion_rows *rows; /* by stage */
    struct listed listed;
    uint8_t *fate; /* see conversion_fate_of */
};

/* What the plan points to outlives it. */
[[nodiscard]] bool conversion_new(const struct conversion_plan *plan,
                                  struct conversion **out, struct err *err);
void conversion_free(struct conversion *c);
/* What it is to leave the stage `from` for `to`: FORWARD, BACK or LOST. */
enum conversion_fate conversion_fate_of(const struct conversion *c, uint16_t from,
                                        uint16_t to);
/* Whether a way leads forward from it. */
bool conversion_is_on_way(const struct conversion *c, uint16_t stage);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool conversion_add(struct conversion *c, const struct chunk *chunk,
                    const struct bits *who, struct err *err);
bool conversion_merge(struct conversion *into, const struct conversion *from,
                      struct err *err);

/* When all is merged: the largest group first. Without anybody, and nothing to break down by, there is
 * one group, of nobody. */
bool conversion_finish(struct conversion *c, struct err *err);
/* Fills in the times of a stage; of several stages on several threads. */
void conversion_time(struct conversion *c, uint32_t stage);

/* Of those who entered it: FORWARD, BACK, LOST or WAITING. */
struct share conversion_share(const struct conversion *c, uint32_t group, uint32_t stage,
                              enum conversion_fate f);
/* Who went on to `to`, or stage_n: out. */
struct share conversion_next(const struct conversion *c, uint32_t group, uint32_t stage,
                             uint32_t to);
/* Of a group; after conversion_time of all stages. */
bool conversion_bottlenecks(const struct conversion *c, uint32_t group, struct arena *a,
                            struct bottleneck *by_share, struct bottleneck *by_time,
                            struct err *err);

#endif
