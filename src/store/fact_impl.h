/* fact_impl.h - an event as numbers, waiting to be merged into its chunk; private to store/. */
#ifndef STORE_FACT_IMPL_H
#define STORE_FACT_IMPL_H

#include "store/catalog.h"

struct fact_cell {
    uint32_t column;
    uint32_t n; /* LIST: items */
    union {
        int64_t number;  /* NUMBER, BOOL */
        str text;        /* TEXT */
        const str *item; /* LIST */
    };
};

struct fact {
    int64_t at_ms;
    uint32_t customer;
    uint16_t type;
    uint32_t cell_n;
    const struct fact_cell *cell;
    str id;
};

/* Everything that the event names is in the catalog. Lives in `a`. */
bool fact_of(const struct catalog *catalog, const struct event *e, struct arena *a,
             struct fact *out, struct err *err);
/* The order of the timelines; for qsort. */
int fact_order(const void *left, const void *right);
/* Into the order of the timelines: customer, time, message id. */
void facts_sort(struct fact *fact, size_t n);
/* In which order two events of one customer stand: below 0, or above. */
int fact_time_order(int64_t at_ms, str id, int64_t other_ms, str other_id);

/* Facts as bytes, in the order in which they are given: docs/format.md, news. */
void news_encode(const struct catalog *catalog, const struct fact *fact, uint32_t n,
                 struct buf *to);
/* All of `bytes` is facts that name only what is in the catalog; else ERR_CORRUPT. They live
 * in `a`. */
bool news_decode(str bytes, const struct catalog *catalog, struct arena *a,
                 struct fact **out, uint32_t *n, struct err *err);

#endif
