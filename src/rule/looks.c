/* looks.c - which kinds of events a rule looks at. */
#include "rule/cursor.h"

#include <string.h>

struct looks {
    const struct cursor *c;
    bool *seen_rule, *seen_series;
    struct looked_at *item;
    uint32_t n;
};

static uint32_t first_type(const struct program *p, const struct series *s)
{
    const uint64_t *bits = p->types[s->types].bits;

    for (uint32_t code = 0; code < p->env.catalog->type.n; code++)
        if (bits[code / 64] >> code % 64 & 1)
            return code;
    return TYPE_NONE;
}

static void add_series(struct looks *l, uint32_t index)
{
    const struct program *p = l->c->p;
    const struct series *s = &p->series[index];
    const struct entries *e = &l->c->entries[index];

    if (l->seen_series[index] || s->kind == SERIES_TRAIT)
        return;
    l->seen_series[index] = true;
    for (uint32_t i = 0; i < s->step_n; i++)
        add_series(l, s->step[i].series);
    if (s->kind == SERIES_EVENTS)
        l->item[l->n++] = (struct looked_at){
            .event = s->event ? s->event->name : STR("any"),
            .type = first_type(p, s),
            .last = e->n ? entry_place(e, e->n - 1) - l->c->t.first : EVENT_NONE,
        };
}

static void add_rule(struct looks *l, uint32_t index);

static void add_node(struct looks *l, const struct node *n)
{
    if (n->means == MEANS_TERM)
        add_series(l, l->c->p->slot[n->index].series);
    for (uint32_t i = 0; n->means == MEANS_WORTH && i < l->c->p->worth_n; i++)
        add_series(l, l->c->p->worth[i].events);
    if (n->means == MEANS_SEGMENT || n->means == MEANS_SCORE)
        add_rule(l, n->index);
    for (n = n->child; n; n = n->next)
        add_node(l, n);
}

static void add_rule(struct looks *l, uint32_t index)
{
    const struct rule *rule = &l->c->p->rule[index];

    if (l->seen_rule[index])
        return;
    l->seen_rule[index] = true;
    if (rule->root)
        add_node(l, rule->root);
    for (uint32_t i = 0; i < rule->part_n; i++)
        add_rule(l, rule->part[i].when.v);
}

bool cursor_looks_at(const struct cursor *c, struct rule_ref rule, struct arena *a,
                     const struct looked_at **out, uint32_t *n, struct err *err)
{
    struct looks l = {
        .c = c,
        .seen_rule = arena_array(a, bool, c->p->rule_n),
        .seen_series = arena_array(a, bool, (size_t)c->p->series_n + 1),
        .item = arena_array(a, struct looked_at, (size_t)c->p->series_n + 1),
    };

    if (!l.seen_rule || !l.seen_series || !l.item)
        return err_nomem(err);
    add_rule(&l, rule.v);
    *out = l.item;
    *n = l.n;
    return true;
}
