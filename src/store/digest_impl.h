/* digest_impl.h - an event as 128 bits, the same from wherever it comes: from the log, from news,
 * from the columns of a chunk; private to store/.
 *
 * It is made of the numbers of customer, type and columns in the catalog, of the moment, the
 * message id and the values, which are added up, so that their order leaves no trace. An anchor
 * that is not the customer is one more value, of the column DIGEST_ANCHOR. */
#ifndef STORE_DIGEST_IMPL_H
#define STORE_DIGEST_IMPL_H

#include "store/chunk_impl.h"

/* A set of hashes, whatever their order: equal sums are equal sets, but for malice. */
struct sum {
    uint64_t low, high, n;
};

static inline void sum_add(struct sum *s, hash128 h)
{
    s->low += h.low;
    s->high += h.high;
    s->n++;
}

static inline void sum_join(struct sum *s, const struct sum *other)
{
    s->low += other->low;
    s->high += other->high;
    s->n += other->n;
}

static inline bool sum_eq(const struct sum *a, const struct sum *b)
{
    return a->low == b->low && a->high == b->high && a->n == b->n;
}

#define DIGEST_ANCHOR COLUMN_NONE

/* What is known of an event but its values. */
struct digest_head {
    uint64_t customer, at_ms, type;
    hash128 id;
};
/* `values` is the sum of what digest_value gives for each of them. */
hash128 digest(const struct digest_head *head, const struct sum *values);
hash128 digest_value(uint32_t column, const struct value *value);
hash128 digest_anchor(uint32_t anchor);
/* Adds each value of a column to the sum of its event. */
bool digest_cells(uint32_t column, const struct cells *cells, struct sum *values,
                  struct err *err);
hash128 digest_fact(const struct fact *fact, const struct catalog *catalog);

#endif
