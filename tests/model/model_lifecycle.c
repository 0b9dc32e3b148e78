/* model_lifecycle.c - random models over random customers: the histories that Ciclo computes
 * in one pass are those of a twin that asks every rule anew at every millisecond at which
 * anything could change. */
#include "base/tune.h"
#include "support/unit.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* One customer under one model. */
struct trial {
    struct world *w;
    struct twin *t;
    int64_t until_ms;
    struct twin_history twin[TWIN_LIVES_MAX];
    struct moves real[TWIN_LIVES_MAX];
    int life;     /* in which they differ */
    bool refused; /* one of them, for its loops: those below are not known */
    const struct model *model;
    struct replay *replay[TWIN_LIVES_MAX]; /* each goes from customer to customer */
};

static void turn_to(struct trial *x, const struct model *model)
{
    struct err err;

    x->model = model;
    for (int i = 0; i < x->t->m.life_n; i++)
        assert_true(
            replay_new(model->lifecycles[i], model->program, &x->replay[i], &err));
}

static void turn_away(struct trial *x)
{
    for (int i = 0; i < TWIN_LIVES_MAX; i++) {
        replay_free(x->replay[i]);
        x->replay[i] = NULL;
    }
}

static bool same_moves(const struct trial *x, int life, int64_t next_ms)
{
    const struct twin_history *twin = &x->twin[life];
    const struct moves *real = &x->real[life];
    size_t n = 0;

    while (n < (size_t)twin->n && n < real->n
           && world_same_move(&twin->move[n], &real->move[n]))
        n++;
    return n == real->n
           && (n == (size_t)twin->n
               || (twin->move[n].at_ms > x->until_ms && twin->move[n].at_ms >= next_ms));
}

/* One lifecycle, after those above it. *next_ms is the least of theirs before, and of its
 * own too after. */
static bool agree_in(struct trial *x, const struct timeline *timeline, int life,
                     int64_t *next_ms)
{
    struct beside above[TWIN_LIVES_MAX];
    int64_t its_ms;
    struct err err;

    for (int i = 0; i < life; i++)
        above[i] = (struct beside){x->real[i].move, x->real[i].n};
    x->life = life;
    x->real[life].n = x->real[life].loop_n = 0;
    if (!replay_beside(x->replay[life], timeline, above, (uint32_t)life, x->until_ms,
                       &x->real[life], &its_ms, &err)) {
        x->refused = true;
        return err.code == ERR_LIMIT && x->twin[life].loops > 0;
    }
    if (its_ms < *next_ms)
        *next_ms = its_ms;
    return its_ms > x->until_ms && same_moves(x, life, *next_ms);
}

/* The twin knows what comes half a year after, too. */
static bool agree(struct trial *x, const struct chunk *chunk, int customer)
{
    const struct twin_customer *c = &x->w->customer[customer];
    uint32_t number = catalog_customer_find(x->model->catalog, c->event[0].customer);
    struct timeline timeline = timeline_of(chunk, number);
    int64_t next_ms = MOMENT_NEVER;
    bool same = true;

    twin_replay(x->t, c, x->until_ms + 180 * MS_DAY, x->twin);
    x->refused = false;
    for (int i = 0; i < x->t->m.life_n; i++)
        x->refused |= x->twin[i].restless >= TWIN_MOVES_MAX;
    for (int i = 0; i < x->t->m.life_n && same && !x->refused; i++)
        same = agree_in(x, &timeline, i, &next_ms);
    return same;
}

/* The same with the customer alone in his chunk. */
static bool agree_alone(struct trial *x, int customer)
{
    struct world alone = *x->w;
    struct trial other = *x;
    struct catalog catalog;
    struct chunk *chunk;
    struct model *model;
    bool same;

    alone.customer += customer;
    alone.customer_n = 1;
    world_catalog(&alone, &catalog);
    world_chunk(&alone, &catalog, 0, 1, &chunk);
    world_compile(&alone, x->t, &catalog, &model);
    turn_to(&other, model);
    same = agree(&other, chunk, customer);
    turn_away(&other);
    memcpy(x->real, other.real, sizeof x->real);
    memcpy(x->twin, other.twin, sizeof x->twin);
    x->life = other.life;
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

static void cut_ways(struct trial *x, int customer, struct twin_life *l)
{
    for (int i = l->way_n - 1; i >= 0 && l->way_n > 1; i--) {
        struct twin_life before = *l;

        for (int k = i; k + 1 < before.way_n; k++)
            l->way[k] = l->way[k + 1];
        l->way_n--;
        if (agree_alone(x, customer))
            *l = before;
    }
}

/* Those below the one that differs play no part in it. */
static void cut_lives(struct trial *x, int customer)
{
    x->t->m.life_n = x->life + 1;
    for (int i = 0; i < x->t->m.life_n; i++)
        cut_ways(x, customer, &x->t->m.life[i]);
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

    for (int l = 0; l < m->life_n; l++) {
        if (m->life[l].who)
            cut_rule(x, customer, &m->life[l].who);
        for (int i = 0; i < m->life[l].way_n; i++)
            cut_rule(x, customer, &m->life[l].way[i].when);
    }
    for (int i = 0; i < m->segment_n; i++)
        cut_rule(x, customer, &m->segment[i]);
    for (int i = 0; i < m->score_n; i++)
        for (int k = 0; k < m->score[i].part_n; k++)
            cut_rule(x, customer, &m->score[i].when[k]);
}

static void show(struct trial *x, int customer)
{
    const struct twin_history *twin = &x->twin[x->life];
    const struct moves *real = &x->real[x->life];
    struct buf b = {};
    size_t i = 0;

    while (i < (size_t)twin->n && i < real->n
           && world_same_move(&twin->move[i], &real->move[i]))
        i++;
    twin_print_model(x->t, x->w->currency, &b);
    world_print_customer(&x->w->customer[customer], &b);
    buf_add(&b, STR("until "));
    moment_print(&b, x->until_ms);
    buf_add_format(&b, "\nin lifecycle %d, move %zu:\n", x->life, i);
    world_print_moves(twin, real->move, real->n, i, &b);
    world_show(&b);
}

static void refute(struct trial *x, int customer)
{
    if (!agree_alone(x, customer)) {
        cut_lives(x, customer);
        cut_events(x, customer);
        cut_rules(x, customer);
        cut_events(x, customer);
        agree_alone(x, customer);
    }
    show(x, customer);
    fail_msg("customer %d has another history", customer);
}

/* --- */

static void compare_worlds(size_t worlds, int lives_max)
{
    struct random random = chance();
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

            world_twin(&w, lives_max, &t);
            twin_named(&t);
            twin_ways(&t);
            world_compile(&w, &t, &catalog, &model);
            x->w = &w;
            x->t = &t;
            turn_to(x, model);
            for (int j = 0; j < 2 * w.customer_n;
                 j++) { /* in their order, then in none */
                int c = j < w.customer_n ? j : twin_roll(&random, w.customer_n);

                x->until_ms = w.customer[c].event[w.customer[c].n - 1].at_ms
                              + (twin_roll(&random, 500) - 30) * MS_DAY;
                if (!agree(x, chunk, c))
                    refute(x, c);
            }
            turn_away(x);
            model_free(model);
        }
        chunk_free(chunk);
        catalog_free(&catalog);
        world_close(&w);
    }
    for (int i = 0; i < TWIN_LIVES_MAX; i++)
        moves_free(&x->real[i]);
    free(x);
}

TEST(every_history_is_the_one_of_asking_at_every_millisecond)
{
    compare_worlds(chance_rounds(120), 1);
}

TEST(so_are_the_histories_in_lifecycles_side_by_side)
{
    compare_worlds(chance_rounds(60), TWIN_LIVES_MAX);
}
