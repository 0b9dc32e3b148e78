/* people.h - who is who, out of the events of a data file: the graph of their ids (graph.h), and
 * where each event stands for it. An event belongs to its anchor, for ever; the anchor's home is
 * the customer whose id it is. Both are known by their keys (event/id.h). */
#ifndef IDENTITY_PEOPLE_H
#define IDENTITY_PEOPLE_H

#include "identity/graph.h"

struct people;

[[nodiscard]] bool people_new(struct people **out, struct err *err);
void people_free(struct people *p); /* NULL is fine */
/* To be read, encoded and decoded; events, marks and returns to them come through here. */
struct graph *people_graph(struct people *p);

/* Takes up an event that was not given before; what a person decides is one too. After a failure
 * people_undo goes back to what was. */
bool people_add(struct people *p, const struct event *e, struct err *err);
/* The event will soon be given (graph_expect). */
void people_expect(const struct people *p, const struct event *e);
/* Where the events of the anchor stand; borrowed until the next call. */
bool people_home(struct people *p, str anchor, str *home, struct err *err);

/* Every anchor that may have moved since the mark, once, with its home; stops when `each` returns
 * false. Texts are borrowed until it returns. */
bool people_each_move(struct people *p,
                      bool (*each)(void *context, str anchor, str home, struct err *err),
                      void *context, struct err *err);
/* As graph_mark and graph_undo. */
void people_mark(struct people *p);
[[nodiscard]] bool people_undo(struct people *p, struct err *err);

#endif
