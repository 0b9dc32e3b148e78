#include "report/credit.h"

#include "base/mem.h"

#include <stdlib.h>

static size_t last_of(const uint64_t *weight, size_t n)
{
    while (n > 1 && !weight[n - 1])
        n--;
    return n - 1;
}

uint64_t credit_part(uint64_t weight, unsigned __int128 sum)
{
    return (uint64_t)((unsigned __int128)CREDIT_ONE * weight / sum);
}

/* By whole and rest of a share: so that nearly all values need no division of 128 bits. */
__int128 credit_part_value(int64_t value, uint64_t share)
{
    const int64_t rest = (int64_t)CREDIT_ONE / CREDIT_VALUE_ONE;
    int64_t left = (int64_t)(share % (uint64_t)rest), part;
    __int128 whole = (__int128)value * (__int128)(share / (uint64_t)rest);

    if (__builtin_mul_overflow(value, left, &part))
        return whole + (__int128)value * left / rest;
    return whole + part / rest;
}

void credit_share(const uint64_t *weight, size_t n, uint64_t *share)
{
    uint64_t left = CREDIT_ONE;
    unsigned __int128 sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += weight[i];
    for (size_t i = 0; i < n; i++) {
        share[i] = credit_part(weight[i], sum);
        left -= share[i];
    }
    share[last_of(weight, n)] += left;
}

void credit_share_value(int64_t value, const uint64_t *share, size_t n, __int128 *out)
{
    __int128 left = (__int128)value * CREDIT_VALUE_ONE;

    for (size_t i = 0; i < n; i++) {
        out[i] = credit_part_value(value, share[i]);
        left -= out[i];
    }
    out[last_of(share, n)] += left;
}

struct remainder {
    size_t place;
    __int128 left;
};

static int largest_first(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;

    if (x->left != y->left)
        return x->left > y->left ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

bool credit_round(const __int128 *part, size_t n, __int128 one, __int128 *out,
                  struct err *err)
{
    struct remainder *r = mem_alloc((n + 1) * sizeof *r);
    __int128 more = 0;

    if (!r)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        __int128 left = part[i] % one;

        left += left < 0 ? one : 0;
        out[i] = (part[i] - left) / one;
        r[i] = (struct remainder){i, left};
        more += left;
    }
    if (n)
        qsort(r, n, sizeof *r, largest_first);
    for (size_t i = 0; i < n && more >= one; i++, more -= one)
        out[r[i].place]++;
    mem_free(r);
    return true;
}
