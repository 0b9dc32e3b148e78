/* naive.h - a model as a table, as text for Ciclo, and replayed by asking everything of all
 * events again and again: nothing of Ciclo's rules or lifecycles is used for it. */
#ifndef BENCH_NAIVE_H
#define BENCH_NAIVE_H

#include "base/str.h"

/* 8 stages and 12 ways, over windows of 30, 90, 180 and 365 days. */
enum { NAIVE_STAGES = 8, NAIVE_EVENTS_MAX = 200, NAIVE_MOVES_MAX = 1000 };
extern const char *const naive_stage[NAIVE_STAGES];
void naive_model(struct buf *to);

struct naive_event {
    int64_t at_ms;
    int type;
};
int naive_type(str name); /* of those that the model names, or another */

/* The events of one customer. */
struct naive {
    struct naive_event event[NAIVE_EVENTS_MAX];
    int event_n;
};

struct naive_move {
    int64_t at_ms;
    int from, to, way; /* -1: he came in */
};
/* His moves up to until_ms, as many as are returned. */
int naive_replay(const struct naive *n, int64_t until_ms,
                 struct naive_move out[NAIVE_MOVES_MAX]);

#endif
