/* radix.h - many rows put in order by a number, digit by digit. */
#ifndef BASE_RADIX_H
#define BASE_RADIX_H

#include <stddef.h>

/* Rows of `size` bytes, each of which begins with an int64_t: by that. */
void radix_sort(void *row, size_t n, size_t size);
/* Those with the same number by `cmp`. */
void radix_sort_then(void *row, size_t n, size_t size,
                     int (*cmp)(const void *a, const void *b, void *context),
                     void *context);

#endif
