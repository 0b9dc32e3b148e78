#include "rule/program.h"

#include <string.h>

struct names {
    const struct program *p;
    struct arena *a;
    struct rule_name *name;
    uint32_t n, cap;
    struct err *err;
};

static bool add(struct names *x, str event, str name, enum value_type type, bool learned)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (str_eq(x->name[i].event, event) && str_eq(x->name[i].name, name))
            return true;
    if (x->n == x->cap) {
        uint32_t cap = x->cap ? x->cap * 2 : 8;
        struct rule_name *more = arena_array(x->a, struct rule_name, cap);

        if (!more)
            return err_nomem(x->err);
        if (x->n)
            memcpy(more, x->name, x->n * sizeof *more);
        x->name = more;
        x->cap = cap;
    }
    x->name[x->n++] = (struct rule_name){event, name, type, learned};
    return true;
}

static bool add_property(struct names *x, const struct dictionary_event *event, str name)
{
    const struct dictionary_property *property =
        dictionary_property(x->p->env.dictionary, event, name);

    return add(x, event->name, property->name, property->type, property->learned);
}

static bool add_node(struct names *x, const struct node *n,
                     const struct dictionary_event *of);

/* `any`, consents, and the properties of every event are words of the language. */
static bool add_pattern(struct names *x, const struct pattern *pattern,
                        const struct series *s)
{
    if (s->event && !add(x, s->event->name, STR(""), VALUE_MISSING, s->event->learned))
        return false;
    if (s->source.kind == SOURCE_COLUMN && !add_property(x, s->event, pattern->name.rest))
        return false;
    return !pattern->where || add_node(x, pattern->where, s->event);
}

static bool add_series(struct names *x, const struct node *n, const struct series *s)
{
    const struct dictionary_property *trait;

    switch (s->kind) {
    case SERIES_TRAIT:
        trait = dictionary_trait(x->p->env.dictionary, s->trait);
        return add(x, STR(""), trait->name, trait->type, trait->learned);
    case SERIES_EVENTS:
        if (s->event == &consent_event || s->event == &acquisition_event)
            return true;
        return add_pattern(x, &n->call->step->pattern, s);
    case SERIES_SEQUENCE:
        for (uint32_t i = 0; i < s->step_n; i++)
            if (!add_pattern(x, &n->call->step[i].pattern,
                             &x->p->series[s->step[i].series]))
                return false;
    }
    return true;
}

/* `of`: the event whose properties stand in a where; NULL outside of one, and for any. */
static bool add_node(struct names *x, const struct node *n,
                     const struct dictionary_event *of)
{
    if (n->means == MEANS_TERM
        && !add_series(x, n, &x->p->series[x->p->slot[n->index].series]))
        return false;
    if (n->means == MEANS_PROPERTY && x->p->source[n->index].kind == SOURCE_COLUMN
        && !add_property(x, of, n->name.whole))
        return false;
    for (n = n->child; n; n = n->next)
        if (!add_node(x, n, of))
            return false;
    return true;
}

bool program_names(const struct program *p, struct rule_ref rule, struct arena *a,
                   const struct rule_name **out, uint32_t *n, struct err *err)
{
    struct names x = {.p = p, .a = a, .err = err};
    const struct rule *r = &p->rule[rule.v];

    if (r->root && !add_node(&x, r->root, NULL))
        return false;
    *out = x.name;
    *n = x.n;
    return true;
}
