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
    uint32_t customer, anchor; /* on whose timeline it stands; who brought it */
    uint32_t cell_n;
    uint16_t type;
    bool is_told; /* again: it is in the file already, and its id is known */
    const struct fact_cell *cell;
    str id;
};

/* Everything that the event names is in the catalog; it stands with its anchor. Lives in `a`. */
bool fact_of(const struct catalog *catalog, const struct event *e, struct arena *a,
             struct fact *out, struct err *err);
/* The same, borrowing nothing but what lives in `a`. */
bool fact_copy(const struct catalog *catalog, const struct fact *fact, struct arena *a,
               struct fact *out, struct err *err);
/* The order of the timelines; for qsort. */
int fact_order(const void *left, const void *right);
/* Into the order of the timelines: customer, time, message id. */
void facts_sort(struct fact *fact, size_t n);
/* In which order two events of one customer stand: below 0, or above. */
int fact_time_order(int64_t at_ms, str id, int64_t other_ms, str other_id);

/* A customer who was told again: what the parts and earlier batches say of him does not stand
 * there any more. */
struct gone {
    uint32_t customer, events; /* his in the parts, which then are not his */
};

/* What one commit brings, as news. */
struct brought {
    struct fact *fact;
    struct gone *gone; /* ascending */
    uint32_t n, gone_n;
};

/* As bytes: docs/format.md, news. The facts are in the order in which they are given. */
void news_encode(const struct catalog *catalog, const struct brought *b, struct buf *to);
/* All of `bytes` is that, and names only what is in the catalog; else ERR_CORRUPT. It lives in
 * `a`. */
bool news_decode(str bytes, const struct catalog *catalog, struct arena *a,
                 struct brought *out, struct err *err);

#endif
