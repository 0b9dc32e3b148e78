/* lengths.h - many lengths of time, and how long the middle one is. */
#ifndef REPORT_LENGTHS_H
#define REPORT_LENGTHS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Zero it to start; .ms is to be given to mem_free. */
struct lengths {
    int64_t *ms;
    size_t n, cap;
};
[[nodiscard]] bool lengths_add(struct lengths *l, int64_t ms, struct err *err);
[[nodiscard]] bool lengths_join(struct lengths *into, const struct lengths *from,
                                struct err *err);
/* The nearest rank: the least length that at least `percent` of all do not pass; -1 when there
 * are none. Brings them into another order. */
int64_t lengths_quantile(struct lengths *l, unsigned percent);

#endif
