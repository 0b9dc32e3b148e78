/* list.h - who is on a list of the model: people put customers on it and take them off, and each time
 * that is an event of the customer's (EVENT_LISTED), so that it has its history like all else. */
#ifndef ENGINE_LIST_H
#define ENGINE_LIST_H

#include "engine/engine.h"

#define LIST_CHANGE_MAX 10000000u /* customers at a time */

struct list_change {
    str list; /* a segment of the model */
    bool on;  /* put on it, or taken off */
    const str *id;
    uint32_t n;
    bool skip_unknown; /* ids that nobody has are left out, not wrong */
    str by;            /* may be empty */
};
struct list_changed {
    uint32_t changed, already,
        unknown;            /* already: they stood so before, or are named twice */
    uint32_t first_unknown; /* its place among the ids, when .unknown */
};
/* All of it or nothing, on disk when this returns true; histories must stand at now_ms. ERR_NOT_FOUND:
 * there is no such segment, or nobody has an id, whose place out->first_unknown then says;
 * ERR_INPUT: the segment is no list. */
bool engine_list(struct engine *e, const struct list_change *change, int64_t now_ms,
                 struct list_changed *out, struct err *err);

#endif
