/* Attribution against its twin, which makes every path of everybody anew, divides in floating
 * point, and lets the chain run until nobody is under way. */
#include "base/num.h"
#include "report/attribution.h"
#include "reports.h"

#include <math.h>
#include <string.h>

/* Channels by the event, since lives of chance have no contexts. */
static const struct channel_rule rules[] = {
    {STR("one"), STR("event = 'a'")},
    {STR("two"), STR("event = 'b'")},
    {STR("three"), STR("event = 'mail'")},
};
enum { SOURCES = sizeof rules / sizeof *rules };

struct asked {
    struct attribution_plan plan;
    uint32_t conversion; /* in pattern_twin */
    bool left_out[CHANNELS_MAX];
};

/* What the twin found, by channel. */
struct wanted {
    uint64_t conversions, untouched, lost;
    int64_t value, untouched_value;
    struct {
        uint64_t paths, lost;
        long double conversions[ATTRIBUTION_SHARED], value[ATTRIBUTION_SHARED];
    } source[SOURCES];
    double step[SOURCES + 1][SOURCES + 2]; /* the last two: conversion, nothing */
    bool listed[CUSTOMERS];
};

static int channel_of(const struct asked *q, const struct fact *f)
{
    int channel = f->type == A ? 0 : f->type == B ? 1 : f->type == MAIL ? 2 : -1;

    return channel >= 0 && q->left_out[channel] ? -1 : channel;
}

static bool is_seen(const struct asked *q, const struct fact *f)
{
    return f->at_ms <= q->plan.at_ms && f->at_ms < q->plan.to_ms;
}

/* The share of touch i of n, the last of which is `age` milliseconds younger. */
static long double share_of(const struct asked *q, enum attribution_model m, size_t i,
                            size_t n, const int64_t *at_ms)
{
    long double first = q->plan.position[0], last = q->plan.position[2], sum = 0;

    switch (m) {
    case ATTRIBUTION_FIRST:
        return i == 0;
    case ATTRIBUTION_LAST:
        return i == n - 1;
    case ATTRIBUTION_POSITION:
        if (n == 1)
            return 1;
        if (n == 2)
            return first + last > 0 ? (i ? last : first) / (first + last) : 0.5L;
        return (i == 0       ? first
                : i == n - 1 ? last
                             : (long double)q->plan.position[1] / (long double)(n - 2))
               / 100;
    case ATTRIBUTION_DECAY:
        for (size_t k = 0; k < n; k++)
            sum += powl(0.5L, (long double)(at_ms[n - 1] - at_ms[k])
                                  / (long double)q->plan.half_life_ms);
        return powl(0.5L, (long double)(at_ms[n - 1] - at_ms[i])
                              / (long double)q->plan.half_life_ms)
               / sum;
    case ATTRIBUTION_LINEAR:
    case ATTRIBUTION_MARKOV:
    case ATTRIBUTION_MODELS_END:
        break;
    }
    return 1 / (long double)n;
}

/* The path that ends with event `end` of a life, back to the conversion before. */
static void take_path(const struct asked *q, const struct life *l, uint32_t end,
                      bool converts, struct wanted *w, bool *listed)
{
    const struct attribution_plan *p = &q->plan;
    int channel[EVENTS_MAX], from = 0;
    int64_t at_ms[EVENTS_MAX], value = l->fact[end].n > 0 ? l->fact[end].n * NUM_ONE : 0;
    uint32_t start = end;
    size_t n = 0;
    bool has[SOURCES] = {};

    if (l->fact[end].at_ms < p->from_ms)
        return;
    value = converts && p->has_value ? value : 0;
    while (start && !pattern_twin[q->conversion].picks(&l->fact[start - 1]))
        start--;
    for (uint32_t i = start; i <= end; i++)
        if (channel_of(q, &l->fact[i]) >= 0
            && (!p->has_lookback
                || length_add(p->zone, l->fact[i].at_ms, p->lookback)
                       >= l->fact[end].at_ms)) {
            channel[n] = channel_of(q, &l->fact[i]);
            at_ms[n++] = l->fact[i].at_ms;
        }
    w->conversions += converts;
    w->lost += !converts;
    w->value += value;
    w->untouched += converts && !n;
    w->untouched_value += n ? 0 : value;
    *listed |= p->list == ATTRIBUTION_LIST_UNTOUCHED && converts && !n;
    for (size_t i = 0; i < n; i++) {
        int c = channel[i];
        bool is_it = str_eq(rules[c].channel, p->list_channel);

        *listed |= is_it && converts
                   && (p->list == ATTRIBUTION_LIST_ANY
                       || (p->list == ATTRIBUTION_LIST_FIRST && i == 0)
                       || (p->list == ATTRIBUTION_LIST_LAST && i + 1 == n));
        *listed |= is_it && !converts && p->list == ATTRIBUTION_LIST_LOST;
        w->source[c].paths += converts && !has[c];
        w->source[c].lost += !converts && !has[c];
        has[c] = true;
        w->step[from][c]++;
        from = c + 1;
        for (enum attribution_model m = 0; converts && m < ATTRIBUTION_SHARED; m++) {
            long double share = share_of(q, m, i, n, at_ms);

            w->source[c].conversions[m] += share;
            w->source[c].value[m] += share * (long double)value;
        }
    }
    if (n)
        w->step[from][SOURCES + !converts]++;
}

static void ask_twin(const struct asked *q, const struct town *t, struct wanted *w)
{
    *w = (struct wanted){};
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct life *l = &t->life[i];
        uint32_t end = EVENTS_MAX;

        for (uint32_t k = 0; k < l->n && is_seen(q, &l->fact[k]); k++) {
            if (pattern_twin[q->conversion].picks(&l->fact[k])) {
                take_path(q, l, k, true, w, &w->listed[i]);
                end = EVENTS_MAX;
            } else if (channel_of(q, &l->fact[k]) >= 0) {
                end = k;
            }
        }
        if (end < EVENTS_MAX)
            take_path(q, l, end, false, w, &w->listed[i]);
    }
}

/* How many of all that start convert, when whoever comes to `without` goes to nothing. */
static double converts(const struct wanted *w, int without)
{
    double here[SOURCES + 1] = {1}, came = 0, under_way = 1;

    while (under_way > 1e-13) {
        double next[SOURCES + 1] = {};

        under_way = 0;
        for (int i = 0; i <= SOURCES; i++) {
            double all = 0;

            for (int k = 0; k < SOURCES + 2; k++)
                all += w->step[i][k];
            if (all == 0 || here[i] == 0 || (i && i - 1 == without))
                continue;
            came += here[i] * w->step[i][SOURCES] / all;
            for (int k = 0; k < SOURCES; k++)
                next[k + 1] += here[i] * w->step[i][k] / all;
        }
        for (int i = 0; i <= SOURCES; i++)
            under_way += here[i] = next[i];
    }
    return came;
}

static void need_row(const struct asked *q, const struct wanted *w,
                     const struct attribution *at, const struct attributed *row)
{
    str name = source_channel(&at->sources, row->source);
    int c = 0;
    double whole = converts(w, -1);

    while (!str_eq(rules[c].channel, name))
        c++;
    assert_int_equal(at->source[row->source].paths, w->source[c].paths);
    assert_int_equal(at->source[row->source].lost, w->source[c].lost);
    for (enum attribution_model m = 0; m < ATTRIBUTION_SHARED; m++) {
        long double got = (long double)row->conversions[m] / NUM_ONE;

        assert_true(fabsl(got - w->source[c].conversions[m]) <= 1e-6L);
        assert_true(!q->plan.has_value
                    || fabsl((long double)row->value[m] - w->source[c].value[m]) <= 1.5L);
    }
    assert_true(fabs(row->removal - (whole > 0 ? 1 - converts(w, c) / whole : 0)) < 1e-9);
}

/* Whatever the model, nothing is lost and nothing is made up. */
static void need_whole(const struct wanted *w, const struct attributed *row, uint32_t n)
{
    for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++) {
        int64_t conversions = (int64_t)w->untouched * NUM_ONE;
        __int128 value = w->untouched_value;

        for (uint32_t i = 0; i < n; i++) {
            assert_true(row[i].conversions[m] >= 0);
            conversions += row[i].conversions[m];
            value += row[i].value[m];
        }
        assert_int_equal(conversions, (int64_t)w->conversions * NUM_ONE);
        assert_true(value == w->value);
    }
}

static void need_listed(const struct wanted *w, const struct attribution *at)
{
    uint32_t wanted = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        bool found = false;

        for (size_t k = 0; k < at->listed.n; k++)
            found |= at->listed.customer[k] == i;
        assert_int_equal(found, w->listed[i]);
        wanted += found;
    }
    assert_int_equal(at->listed.n, wanted);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct attribution *at, *other;
    const struct attributed *row;
    struct arena a = {};
    struct wanted w;
    uint32_t n;
    struct err err;

    ask_twin(q, t, &w);
    NEED_OK(attribution_new(&q->plan, &at, &err), err);
    NEED_OK(attribution_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(attribution_add(k % 2 ? at : other, t->chunk[k], NULL, &err), err);
    NEED_OK(attribution_merge(at, other, &err), err);
    attribution_free(other);
    NEED_OK(attribution_result(at, &a, &row, &n, &err), err);
    assert_int_equal(at->conversions, w.conversions);
    assert_int_equal(at->untouched, w.untouched);
    assert_int_equal(at->lost, w.lost);
    for (uint32_t i = 0; i < n; i++)
        need_row(q, &w, at, &row[i]);
    for (int c = 0; c < SOURCES; c++)
        n -= w.source[c].paths || w.source[c].lost;
    assert_int_equal(n, 0);
    for (int c = 0; c < SOURCES; c++)
        n += w.source[c].paths || w.source[c].lost;
    need_whole(&w, row, n);
    if (q->plan.list != ATTRIBUTION_LIST_NONE)
        need_listed(&w, at);
    attribution_free(at);
    arena_free(&a);
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            const struct channels *channels, int64_t first_ms,
                            struct asked *q)
{
    static const struct length lookback[] = {
        {.ms = 0}, {.ms = 5 * MS_DAY}, {.months = 1}};
    uint32_t n, first = (uint32_t)random_below(r, 101),
                last = (uint32_t)random_below(r, 101 - first);
    struct err err;

    *q =
        (struct asked){.plan = {.program = p,
                                .source = {.channels = channels},
                                .has_lookback = random_below(r, 2),
                                .lookback = lookback[random_below(r, 3)],
                                .zone = t->model->workspace.zone,
                                .position = {first, 100 - first - last, last},
                                .half_life_ms = 1 + (int64_t)random_below(r, 20) * MS_DAY,
                                .from_ms = MOMENT_MIN,
                                .to_ms = MOMENT_NEVER,
                                .at_ms = MOMENT_NEVER,
                                .list = (enum attribution_list)random_below(r, 6),
                                .list_channel = rules[random_below(r, SOURCES)].channel},
                       .conversion = (uint32_t)random_below(r, PATTERNS)};
    if (random_below(r, 3) == 0)
        q->plan.from_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.to_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.at_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->left_out[random_below(r, SOURCES)] = true;
    q->plan.source.left_out = q->left_out;
    NEED_OK(picks_add(p, str_of(pattern_twin[q->conversion].text), &q->plan.conversion, 1,
                      &n, &err),
            err);
    q->plan.has_value = q->conversion < 2;
    if (q->plan.has_value)
        NEED_OK(picks_add_property(p, q->plan.conversion, STR("n"), &q->plan.value, &err),
                err);
}

TEST(every_conversion_is_shared_out_as_its_path_says)
{
    struct random r = chance();
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});
    struct channels *channels;
    struct arena a = {};
    uint32_t wrong;
    struct err err;

    NEED_OK(channels_new(rules, SOURCES, &a, &channels, &wrong, &err), err);
    for (size_t round = chance_rounds(20); round; round--) {
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        for (int i = 0; i < 10; i++) {
            struct program *p;
            struct asked q;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, channels, first_ms, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
    arena_free(&a);
}
