#include "segment/crowd.h"

#include <stdlib.h>

static int place_cmp(const void *a, const void *b)
{
    const struct crowd_place *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

bool crowd_order(const struct crowd *c, uint32_t measure, struct arena *a,
                 struct crowd_place **out, uint32_t *n, struct err *err)
{
    const int64_t *value = c->value[measure];
    struct crowd_place *place = arena_array(a, struct crowd_place, (size_t)c->n + 1);

    if (!place)
        return err_nomem(err);
    *n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if (value[i] != CROWD_MISSING)
            place[(*n)++] = (struct crowd_place){value[i], i};
    qsort(place, *n, sizeof *place, place_cmp);
    *out = place;
    return true;
}

bool crowd_quartiles(const struct crowd_place *place, uint32_t n, const bool *in,
                     int64_t out[3])
{
    uint64_t all = 0, seen = 0;
    int next = 0;

    for (uint32_t i = 0; i < n; i++)
        all += in[place[i].row];
    for (uint32_t i = 0; i < n && next < 3; i++) {
        seen += in[place[i].row];
        while (next < 3 && all && 4 * seen >= ((uint64_t)next + 1) * all)
            out[next++] = place[i].value;
    }
    return all > 0;
}

int64_t crowd_share(__int128 a, __int128 b)
{
    return (int64_t)((2 * a * CROWD_ONE + b) / (2 * b));
}
