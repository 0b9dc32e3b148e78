#include "report/assigned.h"

#include "report/by.h"
#include "report/marks.h"

#include <stdlib.h>

/* Beyond it the values of all customers may not be summed. */
#define SPENT_MAX (INT64_MAX / 1024)

bool assignments_new(const struct assigned_plan *plan, struct assignments **out,
                     struct err *err)
{
    struct assignments *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->plan = *plan;
    if (!picks_new(plan->program, &s->picks, err)) {
        assignments_free(s);
        return false;
    }
    *out = s;
    return true;
}

void assignments_free(struct assignments *s)
{
    if (!s)
        return;
    picks_free(s->picks);
    text_table_free(&s->name);
    mem_free(s->row);
    mem_free(s);
}

static bool row_add(struct assignments *s, const struct assigned *row, struct err *err)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct assigned *more = mem_resize(s->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        s->row = more;
        s->cap = cap;
    }
    s->row[s->n++] = *row;
    return true;
}

static bool group_number(struct assignments *s, str name, uint32_t *out, struct err *err)
{
    *out = text_table_find(&s->name, name);
    if (*out != TEXT_NONE)
        return true;
    if (s->name.n == ASSIGNED_GROUPS_MAX)
        return err_set(
            err, ERR_LIMIT,
            "there are more than %u groups: an experiment has a few; name what "
            "says which of them somebody is in",
            ASSIGNED_GROUPS_MAX);
    return text_table_add(&s->name, name, out) || err_nomem(err);
}

/* --- one customer --- */

struct look {
    const int64_t *at_ms;
    struct picked group, value;
    const uint64_t *conversion;
    uint32_t group_at; /* the first entry of .group that is not behind */
    struct buf name;
};

/* His events that are seen are [from, to). False: he is in no group. */
static bool find_group(struct look *l, uint32_t from, uint32_t to, uint32_t *entry,
                       bool *is_several)
{
    const struct picked *g = &l->group;
    uint32_t i;

    while (l->group_at < g->n && g->event[l->group_at] < from)
        l->group_at++;
    *entry = BY_NONE;
    *is_several = false;
    for (i = l->group_at; i < g->n && g->event[i] < to; i++) {
        if (g->there && !g->there[i])
            continue;
        if (*entry == BY_NONE)
            *entry = i;
        *is_several |= g->value[i] != g->value[*entry];
    }
    l->group_at = i;
    return *entry != BY_NONE;
}

static bool add_value(const struct look *l, uint32_t event, int64_t *sum, struct err *err)
{
    uint32_t entry = by_event(&l->value, event);

    if (entry == BY_NONE)
        return true;
    return (!__builtin_add_overflow(*sum, l->value.value[entry], sum) && *sum <= SPENT_MAX
            && *sum >= -SPENT_MAX)
           || err_set(err, ERR_LIMIT,
                      "the values of one customer sum up to more than can be counted");
}

static bool count(const struct assigned_plan *p, const struct look *l, uint32_t event,
                  uint32_t from, uint32_t to, struct assigned *row, struct err *err)
{
    for (uint32_t i = marks_first(l->conversion, from, to); i < to;
         i = marks_first(l->conversion, i + 1, to)) {
        bool before = i < event;

        if (i == event
            || (before ? length_add(p->zone, l->at_ms[i], p->within) < row->at_ms
                       : l->at_ms[i] > row->until_ms))
            continue;
        if (before)
            row->before++;
        else
            row->after++;
        if (p->has_value
            && !add_value(l, i, before ? &row->spent_before : &row->spent, err))
            return false;
    }
    return true;
}

static bool add_customer(struct assignments *s, struct look *l, uint32_t customer,
                         uint32_t from, uint32_t to, struct err *err)
{
    const struct assigned_plan *p = &s->plan;
    struct assigned row = {.customer = customer};
    uint32_t entry, event;

    if (!find_group(l, from, to, &entry, &row.is_several))
        return true;
    event = l->group.event[entry];
    row.at_ms = l->at_ms[event];
    row.events = event - from + 1;
    if (row.at_ms < p->from_ms || row.at_ms >= p->to_ms)
        return true;
    row.until_ms = length_add(p->zone, row.at_ms, p->within);
    row.is_waiting = row.until_ms > p->at_ms;
    buf_clear(&l->name);
    by_put(&l->name, s->picks, p->group, p->decimals, l->group.value[entry]);
    if (l->name.failed)
        return err_nomem(err);
    return group_number(s, buf_str(&l->name), &row.group, err)
           && count(p, l, event, from, to, &row, err) && row_add(s, &row, err);
}

bool assignments_add(struct assignments *s, const struct chunk *c, const struct bits *who,
                     struct err *err)
{
    const struct assigned_plan *p = &s->plan;
    struct bits all = bits_up_to(c->customer_n);
    struct look l = {.at_ms = c->at_ms};
    bool ok = picks_turn(s->picks, c, err);

    if (!ok)
        return false;
    l.group = picks_values(s->picks, p->group);
    l.conversion = picks_marks(s->picks, p->conversion);
    if (p->has_value)
        l.value = picks_values(s->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        uint32_t from = c->first[i], to = c->first[i + 1];

        while (to > from && c->at_ms[to - 1] > p->at_ms)
            to--;
        ok = add_customer(s, &l, c->customer_first + i, from, to, err);
        if (!ok)
            break;
    }
    buf_free(&l.name);
    return ok;
}

/* --- together --- */

bool assignments_merge(struct assignments *into, const struct assignments *from,
                       struct err *err)
{
    uint32_t number[ASSIGNED_GROUPS_MAX] = {};

    for (uint32_t i = 0; i < from->name.n; i++)
        if (!group_number(into, text_table_get(&from->name, i), &number[i], err))
            return false;
    for (size_t i = 0; i < from->n; i++) {
        struct assigned row = from->row[i];

        row.group = number[row.group];
        if (!row_add(into, &row, err))
            return false;
    }
    return true;
}

struct named {
    str name;
    uint32_t number;
};

static int named_cmp(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return str_cmp(x->name, y->name);
}

static int row_cmp(const void *a, const void *b)
{
    const struct assigned *x = a, *y = b;

    return (x->customer > y->customer) - (x->customer < y->customer);
}

bool assignments_finish(struct assignments *s, struct err *err)
{
    struct named group[ASSIGNED_GROUPS_MAX] = {};
    uint32_t place[ASSIGNED_GROUPS_MAX], groups = s->name.n;
    struct text_table name = {};
    bool ok = true;

    for (uint32_t i = 0; i < groups; i++)
        group[i] = (struct named){text_table_get(&s->name, i), i};
    qsort(group, groups, sizeof *group, named_cmp);
    for (uint32_t i = 0; ok && i < groups; i++)
        ok = text_table_add(&name, group[i].name, &place[group[i].number]);
    if (!ok) {
        text_table_free(&name);
        return err_nomem(err);
    }
    for (size_t i = 0; i < s->n; i++)
        s->row[i].group = place[s->row[i].group];
    text_table_free(&s->name);
    s->name = name;
    if (s->n)
        qsort(s->row, s->n, sizeof *s->row, row_cmp);
    return true;
}
