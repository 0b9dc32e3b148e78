/* kth.h - what stands at a place of many numbers in order, without putting them in order. */
#ifndef BASE_KTH_H
#define BASE_KTH_H

#include <stddef.h>
#include <stdint.h>

/* The number with k others before it, k < n. Brings them into another order. */
int64_t kth_least(int64_t *number, size_t n, size_t k);

#endif
