/* collect_impl.h - the paths of the tracking API. */
#ifndef API_COLLECT_IMPL_H
#define API_COLLECT_IMPL_H

#include "api/collect.h"
#include "engine/collect.h"

enum collect_kind {
    COLLECT_CALLS,
    COLLECT_PIXEL,
    COLLECT_SETTINGS,
    COLLECT_SOURCE_CONFIG,
    COLLECT_METRICS,
};
struct collect_route {
    const char *method;
    const char *path; /* ":key" in it stands for any text without a slash */
    enum collect_kind kind;
    const char *type; /* of the calls; NULL: each says its own */
    const char *what;
};
/* NULL when it is none of them. */
const struct collect_route *collect_route_find(str path, str *key);

#endif
