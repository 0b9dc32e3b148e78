/* scene.h - events for the tests of the store: a small shop, made by chance. */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "base/random.h"
#include "store/store.h"

/* n events of `customers` customers with properties and traits of every type, some of them at
 * the same moment; every id another. Lives in `a`. */
struct event *scene(struct random *r, uint32_t n, uint32_t customers, struct arena *a);
void shuffle(struct random *r, struct event *event, uint32_t n);
/* One event without properties. */
struct event event_of(const char *customer, const char *type, int64_t at_ms,
                      const char *id);

void need_same_value(const struct value *a, const struct value *b);
/* All that the chunk says of its events is what `event` says, in whatever order it stands. */
void need_chunk_holds(const struct chunk *c, const struct catalog *catalog,
                      const struct event *event, uint32_t n);

/* store_append with the event's JSON. */
bool append_event(struct store *s, const struct event *e, bool *added, struct err *err);
struct snapshot *snapshot_of(struct store *s);
/* The snapshot's timelines and facts are those of the n events. */
void need_snapshot_holds(struct snapshot *v, const struct event *event, uint32_t n);
/* Those of a new snapshot are. */
void need_store_holds(struct store *s, const struct event *event, uint32_t n);

#endif
