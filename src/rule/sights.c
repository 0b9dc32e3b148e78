/* sights.c - what each of many rules looks at, so that few of them can be asked. */
#include "rule/cursor.h"

#include <string.h>

/* Numbers of series, each once; of a sequence, those of its steps too. */
struct sight {
    const uint32_t *series;
    uint32_t n;
};

struct sights {
    const struct program *p;
    struct arena arena;
    struct sight *sight; /* by rule that was asked for */
    uint32_t n;
    uint32_t *series; /* all of them, each once */
    uint32_t series_n;
    bool *is_new; /* by series: scratch of sights_mark */
};

struct gather {
    const struct program *p;
    bool *has_rule, *has_series;
    uint32_t *series;
    uint32_t n;
};

static void add_series(struct gather *g, uint32_t index)
{
    const struct series *s = &g->p->series[index];

    if (g->has_series[index])
        return;
    g->has_series[index] = true;
    for (uint32_t i = 0; i < s->step_n; i++)
        add_series(g, s->step[i].series);
    g->series[g->n++] = index;
}

static void add_rule(struct gather *g, uint32_t index);

static void add_node(struct gather *g, const struct node *n)
{
    if (n->means == MEANS_TERM)
        add_series(g, g->p->slot[n->index].series);
    for (uint32_t i = 0; n->means == MEANS_WORTH && i < g->p->worth_n; i++) {
        add_series(g, g->p->worth[i].events);
        if (g->p->worth[i].values != NONE)
            add_series(g, g->p->worth[i].values);
    }
    if (n->means == MEANS_SEGMENT || n->means == MEANS_SCORE)
        add_rule(g, n->index);
    for (n = n->child; n; n = n->next)
        add_node(g, n);
}

static void add_rule(struct gather *g, uint32_t index)
{
    const struct rule *rule = &g->p->rule[index];

    if (g->has_rule[index])
        return;
    g->has_rule[index] = true;
    if (rule->root)
        add_node(g, rule->root);
    for (uint32_t i = 0; i < rule->part_n; i++)
        add_rule(g, rule->part[i].when.v);
}

static bool fill(struct sights *s, const struct rule_ref *rule, struct arena *scratch,
                 struct err *err)
{
    const struct program *p = s->p;
    struct gather all = {p, arena_array(scratch, bool, p->rule_n),
                         arena_array(scratch, bool, (size_t)p->series_n + 1),
                         arena_array(&s->arena, uint32_t, (size_t)p->series_n + 1), 0};
    struct gather one = {p, arena_array(scratch, bool, p->rule_n),
                         arena_array(scratch, bool, (size_t)p->series_n + 1),
                         arena_array(scratch, uint32_t, (size_t)p->series_n + 1), 0};

    s->sight = arena_array(&s->arena, struct sight, (size_t)s->n + 1);
    s->is_new = arena_array(&s->arena, bool, (size_t)p->series_n + 1);
    if (!all.has_rule || !all.has_series || !all.series || !one.has_rule
        || !one.has_series || !one.series || !s->sight || !s->is_new)
        return err_nomem(err);
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t *series;

        memset(one.has_rule, 0, p->rule_n * sizeof *one.has_rule);
        memset(one.has_series, 0, p->series_n * sizeof *one.has_series);
        one.n = 0;
        add_rule(&one, rule[i].v);
        series = arena_array(&s->arena, uint32_t, (size_t)one.n + 1);
        if (!series)
            return err_nomem(err);
        memcpy(series, one.series, one.n * sizeof *series);
        s->sight[i] = (struct sight){series, one.n};
        add_rule(&all, rule[i].v);
    }
    s->series = all.series;
    s->series_n = all.n;
    return true;
}

bool sights_new(const struct program *p, const struct rule_ref *rule, uint32_t n,
                struct sights **out, struct err *err)
{
    struct sights *s = mem_alloc(sizeof *s);
    struct arena scratch = {};
    bool ok;

    if (!s)
        return err_nomem(err);
    s->p = p;
    s->n = n;
    ok = fill(s, rule, &scratch, err);
    arena_free(&scratch);
    if (!ok) {
        sights_free(s);
        return false;
    }
    *out = s;
    return true;
}

void sights_free(struct sights *s)
{
    if (!s)
        return;
    arena_free(&s->arena);
    mem_free(s);
}

/* --- which of them events can change --- */

static bool has_type(const struct program *p, const struct series *s,
                     const struct timeline *t, uint32_t first)
{
    const uint64_t *bits = p->types[s->types].bits;

    for (uint32_t i = first; i < t->n; i++)
        if (bits[t->type[i] / 64] >> t->type[i] % 64 & 1)
            return true;
    return false;
}

static bool has_trait(const struct series *s, const struct timeline *t, uint32_t first,
                      bool *out, struct err *err)
{
    struct trait_said said;
    struct trait_at at;

    *out = false;
    if (s->source.column == NONE)
        return true;
    if (!trait_open(&at, t->chunk, s->trait, s->keep, err))
        return false;
    for (uint32_t i = 0; i < at.n; i++)
        at.of[i].at = cells_from(at.of[i].cells, t->first + first);
    *out = trait_next(&at, t->first + t->n, &said);
    return true;
}

/* Where the value of an event hangs on those before it, or its entries on those of others, all
 * events are taken for new entries. */
static bool is_new(const struct sights *s, const struct series *of,
                   const struct timeline *t, uint32_t first, bool *out, struct err *err)
{
    *out = false;
    switch (of->kind) {
    case SERIES_TRAIT:
        return has_trait(of, t, first, out, err);
    case SERIES_SEQUENCE:
        for (uint32_t i = 0; i < of->step_n; i++)
            *out |= s->is_new[of->step[i].series];
        return true;
    case SERIES_EVENTS:
        break;
    }
    *out = of->source.kind == SOURCE_ACQUISITION || has_type(s->p, of, t, first);
    return true;
}

bool sights_mark(const struct sights *s, const struct timeline *t, uint32_t first,
                 bool *marked, struct err *err)
{
    if (first >= t->n)
        return true;
    /* The steps of a sequence stand before it. */
    for (uint32_t i = 0; i < s->series_n; i++) {
        uint32_t number = s->series[i];

        if (!is_new(s, &s->p->series[number], t, first, &s->is_new[number], err))
            return false;
    }
    for (uint32_t i = 0; i < s->n; i++)
        for (uint32_t k = 0; k < s->sight[i].n && !marked[i]; k++)
            marked[i] = s->is_new[s->sight[i].series[k]];
    return true;
}

bool cursor_limit(struct cursor *c, const struct sights *s, const uint32_t *place,
                  uint32_t n, struct err *err)
{
    size_t room = (size_t)c->p->series_n + c->p->types_n + 1;

    if (!c->wanted)
        c->wanted = mem_alloc(room * sizeof *c->wanted);
    if (!c->wanted)
        return err_nomem(err);
    memset(c->wanted, 0, room * sizeof *c->wanted);
    c->wanted_types = c->wanted + c->p->series_n;
    for (uint32_t i = 0; i < n; i++) {
        const struct sight *of = &s->sight[place ? place[i] : i];

        for (uint32_t k = 0; k < of->n; k++) {
            const struct series *series = &c->p->series[of->series[k]];

            c->wanted[of->series[k]] = true;
            if (series->kind == SERIES_EVENTS)
                c->wanted_types[series->types] = true;
        }
    }
    c->stretch_n = c->stretch_to = 0;
    return true;
}
