#include "report/cohort.h"

#include "report/marks.h"

#include <string.h>

bool cohorts_new(const struct cohort_plan *plan, struct cohorts **out, struct err *err)
{
    size_t n = plan->period_n;
    struct cohorts *c;

    if (n > COHORT_PERIODS_MAX)
        return err_set(err, ERR_LIMIT,
                       "these are %zu periods, and at most %u are looked at: take longer "
                       "ones, or begin later",
                       n, COHORT_PERIODS_MAX);
    c = mem_alloc(sizeof *c);
    if (!c)
        return err_nomem(err);
    c->plan = *plan;
    c->began = mem_alloc((n + 1) * sizeof *c->began);
    c->cell = mem_alloc((n * n + 1) * sizeof *c->cell);
    if (!c->began || !c->cell || !picks_new(plan->program, &c->picks, err)) {
        if (!c->began || !c->cell)
            err_nomem(err);
        cohorts_free(c);
        return false;
    }
    *out = c;
    return true;
}

void cohorts_free(struct cohorts *c)
{
    if (!c)
        return;
    mem_free(c->began);
    mem_free(c->cell);
    mem_free(c->listed.customer);
    picks_free(c->picks);
    mem_free(c);
}

/* --- one customer --- */

/* What is looked at in a chunk; the fingers move forward from customer to customer. */
struct look {
    const int64_t *at_ms;
    struct begin_look begin;
    const uint64_t *again;
    struct picked value;
    uint32_t value_at;
    bool later; /* there may be events that are not seen */
};

/* The period that holds the moment; period_n when none does. */
static uint32_t period_of(const struct cohort_plan *p, int64_t ms)
{
    uint32_t low = 0, high = p->period_n;

    if (!high || ms < p->edge[0] || ms >= p->edge[high])
        return p->period_n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (p->edge[middle] <= ms)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* His events that are seen. */
static uint32_t seen_to(const struct cohorts *c, const struct look *l, uint32_t from,
                        uint32_t to)
{
    while (l->later && to > from && l->at_ms[to - 1] > c->plan.at_ms)
        to--;
    return to;
}

static int64_t value_at(struct look *l, uint32_t event)
{
    while (l->value_at < l->value.n && l->value.event[l->value_at] < event)
        l->value_at++;
    return l->value_at < l->value.n && l->value.event[l->value_at] == event
               ? l->value.value[l->value_at]
               : 0;
}

/* What comes again of one who began in a cohort; was he in the cell that is listed? */
static bool count_again(struct cohorts *c, struct look *l, uint32_t cohort, uint32_t from,
                        uint32_t to)
{
    const struct cohort_plan *p = &c->plan;
    struct cohort_cell *row = c->cell + (size_t)cohort * p->period_n;
    uint32_t period = cohort, last = COHORT_ANY;
    uint64_t times = 0;
    bool listed = p->list_period == COHORT_ANY;

    for (uint32_t word = from / 64; word * 64 < to; word++)
        for (uint64_t bits = marks_in(l->again, word, from, to); bits; bits &= bits - 1) {
            uint32_t event = word * 64 + (uint32_t)__builtin_ctzll(bits);

            times++;
            while (period < p->period_n && l->at_ms[event] >= p->edge[period + 1])
                period++;
            if (period == p->period_n)
                continue;
            row[period].events++;
            if (p->has_value)
                row[period].value += value_at(l, event);
            row[period].customers += period != last;
            row[period].came += last == COHORT_ANY;
            listed |= period == p->list_period;
            last = period;
        }
    for (uint64_t n = 1; n <= times && n <= COHORT_TIMES_MAX; n++)
        c->at_least[n]++;
    return listed && times >= p->list_times;
}

static bool add_customer(struct cohorts *c, struct look *l, const struct chunk *chunk,
                         uint32_t i, struct err *err)
{
    const struct cohort_plan *p = &c->plan;
    uint32_t from = chunk->first[i], cohort;
    uint32_t to = seen_to(c, l, from, chunk->first[i + 1]);
    struct beginning b;
    bool listed;

    if (!begin_find(&l->begin, chunk->customer_first + i, from, to, &b)
        || b.ms < p->from_ms || b.ms >= p->to_ms)
        return true;
    cohort = period_of(p, b.ms);
    if (cohort == p->period_n)
        return true;
    c->began[cohort]++;
    if (p->begin.by == BEGIN_EVENT)
        b.event += p->repeat;
    listed = count_again(c, l, cohort, b.event, to) && p->list
             && (p->list_cohort == COHORT_ANY || cohort == p->list_cohort);
    return !listed || listed_add(&c->listed, chunk->customer_first + i, err);
}

bool cohorts_add(struct cohorts *c, const struct chunk *chunk, struct scan_span span,
                 const struct bits *who, struct err *err)
{
    const struct cohort_plan *p = &c->plan;
    struct bits all = bits_up_to(chunk->customer_n);
    struct look l = {.at_ms = chunk->at_ms, .later = span.last_ms > p->at_ms};

    if (!picks_turn(c->picks, chunk, err))
        return false;
    l.begin = begin_turn(&c->plan.begin, c->picks, chunk);
    l.again = picks_marks(c->picks, p->again);
    if (p->has_value)
        l.value = picks_values(c->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all))
        if (!add_customer(c, &l, chunk, i, err))
            return false;
    return true;
}

bool cohorts_merge(struct cohorts *into, const struct cohorts *from, struct err *err)
{
    size_t n = into->plan.period_n;

    for (size_t i = 0; i < n; i++)
        into->began[i] += from->began[i];
    for (size_t i = 0; i < n * n; i++) {
        into->cell[i].customers += from->cell[i].customers;
        into->cell[i].came += from->cell[i].came;
        into->cell[i].events += from->cell[i].events;
        into->cell[i].value += from->cell[i].value;
    }
    for (size_t i = 0; i <= COHORT_TIMES_MAX; i++)
        into->at_least[i] += from->at_least[i];
    if (!listed_join(&into->listed, &from->listed, err))
        return false;
    return true;
}

struct cohort_cell cohort_cell(const struct cohorts *c, uint32_t cohort, uint32_t period,
                               bool cumulated)
{
    const struct cohort_cell *row = c->cell + (size_t)cohort * c->plan.period_n;
    struct cohort_cell sum = {};

    if (!cumulated)
        return row[period];
    for (uint32_t i = cohort; i <= period; i++) {
        sum.came += row[i].came;
        sum.events += row[i].events;
        sum.value += row[i].value;
    }
    sum.customers = sum.came;
    return sum;
}

struct share cohort_after(const struct cohorts *c, uint32_t number, bool cumulated)
{
    struct share s = {};

    for (uint32_t k = 0; k < c->plan.period_n && number < c->plan.period_n - k; k++) {
        if (c->plan.edge[k + number + 1] - 1 > c->plan.at_ms)
            break;
        s.hits += cohort_cell(c, k, k + number, cumulated).customers;
        s.n += c->began[k];
    }
    return s;
}

struct share cohort_once_more(const struct cohorts *c, uint32_t times)
{
    return (struct share){c->at_least[times + 1], c->at_least[times]};
}
