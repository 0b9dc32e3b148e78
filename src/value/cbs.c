#include "value/cbs.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static uint32_t place(const struct cbs *c, const struct cbs_row *row)
{
    uint64_t h = ((uint64_t)row->last_days << 40 ^ (uint64_t)row->age_days << 20 ^ row->x)
                 * 0x9e3779b97f4a7c15u;
    uint32_t at = (uint32_t)(h >> 32) & (c->cap - 1);

    while (c->slot[at]) {
        const struct cbs_row *there = &c->row[c->slot[at] - 1];

        if (there->x == row->x && there->last_days == row->last_days
            && there->age_days == row->age_days)
            break;
        at = (at + 1) & (c->cap - 1);
    }
    return at;
}

static bool need_room(struct cbs *c, struct err *err)
{
    struct cbs more = *c;

    if (2 * (c->n + 1) <= c->cap)
        return true;
    more.cap = c->cap ? 2 * c->cap : 1024;
    more.slot = mem_alloc(more.cap * sizeof *more.slot);
    more.row = more.slot ? mem_resize(c->row, more.cap / 2 * sizeof *c->row) : NULL;
    if (!more.row) {
        mem_free(more.slot);
        return err_nomem(err);
    }
    for (uint32_t i = 0; i < c->n; i++)
        more.slot[place(&more, &more.row[i])] = i + 1;
    mem_free(c->slot);
    *c = more;
    return true;
}

static bool is_possible(const struct cbs_row *row)
{
    return row->age_days <= CBS_DAYS_MAX && row->last_days <= row->age_days
           && row->x <= row->last_days && (row->x > 0) == (row->last_days > 0);
}

bool cbs_add(struct cbs *c, struct cbs_row row, double gaps, struct err *err)
{
    uint32_t at;

    if (!is_possible(&row))
        return err_set(err, ERR_INPUT,
                       "%u purchases after the first, the last after %u days of %u: that "
                       "cannot be",
                       row.x, row.last_days, row.age_days);
    if (row.customers == 0)
        return true;
    if (!need_room(c, err))
        return false;
    at = place(c, &row);
    if (c->slot[at])
        c->row[c->slot[at] - 1].customers += row.customers;
    else {
        c->row[c->n] = row;
        c->slot[at] = ++c->n;
    }
    c->customers += row.customers;
    c->repeaters += row.x ? row.customers : 0;
    c->purchases += (uint64_t)row.x * row.customers;
    c->log_gaps += gaps;
    c->x_max = row.x > c->x_max ? row.x : c->x_max;
    c->age_max = row.age_days > c->age_max ? row.age_days : c->age_max;
    return true;
}

static int by_what_they_are(const void *a, const void *b)
{
    const struct cbs_row *l = a, *r = b;

    if (l->x != r->x)
        return l->x < r->x ? -1 : 1;
    if (l->last_days != r->last_days)
        return l->last_days < r->last_days ? -1 : 1;
    return (l->age_days > r->age_days) - (l->age_days < r->age_days);
}

void cbs_settle(struct cbs *c)
{
    if (c->n == 0)
        return;
    qsort(c->row, c->n, sizeof *c->row, by_what_they_are);
    memset(c->slot, 0, c->cap * sizeof *c->slot);
    for (uint32_t i = 0; i < c->n; i++)
        c->slot[place(c, &c->row[i])] = i + 1;
}

uint32_t cbs_find(const struct cbs *c, struct cbs_row row)
{
    return c->slot[place(c, &row)] - 1;
}

void cbs_free(struct cbs *c)
{
    mem_free(c->row);
    mem_free(c->slot);
    *c = (struct cbs){};
}
