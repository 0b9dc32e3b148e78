#include "base/radix.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, FEW = 64 };

static int64_t key_of(const char *row)
{
    int64_t key;

    memcpy(&key, row, sizeof key);
    return key;
}

static int key_cmp(const void *a, const void *b)
{
    int64_t x = key_of(a), y = key_of(b);

    return (x > y) - (x < y);
}

/* By one digit of what the keys are above the least one. */
static void pass(const char *from, char *to, size_t n, size_t size, uint64_t least,
                 unsigned shift, uint64_t mask)
{
    size_t at[(1 << DIGIT_BITS) + 1] = {0};

    for (size_t i = 0; i < n; i++)
        at[(((uint64_t)key_of(from + i * size) - least) >> shift & mask) + 1]++;
    for (size_t d = 0; d < mask; d++)
        at[d + 1] += at[d];
    for (size_t i = 0; i < n; i++) {
        const char *row = from + i * size;

        memcpy(to + at[((uint64_t)key_of(row) - least) >> shift & mask]++ * size, row,
               size);
    }
}

void radix_sort(void *row, size_t n, size_t size)
{
    char *spare = n > FEW ? mem_alloc(n * size) : NULL, *from = row, *to = spare;
    int64_t least = INT64_MAX, most = INT64_MIN;
    unsigned bits = 0, digits, width;

    if (!spare) { /* so few that it is not worth while, or memory is short */
        if (n)
            qsort(row, n, size, key_cmp);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t key = key_of(from + i * size);

        least = key < least ? key : least;
        most = key > most ? key : most;
    }
    while (bits < 64 && ((uint64_t)most - (uint64_t)least) >> bits)
        bits++;
    digits = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    width = digits ? (bits + digits - 1) / digits : 0;
    for (unsigned d = 0; d < digits; d++) {
        char *other = from;

        pass(from, to, n, size, (uint64_t)least, d * width, (UINT64_C(1) << width) - 1);
        from = to;
        to = other;
    }
    if (from != row)
        memcpy(row, from, n * size);
    mem_free(spare);
}

void radix_sort_then(void *row, size_t n, size_t size,
                     int (*cmp)(const void *a, const void *b, void *context),
                     void *context)
{
    char *all = row;

    radix_sort(row, n, size);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && key_of(all + end * size) == key_of(all + i * size);)
            end++;
        if (end > i + 1)
            qsort_r(all + i * size, end - i, size, cmp, context);
    }
}
