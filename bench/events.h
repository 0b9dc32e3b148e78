/* events.h - events out of their numbers: the same ones on every machine, none kept. */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

#include "event/event.h"

/* Whose the events are. */
enum shape {
    EVEN,  /* fifty events each */
    WHALE, /* a tenth of all events is one customer's */
    SINGLE /* one event each */
};
bool shape_parse(str word, enum shape *out);

struct stream {
    uint64_t n;
    enum shape shape;
    bool
        shuffled; /* arrives in random order; else customer by customer, sorted by time */
};

/* What one event's texts stand in. */
struct made {
    struct event event;
    char customer[24], id[40];
    struct property property[3];
    struct buf json; /* as store_append wants it; free it at the end */
};
/* The event that arrives at place i. Its id is a hash, as most senders' are. */
void stream_event(const struct stream *s, uint64_t i, struct made *out);
/* Another event of a customer, at any of the moments: late news. */
void stream_late(str customer, uint64_t i, struct made *out);

uint64_t mixed(uint64_t x); /* splitmix64 */

#endif
