/* model_lifecycle.c - random models over random customers: the histories that Ciclo computes
 * in one pass are those of a twin that asks every rule anew at every millisecond at which
 * anything could change; and no answer outlives its holds_until. */
#include "base/num.h"
#include "base/tune.h"
#include "engine/model.h"
#include "support/unit.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct twin_way {
    int from[TWIN_STAGES_MAX], from_n; /* from_n 0: any */
    int to;
    const struct twin_node *when;
};

struct twin_model {
    int stage_n, way_n;
    struct twin_way way[TWIN_WAYS_MAX];
};

struct twin_move {
    int64_t at_ms;
    int from, to;
};

/* Models that lead to and fro more often than this are refused by Ciclo and skipped here. */
enum { MOVES_MAX = 3000 };

struct world { /* one zone, many customers, many models */
    struct zone *zone;
    str zone_name;
    int64_t begin_ms;
    struct twin_customer customer[CHUNK_CUSTOMERS];
    struct catalog catalog;
    struct chunk *chunk;
    struct arena arena;
    struct random *chance;
};

static int roll(struct random *r, int sides)
{
    return (int)random_below(r, (uint64_t)sides);
}

/* --- customers --- */

/* Times that meet one another's windows to the millisecond. */
static int64_t random_time(struct world *w, const struct twin_customer *c)
{
    static const int64_t step[] = {MS_DAY,         3 * MS_DAY, 7 * MS_DAY,
                                   30 * MS_DAY,    MS_HOUR,    90 * MS_MINUTE,
                                   45 * MS_SECOND, 1,          0};
    int64_t from = w->begin_ms + roll(w->chance, 120) * 12 * MS_HOUR;

    if (c->n && roll(w->chance, 2)) {
        from = c->event[roll(w->chance, c->n)].at_ms
               + step[roll(w->chance, (int)(sizeof step / sizeof *step))];
        if (roll(w->chance, 3) == 0)
            from += roll(w->chance, 3) - 1;
        if (roll(w->chance, 4) == 0)
            from = length_add(w->zone, from, (struct length){1 + roll(w->chance, 2), 0});
    }
    return from;
}

static int by_time_and_id(const void *a, const void *b)
{
    const struct twin_event *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void random_customer(struct world *w, int number, struct twin_customer *c)
{
    int n = 1 + roll(w->chance, TWIN_EVENTS_MAX - 1);

    c->n = 0;
    for (int i = 0; i < n; i++) {
        struct twin_event *e = &c->event[c->n];

        *e = (struct twin_event){
            .at_ms = random_time(w, c),
            .identify = roll(w->chance, 6) == 0,
            .type = roll(w->chance, TWIN_TYPES),
            .x = (roll(w->chance, 9) - 2) * NUM_ONE / 2,
            .m = roll(w->chance, 500) - 100,
            .s = roll(w->chance, 3),
            .has_color = roll(w->chance, 4) == 0,
            .color = roll(w->chance, 4) - 1,
            .has_size = roll(w->chance, 4) == 0,
            .size = roll(w->chance, 6) * NUM_ONE / 2,
        };
        if (!e->identify) {
            e->has_x = roll(w->chance, 3);
            e->has_m = roll(w->chance, 2);
            e->has_s = roll(w->chance, 2);
        }
        snprintf(e->id, sizeof e->id, "%d-%03d", number, roll(w->chance, 1000));
        for (int k = 0; k < c->n; k++)
            if (!strcmp(c->event[k].id, e->id))
                goto again;
        c->n++;
again:;
    }
    qsort(c->event, (size_t)c->n, sizeof *c->event, by_time_and_id);
}

static str text_of(struct world *w, const char *stem, int number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%s%d", stem, number);
    str s = arena_str(&w->arena, (str){text, (size_t)n});

    assert_non_null(s.p);
    return s;
}

static void real_event(struct world *w, int customer, const struct twin_event *e,
                       struct event *out)
{
    static const char *const type[] = {"a", "b", "c"};
    struct property *p = arena_array(&w->arena, struct property, 3);
    struct property *t = arena_array(&w->arena, struct property, 2);

    assert_non_null(p);
    assert_non_null(t);
    *out = (struct event){
        .at_ms = e->at_ms,
        .customer = text_of(w, "customer", customer),
        .type = e->identify ? STR("identify") : str_of(type[e->type]),
        .id = str_of(e->id),
        .property = p,
        .trait = t,
    };
    if (e->has_x)
        p[out->property_n++] =
            (struct property){STR("x"), {.type = VALUE_NUMBER, .number = e->x}};
    if (e->has_m)
        p[out->property_n++] = (struct property){
            STR("m"), {.type = VALUE_NUMBER, .number = e->m * (NUM_ONE / 100)}};
    if (e->has_s)
        p[out->property_n++] = (struct property){
            STR("s"), {.type = VALUE_TEXT, .text = text_of(w, "s", e->s)}};
    if (e->has_color && e->color < 0)
        t[out->trait_n++] = (struct property){STR("color"), {.type = VALUE_NULL}};
    else if (e->has_color)
        t[out->trait_n++] = (struct property){
            STR("color"), {.type = VALUE_TEXT, .text = text_of(w, "c", e->color)}};
    if (e->has_size)
        t[out->trait_n++] =
            (struct property){STR("size"), {.type = VALUE_NUMBER, .number = e->size}};
}

/* The chunk holds the events in an order of arrival by chance. */
static void build_chunk(struct world *w)
{
    struct event *event =
        arena_array(&w->arena, struct event, (size_t)CHUNK_CUSTOMERS * TWIN_EVENTS_MAX);
    size_t n = 0;
    struct err err;

    assert_non_null(event);
    for (int c = 0; c < CHUNK_CUSTOMERS; c++)
        for (int i = 0; i < w->customer[c].n; i++)
            real_event(w, c, &w->customer[c].event[i], &event[n++]);
    for (size_t i = 0; i < n; i++) /* numbered in the order of the customers */
        assert_true(catalog_add_event(&w->catalog, &event[i], &err));
    for (size_t i = n; i > 1; i--) {
        size_t k = random_below(w->chance, i);
        struct event swap = event[i - 1];

        event[i - 1] = event[k];
        event[k] = swap;
    }
    assert_true(chunk_build(&w->catalog, NULL, 0, event, n, &w->chunk, &err));
}

static void world_open(struct world *w, str zone, struct random *chance)
{
    struct err err;

    *w = (struct world){.zone_name = zone, .chance = chance};
    assert_true(zone_open(io_system(), zone, &w->zone, &err));
    assert_true(catalog_init(&w->catalog, &err));
    /* Six weeks before a change of the clock: March or October, 2018 to 2021. */
    w->begin_ms = civil_ms((struct civil){.year = 2018 + roll(chance, 4),
                                          .month = roll(chance, 2) ? 2 : 10,
                                          .day = 1 + roll(chance, 28)});
    for (int c = 0; c < CHUNK_CUSTOMERS; c++)
        random_customer(w, c, &w->customer[c]);
    build_chunk(w);
}

static void world_close(struct world *w)
{
    chunk_free(w->chunk);
    catalog_free(&w->catalog);
    zone_close(w->zone);
    arena_free(&w->arena);
}

/* --- models --- */

static void twin_begin(struct world *w, int stage_n, struct twin *t)
{
    *t = (struct twin){.zone = w->zone,
                       .stage_n = stage_n,
                       .a = &w->arena,
                       .chance = w->chance,
                       .begin_ms = w->begin_ms};
}

static void random_model(struct twin *t, struct twin_model *m)
{
    *m = (struct twin_model){.stage_n = t->stage_n,
                             .way_n = 1 + roll(t->chance, TWIN_WAYS_MAX)};
    for (int i = 0; i < m->way_n; i++) {
        struct twin_way *way = &m->way[i];

        way->to = roll(t->chance, m->stage_n);
        if (roll(t->chance, 4))
            for (int s = 0; s < m->stage_n; s++)
                if (s != way->to && roll(t->chance, 2))
                    way->from[way->from_n++] = s;
        way->when = twin_condition(t, 2);
    }
}

static void print_head(const struct world *w, struct buf *to)
{
    buf_add_format(
        to,
        "ciclo: 1\n"
        "workspace: { name: Twin, currency: EUR, timezone: %.*s }\n"
        "events:\n"
        "  a: { properties: { x: number, m: money, s: text } }\n"
        "  b: { properties: { x: number, m: money, s: text } }\n"
        "  c: { passive: true, properties: { x: number, m: money, s: text } }\n"
        "traits: { color: text, size: number }\n"
        "lifecycle:\n"
        "  start: stage0\n"
        "  stages:\n",
        STR_FMT(w->zone_name));
}

static void print_stages(int n, struct buf *to)
{
    for (int s = 0; s < n; s++)
        buf_add_format(to, "    stage%d: {}\n", s);
}

static void print_model(const struct world *w, const struct twin *t,
                        const struct twin_model *m, struct buf *to)
{
    print_head(w, to);
    print_stages(m->stage_n, to);
    buf_add(to, STR("  moves:\n"));
    for (int i = 0; i < m->way_n; i++) {
        const struct twin_way *way = &m->way[i];

        buf_add(to, STR("    - from: "));
        if (!way->from_n)
            buf_add(to, STR("any"));
        for (int k = 0; k < way->from_n; k++)
            buf_add_format(to, "%sstage%d", k ? ", " : "[", way->from[k]);
        buf_add_format(to, "%s\n      to: stage%d\n      when: >-\n        ",
                       way->from_n ? "]" : "", way->to);
        twin_print(t, way->when, to);
        buf_add_char(to, '\n');
    }
}

/* --- the twin's replay: DESIGN's words, one after the other --- */

struct twin_replay {
    const struct twin_model *model;
    struct twin *t;
    const struct twin_customer *c;
    struct twin_where where;
    int64_t moment[TWIN_MOMENTS_MAX];
    int moment_n;
    struct twin_move move[MOVES_MAX + TWIN_STAGES_MAX];
    int move_n;
    int restless; /* moves taken and loops met */
    int loops;
};

static bool leads_from(const struct twin_way *way, int stage)
{
    if (!way->from_n)
        return way->to != stage;
    for (int i = 0; i < way->from_n; i++)
        if (way->from[i] == stage)
            return true;
    return false;
}

static const struct twin_way *first_true(struct twin_replay *r, int64_t at_ms)
{
    for (int i = 0; i < r->model->way_n; i++)
        if (leads_from(&r->model->way[i], r->where.stage)
            && twin_ask(r->t, r->model->way[i].when, r->c, at_ms, &r->where))
            return &r->model->way[i];
    return NULL;
}

static void take_move(struct twin_replay *r, int64_t at_ms, int to)
{
    r->restless++;
    r->move[r->move_n++] = (struct twin_move){at_ms, r->where.stage, to};
    r->where.previous = r->where.stage;
    r->where.stage = to;
    r->where.entered_ms = at_ms;
    r->where.times_in[to]++;
}

/* One instant: asks until nothing is true, or until a stage is reached twice. */
static void ask_instant(struct twin_replay *r, int64_t at_ms)
{
    struct twin_where reached[TWIN_STAGES_MAX];
    int moves_at[TWIN_STAGES_MAX];
    bool has[TWIN_STAGES_MAX] = {};
    const struct twin_way *way;

    for (;;) {
        has[r->where.stage] = true;
        reached[r->where.stage] = r->where;
        moves_at[r->where.stage] = r->move_n;
        way = first_true(r, at_ms);
        if (!way)
            return;
        if (has[way->to]) {
            r->restless++;
            r->loops++;
            r->move_n = moves_at[way->to];
            r->where = reached[way->to];
            return;
        }
        take_move(r, at_ms, way->to);
    }
}

static int64_t earliest_after(const int64_t *moment, int n, int64_t after_ms)
{
    int64_t next = MOMENT_NEVER;

    for (int i = 0; i < n; i++)
        if (moment[i] > after_ms && moment[i] < next)
            next = moment[i];
    return next;
}

static int64_t next_moment(const struct twin_replay *r, int64_t after_ms)
{
    int64_t of_entry[TWIN_MOMENTS_MAX];
    int n = twin_moments_of(r->t, r->where.entered_ms, of_entry);
    int64_t event = earliest_after(r->moment, r->moment_n, after_ms);
    int64_t entry = earliest_after(of_entry, n, after_ms);

    return event < entry ? event : entry;
}

static void replay_twin(struct twin_replay *r, int64_t until_ms)
{
    int64_t at_ms = r->c->event[0].at_ms;

    r->where = (struct twin_where){.stage = -1, .previous = -1};
    r->move_n = r->restless = r->loops = 0;
    r->moment_n = twin_moments(r->t, r->c, r->moment);
    if (at_ms > until_ms)
        return;
    take_move(r, at_ms, 0);
    r->where.some = true;
    while (at_ms <= until_ms && r->restless < MOVES_MAX) {
        int64_t next;
        int moves_before = r->move_n;

        ask_instant(r, at_ms);
        /* A move within the instant may make time_in_stage and the like change next. */
        next = next_moment(r, at_ms);
        if (r->move_n != moves_before && at_ms + 1 < next)
            next = at_ms + 1;
        at_ms = next;
    }
}

/* --- comparing --- */

static void show(const struct world *w, const struct twin *t, const struct twin_model *m,
                 int customer, const struct twin_replay *twin, const struct moves *real)
{
    struct buf b = {};

    print_model(w, t, m, &b);
    buf_add_format(&b, "customer %d:\n", customer);
    for (int i = 0; i < w->customer[customer].n; i++) {
        const struct twin_event *e = &w->customer[customer].event[i];

        buf_add(&b, STR("  "));
        moment_print(&b, e->at_ms);
        buf_add_format(
            &b, " %s %s x=%lld(%d) m=%lld(%d) s=%d(%d) color=%d(%d) size=%lld(%d)\n",
            e->id, e->identify ? "identify" : (const char *[]){"a", "b", "c"}[e->type],
            (long long)e->x, e->has_x, (long long)e->m, e->has_m, e->s, e->has_s,
            e->color, e->has_color, (long long)e->size, e->has_size);
    }
    for (size_t i = 0; i < (size_t)twin->move_n || i < real->n; i++) {
        if (i < (size_t)twin->move_n) {
            buf_add(&b, STR("  twin "));
            moment_print(&b, twin->move[i].at_ms);
            buf_add_format(&b, " %d -> %d", twin->move[i].from, twin->move[i].to);
        }
        if (i < real->n) {
            buf_add(&b, STR("  real "));
            moment_print(&b, real->move[i].at_ms);
            buf_add_format(&b, " %d -> %d", (int16_t)real->move[i].from,
                           real->move[i].to);
        }
        buf_add_char(&b, '\n');
    }
    print_message("%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
}

static bool same_moves(const struct twin_replay *twin, const struct moves *real)
{
    if ((size_t)twin->move_n != real->n)
        return false;
    for (size_t i = 0; i < real->n; i++) {
        int from = real->move[i].from == STAGE_NONE ? -1 : real->move[i].from;

        if (twin->move[i].at_ms != real->move[i].at_ms || twin->move[i].from != from
            || twin->move[i].to != real->move[i].to)
            return false;
    }
    return true;
}

static void compare_customer(struct world *w, struct twin *t, const struct twin_model *m,
                             const struct model *real, int customer)
{
    static struct twin_replay twin;
    const struct twin_customer *c = &w->customer[customer];
    struct timeline timeline = timeline_of(w->chunk, (uint32_t)customer);
    int64_t until_ms = c->event[c->n - 1].at_ms + roll(w->chance, 500) * MS_DAY
                       - roll(w->chance, 30) * MS_DAY;
    struct replay *replay;
    struct moves moves = {};
    int64_t next_ms;
    struct err err;

    twin.model = m;
    twin.t = t;
    twin.c = c;
    replay_twin(&twin, until_ms);
    assert_true(replay_new(real->lifecycle, real->program, &replay, &err));
    if (!replay_customer(replay, &timeline, until_ms, &moves, &next_ms, &err)) {
        assert_int_equal(err.code, ERR_LIMIT);
        assert_true(twin.restless >= MOVES_MAX || twin.loops);
        next_ms = MOMENT_NEVER;
    } else if (twin.restless < MOVES_MAX && !same_moves(&twin, &moves)) {
        show(w, t, m, customer, &twin, &moves);
        fail_msg("customer %d has another history", customer);
    }
    assert_true(next_ms > until_ms);
    replay_free(replay);
    moves_free(&moves);
}

static void compare_model(struct world *w)
{
    struct twin t;
    struct twin_model m;
    struct buf text = {};
    struct model *real;
    struct err err;

    twin_begin(w, 2 + roll(w->chance, TWIN_STAGES_MAX - 1), &t);
    random_model(&t, &m);
    print_model(w, &t, &m, &text);
    assert_false(text.failed);
    if (!model_compile(io_system(), buf_str(&text), &w->catalog, &real, &err)) {
        print_message("%.*s", STR_FMT(buf_str(&text)));
        fail_msg("line %d, column %d: %s", err.line, err.column, err.msg);
    }
    for (int c = 0; c < CHUNK_CUSTOMERS; c++)
        if (w->customer[c].n)
            compare_customer(w, &t, &m, real, c);
    model_free(real);
    buf_free(&text);
}

static const char *const zones[] = {"Europe/Rome", "America/Sao_Paulo", "UTC",
                                    "Australia/Lord_Howe"};

TEST(every_history_is_the_one_of_asking_at_every_millisecond)
{
    struct random chance_here = chance();
    size_t rounds = chance_rounds(60);

    for (size_t i = 0; i < rounds; i++) {
        struct world w;

        world_open(&w, str_of(zones[roll(&chance_here, 4)]), &chance_here);
        for (int k = 0; k < 4; k++)
            compare_model(&w);
        world_close(&w);
    }
}

/* --- single answers --- */

/* The first moment after at_ms at which the twin's answer differs if nothing more happens. */
static int64_t first_change(struct twin *t, const struct twin_node *n,
                            const struct twin_customer *c, int64_t at_ms,
                            const struct twin_where *where)
{
    struct twin_customer known = *c;
    bool now = twin_ask(t, n, c, at_ms, where);
    int64_t moment[2 * TWIN_MOMENTS_MAX], at = at_ms;
    int moments;

    while (known.n && known.event[known.n - 1].at_ms > at_ms)
        known.n--;
    moments = twin_moments(t, &known, moment);
    moments += twin_moments_of(t, where->entered_ms, moment + moments);
    while ((at = earliest_after(moment, moments, at)) != MOMENT_NEVER)
        if (twin_ask(t, n, &known, at, where) != now)
            return at;
    return MOMENT_NEVER;
}

static void compare_answers(struct world *w, bool single)
{
    enum { STAGES = 3 };
    struct twin t;
    struct twin_node *node;
    struct buf text = {}, rule = {};
    struct model *real;
    struct cursor *cursor;
    struct rule_ref ref;
    struct err err;

    twin_begin(w, STAGES, &t);
    node = single ? twin_term(&t) : twin_condition(&t, 2);
    twin_print(&t, node, &rule);
    print_head(w, &text);
    print_stages(STAGES, &text);
    assert_false(text.failed || rule.failed);
    assert_true(model_compile(io_system(), buf_str(&text), &w->catalog, &real, &err));
    if (!program_add(real->program, buf_str(&rule), RULE_CONDITION, &ref, &err))
        fail_msg("%.*s: column %d: %s", STR_FMT(buf_str(&rule)), err.column, err.msg);
    assert_true(cursor_new(real->program, &cursor, &err));
    for (int c = 0; c < CHUNK_CUSTOMERS; c++) {
        const struct twin_customer *customer = &w->customer[c];
        struct timeline timeline = timeline_of(w->chunk, (uint32_t)c);
        int64_t at_ms = customer->event[0].at_ms;
        uint32_t times_in[STAGES] = {1, (uint32_t)roll(w->chance, 3), 0};
        struct twin_where where = {true, 0, 1, at_ms, {1, (int)times_in[1], 0}};

        assert_true(cursor_start(cursor, &timeline, &err));
        for (int k = 0; k < 6; k++) {
            struct situation s = {at_ms, 0, 1, where.entered_ms, times_in};
            struct answer cheap = cursor_ask(cursor, ref, &s), exact;
            bool wanted = twin_ask(&t, node, customer, at_ms, &where);
            int64_t change = first_change(&t, node, customer, at_ms, &where);

            assert_true(cursor_ask_exact(cursor, ref, &s, &exact, &err));
            if (cheap.value.truth != wanted || exact.value.truth != wanted
                || cheap.holds_until_ms <= at_ms || cheap.holds_until_ms > change
                || exact.holds_until_ms <= at_ms || exact.holds_until_ms > change
                || (single && exact.holds_until_ms != change))
                fail_msg("%.*s at %lld: %d, wanted %d; holds until %lld, exactly %lld, "
                         "wanted %lld",
                         STR_FMT(buf_str(&rule)), (long long)at_ms, cheap.value.truth,
                         wanted, (long long)cheap.holds_until_ms,
                         (long long)exact.holds_until_ms, (long long)change);
            at_ms += roll(w->chance, 3) ? (int64_t)random_below(w->chance, 20 * MS_DAY)
                                        : roll(w->chance, 3);
        }
    }
    cursor_free(cursor);
    model_free(real);
    buf_free(&text);
    buf_free(&rule);
}

TEST(no_answer_outlives_its_holds_until_and_a_single_term_is_exact)
{
    struct random chance_here = chance();
    size_t rounds = chance_rounds(100);

    for (size_t i = 0; i < rounds; i++) {
        struct world w;

        world_open(&w, str_of(zones[roll(&chance_here, 4)]), &chance_here);
        for (int k = 0; k < 10; k++)
            compare_answers(&w, k % 2);
        world_close(&w);
    }
}
