/* town.h - the customers of a world as people, several to a house: each has browsers of his own,
 * uses those of the others, logs in late or never, is renamed, and somebody decides who is whom.
 * And who is who, from scratch. */
#ifndef MODEL_TOWN_H
#define MODEL_TOWN_H

#include "world.h"

enum {
    TOWN_HOUSE = 3,       /* customers of the world */
    TOWN_IDS = 4,         /* of a person, that have events */
    TOWN_EVENTS_MAX = 10, /* of a person; what is more is left out */
    TOWN_NEWS_MAX =
        TWIN_EVENTS_ROOM - TOWN_HOUSE * TOWN_EVENTS_MAX, /* of a house; joining is two */
};

/* Gives the world's events their ids. */
void town_settle(struct world *w);
/* One of theirs of the house. */
struct id town_id(struct world *w, int house);
int town_house(struct id id);
/* One of them joins the house's account, or says more of it; lives in the world's arena. */
struct event *town_group(struct world *w, int house, int64_t at_ms);
/* What is said of two of them; likewise. */
struct event *town_alias(struct world *w, int house, int64_t at_ms);
struct event *town_decision(struct world *w, int house, int64_t at_ms);
struct event *town_decided(struct world *w, struct id a, struct id b, str says,
                           int64_t at_ms);

struct townsman {
    str home; /* the key of the id that names him */
    struct twin_customer known;
};
/* Everybody who has one of the events, which are given in any order, with all that are his: as a
 * new graph says that is told of all of them, the oldest first. Accounts stand behind all others,
 * with their members' events. Homes live in `a`. */
int town_gather(const struct event **event, int n, struct arena *a, struct townsman *out);

#endif
