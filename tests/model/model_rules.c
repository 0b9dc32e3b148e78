/* model_rules.c - single answers: every way of asking gives the twin's, and none outlives its
 * holds_until. */
#include "base/tune.h"
#include "rule/scan.h"
#include "support/unit.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rule of one customer of a chunk. */
struct trial {
    struct world *w;
    const struct twin *t;
    const struct twin_node *rule;
    bool amount, single;
    int life; /* whose stage words the rule means */
    const struct model *model;
    struct rule_ref ref;
    struct cursor *cursor;
};

static struct value twin_answer(const struct trial *x, const struct twin_view *v)
{
    if (x->amount)
        return twin_value(v, x->rule);
    return (struct value){.type = VALUE_BOOL, .truth = twin_ask(v, x->rule)};
}

/* The first moment after v's at which the twin's answer differs if nothing more happens. */
static int64_t first_change(const struct trial *x, const struct twin_view *v)
{
    struct twin_customer known = *v->c;
    struct twin_view later = *v;
    struct value now = twin_answer(x, v), then;
    struct twin_moments moments = {};
    int64_t change = MOMENT_NEVER;

    while (known.n && known.event[known.n - 1].at_ms > v->at_ms)
        known.n--;
    later.c = &known;
    twin_moments(x->t, &known, &moments);
    while (change == MOMENT_NEVER) {
        later.at_ms = twin_next(x->t, &moments, v->lives, later.at_ms);
        if (later.at_ms == MOMENT_NEVER)
            break;
        then = twin_answer(x, &later);
        if (!twin_equal(&now, &then))
            change = later.at_ms;
    }
    twin_moments_free(&moments);
    return change;
}

static bool same_answer(const struct value *wanted, const struct answer *a)
{
    if (wanted->type == VALUE_BOOL)
        return a->value.type == VALUE_BOOL && a->value.truth == wanted->truth;
    return twin_equal(wanted, &a->value);
}

static void print_answer(struct buf *b, const char *who, const struct value *v,
                         int64_t holds_ms)
{
    buf_add_format(b, "%s: %.*s %lld until ", who, STR_FMT(value_type_name(v->type)),
                   v->type == VALUE_BOOL ? (long long)v->truth : (long long)v->number);
    if (holds_ms == MOMENT_NEVER)
        buf_add(b, STR("never"));
    else
        moment_print(b, holds_ms);
    buf_add_char(b, '\n');
}

static void refute(const struct trial *x, const struct twin_view *v,
                   const struct answer *a, const struct value *wanted, int64_t change_ms)
{
    struct buf b = {};

    twin_print_model(x->t, x->w->currency, &b);
    twin_print(x->t, x->rule, &b);
    buf_add(&b, STR("\nat "));
    moment_print(&b, v->at_ms);
    buf_add_format(&b, " in stage %d, before %d, since ", v->where->stage,
                   v->where->previous);
    moment_print(&b, v->where->entered_ms);
    buf_add_char(&b, '\n');
    world_print_customer(v->c, &b);
    print_answer(&b, "twin", wanted, change_ms);
    print_answer(&b, "real", &a->value, a->holds_until_ms);
    world_show(&b);
    fail_msg("another answer");
}

/* Where he stands, as Ciclo has it. */
struct standing {
    uint32_t times_in[TWIN_STAGES_MAX];
    uint16_t above[TWIN_LIVES_MAX];
};

static void stand(const struct trial *x, const struct twin_view *v, struct standing *at,
                  struct situation *out)
{
    for (int i = 0; i < TWIN_STAGES_MAX; i++)
        at->times_in[i] = (uint32_t)v->where->times_in[i];
    for (int i = 0; i < x->life; i++)
        at->above[i] = (uint16_t)v->lives[i].stage;
    *out = (struct situation){.at_ms = v->at_ms,
                              .stage = (uint16_t)v->where->stage,
                              .previous_stage = (uint16_t)v->where->previous,
                              .entered_ms = v->where->entered_ms,
                              .times_in = at->times_in,
                              .above = at->above,
                              .above_n = (uint32_t)x->life};
}

static void compare(const struct trial *x, const struct twin_view *v)
{
    struct standing at;
    struct situation s;
    struct value wanted = twin_answer(x, v);
    int64_t change = first_change(x, v);
    struct answer cheap, exact;
    struct err err;

    stand(x, v, &at, &s);
    cheap = cursor_ask(x->cursor, x->ref, &s);
    assert_true(cursor_ask_exact(x->cursor, x->ref, &s, &exact, &err));
    if (!same_answer(&wanted, &cheap) || cheap.holds_until_ms <= v->at_ms
        || cheap.holds_until_ms > change)
        refute(x, v, &cheap, &wanted, change);
    if (!same_answer(&wanted, &exact) || exact.holds_until_ms <= v->at_ms
        || exact.holds_until_ms > change || (x->single && exact.holds_until_ms != change))
        refute(x, v, &exact, &wanted, change);
}

/* Anywhere; in the lifecycles above perhaps nowhere. */
static void random_lives(const struct trial *x, const struct twin_customer *c,
                         struct twin_where lives[TWIN_LIVES_MAX])
{
    struct random *r = x->w->chance;

    for (int l = 0; l < x->t->m.life_n; l++) {
        struct twin_where *where = &lives[l];
        int stages = x->t->m.life[l].stage_n;

        *where = (struct twin_where){.stage = twin_roll(r, stages), .previous = -1};
        if (l < x->life && twin_roll(r, 4) == 0)
            where->stage = -1;
        where->entered_ms = c->event[twin_roll(r, c->n)].at_ms;
        if (twin_roll(r, 2))
            where->previous = twin_roll(r, stages);
        for (int i = 0; i < stages; i++)
            where->times_in[i] = twin_roll(r, 3);
    }
}

static void compare_customer(const struct trial *x, const struct chunk *chunk,
                             int customer)
{
    const struct twin_customer *c = &x->w->customer[customer];
    struct timeline timeline = timeline_of(chunk, (uint32_t)customer);
    struct random *r = x->w->chance;
    struct twin_where lives[TWIN_LIVES_MAX];
    struct twin_view v = {.t = x->t, .c = c, .where = &lives[x->life], .lives = lives};
    struct err err;

    random_lives(x, c, lives);
    v.at_ms = lives[x->life].entered_ms;
    assert_true(cursor_start(x->cursor, &timeline, &err));
    for (int k = 0; k < 6; k++) {
        compare(x, &v);
        v.at_ms +=
            twin_roll(r, 3) ? (int64_t)random_below(r, 20 * MS_DAY) : twin_roll(r, 3);
    }
}

/* --- a scan: everybody at one moment --- */

struct crowd {
    struct twin_where lives[CHUNK_CUSTOMERS][TWIN_LIVES_MAX];
    struct standing at[CHUNK_CUSTOMERS];
    struct situation standing[CHUNK_CUSTOMERS];
    struct bits fit, fit_too;
    int64_t holds_ms[CHUNK_CUSTOMERS];
};

static struct twin_view view_of(const struct trial *x, struct crowd *crowd, int customer,
                                int64_t at_ms)
{
    return (struct twin_view){.t = x->t,
                              .c = &x->w->customer[customer],
                              .at_ms = at_ms,
                              .where = &crowd->lives[customer][x->life],
                              .lives = crowd->lives[customer]};
}

static void scan_at(const struct trial *x, struct scan *scan, const struct chunk *chunk,
                    struct scan_span span, int64_t at_ms)
{
    struct crowd crowd;
    bool decided, decision = false;
    struct err err;

    for (int c = 0; c < x->w->customer_n; c++) {
        struct twin_view v = view_of(x, &crowd, c, at_ms);

        random_lives(x, v.c, crowd.lives[c]);
        stand(x, &v, &crowd.at[c], &crowd.standing[c]);
    }
    decided = scan_is_decided(scan, span, at_ms, &decision);
    assert_true(scan_chunk(scan, chunk, span, at_ms, NULL, crowd.standing, &crowd.fit,
                           NULL, &err));
    assert_true(scan_chunk(scan, chunk, span, at_ms, NULL, crowd.standing, &crowd.fit_too,
                           crowd.holds_ms, &err));
    for (int c = 0; c < x->w->customer_n; c++) {
        struct twin_view v = view_of(x, &crowd, c, at_ms);
        bool truth = bits_has(&crowd.fit, (uint32_t)c);
        struct answer got = {.value = {.type = VALUE_BOOL, .truth = truth},
                             .holds_until_ms = crowd.holds_ms[c]};
        struct value wanted = twin_answer(x, &v);
        int64_t change = first_change(x, &v);

        if (wanted.truth != truth || truth != bits_has(&crowd.fit_too, (uint32_t)c)
            || (decided && (decision != wanted.truth || change != MOMENT_NEVER))
            || crowd.holds_ms[c] <= at_ms || crowd.holds_ms[c] > change
            || (x->single && crowd.holds_ms[c] != change))
            refute(x, &v, &got, &wanted, change);
    }
}

static void compare_scan(const struct trial *x, const struct chunk *chunk)
{
    struct random *r = x->w->chance;
    struct scan_span span = {INT64_MAX, INT64_MIN};
    struct scan *scan;
    struct err err;

    for (uint32_t i = 0; i < chunk->event_n; i++) {
        if (chunk->at_ms[i] < span.first_ms)
            span.first_ms = chunk->at_ms[i];
        if (chunk->at_ms[i] > span.last_ms)
            span.last_ms = chunk->at_ms[i];
    }
    assert_true(scan_new(x->model->program, x->ref, &scan, &err));
    for (int k = 0; k < 4; k++) {
        int64_t at_ms = chunk->at_ms[random_below(r, chunk->event_n)];

        if (twin_roll(r, 2))
            at_ms += (twin_roll(r, 200) - 60) * MS_DAY / 2 + twin_roll(r, 3) - 1;
        scan_at(x, scan, chunk, twin_roll(r, 2) ? span : SCAN_SPAN_ANY, at_ms);
    }
    scan_free(scan);
}

static void compare_rule(struct world *w, const struct catalog *catalog,
                         const struct chunk *chunk, int kind)
{
    struct twin t;
    struct trial x = {.w = w, .t = &t, .single = kind == 0, .amount = kind == 1};
    struct model *model;
    struct buf rule = {};
    struct err err;

    world_twin(w, TWIN_LIVES_MAX, &t);
    if (!x.single)
        twin_named(&t);
    x.life = t.life = twin_roll(w->chance, t.m.life_n);
    x.rule = x.single   ? twin_term(&t)
             : x.amount ? twin_amount(&t)
                        : twin_condition(&t, 2);
    world_compile(w, &t, catalog, &model);
    twin_print(&t, x.rule, &rule);
    program_use_lifecycle(model->program, (uint32_t)x.life);
    if (!program_add(model->program, buf_str(&rule),
                     x.amount ? RULE_NUMBER : RULE_CONDITION, &x.ref, &err))
        fail_msg("%.*s: column %d: %s", STR_FMT(buf_str(&rule)), err.column, err.msg);
    assert_true(cursor_new(model->program, &x.cursor, &err));
    x.model = model;
    for (int c = 0; c < w->customer_n; c++)
        compare_customer(&x, chunk, c);
    if (!x.amount)
        compare_scan(&x, chunk);
    cursor_free(x.cursor);
    model_free(model);
    buf_free(&rule);
}

TEST(no_answer_outlives_its_holds_until_and_a_single_term_is_exact)
{
    struct random random = chance();
    size_t worlds = chance_rounds(60);

    for (size_t i = 0; i < worlds; i++) {
        struct world w;
        struct catalog catalog;
        struct chunk *chunk;

        world_open(&w, CHUNK_CUSTOMERS, &random);
        world_catalog(&w, &catalog);
        world_chunk(&w, &catalog, 0, w.customer_n, &chunk);
        for (int k = 0; k < 12; k++)
            compare_rule(&w, &catalog, chunk, k % 3);
        chunk_free(chunk);
        catalog_free(&catalog);
        world_close(&w);
    }
}

/* --- what the text of a rule shows --- */

static void need_verdict(const struct trial *x, enum rule_verdict verdict)
{
    struct random *r = x->w->chance;

    for (int c = 0; c < x->w->customer_n; c++) {
        struct twin_where lives[TWIN_LIVES_MAX];
        struct twin_view v = {
            .t = x->t, .c = &x->w->customer[c], .where = &lives[x->life], .lives = lives};
        struct value wanted;

        random_lives(x, v.c, lives);
        v.at_ms = lives[x->life].entered_ms;
        for (int k = 0; k < 6; k++) {
            wanted = twin_answer(x, &v);
            if (wanted.truth != (verdict == RULE_ALWAYS))
                refute(x, &v,
                       &(struct answer){
                           .value = {.type = VALUE_BOOL, .truth = !wanted.truth}},
                       &wanted, MOMENT_NEVER);
            v.at_ms +=
                twin_roll(r, 3) ? (int64_t)random_below(r, 60 * MS_DAY) : twin_roll(r, 3);
        }
    }
}

TEST(what_is_called_never_true_or_always_true_is_so)
{
    struct random random = chance();
    size_t worlds = chance_rounds(20);
    int found[3] = {};

    for (size_t i = 0; i < worlds; i++) {
        struct world w;
        struct catalog catalog;

        world_open(&w, CHUNK_CUSTOMERS, &random);
        world_catalog(&w, &catalog);
        for (int k = 0; k < 40; k++) {
            struct twin t;
            struct trial x = {.w = &w, .t = &t};
            struct model *model;
            struct buf rule = {};
            struct err err;
            enum rule_verdict verdict;

            world_twin(&w, TWIN_LIVES_MAX, &t);
            if (k % 2)
                twin_named(&t);
            x.life = t.life = twin_roll(&random, t.m.life_n);
            x.rule = twin_tight(&t);
            world_compile(&w, &t, &catalog, &model);
            twin_print(&t, x.rule, &rule);
            program_use_lifecycle(model->program, (uint32_t)x.life);
            if (!program_add(model->program, buf_str(&rule), RULE_CONDITION, &x.ref,
                             &err))
                fail_msg("%.*s: column %d: %s", STR_FMT(buf_str(&rule)), err.column,
                         err.msg);
            verdict = program_verdict(model->program, x.ref);
            found[verdict]++;
            if (verdict != RULE_OPEN)
                need_verdict(&x, verdict);
            model_free(model);
            buf_free(&rule);
        }
        catalog_free(&catalog);
        world_close(&w);
    }
    printf("# %d rules are never true, %d always, %d are open\n", found[RULE_NEVER],
           found[RULE_ALWAYS], found[RULE_OPEN]);
    assert_true(found[RULE_NEVER] > 0 && found[RULE_ALWAYS] > 0);
}
