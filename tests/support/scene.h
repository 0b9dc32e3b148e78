/* scene.h - events for the tests of the store: a small shop, made by chance. */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "base/random.h"
#include "store/chunk.h"

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

#endif
