/* twin.h - the slow, obvious twin of rules and lifecycle: a random rule is a small tree that
 * is printed as text for Ciclo and asked here by looping over all events.
 *
 * It knows nothing of windows that move or of holds_until. What it shares with Ciclo is the
 * calendar (length_add, zone_local), which has a twin of its own in tests/unit/base. */
#ifndef MODEL_TWIN_H
#define MODEL_TWIN_H

#include "base/time.h"
#include "event/event.h"
#include "support/chance.h"

enum {
    TWIN_TYPES = 3,
    TWIN_STAGES_MAX = 5,
    TWIN_WAYS_MAX = 8,
    TWIN_EVENTS_MAX = 24,
    TWIN_LENGTHS_MAX = 64,
    TWIN_MOMENTS_MAX = TWIN_EVENTS_MAX * (2 + 2 * TWIN_LENGTHS_MAX)
};

struct twin_event {
    int64_t at_ms;
    bool identify;
    int type;                 /* 0 .. TWIN_TYPES-1, named "a", "b", "c"; "c" is passive */
    bool has_x, has_m, has_s; /* properties: x number, m money, s text */
    int64_t x;                /* fixed point */
    int64_t m;                /* minor units */
    int s;                    /* the text "s0", "s1", "s2" */
    bool has_color, has_size; /* traits: color text (NULL when < 0), size number */
    int color;
    int64_t size;
    char id[16];
};

struct twin_customer {
    struct twin_event event[TWIN_EVENTS_MAX]; /* by (at_ms, id) */
    int n;
};

struct twin_where {
    bool some;
    int stage, previous; /* -1: none */
    int64_t entered_ms;
    int times_in[TWIN_STAGES_MAX];
};

struct twin_node;

struct twin {
    const struct zone *zone;
    int stage_n;
    struct arena *a;
    struct random *chance;
    int64_t begin_ms;                       /* dates in rules stand around it */
    struct length length[TWIN_LENGTHS_MAX]; /* every one that stands in some rule, once */
    int length_n;
};

/* A random condition; its lengths are noted in t. */
struct twin_node *twin_condition(struct twin *t, int depth);
/* A random condition of one term. */
struct twin_node *twin_term(struct twin *t);
void twin_print(const struct twin *t, const struct twin_node *n, struct buf *to);
/* Asks about the events with at_ms <= at. */
bool twin_ask(const struct twin *t, const struct twin_node *n,
              const struct twin_customer *c, int64_t at_ms,
              const struct twin_where *where);
/* The moments at which an answer could change because of something at from_ms: it, it plus
 * each length, and the millisecond behind each. How many; moment has TWIN_MOMENTS_MAX places. */
int twin_moments_of(const struct twin *t, int64_t from_ms, int64_t *moment);
/* Those of all events, ascending, without doubles. */
int twin_moments(const struct twin *t, const struct twin_customer *c, int64_t *moment);

#endif
