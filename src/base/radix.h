/* radix.h - many rows put in order by a number, digit by digit. */
#ifndef BASE_RADIX_H
#define BASE_RADIX_H

#include <stddef.h>

/* Rows of `size` bytes, each of which begins with an int64_t: by that. */
void radix_sort(void *row, size_t n, size_t size);

#endif
