/* whynot.h - what would have to happen for a customer to move: events that did not happen, tried
 * out; private to engine/. */
#ifndef ENGINE_WHYNOT_H
#define ENGINE_WHYNOT_H

#include "engine/query.h"

/* The customer, as he stands at v->at_ms. */
struct whynot {
    struct engine *engine;
    uint32_t customer;
    const struct customer_view *view;
    struct timeline t;       /* up to v->at_ms */
    const struct move *move; /* likewise */
    size_t move_n;
    const struct cursor *cursor; /* stands at .t */
    struct arena *a;
};
/* Fills in .needed of the ways out of his stage: the events of one kind that make him go that
 * way at once, the least number of them up to NEEDED_MAX. Each was tried with a replay, and so was
 * one less. Of customers with very many events not all is tried. */
#define NEEDED_MAX 20u
bool whynot_fill(const struct whynot *w, struct way_view *way, uint32_t n,
                 struct err *err);

#endif
