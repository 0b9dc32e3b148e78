/* attribution_result.c - shares as whole numbers again, and the chain's. */
#include "report/attribution.h"

#include "base/num.h"

#include <math.h>
#include <stdlib.h>

/* What the arrays below are in the order of. */
struct result {
    const struct attribution *at;
    struct attributed *row;
    uint32_t n;
    uint32_t *order;
    __int128 *part, *whole;
};

static int by_name(const void *a, const void *b, void *sources)
{
    const uint32_t *x = a, *y = b;

    return source_cmp(sources, *x, *y);
}

static int most_paths_first(const void *a, const void *b, void *attribution)
{
    const struct attribution *at = attribution;
    const struct attributed *x = a, *y = b;
    uint64_t of_x = at->source[x->source].paths, of_y = at->source[y->source].paths;

    if (of_x != of_y)
        return of_x > of_y ? -1 : 1;
    return source_cmp(&at->sources, x->source, y->source);
}

static bool take_shares(struct result *r, enum attribution_model m, struct err *err)
{
    const __int128 millionth = (__int128)CREDIT_ONE / 1000000;

    for (uint32_t i = 0; i < r->n; i++)
        r->part[i] = r->at->source[r->order[i]].conversions[m];
    if (!credit_round(r->part, r->n, millionth, r->whole, err))
        return false;
    for (uint32_t i = 0; i < r->n; i++) {
        r->row[i].conversions[m] = (int64_t)r->whole[i];
        r->part[i] = r->at->source[r->order[i]].value[m];
    }
    if (!credit_round(r->part, r->n, CREDIT_VALUE_ONE, r->whole, err))
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        r->row[i].value[m] = r->whole[i];
    return true;
}

/* A whole in proportion to the removal effects; nothing when it does not fit. */
static bool take_removed(struct result *r, __int128 whole, struct err *err)
{
    __int128 sum = 0;

    for (uint32_t i = 0; i < r->n; i++) {
        r->part[i] = llround(ldexp(r->row[i].removal, 52));
        sum += r->part[i];
        r->whole[i] = 0;
    }
    if (!sum || whole > INT64_MAX || whole < INT64_MIN)
        return true;
    for (uint32_t i = 0; i < r->n; i++)
        r->part[i] *= whole;
    return credit_round(r->part, r->n, sum, r->whole, err);
}

static bool take_chain(struct result *r, double *effect, struct err *err)
{
    const struct attribution *at = r->at;

    if (at->markov.is_off || !at->markov.step)
        return true;
    if (!markov_effects(&at->markov, r->order, r->n, effect, err))
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        r->row[i].removal = effect[i];
    if (!take_removed(r, (__int128)(at->conversions - at->untouched) * NUM_ONE, err))
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        r->row[i].conversions[ATTRIBUTION_MARKOV] = (int64_t)r->whole[i];
    if (!take_removed(r, at->value - at->untouched_value, err))
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        r->row[i].value[ATTRIBUTION_MARKOV] = r->whole[i];
    return true;
}

/* Sources stand in the order of their names until all is computed, whatever their numbers are: the
 * last digit of the chain hangs on it, and who gets what is left over. */
bool attribution_result(const struct attribution *at, struct arena *a,
                        const struct attributed **out, uint32_t *n, struct err *err)
{
    size_t all = (size_t)at->sources.name.n + 1;
    struct result r = {at,
                       arena_array(a, struct attributed, all),
                       0,
                       arena_array(a, uint32_t, all),
                       arena_array(a, __int128, all),
                       arena_array(a, __int128, all)};
    double *effect = arena_array(a, double, all);

    if (!r.row || !r.order || !r.part || !r.whole || !effect)
        return err_nomem(err);
    for (uint32_t i = 0; i + 1 < all && i < at->source_cap; i++)
        if (at->source[i].paths || at->source[i].lost)
            r.order[r.n++] = i;
    qsort_r(r.order, r.n, sizeof *r.order, by_name, (void *)(uintptr_t)&at->sources);
    for (uint32_t i = 0; i < r.n; i++)
        r.row[i].source = r.order[i];
    for (enum attribution_model m = 0; m < ATTRIBUTION_SHARED; m++)
        if (!take_shares(&r, m, err))
            return false;
    if (!take_chain(&r, effect, err))
        return false;
    qsort_r(r.row, r.n, sizeof *r.row, most_paths_first, (void *)(uintptr_t)at);
    *out = r.row;
    *n = r.n;
    return true;
}
