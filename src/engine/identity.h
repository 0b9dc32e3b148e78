/* identity.h - who is who in an open file: what decisions there are to take, and taking them. */
#ifndef ENGINE_IDENTITY_H
#define ENGINE_IDENTITY_H

#include "engine/engine.h"
#include "identity/graph.h"

/* The graph of all ids, as of the last commit. It is read from the file when it is first asked
 * for; borrowed until the next call that writes. */
bool engine_graph(struct engine *e, const struct graph **out, struct err *err);

/* Of a text as people write it: a userId; an id behind its kind, as in email:ada@example.org or
 * shopify:6712; or any other id. ERR_NOT_FOUND: nobody has it. */
bool identity_find(struct engine *e, str text, uint32_t *id, struct err *err);
/* The number of the customer whom the id names; CUSTOMER_NONE when no event ever was his. */
bool identity_home(const struct engine *e, struct id id, uint32_t *number,
                   struct err *err);
/* The number of the customer whose id it is. */
bool engine_find(struct engine *e, str text, uint32_t *customer, struct err *err);

/* One id of a customer, and the link by which it is his. */
struct known_id {
    struct id id;
    int64_t first_ms;   /* of its own events; MOMENT_NEVER: there is none */
    struct id by;       /* what it came with; .value is empty for the customer's first */
    enum graph_tie tie; /* how */
    int64_t at_ms;      /* of that link; of the first, as first_ms */
};
/* All ids of a customer, the one that names him first. Lives in `a`. */
bool engine_ids(struct engine *e, uint32_t customer, struct arena *a,
                const struct known_id **out, uint32_t *n, struct err *err);

/* What a person says of two ids, which are texts as above, is written down, and everything that
 * follows from it. `by` may be empty. */
bool engine_decide(struct engine *e, str a, str b, enum graph_says says, str by,
                   int64_t now_ms, struct err *err);
/* merge, apart, undecided */
str says_text(enum graph_says says);
bool says_parse(str text, enum graph_says *out);

str tie_text(enum graph_tie tie);
/* userId:ada, shopify:6712 */
void id_print(struct buf *to, struct id id);
void id_put_json(struct json_out *j, struct id id);

/* --- for whoever appends events, between store_begin and the end of the transaction --- */

/* The event will soon be taken (people_expect). */
void identity_expect(const struct engine *e, const struct event *event);
/* The event was appended, and was new. What it says of an account is appended too, as an event of the
 * account. */
bool identity_take(struct engine *e, const struct event *event, struct err *err);
/* An event that Ciclo itself makes, with an id that nobody can know before: written down and taken.
 * Of `who` it is. */
bool identity_write(struct engine *e, struct id who, str type,
                    const struct property *property, uint32_t n, int64_t at_ms,
                    struct err *err);
/* As store_commit, when all stands where it belongs. */
bool identity_commit(struct engine *e, struct err *err);
/* As store_cancel. */
void identity_cancel(struct engine *e);

#endif
