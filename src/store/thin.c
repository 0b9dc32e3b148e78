#include "store/chunk_impl.h"

#include <string.h>

/* What the parts of a chunk hold but for the events of some customers: what an overlay is laid
 * over when these were told again. Their columns are copied, run by run of events that stay; the
 * words are the base's, used or not. */

/* The events that stay, and their customers. */
static void make_runs(struct chunk_private *own, const struct chunk *base,
                      const bool *gone, uint32_t *first)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < base->customer_n; i++) {
        uint32_t from = base->first[i], his = gone[i] ? 0 : base->first[i + 1] - from;
        struct run *last = own->run_n ? &own->run[own->run_n - 1] : NULL;

        if (his && last && last->from + last->n == from)
            last->n += his;
        else if (his)
            own->run[own->run_n++] = (struct run){from, his, n};
        n += his;
        first[i + 1] = n;
    }
}

static void copy_runs(const struct chunk_private *own, const void *from, void *to,
                      size_t size)
{
    for (uint32_t i = 0; i < own->run_n; i++) {
        const struct run *run = &own->run[i];

        memcpy((char *)to + run->to * size, (const char *)from + run->from * size,
               run->n * size);
    }
}

static bool make(struct chunk *c, const struct chunk *base, const bool *gone,
                 struct err *err)
{
    struct chunk_private *own = c->own;
    uint32_t *first = padded(&own->arena, (size_t)base->customer_n + 1, sizeof *first);
    uint16_t *type;
    int64_t *at_ms;

    own->run = arena_array(&own->arena, struct run, base->customer_n);
    if (!first || !own->run)
        return err_nomem(err);
    make_runs(own, base, gone, first);
    c->customer_n = base->customer_n;
    c->event_n = first[base->customer_n];
    at_ms = padded(&own->arena, c->event_n, sizeof *at_ms);
    type = padded(&own->arena, c->event_n, sizeof *type);
    if (!at_ms || !type)
        return err_nomem(err);
    copy_runs(own, base->at_ms, at_ms, sizeof *at_ms);
    copy_runs(own, base->type, type, sizeof *type);
    c->first = first;
    c->at_ms = at_ms;
    c->type = type;
    return true;
}

bool chunk_thin(struct chunk *base, bool is_lent, const bool *gone, struct chunk **out,
                struct err *err)
{
    struct chunk *c = chunk_new(base->own->catalog, &base->own->want);

    if (!c) {
        if (!is_lent)
            chunk_free(base);
        return err_nomem(err);
    }
    c->own->kind = CHUNK_THIN;
    c->own->base = base;
    c->own->is_base_lent = is_lent;
    if (!make(c, base, gone, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

bool thin_ids(const struct chunk *c, [[maybe_unused]] int32_t column, struct arena *a,
              const void **out, struct err *err)
{
    str *id = arena_array(a, str, c->event_n);
    const str *old;

    *out = id;
    if (!id)
        return err_nomem(err);
    if (!chunk_message_ids(c->own->base, &old, err))
        return false;
    copy_runs(c->own, old, id, sizeof *id);
    return true;
}

/* --- cells --- */

static bool base_cells(const struct chunk *c, int32_t column, const struct cells **out,
                       struct err *err)
{
    return column == PART_ANCHOR ? chunk_anchors(c->own->base, out, err)
                                 : chunk_cells(c->own->base, (uint32_t)column, out, err);
}

/* A column being copied. */
struct copy {
    uint32_t *event, *text, *list_first, *list_item;
    int64_t *number;
    uint32_t n, item_n;
};

/* As large as the old one, which it cannot outgrow. */
static bool copy_open(struct copy *to, const struct cells *old, struct arena *a)
{
    uint32_t n = old->n;

    *to = (struct copy){.event = padded(a, n, sizeof *to->event)};
    if (old->number)
        to->number = padded(a, n, sizeof *to->number);
    if (old->text)
        to->text = padded(a, n, sizeof *to->text);
    if (old->type == VALUE_LIST) {
        to->list_first = padded(a, (size_t)n + 1, sizeof *to->list_first);
        to->list_item = padded(a, old->list_first[n], sizeof *to->list_item);
    }
    return to->event && !old->number == !to->number && !old->text == !to->text
           && (old->type != VALUE_LIST || (to->list_first && to->list_item));
}

/* The cells [from, end), whose events stand in the run. */
static void copy_cells(struct copy *to, const struct cells *old, uint32_t from,
                       uint32_t end, const struct run *run)
{
    for (uint32_t i = from; i < end; i++, to->n++) {
        to->event[to->n] = old->event[i] - run->from + run->to;
        if (to->number)
            to->number[to->n] = old->number[i];
        if (to->text)
            to->text[to->n] = old->text[i];
        if (!to->list_first)
            continue;
        for (uint32_t k = old->list_first[i]; k < old->list_first[i + 1]; k++)
            to->list_item[to->item_n++] = old->list_item[k];
        to->list_first[to->n + 1] = to->item_n;
    }
}

static bool make_cells(const struct chunk *c, int32_t column, struct arena *a,
                       const void **out, struct err *err)
{
    struct cells *cells = arena_new(a, struct cells);
    const struct cells *old;
    struct copy to;

    *out = cells;
    if (!cells)
        return err_nomem(err);
    if (!base_cells(c, column, &old, err))
        return false;
    if (!copy_open(&to, old, a))
        return err_nomem(err);
    for (uint32_t i = 0; i < c->own->run_n; i++) {
        const struct run *run = &c->own->run[i];

        copy_cells(&to, old, cells_from(old, run->from),
                   cells_from(old, run->from + run->n), run);
    }
    *cells = (struct cells){.type = old->type,
                            .n = to.n,
                            .event = to.event,
                            .number = to.number,
                            .text = to.text,
                            .list_first = to.list_first,
                            .list_item = to.list_item,
                            .word = old->word,
                            .word_n = old->word_n};
    return true;
}

bool thin_cells(const struct chunk *c, int32_t column, const struct cells **out,
                struct err *err)
{
    return chunk_get(c, column, make_cells, (const void **)out, err);
}
