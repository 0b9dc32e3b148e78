#include "report/lengths.h"

#include "base/kth.h"
#include "base/mem.h"

#include <string.h>

static bool grow(struct lengths *l, size_t more, struct err *err)
{
    size_t wanted = l->cap ? l->cap : 16;
    int64_t *room;

    while (wanted < l->n + more)
        wanted *= 2;
    if (wanted == l->cap)
        return true;
    room = mem_resize(l->ms, wanted * sizeof *room);
    if (!room)
        return err_nomem(err);
    l->ms = room;
    l->cap = wanted;
    return true;
}

bool lengths_add(struct lengths *l, int64_t ms, struct err *err)
{
    if (l->n == l->cap && !grow(l, 1, err))
        return false;
    l->ms[l->n++] = ms;
    return true;
}

bool lengths_join(struct lengths *into, const struct lengths *from, struct err *err)
{
    if (!grow(into, from->n, err))
        return false;
    if (from->n)
        memcpy(into->ms + into->n, from->ms, from->n * sizeof *from->ms);
    into->n += from->n;
    return true;
}

int64_t lengths_quantile(struct lengths *l, unsigned percent)
{
    return l->n ? kth_least(l->ms, l->n, (l->n * percent + 99) / 100 - 1) : -1;
}
