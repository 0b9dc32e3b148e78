#include "report/conversion.h"

#include "report/by.h"

#include <string.h>

static const char *const fate_name[] = {
#define X(name, text) text,
    CONVERSION_FATES(X)
#undef X
};

bool conversion_fate_parse(str name, enum conversion_fate *out)
{
    for (*out = 0; *out < CONVERSION_FATES_END; ++*out)
        if (str_eq(name, str_of(fate_name[*out])))
            return true;
    return false;
}

str conversion_fate_name(enum conversion_fate f)
{
    return str_of(fate_name[f]);
}

static bool has_targets(const struct lifecycle *l)
{
    for (uint32_t s = 0; s < l->stage_n; s++)
        if (l->stage[s].aims.target.to_n)
            return true;
    return false;
}

static uint32_t fate_place(const struct lifecycle *l, uint16_t from, uint16_t to)
{
    return from * (l->stage_n + 1) + (to == STAGE_NONE ? l->stage_n : to);
}

/* From one target to the next; `waiting` has room for all stages. */
static void follow_targets(struct conversion *c, uint16_t from, uint16_t *waiting)
{
    const struct lifecycle *l = c->plan.lifecycle;
    uint32_t n = 1;

    waiting[0] = from;
    while (n) {
        const struct target *t = &l->stage[waiting[--n]].aims.target;

        for (uint32_t i = 0; i < t->to_n; i++) {
            uint8_t *fate = &c->fate[fate_place(l, from, t->to[i])];

            if (t->to[i] == from || *fate == CONVERSION_FORWARD)
                continue;
            *fate = CONVERSION_FORWARD;
            waiting[n++] = t->to[i];
        }
    }
}

static bool add_fates(struct conversion *c, struct err *err)
{
    const struct lifecycle *l = c->plan.lifecycle;
    bool targets = has_targets(l);
    uint16_t *waiting = arena_array(&c->arena, uint16_t, l->stage_n);

    c->fate = arena_array(&c->arena, uint8_t, (size_t)l->stage_n * (l->stage_n + 1));
    if (!waiting || !c->fate)
        return err_nomem(err);
    for (uint16_t from = 0; from < l->stage_n; from++) {
        for (uint16_t to = 0; to < l->stage_n; to++)
            c->fate[fate_place(l, from, to)] = l->stage[to].end ? CONVERSION_LOST
                                               : to > from && !targets
                                                   ? CONVERSION_FORWARD
                                                   : CONVERSION_BACK;
        c->fate[fate_place(l, from, STAGE_NONE)] = CONVERSION_LOST;
        follow_targets(c, from, waiting);
    }
    return true;
}

enum conversion_fate conversion_fate_of(const struct conversion *c, uint16_t from,
                                        uint16_t to)
{
    return (enum conversion_fate)c->fate[fate_place(c->plan.lifecycle, from, to)];
}

bool conversion_is_on_way(const struct conversion *c, uint16_t stage)
{
    const struct lifecycle *l = c->plan.lifecycle;

    for (uint32_t i = 0; i < l->out_n[stage]; i++)
        if (conversion_fate_of(c, stage, l->way[l->out[stage][i]].to)
            == CONVERSION_FORWARD)
            return true;
    return false;
}

/* --- counts --- */

static bool add_group(struct conversion *c, str name, uint32_t *out, struct err *err)
{
    uint32_t n = c->name.n, stages = c->plan.lifecycle->stage_n;
    struct conversion_group *g;

    if (!groups_number(&c->name, name, out, err))
        return false;
    if (*out < n)
        return true;
    g = &c->group[*out];
    g->next = arena_array(&c->arena, uint64_t, (size_t)stages * (stages + 2));
    g->time = arena_array(&c->arena, struct conversion_times, stages);
    return g->next && g->time
               ? flow_new(stages, c->plan.edge, 1, &c->arena, &g->flow, err)
               : err_nomem(err);
}

bool conversion_new(const struct conversion_plan *plan, struct conversion **out,
                    struct err *err)
{
    struct conversion *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->plan = *plan;
    c->rows = mem_alloc(plan->lifecycle->stage_n * sizeof *c->rows);
    if (!c->rows || !add_fates(c, err) || !picks_new(plan->program, &c->picks, err)) {
        if (!c->rows)
            err_nomem(err);
        conversion_free(c);
        return false;
    }
    *out = c;
    return true;
}

void conversion_free(struct conversion *c)
{
    if (!c)
        return;
    for (uint32_t s = 0; c->rows && s < c->plan.lifecycle->stage_n; s++)
        mem_free(c->rows[s].row);
    mem_free(c->rows);
    mem_free(c->listed.customer);
    text_table_free(&c->name);
    arena_free(&c->arena);
    picks_free(c->picks);
    mem_free(c);
}

static bool grow(struct conversion_rows *r, size_t more, struct err *err)
{
    size_t cap = r->cap ? r->cap : 64;
    struct lasted *row;

    while (cap < r->n + more)
        cap *= 2;
    if (cap == r->cap)
        return true;
    row = mem_resize(r->row, cap * sizeof *row);
    if (!row)
        return err_nomem(err);
    r->row = row;
    r->cap = cap;
    return true;
}

/* --- one customer --- */

struct one {
    uint32_t customer, group;
    const struct move *move;
    size_t n; /* up to at_ms */
};

static bool is_in_range(const struct conversion_plan *p, const struct move *m)
{
    return m->at_ms >= p->edge[0] && m->at_ms < p->edge[1];
}

static bool is_listed(const struct conversion *c, const struct one *o, uint16_t stage)
{
    const struct conversion_plan *p = &c->plan;

    return p->list && p->list_stage == stage
           && (!p->list_one_group
               || str_eq(p->list_group, text_table_get(&c->name, o->group)));
}

static bool list_entry(const struct conversion_plan *p, enum conversion_fate fate,
                       const struct move *next)
{
    if (p->list_next)
        return next && next->to == p->list_to;
    return p->list_fate == CONVERSION_ENTERED || p->list_fate == fate;
}

/* He entered with this move, for the first time in the range. */
static bool add_entry(struct conversion *c, const struct one *o, size_t i,
                      struct err *err)
{
    const struct conversion_plan *p = &c->plan;
    const struct lifecycle *l = p->lifecycle;
    const uint16_t stage = o->move[i].to;
    const struct move *next = i + 1 < o->n ? &o->move[i + 1] : NULL;
    int64_t until_ms = p->at_ms;
    enum conversion_fate fate = CONVERSION_WAITING;
    struct lasted row = {.customer = o->customer, .group = o->group};
    uint32_t place = l->stage_n + 1;

    if (p->has_within) {
        until_ms = length_add(p->zone, o->move[i].at_ms, p->within);
        if (until_ms > p->at_ms)
            return true;
    }
    if (next && next->at_ms > until_ms)
        next = NULL;
    if (next) {
        fate = conversion_fate_of(c, stage, next->to);
        place = next->to == STAGE_NONE ? l->stage_n : next->to;
        until_ms = next->at_ms;
    }
    row.ms = until_ms - o->move[i].at_ms;
    row.ended = fate == CONVERSION_FORWARD;
    c->group[o->group].next[(size_t)stage * (l->stage_n + 2) + place]++;
    if (!grow(&c->rows[stage], 1, err))
        return false;
    c->rows[stage].row[c->rows[stage].n++] = row;
    return !is_listed(c, o, stage) || !list_entry(p, fate, next)
           || listed_add(&c->listed, o->customer, err);
}

/* Whether he stands in the stage of the list just before the range's end, or left it in the range. */
static bool list_flow(struct conversion *c, const struct one *o, struct err *err)
{
    const struct conversion_plan *p = &c->plan;
    uint16_t stage = STAGE_NONE;
    bool left = false;

    if (!is_listed(c, o, p->list_stage) || p->list_next)
        return true;
    for (size_t i = 0; i < o->n && o->move[i].at_ms < p->edge[1]; i++) {
        stage = o->move[i].to;
        left |= o->move[i].from == p->list_stage && is_in_range(p, &o->move[i]);
    }
    if ((p->list_fate == CONVERSION_STOCK && stage == p->list_stage)
        || (p->list_fate == CONVERSION_LEFT && left))
        return listed_add(&c->listed, o->customer, err);
    return true;
}

static bool is_first(const struct conversion_plan *p, const struct one *o, size_t i)
{
    for (size_t k = i; k-- && o->move[k].at_ms >= p->edge[0];)
        if (o->move[k].to == o->move[i].to)
            return false;
    return true;
}

static bool add_customer(struct conversion *c, const struct one *o, struct err *err)
{
    flow_add(&c->group[o->group].flow, o->move, o->n);
    for (size_t i = 0; i < o->n; i++)
        if (o->move[i].to != STAGE_NONE && is_in_range(&c->plan, &o->move[i])
            && is_first(&c->plan, o, i) && !add_entry(c, o, i, err))
            return false;
    return list_flow(c, o, err);
}

static bool group_of(struct conversion *c, const struct picked *by, struct buf *name,
                     uint32_t from, uint32_t to, uint32_t *out, struct err *err)
{
    uint32_t entry = c->plan.has_by ? by_told(by, from, to) : BY_NONE;

    buf_clear(name);
    if (entry != BY_NONE) {
        buf_add_char(name, '=');
        by_put(name, c->picks, c->plan.by, c->plan.decimals, by->value[entry]);
    }
    return name->failed ? err_nomem(err) : add_group(c, buf_str(name), out, err);
}

bool conversion_add(struct conversion *c, const struct chunk *chunk,
                    const struct bits *who, struct err *err)
{
    const struct conversion_plan *p = &c->plan;
    struct bits all = bits_up_to(chunk->customer_n);
    struct picked by = {};
    struct buf name = {};
    bool ok = picks_turn(c->picks, chunk, err);

    if (ok && p->has_by)
        by = picks_values(c->picks, p->by);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        struct one o = {.customer = chunk->customer_first + i};
        uint32_t from = chunk->first[i], to = chunk->first[i + 1];

        if (!ok)
            break;
        o.move = p->moves.get(p->moves.context, o.customer, &o.n);
        while (o.n && o.move[o.n - 1].at_ms > p->at_ms)
            o.n--;
        if (!o.n)
            continue;
        while (p->has_by && to > from && chunk->at_ms[to - 1] > p->at_ms)
            to--;
        ok = group_of(c, &by, &name, from, to, &o.group, err) && add_customer(c, &o, err);
    }
    buf_free(&name);
    return ok;
}

bool conversion_merge(struct conversion *into, const struct conversion *from,
                      struct err *err)
{
    uint32_t stages = into->plan.lifecycle->stage_n, number[GROUPS_MAX] = {};

    for (uint32_t g = 0; g < from->name.n; g++) {
        if (!add_group(into, text_table_get(&from->name, g), &number[g], err))
            return false;
        flow_merge(&into->group[number[g]].flow, &from->group[g].flow);
        for (size_t i = 0; i < (size_t)stages * (stages + 2); i++)
            into->group[number[g]].next[i] += from->group[g].next[i];
    }
    for (uint32_t s = 0; s < stages; s++) {
        struct conversion_rows *r = &into->rows[s];
        const struct conversion_rows *more = &from->rows[s];

        if (!grow(r, more->n, err))
            return false;
        for (size_t i = 0; i < more->n; i++) {
            struct lasted row = more->row[i];

            row.group = number[row.group];
            r->row[r->n++] = row;
        }
    }
    return listed_join(&into->listed, &from->listed, err);
}

/* --- when all is merged --- */

bool conversion_finish(struct conversion *c, struct err *err)
{
    struct conversion_group group[GROUPS_MAX];
    uint64_t size[GROUPS_MAX] = {};
    uint32_t place[GROUPS_MAX] = {}, first;

    if (!c->plan.has_by && !add_group(c, STR(""), &first, err))
        return false;
    for (uint32_t g = 0; g < c->name.n; g++) {
        flow_sum(&c->group[g].flow);
        size[g] = flow_population(&c->group[g].flow, 0);
    }
    if (!groups_order(&c->name, size, place, err))
        return false;
    memcpy(group, c->group, sizeof group);
    for (uint32_t g = 0; g < c->name.n; g++)
        c->group[place[g]] = group[g];
    for (uint32_t s = 0; s < c->plan.lifecycle->stage_n; s++)
        for (size_t i = 0; i < c->rows[s].n; i++)
            c->rows[s].row[i].group = place[c->rows[s].row[i].group];
    return true;
}

void conversion_time(struct conversion *c, uint32_t stage)
{
    const struct conversion_rows *r = &c->rows[stage];

    survival_sort(r->row, r->n);
    for (uint32_t g = 0; g < c->name.n; g++) {
        struct conversion_times *t = &c->group[g].time[stage];

        *t = (struct conversion_times){.longest_ms = -1,
                                       .quarter = {{0.75}, {0.5}, {0.25}, {0}}};
        survival_quantiles(r->row, r->n, g, t->quarter, 4);
    }
    for (size_t i = 0; i < r->n; i++)
        c->group[r->row[i].group].time[stage].longest_ms = r->row[i].ms;
}

static uint64_t entered(const struct conversion *c, uint32_t group, uint32_t stage)
{
    uint32_t places = c->plan.lifecycle->stage_n + 2;
    uint64_t n = 0;

    for (uint32_t i = 0; i < places; i++)
        n += c->group[group].next[(size_t)stage * places + i];
    return n;
}

struct share conversion_next(const struct conversion *c, uint32_t group, uint32_t stage,
                             uint32_t to)
{
    uint32_t places = c->plan.lifecycle->stage_n + 2;

    return (struct share){c->group[group].next[(size_t)stage * places + to],
                          entered(c, group, stage)};
}

struct share conversion_share(const struct conversion *c, uint32_t group, uint32_t stage,
                              enum conversion_fate f)
{
    const struct lifecycle *l = c->plan.lifecycle;
    struct share s = {0, entered(c, group, stage)};

    for (uint32_t i = 0; i <= l->stage_n + 1; i++) {
        enum conversion_fate fate =
            i > l->stage_n
                ? CONVERSION_WAITING
                : conversion_fate_of(c, (uint16_t)stage,
                                     i == l->stage_n ? STAGE_NONE : (uint16_t)i);

        if (fate == f)
            s.hits += conversion_next(c, group, stage, i).hits;
    }
    return s;
}

bool conversion_bottlenecks(const struct conversion *c, uint32_t group, struct arena *a,
                            struct bottleneck *by_share, struct bottleneck *by_time,
                            struct err *err)
{
    const struct lifecycle *l = c->plan.lifecycle;
    struct bottleneck_stage *s = arena_array(a, struct bottleneck_stage, l->stage_n);

    if (!s)
        return err_nomem(err);
    for (uint32_t i = 0; i < l->stage_n; i++) {
        const struct conversion_times *t = &c->group[group].time[i];
        const struct survival_quantile *half = &t->quarter[1];

        s[i] = (struct bottleneck_stage){
            .is_on_way = conversion_is_on_way(c, (uint16_t)i),
            .gone = conversion_share(c, group, i, CONVERSION_FORWARD),
            .median_ms = half->ms,
            .low_ms = half->low_ms,
            /* Where all have gone, the band ends before it comes down to one half. */
            .high_ms = half->high_ms < 0 ? t->quarter[3].ms : half->high_ms,
            .longest_ms = t->longest_ms};
    }
    *by_share = bottleneck_by_share(s, l->stage_n);
    *by_time = bottleneck_by_time(s, l->stage_n);
    return true;
}
