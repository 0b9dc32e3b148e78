/* Spells against their twin, which looks at each customer's events one by one; and the curve over
 * them against the definition. */
#include "report/spell.h"
#include "reports.h"

#include <math.h>
#include <string.h>

/* A question, as both understand it. */
struct asked {
    struct spell_plan plan;
    uint32_t first, end[2], end_n; /* in pattern_twin */
    const struct zone *zone;
};

enum { STAGES = 3, MOVES_MAX = 6 };
/* Moves of chance: in no order with the events but that of time. */
struct path {
    struct move move[MOVES_MAX];
    size_t n;
};

static const struct move *get(const void *context, uint32_t customer, size_t *n)
{
    const struct path *path = context;

    *n = path[customer].n;
    return path[customer].move;
}

/* --- the twin --- */

static bool is_seen(const struct asked *q, int64_t ms)
{
    return ms <= q->plan.at_ms;
}

static bool is_back(const struct asked *q, const struct life *l, uint32_t place)
{
    const struct length gap = q->plan.begin.gap;
    const struct fact *before = NULL;

    for (uint32_t i = 0; i < place; i++)
        if (pattern_twin[q->first].picks(&l->fact[i]))
            before = &l->fact[i];
    return !gap.ms
           || (before && l->fact[place].at_ms >= length_add(q->zone, before->at_ms, gap));
}

static bool has(const struct stage_set *s, uint16_t stage)
{
    return stage == STAGE_NONE ? s->out : s->has[stage];
}

/* The moment, and from which event and which move on it may end. */
static bool begins(const struct asked *q, const struct life *l, const struct path *path,
                   int64_t *ms, uint32_t *event, size_t *move)
{
    const struct begin *b = &q->plan.begin;

    *move = 0;
    for (size_t i = 0; b->by == BEGIN_STAGE && i < path->n; i++)
        if (is_seen(q, path->move[i].at_ms) && has(&b->stage, path->move[i].to)
            && !has(&b->stage, path->move[i].from)) {
            *ms = path->move[i].at_ms;
            for (*event = 0; *event < l->n && l->fact[*event].at_ms <= *ms;)
                ++*event;
            *move = i + 1;
            return true;
        }
    for (*event = 0; b->by == BEGIN_EVENT && *event < l->n; ++*event)
        if (is_seen(q, l->fact[*event].at_ms)
            && pattern_twin[q->first].picks(&l->fact[*event]) && is_back(q, l, *event)) {
            *ms = l->fact[*event].at_ms;
            ++*event;
            return true;
        }
    return false;
}

static int64_t ends(const struct asked *q, const struct life *l, const struct path *path,
                    int64_t began_ms, uint32_t event, size_t move)
{
    for (; q->end_n && event < l->n; event++)
        for (uint32_t k = 0; k < q->end_n; k++)
            if (is_seen(q, l->fact[event].at_ms)
                && pattern_twin[q->end[k]].picks(&l->fact[event]))
                return l->fact[event].at_ms;
    if (q->plan.has_end_way)
        move = 0;
    for (; !q->end_n && move < path->n; move++)
        if (is_seen(q, path->move[move].at_ms) && path->move[move].at_ms >= began_ms
            && (!q->plan.has_end_way || path->move[move].way == q->plan.end_way)
            && has(&q->plan.end_stage, path->move[move].to)
            && !has(&q->plan.end_stage, path->move[move].from))
            return path->move[move].at_ms;
    return MOMENT_NEVER;
}

/* Empty: it is not known of him then. */
static const char *country_of(const struct asked *q, const struct life *l, int64_t at_ms)
{
    const char *country = "";

    for (uint32_t i = 0; i < l->n; i++)
        if (l->fact[i].type == IDENTIFY && is_seen(q, l->fact[i].at_ms)
            && l->fact[i].at_ms <= at_ms
            && (!*country || !*l->fact[i].country)) /* the first, until it goes */
            country = l->fact[i].country;
    return country;
}

static const struct lasted *row_of(const struct spells *s, uint32_t customer)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].customer == customer)
            return &s->row[i];
    return NULL;
}

static void need_twin(const struct asked *q, const struct town *t,
                      const struct path *path, const struct spells *s)
{
    size_t n = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct lasted *row = row_of(s, i);
        int64_t ms = 0, end_ms;
        uint32_t event;
        size_t move;
        str name;

        if (!begins(q, &t->life[i], &path[i], &ms, &event, &move) || ms < q->plan.from_ms
            || ms >= q->plan.to_ms) {
            assert_null(row);
            continue;
        }
        n++;
        end_ms = ends(q, &t->life[i], &path[i], ms, event, move);
        assert_non_null(row);
        assert_int_equal(row->ended, end_ms != MOMENT_NEVER);
        assert_int_equal(row->ms, (row->ended ? end_ms : q->plan.at_ms) - ms);
        if (q->plan.by == SPELL_BY_TOLD) {
            const char *country = country_of(q, &t->life[i], q->plan.at_ms);

            assert_int_equal(spell_name(s, row->group, &name), *country != '\0');
            assert_true(str_eq(name, str_of(country)));
        }
        if (q->plan.trait_n) {
            const char *country = country_of(q, &t->life[i], ms);
            const struct spell_trait *trait = &s->trait[row->told];

            assert_int_equal(trait->there, *country != '\0');
            if (trait->there)
                assert_true(str_eq(text_table_get(&s->word, (uint32_t)trait->value),
                                   str_of(country)));
        }
        if (q->plan.by == SPELL_BY_SEGMENT) {
            assert_true(spell_name(s, row->group, &name));
            assert_true(str_eq(name, ms / MS_DAY % 2 ? STR("yes") : STR("no")));
        }
    }
    assert_int_equal(s->n, n);
}

/* Of those looked at for so long, how many it did not happen to, length by length. */
static void need_curve(const struct spells *s, uint32_t group)
{
    for (int64_t day = 0; day < 60; day += 7) {
        struct survival_point p = {.ms = day * MS_DAY};
        double share = 1;
        int64_t longest_ms = -1, last_ms = -1;

        for (size_t i = 0; i < s->n; i++) {
            uint64_t at_risk = 0, ended = 0;
            int64_t ms = s->row[i].ms;

            if (s->row[i].group != group)
                continue;
            longest_ms = ms > longest_ms ? ms : longest_ms;
            if (!s->row[i].ended || ms > p.ms || ms == last_ms)
                continue;
            for (size_t k = 0; k < s->n; k++) {
                bool here = s->row[k].group == group && s->row[k].ms >= ms;

                at_risk += here;
                ended += here && s->row[k].ms == ms && s->row[k].ended;
            }
            share *= 1 - (double)ended / (double)at_risk;
            last_ms = ms;
        }
        survival_at(s->row, s->n, group, &p, 1);
        if (longest_ms < p.ms && share > 1e-12)
            assert_true(isnan(p.share));
        else
            assert_true(fabs(p.share - share) < 1e-12);
    }
}

/* --- by chance --- */

static bool is_member(const void *context, uint32_t customer, int64_t at_ms)
{
    (void)context;
    (void)customer;
    return at_ms / MS_DAY % 2;
}

static int64_t some_ms(struct random *r, int64_t first_ms)
{
    return first_ms + (int64_t)random_below(r, 60 * 6) * 4 * MS_HOUR;
}

static void random_path(struct random *r, int64_t first_ms, struct path *out)
{
    uint16_t at = STAGE_NONE;

    *out = (struct path){.n = random_below(r, MOVES_MAX + 1)};
    for (size_t i = 0; i < out->n; i++) {
        uint16_t to = (uint16_t)random_below(r, STAGES + 1);

        first_ms += (int64_t)random_below(r, 40) * 8 * MS_HOUR;
        to = to == STAGES ? STAGE_NONE : to;
        if (to == at)
            to = at == 0 ? 1 : 0;
        out->move[i] = (struct move){
            .at_ms = first_ms, .from = at, .to = to, .way = (uint16_t)random_below(r, 2)};
        at = to;
    }
}

static struct stage_set random_stages(struct random *r, bool has[STAGES])
{
    for (int i = 0; i < STAGES; i++)
        has[i] = random_below(r, 2);
    return (struct stage_set){has, random_below(r, 2)};
}

static void add_pick(struct program *p, uint32_t pattern, struct pick *out)
{
    struct err err;
    uint32_t n;

    NEED_OK(picks_add(p, str_of(pattern_twin[pattern].text), out, 1, &n, &err), err);
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, const struct path *path,
                            bool stage[2][STAGES], struct asked *q)
{
    struct spell_plan *plan = &q->plan;
    struct err err;

    *q = (struct asked){.zone = t->model->workspace.zone,
                        .first = (uint32_t)random_below(r, PATTERNS),
                        .end_n = (uint32_t)random_below(r, 3)};
    *plan = (struct spell_plan){.program = p,
                                .from_ms = MOMENT_MIN,
                                .to_ms = MOMENT_NEVER,
                                .at_ms = first_ms + 60 * MS_DAY,
                                .end_n = q->end_n,
                                .end_moves = {get, path},
                                .has_end_way = random_below(r, 3) == 0,
                                .end_way = (uint16_t)random_below(r, 2),
                                .by = (enum spell_by)random_below(r, 4),
                                .is_member = is_member};
    if (random_below(r, 2))
        plan->at_ms = some_ms(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->from_ms = some_ms(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->to_ms = some_ms(r, first_ms);
    plan->begin = (struct begin){.by = random_below(r, 2) ? BEGIN_EVENT : BEGIN_STAGE,
                                 .zone = q->zone,
                                 .moves = {get, path},
                                 .at_ms = plan->at_ms};
    plan->begin.stage = random_stages(r, stage[0]);
    plan->end_stage = random_stages(r, stage[1]);
    if (random_below(r, 3) == 0)
        plan->begin.gap.ms = (int64_t)(1 + random_below(r, 9)) * MS_DAY;
    add_pick(p, q->first, &plan->begin.pick);
    for (uint32_t k = 0; k < q->end_n; k++) {
        q->end[k] = (uint32_t)random_below(r, PATTERNS);
        add_pick(p, q->end[k], &plan->end[k]);
    }
    if (plan->by == SPELL_BY_FIRST)
        plan->by = SPELL_BY_NOTHING;
    if (plan->by == SPELL_BY_TOLD)
        NEED_OK(picks_add_told(p, STR("trait.country"), &plan->by_pick, &err), err);
    plan->trait_n = (uint32_t)random_below(r, 2);
    if (plan->trait_n)
        NEED_OK(picks_add_told(p, STR("trait.country"), &plan->trait[0], &err), err);
}

static void ask(const struct asked *q, const struct town *t, const struct path *path)
{
    struct spells *s, *other;
    struct err err;

    NEED_OK(spells_new(&q->plan, &s, &err), err);
    NEED_OK(spells_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(spells_add(k % 2 ? s : other, t->chunk[k], SCAN_SPAN_ANY, NULL, &err),
                err);
    NEED_OK(spells_merge(s, other, &err), err);
    spells_free(other);
    NEED_OK(spells_finish(s, &err), err);
    need_twin(q, t, path, s);
    for (uint32_t g = 0; g < s->name.n; g++)
        need_curve(s, g);
    spells_free(s);
}

TEST(how_long_it_lasts_is_what_each_customers_events_say)
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
            bool stage[2][STAGES];
            struct program *p;
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, path, stage, &q);
            ask(&q, &t, path);
            program_free(p);
        }
        town_close(&t);
    }
}
