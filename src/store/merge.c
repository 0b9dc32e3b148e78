#include "store/chunk_impl.h"

#include <assert.h>
#include <string.h>

/* A new value and the place of its event in the merged chunk. */
struct ref {
    uint32_t place;
    const struct fact_cell *cell;
};

struct merge {
    struct chunk *out;
    const struct chunk *old; /* or NULL */
    const struct fact *fact;
    uint32_t n;
    struct arena scratch;
    uint32_t *old_place, *new_place; /* in the merged chunk */
    struct ref *ref;                 /* by column, and by place in each */
    uint32_t *ref_first;             /* column_n + 1 places in ref */

    /* the merged chunk's, while they are written */
    uint32_t *first;
    int64_t *at_ms;
    uint16_t *type;
    str *id;
};

static bool open_events(struct merge *m, uint32_t old_n, struct err *err)
{
    struct chunk *c = m->out;
    struct arena *a = &c->own->arena;

    c->event_n = old_n + m->n;
    c->first = m->first = padded(a, (size_t)c->customer_n + 1, sizeof *m->first);
    c->at_ms = m->at_ms = padded(a, c->event_n, sizeof *m->at_ms);
    c->type = m->type = padded(a, c->event_n, sizeof *m->type);
    c->own->id = m->id = arena_array(a, str, c->event_n);
    m->old_place = arena_array(&m->scratch, uint32_t, old_n);
    m->new_place = arena_array(&m->scratch, uint32_t, m->n);
    return (m->first && m->at_ms && m->type && m->id && m->old_place && m->new_place)
           || err_nomem(err);
}

static bool put_event(struct merge *m, uint32_t place, int64_t at_ms, uint16_t type,
                      str id, struct err *err)
{
    m->at_ms[place] = at_ms;
    m->type[place] = type;
    m->id[place] = arena_str(&m->out->own->arena, id);
    return m->id[place].p || err_nomem(err);
}

/* Goes through old and new events side by side, and notes where each went. */
static bool merge_events(struct merge *m, struct err *err)
{
    const struct chunk *c = m->out, *old = m->old;
    uint32_t old_n = old ? old->event_n : 0, i = 0, k = 0, place = 0;
    const str *old_id = NULL;

    if ((old && !chunk_message_ids(old, &old_id, err)) || !open_events(m, old_n, err))
        return false;
    for (uint32_t customer = 0; customer < c->customer_n; customer++) {
        uint32_t old_end =
            old && customer < old->customer_n ? old->first[customer + 1] : old_n;

        for (;; place++) {
            const struct fact *fact = &m->fact[k];
            bool has_old = i < old_end;
            bool has_new = k < m->n && fact->customer == c->customer_first + customer;

            if (!has_old && !has_new)
                break;
            if (has_old
                && (!has_new
                    || fact_time_order(old->at_ms[i], old_id[i], fact->at_ms, fact->id)
                           < 0)) {
                if (!put_event(m, place, old->at_ms[i], old->type[i], old_id[i], err))
                    return false;
                m->old_place[i++] = place;
            } else {
                if (!put_event(m, place, fact->at_ms, fact->type, fact->id, err))
                    return false;
                m->new_place[k++] = place;
            }
        }
        m->first[customer + 1] = place;
    }
    assert(place == c->event_n);
    return true;
}

/* Sorts the new values by column (counting), which keeps the order of their events. */
static bool sort_refs(struct merge *m, uint32_t column_n, struct err *err)
{
    uint32_t *first = arena_array(&m->scratch, uint32_t, (size_t)column_n + 2);
    uint64_t n = 0;

    for (uint32_t i = 0; i < m->n; i++)
        n += m->fact[i].cell_n;
    if (n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u values",
                       UINT32_MAX);
    m->ref = arena_array(&m->scratch, struct ref, n);
    if (!first || !m->ref)
        return err_nomem(err);

    for (uint32_t i = 0; i < m->n; i++) {
        for (uint32_t k = 0; k < m->fact[i].cell_n; k++)
            first[m->fact[i].cell[k].column + 2]++;
    }
    for (uint32_t column = 0; column < column_n; column++)
        first[column + 2] += first[column + 1];
    for (uint32_t i = 0; i < m->n; i++) {
        for (uint32_t k = 0; k < m->fact[i].cell_n; k++) {
            const struct fact_cell *cell = &m->fact[i].cell[k];

            m->ref[first[cell->column + 1]++] = (struct ref){m->new_place[i], cell};
        }
    }
    m->ref_first =
        first; /* shifted by one while counting: first[c] is now the column's */
    return true;
}

/* A column being written, cell after cell. */
struct writer {
    struct cells *cells;
    const struct cells *old;
    uint32_t *event, *text, *list_first, *list_item;
    int64_t *number;
    uint32_t n, item_n;
    struct text_table words;
    uint32_t *old_word; /* by places in old->word: the places in words, or TEXT_NONE */
};

static bool writer_open(struct writer *w, struct cells *cells, const struct cells *old,
                        struct arena *a, uint32_t n, uint32_t item_n)
{
    *w = (struct writer){.cells = cells, .old = old};
    w->event = padded(a, n, sizeof *w->event);
    w->old_word = mem_alloc(old->word_n * sizeof *w->old_word);
    if (!w->event || !w->old_word)
        return false;
    memset(w->old_word, 0xff, old->word_n * sizeof *w->old_word);
    switch (cells->type) {
    case VALUE_BOOL:
    case VALUE_NUMBER:
        w->number = padded(a, n, sizeof *w->number);
        return w->number;
    case VALUE_TEXT:
        w->text = padded(a, n, sizeof *w->text);
        return w->text;
    case VALUE_LIST:
        w->list_first = padded(a, (size_t)n + 1, sizeof *w->list_first);
        w->list_item = padded(a, item_n, sizeof *w->list_item);
        return w->list_first && w->list_item;
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return false;
}

static void writer_free(struct writer *w)
{
    text_table_free(&w->words);
    mem_free(w->old_word);
}

static bool write_old_text(struct writer *w, uint32_t word, uint32_t *out)
{
    uint32_t *known = &w->old_word[word];

    if (*known == TEXT_NONE && !text_table_lend(&w->words, w->old->word[word], known))
        return false;
    *out = *known;
    return true;
}

static bool write_old(struct writer *w, uint32_t place, uint32_t i)
{
    const struct cells *old = w->old;

    w->event[w->n] = place;
    if (w->number)
        w->number[w->n] = old->number[i];
    if (w->text && !write_old_text(w, old->text[i], &w->text[w->n]))
        return false;
    if (w->list_first) {
        for (uint32_t k = old->list_first[i]; k < old->list_first[i + 1]; k++) {
            if (!write_old_text(w, old->list_item[k], &w->list_item[w->item_n++]))
                return false;
        }
        w->list_first[w->n + 1] = w->item_n;
    }
    w->n++;
    return true;
}

static bool write_new(struct writer *w, const struct ref *ref)
{
    const struct fact_cell *cell = ref->cell;

    w->event[w->n] = ref->place;
    if (w->number)
        w->number[w->n] = cell->number;
    if (w->text && !text_table_lend(&w->words, cell->text, &w->text[w->n]))
        return false;
    if (w->list_first) {
        for (uint32_t k = 0; k < cell->n; k++) {
            if (!text_table_lend(&w->words, cell->item[k], &w->list_item[w->item_n++]))
                return false;
        }
        w->list_first[w->n + 1] = w->item_n;
    }
    w->n++;
    return true;
}

static bool write_cells(struct writer *w, const struct merge *m, const struct ref *ref,
                        uint32_t ref_n)
{
    const struct cells *old = w->old;
    uint32_t i = 0, k = 0;

    while (i < old->n || k < ref_n) {
        if (k == ref_n || (i < old->n && m->old_place[old->event[i]] < ref[k].place)) {
            if (!write_old(w, m->old_place[old->event[i]], i))
                return false;
            i++;
            continue;
        }
        if ((k + 1 == ref_n || ref[k + 1].place != ref[k].place) /* of doubles the last */
            && !write_new(w, &ref[k]))
            return false;
        k++;
    }
    return true;
}

/* The words that were used, out of their lenders. */
static bool writer_close(struct writer *w, struct arena *a)
{
    str *word = arena_array(a, str, w->words.n);
    size_t bytes = 0;
    char *all;

    for (uint32_t i = 0; i < w->words.n; i++)
        bytes += w->words.text[i].n;
    all = arena_alloc(a, bytes, 1);
    if (!word || !all)
        return false;
    for (uint32_t i = 0; i < w->words.n; i++) {
        word[i] = (str){all, w->words.text[i].n};
        if (word[i].n)
            memcpy(all, w->words.text[i].p, word[i].n);
        all += word[i].n;
    }
    *w->cells = (struct cells){.type = w->cells->type,
                               .n = w->n,
                               .event = w->event,
                               .number = w->number,
                               .text = w->text,
                               .list_first = w->list_first,
                               .list_item = w->list_item,
                               .word = word,
                               .word_n = w->words.n};
    return true;
}

static bool merge_column(struct merge *m, uint32_t column, struct err *err)
{
    static const struct cells nothing;
    struct chunk_private *own = m->out->own;
    const struct ref *ref = m->ref + m->ref_first[column];
    uint32_t ref_n = m->ref_first[column + 1] - m->ref_first[column];
    const struct cells *old = &nothing;
    uint64_t item_n = 0;
    struct writer w;
    struct held *held;
    bool ok;

    if (m->old && !chunk_cells(m->old, column, &old, err))
        return false;
    if (!old->n && !ref_n)
        return true;
    held = held_new(own, column, own->catalog->column[column].type);
    if (!held)
        return err_nomem(err);
    if (held->cells.type == VALUE_LIST) {
        item_n = old->n ? old->list_first[old->n] : 0;
        for (uint32_t r = 0; r < ref_n; r++)
            item_n += ref[r].cell->n;
        if (item_n > UINT32_MAX)
            return err_set(err, ERR_LIMIT,
                           "one chunk would get lists with more than %u items",
                           UINT32_MAX);
    }
    ok = writer_open(&w, &held->cells, old, &own->arena, old->n + ref_n, (uint32_t)item_n)
         && write_cells(&w, m, ref, ref_n) && writer_close(&w, &own->arena)
         && held_insert(own, held);
    writer_free(&w);
    return ok || err_nomem(err);
}

static bool merge(struct merge *m, struct err *err)
{
    uint32_t column_n = m->out->own->catalog->column_n;

    if (!merge_events(m, err) || !sort_refs(m, column_n, err))
        return false;
    for (uint32_t column = 0; column < column_n; column++) {
        if (!merge_column(m, column, err))
            return false;
    }
    return true;
}

bool chunk_merge(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct fact *fact, size_t n,
                 struct chunk **out, struct err *err)
{
    uint32_t customer_n = old ? old->customer_n : 0;
    struct merge m = {.old = old, .fact = fact, .n = (uint32_t)n};
    bool ok;

    if (n && fact[n - 1].customer - customer_first >= customer_n)
        customer_n = fact[n - 1].customer - customer_first + 1;
    assert(customer_n <= CHUNK_CUSTOMERS && (!n || fact[0].customer >= customer_first));
    if (n > UINT32_MAX - (old ? old->event_n : 0))
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    m.out = chunk_new(catalog, customer_first);
    if (!m.out)
        return err_nomem(err);
    m.out->customer_n = customer_n;
    ok = merge(&m, err);
    arena_free(&m.scratch);
    if (ok)
        *out = m.out;
    else
        chunk_free(m.out);
    return ok;
}

bool chunk_build(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct event *event, size_t n,
                 struct chunk **out, struct err *err)
{
    struct arena a = {0};
    struct fact *fact = arena_array(&a, struct fact, n);
    bool ok = fact || err_nomem(err);

    for (size_t i = 0; ok && i < n; i++)
        ok = fact_of(catalog, &event[i], &a, &fact[i], err);
    if (ok) {
        facts_sort(fact, n);
        ok = chunk_merge(catalog, old, customer_first, fact, n, out, err);
    }
    arena_free(&a);
    return ok;
}
