/* usage.h - how often each type of event, property and trait came, when, and with values of which
 * types: counted in the timelines, on all threads. What was counted of a chunk is kept until the
 * chunk, or the model, changes. */
#ifndef ENGINE_USAGE_H
#define ENGINE_USAGE_H

#include "engine/model.h"
#include "store/store.h"

/* Events of a type; with a column, those of them that have a value in it. */
struct usage_row {
    uint32_t column; /* COLUMN_NONE: the events themselves */
    uint32_t type;   /* both as in the catalog of the engine's snapshot */
    uint64_t n;
    uint64_t wrong; /* of them, whose value is not of the type that the model knows */
    int64_t first_ms, last_ms;
};
struct usage {
    const struct usage_row *row; /* ordered by column, then type */
    size_t n;
    uint32_t left; /* chunks that are counted as they were before, or not yet */
};
/* Asked between two chunks, on any thread: is there no more time? Zero: there is always. */
struct usage_time {
    bool (*is_up)(void *context);
    void *context;
};

/* What is kept of it, by chunk. Zero it to start. */
struct usages {
    struct usage_chunk *chunk;
    uint32_t n;
    uint32_t version; /* of the model */
    uint32_t turn;    /* the chunk at which counting goes on */
};
void usages_free(struct usages *u);
/* `version` is the model's. When the time is up, what is left is counted by the next calls; each
 * counts one chunk at least. Lives in `a`. */
bool usages_count(struct usages *u, struct snapshot *v, const struct model *m,
                  uint32_t version, struct usage_time time, struct arena *a,
                  struct usage *out, struct err *err);

#endif
