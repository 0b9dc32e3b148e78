/* paths_sweep.c - ways as numbers: the names of their steps are the digits, the first one the
 * highest, 0 where a way has ended. */
#include "report/paths.h"

#include <string.h>

static bool is_fit(const struct paths_plan *p, struct scan_span span)
{
    return p->from == PATHS_ANY && p->each && !p->by_stage && !p->collapsed
           && !p->has_within && !p->gap_ms && !p->links && !p->lists
           && p->from_ms <= span.first_ms && p->to_ms > span.last_ms
           && p->at_ms >= span.last_ms;
}

/* Digits for all names. */
static bool sweep_room(struct paths *p, bool *fits, struct err *err)
{
    struct sweep *s = &p->sweep;
    uint32_t bits = 1;

    while (p->names.text.n >> bits)
        bits++;
    *fits = bits <= s->bits;
    if (*fits || bits * p->plan.steps > SWEEP_BITS)
        return true;
    if (!sweep_move(p, NULL, p, err))
        return false;
    mem_free(s->cell);
    s->bits = 0;
    s->cell = mem_alloc((sizeof *s->cell) << bits * p->plan.steps);
    if (!s->cell)
        return err_nomem(err);
    s->bits = bits;
    *fits = true;
    return true;
}

static bool room_for(struct sweep *s, uint32_t events, struct err *err)
{
    uint16_t *more;

    if (events <= s->cap)
        return true;
    more = mem_resize(s->number, (size_t)events * 2 * sizeof *more);
    if (!more)
        return err_nomem(err);
    s->number = more;
    s->cap = events * 2;
    return true;
}

/* Without the events between that are none. */
static const uint16_t *steps_of(const struct paths *p, const uint16_t *number,
                                uint32_t events, uint32_t *n)
{
    *n = events;
    if (p->look.all)
        return number;
    *n = 0;
    for (uint32_t e = 0; e < events; e++) {
        p->sweep.number[*n] = number[e];
        *n += number[e] != NAME_NONE;
    }
    return p->sweep.number;
}

static void count_way(struct sweep_cell *c, uint32_t mark)
{
    c->times++;
    c->customers += c->last != mark;
    c->last = mark;
}

static void sweep_customer(struct paths *p, const uint16_t *number, uint32_t events,
                           uint32_t customer)
{
    struct sweep *s = &p->sweep;
    uint32_t n, steps = p->plan.steps, bits = s->bits, ways, way = 0;
    uint32_t mask = (UINT32_C(1) << steps * bits) - 1;

    number = steps_of(p, number, events, &n);
    ways = n;
    if (p->plan.whole)
        ways = n < steps ? 0 : n - steps + 1;
    for (uint32_t k = 0; k < steps - 1; k++)
        way = way << bits | (k < n ? number[k] : 0);
    for (uint32_t k = steps - 1; k < ways + steps - 1; k++) {
        way = (way << bits | (k < n ? number[k] : 0)) & mask;
        count_way(&s->cell[way], customer + 1);
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
        uint32_t from = c->first[i], events = c->first[i + 1] - from;

        if (!room_for(&p->sweep, events, err))
            return false;
        sweep_customer(p, p->look.number + from, events, c->customer_first + i);
    }
    return true;
}

bool sweep_move(const struct paths *from, const uint16_t *numbers, struct paths *into,
                struct err *err)
{
    const struct sweep *s = &from->sweep;
    uint32_t digit = (UINT32_C(1) << s->bits) - 1;
    uint32_t cells = s->bits ? UINT32_C(1) << s->bits * from->plan.steps : 0;

    for (uint32_t i = 0; i < cells; i++) {
        struct tally_row row = {};
        struct tally_entry *e;
        uint32_t rest = i;
        bool is_new;

        if (!s->cell[i].times)
            continue;
        for (uint32_t k = from->plan.steps; k-- > 0; rest >>= s->bits)
            row.number[k] = numbers ? numbers[rest & digit] : (uint16_t)(rest & digit);
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
    p->sweep.bits = 0;
    return ok;
}
