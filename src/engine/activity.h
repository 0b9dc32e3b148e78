/* activity.h - when somebody last did something: Ciclo's own notes (event_type_is_noted) are written
 * with the present as time, and say nothing of until when the file's data reach. */
#ifndef ENGINE_ACTIVITY_H
#define ENGINE_ACTIVITY_H

#include "store/store.h"

/* What was found in each chunk, so that only those that changed are looked into again. Zero it to
 * start; for one open store. */
struct activity {
    struct activity_chunk {
        uint64_t version;
        int64_t last_ms;
    } * chunk;
    uint32_t n;
};
void activity_free(struct activity *a);
/* Of the last event that is no note; of the last of all when there are but notes; MOMENT_NEVER when
 * there is no event. Chunks are read only of a file that has notes. */
bool activity_last(struct snapshot *v, struct activity *a, int64_t *last_ms,
                   struct err *err);

#endif
