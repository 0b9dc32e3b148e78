/* Cohorts against their twin, which asks each cell of everybody. */
#include "report/cohort.h"
#include "report/flow.h"
#include "reports.h"

#include <string.h>

/* A question, as both understand it. */
struct asked {
    struct cohort_plan plan;
    uint32_t first, again; /* in pattern_twin */
    enum flow_by by;
    const struct zone *zone;
};

/* Whether the one before it that fits is so long ago, when that is asked for. */
static bool is_back(const struct asked *q, const struct life *l, uint32_t place)
{
    const struct length gap = q->plan.begin.gap;

    for (uint32_t i = place; i-- > 0 && (gap.ms || gap.months);)
        if (pattern_twin[q->first].picks(&l->fact[i]))
            return l->fact[place].at_ms >= length_add(q->zone, l->fact[i].at_ms, gap);
    return !gap.ms && !gap.months;
}

/* Where somebody begins: his first event's place, or false. */
static bool begins(const struct asked *q, const struct life *l, uint32_t *place)
{
    for (*place = 0; *place < l->n && l->fact[*place].at_ms <= q->plan.at_ms; ++*place)
        if (pattern_twin[q->first].picks(&l->fact[*place]) && is_back(q, l, *place))
            return l->fact[*place].at_ms >= q->plan.from_ms
                   && l->fact[*place].at_ms < q->plan.to_ms
                   && l->fact[*place].at_ms >= q->plan.edge[0]
                   && l->fact[*place].at_ms < q->plan.edge[q->plan.period_n];
    return false;
}

static bool is_in(const struct asked *q, int64_t ms, uint32_t period)
{
    return ms >= q->plan.edge[period] && ms < q->plan.edge[period + 1];
}

/* What comes again of one: the events that do, in their order. */
static uint32_t again_of(const struct asked *q, const struct life *l, uint32_t place,
                         const struct fact *out[EVENTS_MAX])
{
    uint32_t n = 0;

    for (uint32_t i = place + q->plan.repeat; i < l->n; i++)
        if (l->fact[i].at_ms <= q->plan.at_ms
            && pattern_twin[q->again].picks(&l->fact[i]))
            out[n++] = &l->fact[i];
    return n;
}

static void need_cell(const struct asked *q, const struct town *t,
                      const struct cohorts *c, uint32_t cohort, uint32_t period,
                      bool cumulated)
{
    struct cohort_cell wanted = {}, got = cohort_cell(c, cohort, period, cumulated);
    uint64_t began = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct fact *again[EVENTS_MAX];
        uint32_t place, n;
        bool here = false;

        if (!begins(q, &t->life[i], &place)
            || !is_in(q, t->life[i].fact[place].at_ms, cohort))
            continue;
        began++;
        n = again_of(q, &t->life[i], place, again);
        for (uint32_t k = 0; k < n; k++) {
            if (cumulated ? again[k]->at_ms >= q->plan.edge[period + 1]
                          : !is_in(q, again[k]->at_ms, period))
                continue;
            here = true;
            wanted.events++;
            wanted.value += again[k]->n > 0 ? again[k]->n * INT64_C(1000000) : 0;
        }
        wanted.customers += here;
    }
    assert_int_equal(c->began[cohort], began);
    assert_int_equal(got.customers, wanted.customers);
    assert_int_equal(got.events, wanted.events);
    assert_true(!q->plan.has_value || got.value == wanted.value);
}

static void need_times(const struct asked *q, const struct town *t,
                       const struct cohorts *c)
{
    for (uint32_t times = 1; times <= COHORT_TIMES_MAX; times++) {
        uint64_t wanted = 0;

        for (uint32_t i = 0; i < CUSTOMERS; i++) {
            const struct fact *again[EVENTS_MAX];
            uint32_t place;

            wanted += begins(q, &t->life[i], &place)
                      && again_of(q, &t->life[i], place, again) >= times;
        }
        assert_int_equal(c->at_least[times], wanted);
    }
}

static bool is_listed(const struct asked *q, const struct life *l)
{
    const struct fact *again[EVENTS_MAX];
    uint32_t place, n;

    if (!begins(q, l, &place) || !is_in(q, l->fact[place].at_ms, q->plan.list_cohort))
        return false;
    n = again_of(q, l, place, again);
    for (uint32_t k = 0; k < n; k++)
        if (q->plan.list_period != COHORT_ANY
            && is_in(q, again[k]->at_ms, q->plan.list_period))
            return true;
    return q->plan.list_period == COHORT_ANY;
}

/* Of all who began: for whom it came so many periods later, as far as that one is over. */
static void need_after(const struct asked *q, const struct town *t,
                       const struct cohorts *c, uint32_t number, bool cumulated)
{
    struct share wanted = {}, got = cohort_after(c, number, cumulated);

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct fact *again[EVENTS_MAX];
        uint32_t place, n, cohort = 0, period;
        bool came = false;

        if (!begins(q, &t->life[i], &place))
            continue;
        while (cohort < q->plan.period_n
               && !is_in(q, t->life[i].fact[place].at_ms, cohort))
            cohort++;
        period = cohort + number;
        if (period >= q->plan.period_n || q->plan.edge[period + 1] - 1 > q->plan.at_ms)
            continue;
        n = again_of(q, &t->life[i], place, again);
        for (uint32_t k = 0; k < n; k++)
            came |= cumulated ? again[k]->at_ms < q->plan.edge[period + 1]
                              : is_in(q, again[k]->at_ms, period);
        wanted.hits += came;
        wanted.n++;
    }
    assert_int_equal(got.hits, wanted.hits);
    assert_int_equal(got.n, wanted.n);
}

static void need_listed(const struct asked *q, const struct town *t,
                        const struct cohorts *c)
{
    uint32_t wanted = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        bool found = false;

        for (size_t k = 0; k < c->listed.n; k++)
            found |= c->listed.customer[k] == i;
        assert_int_equal(found, is_listed(q, &t->life[i]));
        wanted += found;
    }
    assert_int_equal(c->listed.n, wanted);
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, struct arena *a, struct asked *q)
{
    uint32_t n;
    struct err err;

    *q = (struct asked){.plan = {.program = p,
                                 .repeat = random_below(r, 2),
                                 .from_ms = MOMENT_MIN,
                                 .to_ms = MOMENT_NEVER,
                                 .at_ms = MOMENT_NEVER},
                        .first = (uint32_t)random_below(r, PATTERNS),
                        .again = (uint32_t)random_below(r, PATTERNS),
                        .by = (enum flow_by)random_below(r, 3),
                        .zone = t->model->workspace.zone};
    if (random_below(r, 3) == 0)
        q->plan.from_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.to_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    if (random_below(r, 3) == 0)
        q->plan.at_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY;
    NEED_OK(picks_add(p, str_of(pattern_twin[q->first].text), &q->plan.begin.pick, 1, &n,
                      &err),
            err);
    NEED_OK(
        picks_add(p, str_of(pattern_twin[q->again].text), &q->plan.again, 1, &n, &err),
        err);
    q->plan.has_value = q->again < 2;
    if (q->plan.has_value)
        NEED_OK(picks_add_property(p, q->plan.again, STR("n"), &q->plan.value, &err),
                err);
    /* Events before the first period and behind the last are in no cohort and no cell. */
    NEED_OK(flow_edges(q->zone, q->by, first_ms + 5 * MS_DAY, first_ms + 50 * MS_DAY, a,
                       &q->plan.edge, &q->plan.period_n, &err),
            err);
    q->plan.list = random_below(r, 2);
    q->plan.list_cohort = (uint32_t)random_below(r, q->plan.period_n);
    q->plan.list_period =
        random_below(r, 2) ? COHORT_ANY : (uint32_t)random_below(r, q->plan.period_n);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct cohorts *c, *other;
    struct err err;

    NEED_OK(cohorts_new(&q->plan, &c, &err), err);
    NEED_OK(cohorts_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(cohorts_add(k % 2 ? c : other, t->chunk[k], SCAN_SPAN_ANY, NULL, &err),
                err);
    NEED_OK(cohorts_merge(c, other, &err), err);
    cohorts_free(other);
    for (uint32_t k = 0; k < q->plan.period_n; k++)
        for (uint32_t i = k; i < q->plan.period_n; i++) {
            need_cell(q, t, c, k, i, false);
            need_cell(q, t, c, k, i, true);
        }
    for (uint32_t k = 0; k <= q->plan.period_n; k++) {
        need_after(q, t, c, k, false);
        need_after(q, t, c, k, true);
    }
    need_times(q, t, c);
    if (q->plan.list)
        need_listed(q, t, c);
    cohorts_free(c);
}

TEST(every_cell_of_a_cohort_is_what_each_customer_says)
{
    struct random r = chance();
    /* Over the night in which Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        for (int i = 0; i < 10; i++) {
            struct program *p;
            struct arena a = {};
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, &a, &q);
            need_twin(&q, &t);
            program_free(p);
            arena_free(&a);
        }
        town_close(&t);
    }
}
