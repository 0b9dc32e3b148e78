/* life.h - the live engine and its twin side by side: what both are given, and whether they are
 * still alike. */
#ifndef MODEL_LIFE_H
#define MODEL_LIFE_H

#include "base/json.h"
#include "engine/engine_impl.h"
#include "support/unit.h"
#include "town.h"

enum {
    CUSTOMERS = 17,
    CUSTOMERS_MAX = 75,
    HOUSES_MAX = CUSTOMERS_MAX / TOWN_HOUSE,
    ARRIVALS_MAX = CUSTOMERS_MAX * TWIN_EVENTS_MAX,
};

struct arrival {
    int64_t at_ms; /* when it is told of */
    const struct event *event;
};

struct life {
    struct world w;
    struct twin t;
    struct arrival arrival[ARRIVALS_MAX];
    int arrival_n, arrived;
    const struct event *told[ARRIVALS_MAX]; /* scratch: what has arrived */
    struct townsman
        person[CUSTOMERS_MAX * TOWN_IDS + HOUSES_MAX + 1]; /* and whose it is */
    int person_n;
    struct arena homes;
    bool is_town;             /* who is who changes as events come */
    int said[HOUSES_MAX + 1]; /* of each house, in a town: aliases and decisions */
    struct engine *e;
    int64_t now_ms;
    struct json_parser *parser;
    struct twin_history twin[TWIN_LIVES_MAX];
    struct twin_membership members;
};

static inline int roll(const struct life *l, int sides)
{
    return twin_roll(l->w.chance, sides);
}

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: %s", #call, (err).msg);                                        \
    } while (0)

/* Another world with another model; a part of them are towns. The parser stays. */
void life_begin(struct life *l, int customers, struct random *random);
void life_end(struct life *l, const char *path);
void life_create(struct life *l, const char *path);
void life_reopen(struct life *l, const char *path);
void life_end_file(struct life *l, const char *path);

/* The next n arrivals, in one commit. */
void life_commit(struct life *l, int n);
/* False when the model may be refused, and was. */
bool life_advance(struct life *l, int64_t now_ms);
void life_choose_model(struct life *l, struct twin *out);
/* Does it lead somebody to and fro in loops, for which it may be refused? */
bool life_may_refuse(struct life *l, const struct twin *t);
/* In a town somebody says who is whom; false as life_advance. */
bool life_decide(struct life *l);
bool life_decide_everywhere(struct life *l, const char *path);

/* Everything against the twin, and the sizes of segments. */
void life_compare(struct life *l);
/* The sizes of segments, and who is in them, are those that everybody's rule, asked now, gives. */
void life_compare_sizes(const struct life *l);

#endif
