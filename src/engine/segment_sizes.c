#include "engine/segment_sizes.h"

#include "engine/members.h"

#define COUNTS_MAX (1u << 20)

/* The first period that ends after the moment; period_n when none does. */
static uint32_t period_of(const struct segment_sizes *s, int64_t at_ms)
{
    uint32_t low = 0, high = s->period_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (s->edge[middle + 1] > at_ms)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void add_change(struct segment_sizes *s, const struct move *change)
{
    uint32_t period = period_of(s, change->at_ms);
    bool in = change->to == MEMBER_IN;
    size_t place;

    if (period == s->period_n)
        return;
    place = (size_t)period * s->segment_n + change->way;
    s->size[place] += in ? 1 : -1;
    if (change->at_ms >= s->edge[0])
        (in ? s->entered : s->left)[place]++;
}

bool engine_segment_sizes(const struct engine *e, const int64_t *edge, uint32_t period_n,
                          struct arena *a, struct segment_sizes *out, struct err *err)
{
    uint32_t n = engine_model(e)->segments->segment_n, customers = engine_customer_n(e);
    size_t counts = (size_t)n * period_n;

    if (counts > COUNTS_MAX)
        return err_set(err, ERR_LIMIT,
                       "%u periods are too many for %u segments; choose longer ones, or "
                       "less time",
                       period_n, n);
    *out = (struct segment_sizes){
        .segment_n = n,
        .period_n = period_n,
        .edge = edge,
        .size = arena_array(a, int64_t, counts + 1),
        .entered = arena_array(a, int64_t, counts + 1),
        .left = arena_array(a, int64_t, counts + 1),
    };
    if (!out->size || !out->entered || !out->left)
        return err_nomem(err);
    for (uint32_t c = 0; c < customers; c++) {
        size_t changes;
        const struct move *change = engine_members(e, c, &changes);

        for (size_t i = 0; i < changes; i++)
            add_change(out, &change[i]);
    }
    for (size_t i = n; i < counts; i++)
        out->size[i] += out->size[i - n];
    return true;
}
