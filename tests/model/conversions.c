/* Who goes on from which stage against its twin, which asks of everybody and each stage anew. */
#include "report/conversion.h"
#include "reports.h"

#include <string.h>

enum { STAGES = 4, MOVES_MAX = 8, GROUPS = 3 };
struct path {
    struct move move[MOVES_MAX];
    size_t n;
};

struct asked {
    struct conversion_plan plan;
    const struct path *path;
};

static const struct move *get(const void *context, uint32_t customer, size_t *n)
{
    const struct path *path = context;

    *n = path[customer].n;
    return path[customer].move;
}

/* --- the twin --- */

static const char *country_of(const struct asked *q, const struct life *l)
{
    const char *country = "";

    for (uint32_t i = 0; q->plan.has_by && i < l->n; i++)
        if (l->fact[i].at_ms <= q->plan.at_ms && l->fact[i].type == IDENTIFY
            && l->fact[i].country
            && (!*country || !*l->fact[i].country)) /* the first, until it goes */
            country = l->fact[i].country;
    return country;
}

static bool is_asked(const struct asked *q, const struct town *t, uint32_t customer,
                     const char *country)
{
    const struct path *path = &q->path[customer];

    return path->n && path->move[0].at_ms <= q->plan.at_ms
           && !strcmp(country_of(q, &t->life[customer]), country);
}

/* Where he stands just before a moment. */
static uint16_t stands(const struct path *path, int64_t before_ms)
{
    uint16_t stage = STAGE_NONE;

    for (size_t i = 0; i < path->n && path->move[i].at_ms < before_ms; i++)
        stage = path->move[i].to;
    return stage;
}

/* His first move into the stage in the range, that was looked at for long enough; NULL. */
static const struct move *entry_of(const struct asked *q, const struct path *path,
                                   uint16_t stage)
{
    const struct conversion_plan *p = &q->plan;

    for (size_t i = 0; i < path->n; i++)
        if (path->move[i].to == stage && path->move[i].at_ms >= p->edge[0]
            && path->move[i].at_ms < p->edge[1])
            return !p->has_within || path->move[i].at_ms + p->within.ms <= p->at_ms
                       ? &path->move[i]
                       : NULL;
    return NULL;
}

/* The move that ended it in time; NULL: none. */
static const struct move *next_of(const struct asked *q, const struct path *path,
                                  const struct move *entry)
{
    const struct conversion_plan *p = &q->plan;
    const struct move *next = entry + 1;

    if (next == path->move + path->n || next->at_ms > p->at_ms
        || (p->has_within && next->at_ms > entry->at_ms + p->within.ms))
        return NULL;
    return next;
}

/* Stages 0 to 2 lead on to those behind them unless targets say otherwise: then 0 leads to 1, 1 to 2 and 3. 3 is an end. */
static enum conversion_fate fate_of(const struct lifecycle *l, uint16_t from, uint16_t to)
{
    bool targets = l->stage[0].aims.target.to_n > 0;

    if (to == STAGE_NONE)
        return CONVERSION_LOST;
    if (targets ? from < 2 && (to == 2 || to == 3 || (from == 0 && to == 1))
                : to > from && to < 3)
        return CONVERSION_FORWARD;
    return to == 3 ? CONVERSION_LOST : CONVERSION_BACK;
}

static bool is_listed(const struct conversion *c, uint32_t customer)
{
    for (size_t i = 0; i < c->listed.n; i++)
        if (c->listed.customer[i] == customer)
            return true;
    return false;
}

static bool has_left(const struct asked *q, const struct path *path, uint16_t stage)
{
    for (size_t i = 0; i < path->n; i++)
        if (path->move[i].from == stage && path->move[i].at_ms >= q->plan.edge[0]
            && path->move[i].at_ms < q->plan.edge[1])
            return true;
    return false;
}

static bool is_wanted(const struct asked *q, const struct path *path)
{
    const struct conversion_plan *p = &q->plan;
    const struct move *entry = entry_of(q, path, p->list_stage), *next;

    if (!p->list_next && p->list_fate == CONVERSION_STOCK)
        return stands(path, p->edge[1]) == p->list_stage;
    if (!p->list_next && p->list_fate == CONVERSION_LEFT)
        return has_left(q, path, p->list_stage);
    if (!entry)
        return false;
    next = next_of(q, path, entry);
    if (p->list_next)
        return next && next->to == p->list_to;
    return p->list_fate == CONVERSION_ENTERED
           || p->list_fate
                  == (next ? fate_of(p->lifecycle, p->list_stage, next->to)
                           : CONVERSION_WAITING);
}

static void need_list(const struct asked *q, const struct town *t,
                      const struct conversion *c)
{
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const char *country = country_of(q, &t->life[i]);
        bool here = !q->plan.list_one_group
                    || (q->plan.list_group.n
                            ? str_eq(str_from(q->plan.list_group, 1), str_of(country))
                            : !*country);

        assert_int_equal(is_listed(c, i),
                         here && is_asked(q, t, i, country) && is_wanted(q, &q->path[i]));
    }
}

static void need_stage(const struct asked *q, const struct town *t,
                       const struct conversion *c, uint32_t group, const char *country,
                       uint16_t stage)
{
    uint64_t next[STAGES + 2] = {}, fate[CONVERSION_FATES_END] = {}, of = 0, stock = 0;
    struct survival_quantile half = {.left = 0.5};
    struct lasted row[CUSTOMERS];
    size_t n = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct path *path = &q->path[i];
        const struct move *entry, *gone;
        int64_t until_ms;

        if (!is_asked(q, t, i, country))
            continue;
        stock += stands(path, q->plan.edge[1]) == stage;
        entry = entry_of(q, path, stage);
        if (!entry)
            continue;
        gone = next_of(q, path, entry);
        of++;
        next[!gone ? STAGES + 1 : gone->to == STAGE_NONE ? STAGES : gone->to]++;
        row[n] = (struct lasted){.customer = i};
        if (gone) {
            fate[fate_of(q->plan.lifecycle, stage, gone->to)]++;
            row[n].ended =
                fate_of(q->plan.lifecycle, stage, gone->to) == CONVERSION_FORWARD;
        } else
            fate[CONVERSION_WAITING]++;
        until_ms = gone                 ? gone->at_ms
                   : q->plan.has_within ? entry->at_ms + q->plan.within.ms
                                        : q->plan.at_ms;
        row[n++].ms = until_ms - entry->at_ms;
    }
    survival_sort(row, n);
    survival_quantiles(row, n, 0, &half, 1);
    assert_int_equal(c->group[group].time[stage].quarter[1].ms, half.ms);
    assert_int_equal(c->group[group].time[stage].quarter[1].low_ms, half.low_ms);
    assert_int_equal(c->group[group].time[stage].longest_ms, n ? row[n - 1].ms : -1);
    assert_int_equal(c->group[group].flow.stock[stage], stock);
    for (uint32_t to = 0; to < STAGES + 2; to++) {
        assert_int_equal(conversion_next(c, group, stage, to).hits, next[to]);
        assert_int_equal(conversion_next(c, group, stage, to).n, of);
    }
    for (int f = CONVERSION_FORWARD; f < CONVERSION_FATES_END; f++)
        assert_int_equal(conversion_share(c, group, stage, (enum conversion_fate)f).hits,
                         fate[f]);
}

/* --- by chance --- */

static void random_path(struct random *r, int64_t first_ms, struct path *out)
{
    uint16_t at = STAGE_NONE;

    *out = (struct path){.n = random_below(r, MOVES_MAX + 1)};
    for (size_t i = 0; i < out->n; i++) {
        uint16_t to = (uint16_t)random_below(r, STAGES);

        first_ms += (int64_t)random_below(r, 20) * 8 * MS_HOUR;
        if (to == at)
            to = STAGE_NONE;
        out->move[i] = (struct move){.at_ms = first_ms, .from = at, .to = to};
        at = to;
    }
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            const struct lifecycle *l, int64_t first_ms,
                            const struct path *path, struct asked *q)
{
    static const str value[] = {STR("=IT"), STR("=PT"), STR("")};
    struct conversion_plan *plan = &q->plan;
    struct err err;

    *q = (struct asked){.path = path};
    *plan = (struct conversion_plan){
        .program = p,
        .lifecycle = l,
        .zone = t->model->workspace.zone,
        .moves = {get, path},
        .at_ms = first_ms + (int64_t)random_below(r, 60) * MS_DAY,
        .has_within = random_below(r, 2),
        .within = {.ms = (int64_t)random_below(r, 12) * MS_DAY},
        .has_by = random_below(r, 2),
        .list = true,
        .list_stage = (uint16_t)random_below(r, STAGES),
        .list_fate = (enum conversion_fate)random_below(r, CONVERSION_FATES_END),
        .list_next = random_below(r, 3) == 0,
        .list_to = random_below(r, 4) ? (uint16_t)random_below(r, STAGES) : STAGE_NONE};
    plan->list_one_group = plan->has_by && random_below(r, 2);
    plan->list_group = value[random_below(r, 3)];
    plan->edge[1] = first_ms + (int64_t)random_below(r, 70) * MS_DAY;
    if (plan->edge[1] > plan->at_ms + 1)
        plan->edge[1] = plan->at_ms + 1;
    plan->edge[0] = random_below(r, 4) ? first_ms + (int64_t)random_below(r, 30) * MS_DAY
                                       : MOMENT_MIN;
    if (plan->edge[0] > plan->edge[1])
        plan->edge[0] = plan->edge[1];
    if (plan->has_by)
        NEED_OK(picks_add_told(p, STR("trait.country"), &plan->by, &err), err);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct conversion *c, *other;
    uint64_t before = UINT64_MAX;
    struct err err;

    NEED_OK(conversion_new(&q->plan, &c, &err), err);
    NEED_OK(conversion_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(conversion_add(k % 2 ? c : other, t->chunk[k], NULL, &err), err);
    NEED_OK(conversion_merge(c, other, &err), err);
    conversion_free(other);
    NEED_OK(conversion_finish(c, &err), err);
    for (uint32_t s = 0; s < STAGES; s++)
        conversion_time(c, s);
    for (uint32_t g = 0; g < c->name.n; g++) {
        uint64_t size = flow_population(&c->group[g].flow, 0);
        char country[8] = "";
        str name;

        assert_true(size <= before);
        before = size;
        if (groups_name(&c->name, g, &name))
            memcpy(country, name.p, name.n);
        for (uint16_t s = 0; s < STAGES; s++)
            need_stage(q, t, c, g, country, s);
    }
    need_list(q, t, c);
    conversion_free(c);
}

TEST(who_goes_on_from_a_stage_is_what_each_customer_does)
{
    static const uint16_t to[] = {1, 2, 3};
    struct random r = chance();
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        struct stage stage[STAGES] = {[3] = {.end = true}};
        struct lifecycle l = {.stage = stage, .stage_n = STAGES};
        struct path path[CUSTOMERS];
        struct town t;

        if (random_below(&r, 2)) {
            stage[0].aims.target.to = to;
            stage[0].aims.target.to_n = 1;
            stage[1].aims.target.to = to + 1;
            stage[1].aims.target.to_n = 2;
        }
        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        for (uint32_t i = 0; i < CUSTOMERS; i++) {
            random_path(&r, first_ms, &path[i]);
            if (!t.life[i].n)
                path[i].n = 0; /* whoever did nothing is not there */
        }
        for (int i = 0; i < 10; i++) {
            struct program *p;
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, &l, first_ms, path, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
}
