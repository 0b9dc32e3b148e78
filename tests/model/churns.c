/* Who stays and who goes against its twin, which asks of everybody and each period anew. */
#include "report/churn.h"
#include "report/flow.h"
#include "reports.h"

#include <math.h>
#include <string.h>

enum { STAGES = 3, MOVES_MAX = 6 };
struct path {
    struct move move[MOVES_MAX];
    size_t n;
};

struct asked {
    struct churn_plan plan;
    uint32_t active[2]; /* in pattern_twin */
    const struct path *path;
};

static const struct move *get(const void *context, uint32_t customer, size_t *n)
{
    const struct path *path = context;

    *n = path[customer].n;
    return path[customer].move;
}

/* --- the twin --- */

static bool is_active(const struct asked *q, const struct fact *f)
{
    for (uint32_t k = 0; k < q->plan.active_n; k++)
        if (f->at_ms <= q->plan.at_ms && pattern_twin[q->active[k]].picks(f))
            return true;
    return false;
}

/* An event of his makes him active in [from_ms, to_ms); and what they sum up to. */
static bool does(const struct asked *q, const struct life *l, int64_t from_ms,
                 int64_t to_ms, int64_t *sum)
{
    bool any = false;

    *sum = 0;
    for (uint32_t i = 0; i < l->n; i++)
        if (is_active(q, &l->fact[i]) && l->fact[i].at_ms >= from_ms
            && l->fact[i].at_ms < to_ms) {
            any = true;
            *sum += l->fact[i].n > 0 ? l->fact[i].n * INT64_C(1000000) : 0;
        }
    return any;
}

/* Where he stands at a moment, its moves done. */
static bool stands(const struct asked *q, const struct path *path, int64_t ms)
{
    uint16_t stage = STAGE_NONE;

    for (size_t i = 0; i < path->n && path->move[i].at_ms <= ms; i++)
        stage = path->move[i].to;
    return stage != STAGE_NONE && q->plan.stage.has[stage];
}

static bool stood(const struct asked *q, const struct path *path, int64_t from_ms,
                  int64_t to_ms)
{
    bool any = from_ms > MOMENT_MIN && from_ms < to_ms && stands(q, path, from_ms);

    for (size_t i = 0; i < path->n; i++)
        any |= path->move[i].at_ms >= from_ms && path->move[i].at_ms < to_ms
               && stands(q, path, path->move[i].at_ms);
    return any;
}

/* Of period k; -1: the one before the first. */
static int64_t start_of(const struct asked *q, int k)
{
    return k < 0 ? q->plan.before_ms : q->plan.edge[k];
}

static int fate_of(const struct asked *q, const struct town *t, uint32_t customer,
                   uint32_t period, int64_t *before, int64_t *now)
{
    const struct life *l = &t->life[customer];
    const struct path *path = &q->path[customer];
    int64_t from_ms = q->plan.edge[period], to_ms = q->plan.edge[period + 1], sum;
    bool start, end, ever, between;

    start = does(q, l, start_of(q, (int)period - 1), from_ms, before);
    end = between = does(q, l, from_ms, to_ms, now);
    ever = does(q, l, MOMENT_MIN, from_ms, &sum);
    if (!q->plan.active_n) {
        start = stands(q, path, from_ms - 1);
        end = stands(q, path, to_ms - 1);
        ever = stood(q, path, MOMENT_MIN, from_ms);
        between = stood(q, path, from_ms, to_ms);
    }
    if (start)
        return end ? CHURN_KEPT : CHURN_LOST;
    if (end)
        return ever ? CHURN_RETURNED : CHURN_NEW;
    return between ? CHURN_PASSED : CHURN_FATES_END;
}

static bool is_listed(const struct churn *c, uint32_t customer)
{
    for (size_t i = 0; i < c->listed.n; i++)
        if (c->listed.customer[i] == customer)
            return true;
    return false;
}

static void need_period(const struct asked *q, const struct town *t,
                        const struct churn *c, uint32_t period)
{
    struct churn_period wanted = {};

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        int64_t before, now;
        int fate = fate_of(q, t, i, period, &before, &now);

        if (fate < CHURN_FATES_END)
            wanted.fate[fate]++;
        if (q->plan.has_value && before > 0) {
            wanted.base += before;
            wanted.gross += now < before ? now : before;
            wanted.net += now;
        }
        if (q->plan.list && period == q->plan.list_period)
            assert_int_equal(is_listed(c, i), fate == (int)q->plan.list_fate);
    }
    for (int f = 0; f < CHURN_FATES_END; f++)
        assert_int_equal(c->period[period].fate[f], wanted.fate[f]);
    assert_true(c->period[period].base == wanted.base);
    assert_true(c->period[period].gross == wanted.gross);
    assert_true(c->period[period].net == wanted.net);
}

/* --- by chance --- */

static void random_path(struct random *r, int64_t first_ms, struct path *out)
{
    uint16_t at = STAGE_NONE;

    *out = (struct path){.n = random_below(r, MOVES_MAX + 1)};
    for (size_t i = 0; i < out->n; i++) {
        uint16_t to = (uint16_t)random_below(r, STAGES);

        first_ms += (int64_t)random_below(r, 40) * 8 * MS_HOUR;
        to = to == at ? STAGE_NONE : to;
        if (to == at)
            to = 0;
        out->move[i] = (struct move){.at_ms = first_ms, .from = at, .to = to};
        at = to;
    }
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, const struct path *path, bool has[STAGES],
                            struct arena *a, struct asked *q)
{
    const struct zone *z = t->model->workspace.zone;
    enum flow_by by = (enum flow_by)random_below(r, 3);
    struct churn_plan *plan = &q->plan;
    const int64_t *before;
    struct err err;
    uint32_t n;

    *q = (struct asked){.path = path};
    *plan = (struct churn_plan){.program = p,
                                .active_n = (uint32_t)random_below(r, 3),
                                .stage = {has, random_below(r, 2)},
                                .moves = {get, path},
                                .at_ms = first_ms + 60 * MS_DAY,
                                .list = random_below(r, 2),
                                .list_fate =
                                    (enum churn_fate)random_below(r, CHURN_FATES_END)};
    for (int i = 0; i < STAGES; i++)
        has[i] = random_below(r, 2);
    for (uint32_t k = 0; k < plan->active_n; k++) {
        q->active[k] = (uint32_t)random_below(r, PATTERNS);
        NEED_OK(picks_add(p, str_of(pattern_twin[q->active[k]].text), &plan->active[k], 1,
                          &n, &err),
                err);
    }
    plan->has_value = plan->active_n == 1 && q->active[0] < 2;
    if (plan->has_value)
        NEED_OK(picks_add_property(p, plan->active[0], STR("n"), &plan->value, &err),
                err);
    NEED_OK(flow_edges(z, by, first_ms + (int64_t)random_below(r, 20) * MS_DAY,
                       first_ms + 45 * MS_DAY, a, &plan->edge, &plan->period_n, &err),
            err);
    NEED_OK(flow_edges(z, by, plan->edge[0] - 1, plan->edge[0] - 1, a, &before, &n, &err),
            err);
    plan->before_ms = before[0];
    while (plan->edge[plan->period_n] > plan->at_ms)
        plan->period_n--;
    plan->list_period = (uint32_t)random_below(r, plan->period_n);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct churn *c, *other;
    struct err err;

    NEED_OK(churn_new(&q->plan, &c, &err), err);
    NEED_OK(churn_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(churn_add(k % 2 ? c : other, t->chunk[k], NULL, &err), err);
    NEED_OK(churn_merge(c, other, &err), err);
    churn_free(other);
    for (uint32_t k = 0; k < q->plan.period_n; k++)
        need_period(q, t, c, k);
    churn_free(c);
}

TEST(who_stays_and_who_goes_is_what_each_customer_does)
{
    struct random r = chance();
    /* Over the night in which Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        struct path path[CUSTOMERS];
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        for (uint32_t i = 0; i < CUSTOMERS; i++) {
            random_path(&r, first_ms, &path[i]);
            if (!t.life[i].n)
                path[i].n = 0; /* whoever did nothing is not there */
        }
        for (int i = 0; i < 10; i++) {
            bool has[STAGES];
            struct program *p;
            struct arena a = {};
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, path, has, &a, &q);
            need_twin(&q, &t);
            program_free(p);
            arena_free(&a);
        }
        town_close(&t);
    }
}

TEST(rates_are_what_their_formulas_say)
{
    /* 100 at the start: 90 kept and 10 lost; 30 new, 6 came back, 4 came and went. */
    struct churn_period p = {
        .fate = {90, 10, 30, 6, 4}, .base = 200, .gross = 150, .net = 260};
    static const double wanted[CHURN_FORMULAS_END] = {
        .9, .96, 126.0 / 140, 1 - 14.0 / 113, .75, 1.3};
    static const struct churn_period nobody;

    for (int f = 0; f < CHURN_FORMULAS_END; f++) {
        struct churn_rate r = churn_rate(&p, (enum churn_formula)f);

        assert_true(r.known && fabs(r.retention - wanted[f]) < 1e-15);
        assert_int_equal(r.has_bounds, f == CHURN_BY_START || f == CHURN_BY_ALL);
        assert_false(churn_rate(&nobody, (enum churn_formula)f).known);
        assert_false(churn_rate(&nobody, (enum churn_formula)f).has_bounds);
    }
}
