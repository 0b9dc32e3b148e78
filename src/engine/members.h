/* members.h - who is in which segment, since when: one customer's membership of all segments of the
 * model, over his whole past.
 *
 * A segment's rule is asked at his first instant and at every moment at which its answer may be
 * another, as a replay asks its ways: events and stages as they stand after the moves of that
 * moment. What changes is kept as a move: .way is the segment, .to 1 when he enters it and 0 when
 * he leaves; in the order of the moments, then of the segments. So histories carry the changes as
 * those of one more lifecycle behind the model's, 16 bytes each, and nothing of a segment that he
 * is never in.
 *
 * Of all segments together one pending moment is kept. A customer who is replayed has only those
 * asked which may have changed, and only from then on:
 *
 * (1) whose rules look at one of his new events, when all of them are later than the others he had:
 *     from the first of them on. News of the past, and what accounts' members did, touch all;
 * (2) which ask for the stage, when his moves are others: from the first of these on;
 * (3) all, when the pending moment has come: from there on. */
#ifndef ENGINE_MEMBERS_H
#define ENGINE_MEMBERS_H

#include "engine/model.h"

enum { MEMBER_OUT, MEMBER_IN };

static inline bool members_same(const struct move *a, const struct move *b)
{
    return a->at_ms == b->at_ms && a->way == b->way && a->to == b->to;
}

static inline const char *members_change_name(const struct move *change)
{
    return change->to == MEMBER_IN ? "entered" : "left";
}

/* What was known of him; not of an account. */
struct members_before {
    const struct move *change;
    size_t n;
    const struct beside *lives; /* his moves then, by lifecycle */
    uint32_t event_n;           /* he had so many events, */
    int64_t last_ms;            /* and that was the moment of the last */
    int64_t next_ms;            /* before it nothing changes of that by time alone */
};

struct members; /* what one thread needs */
[[nodiscard]] bool members_new(const struct model *m, struct members **out,
                               struct err *err);
void members_free(struct members *s);
/* Appends the changes up to until_ms, given his moves up to then in all lifecycles. `before` NULL:
 * nothing is known. *next_ms is a moment after until_ms, not later than the first change to come
 * by time or by an event not yet seen as long as he makes no move. On failure nothing was
 * appended. */
bool members_replay(struct members *s, const struct timeline *t,
                    const struct beside *lives, const struct members_before *before,
                    int64_t until_ms, struct moves *out, int64_t *next_ms,
                    struct err *err);
/* How often a rule was asked so far. */
uint64_t members_asked(const struct members *s);

#endif
