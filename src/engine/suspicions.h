/* suspicions.h - who may be one customer with whom, and what was decided, page by page: an answer
 * costs a walk over the links of the graph and one page, however many there are. */
#ifndef ENGINE_SUSPICIONS_H
#define ENGINE_SUSPICIONS_H

#include "engine/identity.h"

enum pair_kind {
    PAIR_SUSPECTED, /* two ids that were one person's for some event, and are not one customer's */
    PAIR_DECIDED, /* two ids of which somebody said something that still holds */
};

struct pair {
    uint32_t link; /* of the graph */
    struct id a, b, customer_a, customer_b;
    int64_t at_ms; /* the first time; when it was decided */
    enum graph_tie tie;
    enum graph_verdict verdict; /* why they are two */
    enum graph_says says;       /* of a decision */
};
struct pair_want {
    enum pair_kind kind;
    str customer; /* only his; empty: everybody's */
    uint32_t limit;
    uint32_t after; /* the last link of the page before; GRAPH_NO_ID: this is the first */
};
struct pair_page {
    const struct pair *pair; /* newest first */
    uint32_t n;
    uint32_t total; /* on all pages */
    bool more;
};
/* Lives in `a`, and in the graph. ERR_INPUT: `after` is no link. */
bool engine_pairs(struct engine *e, const struct pair_want *want, struct arena *a,
                  struct pair_page *out, struct err *err);
/* Who decided; empty when it was not said. Lives in `a`. */
bool engine_decided_by(struct engine *e, const struct pair *decided, struct arena *a,
                       str *by, struct err *err);

/* `whole`: the customers as suspect_put_json writes them, and not their ids alone. */
bool pair_put_json(struct json_out *j, struct engine *e, const struct pair *p,
                   enum pair_kind kind, bool whole, struct err *err);
/* A customer by the id that names him, with his stage in the model's first lifecycle, how many
 * events are his, and when the last one was. */
bool suspect_put_json(struct json_out *j, struct engine *e, struct id id,
                      struct err *err);

#endif
