/* periods.h - in which of many periods a moment lies, nearly always found at once. */
#ifndef REPORT_PERIODS_H
#define REPORT_PERIODS_H

#include "base/err.h"
#include "base/mem.h"

struct periods {
    const int64_t
        *edge; /* n + 1, ascending: period k is [edge[k], edge[k + 1]); of none, none */
    uint32_t n;
    unsigned shift;
    const uint32_t
        *guess; /* of equal stretches of time: the period in which each begins */
};
/* Lives in `a`; borrows the edges. */
bool periods_new(const int64_t *edge, uint32_t n, struct arena *a, struct periods *out,
                 struct err *err);
/* The first period that ends after the moment; n when none does. */
static inline uint32_t periods_find(const struct periods *p, int64_t at_ms)
{
    uint32_t k;

    if (!p->n || at_ms < p->edge[0])
        return 0;
    if (at_ms >= p->edge[p->n])
        return p->n;
    k = p->guess[((uint64_t)at_ms - (uint64_t)p->edge[0]) >> p->shift];
    while (p->edge[k + 1] <= at_ms)
        k++;
    return k;
}

#endif
