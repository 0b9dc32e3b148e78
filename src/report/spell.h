/* spell.h - from when on each customer is looked at, and how long it lasts until something happens
 * to him: rows for survival.h.
 *
 * begin.h says where he begins. It ends with the first event behind that which one of the patterns
 * picks, or with the first move into one of some stages: of one who began at a moment of a trait
 * or with an event, at that moment or later; of one who began with a move, with a later one. Whoever
 * it has not happened to by at_ms was looked at until then.
 *
 * Written as per customer, then merge: each thread or shard gathers spells of its own. */
#ifndef REPORT_SPELL_H
#define REPORT_SPELL_H

#include "base/bits.h"
#include "report/begin.h"
#include "report/survival.h"
#include "rule/scan.h"

#define SPELL_ENDS_MAX 16u
#define SPELL_TRAITS_MAX 12u

enum spell_by {
    SPELL_BY_NOTHING,
    SPELL_BY_FIRST,  /* by what the event has with which he begins */
    SPELL_BY_TOLD,   /* by what is known of him at at_ms */
    SPELL_BY_SEGMENT /* whether he was in it when he began */
};

struct spell_plan {
    const struct program *program; /* of picks, all of which follow */
    struct begin begin;            /* whose at_ms is this one's */
    int64_t from_ms, to_ms;        /* who begins: from_ms <= the moment < to_ms */
    int64_t at_ms;
    struct pick end[SPELL_ENDS_MAX]; /* any of them */
    uint32_t end_n;                  /* 0: a move it is: */
    struct stage_set end_stage;
    struct moves_of end_moves;
    /* Of the moves those of this way alone: who enters segments is told by moves, too. */
    bool has_end_way;
    uint16_t end_way;
    enum spell_by by;
    struct pick by_pick;
    int decimals; /* of money among what is broken down by */
    bool (*is_member)(const void *context, uint32_t customer, int64_t at_ms);
    const void *context; /* of is_member */
    /* What is looked at of him as it was known when he began, that moment included. */
    struct pick trait[SPELL_TRAITS_MAX];
    uint32_t trait_n;
};

struct spell_trait {
    int64_t value; /* as picks.h has it; of a text its number in spells.word */
    bool there;
};

struct spells {
    struct spell_plan plan;
    struct picks *picks;
    struct text_table name; /* of the groups, see spell_name */
    struct lasted *row;     /* .group is a number in .name */
    size_t n, cap;
    struct spell_trait *trait; /* from row.told * plan.trait_n on */
    size_t trait_cap;
    struct text_table word;
};

/* The plan's program outlives it. */
[[nodiscard]] bool spells_new(const struct spell_plan *plan, struct spells **out,
                              struct err *err);
void spells_free(struct spells *s);
/* The customers of a chunk, or those of `who`; all of its events lie in the span. After a failure
 * it can only be freed. */
bool spells_add(struct spells *s, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err);
bool spells_merge(struct spells *into, const struct spells *from, struct err *err);

/* What the customers of a group have in common; false: it is not known, or nothing is asked for. Of
 * a segment: "yes" or "no". */
bool spell_name(const struct spells *s, uint32_t group, str *out);

/* Numbers the groups by their size, the largest first, then by their names, and sorts the rows
 * (survival_sort). */
bool spells_finish(struct spells *s, struct err *err);

#endif
