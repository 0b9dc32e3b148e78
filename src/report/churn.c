#include "report/churn.h"

#include "report/forecast.h"
#include "report/marks.h"

#include <string.h>

static const char *const fate_name[] = {
#define X(name, text) text,
    CHURN_FATES(X)
#undef X
};
static const char *const formula_name[] = {
#define X(name, text) text,
    CHURN_FORMULAS(X)
#undef X
};

bool churn_fate_parse(str name, enum churn_fate *out)
{
    for (*out = 0; *out < CHURN_FATES_END; ++*out)
        if (str_eq(name, str_of(fate_name[*out])))
            return true;
    return false;
}

str churn_fate_name(enum churn_fate f)
{
    return str_of(fate_name[f]);
}

bool churn_formula_parse(str name, enum churn_formula *out)
{
    for (*out = 0; *out < CHURN_FORMULAS_END; ++*out)
        if (str_eq(name, str_of(formula_name[*out])))
            return true;
    return false;
}

str churn_formula_name(enum churn_formula f)
{
    return str_of(formula_name[f]);
}

/* --- the rates --- */

static struct churn_rate share_rate(uint64_t hits, uint64_t n)
{
    struct churn_rate r = {.known = n > 0, .has_bounds = n > 0, .share = {hits, n}};

    if (!n)
        return r;
    r.retention = (double)hits / (double)n;
    share_interval(r.share, &r.low, &r.high);
    return r;
}

static struct churn_rate plain_rate(double part, double whole)
{
    return (struct churn_rate){.known = whole > 0,
                               .retention = whole > 0 ? part / whole : 0};
}

struct churn_rate churn_rate(const struct churn_period *p, enum churn_formula f)
{
    const uint64_t *fate = p->fate;
    uint64_t start = churn_start(p), end = churn_end(p);
    double mean = ((double)start + (double)end) / 2;

    switch (f) {
    case CHURN_BY_START:
        return share_rate(fate[CHURN_KEPT], start);
    case CHURN_BY_END:
        return plain_rate((double)(end - fate[CHURN_NEW]), (double)start);
    case CHURN_BY_ALL:
        return share_rate(end, end + fate[CHURN_LOST] + fate[CHURN_PASSED]);
    case CHURN_BY_AVERAGE:
        return plain_rate(mean - (double)(fate[CHURN_LOST] + fate[CHURN_PASSED]), mean);
    case CHURN_BY_GROSS:
        return plain_rate((double)p->gross, (double)p->base);
    case CHURN_BY_NET:
        return plain_rate((double)p->net, (double)p->base);
    case CHURN_FORMULAS_END:
        break;
    }
    return (struct churn_rate){};
}

/* --- one customer --- */

struct churn_life {
    bool there[CHURN_PERIODS_MAX
               + 1]; /* at the start of each period; at the end of the last */
    bool between[CHURN_PERIODS_MAX]; /* at some time in each period */
    __int128 value[CHURN_PERIODS_MAX
                   + 1]; /* of the period that ends with the start of this one */
    int64_t
        first_ms; /* from when on he was active for the first time; MOMENT_NEVER: never */
};

bool churn_new(const struct churn_plan *plan, struct churn **out, struct err *err)
{
    struct churn *c;

    if (plan->period_n > CHURN_PERIODS_MAX)
        return err_set(err, ERR_LIMIT,
                       "these are %u periods, and at most %u are looked at: take longer "
                       "ones, or begin later",
                       plan->period_n, CHURN_PERIODS_MAX);
    c = mem_alloc(sizeof *c);
    if (!c)
        return err_nomem(err);
    c->plan = *plan;
    c->period = mem_alloc((plan->period_n + 1) * sizeof *c->period);
    c->life = mem_alloc(sizeof *c->life);
    if (!c->period || !c->life || !picks_new(plan->program, &c->picks, err)) {
        if (!c->period || !c->life)
            err_nomem(err);
        churn_free(c);
        return false;
    }
    *out = c;
    return true;
}

void churn_free(struct churn *c)
{
    if (!c)
        return;
    mem_free(c->period);
    mem_free(c->life);
    mem_free(c->listed.customer);
    picks_free(c->picks);
    mem_free(c);
}

static void begin_life(struct churn_life *l, uint32_t period_n)
{
    memset(l->there, 0, period_n + 1);
    memset(l->between, 0, period_n);
    memset(l->value, 0, (period_n + 1) * sizeof *l->value);
    l->first_ms = MOMENT_NEVER;
}

/* What is looked at in a chunk; the finger moves forward from customer to customer. */
struct look {
    const int64_t *at_ms;
    const uint64_t *mark[CHURN_PATTERNS_MAX];
    struct picked value;
    uint32_t value_at;
};

static int64_t value_of(struct look *l, uint32_t event)
{
    while (l->value_at < l->value.n && l->value.event[l->value_at] < event)
        l->value_at++;
    return l->value_at < l->value.n && l->value.event[l->value_at] == event
               ? l->value.value[l->value_at]
               : 0;
}

/* In the period that ends with the start of period `next`; 0: the one before the first. */
static bool live_event(const struct churn_plan *p, struct look *l, struct churn_life *out,
                       uint32_t event, uint32_t *next)
{
    int64_t ms = l->at_ms[event];

    if (out->first_ms == MOMENT_NEVER)
        out->first_ms = ms;
    while (*next <= p->period_n && ms >= p->edge[*next])
        ++*next;
    if (ms > p->at_ms || *next > p->period_n)
        return false;
    if (ms < p->before_ms)
        return true;
    out->there[*next] = true;
    if (p->has_value)
        out->value[*next] += value_of(l, event);
    return true;
}

static void live_events(const struct churn_plan *p, struct look *l,
                        struct churn_life *out, uint32_t from, uint32_t to)
{
    uint32_t next = 0;

    for (uint32_t word = from / 64; word * 64 < to; word++) {
        uint64_t bits = 0;

        for (uint32_t k = 0; k < p->active_n; k++)
            bits |= marks_in(l->mark[k], word, from, to);
        for (; bits; bits &= bits - 1)
            if (!live_event(p, l, out, word * 64 + (uint32_t)__builtin_ctzll(bits),
                            &next))
                return;
    }
}

/* From one moment to before another he stands in one of the stages. */
static void live_stay(const struct churn_plan *p, struct churn_life *out, int64_t from_ms,
                      int64_t to_ms)
{
    if (from_ms >= to_ms)
        return;
    if (out->first_ms == MOMENT_NEVER)
        out->first_ms = from_ms;
    for (uint32_t k = 0; k <= p->period_n; k++) {
        out->there[k] |= from_ms < p->edge[k] && p->edge[k] <= to_ms;
        if (k < p->period_n)
            out->between[k] |= from_ms < p->edge[k + 1] && p->edge[k] < to_ms;
    }
}

static void live_stages(const struct churn_plan *p, struct churn_life *out,
                        uint32_t customer)
{
    size_t n;
    const struct move *move = p->moves.get(p->moves.context, customer, &n);

    for (size_t i = 0; i < n && move[i].at_ms <= p->at_ms; i++)
        if (move[i].to != STAGE_NONE && stage_set_has(&p->stage, move[i].to))
            live_stay(p, out, move[i].at_ms,
                      i + 1 < n ? move[i + 1].at_ms : MOMENT_NEVER);
}

/* CHURN_FATES_END: he has nothing to do with the period. */
static enum churn_fate fate_of(const struct churn_plan *p, const struct churn_life *l,
                               uint32_t period)
{
    if (l->there[period])
        return l->there[period + 1] ? CHURN_KEPT : CHURN_LOST;
    if (l->there[period + 1])
        return l->first_ms >= p->edge[period] ? CHURN_NEW : CHURN_RETURNED;
    return l->between[period] ? CHURN_PASSED : CHURN_FATES_END;
}

static bool count(struct churn *c, uint32_t customer, struct err *err)
{
    const struct churn_plan *p = &c->plan;
    const struct churn_life *l = c->life;

    for (uint32_t k = 0; k < p->period_n; k++) {
        enum churn_fate fate = fate_of(p, l, k);
        __int128 before = l->value[k], now = l->value[k + 1];

        if (fate < CHURN_FATES_END)
            c->period[k].fate[fate]++;
        if (before > 0) {
            c->period[k].base += before;
            c->period[k].gross += now < 0 ? 0 : now < before ? now : before;
            c->period[k].net += now;
        }
        if (p->list && k == p->list_period && fate == p->list_fate
            && !listed_add(&c->listed, customer, err))
            return false;
    }
    return true;
}

bool churn_add(struct churn *c, const struct chunk *chunk, const struct bits *who,
               struct err *err)
{
    const struct churn_plan *p = &c->plan;
    struct bits all = bits_up_to(chunk->customer_n);
    struct look l = {.at_ms = chunk->at_ms};

    if (!p->period_n)
        return true;
    if (!picks_turn(c->picks, chunk, err))
        return false;
    for (uint32_t k = 0; k < p->active_n; k++)
        l.mark[k] = picks_marks(c->picks, p->active[k]);
    if (p->has_value)
        l.value = picks_values(c->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        begin_life(c->life, p->period_n);
        if (p->active_n)
            live_events(p, &l, c->life, chunk->first[i], chunk->first[i + 1]);
        else
            live_stages(p, c->life, chunk->customer_first + i);
        if (c->life->first_ms != MOMENT_NEVER
            && !count(c, chunk->customer_first + i, err))
            return false;
    }
    return true;
}

bool churn_merge(struct churn *into, const struct churn *from, struct err *err)
{
    for (uint32_t k = 0; k < into->plan.period_n; k++) {
        struct churn_period *p = &into->period[k];
        const struct churn_period *more = &from->period[k];

        for (int f = 0; f < CHURN_FATES_END; f++)
            p->fate[f] += more->fate[f];
        p->base += more->base;
        p->gross += more->gross;
        p->net += more->net;
    }
    if (!listed_join(&into->listed, &from->listed, err))
        return false;
    return true;
}
