#include "report/journey.h"

#include <string.h>

bool journey_new(const struct journey_plan *plan, struct journey **out, struct err *err)
{
    struct journey *j = mem_alloc(sizeof *j);

    if (!j)
        return err_nomem(err);
    j->plan = *plan;
    j->look = (struct through_look){.through = &j->plan.through, .names = &j->names};
    if (!picks_new(plan->program, &j->picks, err)) {
        journey_free(j);
        return false;
    }
    *out = j;
    return true;
}

void journey_free(struct journey *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; i < j->cell_n; i++) {
        mem_free(j->cell[i].since.ms);
        mem_free(j->cell[i].until.ms);
    }
    mem_free(j->cell);
    mem_free(j->place);
    through_free(&j->look);
    step_names_free(&j->names);
    picks_free(j->picks);
    mem_free(j->listed.customer);
    mem_free(j);
}

static bool is_listed(const struct journey *j, uint16_t stage, uint16_t name)
{
    return j->plan.list && stage == j->plan.list_stage
           && (name == NAME_NONE
                   ? !j->plan.list_name.n
                   : j->plan.list_name.n
                         && str_eq(step_names_get(&j->names, name), j->plan.list_name));
}

static bool need_names(struct journey *j, struct err *err)
{
    uint32_t n = j->names.text.n + 1, cap = j->name_cap ? j->name_cap : 32;
    uint32_t stages = j->plan.lifecycle->stage_n, *more;

    while (cap < n)
        cap *= 2;
    if (cap == j->name_cap)
        return true;
    more = mem_alloc((size_t)stages * cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    for (uint32_t s = 0; j->place && s < stages; s++)
        memcpy(more + (size_t)s * cap, j->place + (size_t)s * j->name_cap,
               j->name_cap * sizeof *more);
    mem_free(j->place);
    j->place = more;
    j->name_cap = cap;
    return true;
}

/* NULL: *err says why. Valid until the next call. After need_names. */
static struct journey_cell *cell_of(struct journey *j, uint16_t stage, uint16_t name,
                                    struct err *err)
{
    uint32_t *place = &j->place[(size_t)stage * j->name_cap + name];

    if (*place)
        return &j->cell[*place - 1];
    if (j->cell_n == j->cell_cap) {
        uint32_t cap = j->cell_cap ? j->cell_cap * 2 : 32;
        struct journey_cell *more = mem_resize(j->cell, cap * sizeof *more);

        if (!more) {
            err_nomem(err);
            return NULL;
        }
        j->cell = more;
        j->cell_cap = cap;
    }
    j->cell[j->cell_n] = (struct journey_cell){
        .stage = stage, .name = name, .listed = is_listed(j, stage, name)};
    *place = ++j->cell_n;
    return &j->cell[j->cell_n - 1];
}

/* --- one customer --- */

/* What is known of a touch. */
enum fate { FATE_OPEN, FATE_KEPT, FATE_LOST };

struct walk {
    const struct chunk *chunk;
    const uint64_t *any;
    struct picked answer;
    uint32_t answer_at; /* a finger that moves forward from customer to customer */
    uint32_t customer, from, to; /* his events that are seen */
    const struct move *move;
    size_t move_n; /* that are seen */
    /* The stay at hand. */
    size_t stay; /* its move */
    uint64_t touches;
    enum fate first; /* of its first one */
    uint16_t last;   /* the touchpoint last before, or NAME_NONE */
};

static enum fate fate_of(const struct journey *j, const struct walk *w, uint32_t event)
{
    const struct journey_plan *p = &j->plan;
    int64_t limit_ms = length_add(p->zone, w->chunk->at_ms[event], p->within);
    const struct move *m = &w->move[w->stay], *next = m + 1;
    uint32_t stages = p->lifecycle->stage_n;

    /* Moves of one moment are one, to where they end. */
    while (next + 1 < w->move + w->move_n && next[1].at_ms == next->at_ms)
        next++;
    if (w->stay + 1 < w->move_n && next->at_ms <= limit_ms)
        return p->worse[m->to * (stages + 1)
                        + (next->to == STAGE_NONE ? stages : next->to)]
                   ? FATE_LOST
                   : FATE_KEPT;
    for (uint32_t e = event + 1; e < w->to && w->chunk->at_ms[e] <= limit_ms; e++)
        if (w->any[e / 64] >> e % 64 & 1)
            return limit_ms <= p->at_ms ? FATE_KEPT : FATE_OPEN;
    return limit_ms <= p->at_ms ? FATE_LOST : FATE_OPEN;
}

static void add_fate(struct share *s, enum fate fate)
{
    s->n += fate != FATE_OPEN;
    s->hits += fate == FATE_LOST;
}

/* The stay's first event in a cell: of the stage, or of its touchpoint. */
static bool begin_cell(struct journey *j, const struct walk *w, struct journey_cell *c,
                       uint32_t event, enum fate fate, struct err *err)
{
    int64_t at_ms = w->chunk->at_ms[event];

    c->customers += !c->customers || c->last != w->customer;
    c->last = w->customer;
    c->stay = j->stay;
    add_fate(&c->lost, fate);
    add_fate(&c->stays, w->first);
    if (c->listed && (!j->plan.list_lost || fate == FATE_LOST)
        && !listed_add(&j->listed, w->customer, err))
        return false;
    return lengths_add(&c->since, at_ms - w->move[w->stay].at_ms, err)
           && (w->stay + 1 == w->move_n
               || lengths_add(&c->until, w->move[w->stay + 1].at_ms - at_ms, err));
}

/* The stay's first event of a touchpoint. */
static bool first_touch(struct journey *j, struct walk *w, uint32_t event,
                        struct err *err)
{
    uint16_t stage = w->move[w->stay].to;
    struct journey_cell *c = cell_of(j, stage, j->look.number[event], err);
    enum fate fate = fate_of(j, w, event);

    if (!w->touches)
        w->first = fate;
    if (!c || !begin_cell(j, w, c, event, fate, err))
        return false;
    c->events++;
    if (w->touches)
        return true;
    c = cell_of(j, stage, NAME_NONE, err);
    return c && begin_cell(j, w, c, event, fate, err);
}

static bool touch(struct journey *j, struct walk *w, uint32_t event, struct err *err)
{
    uint16_t name = j->look.number[event];
    uint32_t place = j->place[w->move[w->stay].to * (size_t)j->name_cap + name];
    struct journey_cell *c = place ? &j->cell[place - 1] : NULL;

    if (c && c->stay == j->stay)
        c->events++;
    else if (!first_touch(j, w, event, err))
        return false;
    w->touches++;
    w->last = name;
    return true;
}

/* An answer counts for the touchpoint before it, and for the stage. */
static bool take_answer(struct journey *j, struct walk *w, int64_t score, struct err *err)
{
    uint16_t stage = w->move[w->stay].to, name[] = {w->last, NAME_NONE};

    for (size_t i = 0; w->last != NAME_NONE && i < 2; i++) {
        struct journey_cell *c = cell_of(j, stage, name[i], err);

        if (!c)
            return false;
        c->score += score;
        c->answers++;
    }
    return true;
}

/* His events from *e up to the stay's end. */
static bool add_stay(struct journey *j, struct walk *w, uint32_t *e, int64_t end_ms,
                     struct err *err)
{
    const struct journey_plan *p = &j->plan;
    const int64_t *at_ms = w->chunk->at_ms;
    const struct picked *a = &w->answer;
    uint16_t stage = w->move[w->stay].to;

    w->touches = 0;
    w->last = NAME_NONE;
    j->stay++;
    for (; *e < w->to && at_ms[*e] <= end_ms; ++*e) {
        if (stage == STAGE_NONE)
            continue;
        while (w->answer_at < a->n && a->event[w->answer_at] < *e)
            w->answer_at++;
        if (w->answer_at < a->n && a->event[w->answer_at] == *e) {
            if (!take_answer(j, w, a->value[w->answer_at], err))
                return false;
        } else if (j->look.number[*e] && at_ms[*e] >= p->from_ms && at_ms[*e] < p->to_ms
                   && !touch(j, w, *e, err)) {
            return false;
        }
    }
    if (w->touches)
        cell_of(j, stage, NAME_NONE, err)->events += w->touches;
    return true;
}

static bool add_customer(struct journey *j, struct walk *w, struct err *err)
{
    uint32_t e = w->from;

    while (e < w->to && w->chunk->at_ms[e] < w->move[0].at_ms)
        e++;
    for (w->stay = 0; w->stay < w->move_n && e < w->to; w->stay++)
        if (!add_stay(j, w, &e,
                      w->stay + 1 < w->move_n ? w->move[w->stay + 1].at_ms : INT64_MAX,
                      err))
            return false;
    return true;
}

bool journey_add(struct journey *j, const struct chunk *c, struct scan_span span,
                 const struct bits *who, struct err *err)
{
    const struct journey_plan *p = &j->plan;
    struct bits all = bits_up_to(c->customer_n);
    struct walk w = {.chunk = c};

    if (!picks_turn(j->picks, c, err) || !through_turn(&j->look, j->picks, c, err)
        || !need_names(j, err))
        return false;
    w.any = picks_marks(j->picks, p->any);
    if (p->has_score)
        w.answer = picks_values(j->picks, p->score);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        w.customer = c->customer_first + i;
        w.from = c->first[i];
        w.to = c->first[i + 1];
        while (span.last_ms > p->at_ms && w.to > w.from && c->at_ms[w.to - 1] > p->at_ms)
            w.to--;
        w.move = p->moves(p->moves_context, w.customer, &w.move_n);
        while (w.move_n && w.move[w.move_n - 1].at_ms > p->at_ms)
            w.move_n--;
        if (w.move_n && !add_customer(j, &w, err))
            return false;
    }
    return true;
}

/* --- merging --- */

static bool cell_join(struct journey_cell *into, const struct journey_cell *from,
                      struct err *err)
{
    into->customers += from->customers;
    into->events += from->events;
    into->lost.n += from->lost.n;
    into->lost.hits += from->lost.hits;
    into->stays.n += from->stays.n;
    into->stays.hits += from->stays.hits;
    into->score += from->score;
    into->answers += from->answers;
    return lengths_join(&into->since, &from->since, err)
           && lengths_join(&into->until, &from->until, err);
}

bool journey_merge(struct journey *into, const struct journey *from, struct err *err)
{
    for (uint32_t i = 0; i < from->cell_n; i++) {
        const struct journey_cell *cell = &from->cell[i];
        uint16_t ours = NAME_NONE;
        struct journey_cell *c;

        if (cell->name != NAME_NONE
            && !step_names_add(&into->names, step_names_get(&from->names, cell->name),
                               &ours, err))
            return false;
        if (!need_names(into, err))
            return false;
        c = cell_of(into, cell->stage, ours, err);
        if (!c || !cell_join(c, cell, err))
            return false;
    }
    if (!listed_join(&into->listed, &from->listed, err))
        return false;
    return true;
}
