#include "store/timeline.h"

struct timeline timeline_of(const struct chunk *c, uint32_t customer)
{
    struct timeline t = {.chunk = c, .customer = customer};
    uint32_t i = customer - c->customer_first;

    if (customer < c->customer_first || i >= c->customer_n)
        return t;
    t.first = c->first[i];
    t.n = c->first[i + 1] - t.first;
    t.at_ms = c->at_ms + t.first;
    t.type = c->type + t.first;
    return t;
}

uint32_t timeline_until(const struct timeline *t, uint32_t from, int64_t at_ms)
{
    uint32_t low = from, high = t->n, step = 1;

    /* It is seldom far: steps that double, then halves. */
    while (step < high - low && t->at_ms[low + step - 1] <= at_ms) {
        low += step;
        step *= 2;
    }
    if (step < high - low)
        high = low + step;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (t->at_ms[middle] <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool list_value(const struct cells *cells, uint32_t cell, struct arena *a,
                       struct value *out, struct err *err)
{
    uint32_t first = cells->list_first[cell], n = cells->list_first[cell + 1] - first;
    str *item = arena_array(a, str, n);

    if (!item)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        item[i] = cells->word[cells->list_item[first + i]];
    *out = (struct value){.type = VALUE_LIST, .list = {item, n}};
    return true;
}

bool timeline_value(const struct timeline *t, uint32_t column, uint32_t event,
                    struct arena *a, struct value *out, struct err *err)
{
    const struct cells *cells;
    uint32_t cell;

    *out = (struct value){.type = VALUE_MISSING};
    if (!chunk_cells(t->chunk, column, &cells, err))
        return false;
    cell = cells_from(cells, t->first + event);
    if (cell == cells->n || cells->event[cell] != t->first + event)
        return true;
    switch (cells->type) {
    case VALUE_NULL:
        out->type = VALUE_NULL;
        return true;
    case VALUE_BOOL:
        *out = (struct value){.type = VALUE_BOOL, .truth = cells->number[cell] != 0};
        return true;
    case VALUE_NUMBER:
        *out = (struct value){.type = VALUE_NUMBER, .number = cells->number[cell]};
        return true;
    case VALUE_TEXT:
        *out = (struct value){.type = VALUE_TEXT, .text = cells->word[cells->text[cell]]};
        return true;
    case VALUE_LIST:
        return list_value(cells, cell, a, out, err);
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}
