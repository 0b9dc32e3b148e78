/* paths_sweep.c - ways as numbers: the names of their steps are the digits, the first one the
 * highest, 0 where a way has ended. From a step to the next the number loses its highest digit
 * and gains one at its end. */
#include "report/paths.h"

#include <string.h>

static bool is_fit(const struct paths_plan *p, struct scan_span span)
{
    return p->from == PATHS_ANY && p->each && !p->by_stage && !p->collapsed
           && !p->has_within && !p->gap_ms && !p->links && !p->lists
           && p->from_ms <= span.first_ms && p->to_ms > span.last_ms
           && p->at_ms >= span.last_ms;
}

/* base ^ n, or more than SWEEP_MAX. */
static uint64_t power(uint32_t base, uint32_t n)
{
    uint64_t out = 1;

    while (n-- && out <= SWEEP_MAX)
        out *= base;
    return out;
}

/* Digits for all names, with room for some more. */
static bool sweep_room(struct paths *p, bool *fits, struct err *err)
{
    struct sweep *s = &p->sweep;
    uint32_t names = p->names.text.n, base = names + 1;

    *fits = base <= s->base;
    if (*fits)
        return true;
    if (power(base + base / 16, p->plan.steps) <= SWEEP_MAX)
        base += base / 16;
    if (power(base, p->plan.steps) > SWEEP_MAX)
        return true;
    if (!sweep_move(p, NULL, p, err))
        return false;
    mem_free(s->cell);
    s->base = 0;
    s->cell = mem_alloc(power(base, p->plan.steps) * sizeof *s->cell);
    if (!s->cell)
        return err_nomem(err);
    s->base = base;
    *fits = true;
    return true;
}

/* The customer's steps, without the events between that are none. */
static bool steps_of(struct paths *p, const struct chunk *c, uint32_t i, uint32_t *n,
                     struct err *err)
{
    struct sweep *s = &p->sweep;
    uint32_t events = c->first[i + 1] - c->first[i];

    if (events > s->cap) {
        uint16_t *more = mem_resize(s->number, (size_t)events * 2 * sizeof *more);

        if (!more)
            return err_nomem(err);
        s->number = more;
        s->cap = events * 2;
    }
    *n = 0;
    for (uint32_t e = c->first[i]; e < c->first[i + 1]; e++) {
        s->number[*n] = p->look.number[e];
        *n += p->look.number[e] != NAME_NONE;
    }
    return true;
}

static void count_way(struct sweep *s, uint32_t way, uint32_t customer)
{
    struct sweep_cell *c = &s->cell[way];

    c->customers += !c->times || c->last != customer;
    c->last = customer;
    c->times++;
}

static void sweep_customer(struct paths *p, uint32_t n, uint32_t customer)
{
    struct sweep *s = &p->sweep;
    uint32_t steps = p->plan.steps, base = s->base, way = 0;
    uint32_t highest = (uint32_t)power(base, steps - 1);
    uint32_t ways = !p->plan.whole ? n : n < steps ? 0 : n - steps + 1;

    for (uint32_t k = 0; k < steps - 1; k++)
        way = way * base + (k < n ? s->number[k] : 0);
    for (uint32_t k = 0; k < ways; k++) {
        way = way * base + (k + steps - 1 < n ? s->number[k + steps - 1] : 0);
        count_way(s, way, customer);
        way -= s->number[k] * highest;
    }
    p->way_n += ways;
    p->customer_n += ways > 0;
}

bool paths_sweep(struct paths *p, const struct chunk *c, struct scan_span span,
                 const struct bits *who, bool *done, struct err *err)
{
    *done = false;
    if (!is_fit(&p->plan, span))
        return true;
    if (!sweep_room(p, done, err))
        return false;
    if (!*done)
        return true;
    for (EACH_BIT(i, who)) {
        uint32_t n;

        if (!steps_of(p, c, i, &n, err))
            return false;
        sweep_customer(p, n, c->customer_first + i);
    }
    return true;
}

bool sweep_move(const struct paths *from, const uint16_t *numbers, struct paths *into,
                struct err *err)
{
    const struct sweep *s = &from->sweep;
    uint64_t cells = s->base ? power(s->base, from->plan.steps) : 0;

    for (uint64_t i = 0; i < cells; i++) {
        struct tally_row row = {};
        struct tally_entry *e;
        uint64_t rest = i;
        bool is_new;

        if (!s->cell[i].times)
            continue;
        for (uint32_t k = from->plan.steps; k-- > 0; rest /= s->base) {
            uint16_t digit = (uint16_t)(rest % s->base);

            row.number[k] = numbers ? numbers[digit] : digit;
        }
        e = tally_find(&into->ways, row, &is_new, err);
        if (!e)
            return false;
        e->times += s->cell[i].times;
        e->customers += s->cell[i].customers;
    }
    return true;
}

bool paths_settle(struct paths *p, struct err *err)
{
    bool ok = sweep_move(p, NULL, p, err);

    mem_free(p->sweep.cell);
    p->sweep.cell = NULL;
    p->sweep.base = 0;
    return ok;
}
