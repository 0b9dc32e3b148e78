#include "store/chunk_impl.h"

#include <assert.h>
#include <string.h>

/* An overlay shows some customers' events of its base, and news among them. The base is opened
 * when something is not in the cache yet, and keeps no column for longer than it is read. In front of each fact stands a known number of the
 * base's events (times.before), which decides where everything goes. */

/* --- the base --- */

/* *out is NULL when there are no parts. */
static bool base_get(const struct chunk *c, const struct chunk **out, struct err *err)
{
    struct chunk_private *own = c->own;
    struct chunk_want want = own->want;

    want.customer_first = want.chunk * CHUNK_CUSTOMERS;
    want.customer_n = want.parts_customers;
    want.is_some = false;
    want.version = want.parts_version;
    want.fact_n = 0;
    want.news = (struct news_range){0};
    want.gone = NULL;
    if (!own->base && want.parts_customers) {
        struct chunk *parts;

        if (!chunk_open(own->catalog, &want, &parts, err)
            || (own->want.gone && !chunk_thin(parts, false, own->want.gone, &parts, err)))
            return false;
        own->base = parts;
    }
    *out = own->base;
    return true;
}

static void base_forget(const struct chunk *c, int32_t column)
{
    const struct chunk_private *own = c->own;

    if (own->base && !own->is_base_lent)
        chunk_forget(own->base, column);
}

/* Those that stand in no list yet are gathered, and the base is opened: all that a column is made of. */
static bool sources_get(const struct chunk *c, const struct chunk **base, struct err *err)
{
    struct chunk_private *own = c->own;

    if (own->want.news.newest && !own->has_facts) {
        if (!news_sorted(&own->want.news, &own->gathered, &own->want.fact_n, err))
            return false;
        own->want.fact = own->gathered;
        own->has_facts = true;
    }
    return base_get(c, base, err);
}

/* --- events --- */

/* The first of the base's events [from, end) that stands behind the fact. */
static bool place_behind(const struct chunk *base, const struct fact *fact, uint32_t from,
                         uint32_t end, uint32_t *out, struct err *err)
{
    const str *id = NULL;

    while (from < end) {
        uint32_t middle = from + (end - from) / 2;

        if (!id && base->at_ms[middle] == fact->at_ms
            && !chunk_message_ids(base, &id, err))
            return false;
        if (fact_time_order(base->at_ms[middle], id ? id[middle] : STR(""), fact->at_ms,
                            fact->id)
            < 0)
            from = middle + 1;
        else
            end = middle;
    }
    *out = from;
    return true;
}

/* The place in the base of the first event of our customer i, or of the first behind him. */
static uint32_t base_first(const struct chunk *c, const struct chunk *base, uint32_t i)
{
    if (!base)
        return 0;
    i += c->customer_first - base->customer_first;
    return base->first[i < base->customer_n ? i : base->customer_n];
}

static bool place_facts(const struct chunk *c, const struct chunk *base, struct times *t,
                        uint32_t *first, uint32_t *before, struct err *err)
{
    const struct chunk_want *want = &c->own->want;
    uint32_t k = 0;

    for (uint32_t i = 0; i < want->customer_n; i++) {
        uint32_t at = base_first(c, base, i), end = base_first(c, base, i + 1);

        for (; k < want->fact_n && want->fact[k].customer == want->customer_first + i;
             k++) {
            if (!place_behind(base, &want->fact[k], at, end, &at, err))
                return false;
            before[k] = at - t->base_first;
        }
        first[i + 1] = end - t->base_first + k;
    }
    assert(k == want->fact_n);
    return true;
}

/* Copies what the base's events have to where they stand now, and leaves room for the news. */
static void spread(const struct chunk_want *want, const struct times *t, const void *from,
                   void *to, size_t size)
{
    const char *source = from;
    char *target = to;
    uint32_t done = 0;

    if (!source)
        return;
    source += t->base_first * size;
    for (uint32_t k = 0; k < want->fact_n; k++) {
        memcpy(target + (done + k) * size, source + done * size,
               (t->before[k] - done) * size);
        done = t->before[k];
    }
    memcpy(target + (done + want->fact_n) * size, source + done * size,
           (t->base_n - done) * size);
}

static bool make_times(const struct chunk *c, const struct chunk *base, struct arena *a,
                       struct times *t, struct err *err)
{
    const struct chunk_want *want = &c->own->want;
    /* Who shares it later may know of more customers, without events. */
    uint32_t room = c->own->cache ? CHUNK_CUSTOMERS : want->customer_n;
    uint32_t *first = padded(a, (size_t)room + 1, sizeof *first);
    uint32_t *before = arena_array(a, uint32_t, want->fact_n);
    int64_t *at_ms;

    t->customer_n = want->customer_n;
    t->base_first = base_first(c, base, 0);
    t->base_n = base_first(c, base, want->customer_n) - t->base_first;
    if (want->fact_n > UINT32_MAX - t->base_n)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    t->event_n = t->base_n + want->fact_n;
    at_ms = padded(a, t->event_n, sizeof *at_ms);
    if (!first || !before || !at_ms)
        return err_nomem(err);
    t->first = first;
    t->before = before;
    t->at_ms = at_ms;
    if (!place_facts(c, base, t, first, before, err))
        return false;
    for (uint32_t i = want->customer_n; i < room; i++)
        first[i + 1] = t->event_n;
    spread(want, t, base ? base->at_ms : NULL, at_ms, sizeof *at_ms);
    for (uint32_t k = 0; k < want->fact_n; k++)
        at_ms[before[k] + k] = want->fact[k].at_ms;
    return true;
}

bool merge_times(const struct chunk *c, [[maybe_unused]] int32_t column, struct arena *a,
                 const void **out, struct err *err)
{
    struct times *t = arena_new(a, struct times);
    const struct chunk *base;

    *out = t;
    if (!t)
        return err_nomem(err);
    return sources_get(c, &base, err) && make_times(c, base, a, t, err);
}

bool merge_types(const struct chunk *c, [[maybe_unused]] int32_t column, struct arena *a,
                 const void **out, struct err *err)
{
    const struct chunk_want *want = &c->own->want;
    const struct times *t = c->own->times;
    uint16_t *type = padded(a, c->event_n, sizeof *type);
    const struct chunk *base;

    if (!type)
        return err_nomem(err);
    if (!sources_get(c, &base, err))
        return false;
    spread(want, t, base ? base->type : NULL, type, sizeof *type);
    for (uint32_t k = 0; k < want->fact_n; k++)
        type[t->before[k] + k] = want->fact[k].type;
    *out = type;
    return true;
}

/* Texts out of their lenders. */
static bool keep_texts(str *text, uint32_t n, struct arena *a, struct err *err)
{
    size_t bytes = 0;
    char *all;

    for (uint32_t i = 0; i < n; i++)
        bytes += text[i].n;
    all = arena_alloc(a, bytes, 1);
    if (!all)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        if (text[i].n)
            memcpy(all, text[i].p, text[i].n);
        text[i].p = all;
        all += text[i].n;
    }
    return true;
}

bool merge_ids(const struct chunk *c, [[maybe_unused]] int32_t column, struct arena *a,
               const void **out, struct err *err)
{
    const struct chunk_want *want = &c->own->want;
    const struct times *t = c->own->times;
    str *id = arena_array(a, str, c->event_n);
    const struct chunk *base;
    const str *old = NULL;
    bool ok;

    if (!id)
        return err_nomem(err);
    ok = sources_get(c, &base, err) && (!base || chunk_message_ids(base, &old, err));
    if (ok) {
        spread(want, t, old, id, sizeof *id);
        for (uint32_t k = 0; k < want->fact_n; k++)
            id[t->before[k] + k] = want->fact[k].id;
        ok = keep_texts(id, c->event_n, a, err);
    }
    base_forget(c, PART_ID);
    *out = id;
    return ok;
}

/* --- new values by column --- */

/* Of the values that one fact has in one column the last counts. */
static void drop_doubles(struct chunk_private *own)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < own->ref_n; i++) {
        if (i + 1 == own->ref_n || own->ref[i].fact != own->ref[i + 1].fact
            || own->ref[i].cell->column != own->ref[i + 1].cell->column)
            own->ref[n++] = own->ref[i];
    }
    own->ref_n = n;
}

/* Whose anchor is another than the customer. */
static bool find_moved(struct chunk_private *own, struct err *err)
{
    const struct chunk_want *want = &own->want;
    struct fact_cell *cell;
    uint32_t n = 0;

    if (own->has_moved)
        return true;
    for (uint32_t i = 0; i < want->fact_n; i++)
        n += want->fact[i].anchor != want->fact[i].customer;
    own->moved = arena_array(&own->arena, struct ref, n);
    cell = arena_array(&own->arena, struct fact_cell, n);
    if (!own->moved || !cell)
        return err_nomem(err);
    own->moved_n = 0;
    for (uint32_t i = 0; i < want->fact_n; i++) {
        if (want->fact[i].anchor == want->fact[i].customer)
            continue;
        cell[own->moved_n] = (struct fact_cell){.number = want->fact[i].anchor};
        own->moved[own->moved_n] = (struct ref){i, &cell[own->moved_n]};
        own->moved_n++;
    }
    own->has_moved = true;
    return true;
}

static bool one_append(struct chunk_private *own, uint32_t fact,
                       const struct fact_cell *cell, struct err *err)
{
    if (own->one_n == own->one_cap) {
        uint32_t cap = own->one_cap ? own->one_cap * 2 : 64;
        struct ref *more = mem_resize(own->one, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        own->one = more;
        own->one_cap = cap;
    }
    own->one[own->one_n++] = (struct ref){fact, cell};
    return true;
}

/* Those of one column: of a few columns sooner done than sorting all. */
static bool find_one(struct chunk_private *own, uint32_t column, struct err *err)
{
    const struct chunk_want *want = &own->want;

    if (own->one_column == column)
        return true;
    own->one_column = COLUMN_NONE;
    own->one_n = 0;
    for (uint32_t i = 0; i < want->fact_n; i++) {
        const struct fact_cell *last = NULL;

        for (uint32_t k = 0; k < want->fact[i].cell_n; k++)
            if (want->fact[i].cell[k].column == column)
                last = &want->fact[i].cell[k];
        if (last && !one_append(own, i, last, err))
            return false;
    }
    own->one_column = column;
    return true;
}

/* Sorts by column (counting), which keeps the order of the events. */
static bool sort_refs(struct chunk_private *own, struct err *err)
{
    const struct chunk_want *want = &own->want;
    uint32_t column_n = own->catalog->column_n;
    uint64_t n = 0;
    uint32_t *at;

    for (uint32_t i = 0; i < want->fact_n; i++)
        n += want->fact[i].cell_n;
    if (n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u values",
                       UINT32_MAX);
    own->ref = arena_array(&own->arena, struct ref, n);
    at = mem_alloc(((size_t)column_n + 1) * sizeof *at);
    if (!own->ref || !at) {
        mem_free(at);
        return err_nomem(err);
    }
    for (uint32_t i = 0; i < want->fact_n; i++) {
        for (uint32_t k = 0; k < want->fact[i].cell_n; k++)
            at[want->fact[i].cell[k].column + 1]++;
    }
    for (uint32_t column = 0; column < column_n; column++)
        at[column + 1] += at[column];
    for (uint32_t i = 0; i < want->fact_n; i++) {
        for (uint32_t k = 0; k < want->fact[i].cell_n; k++) {
            const struct fact_cell *cell = &want->fact[i].cell[k];

            own->ref[at[cell->column]++] = (struct ref){i, cell};
        }
    }
    mem_free(at);
    own->ref_n = (uint32_t)n;
    drop_doubles(own);
    own->has_refs = true;
    return true;
}

/* The first new value in this column or one behind it. */
static uint32_t ref_from(const struct chunk_private *own, uint32_t column)
{
    uint32_t low = 0, high = own->ref_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (own->ref[middle].cell->column < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool merge_next_column(const struct chunk *c, uint32_t from, uint32_t *out,
                       struct err *err)
{
    struct chunk_private *own = c->own;
    const struct chunk *base;
    uint32_t at;

    *out = COLUMN_NONE;
    if (!sources_get(c, &base, err) || (!own->has_refs && !sort_refs(own, err))
        || (base && !chunk_next_column(base, from, out, err)))
        return false;
    at = ref_from(own, from);
    if (at < own->ref_n && own->ref[at].cell->column < *out)
        *out = own->ref[at].cell->column;
    return true;
}

/* --- a column --- */

/* What it is made of. */
struct sources {
    const struct cells *old;
    uint32_t old_from, old_end;
    const struct ref *ref;
    uint32_t ref_n;
};

static bool base_cells(const struct chunk *base, int32_t column, const struct cells **out,
                       struct err *err)
{
    return column == PART_ANCHOR ? chunk_anchors(base, out, err)
                                 : chunk_cells(base, (uint32_t)column, out, err);
}

static bool find_sources(const struct chunk *c, int32_t column, struct sources *out,
                         struct err *err)
{
    struct chunk_private *own = c->own;
    const struct times *t = own->times;
    const struct chunk *base;
    uint32_t first;

    if (!sources_get(c, &base, err))
        return false;
    out->old = no_cells(part_type(own->catalog, column));
    if (base && !base_cells(base, column, &out->old, err))
        return false;
    out->old_from = cells_from(out->old, t->base_first);
    out->old_end = cells_from(out->old, t->base_first + t->base_n);
    if (column == PART_ANCHOR) {
        if (!find_moved(own, err))
            return false;
        out->ref = own->moved;
        out->ref_n = own->moved_n;
    } else if (own->has_refs) {
        first = ref_from(own, (uint32_t)column);
        out->ref = own->ref + first;
        out->ref_n = ref_from(own, (uint32_t)column + 1) - first;
    } else {
        if (!find_one(own, (uint32_t)column, err))
            return false;
        out->ref = own->one;
        out->ref_n = own->one_n;
    }
    return true;
}

/* The dictionary of a column that is being made: old and new words, each once, numbered when
 * first used. */
struct words {
    struct text_table added; /* every text of the new values */
    uint32_t *added_at;      /* the text of each new value, one after the other */
    uint32_t *old_number, *added_number; /* or TEXT_NONE */
    const str *old;
    str *word; /* borrowed */
    uint32_t word_n;
};

static bool words_open(struct words *w, const struct sources *from)
{
    const struct cells *old = from->old;
    enum value_type type = old->type;
    uint64_t texts = 0, k = 0;
    bool ok = true;

    *w = (struct words){.old = old->word};
    for (uint32_t i = 0; i < from->ref_n; i++)
        texts += type == VALUE_TEXT ? 1 : from->ref[i].cell->n;
    w->added_at = mem_alloc(texts * sizeof *w->added_at);
    for (uint32_t i = 0; w->added_at && ok && i < from->ref_n; i++) {
        const struct fact_cell *cell = from->ref[i].cell;

        if (type == VALUE_TEXT)
            ok = text_table_lend(&w->added, cell->text, &w->added_at[k++]);
        for (uint32_t item = 0; type == VALUE_LIST && ok && item < cell->n; item++)
            ok = text_table_lend(&w->added, cell->item[item], &w->added_at[k++]);
    }
    w->old_number = mem_alloc(old->word_n * sizeof *w->old_number);
    w->added_number = mem_alloc(w->added.n * sizeof *w->added_number);
    w->word = mem_alloc(((size_t)old->word_n + w->added.n) * sizeof *w->word);
    if (!ok || !w->added_at || !w->old_number || !w->added_number || !w->word)
        return false;
    memset(w->old_number, 0xff, old->word_n * sizeof *w->old_number);
    memset(w->added_number, 0xff, w->added.n * sizeof *w->added_number);
    return true;
}

static void words_free(struct words *w)
{
    text_table_free(&w->added);
    mem_free(w->added_at);
    mem_free(w->old_number);
    mem_free(w->added_number);
    mem_free(w->word);
}

static uint32_t number_of_added(struct words *w, uint32_t added)
{
    uint32_t *number = &w->added_number[added];

    if (*number == TEXT_NONE) {
        *number = w->word_n;
        w->word[w->word_n++] = text_table_get(&w->added, added);
    }
    return *number;
}

static uint32_t number_of_old(struct words *w, uint32_t old)
{
    uint32_t *number = &w->old_number[old], added;

    if (*number != TEXT_NONE)
        return *number;
    added = text_table_find(&w->added, w->old[old]);
    if (added != TEXT_NONE) {
        *number = number_of_added(w, added);
    } else {
        *number = w->word_n;
        w->word[w->word_n++] = w->old[old];
    }
    return *number;
}

/* A column being written, cell after cell. */
struct writer {
    struct words words;
    uint32_t *event, *text, *list_first, *list_item;
    int64_t *number;
    uint32_t n, item_n, added_n;
    uint32_t passed; /* facts before the last old cell */
};

static bool writer_open(struct writer *w, const struct sources *from, uint32_t event_n,
                        struct arena *a, struct err *err)
{
    const struct cells *old = from->old;
    uint32_t n = from->old_end - from->old_from + from->ref_n;
    uint64_t items = 0;

    *w = (struct writer){0};
    if (n < event_n || !dense_places(n)) {
        w->event = padded(a, n, sizeof *w->event);
        if (!w->event)
            return err_nomem(err);
    }
    switch (old->type) {
    case VALUE_BOOL:
    case VALUE_NUMBER:
        w->number = padded(a, n, sizeof *w->number);
        return w->number || err_nomem(err);
    case VALUE_TEXT:
        w->text = padded(a, n, sizeof *w->text);
        return (w->text && words_open(&w->words, from)) || err_nomem(err);
    case VALUE_LIST:
        items = old->list_first[from->old_end] - old->list_first[from->old_from];
        for (uint32_t i = 0; i < from->ref_n; i++)
            items += from->ref[i].cell->n;
        if (items > UINT32_MAX)
            return err_set(err, ERR_LIMIT,
                           "one chunk would get lists with more than %u items",
                           UINT32_MAX);
        w->list_first = padded(a, (size_t)n + 1, sizeof *w->list_first);
        w->list_item = padded(a, items, sizeof *w->list_item);
        return (w->list_first && w->list_item && words_open(&w->words, from))
               || err_nomem(err);
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}

static void write_places(struct writer *w, const struct times *t, uint32_t facts,
                         const uint32_t *old, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t event = old[i] - t->base_first;

        while (w->passed < facts && t->before[w->passed] <= event)
            w->passed++;
        w->event[w->n + i] = event + w->passed;
    }
}

/* The old cells [from, end). */
static void write_old(struct writer *w, const struct cells *old, uint32_t from,
                      uint32_t end)
{
    uint32_t n = end - from;

    if (w->number && n)
        memcpy(w->number + w->n, old->number + from, n * sizeof *w->number);
    for (uint32_t i = 0; w->text && i < n; i++)
        w->text[w->n + i] = number_of_old(&w->words, old->text[from + i]);
    for (uint32_t i = 0; w->list_first && i < n; i++) {
        for (uint32_t k = old->list_first[from + i]; k < old->list_first[from + i + 1];
             k++)
            w->list_item[w->item_n++] = number_of_old(&w->words, old->list_item[k]);
        w->list_first[w->n + i + 1] = w->item_n;
    }
    w->n += n;
}

static uint32_t next_added(struct writer *w)
{
    return number_of_added(&w->words, w->words.added_at[w->added_n++]);
}

static void write_new(struct writer *w, const struct fact_cell *cell)
{
    if (w->number)
        w->number[w->n] = cell->number;
    if (w->text)
        w->text[w->n] = next_added(w);
    if (w->list_first) {
        for (uint32_t k = 0; k < cell->n; k++)
            w->list_item[w->item_n++] = next_added(w);
        w->list_first[w->n + 1] = w->item_n;
    }
    w->n++;
}

/* The old cells in front of each new one, the new one, and what is left of the old. */
static void write_cells(struct writer *w, const struct chunk *c,
                        const struct sources *from)
{
    const struct times *t = c->own->times;
    uint32_t facts = c->own->want.fact_n, at = from->old_from, end;

    for (uint32_t r = 0; r <= from->ref_n; r++) {
        const struct ref *ref = r < from->ref_n ? &from->ref[r] : NULL;

        end = ref ? cells_from(from->old, t->base_first + t->before[ref->fact])
                  : from->old_end;
        if (w->event && end > at)
            write_places(w, t, facts, from->old->event + at, end - at);
        write_old(w, from->old, at, end);
        at = end;
        if (!ref)
            break;
        if (w->event)
            w->event[w->n] = t->before[ref->fact] + ref->fact;
        write_new(w, ref->cell);
    }
}

/* The words that were used. */
static bool keep_words(const struct words *w, struct arena *a, struct cells *out,
                       struct err *err)
{
    str *word = arena_array(a, str, w->word_n);

    if (!word)
        return err_nomem(err);
    if (w->word_n)
        memcpy(word, w->word, w->word_n * sizeof *word);
    out->word = word;
    out->word_n = w->word_n;
    return keep_texts(word, w->word_n, a, err);
}

static bool make_cells(const struct chunk *c, int32_t column, struct arena *a,
                       const void **out, struct err *err)
{
    struct cells *cells = arena_new(a, struct cells);
    struct sources from;
    struct writer w;
    bool ok;

    *out = cells;
    if (!cells)
        return err_nomem(err);
    if (!find_sources(c, column, &from, err))
        return false;
    ok = writer_open(&w, &from, c->event_n, a, err);
    if (ok) {
        write_cells(&w, c, &from);
        *cells = (struct cells){.type = from.old->type,
                                .n = w.n,
                                .event = w.event ? w.event : dense_places(w.n),
                                .number = w.number,
                                .text = w.text,
                                .list_first = w.list_first,
                                .list_item = w.list_item};
        ok = (!w.text && !w.list_first) || keep_words(&w.words, a, cells, err);
    }
    words_free(&w.words);
    return ok;
}

/* Nothing at all, to be held so that the base is not asked again. */
static bool make_none(const struct chunk *c, int32_t column,
                      [[maybe_unused]] struct arena *a, const void **out,
                      [[maybe_unused]] struct err *err)
{
    *out = no_cells(part_type(c->own->catalog, column));
    return true;
}

bool merge_cells(const struct chunk *c, int32_t column, const struct cells **out,
                 struct err *err)
{
    const void **what = (const void **)out;
    struct sources from;
    uint64_t n;
    bool ok;

    if (!chunk_find(c, column, what, err))
        return false;
    if (*out)
        return true;
    ok = find_sources(c, column, &from, err);
    if (ok) {
        n = (uint64_t)from.old_end - from.old_from + from.ref_n;
        ok = chunk_make(c, column, n < RARE_CELLS, n ? make_cells : make_none, what, err);
    }
    base_forget(c, column);
    return ok;
}
