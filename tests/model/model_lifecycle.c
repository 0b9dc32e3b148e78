/* model_lifecycle.c - random models over random customers: the histories that Ciclo computes
 * in one pass are those of a twin that asks every rule anew at every millisecond at which
 * anything could change. */
#include "base/tune.h"
#include "support/unit.h"
#include "world.h"

#include <stdlib.h>

/* One customer under one model. */
struct trial {
    struct world *w;
    struct twin *t;
    int64_t until_ms;
    struct twin_history twin;
    struct moves real;
};

static bool same_move(const struct twin_move *twin, const struct move *real)
{
    int from = real->from == STAGE_NONE ? -1 : real->from;
    int way = real->way == WAY_START ? -1 : real->way;

    return twin->at_ms == real->at_ms && twin->from == from && twin->to == real->to
           && twin->way == way;
}

/* The twin knows what comes half a year after, too. */
static bool agree(struct trial *x, const struct model *model, struct replay *replay,
                  const struct chunk *chunk, int customer)
{
    const struct twin_customer *c = &x->w->customer[customer];
    uint32_t number = catalog_customer_find(model->catalog, c->event[0].customer);
    struct timeline timeline = timeline_of(chunk, number);
    int64_t next_ms;
    struct err err;
    size_t n = 0;
    bool same = true, ok;

    twin_replay(x->t, c, x->until_ms + 180 * MS_DAY, &x->twin);
    while (n < (size_t)x->twin.n && x->twin.move[n].at_ms <= x->until_ms)
        n++;
    x->real.n = x->real.loop_n = 0;
    ok = replay_customer(replay, &timeline, x->until_ms, &x->real, &next_ms, &err);
    if (x->twin.restless >= TWIN_MOVES_MAX)
        return ok || err.code == ERR_LIMIT;
    if (!ok)
        return err.code == ERR_LIMIT && x->twin.loops > 0;
    for (size_t i = 0; i < n && i < x->real.n; i++)
        same &= same_move(&x->twin.move[i], &x->real.move[i]);
    return same && n == x->real.n && next_ms > x->until_ms
           && (n == (size_t)x->twin.n || next_ms <= x->twin.move[n].at_ms);
}

static struct replay *replay_of(const struct model *model)
{
    struct replay *replay;
    struct err err;

    assert_true(replay_new(model->lifecycle, model->program, &replay, &err));
    return replay;
}

/* The same with the customer alone in his chunk. */
static bool agree_alone(struct trial *x, int customer)
{
    struct world alone = *x->w;
    struct catalog catalog;
    struct chunk *chunk;
    struct model *model;
    struct replay *replay;
    bool same;

    alone.customer += customer;
    alone.customer_n = 1;
    world_catalog(&alone, &catalog);
    world_chunk(&alone, &catalog, 0, 1, &chunk);
    world_compile(&alone, x->t, &catalog, &model);
    replay = replay_of(model);
    same = agree(x, model, replay, chunk, customer);
    replay_free(replay);
    model_free(model);
    chunk_free(chunk);
    catalog_free(&catalog);
    return same;
}

/* --- making a failure small --- */

static void cut_events(struct trial *x, int customer)
{
    struct twin_customer *c = &x->w->customer[customer];

    for (int i = c->n - 1; i >= 0 && c->n > 1; i--) {
        struct twin_customer before = *c;

        for (int k = i; k + 1 < c->n; k++)
            c->event[k] = c->event[k + 1];
        c->n--;
        if (agree_alone(x, customer))
            *c = before;
    }
}

static void cut_ways(struct trial *x, int customer)
{
    for (int i = x->t->m.way_n - 1; i >= 0 && x->t->m.way_n > 1; i--) {
        struct twin_model before = x->t->m;

        for (int k = i; k + 1 < before.way_n; k++)
            x->t->m.way[k] = x->t->m.way[k + 1];
        x->t->m.way_n--;
        if (agree_alone(x, customer))
            x->t->m = before;
    }
}

/* Each half of an and, or, not alone, as long as the histories differ. */
static void cut_rule(struct trial *x, int customer, const struct twin_node **rule)
{
    for (;;) {
        const struct twin_node *whole = *rule;

        if (whole->kind > TWIN_NOT)
            return;
        *rule = whole->left;
        if (agree_alone(x, customer) && whole->right)
            *rule = whole->right;
        if (agree_alone(x, customer)) {
            *rule = whole;
            return;
        }
    }
}

static void cut_rules(struct trial *x, int customer)
{
    struct twin_model *m = &x->t->m;

    for (int i = 0; i < m->way_n; i++)
        cut_rule(x, customer, &m->way[i].when);
    for (int i = 0; i < m->segment_n; i++)
        cut_rule(x, customer, &m->segment[i]);
    for (int i = 0; i < m->score_n; i++)
        for (int k = 0; k < m->score[i].part_n; k++)
            cut_rule(x, customer, &m->score[i].when[k]);
}

static void print_moment(struct buf *b, const char *who, int64_t at_ms, int from, int to)
{
    buf_add_format(b, "  %s ", who);
    moment_print(b, at_ms);
    buf_add_format(b, " %d -> %d", from, to);
}

static void show(struct trial *x, int customer)
{
    struct buf b = {};

    twin_print_model(x->t, x->w->currency, &b);
    world_print_customer(&x->w->customer[customer], &b);
    buf_add(&b, STR("until "));
    moment_print(&b, x->until_ms);
    buf_add_char(&b, '\n');
    for (size_t i = 0; i < (size_t)x->twin.n || i < x->real.n; i++) {
        const struct twin_move *twin = &x->twin.move[i];
        const struct move *real = &x->real.move[i];

        if (i < (size_t)x->twin.n && i < x->real.n && same_move(twin, real))
            continue;
        if (i < (size_t)x->twin.n)
            print_moment(&b, "twin", twin->at_ms, twin->from, twin->to);
        if (i < x->real.n)
            print_moment(&b, "real", real->at_ms, (int16_t)real->from, real->to);
        buf_add_char(&b, '\n');
        break;
    }
    world_show(&b);
}

static void refute(struct trial *x, int customer)
{
    if (!agree_alone(x, customer)) {
        cut_ways(x, customer);
        cut_events(x, customer);
        cut_rules(x, customer);
        cut_events(x, customer);
        agree_alone(x, customer);
    }
    show(x, customer);
    fail_msg("customer %d has another history", customer);
}

/* --- */

TEST(every_history_is_the_one_of_asking_at_every_millisecond)
{
    struct random random = chance();
    size_t worlds = chance_rounds(180);
    struct trial *x = calloc(1, sizeof *x);

    assert_non_null(x);
    for (size_t i = 0; i < worlds; i++) {
        struct world w;
        struct catalog catalog;
        struct chunk *chunk;

        world_open(&w, CHUNK_CUSTOMERS, &random);
        world_catalog(&w, &catalog);
        world_chunk(&w, &catalog, 0, w.customer_n, &chunk);
        for (int k = 0; k < 4; k++) {
            struct twin t;
            struct model *model;
            struct replay *replay;

            world_twin(&w, &t);
            twin_model(&t);
            world_compile(&w, &t, &catalog, &model);
            x->w = &w;
            x->t = &t;
            replay = replay_of(model);
            for (int j = 0; j < 2 * w.customer_n;
                 j++) { /* in their order, then in none */
                int c = j < w.customer_n ? j : twin_roll(&random, w.customer_n);

                x->until_ms = w.customer[c].event[w.customer[c].n - 1].at_ms
                              + (twin_roll(&random, 500) - 30) * MS_DAY;
                if (!agree(x, model, replay, chunk, c))
                    refute(x, c);
            }
            replay_free(replay);
            model_free(model);
        }
        chunk_free(chunk);
        catalog_free(&catalog);
        world_close(&w);
    }
    moves_free(&x->real);
    free(x);
}
