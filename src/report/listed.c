#include "report/listed.h"

#include "base/mem.h"

#include <string.h>

static bool grow(struct listed *l, size_t more, struct err *err)
{
    size_t cap = l->cap ? l->cap : 64;
    uint32_t *room;

    while (cap < l->n + more)
        cap *= 2;
    if (cap == l->cap)
        return true;
    room = mem_resize(l->customer, cap * sizeof *room);
    if (!room)
        return err_nomem(err);
    l->customer = room;
    l->cap = cap;
    return true;
}

bool listed_add(struct listed *l, uint32_t customer, struct err *err)
{
    if (l->n && l->customer[l->n - 1] == customer)
        return true;
    if (l->n == l->cap && !grow(l, 1, err))
        return false;
    l->customer[l->n++] = customer;
    return true;
}

bool listed_join(struct listed *into, const struct listed *from, struct err *err)
{
    if (!from->n)
        return true;
    if (!grow(into, from->n, err))
        return false;
    memcpy(into->customer + into->n, from->customer, from->n * sizeof *from->customer);
    into->n += from->n;
    return true;
}
