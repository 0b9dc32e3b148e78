#include "engine/history_impl.h"

#include <string.h>

/* Nearly all customers meet none: then nothing is held of them. */

bool same_ways(const struct loop *a, const struct loop *b)
{
    return a->way_n == b->way_n && !memcmp(a->way, b->way, a->way_n * sizeof *a->way);
}

bool loops_append(struct loops *to, const struct loop *loop, struct err *err)
{
    if (to->n == to->cap) {
        uint32_t cap = to->cap ? 2 * to->cap : 16;
        struct loop *more = mem_resize(to->loop, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        to->loop = more;
        to->cap = cap;
    }
    to->loop[to->n++] = *loop;
    return true;
}

void loops_sum_up(struct looped *l)
{
    for (uint32_t i = 0; i < l->met_n; i++) {
        const struct met *met = &l->met[i];
        struct loop *kind = &l->loop[met->kind];

        if (!kind->times || met->at_ms < kind->at_ms) {
            kind->at_ms = met->at_ms;
            kind->customer = met->place;
        }
        kind->times += met->times;
    }
}

static bool keep_kinds(struct looped *to, const struct loop *kind, struct arena *a)
{
    to->loop = arena_array(a, struct loop, to->n);
    for (uint32_t k = 0; to->loop && k < to->n; k++) {
        uint16_t *way = arena_array(a, uint16_t, kind[k].way_n);

        if (!way)
            return false;
        memcpy(way, kind[k].way, kind[k].way_n * sizeof *way);
        to->loop[k] = (struct loop){.way = way, .way_n = kind[k].way_n};
    }
    return to->loop;
}

/* `kind` is scratch: a place for each loop. */
static bool pack(struct looped *to, const struct loops *from, struct loop *kind,
                 struct arena *a)
{
    to->met = arena_array(a, struct met, from->n);
    if (!to->met)
        return false;
    for (; to->met_n < from->n; to->met_n++) {
        const struct loop *loop = &from->loop[to->met_n];
        uint32_t k = 0;

        while (k < to->n && !same_ways(&kind[k], loop))
            k++;
        if (k == to->n)
            kind[to->n++] = *loop;
        to->met[to->met_n] =
            (struct met){loop->at_ms, loop->times, k, loop->customer % CHUNK_CUSTOMERS};
    }
    if (!keep_kinds(to, kind, a))
        return false;
    loops_sum_up(to);
    return true;
}

bool loops_pack(struct history *one, const struct loops *by_lifecycle,
                uint32_t lifecycles, struct err *err)
{
    uint32_t most = 0;
    struct loop *kind;
    bool ok;

    for (uint32_t l = 0; l < lifecycles; l++)
        if (by_lifecycle[l].n > most)
            most = by_lifecycle[l].n;
    if (!most)
        return true;
    one->looped = arena_array(&one->arena, struct looped, lifecycles);
    kind = mem_alloc(most * sizeof *kind);
    ok = one->looped && kind;
    for (uint32_t l = 0; ok && l < lifecycles; l++)
        ok = !by_lifecycle[l].n
             || pack(&one->looped[l], &by_lifecycle[l], kind, &one->arena);
    mem_free(kind);
    return ok || err_nomem(err);
}

const struct met *mets_of(const struct history *one, uint32_t lifecycle, uint32_t place,
                          uint32_t *n)
{
    const struct looped *of = one->looped ? &one->looped[lifecycle] : NULL;
    uint32_t first = 0, end = of ? of->met_n : 0;

    while (first < end) {
        uint32_t middle = first + (end - first) / 2;

        if (of->met[middle].place < place)
            first = middle + 1;
        else
            end = middle;
    }
    for (*n = 0; of && first + *n < of->met_n && of->met[first + *n].place == place;)
        ++*n;
    return *n ? of->met + first : NULL;
}
