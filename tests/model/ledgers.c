/* The lines of ledgers against their twin, which looks at every event of everybody anew; and shares of a
 * sum, which are whole and add up to it. */
#include "report/ledger.h"
#include "reports.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* Channels by the event, since lives of chance have no contexts. */
static const struct channel_rule rules[] = {
    {STR("one"), STR("event = 'a'")},
    {STR("two"), STR("event = 'b'")},
    {STR("three"), STR("event = 'mail'")},
};
enum { SOURCES = sizeof rules / sizeof *rules, LINES_MAX = CUSTOMERS * EVENTS_MAX * 4 };

/* No colour is a currency, so that the callback hears of "?": on odd days it is worth the double. */
static bool convert(const void *context, str currency, int32_t day, int64_t minor,
                    int64_t *out)
{
    assert_true(context && str_eq(currency, STR("?")));
    *out = 2 * minor;
    return day % 2;
}

struct wanted {
    struct ledger_line line[LINES_MAX];
    size_t line_n;
    struct ledger_touch touch[CUSTOMERS * EVENTS_MAX]; /* .source: of rules */
    size_t touch_n;
    struct ledger_customer customer[CUSTOMERS];
    const char *referrer[CUSTOMERS];
    size_t customer_n;
    uint64_t foreign, converted;
    int64_t foreign_sum;
};

static int source_of(const struct fact *f)
{
    return f->type == A ? 0 : f->type == B ? 1 : f->type == MAIL ? 2 : -1;
}

static bool is_term(int term, const struct fact *f)
{
    switch (term) {
    case LEDGER_PURCHASES:
        return f->type == A && f->n >= 0;
    case LEDGER_REFUNDS:
        return f->type == B && f->n >= 0;
    case LEDGER_REWARDS:
        return f->type == A && f->n >= 2;
    default:
        return f->type == C;
    }
}

static void ask_one(const struct ledger_plan *p, const struct life *l, uint32_t number,
                    struct wanted *w)
{
    struct ledger_customer *c = &w->customer[w->customer_n];
    size_t touches = w->touch_n;

    *c = (struct ledger_customer){number, SOURCE_NONE, TEXT_NONE, LEDGER_NO_DAY};
    w->referrer[w->customer_n] = NULL;
    for (uint32_t i = 0; i < l->n && l->fact[i].at_ms <= p->at_ms; i++) {
        const struct fact *f = &l->fact[i];
        int32_t day = day_of_moment(p->zone, f->at_ms);
        int source = source_of(f);
        bool again = false;

        /* the first, until it goes */
        if (f->type == IDENTIFY && (!w->referrer[w->customer_n] || !*f->country))
            w->referrer[w->customer_n] = *f->country ? f->country : NULL;
        if (source >= 0 && c->source == SOURCE_NONE)
            c->source = (uint32_t)source;
        for (size_t k = touches; k < w->touch_n; k++)
            again |= w->touch[k].day == day && w->touch[k].source == (uint32_t)source;
        if (source >= 0 && !again && p->costs[source])
            w->touch[w->touch_n++] = (struct ledger_touch){(uint32_t)source, number, day};
        for (int t = 0; t < LEDGER_TERM_N; t++) {
            struct ledger_line line = {
                number, i,          CUSTOMER_NONE,
                day,    (uint8_t)t, t == LEDGER_SUPPORT ? p->contact_cost : f->n * 100};

            if (!is_term(t, f))
                continue;
            if (t == LEDGER_PURCHASES && c->first_day == LEDGER_NO_DAY)
                c->first_day = day;
            if (f->at_ms < p->from_ms || f->at_ms >= p->to_ms)
                continue;
            if (t != LEDGER_SUPPORT && f->color && day % 2 == 0) {
                w->foreign++;
                w->foreign_sum += line.minor;
                continue;
            }
            if (t != LEDGER_SUPPORT && f->color) {
                w->converted++;
                line.minor *= 2;
            }
            w->line[w->line_n++] = line;
        }
    }
    w->customer_n += l->n > 0 && l->fact[0].at_ms <= p->at_ms;
}

static int line_cmp(const void *a, const void *b)
{
    const struct ledger_line *x = a, *y = b;

    if (x->customer != y->customer)
        return x->customer < y->customer ? -1 : 1;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

/* The number of a source there. */
static uint32_t named(const struct ledger *l, uint32_t source)
{
    if (source == SOURCE_NONE)
        return source;
    for (uint32_t i = 0; i < SOURCES; i++)
        if (str_eq(source_channel(&l->sources, source), rules[i].channel))
            return i;
    fail_msg("no such channel");
    return 0;
}

static void need_touches(const struct wanted *w, const struct ledger *l)
{
    assert_int_equal(l->touch_n, w->touch_n);
    for (size_t i = 0; i < w->touch_n; i++) {
        uint32_t found = 0;

        for (size_t k = 0; k < l->touch_n; k++)
            found += l->touch[k].customer == w->touch[i].customer
                     && l->touch[k].day == w->touch[i].day
                     && named(l, l->touch[k].source) == w->touch[i].source;
        assert_int_equal(found, 1);
    }
}

static void need_same(const struct wanted *w, const struct ledger *l,
                      const struct town *t)
{
    assert_int_equal(l->line_n, w->line_n);
    for (size_t i = 0; i < l->line_n; i++) {
        struct ledger_line line = l->line[i];

        line.event -= t->chunk[line.customer / CHUNK_CUSTOMERS]
                          ->first[line.customer % CHUNK_CUSTOMERS];
        assert_true(line.customer == w->line[i].customer && line.day == w->line[i].day
                    && line.kind == w->line[i].kind && line.minor == w->line[i].minor
                    && line.event == w->line[i].event && line.brought == CUSTOMER_NONE);
    }
    need_touches(w, l);
    assert_int_equal(l->customer_n, w->customer_n);
    for (size_t i = 0; i < l->customer_n; i++) {
        const struct ledger_customer *c = &l->customer[i];

        assert_int_equal(c->customer, w->customer[i].customer);
        assert_int_equal(named(l, c->source), w->customer[i].source);
        assert_int_equal(c->first_day, w->customer[i].first_day);
        assert_int_equal(c->referrer == TEXT_NONE, !w->referrer[i]);
        if (w->referrer[i])
            assert_true(str_eq(text_table_get(&l->referrer, c->referrer),
                               str_of(w->referrer[i])));
    }
    assert_int_equal(l->converted, w->converted);
    assert_int_equal(l->currency.n, w->foreign > 0);
    if (w->foreign) {
        assert_int_equal(l->foreign[0].lines, w->foreign);
        assert_true(l->foreign[0].sum == w->foreign_sum);
    }
}

static void need_twin(const struct ledger_plan *plan, const struct town *t)
{
    static struct wanted w;
    struct ledger *l, *other;
    struct err err;

    w = (struct wanted){};
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        ask_one(plan, &t->life[i], i, &w);
    if (w.line_n)
        qsort(w.line, w.line_n, sizeof *w.line, line_cmp);
    NEED_OK(ledger_new(plan, &l, &err), err);
    NEED_OK(ledger_new(plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(ledger_add(k % 2 ? l : other, t->chunk[k], NULL, &err), err);
    NEED_OK(ledger_merge(l, other, &err), err);
    ledger_free(other);
    ledger_sort(l);
    need_same(&w, l, t);
    ledger_free(l);
}

static void random_plan(struct random *r, struct program *p,
                        const struct channels *channels, const struct zone *zone,
                        int64_t first_ms, struct ledger_plan *plan)
{
    static const char *const event[LEDGER_TERM_N] = {"a.n", "b.n", "a.n where n >= 2",
                                                     "c"};
    struct err err;
    uint32_t n;

    *plan = (struct ledger_plan){.program = p,
                                 .zone = zone,
                                 .from_ms = MOMENT_MIN,
                                 .to_ms = MOMENT_NEVER,
                                 .at_ms = MOMENT_NEVER,
                                 .contact_cost = 435,
                                 .currency = STR("EUR"),
                                 .decimals = 2,
                                 .has_referrer = true,
                                 .source = {.channels = channels, .by_campaign = true},
                                 .convert = convert,
                                 .context = "something"};
    for (int t = 0; t < LEDGER_TERM_N; t++) {
        plan->term[t].there = true;
        NEED_OK(picks_add(p, str_of(event[t]), &plan->term[t].event, 1, &n, &err), err);
        plan->term[t].has_currency = t != LEDGER_SUPPORT;
        if (t != LEDGER_SUPPORT)
            NEED_OK(picks_add_property(p, plan->term[t].event, STR("color"),
                                       &plan->term[t].currency, &err),
                    err);
    }
    NEED_OK(picks_add_told(p, STR("trait.country"), &plan->referrer, &err), err);
    for (int i = 0; i < SOURCES; i++)
        plan->costs[i] = random_below(r, 3);
    if (random_below(r, 3) == 0)
        plan->from_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        plan->to_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        plan->at_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
}

TEST(lines_of_ledgers_are_what_each_customer_did)
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
            struct ledger_plan plan;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_plan(&r, p, channels, t.model->workspace.zone, first_ms, &plan);
            need_twin(&plan, &t);
            program_free(p);
        }
        town_close(&t);
    }
    arena_free(&a);
}

TEST(equal_shares_are_whole_and_add_up)
{
    struct random r = chance();

    for (size_t round = chance_rounds(2000); round; round--) {
        int64_t minor = (int64_t)random_below(&r, 2000) - 1000, sum = 0, least, most;
        size_t n = random_below(&r, 50) + 1;

        least = most = ledger_share(minor, n, 0);
        for (size_t i = 0; i < n; i++) {
            int64_t one = ledger_share(minor, n, i);

            sum += one;
            least = one < least ? one : least;
            most = one > most ? one : most;
            if (i)
                assert_true(llabs(one) <= llabs(ledger_share(minor, n, i - 1)));
        }
        assert_true(sum == minor && most - least <= 1);
    }
}
