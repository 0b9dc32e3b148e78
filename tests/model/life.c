#include "life.h"

#include "engine/history_impl.h"
#include "engine/identity.h"
#include "engine/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- events --- */

static int by_arrival(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;

    return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1)
                                : str_cmp(x->event->id, y->event->id);
}

static void plan(struct life *l, const struct event *e, bool any_order)
{
    int64_t at_ms = e->at_ms;

    if (any_order || roll(l, 8) == 0)
        at_ms += (roll(l, 200) - 20) * MS_DAY;
    assert_true(l->arrival_n < ARRIVALS_MAX);
    l->arrival[l->arrival_n++] = (struct arrival){at_ms, e};
}

/* Room is left for what is decided on the way. */
static void plan_house(struct life *l, int house, bool any_order)
{
    l->said[house] = roll(l, TOWN_NEWS_MAX / 2);
    for (int i = 0; i < l->said[house]; i++) {
        const struct twin_customer *c = &l->w.customer[house * TOWN_HOUSE];
        int64_t at_ms = c->event[roll(l, c->n)].at_ms + roll(l, 3) - 1;

        if (i + 1 < l->said[house] && roll(l, 3) == 0) {
            plan(l, town_group(&l->w, house, at_ms), any_order);
            i++;
            continue;
        }
        plan(l, (roll(l, 2) ? town_alias : town_decision)(&l->w, house, at_ms),
             any_order);
    }
}

/* Most are told of at their time; some later, a few ahead of it. */
static void plan_arrivals(struct life *l)
{
    bool any_order = roll(l, 4) == 0;

    l->arrival_n = 0;
    for (int c = 0; c < l->w.customer_n; c++) {
        for (int i = 0; i < l->w.customer[c].n; i++)
            plan(l, &l->w.customer[c].event[i], any_order);
        if (l->is_town && c % TOWN_HOUSE == 0)
            plan_house(l, c / TOWN_HOUSE, any_order);
    }
    qsort(l->arrival, (size_t)l->arrival_n, sizeof *l->arrival, by_arrival);
}

static void gather(struct life *l)
{
    for (int i = 0; i < l->arrived; i++)
        l->told[i] = l->arrival[i].event;
    arena_reset(&l->homes);
    l->person_n = town_gather(l->told, l->arrived, &l->homes, l->person);
}

void life_commit(struct life *l, int n)
{
    struct store *s = engine_store(l->e);
    struct err err;

    NEED_OK(store_begin(s, l->now_ms, &err), err);
    for (; n > 0 && l->arrived < l->arrival_n; n--, l->arrived++) {
        const struct arrival *a = &l->arrival[l->arrived];

        world_append(l->parser, s, a->event);
        NEED_OK(identity_take(l->e, a->event, &err), err);
    }
    NEED_OK(identity_commit(l->e, &err) && engine_refresh(l->e, &err), err);
}

/* --- models --- */

void life_choose_model(struct life *l, struct twin *out)
{
    world_calm_twin(&l->w, TWIN_LIVES_MAX, l->w.turn_ms + 1500 * MS_DAY, l->twin, out);
    twin_more_segments(out);
}

/* Does it lead somebody to and fro in loops, for which it may be refused? */
bool life_may_refuse(struct life *l, const struct twin *t)
{
    gather(l);
    for (int i = 0; i < l->person_n; i++) {
        twin_replay(t, &l->person[i].known, l->now_ms, l->twin);
        for (int k = 0; k < t->m.life_n; k++)
            if (l->twin[k].loops || l->twin[k].restless >= TWIN_MOVES_MAX)
                return true;
    }
    return false;
}

static void open_file(struct life *l, const char *path)
{
    struct err err;

    NEED_OK(engine_open(io_system(), str_of(path),
                        &(struct store_options){STORE_WRITE, 1 << 24}, &l->e, &err),
            err);
}

void life_reopen(struct life *l, const char *path)
{
    engine_close(l->e);
    open_file(l, path);
}

void life_create(struct life *l, const char *path)
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

static void refute(const struct life *l, const struct townsman *who, int life, size_t at,
                   const struct move *real, size_t n, int64_t next_ms)
{
    struct buf b = {};

    twin_print_model(&l->t, l->w.currency, &b);
    world_print_customer(&who->known, &b);
    buf_add(&b, STR("now "));
    moment_print(&b, l->now_ms);
    buf_add_format(&b, "\nin lifecycle %d, move %zu:\n", life, at);
    world_print_moves(&l->twin[life], real, n, at, &b);
    buf_add_format(&b, "pending %lld\n", (long long)next_ms);
    world_show(&b);
    fail_msg("customer %.*s has another life", STR_FMT(who->home));
}

static void refute_members(const struct life *l, const struct townsman *who, size_t at,
                           const struct move *real, size_t n, int64_t next_ms)
{
    struct buf b = {};

    twin_print_model(&l->t, l->w.currency, &b);
    world_print_customer(&who->known, &b);
    buf_add(&b, STR("now "));
    moment_print(&b, l->now_ms);
    buf_add_format(&b, "\nchange %zu: moment, segment, in; Ciclo's, then the twin's\n",
                   at);
    for (size_t i = at > 2 ? at - 2 : 0; i < n && i < at + 3; i++)
        buf_add_format(&b, "%zu: %lld %d %d\n", i, (long long)real[i].at_ms, real[i].way,
                       real[i].to);
    for (size_t i = at > 2 ? at - 2 : 0; i < (size_t)l->members.n && i < at + 3; i++)
        buf_add_format(&b, "%zu: %lld %d %d\n", i, (long long)l->members.change[i].at_ms,
                       l->members.change[i].segment, l->members.change[i].in);
    buf_add_format(&b, "pending %lld\n", (long long)next_ms);
    world_show(&b);
    fail_msg("customer %.*s is in other segments", STR_FMT(who->home));
}

/* His first change of membership that is still to come. */
static int64_t compare_members(const struct life *l, const struct townsman *who,
                               uint32_t number, int64_t next_ms)
{
    const struct twin_membership *twin = &l->members;
    size_t n, i = 0;
    const struct move *real = engine_members(l->e, number, &n);
    int64_t coming_ms = MOMENT_NEVER;

    while (i < n && i < (size_t)twin->n && real[i].at_ms == twin->change[i].at_ms
           && real[i].way == twin->change[i].segment
           && real[i].to == (twin->change[i].in ? MEMBER_IN : MEMBER_OUT))
        i++;
    if (i < (size_t)twin->n)
        coming_ms = twin->change[i].at_ms;
    if (i < n || coming_ms <= l->now_ms || next_ms > coming_ms)
        refute_members(l, who, i, real, n, next_ms);
    return coming_ms;
}

/* His first move, or change of membership, that is still to come. */
static int64_t compare_customer(struct life *l, const struct townsman *who)
{
    uint32_t number =
        catalog_key_find(snapshot_catalog(engine_snapshot(l->e)), who->home);
    int64_t next_ms, coming_ms, first_ms = MOMENT_NEVER;

    assert_true(number != CUSTOMER_NONE);
    next_ms = engine_customer_next(l->e, number);
    twin_replay_members(&l->t, &who->known, l->now_ms + 180 * MS_DAY, l->twin,
                        &l->members);
    for (int k = 0; k < l->t.m.life_n; k++) {
        const struct twin_history *twin = &l->twin[k];
        size_t n, i = 0;
        const struct move *real = engine_moves(l->e, (uint32_t)k, number, &n);

        coming_ms = MOMENT_NEVER;
        while (i < n && i < (size_t)twin->n && world_same_move(&twin->move[i], &real[i]))
            i++;
        if (i < (size_t)twin->n)
            coming_ms = twin->move[i].at_ms;
        if (i < n || coming_ms <= l->now_ms || next_ms <= l->now_ms
            || next_ms > coming_ms)
            refute(l, who, k, i, real, n, next_ms);
        if (coming_ms < first_ms)
            first_ms = coming_ms;
    }
    coming_ms = compare_members(l, who, number, next_ms);
    return coming_ms < first_ms ? coming_ms : first_ms;
}

/* Whose events all stand with others: he has neither moves nor any to come. */
static void compare_nobody(const struct life *l, uint32_t number)
{
    str key = catalog_customer_key(snapshot_catalog(engine_snapshot(l->e)), number);
    size_t n = 0;

    for (int i = 0; i < l->person_n; i++)
        if (str_eq(l->person[i].home, key))
            return;
    for (uint32_t k = 0; k < (uint32_t)l->t.m.life_n; k++) {
        engine_moves(l->e, k, number, &n);
        if (n)
            fail_msg("%.*s is nobody, and has a life", STR_FMT(key));
    }
    engine_members(l->e, number, &n);
    assert_int_equal(n, 0);
    assert_true(engine_customer_next(l->e, number) == MOMENT_NEVER);
}

/* The sizes of segments are those that everybody's rule, asked now, gives. */
void life_compare_sizes(const struct life *l)
{
    const struct segments *all = l->e->model->segments;
    struct arena a = {};
    struct fits fits;
    struct err err;

    for (uint32_t i = 0; i < all->segment_n; i++) {
        NEED_OK(engine_scan(l->e, l->e->model->program, all->segment[i].rule, l->now_ms,
                            &a, &fits, &err),
                err);
        assert_int_equal(engine_sizes(l->e)[i], fits.n);
        for (uint32_t c = 0; c < engine_customer_n(l->e); c++)
            assert_int_equal(engine_is_member(l->e, c, i, l->now_ms), fits_has(&fits, c));
    }
    arena_free(&a);
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

void life_compare(struct life *l)
{
    int64_t coming_ms = MOMENT_NEVER;

    gather(l);
    for (int i = 0; i < l->person_n; i++) {
        int64_t his_ms = compare_customer(l, &l->person[i]);

        if (his_ms < coming_ms)
            coming_ms = his_ms;
    }
    for (uint32_t number = 0; number < engine_customer_n(l->e); number++)
        compare_nobody(l, number);
    assert_true(engine_next_ms(l->e) <= coming_ms);
    assert_true(engine_next_ms(l->e) > l->now_ms);
    compare_loops(l);
    life_compare_sizes(l);
}

/* --- a life --- */

/* False when the model may be refused, and was. */
bool life_advance(struct life *l, int64_t now_ms)
{
    struct err err;

    if (now_ms > l->now_ms)
        l->now_ms = now_ms;
    if (engine_advance(l->e, l->now_ms, &err))
        return true;
    if (err.code != ERR_LIMIT || !life_may_refuse(l, &l->t))
        fail_msg("advance: %s", err.msg);
    return false;
}

/* --- decided on the way --- */

static int some_house(const struct life *l)
{
    return roll(l, (l->w.customer_n + TOWN_HOUSE - 1) / TOWN_HOUSE);
}

/* From now on, and of no event that is to come: what is of one moment is ordered by its message's
 * id, which the engine makes. */
static int64_t own_moment(const struct life *l)
{
    int64_t at_ms = l->now_ms + 1;

    for (int i = 0; i < l->arrival_n; i++)
        if (l->arrival[i].event->at_ms == at_ms) {
            at_ms++;
            i = -1;
        }
    return at_ms;
}

static void note_arrival(struct life *l, const struct event *e)
{
    assert_true(l->arrival_n < ARRIVALS_MAX);
    memmove(&l->arrival[l->arrived + 1], &l->arrival[l->arrived],
            (size_t)(l->arrival_n++ - l->arrived) * sizeof *l->arrival);
    l->arrival[l->arrived++] = (struct arrival){e->at_ms, e};
}

/* It stands with the second of the two when no event carries the first, be it beside another id. */
static const struct event *as_kept(struct life *l, const struct event *e,
                                   const struct decision *d)
{
    const struct graph *g;
    struct err err;
    uint32_t a;

    NEED_OK(engine_graph(l->e, &g, &err), err);
    a = graph_find(g, d->a);
    return a == GRAPH_NO_ID || graph_first_ms(g, a) != MOMENT_NEVER
               ? e
               : town_decided(&l->w, d->b, d->a, d->says, e->at_ms);
}

/* Nothing comes of it when one of the two has not been heard of, or no event carries either. */
static void decide(struct life *l, int house, const struct event *e)
{
    struct buf a = {}, b = {};
    enum graph_says says;
    struct decision d;
    struct err err;

    l->now_ms = e->at_ms;
    NEED_OK(event_decision(e, &l->w.arena, &d, &err), err);
    assert_true(says_parse(d.says, &says));
    id_print(&a, d.a);
    id_print(&b, d.b);
    e = as_kept(l, e, &d);
    if (engine_decide(l->e, buf_str(&a), buf_str(&b), says, STR("Eva"), e->at_ms, &err)) {
        note_arrival(l, e);
        l->said[house]++;
    } else if (err.code != ERR_NOT_FOUND && err.code != ERR_INPUT) {
        fail_msg("decide: %s", err.msg);
    }
    buf_free(&a);
    buf_free(&b);
}

bool life_decide(struct life *l)
{
    int house = some_house(l);

    if (l->said[house] < TOWN_NEWS_MAX)
        decide(l, house, town_decision(&l->w, house, own_moment(l)));
    return life_advance(l, l->now_ms);
}

/* Three customers of the house, two with as many events as one another, and a user. */
static bool find_three(const struct life *l, int house, struct id *was, struct id *is,
                       struct id *he)
{
    for (int i = 0; i < l->person_n; i++)
        for (int k = 0; k < i; k++)
            for (int u = 0; u < l->person_n; u++) {
                *was = id_of_key(l->person[i].home);
                *is = id_of_key(l->person[k].home);
                *he = id_of_key(l->person[u].home);
                if (u != i && u != k && he->kind == ID_USER && was->kind != ID_GROUP
                    && is->kind != ID_GROUP
                    && l->person[i].known.n == l->person[k].known.n
                    && town_house(*was) == house && town_house(*is) == house
                    && town_house(*he) == house)
                    return true;
            }
    return false;
}

/* A user had one's events, and has as many of another instead when he is looked at again, by the
 * same engine or by one that has his history out of the file. */
static bool decide_otherwise(struct life *l, int house, const char *path)
{
    struct world *w = &l->w;
    struct id was, is, he;

    gather(l);
    if (l->said[house] + 3 > TOWN_NEWS_MAX || !find_three(l, house, &was, &is, &he))
        return true;
    was.value = arena_str(&w->arena, was.value);
    is.value = arena_str(&w->arena, is.value);
    he.value = arena_str(&w->arena, he.value);
    decide(l, house, town_decided(w, was, he, STR("merge"), own_moment(l)));
    if (!life_advance(l, l->now_ms))
        return false;
    decide(l, house, town_decided(w, was, he, STR("undecided"), own_moment(l)));
    decide(l, house, town_decided(w, is, he, STR("merge"), own_moment(l)));
    if (roll(l, 2))
        life_reopen(l, path);
    return life_advance(l, l->now_ms);
}

bool life_decide_everywhere(struct life *l, const char *path)
{
    for (int c = 0; c < l->w.customer_n; c += TOWN_HOUSE)
        if (!decide_otherwise(l, c / TOWN_HOUSE, path))
            return false;
    return true;
}

void life_end_file(struct life *l, const char *path)
{
    char beside[300];

    engine_close(l->e);
    for (int i = 0; i < 3; i++) {
        snprintf(beside, sizeof beside, "%s%s", path,
                 (const char *[]){"", "-wal", "-shm"}[i]);
        unlink(beside);
    }
}

/* A part of them are towns. */
void life_begin(struct life *l, int customers, struct random *random)
{
    struct json_parser *parser = l->parser;

    memset(l, 0, sizeof *l);
    l->parser = parser;
    world_open(&l->w, customers, random);
    l->is_town = roll(l, 2);
    if (l->is_town)
        town_settle(&l->w);
    life_choose_model(l, &l->t);
    plan_arrivals(l);
    l->now_ms = l->arrival[0].at_ms;
}

void life_end(struct life *l, const char *path)
{
    life_end_file(l, path);
    world_close(&l->w);
    arena_free(&l->homes);
}
