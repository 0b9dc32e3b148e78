/* follow.h - what happens, noted for who follows it: which events came, and who moved.
 *
 * Of a customer who is replayed, those moves are noted that his history did not have before; of
 * those older than FOLLOW_LATE_MS, which news of the past may bring, only the last, and only when
 * he now stands in another stage. */
#ifndef ENGINE_FOLLOW_H
#define ENGINE_FOLLOW_H

#include "lifecycle/lifecycle.h"
#include "store/catalog.h"

#define FOLLOW_LATE_MS (24 * 3600 * INT64_C(1000))

struct moved {
    struct move move;
    uint32_t customer;
    uint16_t lifecycle;
    uint16_t noted; /* of moves of one instant the earlier have less */
};
struct came {
    int64_t at_ms;
    uint32_t customer, type; /* numbers of the catalog */
};
struct happened {
    const struct came
        *came; /* in the order in which they came: the first FOLLOW_EVENTS, ... */
    uint32_t came_n;
    uint64_t came_more;        /* ... and how many came beside them */
    const struct moved *moved; /* by moment */
    uint32_t moved_n;
    bool is_lost; /* FOLLOW_MOVES were too few, or follow_lost was called */
};

/* All that follows takes NULL: nobody follows. */
struct follow;
[[nodiscard]] bool follow_new(struct follow **out, struct err *err);
void follow_free(struct follow *f);
/* What happened since the last call; borrowed until more is noted. */
void follow_take(struct follow *f, struct happened *out);

/* --- moves: on any thread --- */

/* A history that took the old one's place; .move of `who` says nothing. */
void follow_moves(struct follow *f, const struct moved *who, const struct move *old,
                  size_t old_n, const struct move *fresh, size_t n, int64_t now_ms);
/* Who moved since the last follow_take can no longer be said. */
void follow_lost(struct follow *f);

/* --- events: on the thread that writes --- */

void follow_event(struct follow *f, const struct catalog *c, const struct event *e);
/* What was noted of a transaction that came to nothing is taken back to where it began. */
struct follow_mark {
    uint32_t came_n;
    uint64_t came_more;
};
struct follow_mark follow_mark(const struct follow *f);
void follow_return(struct follow *f, const struct follow_mark *m);

#endif
