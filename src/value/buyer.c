#include "value/buyer.h"

#include <math.h>

/* Beyond it the values of all customers may not be summed. */
#define SPENT_MAX (INT64_MAX / 1024)

/* --- one customer --- */

void buyer_add(struct buyer *b, bool any, int32_t day, int64_t spent)
{
    if (!any) {
        b->first_day = b->day = day;
    } else if (day != b->day) {
        b->x++;
        b->log_gaps += log(day - b->day);
        b->day = day;
    }
    *(day == b->first_day ? &b->first_spent : &b->spent) += spent;
}

struct cbs_row buyer_cbs(const struct buyer *b, int32_t until_day)
{
    return (struct cbs_row){b->x, (uint32_t)(b->day - b->first_day),
                            (uint32_t)(until_day - b->first_day), 1};
}

/* --- everybody --- */

bool buyers_new(const struct buyers_plan *plan, struct buyers **out, struct err *err)
{
    struct buyers *b = mem_alloc(sizeof *b);

    if (!b)
        return err_nomem(err);
    b->plan = *plan;
    if (!picks_new(plan->program, &b->picks, err)) {
        buyers_free(b);
        return false;
    }
    *out = b;
    return true;
}

void buyers_free(struct buyers *b)
{
    if (!b)
        return;
    picks_free(b->picks);
    mem_free(b->row);
    mem_free(b);
}

static bool room(struct buyers *b, size_t more, struct err *err)
{
    size_t cap = b->cap ? b->cap : CHUNK_CUSTOMERS;
    struct buyer *row;

    while (cap < b->n + more)
        cap *= 2;
    if (cap == b->cap)
        return true;
    row = mem_resize(b->row, cap * sizeof *row);
    if (!row)
        return err_nomem(err);
    b->row = row;
    b->cap = cap;
    return true;
}

/* What he bought at one moment. */
static bool take(const struct buyers_plan *p, struct buyer *b, bool *any, int32_t day,
                 int64_t spent, struct err *err)
{
    int64_t all;

    /* Where a clock is put back over midnight, the day has begun already. */
    if (*any && day < b->day)
        day = b->day;
    if (__builtin_add_overflow(b->first_spent + b->spent + b->later_spent, spent, &all)
        || all > SPENT_MAX || all < -SPENT_MAX)
        return err_set(err, ERR_LIMIT,
                       "the values of one customer sum up to more than can be counted");
    if (day <= p->until_day) {
        bool again = *any && day == b->day;

        buyer_add(b, *any, day, spent);
        *any = true;
        if (day > p->until_day - p->before_days) {
            b->lately += !again;
        } else {
            b->before += !again;
            b->before_day = day;
        }
    } else if (*any && day <= p->until_day + p->after_days) {
        b->later += b->later == 0 || day != b->later_day;
        b->later_day = day;
        b->later_spent += spent;
    }
    return true;
}

bool buyers_add(struct buyers *b, const struct chunk *c, const struct bits *who,
                struct err *err)
{
    const struct buyers_plan *p = &b->plan;
    struct bits all = bits_up_to(c->customer_n);
    const uint64_t *mark;
    struct picked value = {};
    uint32_t at = 0;

    if (!room(b, c->customer_n, err) || !picks_turn(b->picks, c, err))
        return false;
    mark = picks_marks(b->picks, p->event);
    if (p->has_value)
        value = picks_values(b->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        struct buyer *row = &b->row[b->n];
        uint32_t from = c->first[i], to = c->first[i + 1];
        bool any = false;

        *row = (struct buyer){.customer = c->customer_first + i};
        for (uint32_t word = from / 64; word * 64 < to; word++) {
            uint64_t bits = mark[word];

            if (word == from / 64)
                bits &= UINT64_MAX << from % 64;
            for (; bits; bits &= bits - 1) {
                uint32_t event = word * 64 + (uint32_t)__builtin_ctzll(bits);
                int64_t spent = 0;

                if (event >= to || c->at_ms[event] > p->at_ms)
                    break;
                while (at < value.n && value.event[at] < event)
                    at++;
                if (at < value.n && value.event[at] == event)
                    spent = value.value[at];
                if (!take(p, row, &any,
                          period_of(p->period, day_of_moment(p->zone, c->at_ms[event])),
                          spent, err))
                    return false;
            }
        }
        b->n += any;
    }
    return true;
}

/* Both are in the order of the customers. */
bool buyers_merge(struct buyers *into, const struct buyers *from, struct err *err)
{
    size_t a = into->n, b = from->n, n = a + b;

    if (!room(into, b, err))
        return false;
    while (b > 0)
        into->row[--n] = a > 0 && into->row[a - 1].customer > from->row[b - 1].customer
                             ? into->row[--a]
                             : from->row[--b];
    into->n += from->n;
    return true;
}
