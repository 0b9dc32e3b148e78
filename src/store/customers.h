/* customers.h - the ids of all customers, numbered as they come: one thread adds, any number
 * read meanwhile. An id never moves once it is there. */
#ifndef STORE_CUSTOMERS_H
#define STORE_CUSTOMERS_H

#include "base/str.h"

struct customers;

/* NULL: out of memory. */
[[nodiscard]] struct customers *customers_new(void);
void customers_free(struct customers *c);
/* Of a number that the asking thread has learnt from the one that added it. */
str customers_get(const struct customers *c, uint32_t number);

/* The number of the id, or UINT32_MAX; for any thread. It may be a number that was added only
 * now. */
uint32_t customers_find(struct customers *c, str id);

/* For the thread that adds. The number of the id, added when new. False: out of memory, or of
 * numbers. */
[[nodiscard]] bool customers_add(struct customers *c, str id, uint32_t *number);
/* The same as customers_find, without a lock. */
uint32_t customers_own_find(const struct customers *c, str id);
/* Forgets all but the first n, which nobody else has learnt of. */
void customers_cut(struct customers *c, uint32_t n);

#endif
