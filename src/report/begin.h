/* begin.h - where a customer begins, for reports about what comes behind it. */
#ifndef REPORT_BEGIN_H
#define REPORT_BEGIN_H

#include "lifecycle/lifecycle.h"
#include "rule/picks.h"

/* Some stages of a lifecycle. */
struct stage_set {
    const bool *has; /* by stage */
    bool out;        /* to be in no stage counts as being in one of these */
};
static inline bool stage_set_has(const struct stage_set *s, uint16_t stage)
{
    return stage == STAGE_NONE ? s->out : s->has[stage];
}
/* Whether a move leads into the set from outside. */
static inline bool stage_set_enters(const struct stage_set *s, const struct move *m)
{
    return stage_set_has(s, m->to) && !stage_set_has(s, m->from);
}

/* Where everybody's moves are, oldest first; any thread may ask. */
struct moves_of {
    const struct move *(*get)(const void *context, uint32_t customer, size_t *n);
    const void *context;
};

enum begin_by {
    BEGIN_EVENT, /* the first event that is picked */
    BEGIN_TRAIT, /* the moment that a trait says */
    BEGIN_STAGE  /* the first move into one of some stages */
};
struct begin {
    enum begin_by by;
    struct pick pick; /* EVENT; TRAIT: a trait's that is a moment */
    /* EVENT: when it is not 0, the first event that comes so long or longer after the one picked
     * before it: he comes back. */
    struct length gap;
    const struct zone *zone; /* of the gap's months */
    struct stage_set stage;  /* STAGE */
    struct moves_of moves;   /* STAGE */
    int64_t at_ms; /* what is later is not seen; of a trait, what was said later */
};

/* A chunk, as it is looked at. */
struct begin_look {
    const struct begin *begin;
    const int64_t *at_ms;
    const uint64_t *mark;
    struct picked told;
    uint32_t told_at;
};
/* The picks have turned to the chunk. */
struct begin_look begin_turn(const struct begin *b, const struct picks *k,
                             const struct chunk *c);

struct beginning {
    int64_t ms;
    /* The first event that may come behind it. EVENT: the event itself. Of a trait, the first one
     * that is not before its moment; of a stage, the first after it, since the events of that
     * very moment led there. */
    uint32_t event;
    size_t move; /* likewise, of his moves; only of a stage */
};
/* Of a customer whose events that are seen are [from, to); customers are asked in their order.
 * False: he does not begin. */
bool begin_find(struct begin_look *l, uint32_t customer, uint32_t from, uint32_t to,
                struct beginning *out);

#endif
