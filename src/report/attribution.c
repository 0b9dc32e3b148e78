#include "report/attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

str attribution_model_name(enum attribution_model m)
{
    static const str name[] = {
#define X(name, text) {text, sizeof(text) - 1},
        ATTRIBUTION_MODELS(X)
#undef X
    };

    return name[m];
}

bool attribution_new(const struct attribution_plan *plan, struct attribution **out,
                     struct err *err)
{
    struct attribution *at = mem_alloc(sizeof *at);

    if (!at)
        return err_nomem(err);
    at->plan = *plan;
    at->sources.plan = plan->source;
    if (!picks_new(plan->program, &at->picks, err)) {
        attribution_free(at);
        return false;
    }
    *out = at;
    return true;
}

void attribution_free(struct attribution *at)
{
    if (!at)
        return;
    sources_free(&at->sources);
    markov_free(&at->markov);
    mem_free(at->source);
    mem_free(at->path);
    mem_free(at->weight);
    mem_free(at->share);
    mem_free(at->part);
    mem_free(at->listed.customer);
    picks_free(at->picks);
    mem_free(at);
}

/* --- room --- */

/* For all sources that have a number. */
static bool need_sources(struct attribution *at, struct err *err)
{
    uint32_t n = at->sources.name.n, cap = at->source_cap ? at->source_cap : 16;
    struct attribution_source *more;

    while (cap < n)
        cap *= 2;
    if (cap > at->source_cap) {
        more = mem_resize(at->source, cap * sizeof *more);
        if (!more)
            return err_nomem(err);
        memset(more + at->source_cap, 0, (cap - at->source_cap) * sizeof *more);
        at->source = more;
        at->source_cap = cap;
    }
    return markov_need(&at->markov, n, err);
}

static bool grow(void *list_of, size_t size, size_t cap, struct err *err)
{
    void **old = list_of, *more = mem_resize(*old, cap * size);

    if (!more)
        return err_nomem(err);
    *old = more;
    return true;
}

/* For a path with so many touches. */
static bool need_path(struct attribution *at, size_t n, struct err *err)
{
    size_t cap = at->touch_cap ? at->touch_cap : 16;

    while (cap < n)
        cap *= 2;
    if (cap == at->touch_cap)
        return true;
    if (!grow(&at->path, sizeof *at->path, cap, err)
        || !grow(&at->weight, sizeof *at->weight, cap, err)
        || !grow(&at->share, sizeof *at->share, cap, err)
        || !grow(&at->part, sizeof *at->part, cap, err))
        return false;
    at->touch_cap = cap;
    return true;
}

/* --- a path --- */

static void give(struct attribution *at, enum attribution_model m,
                 struct attribution_touch touch, uint64_t share, __int128 value)
{
    at->source[touch.source].conversions[m] += (__int128)share;
    at->source[touch.source].value[m] += value;
}

/* By what the first, each between and the last weigh; only the proportions matter. */
static void share_by_place(struct attribution *at, enum attribution_model m,
                           const struct attribution_touch *touch, size_t n, int64_t value,
                           const uint64_t weight[3])
{
    uint64_t sum = weight[0] + weight[1] * (n - 2) + weight[2], share[3];
    uint64_t left = CREDIT_ONE;
    __int128 part[3], left_value = (__int128)value * CREDIT_VALUE_ONE;
    size_t last = 0;

    for (int k = 0; k < 3; k++) {
        share[k] = credit_part(weight[k], sum);
        part[k] = credit_part_value(value, share[k]);
    }
    for (size_t i = 0; i < n; i++) {
        int k = i == 0 ? 0 : i + 1 == n ? 2 : 1;

        if (!weight[k])
            continue;
        give(at, m, touch[i], share[k], part[k]);
        left -= share[k];
        left_value -= part[k];
        last = i;
    }
    give(at, m, touch[last], left, left_value);
}

/* Where the first and the last count for nothing, a path without any between has nobody else. */
static void share_by_position(struct attribution *at,
                              const struct attribution_touch *touch, size_t n,
                              int64_t value)
{
    const uint32_t *p = at->plan.position;
    uint64_t between = n > 2 ? n - 2 : 1;
    bool has_weight = n > 2 || p[0] || p[2];
    const uint64_t weight[3] = {has_weight ? p[0] * between : 1, p[1],
                                has_weight ? p[2] * between : 1};

    share_by_place(at, ATTRIBUTION_POSITION, touch, n, value, weight);
}

static void share_by_age(struct attribution *at, const struct attribution_touch *touch,
                         size_t n, int64_t value)
{
    const double one = (double)(UINT64_C(1) << 52);
    double half_life_ms = (double)at->plan.half_life_ms;

    for (size_t i = 0; i < n; i++)
        at->weight[i] = (uint64_t)(one
                                   * exp2((double)(touch[i].at_ms - touch[n - 1].at_ms)
                                          / half_life_ms));
    credit_share(at->weight, n, at->share);
    credit_share_value(value, at->share, n, at->part);
    for (size_t i = 0; i < n; i++)
        give(at, ATTRIBUTION_DECAY, touch[i], at->share[i], at->part[i]);
}

static void share_out(struct attribution *at, const struct attribution_touch *touch,
                      size_t n, int64_t value)
{
    static const uint64_t alike[3] = {1, 1, 1};
    __int128 whole = (__int128)value * CREDIT_VALUE_ONE;

    give(at, ATTRIBUTION_FIRST, touch[0], CREDIT_ONE, whole);
    give(at, ATTRIBUTION_LAST, touch[n - 1], CREDIT_ONE, whole);
    if (n == 1) {
        give(at, ATTRIBUTION_LINEAR, touch[0], CREDIT_ONE, whole);
        give(at, ATTRIBUTION_POSITION, touch[0], CREDIT_ONE, whole);
        give(at, ATTRIBUTION_DECAY, touch[0], CREDIT_ONE, whole);
        return;
    }
    share_by_place(at, ATTRIBUTION_LINEAR, touch, n, value, alike);
    share_by_position(at, touch, n, value);
    share_by_age(at, touch, n, value);
}

static void count_steps(struct markov *m, const struct attribution_touch *touch, size_t n,
                        bool converts)
{
    uint32_t from = MARKOV_START;

    if (m->is_off)
        return;
    for (size_t i = 0; i < n; i++) {
        ++*markov_step(m, from, 2 + touch[i].source);
        from = 1 + touch[i].source;
    }
    ++*markov_step(m, from, converts ? MARKOV_CONVERSION : MARKOV_NOTHING);
}

bool attribution_count(struct attribution *at, const struct attribution_touch *touch,
                       size_t n, bool converts, int64_t value, struct err *err)
{
    if (!need_sources(at, err) || !need_path(at, n, err))
        return false;
    at->path_n++;
    at->conversions += converts;
    at->lost += !converts;
    at->value += value;
    if (!n) {
        at->untouched += converts;
        at->untouched_value += value;
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        struct attribution_source *s = &at->source[touch[i].source];

        if (s->stamp == at->path_n)
            continue;
        s->stamp = at->path_n;
        s->paths += converts;
        s->lost += !converts;
    }
    count_steps(&at->markov, touch, n, converts);
    if (converts)
        share_out(at, touch, n, value);
    return true;
}

/* --- a customer --- */

/* What is looked at in a chunk; the fingers move forward from customer to customer. */
struct look {
    const struct chunk *chunk;
    const uint64_t *converts;
    struct picked value;
    uint32_t value_at;
};

/* The first event of [from, to) that converts, or `to`. */
static uint32_t next_conversion(const struct look *l, uint32_t from, uint32_t to)
{
    while (from < to) {
        uint64_t bits = l->converts[from / 64] >> from % 64;

        if (bits) {
            from += (uint32_t)__builtin_ctzll(bits);
            return from < to ? from : to;
        }
        from = (from / 64 + 1) * 64;
    }
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

static bool gather(struct attribution *at, const struct look *l, uint32_t end,
                   struct err *err)
{
    struct source_touch touch;
    bool there;

    at->touch_n = 0;
    while (sources_next(&at->sources, end, &touch, &there, err)) {
        if (!there)
            return true;
        if (!need_path(at, at->touch_n + 1, err))
            return false;
        at->path[at->touch_n++] =
            (struct attribution_touch){touch.source, l->chunk->at_ms[touch.event]};
    }
    return false;
}

/* How many touches lie too far back from the path's end. */
static size_t too_old(const struct attribution *at, int64_t end_ms)
{
    const struct attribution_plan *p = &at->plan;
    size_t n = 0;

    while (p->has_lookback && n < at->touch_n
           && length_add(p->zone, at->path[n].at_ms, p->lookback) < end_ms)
        n++;
    return n;
}

static bool is_listed(const struct attribution *at, const struct attribution_touch *touch,
                      size_t n, bool converts)
{
    bool found = false;

    if (at->plan.list == ATTRIBUTION_LIST_NONE
        || (at->plan.list == ATTRIBUTION_LIST_LOST) == converts)
        return false;
    if (at->plan.list == ATTRIBUTION_LIST_UNTOUCHED)
        return !n;
    for (size_t i = 0; i < n && !found; i++)
        found = (at->plan.list != ATTRIBUTION_LIST_FIRST || i == 0)
                && (at->plan.list != ATTRIBUTION_LIST_LAST || i + 1 == n)
                && source_is(&at->sources, touch[i].source, at->plan.list_channel,
                             at->plan.list_campaign);
    return found;
}

/* The path that was gathered. */
static bool end_path(struct attribution *at, bool converts, int64_t end_ms, int64_t value,
                     bool *listed, struct err *err)
{
    const struct attribution_touch *touch = at->path; /* NULL: nobody was touched yet */
    size_t old = too_old(at, end_ms);

    if (old)
        touch += old;
    *listed |= is_listed(at, touch, at->touch_n - old, converts);
    return attribution_count(at, touch, at->touch_n - old, converts, value, err);
}

static int by_customer(const void *key, const void *row)
{
    const uint32_t *customer = key;
    const struct attribution_span *span = row;

    return (*customer > span->customer) - (*customer < span->customer);
}

static bool add_customer(struct attribution *at, struct look *l, uint32_t i,
                         struct err *err)
{
    const struct attribution_plan *p = &at->plan;
    const struct attribution_span *span = NULL;
    const struct chunk *c = l->chunk;
    uint32_t from = c->first[i], to = c->first[i + 1], customer = c->customer_first + i;
    int64_t first_ms = p->from_ms, until_ms = p->to_ms - 1;
    uint32_t first = from;
    bool listed = false;

    if (p->span) {
        span = bsearch(&customer, p->span, p->span_n, sizeof *p->span, by_customer);
        if (!span)
            return true;
        first += span->events;
        first_ms = span->from_ms;
        until_ms = span->until_ms;
    }
    while (to > from && (c->at_ms[to - 1] > p->at_ms || c->at_ms[to - 1] > until_ms))
        to--;
    sources_skip(&at->sources, from);
    while ((from = next_conversion(l, from, to)) < to) {
        if (!gather(at, l, from + 1, err))
            return false;
        if (from >= first && c->at_ms[from] >= first_ms
            && !end_path(at, true, c->at_ms[from], value_at(l, from), &listed, err))
            return false;
        from++;
    }
    if (!gather(at, l, to, err)
        || (at->touch_n && at->path[at->touch_n - 1].at_ms >= first_ms
            && !end_path(at, false, at->path[at->touch_n - 1].at_ms, 0, &listed, err)))
        return false;
    return !listed || listed_add(&at->listed, customer, err);
}

bool attribution_add(struct attribution *at, const struct chunk *c,
                     const struct bits *who, struct err *err)
{
    struct bits all = bits_up_to(c->customer_n);
    struct look l = {.chunk = c};

    if (!picks_turn(at->picks, c, err) || !sources_turn(&at->sources, c, err))
        return false;
    l.converts = picks_marks(at->picks, at->plan.conversion);
    if (at->plan.has_value)
        l.value = picks_values(at->picks, at->plan.value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all))
        if (!add_customer(at, &l, i, err))
            return false;
    return need_sources(at, err);
}

/* --- together --- */

static void add_steps(struct markov *into, uint32_t n, const struct markov *from,
                      const uint32_t *number)
{
    for (uint32_t i = 0; i <= n; i++)
        for (uint32_t k = 0; k < n + 2; k++)
            *markov_step(into, i ? 1 + number[i - 1] : 0,
                         k < 2 ? k : 2 + number[k - 2]) += *markov_step(from, i, k);
}

static void add_sources(struct attribution *into, const struct attribution *from,
                        const uint32_t *number)
{
    for (uint32_t i = 0; i < from->sources.name.n && i < from->source_cap; i++) {
        struct attribution_source *s = &into->source[number[i]];
        const struct attribution_source *more = &from->source[i];

        s->paths += more->paths;
        s->lost += more->lost;
        for (int m = 0; m < ATTRIBUTION_SHARED; m++) {
            s->conversions[m] += more->conversions[m];
            s->value[m] += more->value[m];
        }
    }
}

bool attribution_merge(struct attribution *into, const struct attribution *from,
                       struct err *err)
{
    uint32_t n = from->sources.name.n, *number = mem_alloc((n + 1) * sizeof *number);
    bool ok = number || err_nomem(err);

    for (uint32_t i = 0; ok && i < n; i++)
        ok = sources_add(&into->sources, &from->sources, i, &number[i], err);
    ok = ok && need_sources(into, err);
    if (ok) {
        add_sources(into, from, number);
        if (from->markov.is_off) {
            markov_free(&into->markov);
            into->markov.is_off = true;
        }
        if (!into->markov.is_off && from->markov.step)
            add_steps(&into->markov, n < from->markov.cap ? n : from->markov.cap,
                      &from->markov, number);
    }
    mem_free(number);
    into->conversions += from->conversions;
    into->untouched += from->untouched;
    into->lost += from->lost;
    into->value += from->value;
    into->untouched_value += from->untouched_value;
    ok = ok && listed_join(&into->listed, &from->listed, err);
    return ok;
}
