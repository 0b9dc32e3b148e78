#include "store/digest_impl.h"

/* What is hashed has no bytes between its members. */
struct value_bytes {
    uint64_t column, low, high;
};
struct item_bytes {
    hash128 before, text;
};
struct event_bytes {
    struct digest_head head;
    struct sum values;
};

#define HASH_OF(bytes) hash128_of((str){(const char *)&(bytes), sizeof(bytes)})

static hash128 value_of(uint32_t column, uint64_t low, uint64_t high)
{
    struct value_bytes bytes = {column, low, high};

    return HASH_OF(bytes);
}

static hash128 text_of(uint32_t column, hash128 text)
{
    return value_of(column, text.low, text.high);
}

/* The list so far, and one item more. It begins with its length. */
static hash128 list_add(hash128 list, hash128 item)
{
    struct item_bytes bytes = {list, item};

    return HASH_OF(bytes);
}

hash128 digest(const struct digest_head *head, const struct sum *values)
{
    struct event_bytes bytes = {*head, *values};

    return HASH_OF(bytes);
}

hash128 digest_value(uint32_t column, const struct value *value)
{
    hash128 list;

    switch (value->type) {
    case VALUE_BOOL:
        return value_of(column, value->truth, 0);
    case VALUE_NUMBER:
        return value_of(column, (uint64_t)value->number, 0);
    case VALUE_TEXT:
        return text_of(column, hash128_of(value->text));
    case VALUE_LIST:
        list = (hash128){value->list.n, 0};
        for (uint32_t i = 0; i < value->list.n; i++)
            list = list_add(list, hash128_of(value->list.item[i]));
        return text_of(column, list);
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return value_of(column, 0, 0);
    }
    return value_of(column, 0, 0);
}

hash128 digest_anchor(uint32_t anchor)
{
    return value_of(DIGEST_ANCHOR, anchor, 0);
}

hash128 digest_fact(const struct fact *fact, const struct catalog *catalog)
{
    struct digest_head head = {fact->customer, (uint64_t)fact->at_ms, fact->type,
                               hash128_of(fact->id)};
    struct sum values = {0};

    if (fact->anchor != fact->customer)
        sum_add(&values, digest_anchor(fact->anchor));
    for (uint32_t i = 0; i < fact->cell_n; i++) {
        const struct fact_cell *cell = &fact->cell[i];
        struct value value = {.type = catalog->column[cell->column].type};

        if (value.type == VALUE_LIST) {
            value.list.item = cell->item;
            value.list.n = cell->n;
        } else if (value.type == VALUE_TEXT) {
            value.text = cell->text;
        } else if (value.type == VALUE_BOOL) {
            value.truth = cell->number != 0;
        } else {
            value.number = cell->number;
        }
        sum_add(&values, digest_value(cell->column, &value));
    }
    return digest(&head, &values);
}

/* --- the columns of a chunk: each of their words is hashed once --- */

static hash128 digest_cell(uint32_t column, const struct cells *cells, uint32_t i,
                           const hash128 *word)
{
    hash128 list;

    if (cells->type == VALUE_TEXT)
        return text_of(column, word[cells->text[i]]);
    if (cells->type != VALUE_LIST)
        return value_of(column, cells->number ? (uint64_t)cells->number[i] : 0, 0);
    list = (hash128){cells->list_first[i + 1] - cells->list_first[i], 0};
    for (uint32_t k = cells->list_first[i]; k < cells->list_first[i + 1]; k++)
        list = list_add(list, word[cells->list_item[k]]);
    return text_of(column, list);
}

bool digest_cells(uint32_t column, const struct cells *cells, struct sum *values,
                  struct err *err)
{
    hash128 *word = mem_alloc(cells->word_n * sizeof *word);

    if (!word)
        return err_nomem(err);
    for (uint32_t i = 0; i < cells->word_n; i++)
        word[i] = hash128_of(cells->word[i]);
    for (uint32_t i = 0; i < cells->n; i++)
        sum_add(&values[cells->event[i]], digest_cell(column, cells, i, word));
    mem_free(word);
    return true;
}
