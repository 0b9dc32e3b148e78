#include "report/paths.h"

#include <string.h>

/* An anchor's name in the table begins with it, no step's does. */
#define ANCHOR '\1'

/* A customer's events that count, in order. */
struct point {
    int64_t at_ms;
    uint16_t number; /* NAME_NONE: an anchor that is no step */
    bool is_anchor;
};

struct paths_list {
    struct point *point;
    uint32_t n, cap;
    uint32_t
        way; /* where the first way begins, and points behind that can be its steps */
};

static bool name_anchor(struct paths *p, struct err *err)
{
    struct buf name = {};
    bool ok;

    if (p->plan.from == PATHS_ANY)
        return true;
    buf_add_char(&name, ANCHOR);
    buf_add(&name, p->plan.anchor_name);
    ok = !name.failed ? step_names_add(&p->names, buf_str(&name), &p->anchor, err)
                      : err_nomem(err);
    buf_free(&name);
    return ok;
}

str paths_name(const struct paths *p, uint16_t number)
{
    str name = step_names_get(&p->names, number);

    return name.n && name.p[0] == ANCHOR ? str_from(name, 1) : name;
}

bool paths_new(const struct paths_plan *plan, struct paths **out, struct err *err)
{
    struct paths *p = mem_alloc(sizeof *p);

    if (!p)
        return err_nomem(err);
    p->plan = *plan;
    p->look = (struct through_look){.through = &p->plan.through, .names = &p->names};
    p->list = mem_alloc(sizeof *p->list);
    if (!p->list || !picks_new(plan->program, &p->picks, err) || !name_anchor(p, err)) {
        if (!p->list)
            err_nomem(err);
        paths_free(p);
        return false;
    }
    *out = p;
    return true;
}

void paths_free(struct paths *p)
{
    if (!p)
        return;
    if (p->list)
        mem_free(p->list->point);
    mem_free(p->list);
    mem_free(p->sweep.cell);
    mem_free(p->sweep.number);
    tally_free(&p->ways);
    tally_free(&p->links);
    through_free(&p->look);
    step_names_free(&p->names);
    picks_free(p->picks);
    mem_free(p->listed.customer);
    mem_free(p);
}

/* --- the list of one customer --- */

static bool list_add(struct paths_list *l, struct point point, struct err *err)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 64;
        struct point *more = mem_resize(l->point, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        l->point = more;
        l->cap = cap;
    }
    l->point[l->n++] = point;
    return true;
}

static bool is_apart(const struct paths *p, uint32_t before, uint32_t behind)
{
    return p->plan.gap_ms
           && p->list->point[behind].at_ms - p->list->point[before].at_ms
                  > p->plan.gap_ms;
}

/* May a way begin here: is it an anchor, and no repetition of the one before? */
static bool begins(const struct paths *p, uint32_t k)
{
    const struct point *point = p->list->point;
    bool any = p->plan.from == PATHS_ANY;

    if (!any && !point[k].is_anchor)
        return false;
    if (point[k].at_ms < p->plan.from_ms || point[k].at_ms >= p->plan.to_ms)
        return false;
    return !p->plan.collapsed || !k || is_apart(p, k - 1, k)
           || !(any ? point[k - 1].number == point[k].number : point[k - 1].is_anchor);
}

static bool list_point(struct paths *p, struct point point, struct err *err)
{
    struct paths_list *l = p->list;

    if (!list_add(l, point, err))
        return false;
    l->way += l->way ? point.number != NAME_NONE : begins(p, l->n - 1);
    return true;
}

/* What lies behind it need not be looked at. */
static bool has_way(const struct paths *p)
{
    return p->list->way >= p->plan.steps && p->plan.from != PATHS_BEFORE && !p->plan.each
           && !p->plan.gap_ms && !p->plan.collapsed;
}

static bool name_stage(struct paths *p, uint16_t stage, uint16_t *number, struct err *err)
{
    str name = lifecycle_stage_name(p->plan.lifecycle, stage);

    return step_names_add(&p->names, name.n ? name : STR("(out)"), number, err);
}

static bool add_move(struct paths *p, const struct move *m, struct err *err)
{
    struct point point = {.at_ms = m->at_ms,
                          .is_anchor = p->plan.anchor_stage != STAGE_NONE
                                       && p->plan.anchor_stage == m->to};

    if (!p->plan.by_stage && !point.is_anchor)
        return true;
    return (!p->plan.by_stage || name_stage(p, m->to, &point.number, err))
           && list_point(p, point, err);
}

/* What the lists of a chunk are made from. */
struct source {
    const struct chunk *chunk;
    const uint64_t *anchor; /* NULL: no event is one */
    bool later;             /* there may be events that are not seen */
};

static bool list_customer(struct paths *p, const struct source *s, uint32_t i,
                          struct err *err)
{
    const struct chunk *c = s->chunk;
    const struct move *move = NULL;
    size_t n = 0, moved = 0;

    p->list->n = p->list->way = 0;
    if (p->plan.by_stage || p->plan.anchor_stage != STAGE_NONE)
        move = p->plan.moves(p->plan.moves_context, c->customer_first + i, &n);
    while (n && move[n - 1].at_ms > p->plan.at_ms)
        n--;
    for (uint32_t e = c->first[i]; e < c->first[i + 1] && !has_way(p); e++) {
        struct point point = {.at_ms = c->at_ms[e],
                              .is_anchor = s->anchor && s->anchor[e / 64] >> e % 64 & 1};

        if (s->later && c->at_ms[e] > p->plan.at_ms)
            break;
        if (!p->plan.by_stage)
            point.number = p->look.number[e];
        if (!point.number && !point.is_anchor)
            continue;
        for (; moved < n && move[moved].at_ms < point.at_ms; moved++)
            if (!add_move(p, &move[moved], err))
                return false;
        if (!list_point(p, point, err))
            return false;
    }
    for (; moved < n && !has_way(p); moved++)
        if (!add_move(p, &move[moved], err))
            return false;
    return true;
}

/* --- its ways --- */

/* Is the way from `start` to `k` within the limit? */
static bool is_within(const struct paths *p, uint32_t start, uint32_t k)
{
    const struct point *point = p->list->point;
    uint32_t first = k < start ? k : start, last = k < start ? start : k;

    return !p->plan.has_within
           || point[last].at_ms
                  <= length_add(p->plan.zone, point[first].at_ms, p->plan.within);
}

static struct tally_row follow(const struct paths *p, uint32_t start)
{
    const struct paths_list *l = p->list;
    bool any = p->plan.from == PATHS_ANY;
    uint32_t step = p->plan.from == PATHS_BEFORE ? UINT32_MAX : 1, n = 1;
    uint16_t last = any ? l->point[start].number : NAME_NONE;
    struct tally_row row = {{any ? last : p->anchor}};

    /* Backwards, the place before the first one is beyond the last one, too. */
    for (uint32_t k = start + step; k < l->n && n < p->plan.steps; k += step) {
        const struct point *point = &l->point[k];

        if (is_apart(p, k < start ? k : k - 1, k < start ? k + 1 : k)
            || !is_within(p, start, k))
            break;
        if (!point->number
            || (p->plan.collapsed
                && (point->number == last || (!any && n == 1 && point->is_anchor))))
            continue;
        row.number[n++] = last = point->number;
    }
    return row;
}

/* --- counting --- */

static bool count_row(struct paths *p, struct tally *t, struct tally_row row,
                      uint32_t customer, struct err *err)
{
    bool is_new;
    struct tally_entry *e = tally_find(t, row, &is_new, err);

    if (!e)
        return false;
    if (is_new && p->plan.lists)
        e->listed = p->plan.lists(p->plan.lists_context, p, row, t == &p->ways);
    tally_count(e, customer);
    return !e->listed || listed_add(&p->listed, customer, err);
}

static bool count_links(struct paths *p, struct tally_row row, uint32_t n,
                        uint32_t customer, struct err *err)
{
    for (uint32_t k = 0; k < n; k++) {
        uint16_t step = (uint16_t)(k + 1);
        struct tally_row node = {{step, row.number[k], PATHS_NODE}};
        struct tally_row link = {{step, row.number[k]}};

        link.number[2] = k + 1 < n ? row.number[k + 1] : NAME_NONE;
        if (!count_row(p, &p->links, node, customer, err)
            || (k + 1 < p->plan.steps && !count_row(p, &p->links, link, customer, err)))
            return false;
    }
    return true;
}

static bool count_customer(struct paths *p, uint32_t customer, struct err *err)
{
    uint64_t before = p->way_n;
    bool taken = false; /* of this visit */

    for (uint32_t k = 0; k < p->list->n; k++) {
        struct tally_row row;
        uint32_t n;

        taken &= !k || !is_apart(p, k - 1, k);
        if (!begins(p, k) || (taken && !p->plan.each))
            continue;
        taken = true;
        row = follow(p, k);
        n = paths_steps(row);
        if (p->plan.whole && n < p->plan.steps)
            continue;
        p->way_n++;
        if (!count_row(p, &p->ways, row, customer, err)
            || (p->plan.links && !count_links(p, row, n, customer, err)))
            return false;
    }
    p->customer_n += p->way_n > before;
    return true;
}

bool paths_add(struct paths *p, const struct chunk *c, struct scan_span span,
               const struct bits *who, struct err *err)
{
    struct bits all = bits_up_to(c->customer_n);
    struct source s = {.chunk = c, .later = span.last_ms > p->plan.at_ms};
    bool done;

    if (!picks_turn(p->picks, c, err)
        || (!p->plan.by_stage && !through_turn(&p->look, p->picks, c, err)))
        return false;
    if (who)
        all = bits_and(&all, who);
    if (!paths_sweep(p, c, span, &all, &done, err))
        return false;
    if (done)
        return true;
    if (p->plan.from != PATHS_ANY && p->plan.anchor_stage == STAGE_NONE)
        s.anchor = picks_marks(p->picks, p->plan.anchor);
    for (EACH_BIT(i, &all))
        if (!list_customer(p, &s, i, err)
            || !count_customer(p, c->customer_first + i, err))
            return false;
    return true;
}

/* --- merging --- */

/* Numbers of rows from `begin` on stand for names: theirs become ours. */
static bool merge_tally(struct tally *into, const struct tally *from,
                        const uint16_t *ours, uint32_t begin, struct err *err)
{
    for (uint32_t i = 0; i < from->n; i++) {
        const struct tally_entry *theirs = &from->entry[i];
        struct tally_row row = theirs->row;
        struct tally_entry *e;
        bool is_new;

        for (uint32_t k = begin; k < TALLY_ROW_MAX; k++)
            if (row.number[k] != PATHS_NODE)
                row.number[k] = ours[row.number[k]];
        e = tally_find(into, row, &is_new, err);
        if (!e)
            return false;
        e->times += theirs->times;
        e->customers += theirs->customers;
    }
    return true;
}

bool paths_merge(struct paths *into, const struct paths *from, struct err *err)
{
    uint32_t n = from->names.text.n;
    uint16_t *ours = mem_alloc(((size_t)n + 1) * sizeof *ours);
    bool ok = ours || err_nomem(err);

    for (uint32_t i = 0; ok && i < n; i++)
        ok = step_names_add(&into->names, text_table_get(&from->names.text, i),
                            &ours[i + 1], err);
    ok = ok && sweep_move(from, ours, into, err)
         && merge_tally(&into->ways, &from->ways, ours, 0, err)
         && merge_tally(&into->links, &from->links, ours, 1, err);
    mem_free(ours);
    ok = ok && listed_join(&into->listed, &from->listed, err);
    into->way_n += from->way_n;
    into->customer_n += from->customer_n;
    return ok;
}
