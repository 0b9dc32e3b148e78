/* life.h - a lifecycle, a customer and his history, for the tests of this folder. */
#ifndef UNIT_LIFECYCLE_LIFE_H
#define UNIT_LIFECYCLE_LIFE_H

#include "lifecycle/lifecycle.h"

/* One thing that a customer did. */
struct did {
    const char *at; /* ISO 8601; a date is its first moment in the zone */
    const char *what;
    const char *trait; /* name=value, of an identify */
};

struct life {
    struct arena arena;
    struct zone *zone;
    struct catalog catalog;
    struct dictionary dictionary;
    struct rule_env env;
    struct rule_lifecycle named;
    struct life_measures measures; /* none */
    struct lifecycle *lifecycle;
    struct program *program;
    struct replay *replay;
    struct chunk *chunk;
    struct timeline timeline;
    struct moves moves;
    int64_t next_ms;
};

/* The events are a, b, c, purchase, visit; the trait plan is a text. On false everything is
 * taken down. */
bool life_open(struct life *l, const char *zone, const char *lifecycle,
               const struct did *did, size_t n, struct err *err);
bool life_replay(struct life *l, const char *until, struct err *err);
void life_close(struct life *l);

/* The moves as "MOMENT stage (way)" lines; lives in the arena. */
const char *life_history(struct life *l);
int64_t life_moment(const struct life *l, const char *iso);

/* Opens, replays, compares with `history`, and closes; loop_n loops must be met. */
void life_is(const char *zone, const char *lifecycle, const struct did *did, size_t n,
             const char *until, uint32_t loop_n, const char *history);
#define LIFE_IS(zone, lifecycle, did, until, loop_n, history)                            \
    life_is((zone), (lifecycle), (did), sizeof(did) / sizeof *(did), (until), (loop_n),  \
            (history))

#endif
