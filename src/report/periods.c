#include "report/periods.h"

bool periods_new(const int64_t *edge, uint32_t n, struct arena *a, struct periods *out,
                 struct err *err)
{
    uint64_t all = n ? (uint64_t)edge[n] - (uint64_t)edge[0] : 0;
    uint64_t most = 8 * ((uint64_t)n + 1);
    uint32_t *guess, k = 0;

    *out = (struct periods){.edge = edge, .n = n};
    while (all >> out->shift >= most)
        out->shift++;
    out->guess = guess = arena_array(a, uint32_t, (all >> out->shift) + 1);
    if (!guess)
        return err_nomem(err);
    for (uint64_t i = 0; i <= all >> out->shift; i++) {
        while (k < n && (uint64_t)edge[k + 1] - (uint64_t)edge[0] <= i << out->shift)
            k++;
        guess[i] = k;
    }
    return true;
}
