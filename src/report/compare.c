#include "report/compare.h"

#include <stdlib.h>
#include <string.h>

/* --- stages by name --- */

static uint16_t place_of(const struct compare_stages *s, str name)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (str_eq(s->name[i], name))
            return (uint16_t)i;
    return STAGE_NONE;
}

bool compare_stages_of(const struct lifecycle *old, const struct lifecycle *new,
                       struct arena *a, struct compare_stages *out, struct err *err)
{
    const struct lifecycle *side[] = {old, new};
    uint32_t most = (old ? old->stage_n : 0) + (new ? new->stage_n : 0);
    str *name = arena_array(a, str, (size_t)most + 1);

    *out = (struct compare_stages){.name = name};
    if (!name)
        return err_nomem(err);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        uint32_t n = side[k] ? side[k]->stage_n : 0;
        uint16_t *place = arena_array(a, uint16_t, (size_t)n + 1);

        out->has[k] = arena_array(a, bool, (size_t)most + 1);
        if (!place || !out->has[k])
            return err_nomem(err);
        for (uint32_t i = 0; i < n; i++) {
            place[i] = place_of(out, side[k]->stage[i].name);
            if (place[i] == STAGE_NONE) {
                place[i] = (uint16_t)out->n;
                name[out->n++] = side[k]->stage[i].name;
            }
            out->has[k][place[i]] = true;
        }
        out->place[k] = place;
    }
    return true;
}

/* --- counting --- */

bool compare_new(const struct compare_stages *stages, const int64_t *edge,
                 uint32_t period_n, struct arena *a, struct compare *out, struct err *err)
{
    size_t ends = (size_t)stages->n + 1;

    *out =
        (struct compare){.stages = stages, .last = arena_array(a, uint64_t, ends * ends)};
    if (!out->last)
        return err_nomem(err);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        if (!flow_new(stages->n, edge, period_n, a, &out->flow[k], err))
            return false;
        out->stay[k] = arena_array(a, struct lengths, (size_t)period_n * stages->n + 1);
        if (!out->stay[k])
            return err_nomem(err);
    }
    return true;
}

void compare_free(struct compare *c)
{
    for (int k = 0; k < COMPARE_SIDES; k++) {
        const struct flow *f = &c->flow[k];

        for (size_t i = 0; c->stay[k] && i < (size_t)f->period_n * f->stage_n; i++)
            mem_free(c->stay[k][i].ms);
        moves_free(&c->renamed[k]);
    }
    mem_free(c->differing);
    *c = (struct compare){};
}

/* Room for n more; false when memory ran out. */
static bool grow(void *array, size_t n, size_t more, size_t *cap, size_t size)
{
    void **items = array, *room;
    size_t wanted = *cap ? *cap : 16;

    while (wanted < n + more)
        wanted *= 2;
    if (wanted == *cap)
        return true;
    room = mem_resize(*items, wanted * size);
    if (!room)
        return false;
    *items = room;
    *cap = wanted;
    return true;
}

static uint16_t renamed(const struct compare *c, int side, uint16_t stage)
{
    return stage == STAGE_NONE ? STAGE_NONE : c->stages->place[side][stage];
}

/* The moves before the end, with the stages' common numbers. */
static bool rename_moves(struct compare *c, int side, const struct move *move, size_t n,
                         struct err *err)
{
    const struct flow *f = &c->flow[side];
    struct moves *to = &c->renamed[side];

    to->n = 0;
    if (!grow(&to->move, 0, n, &to->cap, sizeof *to->move))
        return err_nomem(err);
    for (size_t i = 0; i < n && move[i].at_ms < f->edge[f->period_n]; i++) {
        struct move *m = &to->move[to->n++];

        *m = move[i];
        m->from = renamed(c, side, move[i].from);
        m->to = renamed(c, side, move[i].to);
    }
    return true;
}

static bool add_stays(struct compare *c, int side, struct err *err)
{
    const struct flow *f = &c->flow[side];
    const struct moves *m = &c->renamed[side];
    uint32_t period = 0;

    for (size_t i = 1; i < m->n; i++) {
        int64_t left_ms = m->move[i].at_ms;

        if (m->move[i].from == STAGE_NONE || left_ms < f->edge[0])
            continue;
        while (left_ms >= f->edge[period + 1])
            period++;
        if (!lengths_add(&c->stay[side][(size_t)period * f->stage_n + m->move[i].from],
                         left_ms - m->move[i - 1].at_ms, err))
            return false;
    }
    return true;
}

static uint16_t last_of(const struct moves *m)
{
    return m->n ? m->move[m->n - 1].to : STAGE_NONE;
}

/* Walks both histories from moment to moment, each with all of its moves of that moment made. */
static bool find_difference(const struct compare *c, struct differing *out)
{
    const struct moves *m = c->renamed;
    size_t at[COMPARE_SIDES] = {};
    int64_t start_ms = c->flow[0].edge[0], now_ms = start_ms;

    out->stage[0] = out->stage[1] = STAGE_NONE;
    for (;;) {
        int64_t next_ms = MOMENT_NEVER;

        for (int k = 0; k < COMPARE_SIDES; k++) {
            for (; at[k] < m[k].n && m[k].move[at[k]].at_ms <= now_ms; at[k]++)
                out->stage[k] = m[k].move[at[k]].to;
            if (at[k] < m[k].n && m[k].move[at[k]].at_ms < next_ms)
                next_ms = m[k].move[at[k]].at_ms;
        }
        out->at_ms = now_ms;
        if (out->stage[0] != out->stage[1])
            return true;
        if (next_ms == MOMENT_NEVER)
            return false;
        now_ms = next_ms;
    }
}

static uint32_t row_of(const struct compare *c, uint16_t stage)
{
    return stage == STAGE_NONE ? c->stages->n : stage;
}

bool compare_add(struct compare *c, uint32_t customer, const struct move *old,
                 size_t old_n, const struct move *new, size_t new_n, struct err *err)
{
    struct differing d = {.customer = customer};
    size_t ends = (size_t)c->stages->n + 1;

    if (!rename_moves(c, COMPARE_OLD, old, old_n, err)
        || !rename_moves(c, COMPARE_NEW, new, new_n, err))
        return false;
    if (!c->renamed[COMPARE_OLD].n && !c->renamed[COMPARE_NEW].n)
        return true;
    c->customers++;
    for (int k = 0; k < COMPARE_SIDES; k++) {
        flow_add(&c->flow[k], c->renamed[k].move, c->renamed[k].n);
        if (!add_stays(c, k, err))
            return false;
        d.last[k] = last_of(&c->renamed[k]);
    }
    c->last[row_of(c, d.last[COMPARE_OLD]) * ends + row_of(c, d.last[COMPARE_NEW])]++;
    if (!find_difference(c, &d))
        return true;
    if (!grow(&c->differing, c->differing_n, 1, &c->differing_cap, sizeof *c->differing))
        return err_nomem(err);
    c->differing[c->differing_n++] = d;
    return true;
}

bool compare_merge(struct compare *into, const struct compare *from, struct err *err)
{
    size_t ends = (size_t)into->stages->n + 1;

    for (int k = 0; k < COMPARE_SIDES; k++) {
        const struct flow *f = &into->flow[k];

        flow_merge(&into->flow[k], &from->flow[k]);
        for (size_t i = 0; i < (size_t)f->period_n * f->stage_n; i++)
            if (!lengths_join(&into->stay[k][i], &from->stay[k][i], err))
                return false;
    }
    into->customers += from->customers;
    for (size_t i = 0; i < ends * ends; i++)
        into->last[i] += from->last[i];
    if (!grow(&into->differing, into->differing_n, from->differing_n,
              &into->differing_cap, sizeof *into->differing))
        return err_nomem(err);
    if (from->differing_n)
        memcpy(into->differing + into->differing_n, from->differing,
               from->differing_n * sizeof *from->differing);
    into->differing_n += from->differing_n;
    return true;
}

static int differing_cmp(const void *a, const void *b)
{
    const struct differing *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->customer > y->customer) - (x->customer < y->customer);
}

void compare_finish(struct compare *c)
{
    for (int k = 0; k < COMPARE_SIDES; k++)
        flow_sum(&c->flow[k]);
    if (c->differing_n)
        qsort(c->differing, c->differing_n, sizeof *c->differing, differing_cmp);
}

/* --- asking --- */

/* All periods' stays in the stage, one after the other. */
static bool gather(const struct compare *c, int side, uint32_t stage, struct lengths *out,
                   struct err *err)
{
    const struct flow *f = &c->flow[side];

    for (uint32_t p = 0; p < f->period_n; p++) {
        const struct lengths *one = &c->stay[side][(size_t)p * f->stage_n + stage];

        if (!lengths_join(out, one, err)) {
            mem_free(out->ms);
            return false;
        }
    }
    return true;
}

bool compare_cell(struct compare *c, int side, uint32_t period, uint32_t stage,
                  struct compare_cell *out, struct err *err)
{
    const struct flow *f = &c->flow[side];
    bool all = period == COMPARE_ALL;
    uint32_t first = all ? 0 : period, last = all ? f->period_n - 1 : period;
    struct lengths gathered = {}, *stays;

    if (all && !gather(c, side, stage, &gathered, err))
        return false;
    stays = all ? &gathered : &c->stay[side][(size_t)period * f->stage_n + stage];
    *out = (struct compare_cell){
        .stock = f->stock[(size_t)last * f->stage_n + stage],
        .median_ms = lengths_quantile(stays, 50),
        .p90_ms = lengths_quantile(stays, 90),
    };
    mem_free(gathered.ms);
    for (uint32_t p = first; p <= last; p++) {
        out->entered += flow_entered(f, p, stage);
        out->left += flow_left(f, p, stage);
    }
    return true;
}
