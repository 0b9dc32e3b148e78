#include "value/contract.h"

#include "base/mem.h"

bool contracts_new(const struct contracts_plan *plan, struct contracts **out,
                   struct err *err)
{
    struct contracts *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->plan = *plan;
    if (!picks_new(plan->program, &c->picks, err)) {
        contracts_free(c);
        return false;
    }
    *out = c;
    return true;
}

void contracts_free(struct contracts *c)
{
    if (!c)
        return;
    picks_free(c->picks);
    mem_free(c);
}

static int32_t renewal_day(const struct contracts_plan *p, int32_t begun, int32_t renewal)
{
    static const int32_t months[] = {[PERIOD_MONTH] = 1, [PERIOD_YEAR] = 12};
    struct length l = {};

    if (p->term == PERIOD_DAY || p->term == PERIOD_WEEK)
        return begun + renewal * (p->term == PERIOD_WEEK ? 7 : 1);
    l.months = renewal * months[p->term];
    return day_of_moment(
        p->zone, length_add(p->zone, zone_moment(p->zone, (int64_t)begun * MS_DAY), l));
}

uint32_t contract_renewals(const struct contracts_plan *p, int32_t begun, int32_t day)
{
    static const int32_t longest[] = {
        [PERIOD_DAY] = 1, [PERIOD_WEEK] = 7, [PERIOD_MONTH] = 31, [PERIOD_YEAR] = 366};
    int32_t n = day > begun ? (day - begun) / longest[p->term] : 0;

    while (n < RENEWALS_MAX && renewal_day(p, begun, n + 1) <= day)
        n++;
    return n < RENEWALS_MAX ? (uint32_t)n : RENEWALS_MAX;
}

static void count(struct contracts *c, int32_t begun, int32_t ended)
{
    const struct contracts_plan *p = &c->plan;
    uint32_t asked = contract_renewals(p, begun, p->until_day), before;

    c->begun++;
    c->ended += ended <= p->until_day;
    before = ended > begun ? contract_renewals(p, begun, ended - 1) : 0;
    /* Who has said that he will leave at a renewal that is still to come is there until then. */
    if (ended <= p->until_day && before < asked)
        c->left[before]++;
    else
        c->waits[asked]++;
}

/* The first day of one of these events, not before `from`. */
static int32_t first_day(const struct contracts *c, const struct chunk *chunk,
                         struct pick of, uint32_t customer, int32_t from)
{
    const uint64_t *mark = picks_marks(c->picks, of);

    for (uint32_t i = chunk->first[customer]; i < chunk->first[customer + 1]; i++) {
        int32_t day;

        if (!(mark[i / 64] >> i % 64 & 1))
            continue;
        day = day_of_moment(c->plan.zone, chunk->at_ms[i]);
        if (day > c->plan.until_day)
            break;
        if (day >= from)
            return day;
    }
    return INT32_MAX;
}

bool contracts_add(struct contracts *c, const struct chunk *chunk, const struct bits *who,
                   struct err *err)
{
    struct bits all = bits_up_to(chunk->customer_n);

    if (!picks_turn(c->picks, chunk, err))
        return false;
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        int32_t begun = first_day(c, chunk, c->plan.begins, i, INT32_MIN);

        if (begun != INT32_MAX)
            count(c, begun, first_day(c, chunk, c->plan.ends, i, begun));
    }
    return true;
}

void contracts_merge(struct contracts *into, const struct contracts *from)
{
    into->begun += from->begun;
    into->ended += from->ended;
    for (size_t i = 0; i < RENEWALS_MAX; i++)
        into->left[i] += from->left[i];
    for (size_t i = 0; i <= RENEWALS_MAX; i++)
        into->waits[i] += from->waits[i];
}
