#include "value/cbs.h"

#include "base/mem.h"

#include <stddef.h>
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

static uint32_t number_of(const struct cbs_row *row, size_t number)
{
    return *(const uint32_t *)((const char *)row + number);
}

/* The rows by one of their numbers, which is at most `most`; where it is the same, as they were.
 * `count` has room for most + 2. */
static void put_in_order(const struct cbs_row *row, uint32_t n, size_t number,
                         uint32_t most, uint32_t *count, struct cbs_row *to)
{
    memset(count, 0, ((size_t)most + 2) * sizeof *count);
    for (uint32_t i = 0; i < n; i++)
        count[number_of(&row[i], number) + 1]++;
    for (uint32_t k = 0; k < most; k++)
        count[k + 1] += count[k];
    for (uint32_t i = 0; i < n; i++)
        to[count[number_of(&row[i], number)]++] = row[i];
}

bool cbs_settle(struct cbs *c, struct err *err)
{
    uint32_t most = c->x_max > c->age_max ? c->x_max : c->age_max;
    uint32_t *count;
    struct cbs_row *other;

    if (c->n == 0)
        return true;
    count = mem_alloc(((size_t)most + 2) * sizeof *count);
    other = mem_alloc(c->cap / 2 * sizeof *other);
    if (!count || !other) {
        mem_free(count);
        mem_free(other);
        return err_nomem(err);
    }
    put_in_order(c->row, c->n, offsetof(struct cbs_row, age_days), c->age_max, count,
                 other);
    put_in_order(other, c->n, offsetof(struct cbs_row, last_days), c->age_max, count,
                 c->row);
    put_in_order(c->row, c->n, offsetof(struct cbs_row, x), c->x_max, count, other);
    mem_free(count);
    mem_free(c->row);
    c->row = other;
    memset(c->slot, 0, c->cap * sizeof *c->slot);
    for (uint32_t i = 0; i < c->n; i++)
        c->slot[place(c, &c->row[i])] = i + 1;
    return true;
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
