/* model_members.c - membership after each of many random operations: an event comes, in its time
 * or late, some of them make two customers one; somebody decides who is whom; the clock goes on.
 *
 * After each of them the kept membership of every segment is that which its rule, asked of
 * everybody now, gives; the moments at which everybody entered and left are those of a replay that
 * knows nothing of before (which model_engine.c holds against the twin); how segments overlap is
 * counted one customer after the other. CICLO_ROUNDS of 100 are 100,000 operations. */
#include "engine/history.h"
#include "engine/overlap.h"
#include "life.h"
#include "support/temp.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS = 1000, AFTER_LAST_EVENT = 40 };

struct done {
    size_t events, late, merges, decisions, moves_of_clock, files_opened, changes, lives;
};

static size_t operations(const struct done *d)
{
    return d->events + d->late + d->merges + d->decisions + d->moves_of_clock;
}

/* --- comparing --- */

static void compare_anew(const struct life *l)
{
    struct histories *anew;
    struct err err;

    NEED_OK(histories_new(l->e->model, 0, &anew, &err)
                && histories_advance(anew, l->e->now, l->now_ms, NULL, &err),
            err);
    for (uint32_t customer = 0; customer < engine_customer_n(l->e); customer++) {
        size_t n, n_anew;
        const struct move *kept = engine_members(l->e, customer, &n),
                          *real = histories_members(anew, customer, &n_anew);

        assert_int_equal(n, n_anew);
        for (size_t i = 0; i < n; i++)
            assert_true(members_same(&kept[i], &real[i]));
    }
    histories_free(anew);
}

static uint32_t set_of(const struct life *l, uint32_t customer, uint32_t segment_n)
{
    uint32_t set = 0;

    for (uint32_t i = 0; i < segment_n; i++)
        set |= (uint32_t)engine_is_member(l->e, customer, i, l->now_ms) << i;
    return set;
}

/* How the segments overlap, customer by customer. */
static void compare_overlap(const struct life *l)
{
    const struct segments *all = l->e->model->segments;
    struct overlap_question q = {.scope.at_ms = l->now_ms};
    uint64_t exact[1 << OVERLAP_EXACT_MAX] = {}, both[OVERLAP_MAX][OVERLAP_MAX] = {};
    str name[OVERLAP_MAX], wrong;
    struct overlap_view v;
    struct arena a = {};
    struct err err;

    q.segment = name;
    for (; q.segment_n < all->segment_n && q.segment_n < OVERLAP_EXACT_MAX; q.segment_n++)
        name[q.segment_n] = all->segment[q.segment_n].name;
    if (q.segment_n < OVERLAP_MIN)
        return;
    NEED_OK(engine_overlap(l->e, &q, &a, &v, &wrong, &err), err);
    for (uint32_t customer = 0; customer < engine_customer_n(l->e); customer++) {
        uint32_t set = set_of(l, customer, v.n);

        exact[set] += set != 0;
        for (uint32_t i = 0; i < v.n * v.n; i++)
            both[i / v.n][i % v.n] += set >> i / v.n & 1 && set >> i % v.n & 1;
    }
    for (uint32_t set = 1; set < 1u << v.n; set++)
        assert_int_equal(v.exact[set], exact[set]);
    for (uint32_t i = 0; i < v.n; i++) {
        assert_int_equal(v.size[i], both[i][i]);
        for (uint32_t k = 0; k < i; k++) {
            assert_int_equal(v.both[i][k], both[i][k]);
            assert_int_equal(v.both[k][i], both[i][k]);
        }
    }
    arena_free(&a);
}

static size_t changes(const struct life *l)
{
    size_t all = 0, n;

    for (uint32_t customer = 0; customer < engine_customer_n(l->e); customer++) {
        engine_members(l->e, customer, &n);
        all += n;
    }
    return all;
}

/* --- operations; false: the model may be refused, and was --- */

static bool take_event(struct life *l, struct done *d)
{
    const struct arrival *a = &l->arrival[l->arrived];
    bool is_late = a->event->at_ms < l->now_ms;
    int64_t told_ms = a->at_ms;

    *(str_eq(a->event->type, STR("alias")) ? &d->merges
      : is_late                            ? &d->late
                                           : &d->events) += 1;
    life_commit(l, 1);
    return life_advance(l, told_ms);
}

/* Mostly to the very moment at which something is due, or to the millisecond before it; seldom past
 * the next event to come. */
static bool move_clock(struct life *l, struct done *d)
{
    int64_t next_ms = engine_next_ms(l->e), to_ms;

    switch (roll(l, 8)) {
    case 0:
        to_ms = l->now_ms + (int64_t)random_below(l->w.chance, 30 * MS_DAY);
        break;
    case 1:
    case 2:
        to_ms = l->now_ms + (int64_t)random_below(l->w.chance, MS_DAY);
        break;
    default:
        to_ms = next_ms == MOMENT_NEVER ? l->now_ms + 1 : next_ms - roll(l, 2);
    }
    if (l->arrived < l->arrival_n && l->arrival[l->arrived].at_ms < to_ms && roll(l, 16))
        to_ms = l->arrival[l->arrived].at_ms;
    d->moves_of_clock++;
    return life_advance(l, to_ms);
}

static bool decide(struct life *l, struct done *d)
{
    int before = l->arrived;
    bool lives_on = life_decide(l);

    d->decisions += (size_t)(l->arrived - before);
    return lives_on;
}

static bool do_something(struct life *l, const char *path, struct done *d)
{
    int what = roll(l, 40);

    if (what == 0) {
        life_reopen(l, path);
        d->files_opened++;
        return life_advance(l, l->now_ms);
    }
    if (what < 3 && l->is_town)
        return decide(l, d);
    return what < 25 && l->arrived < l->arrival_n ? take_event(l, d) : move_clock(l, d);
}

/* Until all has come, and a while longer, or until enough was done. */
static bool live(struct life *l, const char *path, size_t enough, struct done *d)
{
    int after = 0;

    life_create(l, path);
    if (!life_advance(l, l->now_ms))
        return false;
    while (operations(d) < enough && after < AFTER_LAST_EVENT) {
        after += l->arrived == l->arrival_n;
        if (!do_something(l, path, d))
            return false;
        life_compare_sizes(l);
        compare_anew(l);
        compare_overlap(l);
    }
    d->changes += changes(l);
    return true;
}

TEST(after_each_operation_every_segment_has_those_whom_a_full_scan_finds)
{
    struct random random = chance();
    size_t enough = chance_rounds(OPERATIONS);
    struct life *l = calloc(1, sizeof *l);
    const char *path = temp_path("members");
    struct done d = {};
    struct err err;

    assert_non_null(l);
    NEED_OK(json_parser_new(&l->parser, &err), err);
    for (; operations(&d) < enough; d.lives++) {
        life_begin(l, CUSTOMERS, &random);
        live(l, path, enough, &d);
        life_end(l, path);
    }
    json_parser_free(l->parser);
    free(l);
    printf("# %zu operations in %zu files: %zu events, %zu late ones, %zu merges, %zu "
           "decisions, %zu moves of the clock; files opened again %zu times; %zu times "
           "somebody entered or left\n",
           operations(&d), d.lives, d.events, d.late, d.merges, d.decisions,
           d.moves_of_clock, d.files_opened, d.changes);
    assert_true(d.changes > 0);
}
