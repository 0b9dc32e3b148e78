#include "report/spell.h"

#include "report/by.h"
#include "report/groups.h"
#include "report/marks.h"

bool spells_new(const struct spell_plan *plan, struct spells **out, struct err *err)
{
    struct spells *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->plan = *plan;
    if (!picks_new(plan->program, &s->picks, err)) {
        spells_free(s);
        return false;
    }
    *out = s;
    return true;
}

void spells_free(struct spells *s)
{
    if (!s)
        return;
    text_table_free(&s->name);
    text_table_free(&s->word);
    mem_free(s->row);
    mem_free(s->trait);
    picks_free(s->picks);
    mem_free(s);
}

bool spell_name(const struct spells *s, uint32_t group, str *out)
{
    return groups_name(&s->name, group, out);
}

/* Room for what is known of one more. */
static bool trait_room(struct spells *s, struct err *err)
{
    size_t n = (s->n + 1) * s->plan.trait_n, cap = s->trait_cap ? s->trait_cap : 64;
    struct spell_trait *more;

    while (cap < n)
        cap *= 2;
    if (!n || cap == s->trait_cap)
        return true;
    more = mem_resize(s->trait, cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    s->trait = more;
    s->trait_cap = cap;
    return true;
}

/* Its .told is where its traits are to be put. */
static bool row_add(struct spells *s, const struct lasted *row, struct err *err)
{
    if (!trait_room(s, err))
        return false;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct lasted *more = mem_resize(s->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        s->row = more;
        s->cap = cap;
    }
    s->row[s->n] = *row;
    s->row[s->n].told = (uint32_t)s->n;
    s->n++;
    return true;
}

static bool word_number(struct spells *s, str word, int64_t *out, struct err *err)
{
    uint32_t number = text_table_find(&s->word, word);

    if (number == TEXT_NONE && !text_table_add(&s->word, word, &number))
        return err_nomem(err);
    *out = number;
    return true;
}

/* --- one customer --- */

struct look {
    const int64_t *at_ms;
    struct begin_look begin;
    const uint64_t *end[SPELL_ENDS_MAX];
    struct picked by, trait[SPELL_TRAITS_MAX];
    struct buf name;
};

/* The moment at which it ends; MOMENT_NEVER: not yet. */
static int64_t end_by_event(const struct spell_plan *p, const struct look *l,
                            const struct beginning *b, uint32_t to)
{
    uint32_t from = b->event + (p->begin.by == BEGIN_EVENT), first = to;

    for (uint32_t k = 0; k < p->end_n && from < first; k++)
        first = marks_first(l->end[k], from, first);
    return from < to && first < to ? l->at_ms[first] : MOMENT_NEVER;
}

static int64_t end_by_stage(const struct spell_plan *p, uint32_t customer,
                            const struct beginning *b)
{
    size_t n, i = p->begin.by == BEGIN_STAGE && !p->has_end_way ? b->move : 0;
    const struct move *move = p->end_moves.get(p->end_moves.context, customer, &n);

    for (; i < n && move[i].at_ms <= p->at_ms; i++)
        if (move[i].at_ms >= b->ms && (!p->has_end_way || move[i].way == p->end_way)
            && stage_set_enters(&p->end_stage, &move[i]))
            return move[i].at_ms;
    return MOMENT_NEVER;
}

static bool group_of(struct spells *s, struct look *l, uint32_t customer,
                     const struct beginning *b, uint32_t from, uint32_t to, uint32_t *out,
                     struct err *err)
{
    const struct spell_plan *p = &s->plan;
    uint32_t entry;

    buf_clear(&l->name);
    if (p->by == SPELL_BY_SEGMENT) {
        buf_add(&l->name,
                p->is_member(p->context, customer, b->ms) ? STR("=yes") : STR("=no"));
    } else if (p->by != SPELL_BY_NOTHING) {
        entry = p->by == SPELL_BY_FIRST ? by_event(&l->by, b->event)
                                        : by_told(&l->by, from, to);
        if (entry != BY_NONE) {
            buf_add_char(&l->name, '=');
            by_put(&l->name, s->picks, p->by_pick, p->decimals, l->by.value[entry]);
        }
    }
    if (l->name.failed)
        return err_nomem(err);
    return groups_number(&s->name, buf_str(&l->name), out, err);
}

/* Of the one who was added last. */
static bool add_traits(struct spells *s, const struct look *l, const struct beginning *b,
                       uint32_t from, uint32_t to, struct err *err)
{
    const struct spell_plan *p = &s->plan;
    struct spell_trait *trait = s->trait + (s->n - 1) * p->trait_n;
    uint32_t known = b->event;

    while (known < to && l->at_ms[known] <= b->ms)
        known++;
    for (uint32_t k = 0; k < p->trait_n; k++) {
        uint32_t entry = by_told(&l->trait[k], from, known);

        trait[k] = (struct spell_trait){.there = entry != BY_NONE};
        if (!trait[k].there)
            continue;
        trait[k].value = l->trait[k].value[entry];
        if (p->trait[k].type == VALUE_TEXT
            && !word_number(s, picks_text(s->picks, trait[k].value), &trait[k].value,
                            err))
            return false;
    }
    return true;
}

static bool add_customer(struct spells *s, struct look *l, uint32_t customer,
                         uint32_t from, uint32_t to, struct err *err)
{
    const struct spell_plan *p = &s->plan;
    struct lasted row = {.customer = customer};
    struct beginning b;
    int64_t end_ms;

    if (!begin_find(&l->begin, customer, from, to, &b) || b.ms > p->at_ms
        || b.ms < p->from_ms || b.ms >= p->to_ms)
        return true;
    end_ms = p->end_n ? end_by_event(p, l, &b, to) : end_by_stage(p, customer, &b);
    row.ended = end_ms != MOMENT_NEVER;
    row.ms = (row.ended ? end_ms : p->at_ms) - b.ms;
    return group_of(s, l, customer, &b, from, to, &row.group, err)
           && row_add(s, &row, err)
           && (!p->trait_n || add_traits(s, l, &b, from, to, err));
}

bool spells_add(struct spells *s, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    const struct spell_plan *p = &s->plan;
    struct bits all = bits_up_to(c->customer_n);
    struct look l = {.at_ms = c->at_ms};
    bool ok = picks_turn(s->picks, c, err);

    if (!ok)
        return false;
    l.begin = begin_turn(&p->begin, s->picks, c);
    for (uint32_t k = 0; k < p->end_n; k++)
        l.end[k] = picks_marks(s->picks, p->end[k]);
    if (p->by == SPELL_BY_FIRST || p->by == SPELL_BY_TOLD)
        l.by = picks_values(s->picks, p->by_pick);
    for (uint32_t k = 0; k < p->trait_n; k++)
        l.trait[k] = picks_values(s->picks, p->trait[k]);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        uint32_t from = c->first[i], to = c->first[i + 1];

        while (span.last_ms > p->at_ms && to > from && c->at_ms[to - 1] > p->at_ms)
            to--;
        ok = add_customer(s, &l, c->customer_first + i, from, to, err);
        if (!ok)
            break;
    }
    buf_free(&l.name);
    return ok;
}

/* Of the one who was added last. */
static bool merge_traits(struct spells *into, const struct spells *from, uint32_t told,
                         struct err *err)
{
    const struct spell_plan *p = &into->plan;
    struct spell_trait *trait = into->trait + (into->n - 1) * p->trait_n;

    for (uint32_t k = 0; k < p->trait_n; k++) {
        trait[k] = from->trait[(size_t)told * p->trait_n + k];
        if (trait[k].there && p->trait[k].type == VALUE_TEXT
            && !word_number(into, text_table_get(&from->word, (uint32_t)trait[k].value),
                            &trait[k].value, err))
            return false;
    }
    return true;
}

bool spells_merge(struct spells *into, const struct spells *from, struct err *err)
{
    uint32_t number[GROUPS_MAX] = {};

    if (!groups_join(&into->name, &from->name, number, err))
        return false;
    for (size_t i = 0; i < from->n; i++) {
        struct lasted row = from->row[i];

        row.group = number[row.group];
        if (!row_add(into, &row, err)
            || !merge_traits(into, from, from->row[i].told, err))
            return false;
    }
    return true;
}

/* --- in order --- */

bool spells_finish(struct spells *s, struct err *err)
{
    uint64_t size[GROUPS_MAX] = {};
    uint32_t place[GROUPS_MAX] = {};

    for (size_t i = 0; i < s->n; i++)
        size[s->row[i].group]++;
    if (!groups_order(&s->name, size, place, err))
        return false;
    for (size_t i = 0; i < s->n; i++)
        s->row[i].group = place[s->row[i].group];
    survival_sort(s->row, s->n);
    return true;
}
