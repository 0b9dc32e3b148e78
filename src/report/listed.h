/* listed.h - the customers behind a number of a report. */
#ifndef REPORT_LISTED_H
#define REPORT_LISTED_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Zero it to start; .customer is to be given to mem_free. */
struct listed {
    uint32_t *customer;
    size_t n, cap;
};
/* Everybody's numbers are made one customer after the other: who was added last is there already. */
[[nodiscard]] bool listed_add(struct listed *l, uint32_t customer, struct err *err);
[[nodiscard]] bool listed_join(struct listed *into, const struct listed *from,
                               struct err *err);

#endif
