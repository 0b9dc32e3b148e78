/* world.h - one zone, one currency, and random customers in a chunk. */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "engine/engine.h"
#include "twin.h"

struct world {
    struct zone *zone;
    int64_t turn_ms; /* a change of the clock, when there is one near */
    str currency;
    int decimals;
    struct twin_customer *customer;
    int customer_n;
    struct arena arena;
    struct random *chance;
    bool wishes; /* of its twins, see twin.h */
};

/* Another zone, currency and another time each. */
void world_open(struct world *w, int customer_n, struct random *chance);
void world_close(struct world *w);
/* Some customers (of one chunk) as Ciclo holds them, built of events in an order of arrival by
 * chance and, sometimes, in two steps. `catalog` knows all of the world's events. */
void world_catalog(const struct world *w, struct catalog *out);
void world_chunk(const struct world *w, const struct catalog *catalog, int from, int n,
                 struct chunk **out);
/* An empty twin; a model may be made in it. */
void world_twin(struct world *w, int lives_max, struct twin *out);
/* The same with named rules and ways that lead none of them, up to until_ms, to and fro for ever.
 * `history` is scratch by lifecycle. True: somebody meets loops, for which Ciclo may refuse it. */
bool world_calm_twin(struct world *w, int lives_max, int64_t until_ms,
                     struct twin_history *history, struct twin *out);
/* The twin's model, compiled. */
void world_compile(const struct world *w, const struct twin *t,
                   const struct catalog *catalog, struct model **out);
/* The event as it would come in, between store_begin and store_commit. */
void world_append(struct json_parser *parser, struct store *s, const struct event *e);
void world_print_customer(const struct twin_customer *c, struct buf *to);
bool world_same_move(const struct twin_move *twin, const struct move *real);
/* The i-th move of both, as far as there is one. */
void world_print_moves(const struct twin_history *twin, const struct move *real, size_t n,
                       size_t i, struct buf *to);
/* Shows the text line by line, and ends it. */
void world_show(struct buf *text);

#endif
