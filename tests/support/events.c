#include "support/events.h"

bool value_eq(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_MISSING:
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->truth == b->truth;
    case VALUE_NUMBER:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return a->number == b->number;
    case VALUE_TEXT:
        return str_eq(a->text, b->text);
    case VALUE_LIST:
        if (a->list.n != b->list.n)
            return false;
        for (uint32_t i = 0; i < a->list.n; i++) {
            if (!str_eq(a->list.item[i], b->list.item[i]))
                return false;
        }
        return true;
    }
    return false;
}

static bool properties_eq(const struct property *a, uint32_t n, const struct property *b,
                          uint32_t b_n)
{
    if (n != b_n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!str_eq(a[i].name, b[i].name) || !value_eq(&a[i].value, &b[i].value))
            return false;
    }
    return true;
}

static bool ids_eq(const struct event *a, const struct event *b)
{
    if (a->who_n != b->who_n || a->implied != b->implied)
        return false;
    for (uint32_t i = 0; i < a->who_n; i++)
        if (id_compare(a->who[i], b->who[i]) != 0)
            return false;
    return true;
}

bool event_eq(const struct event *a, const struct event *b)
{
    return a->at_ms == b->at_ms && str_eq(a->customer, b->customer)
           && str_eq(a->type, b->type) && str_eq(a->id, b->id) && ids_eq(a, b)
           && str_eq(a->previous, b->previous) && str_eq(a->nobody, b->nobody)
           && properties_eq(a->property, a->property_n, b->property, b->property_n)
           && properties_eq(a->trait, a->trait_n, b->trait, b->trait_n);
}
