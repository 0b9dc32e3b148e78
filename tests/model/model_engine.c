/* model_engine.c - the live engine with its clock: events come in commits, late and in any
 * order, the clock goes on and jumps, the file is closed and opened, folded, the model is
 * exchanged. At every halt everybody's moves are those of the twin, the pending moments are not
 * later than what comes next, and the loops are those that are met when all is computed anew. */
#include "base/json.h"
#include "engine/engine_impl.h"
#include "engine/history_impl.h"
#include "support/temp.h"
#include "support/unit.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUSTOMERS = 17, CUSTOMERS_MAX = 75 };

struct arrival {
    int64_t at_ms; /* when it is told of */
    int customer;
    const struct event *event;
};

struct life {
    struct world w;
    struct twin t;
    struct twin_customer known[CUSTOMERS_MAX]; /* what has arrived */
    struct arrival arrival[CUSTOMERS_MAX * TWIN_EVENTS_MAX];
    int arrival_n, arrived;
    struct engine *e;
    int64_t now_ms;
    struct json_parser *parser;
    struct twin_history twin[TWIN_LIVES_MAX];
    bool restless; /* the model may be refused */
};

static int roll(const struct life *l, int sides)
{
    return twin_roll(l->w.chance, sides);
}

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: %s", #call, (err).msg);                                        \
    } while (0)

/* --- events --- */

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;

    return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1)
                                : str_cmp(x->event->id, y->event->id);
}

/* Most are told of at their time; some later, a few ahead of it. */
static void plan_arrivals(struct life *l)
{
    bool any_order = roll(l, 4) == 0;

    l->arrival_n = 0;
    for (int c = 0; c < l->w.customer_n; c++)
        for (int i = 0; i < l->w.customer[c].n; i++) {
            const struct event *e = &l->w.customer[c].event[i];
            int64_t at_ms = e->at_ms;

            if (any_order || roll(l, 8) == 0)
                at_ms += (roll(l, 200) - 20) * MS_DAY;
            l->arrival[l->arrival_n++] = (struct arrival){at_ms, c, e};
        }
    qsort(l->arrival, (size_t)l->arrival_n, sizeof *l->arrival, by_arrival);
}

static void know(struct twin_customer *c, const struct event *e)
{
    int at = c->n++;

    while (at > 0
           && (c->event[at - 1].at_ms > e->at_ms
               || (c->event[at - 1].at_ms == e->at_ms
                   && str_cmp(c->event[at - 1].id, e->id) > 0))) {
        c->event[at] = c->event[at - 1];
        at--;
    }
    c->event[at] = *e;
}

static void commit(struct life *l, int n)
{
    struct store *s = engine_store(l->e);
    struct err err;

    NEED_OK(store_begin(s, l->now_ms, &err), err);
    for (; n > 0 && l->arrived < l->arrival_n; n--, l->arrived++) {
        const struct arrival *a = &l->arrival[l->arrived];

        world_append(l->parser, s, a->event);
        know(&l->known[a->customer], a->event);
    }
    NEED_OK(store_commit(s, &err) && engine_refresh(l->e, &err), err);
}

/* --- models --- */

static void choose_model(struct life *l)
{
    l->restless = world_calm_twin(&l->w, TWIN_LIVES_MAX, l->w.turn_ms + 1500 * MS_DAY,
                                  l->twin, &l->t);
}

static void open_file(struct life *l, const char *path)
{
    struct err err;

    NEED_OK(engine_open(io_system(), str_of(path),
                        &(struct store_options){STORE_WRITE, 1 << 24}, &l->e, &err),
            err);
}

static void create(struct life *l, const char *path)
{
    struct buf text = {};
    struct err err;

    twin_print_model(&l->t, l->w.currency, &text);
    NEED_OK(
        engine_create(io_system(), str_of(path), buf_str(&text), l->now_ms, &l->e, &err),
        err);
    buf_free(&text);
}

/* --- comparing --- */

static void refute(const struct life *l, int customer, int life, size_t at,
                   const struct move *real, size_t n, int64_t next_ms)
{
    struct buf b = {};

    twin_print_model(&l->t, l->w.currency, &b);
    world_print_customer(&l->known[customer], &b);
    buf_add(&b, STR("now "));
    moment_print(&b, l->now_ms);
    buf_add_format(&b, "\nin lifecycle %d, move %zu:\n", life, at);
    world_print_moves(&l->twin[life], real, n, at, &b);
    buf_add_format(&b, "pending %lld\n", (long long)next_ms);
    world_show(&b);
    fail_msg("customer %d has another life", customer);
}

/* His first move that is still to come. */
static int64_t compare_customer(struct life *l, int customer)
{
    const struct twin_customer *c = &l->known[customer];
    int64_t next_ms, first_ms = MOMENT_NEVER;
    uint32_t number;

    if (!c->n)
        return MOMENT_NEVER;
    number = catalog_customer_find(snapshot_catalog(engine_snapshot(l->e)),
                                   c->event[0].customer);
    assert_true(number != CUSTOMER_NONE);
    next_ms = engine_customer_next(l->e, number);
    twin_replay(&l->t, c, l->now_ms + 180 * MS_DAY, l->twin);
    for (int k = 0; k < l->t.m.life_n; k++) {
        const struct twin_history *twin = &l->twin[k];
        int64_t coming_ms = MOMENT_NEVER;
        size_t n, i = 0;
        const struct move *real = engine_moves(l->e, (uint32_t)k, number, &n);

        while (i < n && i < (size_t)twin->n && world_same_move(&twin->move[i], &real[i]))
            i++;
        if (i < (size_t)twin->n)
            coming_ms = twin->move[i].at_ms;
        if (i < n || coming_ms <= l->now_ms || next_ms <= l->now_ms
            || next_ms > coming_ms)
            refute(l, customer, k, i, real, n, next_ms);
        if (coming_ms < first_ms)
            first_ms = coming_ms;
    }
    return first_ms;
}

static void compare_loops(const struct life *l)
{
    struct histories *anew;
    struct err err;

    NEED_OK(histories_new(l->e->model, 0, &anew, &err)
                && histories_advance(anew, l->e->now, l->now_ms, NULL, &err),
            err);
    for (uint32_t k = 0; k < (uint32_t)l->t.m.life_n; k++) {
        uint32_t n, n_anew;
        const struct loop *a = engine_loops(l->e, k, &n),
                          *b = histories_loops(anew, k, &n_anew);

        assert_int_equal(n, n_anew);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(same_ways(&a[i], &b[i]));
            assert_int_equal(a[i].customer, b[i].customer);
            assert_true(a[i].at_ms == b[i].at_ms);
            assert_true(a[i].times == b[i].times);
        }
    }
    histories_free(anew);
}

static void compare_all(struct life *l)
{
    int64_t coming_ms = MOMENT_NEVER;

    for (int c = 0; c < l->w.customer_n; c++) {
        int64_t his_ms = compare_customer(l, c);

        if (his_ms < coming_ms)
            coming_ms = his_ms;
    }
    assert_true(engine_next_ms(l->e) <= coming_ms);
    assert_true(engine_next_ms(l->e) > l->now_ms);
    compare_loops(l);
}

/* --- a life --- */

/* False when the model leads somebody to and fro in loops, and was refused for it. */
static bool advance(struct life *l, int64_t now_ms)
{
    struct err err;

    if (now_ms > l->now_ms)
        l->now_ms = now_ms;
    if (engine_advance(l->e, l->now_ms, &err))
        return true;
    if (err.code != ERR_LIMIT || !l->restless)
        fail_msg("advance: %s", err.msg);
    return false;
}

static bool exchange_model(struct life *l)
{
    struct buf text = {};
    struct err err;
    uint32_t version;
    bool ok;

    choose_model(l);
    twin_print_model(&l->t, l->w.currency, &text);
    ok = engine_apply(l->e, buf_str(&text), l->now_ms, &version, &err);
    if (!ok && (err.code != ERR_LIMIT || !l->restless))
        fail_msg("apply: %s", err.msg);
    buf_free(&text);
    return ok;
}

/* What may happen between two halts. */
static bool something_else(struct life *l, const char *path)
{
    struct err err;
    bool more = true;

    switch (roll(l, 12)) {
    case 0:
        engine_close(l->e);
        open_file(l, path);
        return advance(l, l->now_ms);
    case 1:
        while (more)
            NEED_OK(store_fold(engine_store(l->e), 1, &more, &err), err);
        NEED_OK(engine_refresh(l->e, &err), err);
        return advance(l, l->now_ms);
    case 2:
        return exchange_model(l);
    default:
        return true;
    }
}

/* Sometimes just to the next moment, or to the millisecond before it; sometimes a year. */
static int64_t next_halt(const struct life *l)
{
    int64_t next_ms = engine_next_ms(l->e);

    switch (roll(l, 6)) {
    case 0:
        return next_ms == MOMENT_NEVER ? l->now_ms : next_ms - roll(l, 2);
    case 1:
        return l->now_ms + 365 * MS_DAY;
    case 2:
        return l->now_ms;
    default:
        return l->now_ms + (int64_t)random_below(l->w.chance, 30 * MS_DAY);
    }
}

static bool live(struct life *l, const char *path)
{
    create(l, path);
    while (l->arrived < l->arrival_n) {
        int first = l->arrived;

        commit(l, roll(l, 3) ? 1 + roll(l, 9) : 1 + roll(l, 80));
        if (!advance(l, roll(l, 3) ? l->arrival[first].at_ms : l->now_ms))
            return false;
        compare_all(l);
        if (!something_else(l, path))
            return false;
        if (roll(l, 3) == 0 && !advance(l, next_halt(l)))
            return false;
        compare_all(l);
    }
    for (int k = 0; k < 4; k++) {
        if (!advance(l, next_halt(l)))
            return false;
        compare_all(l);
    }
    return true;
}

static void end_file(struct life *l, const char *path)
{
    char beside[300];

    engine_close(l->e);
    for (int i = 0; i < 3; i++) {
        snprintf(beside, sizeof beside, "%s%s", path,
                 (const char *[]){"", "-wal", "-shm"}[i]);
        unlink(beside);
    }
}

/* The same events in another order, in two halves or one at a time, with a restart between, in
 * a file of their own. */
static void compare_hash(struct life *l, const char *path)
{
    struct engine *first = l->e;
    bool one_by_one = roll(l, 6) == 0;
    hash128 a, b;
    struct err err;

    for (int i = l->arrival_n; i > 1; i--) {
        int k = roll(l, i);
        struct arrival swap = l->arrival[i - 1];

        l->arrival[i - 1] = l->arrival[k];
        l->arrival[k] = swap;
    }
    memset(l->known, 0, sizeof l->known);
    l->arrived = 0;
    create(l, path);
    commit(l, one_by_one ? 1 : l->arrival_n / 2);
    if (roll(l, 2) && !advance(l, l->now_ms))
        goto end;
    engine_close(l->e);
    open_file(l, path);
    while (l->arrived < l->arrival_n)
        commit(l, one_by_one ? 1 : 1 + roll(l, l->arrival_n));
    if (!advance(l, l->now_ms))
        goto end;
    NEED_OK(engine_hash(first, l->now_ms, &a, &err), err);
    NEED_OK(engine_hash(l->e, l->now_ms, &b, &err), err);
    assert_memory_equal(&a, &b, sizeof a);
end:
    end_file(l, path);
    l->e = first;
}

/* --- a year in jumps --- */

/* What is told of until `until_ms` comes in, in one commit, and the clock stands there. */
static bool jump(struct life *l, int64_t until_ms)
{
    int n = 0;

    while (l->arrived + n < l->arrival_n && l->arrival[l->arrived + n].at_ms <= until_ms)
        n++;
    if (n)
        commit(l, n);
    return advance(l, until_ms);
}

/* Four weeks by days, six weeks while the file is closed, and the rest by months; then, with
 * nothing more to come, a year at once. */
static bool live_a_year(struct life *l, const char *path)
{
    int64_t end_ms = l->now_ms + 365 * MS_DAY;

    create(l, path);
    for (int day = 1; day <= 28; day++) {
        if (!jump(l, l->now_ms + MS_DAY))
            return false;
        if (day % 7 == 0)
            compare_all(l);
    }
    engine_close(l->e);
    open_file(l, path);
    if (!jump(l, l->now_ms + 42 * MS_DAY))
        return false;
    while (l->now_ms < end_ms)
        if (!jump(l, l->now_ms + 30 * MS_DAY))
            return false;
    compare_all(l);
    if (!jump(l, l->arrival[l->arrival_n - 1].at_ms + 365 * MS_DAY))
        return false;
    compare_all(l);
    return true;
}

TEST(a_year_in_jumps_makes_each_move_once_at_its_moment)
{
    struct random random = chance();
    size_t lives = chance_rounds(3);
    struct life *l = calloc(1, sizeof *l);
    const char *path = temp_path("year");
    struct err err;

    assert_non_null(l);
    NEED_OK(json_parser_new(&l->parser, &err), err);
    while (lives > 0) {
        struct json_parser *parser = l->parser;

        *l = (struct life){.parser = parser};
        world_open(&l->w, CUSTOMERS_MAX, &random);
        choose_model(l);
        plan_arrivals(l);
        l->now_ms = l->arrival[0].at_ms;
        lives -= live_a_year(l, path); /* else the model was refused */
        end_file(l, path);
        world_close(&l->w);
    }
    json_parser_free(l->parser);
    free(l);
}

TEST(a_live_file_has_everybodys_moves_whatever_came_when)
{
    struct random random = chance();
    size_t lives = chance_rounds(8);
    struct life *l = calloc(1, sizeof *l);
    const char *path = temp_path("life"), *other = temp_path("other");
    struct err err;

    assert_non_null(l);
    NEED_OK(json_parser_new(&l->parser, &err), err);
    for (size_t i = 0; i < lives; i++) {
        struct json_parser *parser = l->parser;

        *l = (struct life){.parser = parser};
        world_open(&l->w, CUSTOMERS, &random);
        choose_model(l);
        plan_arrivals(l);
        l->now_ms = l->arrival[0].at_ms;
        if (live(l, path))
            compare_hash(l, other);
        end_file(l, path);
        world_close(&l->w);
    }
    json_parser_free(l->parser);
    free(l);
}
