/* What channels bring against its twin, which looks at every event of everybody anew. */
#include "report/returns.h"
#include "reports.h"

#include "base/num.h"

#include <string.h>

/* Channels by the event, since lives of chance have no contexts. */
static const struct channel_rule rules[] = {
    {STR("one"), STR("event = 'a'")},
    {STR("two"), STR("event = 'b'")},
    {STR("three"), STR("event = 'mail'")},
};
enum { SOURCES = sizeof rules / sizeof *rules, NOBODY = SOURCES };

struct asked {
    struct returns_plan plan;
    uint32_t won, event; /* in pattern_twin */
    bool left_out[CHANNELS_MAX];
};

struct wanted {
    struct {
        uint64_t reached, won, events;
        int64_t value;
    } source[SOURCES + 1], all;
    bool listed[CUSTOMERS];
};

static int channel_of(const struct asked *q, const struct fact *f)
{
    int channel = f->type == A ? 0 : f->type == B ? 1 : f->type == MAIL ? 2 : NOBODY;

    return channel < SOURCES && q->left_out[channel] ? NOBODY : channel;
}

static bool is_seen(const struct asked *q, const struct fact *f)
{
    return f->at_ms <= q->plan.at_ms && f->at_ms < q->plan.to_ms;
}

static bool is_in(const struct asked *q, const struct fact *f)
{
    return is_seen(q, f) && f->at_ms >= q->plan.from_ms;
}

/* To which touch event i of a life is owed. */
static int owed(const struct asked *q, const struct life *l, uint32_t i)
{
    int to = NOBODY;

    for (uint32_t k = 0; k <= i; k++)
        if (channel_of(q, &l->fact[k]) != NOBODY && (to == NOBODY || q->plan.by_last))
            to = channel_of(q, &l->fact[k]);
    return to;
}

static bool is_listed(const struct asked *q, enum returns_list what, int source)
{
    return q->plan.list == what
           && str_eq(q->plan.list_channel,
                     source == NOBODY ? SOURCE_NO_CAMPAIGN : rules[source].channel);
}

static void ask_one(const struct asked *q, const struct life *l, struct wanted *w,
                    bool *listed)
{
    bool won = false, reached[SOURCES + 1] = {};

    for (uint32_t i = 0; i < l->n && is_seen(q, &l->fact[i]); i++) {
        const struct fact *f = &l->fact[i];
        int to = owed(q, l, i), here = channel_of(q, f);
        bool wins = q->plan.has_won ? pattern_twin[q->won].picks(f) : here != NOBODY;

        if (here != NOBODY && is_in(q, f) && !reached[here]) {
            reached[here] = true;
            w->source[here].reached++;
            *listed |= is_listed(q, RETURNS_LIST_REACHED, here);
        }
        if (wins && !won && is_in(q, f)) {
            w->source[to].won++;
            w->all.won++;
            *listed |= is_listed(q, RETURNS_LIST_WON, to);
        }
        won |= wins;
        if (q->plan.has_event && is_in(q, f) && pattern_twin[q->event].picks(f)) {
            w->source[to].events++;
            w->all.events++;
            w->source[to].value += q->plan.has_value && f->n > 0 ? f->n * NUM_ONE : 0;
            w->all.value += q->plan.has_value && f->n > 0 ? f->n * NUM_ONE : 0;
            *listed |= is_listed(q, RETURNS_LIST_EVENTS, to);
        }
    }
    for (int c = 0; c < SOURCES; c++)
        if (reached[c]) {
            w->all.reached++;
            break;
        }
}

static void need_same(const struct returns_source *got, uint64_t reached, uint64_t won,
                      uint64_t events, int64_t value)
{
    assert_int_equal(got->reached, reached);
    assert_int_equal(got->won, won);
    assert_int_equal(got->events, events);
    assert_true(got->value == value);
}

static void need_sources(const struct wanted *w, const struct returns *r)
{
    for (int c = 0; c < SOURCES; c++) {
        static const struct returns_source nothing;
        const struct returns_source *got = &nothing;

        for (uint32_t i = 0; i < r->sources.name.n; i++)
            if (str_eq(source_channel(&r->sources, i), rules[c].channel))
                got = &r->source[i];
        need_same(got, w->source[c].reached, w->source[c].won, w->source[c].events,
                  w->source[c].value);
    }
    need_same(&r->nobody, 0, w->source[NOBODY].won, w->source[NOBODY].events,
              w->source[NOBODY].value);
    need_same(&r->all, w->all.reached, w->all.won, w->all.events, w->all.value);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct returns *r, *other;
    struct wanted w = {};
    struct err err;

    for (uint32_t i = 0; i < CUSTOMERS; i++)
        ask_one(q, &t->life[i], &w, &w.listed[i]);
    NEED_OK(returns_new(&q->plan, &r, &err), err);
    NEED_OK(returns_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(returns_add(k % 2 ? r : other, t->chunk[k], NULL, &err), err);
    NEED_OK(returns_merge(r, other, &err), err);
    returns_free(other);
    need_sources(&w, r);
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        uint32_t found = 0;

        for (size_t k = 0; k < r->listed.n; k++)
            found += r->listed.customer[k] == i;
        assert_int_equal(found, w.listed[i]);
    }
    returns_free(r);
}

static void random_question(struct random *r, struct program *p,
                            const struct channels *channels, int64_t first_ms,
                            struct asked *q)
{
    uint32_t n, list = (uint32_t)random_below(r, SOURCES + 1);
    struct err err;

    *q = (struct asked){.plan = {.program = p,
                                 .has_won = random_below(r, 2),
                                 .has_event = random_below(r, 3),
                                 .by_last = random_below(r, 2),
                                 .source = {.channels = channels},
                                 .from_ms = MOMENT_MIN,
                                 .to_ms = MOMENT_NEVER,
                                 .at_ms = MOMENT_NEVER,
                                 .list = (enum returns_list)random_below(r, 4),
                                 .list_channel = list < SOURCES ? rules[list].channel
                                                                : SOURCE_NO_CAMPAIGN},
                        .won = (uint32_t)random_below(r, PATTERNS),
                        .event = (uint32_t)random_below(r, PATTERNS)};
    if (random_below(r, 3) == 0)
        q->plan.from_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.to_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.at_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->left_out[random_below(r, SOURCES)] = true;
    q->plan.source.left_out = q->left_out;
    NEED_OK(picks_add(p, str_of(pattern_twin[q->won].text), &q->plan.won, 1, &n, &err),
            err);
    NEED_OK(
        picks_add(p, str_of(pattern_twin[q->event].text), &q->plan.event, 1, &n, &err),
        err);
    q->plan.has_value = q->plan.has_event && q->event < 2;
    if (q->plan.has_value)
        NEED_OK(picks_add_property(p, q->plan.event, STR("n"), &q->plan.value, &err),
                err);
}

TEST(what_channels_bring_is_what_each_customer_says)
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
            random_question(&r, p, channels, first_ms, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
    arena_free(&a);
}
