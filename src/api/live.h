/* live.h - the stream of what happens, as server-sent events: docs/serve.md.
 *
 * What happens stands in one ring, as numbers; each listener has a place in it, and the text of
 * one happening at a time. Who has heard everything is suspended until there is more. */
#ifndef API_LIVE_H
#define API_LIVE_H

#include "api/gate.h"
#include "engine/engine.h"

#include <microhttpd.h>

enum { LIVE_RETRY_S = 30, LIVE_EVENTS_A_SECOND = 100 };
enum { LIVE_MOVES = 1, LIVE_EVENTS = 2, LIVE_STAGES = 4 };
enum { LIFECYCLE_ANY = UINT16_MAX };

struct live_filter {
    unsigned what;
    uint16_t lifecycle; /* whose moves and stages, or LIFECYCLE_ANY */
    uint16_t stage; /* only moves into it and out of it, and no events; or STAGE_NONE */
    uint32_t customer; /* only his moves and events; or CUSTOMER_NONE */
};

struct live;
[[nodiscard]] bool live_new(struct engine *e, struct gate *g, struct live **out,
                            struct err *err);
/* Nobody may listen any more. */
void live_free(struct live *l);

bool live_is_full(const struct live *l);
/* What the connection is answered with. `last_id` is that of the last happening that was heard
 * before, or empty. NULL for want of memory. Not when it is full. */
struct MHD_Response *live_listen(struct live *l, struct MHD_Connection *c,
                                 const struct live_filter *f, str last_id);
uint32_t live_listeners(const struct live *l);

/* After each advance: what happened. */
void live_take(struct live *l);
/* Once in a turn of the loop: wakes who has something to hear. */
void live_run(struct live *l);
/* How long, up to `most`, live_run has nothing to do. */
int32_t live_wait_ms(const struct live *l, int32_t most);
/* The server ends: all are told, and let go. */
void live_end(struct live *l);

#endif
