#include "store/fact_impl.h"

#include "base/bytes.h"
#include "base/time.h"

#include <assert.h>
#include <stdlib.h>

static bool fact_list(const struct value *value, struct arena *a, struct fact_cell *cell)
{
    str *item = arena_array(a, str, value->list.n);

    if (!item)
        return false;
    for (uint32_t i = 0; i < value->list.n; i++) {
        item[i] = arena_str(a, value->list.item[i]);
        if (!item[i].p)
            return false;
    }
    cell->n = value->list.n;
    cell->item = item;
    return true;
}

static bool fact_cell(const struct property *p, uint32_t column, struct arena *a,
                      struct fact_cell *cell)
{
    const struct value *value = &p->value;

    assert(column != COLUMN_NONE);
    cell->column = column;
    switch (value->type) {
    case VALUE_BOOL:
        cell->number = value->truth;
        return true;
    case VALUE_NUMBER:
        cell->number = value->number;
        return true;
    case VALUE_TEXT:
        cell->text = arena_str(a, value->text);
        return cell->text.p != NULL;
    case VALUE_LIST:
        return fact_list(value, a, cell);
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}

static bool fact_cells(const struct catalog *catalog, const struct property *p,
                       uint32_t n, bool trait, struct arena *a, struct fact_cell *cell,
                       uint32_t *cell_n)
{
    uint32_t last = COLUMN_NONE;

    for (uint32_t i = 0; i < n; i++) {
        if (!has_column(&p[i], trait))
            continue;
        last = catalog_column_after(catalog, last, p[i].name, trait, p[i].value.type);
        if (!fact_cell(&p[i], last, a, &cell[(*cell_n)++]))
            return false;
    }
    return true;
}

bool fact_of(const struct catalog *catalog, const struct event *e, struct arena *a,
             struct fact *out, struct err *err)
{
    struct fact_cell *cell =
        arena_array(a, struct fact_cell, (size_t)e->property_n + e->trait_n);

    uint32_t anchor = catalog_key_find(catalog, e->customer);

    *out = (struct fact){
        .at_ms = e->at_ms,
        .customer = anchor,
        .anchor = anchor,
        .type = (uint16_t)text_table_find(&catalog->type, e->type),
        .cell = cell,
        .id = arena_str(a, e->id),
    };
    return (cell && out->id.p
            && fact_cells(catalog, e->property, e->property_n, false, a, cell,
                          &out->cell_n)
            && fact_cells(catalog, e->trait, e->trait_n, true, a, cell, &out->cell_n))
           || err_nomem(err);
}

static bool copy_items(struct fact_cell *cell, struct arena *a)
{
    struct value list = {.type = VALUE_LIST, .list = {cell->item, cell->n}};

    return fact_list(&list, a, cell);
}

bool fact_copy(const struct catalog *catalog, const struct fact *fact, struct arena *a,
               struct fact *out, struct err *err)
{
    struct fact_cell *cell = arena_array(a, struct fact_cell, fact->cell_n);

    *out = *fact;
    out->id = arena_str(a, fact->id);
    if (!cell || !out->id.p)
        return err_nomem(err);
    for (uint32_t i = 0; i < fact->cell_n; i++) {
        enum value_type type = catalog->column[fact->cell[i].column].type;

        cell[i] = fact->cell[i];
        if (type == VALUE_TEXT)
            cell[i].text = arena_str(a, cell[i].text);
        if ((type == VALUE_TEXT && !cell[i].text.p)
            || (type == VALUE_LIST && !copy_items(&cell[i], a)))
            return err_nomem(err);
    }
    out->cell = cell;
    return true;
}

int fact_time_order(int64_t at_ms, str id, int64_t other_ms, str other_id)
{
    return at_ms != other_ms ? (at_ms < other_ms ? -1 : 1) : str_cmp(id, other_id);
}

int fact_order(const void *left, const void *right)
{
    const struct fact *a = left, *b = right;

    if (a->customer != b->customer)
        return a->customer < b->customer ? -1 : 1;
    return fact_time_order(a->at_ms, a->id, b->at_ms, b->id);
}

/* Most files that are imported are sorted by customer or by time, and news comes by time. */
static bool are_sorted(const struct fact *fact, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (fact_order(&fact[i - 1], &fact[i]) > 0)
            return false;
    }
    return true;
}

void facts_sort(struct fact *fact, size_t n)
{
    if (!are_sorted(fact, n))
        qsort(fact, n, sizeof *fact, fact_order);
}

/* --- news: all facts' customers, types, moments, ids, and how many values each has; then all
 * values' columns, what they are but for texts, and their texts --- */

static void put_column(struct buf *to, const struct fact_cell *cell,
                       [[maybe_unused]] enum value_type type)
{
    put(to, cell->column);
}

static void put_value(struct buf *to, const struct fact_cell *cell, enum value_type type)
{
    if (type == VALUE_BOOL)
        put(to, (uint64_t)cell->number);
    if (type == VALUE_NUMBER)
        put(to, fold(cell->number));
    if (type == VALUE_LIST)
        put(to, cell->n);
}

static void put_lengths(struct buf *to, const struct fact_cell *cell,
                        enum value_type type)
{
    if (type == VALUE_TEXT)
        put(to, cell->text.n);
    for (uint32_t i = 0; type == VALUE_LIST && i < cell->n; i++)
        put(to, cell->item[i].n);
}

static void put_bytes(struct buf *to, const struct fact_cell *cell, enum value_type type)
{
    if (type == VALUE_TEXT)
        buf_add(to, cell->text);
    for (uint32_t i = 0; type == VALUE_LIST && i < cell->n; i++)
        buf_add(to, cell->item[i]);
}

static void put_each(struct buf *to, const struct catalog *catalog,
                     const struct fact *fact, uint32_t n,
                     void (*what)(struct buf *to, const struct fact_cell *cell,
                                  enum value_type type))
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < fact[i].cell_n; k++)
            what(to, &fact[i].cell[k], catalog->column[fact[i].cell[k].column].type);
    }
}

/* Nearly all stand with who brought them, and were never told before: the others are listed. */
static bool is_listed(const struct fact *fact)
{
    return fact->anchor != fact->customer || fact->is_told;
}

static void put_moved(struct buf *to, const struct fact *fact, uint32_t n)
{
    uint32_t listed = 0, before = 0;

    for (uint32_t i = 0; i < n; i++)
        listed += is_listed(&fact[i]);
    put(to, listed);
    for (uint32_t i = 0; listed && i < n; i++) {
        if (!is_listed(&fact[i]))
            continue;
        put(to, i - before);
        put(to, fold((int64_t)fact[i].anchor - fact[i].customer));
        put(to, fact[i].is_told);
        before = i;
    }
}

static void put_gone(struct buf *to, const struct gone *gone, uint32_t n)
{
    put(to, n);
    for (uint32_t i = 0; i < n; i++) {
        put(to, gone[i].customer - (i ? gone[i - 1].customer : 0));
        put(to, gone[i].events);
    }
}

void news_encode(const struct catalog *catalog, const struct brought *b, struct buf *to)
{
    const struct fact *fact = b->fact;
    uint32_t n = b->n;

    put(to, n);
    for (uint32_t i = 0; i < n; i++)
        put(to, fold((int64_t)fact[i].customer - (i ? fact[i - 1].customer : 0)));
    for (uint32_t i = 0; i < n; i++)
        put(to, fact[i].type);
    for (uint32_t i = 0; i < n; i++)
        put(to, fold(fact[i].at_ms - (i ? fact[i - 1].at_ms : 0)));
    for (uint32_t i = 0; i < n; i++)
        put(to, fact[i].id.n);
    for (uint32_t i = 0; i < n; i++)
        buf_add(to, fact[i].id);
    for (uint32_t i = 0; i < n; i++)
        put(to, fact[i].cell_n);
    put_each(to, catalog, fact, n, put_column);
    put_each(to, catalog, fact, n, put_value);
    put_each(to, catalog, fact, n, put_lengths);
    put_each(to, catalog, fact, n, put_bytes);
    put_moved(to, fact, n);
    put_gone(to, b->gone, b->gone_n);
}

/* The number that stands as its distance from the one before. */
static int64_t get_step(struct in *in, int64_t before, int64_t min, int64_t max)
{
    int64_t number;

    if (!__builtin_add_overflow(before, unfold(get(in)), &number) && number >= min
        && number <= max)
        return number;
    spoil(in, "a number is out of its range");
    return 0;
}

static void get_facts(struct in *in, const struct catalog *catalog, struct fact *fact,
                      uint32_t n)
{
    int64_t customer = 0, at_ms = 0;

    for (uint32_t i = 0; i < n; i++) {
        customer = get_step(in, customer, 0, (int64_t)catalog_customer_n(catalog) - 1);
        fact[i].customer = fact[i].anchor = (uint32_t)customer;
    }
    for (uint32_t i = 0; i < n; i++)
        fact[i].type = (uint16_t)get_below(in, catalog->type.n);
    for (uint32_t i = 0; i < n; i++)
        fact[i].at_ms = at_ms = get_step(in, at_ms, MOMENT_MIN, MOMENT_MAX);
}

/* Columns and values; gives how many texts there are. */
static uint64_t get_values(struct in *in, const struct catalog *catalog,
                           struct fact_cell *cell, uint32_t n)
{
    uint64_t texts = 0;

    for (uint32_t i = 0; i < n; i++)
        cell[i].column = (uint32_t)get_below(in, catalog->column_n);
    for (uint32_t i = 0; !in->wrong && i < n; i++) {
        enum value_type type = catalog->column[cell[i].column].type;

        if (type == VALUE_BOOL)
            cell[i].number = (int64_t)get_below(in, 2);
        if (type == VALUE_NUMBER)
            cell[i].number = unfold(get(in));
        if (type == VALUE_LIST)
            cell[i].n = get_count(in);
        texts += type == VALUE_TEXT ? 1 : cell[i].n;
    }
    return texts;
}

static bool get_cells(struct in *in, const struct catalog *catalog,
                      struct fact_cell *cell, uint32_t n, struct arena *a,
                      struct err *err)
{
    uint64_t texts = get_values(in, catalog, cell, n);
    str *text;

    if (texts > left(in))
        spoil(in, "it has more texts than bytes");
    if (in->wrong)
        return true;
    text = arena_array(a, str, texts);
    if (!text)
        return err_nomem(err);
    if (!get_texts(in, a, text, (uint32_t)texts, err))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        enum value_type type = catalog->column[cell[i].column].type;

        if (type == VALUE_TEXT)
            cell[i].text = *text++;
        if (type == VALUE_LIST)
            cell[i].item = text;
        text += cell[i].n;
    }
    return true;
}

/* Hands each fact the values that are its. */
static bool get_shares(struct in *in, const struct catalog *catalog, struct fact *fact,
                       uint32_t n, struct arena *a, struct err *err)
{
    struct fact_cell *cell;
    uint64_t cells = 0;

    for (uint32_t i = 0; i < n; i++) {
        fact[i].cell_n = get_count(in);
        cells += fact[i].cell_n;
    }
    if (cells > left(in))
        spoil(in, "it has more values than bytes");
    if (in->wrong)
        return true;
    cell = arena_array(a, struct fact_cell, cells);
    if (!cell)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        fact[i].cell = cell;
        cell += fact[i].cell_n;
    }
    return get_cells(in, catalog, cell - cells, (uint32_t)cells, a, err);
}

static void get_moved(struct in *in, const struct catalog *catalog, struct fact *fact,
                      uint32_t n)
{
    uint32_t listed = get_count(in), at = 0;
    int64_t last = (int64_t)catalog_customer_n(catalog) - 1;

    for (uint32_t i = 0; i < listed && !in->wrong; i++) {
        uint64_t step = get_below(in, n - at);

        if (i && !step)
            spoil(in, "an event is listed twice");
        if (in->wrong)
            return;
        at += (uint32_t)step;
        fact[at].anchor = (uint32_t)get_step(in, fact[at].customer, 0, last);
        fact[at].is_told = get_below(in, 2);
        if (!in->wrong && !is_listed(&fact[at]))
            spoil(in, "an event is listed that was not moved");
    }
}

static bool get_gone(struct in *in, const struct catalog *catalog, struct arena *a,
                     struct brought *out, struct err *err)
{
    uint32_t n = get_count(in), customers = catalog_customer_n(catalog);
    struct gone *gone = arena_array(a, struct gone, n);
    uint64_t customer = 0;

    if (!gone)
        return err_nomem(err);
    for (uint32_t i = 0; i < n && !in->wrong; i++) {
        uint64_t step = get_below(in, customers);

        customer += step;
        if ((i && !step) || customer >= customers)
            spoil(in, "a customer is out of order");
        gone[i] = (struct gone){(uint32_t)customer, (uint32_t)get_below(in, UINT32_MAX)};
    }
    out->gone = gone;
    out->gone_n = n;
    return true;
}

bool news_decode(str bytes, const struct catalog *catalog, struct arena *a,
                 struct brought *out, struct err *err)
{
    struct in in = in_of(bytes);
    uint32_t n = get_count(&in);
    struct fact *fact = arena_array(a, struct fact, n);
    str *id = arena_array(a, str, n);

    *out = (struct brought){.fact = fact, .n = n};
    if (!fact || !id)
        return err_nomem(err);
    get_facts(&in, catalog, fact, n);
    if (!get_texts(&in, a, id, n, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        fact[i].id = id[i];
    if (!get_shares(&in, catalog, fact, n, a, err))
        return false;
    if (!in.wrong)
        get_moved(&in, catalog, fact, n);
    return get_gone(&in, catalog, a, out, err) && in_end(&in, err);
}
