#include "store/chunk_impl.h"

/* Events out of their columns: each as the fact that it was. */

struct lifting {
    const struct chunk *chunk;
    const struct chunk_range *range;
    uint32_t range_n;
    bool traits;
    struct arena *a; /* where the facts live */
    struct fact *fact;
    size_t fact_n;
    struct lifted_cell *cell; /* column by column */
    size_t cell_n, cell_cap;
};

struct lifted_cell {
    size_t fact; /* its place */
    struct fact_cell cell;
};

static bool copy_list(struct lifting *l, const struct cells *cells, uint32_t at,
                      struct fact_cell *to, struct err *err)
{
    uint32_t first = cells->list_first[at];
    str *item;

    to->n = cells->list_first[at + 1] - first;
    to->item = item = arena_array(l->a, str, to->n);
    if (!item)
        return err_nomem(err);
    for (uint32_t k = 0; k < to->n; k++) {
        item[k] = arena_str(l->a, cells->word[cells->list_item[first + k]]);
        if (!item[k].p)
            return err_nomem(err);
    }
    return true;
}

static bool add_cell(struct lifting *l, size_t fact, const struct cells *cells,
                     uint32_t at, uint32_t column, struct err *err)
{
    struct fact_cell cell = {.column = column};

    if (l->cell_n == l->cell_cap) {
        size_t cap = l->cell_cap ? l->cell_cap * 2 : 64;
        struct lifted_cell *grown = mem_resize(l->cell, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        l->cell = grown;
        l->cell_cap = cap;
    }
    if (cells->number)
        cell.number = cells->number[at];
    if (cells->text) {
        cell.text = arena_str(l->a, cells->word[cells->text[at]]);
        if (!cell.text.p)
            return err_nomem(err);
    }
    if (cells->type == VALUE_LIST && !copy_list(l, cells, at, &cell, err))
        return false;
    l->cell[l->cell_n++] = (struct lifted_cell){fact, cell};
    l->fact[fact].cell_n++;
    return true;
}

static bool lift_column(struct lifting *l, uint32_t column, struct err *err)
{
    const struct cells *cells;
    size_t fact = 0;

    if (!chunk_cells(l->chunk, column, &cells, err))
        return false;
    for (uint32_t i = 0; i < l->range_n; i++) {
        uint32_t first = l->range[i].first, n = l->range[i].n;

        for (uint32_t at = cells_from(cells, first);
             at < cells->n && cells->event[at] < first + n; at++) {
            if (!add_cell(l, fact + cells->event[at] - first, cells, at, column, err))
                return false;
        }
        fact += n;
    }
    chunk_forget(l->chunk, (int32_t)column);
    return true;
}

/* Each fact's values, which were gathered column by column. */
static bool share_cells(struct lifting *l, struct err *err)
{
    struct fact_cell *cell = arena_array(l->a, struct fact_cell, l->cell_n), *at = cell;
    struct fact_cell **next = mem_alloc(l->fact_n * sizeof(struct fact_cell *));

    if (!cell || !next) {
        mem_free(next);
        return err_nomem(err);
    }
    for (size_t i = 0; i < l->fact_n; i++) {
        l->fact[i].cell = next[i] = at;
        at += l->fact[i].cell_n;
    }
    for (size_t i = 0; i < l->cell_n; i++)
        *next[l->cell[i].fact]++ = l->cell[i].cell;
    mem_free(next);
    return true;
}

/* The events themselves, without their values. */
static bool lift_heads(struct lifting *l, struct err *err)
{
    const struct chunk *c = l->chunk;
    const struct cells *anchors;
    const str *id;

    if (!chunk_message_ids(c, &id, err) || !chunk_anchors(c, &anchors, err))
        return false;
    for (uint32_t i = 0; i < l->range_n; i++) {
        const struct chunk_range *r = &l->range[i];
        uint32_t anchor = cells_from(anchors, r->first);

        for (uint32_t k = r->first; k < r->first + r->n; k++) {
            bool moved = anchor < anchors->n && anchors->event[anchor] == k;
            struct fact *fact = &l->fact[l->fact_n++];

            *fact = (struct fact){.at_ms = c->at_ms[k],
                                  .customer = r->customer,
                                  .anchor = moved ? (uint32_t)anchors->number[anchor]
                                                  : r->customer,
                                  .type = c->type[k],
                                  .id = arena_str(l->a, id[k])};
            anchor += moved;
            if (!fact->id.p)
                return err_nomem(err);
        }
    }
    return true;
}

static bool lift(struct lifting *l, struct err *err)
{
    if (!lift_heads(l, err))
        return false;
    for (uint32_t column = 0; l->fact_n; column++) {
        if (!chunk_next_column(l->chunk, column, &column, err))
            return false;
        if (column == COLUMN_NONE)
            break;
        if ((l->traits || !l->chunk->own->catalog->column[column].trait)
            && !lift_column(l, column, err))
            return false;
    }
    return share_cells(l, err);
}

bool chunk_facts(const struct chunk *c, const struct chunk_range *range, uint32_t range_n,
                 bool traits, struct arena *a, struct fact *to, struct err *err)
{
    struct lifting l = {.chunk = c,
                        .range = range,
                        .range_n = range_n,
                        .traits = traits,
                        .a = a,
                        .fact = to};
    bool ok = lift(&l, err);

    mem_free(l.cell);
    return ok;
}
