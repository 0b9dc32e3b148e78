#include "segment/rfm.h"

#include "base/kth.h"

#include <stdlib.h>
#include <string.h>

bool rfm_method_parse(str name, enum rfm_method *out)
{
    for (int m = 0; m < RFM_METHODS_END; m++)
        if (str_eq(name, rfm_method_name((enum rfm_method)m))) {
            *out = (enum rfm_method)m;
            return true;
        }
    return false;
}

str rfm_method_name(enum rfm_method m)
{
    static const char *const name[] = {
#define X(name, text) text,
        RFM_METHODS(X)
#undef X
    };

    return str_of(name[m]);
}

str rfm_group_name(enum rfm_group g)
{
    static const char *const name[] = {
#define X(name, text) text,
        RFM_GROUPS(X)
#undef X
    };

    return str_of(name[g]);
}

enum rfm_group rfm_group_of(unsigned recency, unsigned frequency)
{
    static const enum rfm_group group[RFM_SCORES][RFM_SCORES] = {
        {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
        {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
        {RFM_SLEEPY, RFM_SLEEPY, RFM_ATTENTION, RFM_LOYAL, RFM_LOYAL},
        {RFM_PROMISING, RFM_POTENTIAL, RFM_POTENTIAL, RFM_LOYAL, RFM_LOYAL},
        {RFM_NEW, RFM_POTENTIAL, RFM_POTENTIAL, RFM_CHAMPIONS, RFM_CHAMPIONS},
    };

    return group[recency - 1][frequency - 1];
}

bool rfm_new(const struct rfm_plan *plan, struct rfm **out, struct err *err)
{
    struct rfm *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->plan = *plan;
    if (!picks_new(plan->program, &r->picks, err)) {
        rfm_free(r);
        return false;
    }
    *out = r;
    return true;
}

void rfm_free(struct rfm *r)
{
    if (!r)
        return;
    picks_free(r->picks);
    mem_free(r->row);
    mem_free(r);
}

static bool room(struct rfm *r, size_t more, struct err *err)
{
    size_t cap = r->cap ? r->cap : CHUNK_CUSTOMERS;
    struct rfm_customer *row;

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

/* --- gathering --- */

/* Beyond it the fifths of two sums cannot be added. */
#define VALUE_MAX (INT64_MAX / 16)

/* The marked events of [from, to) in a word. */
static uint64_t marked(const uint64_t *mark, uint32_t word, uint32_t from, uint32_t to)
{
    uint32_t first = word * 64;
    uint64_t bits = mark[word];

    if (from > first)
        bits = from - first < 64 ? bits & UINT64_MAX << (from - first) : 0;
    if (to - first < 64)
        bits &= ~(UINT64_MAX << (to - first));
    return bits;
}

/* How many there are; *last is the last one's place, if there is one. */
static uint32_t gather(const uint64_t *mark, uint32_t from, uint32_t to, uint32_t *last)
{
    uint32_t n = 0;

    for (uint32_t word = from / 64; word * 64 < to; word++) {
        uint64_t bits = marked(mark, word, from, to);

        if (!bits)
            continue;
        n += (uint32_t)__builtin_popcountll(bits);
        *last = word * 64 + 63 - (uint32_t)__builtin_clzll(bits);
    }
    return n;
}

bool rfm_add(struct rfm *r, const struct chunk *c, struct scan_span span,
             const struct bits *who, struct err *err)
{
    const struct rfm_plan *p = &r->plan;
    struct bits all = bits_up_to(c->customer_n);
    const uint64_t *mark;
    struct picked value;
    uint32_t at = 0, last[CHUNK_CUSTOMERS] = {0};
    size_t first = r->n;

    if (!room(r, c->customer_n, err) || !picks_turn(r->picks, c, err))
        return false;
    mark = picks_marks(r->picks, p->event);
    value = picks_values(r->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all)) {
        struct rfm_customer *row = &r->row[r->n];
        uint32_t from = c->first[i], to = c->first[i + 1];

        *row = (struct rfm_customer){.customer = c->customer_first + i};
        while (span.last_ms > p->at_ms && to > from && c->at_ms[to - 1] > p->at_ms)
            to--;
        while (span.first_ms < p->from_ms && from < to && c->at_ms[from] < p->from_ms)
            from++;
        row->n = gather(mark, from, to, &last[r->n - first]);
        if (!row->n)
            continue;
        __builtin_prefetch(&c->at_ms[last[r->n - first]]);
        while (at < value.n && value.event[at] < from)
            at++;
        for (; at < value.n && value.event[at] < to; at++)
            if (__builtin_add_overflow(row->value, value.value[at], &row->value)
                || row->value > VALUE_MAX || row->value < -VALUE_MAX)
                return err_set(err, ERR_LIMIT,
                               "the values of one customer sum up to more than can be "
                               "counted");
        r->n++;
    }
    for (size_t i = first; i < r->n; i++)
        r->row[i].last_ms = c->at_ms[last[i - first]];
    return true;
}

bool rfm_merge(struct rfm *into, const struct rfm *from, struct err *err)
{
    if (!room(into, from->n, err))
        return false;
    if (from->n)
        memcpy(into->row + into->n, from->row, from->n * sizeof *from->row);
    into->n += from->n;
    return true;
}

/* --- scoring --- */

/* The larger, the better. */
static int64_t measure(const struct rfm_plan *p, const struct rfm_customer *row, int what)
{
    if (what == RFM_FREQUENCY)
        return row->n;
    if (what == RFM_MONETARY)
        return row->value;
    return p->in_days ? day_of_moment(p->zone, row->last_ms) : row->last_ms;
}

/* Of everybody, by the place in .row. */
static int64_t *measures(const struct rfm *r, int what, struct err *err)
{
    int64_t *all = mem_alloc(r->n * sizeof *all);

    if (!all)
        return err_nomem(err), NULL;
    for (size_t i = 0; i < r->n; i++)
        all[i] = measure(&r->plan, &r->row[i], what);
    return all;
}

static void find_cuts(struct rfm *r, int what, int64_t *all)
{
    size_t n = r->n;

    for (unsigned k = 1; k <= RFM_CUTS; k++) {
        size_t place = k * n / RFM_SCORES, rest;
        int64_t low, high;

        if (r->plan.method == RFM_QUINTILES) {
            r->cut[what][k - 1] = kth_least(all, n, place);
            continue;
        }
        place = (n - 1) * k / RFM_SCORES;
        rest = (n - 1) * k % RFM_SCORES;
        low = kth_least(all, n, place);
        high = rest ? kth_least(all, n, place + 1) : low;
        r->cut[what][k - 1] = low * (int64_t)(RFM_SCORES - rest) + high * (int64_t)rest;
    }
}

static uint8_t score_of(const struct rfm *r, int what, int64_t value)
{
    unsigned score = 1;

    for (unsigned k = 0; k < RFM_CUTS; k++)
        score += r->plan.method == RFM_INTERPOLATED
                     ? (__int128)value * RFM_SCORES > r->cut[what][k]
                     : value >= r->cut[what][k];
    return (uint8_t)score;
}

static bool score_by_cuts(struct rfm *r, int what, struct err *err)
{
    int64_t *all = measures(r, what, err);

    if (!all)
        return false;
    if (r->plan.method == RFM_LIMITS)
        memcpy(r->cut[what], r->plan.limit[what], sizeof r->cut[what]);
    else
        find_cuts(r, what, all);
    for (size_t i = 0; i < r->n; i++)
        r->row[i].score[what] = score_of(r, what, measure(&r->plan, &r->row[i], what));
    mem_free(all);
    return true;
}

struct order {
    const int64_t *value;
    const struct rfm *r;
    int (*by_id)(void *context, uint32_t a, uint32_t b);
    void *context;
};

static int order_cmp(const void *a, const void *b, void *order)
{
    const struct order *o = order;
    const uint32_t *x = a, *y = b;

    if (o->value[*x] != o->value[*y])
        return o->value[*x] < o->value[*y] ? -1 : 1;
    return o->by_id(o->context, o->r->row[*x].customer, o->r->row[*y].customer);
}

static bool score_by_rank(struct rfm *r, int what, struct order *o, struct err *err)
{
    int64_t *all = measures(r, what, err);
    uint32_t *place = mem_alloc(r->n * sizeof *place);

    if (!all || !place) {
        mem_free(all);
        mem_free(place);
        return err_nomem(err);
    }
    o->value = all;
    for (size_t i = 0; i < r->n; i++)
        place[i] = (uint32_t)i;
    qsort_r(place, r->n, sizeof *place, order_cmp, o);
    for (size_t i = 0; i < r->n; i++)
        r->row[place[i]].score[what] = (uint8_t)(1 + i * RFM_SCORES / r->n);
    mem_free(all);
    mem_free(place);
    return true;
}

bool rfm_score(struct rfm *r, int (*by_id)(void *context, uint32_t a, uint32_t b),
               void *context, struct err *err)
{
    struct order o = {.r = r, .by_id = by_id, .context = context};

    for (int what = 0; r->n && what < RFM_MEASURES; what++)
        if (!(r->plan.method == RFM_RANKS ? score_by_rank(r, what, &o, err)
                                          : score_by_cuts(r, what, err)))
            return false;
    return true;
}
