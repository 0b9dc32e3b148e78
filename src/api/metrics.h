/* metrics.h - what a server counts of itself, as Prometheus reads it: docs/serve.md. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include "base/str.h"

#define DOORS(X)                                                                         \
    X(API, "api")                                                                        \
    X(COLLECT, "collect")                                                                \
    X(PAGE, "page")

enum door {
#define X(name, text) DOOR_##name,
    DOORS(X)
#undef X
        DOOR_COUNT
};

enum { STATUS_MAX = 600, ANSWER_TIMES = 8 };

/* Zero it to start. */
struct metrics {
    uint64_t requests[DOOR_COUNT][STATUS_MAX];
    uint64_t times[DOOR_COUNT][ANSWER_TIMES + 1]; /* by how long they took */
    uint64_t time_us[DOOR_COUNT];
};

void metrics_count(struct metrics *m, enum door door, unsigned status, int64_t took_us);

/* What is asked of others when somebody looks. */
struct metrics_now {
    uint64_t accepted, duplicates, refused; /* events, by /v1 since the start */
    uint64_t file_events, file_customers, file_refused, file_bytes;
    uint64_t waiting_bytes, connections, listeners, memory_bytes;
    uint32_t model_version;
    uint64_t reports_fresh, reports_kept, reports_older;
    uint64_t hooks_delivered, hooks_failed;
    uint32_t hooks, hooks_failing, hooks_paused;
    int64_t next_ms; /* MOMENT_NEVER: nothing is to come */
    bool is_ready;
};
void metrics_print(const struct metrics *m, const struct metrics_now *now,
                   struct buf *to);

#endif
