/* The journey map against its twin, which asks each cell of each stay of everybody. */
#include "report/journey.h"
#include "reports.h"

#include <stdio.h>
#include <string.h>

enum { STAGES = 3, MOVES_MAX = 5 };

static struct stage stage[STAGES] = {
    {.name = {"s0", 2}}, {.name = {"s1", 2}}, {.name = {"s2", 2}}};
static const struct lifecycle lifecycle = {.stage = stage, .stage_n = STAGES};
/* From each stage to each, and out. */
static const bool worse[STAGES * (STAGES + 1)] = {false, false, true,  true, true,  false,
                                                  true,  true,  false, true, false, true};

struct moved {
    struct move move[CUSTOMERS][MOVES_MAX];
    uint32_t n[CUSTOMERS];
};

struct asked {
    struct journey_plan plan;
    uint32_t events, score; /* in pattern_twin */
    const struct zone *zone;
    const struct moved *moved;
};

/* --- the twin --- */

/* The stay of an event: the number of the move with which it began, or MOVES_MAX. */
static uint32_t stay_of(const struct asked *q, uint32_t customer, int64_t at_ms)
{
    const struct move *move = q->moved->move[customer];
    uint32_t stay = MOVES_MAX;

    for (uint32_t i = 0; i < q->moved->n[customer]; i++) {
        bool first = i == 0 && move[i].at_ms == at_ms;

        if (move[i].at_ms <= q->plan.at_ms && (move[i].at_ms < at_ms || first))
            stay = i;
    }
    return stay != MOVES_MAX && move[stay].to != STAGE_NONE ? stay : MOVES_MAX;
}

static bool is_answer(const struct asked *q, const struct fact *f)
{
    return q->plan.has_score && pattern_twin[q->score].picks(f) && f->n >= 0;
}

static bool is_touch(const struct asked *q, const struct fact *f)
{
    return f->at_ms <= q->plan.at_ms && f->at_ms >= q->plan.from_ms
           && f->at_ms < q->plan.to_ms && pattern_twin[q->events].picks(f)
           && !is_answer(q, f);
}

/* 1: lost, 0: not, -1: open. */
static int fate_of(const struct asked *q, const struct life *l, uint32_t customer,
                   uint32_t place)
{
    const struct move *move = q->moved->move[customer];
    uint32_t stay = stay_of(q, customer, l->fact[place].at_ms), to = stay;
    int64_t end_ms = length_add(q->zone, l->fact[place].at_ms, q->plan.within);

    for (uint32_t i = stay + 1; i < q->moved->n[customer]; i++)
        if (move[i].at_ms <= end_ms && move[i].at_ms <= q->plan.at_ms
            && move[i].at_ms == move[stay + 1].at_ms)
            to = i;
    if (to != stay)
        return worse[move[stay].to * (STAGES + 1)
                     + (move[to].to == STAGE_NONE ? STAGES : move[to].to)];
    if (end_ms > q->plan.at_ms)
        return -1;
    for (uint32_t i = place + 1; i < l->n; i++)
        if (l->fact[i].at_ms <= end_ms && pattern_twin[2].picks(&l->fact[i]))
            return 0;
    return 1;
}

/* Is it the first touch of its stay: of any touchpoint, or of this type's? */
static bool is_first(const struct asked *q, const struct life *l, uint32_t customer,
                     uint32_t place, int type)
{
    uint32_t stay = stay_of(q, customer, l->fact[place].at_ms);

    for (uint32_t i = 0; i < place; i++)
        if (is_touch(q, &l->fact[i]) && stay_of(q, customer, l->fact[i].at_ms) == stay
            && (type < 0 || (int)l->fact[i].type == type))
            return false;
    return true;
}

static uint32_t first_touch(const struct asked *q, const struct life *l,
                            uint32_t customer, uint32_t stay)
{
    uint32_t i = 0;

    while (!is_touch(q, &l->fact[i]) || stay_of(q, customer, l->fact[i].at_ms) != stay)
        i++;
    return i;
}

static void add_fate(struct share *s, int fate)
{
    s->n += fate >= 0;
    s->hits += fate > 0;
}

/* The touch that an answer is about, or no place. */
static uint32_t touch_before(const struct asked *q, const struct life *l,
                             uint32_t customer, uint32_t place)
{
    uint32_t stay = stay_of(q, customer, l->fact[place].at_ms);

    for (uint32_t i = place; stay != MOVES_MAX && i-- > 0;)
        if (is_touch(q, &l->fact[i]) && stay_of(q, customer, l->fact[i].at_ms) == stay)
            return i;
    return EVENTS_MAX;
}

/* What a cell must be; type -1: all touchpoints of the stage. */
static void tell(const struct asked *q, const struct town *t, uint32_t of_stage, int type,
                 struct journey_cell *out, bool listed[CUSTOMERS])
{
    struct err err;

    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        const struct life *l = &t->life[c];
        const struct move *move = q->moved->move[c];
        bool here = false;

        for (uint32_t i = 0; i < l->n; i++) {
            uint32_t stay = stay_of(q, c, l->fact[i].at_ms), touch;
            int fate;

            if (stay == MOVES_MAX || move[stay].to != of_stage
                || l->fact[i].at_ms > q->plan.at_ms)
                continue;
            touch = is_answer(q, &l->fact[i]) ? touch_before(q, l, c, i) : EVENTS_MAX;
            if (touch != EVENTS_MAX && (type < 0 || (int)l->fact[touch].type == type)) {
                out->score += l->fact[i].n * INT64_C(1000000);
                out->answers++;
            }
            if (!is_touch(q, &l->fact[i]) || (type >= 0 && (int)l->fact[i].type != type))
                continue;
            here = true;
            out->events++;
            if (!is_first(q, l, c, i, type))
                continue;
            fate = fate_of(q, l, c, i);
            add_fate(&out->lost, fate);
            add_fate(&out->stays, fate_of(q, l, c, first_touch(q, l, c, stay)));
            listed[c] |= !q->plan.list_lost || fate > 0;
            NEED_OK(lengths_add(&out->since, l->fact[i].at_ms - move[stay].at_ms, &err),
                    err);
            if (stay + 1 < q->moved->n[c] && move[stay + 1].at_ms <= q->plan.at_ms)
                NEED_OK(lengths_add(&out->until, move[stay + 1].at_ms - l->fact[i].at_ms,
                                    &err),
                        err);
        }
        out->customers += here;
    }
}

/* --- both --- */

static void need_share(struct share got, struct share wanted)
{
    assert_int_equal(got.n, wanted.n);
    assert_int_equal(got.hits, wanted.hits);
}

static struct journey_cell *find(struct journey *j, uint32_t of_stage, int type)
{
    for (uint32_t i = 0; i < j->cell_n; i++) {
        uint16_t name = j->cell[i].name;

        if (j->cell[i].stage == of_stage
            && (type < 0 ? name == NAME_NONE
                         : name != NAME_NONE
                               && str_eq(step_names_get(&j->names, name),
                                         str_of(type_name[type]))))
            return &j->cell[i];
    }
    return NULL;
}

static void need_cell(const struct asked *q, const struct town *t, struct journey *j,
                      uint32_t of_stage, int type)
{
    struct journey_cell wanted = {}, *got = find(j, of_stage, type);
    bool listed[CUSTOMERS] = {};

    tell(q, t, of_stage, type, &wanted, listed);
    assert_int_equal(!got, !wanted.events);
    if (got) {
        assert_int_equal(got->customers, wanted.customers);
        assert_int_equal(got->events, wanted.events);
        assert_int_equal(got->answers, wanted.answers);
        assert_true(got->score == wanted.score);
        need_share(got->lost, wanted.lost);
        need_share(got->stays, wanted.stays);
        assert_int_equal(got->since.n, wanted.since.n);
        assert_int_equal(got->until.n, wanted.until.n);
        assert_int_equal(lengths_quantile(&got->since, 50),
                         lengths_quantile(&wanted.since, 50));
        assert_int_equal(lengths_quantile(&got->until, 50),
                         lengths_quantile(&wanted.until, 50));
    }
    if (q->plan.list && q->plan.list_stage == of_stage
        && (type < 0 ? !q->plan.list_name.n
                     : str_eq(q->plan.list_name, str_of(type_name[type]))))
        for (uint32_t c = 0; c < CUSTOMERS; c++) {
            bool found = false;

            for (size_t i = 0; i < j->listed.n; i++)
                found |= j->listed.customer[i] == c;
            assert_int_equal(found, listed[c]);
        }
    mem_free(wanted.since.ms);
    mem_free(wanted.until.ms);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct journey *j, *other;
    struct err err;

    NEED_OK(journey_new(&q->plan, &j, &err), err);
    NEED_OK(journey_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(journey_add(k % 2 ? j : other, t->chunk[k], SCAN_SPAN_ANY, NULL, &err),
                err);
    NEED_OK(journey_merge(j, other, &err), err);
    journey_free(other);
    for (uint32_t s = 0; s < STAGES; s++)
        for (int type = -1; type < TYPES; type++)
            need_cell(q, t, j, s, type);
    journey_free(j);
}

static const struct move *moves_of(const void *context, uint32_t customer, size_t *n)
{
    const struct moved *m = context;

    *n = m->n[customer];
    return m->move[customer];
}

/* Everybody comes in with his first event; some moves follow one another at one moment. */
static void random_moves(struct random *r, const struct town *t, struct moved *m)
{
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        int64_t at_ms = t->life[c].n ? t->life[c].fact[0].at_ms : 0;

        m->n[c] = t->life[c].n ? 1 + (uint32_t)random_below(r, MOVES_MAX) : 0;
        for (uint32_t i = 0; i < m->n[c]; i++) {
            uint16_t to = (uint16_t)random_below(r, STAGES + (i > 0));

            if (i)
                at_ms += (int64_t)random_below(r, 30) * 4 * MS_HOUR;
            m->move[c][i] =
                (struct move){.at_ms = at_ms, .to = to == STAGES ? STAGE_NONE : to};
        }
    }
}

static int64_t some_moment(struct random *r, int64_t first_ms)
{
    return first_ms + (int64_t)random_below(r, 60 * 6) * 4 * MS_HOUR;
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, const str *types, struct asked *q)
{
    struct journey_plan *plan = &q->plan;
    char score[40];
    uint32_t n;
    struct err err;

    *plan = (struct journey_plan){
        .program = p,
        .through = {.event = true, .type_name = types, .type_n = t->catalog.type.n},
        .has_score = random_below(r, 2),
        .lifecycle = &lifecycle,
        .moves = moves_of,
        .moves_context = q->moved,
        .worse = worse,
        .within = {.ms = (int64_t)random_below(r, 20) * MS_DAY},
        .zone = q->zone,
        .from_ms = MOMENT_MIN,
        .to_ms = MOMENT_NEVER,
        .at_ms = MOMENT_MAX - MS_DAY * 60,
        .list = random_below(r, 2),
        .list_lost = random_below(r, 2),
        .list_stage = (uint16_t)random_below(r, STAGES)};
    q->events = (uint32_t)random_below(r, PATTERNS);
    q->score = (uint32_t)random_below(r, 2);
    if (random_below(r, 2))
        plan->list_name = str_of(type_name[random_below(r, TYPES)]);
    if (random_below(r, 4) == 0)
        plan->within = (struct length){.months = 1};
    if (random_below(r, 3) == 0)
        plan->from_ms = some_moment(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->to_ms = some_moment(r, first_ms);
    if (random_below(r, 2))
        plan->at_ms = some_moment(r, first_ms);
    snprintf(score, sizeof score, "%s.n", pattern_twin[q->score].text);
    NEED_OK(picks_add(p, STR("any"), &plan->any, 1, &n, &err), err);
    NEED_OK(picks_add(p, str_of(score), &plan->score, 1, &n, &err), err);
    NEED_OK(picks_add(p, str_of(pattern_twin[q->events].text), plan->through.pick, 1,
                      &plan->through.pick_n, &err),
            err);
}

TEST(every_cell_of_the_map_is_what_each_stay_says)
{
    struct random r = chance();
    /* Over the night in which Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        static struct moved moved;
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        random_moves(&r, &t, &moved);
        for (int i = 0; i < 20; i++) {
            struct asked q = {.moved = &moved, .zone = t.model->workspace.zone};
            struct program *p;
            str types[TYPES + 1];
            struct err err;

            for (uint32_t k = 0; k < t.catalog.type.n; k++)
                types[k] = text_table_get(&t.catalog.type, k);
            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, types, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
}
