/* A mapping that parses is printed as a text that parses to the same mapping. */
#include "support/fuzz.h"

#include "engine/import.h"

static bool entries_eq(const struct mapping_entry *x, uint32_t x_n,
                       const struct mapping_entry *y, uint32_t y_n)
{
    for (uint32_t i = 0; x_n == y_n && i < x_n; i++)
        if (!str_eq(x[i].name, y[i].name) || x[i].type != y[i].type
            || x[i].optional != y[i].optional
            || !str_eq(x[i].expression, y[i].expression))
            return false;
    return x_n == y_n;
}

static bool ids_eq(const struct mapping *x, const struct mapping *y)
{
    for (uint32_t i = 0; x->who_n == y->who_n && i < x->who_n; i++)
        if (!str_eq(x->who[i].name, y->who[i].name)
            || !str_eq(x->who[i].column, y->who[i].column)
            || x->who[i].optional != y->who[i].optional)
            return false;
    return x->who_n == y->who_n;
}

static bool mapping_eq(const struct mapping *x, const struct mapping *y)
{
    return str_eq(x->customer, y->customer) && str_eq(x->time, y->time)
           && str_eq(x->time_format, y->time_format) && str_eq(x->zone, y->zone)
           && str_eq(x->event, y->event) && str_eq(x->event_column, y->event_column)
           && str_eq(x->id, y->id) && str_eq(x->where, y->where)
           && str_eq(x->moment, y->moment) && str_eq(x->currency, y->currency)
           && str_eq(x->account, y->account) && str_eq(x->where_first, y->where_first)
           && str_eq(x->encoding, y->encoding) && x->separator == y->separator
           && x->decimal == y->decimal && ids_eq(x, y)
           && entries_eq(x->property, x->property_n, y->property, y->property_n)
           && entries_eq(x->trait, x->trait_n, y->trait, y->trait_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str bytes = {(const char *)p, n};
    struct arena a = {.limit = 16 << 20};
    struct mapping m = {}, again = {};
    struct mapping_entry entry;
    struct buf text = {};
    struct err err;

    /* A single property, as from the command line. */
    if (mapping_entry_parse(bytes, &a, &entry, &err)) {
        m.property = &entry;
        m.property_n = 1;
        mapping_print(&m, &text);
        NEED(mapping_parse(buf_str(&text), &a, &again, &err));
        NEED(mapping_eq(&m, &again));
    }
    m = again = (struct mapping){};
    buf_clear(&text);
    if (mapping_parse(bytes, &a, &m, &err)) {
        mapping_print(&m, &text);
        NEED(mapping_parse(buf_str(&text), &a, &again, &err));
        NEED(mapping_eq(&m, &again));
    }
    buf_free(&text);
    arena_free(&a);
    return 0;
}
