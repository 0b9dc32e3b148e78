/* collect.h - the tracking API, as the SDKs of Segment and RudderStack speak it: docs/collect.md.
 *
 * A request with events is suspended when it is whole, and answered after the commit that holds
 * them: collector_run takes all that wait into one. */
#ifndef API_COLLECT_H
#define API_COLLECT_H

#include "api/bodies.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/engine.h"

#include <microhttpd.h>

enum { COLLECT_BODY_MAX = 1 << 20 }; /* as it comes, and unpacked */

/* Whether the path is one of the tracking API's, and whether it takes the method; *allow says
 * which it takes. */
bool collect_has(str path);
bool collect_takes(str path, const char *method, const char **allow);
/* The paths of the OpenAPI document. */
void collect_put_paths(struct json_out *j);

/* One request with events. */
struct collect_request;
void collect_request_free(struct collect_request *r); /* NULL is fine */

struct collector;
struct keys;
/* `behind_proxy`: who sends something is who the proxy says. What it makes of a body counts among
 * the `bodies`. */
[[nodiscard]] bool collector_new(struct engine *e, struct keys *keys, bool behind_proxy,
                                 struct bodies *bodies, const struct log_sink *log,
                                 struct collector **out, struct err *err);
/* No request may wait. */
void collector_free(struct collector *c);
/* The request is whole. Answers it, or suspends it and sets *r; called again with it after
 * collector_run, answers then. */
enum MHD_Result collector_take(struct collector *c, struct MHD_Connection *connection,
                               const char *method, str path, struct body *body,
                               struct collect_request **r);
/* Answers it, when its body is larger than COLLECT_BODY_MAX. */
enum MHD_Result collector_too_large(struct MHD_Connection *connection);
/* Events since the start. */
struct collect_counts {
    uint64_t accepted, duplicates, refused;
};
struct collect_counts collector_counts(const struct collector *c);
/* Commits what waits, or of much the first, and lets it be answered; *came is false when nothing
 * did. False: nothing of it could be kept, and who sent it is told to send it again. */
bool collector_run(struct collector *c, int64_t now_ms, bool *came);
/* Whether there is more. */
bool collector_waits(const struct collector *c);

#endif
