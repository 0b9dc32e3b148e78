/* paths.h - the ways that customers go, step by step: forwards from where they begin, or backwards
 * from where they end.
 *
 * Of a customer there is a list, in the order of his timeline: his events that are steps, or his
 * moves into stages; and among them the anchors from which ways are followed, as steps of their
 * own. Moves of a moment stand behind its events. A way begins with its anchor, or where no
 * anchor is asked for with a step, and goes on with the next steps, or with those before.
 *
 * Written as per customer, then merge: each thread or shard counts into paths of its own,
 * paths_merge adds them up. */
#ifndef REPORT_PATHS_H
#define REPORT_PATHS_H

#include "base/bits.h"
#include "lifecycle/lifecycle.h"
#include "report/listed.h"
#include "report/tally.h"
#include "report/through.h"
#include "rule/scan.h"

#define PATHS_STEPS_MAX TALLY_ROW_MAX

enum paths_from {
    PATHS_ANY,    /* from any step forwards */
    PATHS_AFTER,  /* from the anchor forwards */
    PATHS_BEFORE, /* from the anchor backwards */
};

struct paths;
struct paths_plan {
    const struct program *program; /* of picks, all of which follow */
    bool by_stage;                 /* the steps are moves into stages: */
    struct through through;        /* else what events are called by */
    const struct lifecycle *lifecycle;
    /* A customer's moves in it, oldest first; may be NULL when no stage is asked for. */
    const struct move *(*moves)(const void *context, uint32_t customer, size_t *n);
    const void *moves_context;
    enum paths_from from;
    struct pick anchor;
    uint16_t anchor_stage; /* or STAGE_NONE: the anchors are events */
    str anchor_name;
    uint32_t steps; /* of a way, at most; from 2 to PATHS_STEPS_MAX */
    bool each;  /* from each anchor; else from the first of a customer, or of a visit */
    bool whole; /* only ways with all of the steps */
    bool
        collapsed; /* equal steps one after the other are one, at the first one's moment */
    bool has_within; /* of a way, from the anchor on or up to it, far end included */
    struct length within;
    int64_t
        gap_ms; /* a longer time between events of the list ends a visit; 0: none does */
    const struct zone *zone;
    int64_t from_ms, to_ms; /* of the anchor */
    int64_t at_ms;          /* what is later is not seen */
    bool links;             /* count them, too */
    /* Whether who goes a way, or over a node or link, is to be listed; NULL: nobody is. */
    bool (*lists)(const void *context, const struct paths *p, struct tally_row row,
                  bool is_way);
    const void *lists_context;
};

/* Rows of .links: a node is {step from 1, name, PATHS_NODE}; a link is {step, name, the next
 * step's name, or 0 where the way ends}. */
#define PATHS_NODE UINT16_MAX

/* Ways counted where they stand as numbers, with the names of their steps as digits: where ways
 * begin at every step and there are few names. */
#define SWEEP_BITS 21u
struct sweep {
    uint32_t bits; /* of a digit; 0: there is none yet */
    struct sweep_cell {
        uint32_t times, customers, last; /* 1 + the customer for whom it came */
    } * cell;                            /* 1 << bits * plan.steps */
    uint16_t *number;                    /* of one customer's steps */
    uint32_t cap;
};

struct paths {
    struct paths_plan plan;
    struct picks *picks;
    struct step_names names;
    struct through_look look;
    uint16_t anchor; /* the number of its name */
    struct tally ways, links;
    struct sweep sweep;
    uint64_t way_n, customer_n; /* ways, and who goes one */
    struct listed listed;
    struct paths_list *list; /* of the customer at hand */
};

/* The plan outlives it. */
[[nodiscard]] bool paths_new(const struct paths_plan *plan, struct paths **out,
                             struct err *err);
void paths_free(struct paths *p);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool paths_add(struct paths *p, const struct chunk *c, struct scan_span span,
               const struct bits *who, struct err *err);
bool paths_merge(struct paths *into, const struct paths *from, struct err *err);
/* When all has been added and merged: only then .ways has all of them. */
bool paths_settle(struct paths *p, struct err *err);

/* --- for paths.c --- */
/* Counts the customers of a chunk by a sweep, where that is possible; *done says whether. The names
 * of its events are known. */
bool paths_sweep(struct paths *p, const struct chunk *c, struct scan_span span,
                 const struct bits *who, bool *done, struct err *err);
/* What was swept goes to the ways of `into`, where the names have these numbers; NULL: the same. */
bool sweep_move(const struct paths *from, const uint16_t *numbers, struct paths *into,
                struct err *err);

/* How a step is called: without what tells anchors from other steps of the same name. */
str paths_name(const struct paths *p, uint16_t number);
static inline uint32_t paths_steps(struct tally_row row)
{
    uint32_t n = 0;

    while (n < TALLY_ROW_MAX && row.number[n])
        n++;
    return n;
}

#endif
