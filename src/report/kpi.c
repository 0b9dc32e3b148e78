/* kpi.c - one walk over a customer's stays counts what needs his moves alone, a second one asks
 * rules, forward in time.
 *
 * (1) A stay is [entered, left), left at the earliest when the next move is made; a stay of no
 *     length counts as one, and no event and no period's end lies in it.
 * (2) What a customer's events are worth up to a moment is the sum of a measure over all of his
 *     past; within a stretch it is the difference of two such sums. */
#include "report/kpi_impl.h"

#include "base/num.h"

#include <string.h>

#define CELLS_MAX (1u << 22)

/* What a stage's KPIs ask the cursor for: bits for the measures, and one for rules. */
enum { NEEDS_RULES = 1 << MEASURE_N, NEEDS_WORTH = NEEDS_RULES - 1 };

static unsigned needs_of(const struct kpi *kpi)
{
    switch (kpi->kind) {
    case KPI_RULE:
        return NEEDS_RULES;
    case KPI_REVENUE:
        return 1 << MEASURE_REVENUE;
    case KPI_COST:
        return 1 << MEASURE_COST;
    case KPI_MARGIN:
        return 1 << MEASURE_REVENUE | 1 << MEASURE_COST;
    case KPI_SATISFACTION:
        return 1 << MEASURE_SATISFACTION;
    case KPI_ENTERED:
    case KPI_LEFT:
    case KPI_MEDIAN:
    case KPI_P90:
    case KPI_CONVERSION:
        return 0;
    }
    return 0;
}

static unsigned needs(const struct aims *aims)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < aims->kpi_n; i++)
        n |= needs_of(&aims->kpi[i]);
    return n;
}

bool kpi_asks(const struct kpi_plan *plan)
{
    for (uint32_t s = 0; s < plan->lifecycle->stage_n; s++)
        if (needs(&plan->lifecycle->stage[s].aims))
            return true;
    return false;
}

void kpi_free(struct kpi_count *c)
{
    if (!c)
        return;
    for (size_t i = 0; c->cell && i < (size_t)c->per_period * c->plan.period_n; i++)
        mem_free(c->cell[i].length);
    mem_free(c->cell);
    mem_free(c->first);
    mem_free(c->times_in);
    mem_free(c);
}

bool kpi_new(const struct kpi_plan *plan, struct kpi_count **out, struct err *err)
{
    const struct lifecycle *l = plan->lifecycle;
    struct kpi_count *c = mem_alloc(sizeof *c);
    size_t cells;

    if (!c)
        return err_nomem(err);
    c->plan = *plan;
    c->first = mem_alloc(l->stage_n * sizeof *c->first);
    c->times_in = mem_alloc(l->stage_n * sizeof *c->times_in);
    if (!c->first || !c->times_in) {
        kpi_free(c);
        return err_nomem(err);
    }
    for (uint32_t s = 0; s < l->stage_n; s++) {
        c->first[s] = c->per_period;
        c->per_period += 1 + l->stage[s].aims.kpi_n;
    }
    cells = (size_t)c->per_period * plan->period_n;
    if (cells > CELLS_MAX) {
        kpi_free(c);
        return err_set(
            err, ERR_LIMIT,
            "%u periods are too many for these KPIs; choose longer ones, or less "
            "time",
            plan->period_n);
    }
    c->cell = mem_alloc((cells + 1) * sizeof *c->cell);
    if (!c->cell) {
        kpi_free(c);
        return err_nomem(err);
    }
    *out = c;
    return true;
}

struct kpi_cell *kpi_cell_of(const struct kpi_count *c, uint32_t period, uint32_t stage,
                             uint32_t i)
{
    uint32_t place = c->first[stage] + (i == KPI_TARGET ? 0 : i + 1);

    return &c->cell[(size_t)period * c->per_period + place];
}

uint32_t kpi_with_lengths(const struct aims *aims)
{
    uint32_t k = 0;

    while (k < aims->kpi_n && aims->kpi[k].kind != KPI_MEDIAN
           && aims->kpi[k].kind != KPI_P90)
        k++;
    return k;
}

/* Room for n more lengths. */
static bool grow(struct kpi_cell *cell, size_t n, struct err *err)
{
    size_t cap = cell->cap ? cell->cap : 8;
    int64_t *more;

    while (cap < cell->n + n)
        cap *= 2;
    if (cap == cell->cap)
        return true;
    more = mem_resize(cell->length, cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    cell->length = more;
    cell->cap = cap;
    return true;
}

static bool add_length(struct kpi_cell *cell, int64_t length, struct err *err)
{
    if (!grow(cell, 1, err))
        return false;
    cell->length[cell->n++] = length;
    cell->sorted = false;
    return true;
}

struct worth {
    struct value sum[MEASURE_N], count[MEASURE_N];
};

/* The moves of one customer that are known, and a period that moves forward over them. */
struct walk {
    struct kpi_count *c;
    const struct move *move;
    size_t n;
    uint32_t period;    /* the first that ends after the stay's beginning */
    struct worth worth; /* what was asked last, at which moment, of which measures */
    int64_t worth_ms;
    unsigned worth_of;
};

static struct walk walk_of(struct kpi_count *c, const struct beside *moves)
{
    const struct beside *own = &moves[c->plan.lifecycle->number];
    struct walk w = {.c = c, .move = own->move, .n = own->n, .worth_ms = MOMENT_NEVER};

    while (w.n && w.move[w.n - 1].at_ms > c->plan.known_ms)
        w.n--;
    return w;
}

/* false: all periods lie before it. */
static bool turn_to(struct walk *w, int64_t at_ms)
{
    const struct kpi_plan *p = &w->c->plan;

    while (w->period < p->period_n && p->edge[w->period + 1] <= at_ms)
        w->period++;
    return w->period < p->period_n;
}

/* --- moves alone --- */

/* Did he come from his i-th move on into one of the stages, within the length? Those whose time
 * is not over do not count. */
static void add_conversion(const struct walk *w, size_t i, struct length within,
                           const uint16_t *to, uint32_t to_n, struct kpi_cell *cell)
{
    int64_t end_ms = length_add(w->c->plan.zone, w->move[i].at_ms, within);

    if (end_ms > w->c->plan.known_ms)
        return;
    cell->of++;
    for (size_t k = i + 1; k < w->n && w->move[k].at_ms <= end_ms; k++)
        for (uint32_t s = 0; s < to_n; s++)
            if (w->move[k].to == to[s]) {
                cell->reached++;
                return;
            }
}

static bool add_entry(const struct walk *w, size_t i, struct err *err)
{
    uint16_t stage = w->move[i].to;
    const struct aims *aims = &w->c->plan.lifecycle->stage[stage].aims;
    uint32_t lengths = kpi_with_lengths(aims);
    bool over = i + 1 < w->n;
    int64_t length_ms =
        (over ? w->move[i + 1].at_ms : w->c->plan.known_ms) - w->move[i].at_ms;

    if (aims->target.at)
        add_conversion(w, i, aims->target.within, aims->target.to, aims->target.to_n,
                       kpi_cell_of(w->c, w->period, stage, KPI_TARGET));
    for (uint32_t k = 0; k < aims->kpi_n; k++) {
        const struct kpi *kpi = &aims->kpi[k];
        struct kpi_cell *cell = kpi_cell_of(w->c, w->period, stage, k);

        if (kpi->kind == KPI_ENTERED)
            cell->of++;
        else if (kpi->kind == KPI_CONVERSION)
            add_conversion(w, i, kpi->within, &kpi->to, 1, cell);
        else if (k == lengths && !add_length(cell, 2 * length_ms + !over, err))
            return false;
    }
    return true;
}

static void add_leaving(const struct walk *w, uint16_t stage)
{
    const struct aims *aims = &w->c->plan.lifecycle->stage[stage].aims;

    for (uint32_t k = 0; k < aims->kpi_n; k++)
        if (aims->kpi[k].kind == KPI_LEFT)
            kpi_cell_of(w->c, w->period, stage, k)->of++;
}

static bool add_moves(struct walk w, struct err *err)
{
    for (size_t i = 0; i < w.n; i++) {
        if (w.move[i].at_ms < w.c->plan.edge[0])
            continue;
        if (!turn_to(&w, w.move[i].at_ms))
            break;
        if (w.move[i].to != STAGE_NONE && !add_entry(&w, i, err))
            return false;
        if (w.move[i].from != STAGE_NONE)
            add_leaving(&w, w.move[i].from);
    }
    return true;
}

/* --- rules --- */

/* One stretch begins where the one before it ended. */
static struct worth ask_worth(struct walk *w, struct cursor *cursor, unsigned needed,
                              int64_t at_ms)
{
    struct situation s = {.at_ms = at_ms,
                          .stage = STAGE_NONE,
                          .previous_stage = STAGE_NONE,
                          .times_in = w->c->times_in};
    const struct life_measure *m = w->c->plan.measures->of;

    if (w->worth_ms == at_ms && !(needed & ~w->worth_of))
        return w->worth;
    w->worth_ms = at_ms;
    w->worth_of = needed;
    for (size_t i = 0; i < MEASURE_N; i++)
        if (needed & 1u << i) {
            w->worth.sum[i] = cursor_ask(cursor, m[i].sum, &s).value;
            w->worth.count[i] = cursor_ask(cursor, m[i].count, &s).value;
        }
    return w->worth;
}

static void add_difference(struct kpi_cell *cell, const struct worth *from,
                           const struct worth *to, enum measure_name i, int sign)
{
    if (from->sum[i].type == VALUE_MISSING || to->sum[i].type == VALUE_MISSING) {
        cell->lost = true;
        return;
    }
    cell->sum +=
        (__int128)sign * to->sum[i].number - (__int128)sign * from->sum[i].number;
    cell->of += (uint64_t)(to->count[i].number - from->count[i].number) / NUM_ONE;
}

/* What happened after `from`, up to `to`, while he stood in the stage. */
static void add_worth(const struct walk *w, uint16_t stage, const struct worth *from,
                      const struct worth *to)
{
    const struct aims *aims = &w->c->plan.lifecycle->stage[stage].aims;

    for (uint32_t k = 0; k < aims->kpi_n; k++) {
        enum kpi_kind kind = aims->kpi[k].kind;
        struct kpi_cell *cell = kpi_cell_of(w->c, w->period, stage, k);

        if (kind == KPI_REVENUE || kind == KPI_MARGIN)
            add_difference(cell, from, to, MEASURE_REVENUE, 1);
        if (kind == KPI_COST || kind == KPI_MARGIN)
            add_difference(cell, from, to, MEASURE_COST, kind == KPI_COST ? 1 : -1);
        if (kind == KPI_SATISFACTION)
            add_difference(cell, from, to, MEASURE_SATISFACTION, 1);
    }
}

static void add_rules(const struct walk *w, struct cursor *cursor,
                      const struct situation *s)
{
    const struct aims *aims = &w->c->plan.lifecycle->stage[s->stage].aims;

    for (uint32_t k = 0; k < aims->kpi_n; k++) {
        struct kpi_cell *cell = kpi_cell_of(w->c, w->period, s->stage, k);
        struct value v;

        if (aims->kpi[k].kind != KPI_RULE)
            continue;
        v = cursor_ask(cursor, aims->kpi[k].rule, s).value;
        if (v.type == VALUE_MISSING)
            continue;
        cell->of++;
        if (v.type == VALUE_BOOL)
            cell->reached += v.truth;
        else
            cell->sum += v.number;
    }
}

/* Where he stands in the lifecycles above at a moment. */
static void stand_above(const struct kpi_plan *p, const struct beside *moves,
                        int64_t at_ms, uint16_t *stage)
{
    for (uint32_t l = 0; l < p->lifecycle->number; l++) {
        size_t n = moves[l].n;

        while (n && moves[l].move[n - 1].at_ms > at_ms)
            n--;
        stage[l] = n ? moves[l].move[n - 1].to : STAGE_NONE;
    }
}

/* The i-th stay, in the periods that it has a part in. */
static void add_stay(struct walk *w, size_t i, struct cursor *cursor,
                     const struct beside *moves)
{
    const struct kpi_plan *p = &w->c->plan;
    uint16_t stage = w->move[i].to, above[LIFECYCLES_MAX];
    unsigned needed = needs(&p->lifecycle->stage[stage].aims);
    int64_t begin_ms = w->move[i].at_ms,
            end_ms = i + 1 < w->n ? w->move[i + 1].at_ms : p->known_ms + 1;
    struct situation s = {.stage = stage,
                          .previous_stage = w->move[i].from,
                          .entered_ms = begin_ms,
                          .times_in = w->c->times_in,
                          .above = above,
                          .above_n = p->lifecycle->number};

    if (!needed || !turn_to(w, begin_ms))
        return;
    for (; w->period < p->period_n && p->edge[w->period] < end_ms; w->period++) {
        int64_t from_ms = p->edge[w->period], to_ms = p->edge[w->period + 1];

        if (from_ms < begin_ms)
            from_ms = begin_ms;
        if (to_ms > p->known_ms + 1)
            to_ms = p->known_ms + 1;
        s.at_ms = to_ms - 1;
        if (to_ms > end_ms)
            to_ms = end_ms;
        if ((needed & NEEDS_WORTH) && from_ms < to_ms) {
            struct worth before = ask_worth(w, cursor, needed, from_ms - 1),
                         after = ask_worth(w, cursor, needed, to_ms - 1);

            add_worth(w, stage, &before, &after);
        }
        if (s.at_ms >= end_ms || s.at_ms < begin_ms)
            break; /* he goes on within this period */
        if (needed & NEEDS_RULES) {
            stand_above(p, moves, s.at_ms, above);
            add_rules(w, cursor, &s);
        }
    }
}

bool kpi_add(struct kpi_count *c, struct cursor *cursor, const struct beside *moves,
             struct err *err)
{
    struct walk w = walk_of(c, moves);

    if (!c->plan.period_n || !w.n)
        return true;
    if (!add_moves(w, err))
        return false;
    if (!cursor)
        return true;
    memset(c->times_in, 0, c->plan.lifecycle->stage_n * sizeof *c->times_in);
    for (size_t i = 0; i < w.n; i++) {
        if (w.move[i].to == STAGE_NONE)
            continue;
        c->times_in[w.move[i].to]++;
        add_stay(&w, i, cursor, moves);
    }
    return true;
}

bool kpi_cell_merge(struct kpi_cell *into, const struct kpi_cell *from, struct err *err)
{
    into->of += from->of;
    into->reached += from->reached;
    into->sum += from->sum;
    into->lost |= from->lost;
    if (!from->n)
        return true;
    if (!grow(into, from->n, err))
        return false;
    memcpy(into->length + into->n, from->length, from->n * sizeof *from->length);
    into->n += from->n;
    into->sorted = false;
    return true;
}

bool kpi_merge(struct kpi_count *into, const struct kpi_count *from, struct err *err)
{
    for (size_t i = 0; i < (size_t)into->per_period * into->plan.period_n; i++)
        if (!kpi_cell_merge(&into->cell[i], &from->cell[i], err))
            return false;
    return true;
}
