#include "report/compare.h"

#include "base/random.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Stages a b c on the old side, c a d on the new: a b c d in all. */
enum { OLD_STAGES = 3, NEW_STAGES = 3, STAGES = 4, END = 40, PEOPLE = 60 };
static const int64_t edge[] = {10, 20, 32, END};
enum { PERIODS = 3 };

static struct stage old_stage[] = {
    {.name = {"a", 1}}, {.name = {"b", 1}}, {.name = {"c", 1}}};
static struct stage new_stage[] = {
    {.name = {"c", 1}}, {.name = {"a", 1}}, {.name = {"d", 1}}};
static const struct lifecycle old_life = {.stage = old_stage, .stage_n = OLD_STAGES};
static const struct lifecycle new_life = {.stage = new_stage, .stage_n = NEW_STAGES};
static const uint16_t common[][3] = {{0, 1, 2}, {2, 0, 3}};

TEST(stages_of_both_sides_meet_by_name)
{
    struct compare_stages s;
    struct arena a = {};
    struct err err;

    assert_true(compare_stages_of(&old_life, &new_life, &a, &s, &err));
    assert_int_equal(s.n, STAGES);
    assert_true(str_eq(s.name[3], STR("d")));
    assert_memory_equal(s.place[COMPARE_OLD], common[0], sizeof common[0]);
    assert_memory_equal(s.place[COMPARE_NEW], common[1], sizeof common[1]);
    assert_false(s.has[COMPARE_NEW][1]);
    assert_true(s.has[COMPARE_OLD][1]);
    assert_false(s.has[COMPARE_OLD][3]);
    assert_true(compare_stages_of(NULL, &new_life, &a, &s, &err));
    assert_int_equal(s.n, NEW_STAGES);
    assert_false(s.has[COMPARE_OLD][0]);
    arena_free(&a);
}

struct life {
    struct move move[12];
    size_t n;
};

/* From nothing to somewhere, to and fro, sometimes several moves at one moment. */
static struct life some_life(struct random *r)
{
    struct life l = {.n = random_below(r, 12)};
    int64_t at_ms = (int64_t)random_below(r, 30);
    uint16_t stage = STAGE_NONE;

    for (size_t i = 0; i < l.n; i++) {
        uint16_t to;

        do
            to = (uint16_t)random_below(r, 3);
        while (to == stage);
        if (stage != STAGE_NONE && random_below(r, 6) == 0)
            to = STAGE_NONE;
        l.move[i] = (struct move){at_ms, stage, to, 0};
        at_ms += random_below(r, 3) ? (int64_t)random_below(r, 9) : 0;
        stage = to;
    }
    return l;
}

/* --- the same by asking at every millisecond --- */

static uint16_t stage_at(const struct life *l, int side, int64_t at_ms)
{
    uint16_t stage = STAGE_NONE;

    for (size_t i = 0; i < l->n && l->move[i].at_ms <= at_ms; i++)
        stage = l->move[i].to;
    return stage == STAGE_NONE ? STAGE_NONE : common[side][stage];
}

static int64_t first_difference(const struct life *old, const struct life *new)
{
    for (int64_t t = edge[0]; t < END; t++)
        if (stage_at(old, 0, t) != stage_at(new, 1, t))
            return t;
    return -1;
}

static int int64_cmp(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The least length that at least `percent` of all do not pass. */
static int64_t plain_quantile(int64_t *ms, size_t n, size_t percent)
{
    qsort(ms, n, sizeof *ms, int64_cmp);
    for (size_t i = 0; i < n; i++)
        if ((i + 1) * 100 >= n * percent)
            return ms[i];
    return -1;
}

static struct compare_cell plain_cell(const struct life *l, int side, int64_t from,
                                      int64_t to, uint16_t stage)
{
    struct compare_cell cell = {};
    int64_t stay[PEOPLE * 12];
    size_t n = 0;

    for (int p = 0; p < PEOPLE; p++, l++) {
        cell.stock += stage_at(l, side, to - 1) == stage;
        for (size_t i = 0; i < l->n; i++) {
            const struct move *m = &l->move[i];

            if (m->at_ms < from || m->at_ms >= to)
                continue;
            cell.entered += m->to != STAGE_NONE && common[side][m->to] == stage;
            if (m->from == STAGE_NONE || common[side][m->from] != stage)
                continue;
            cell.left++;
            stay[n++] = m->at_ms - m[-1].at_ms;
        }
    }
    cell.median_ms = plain_quantile(stay, n, 50);
    cell.p90_ms = plain_quantile(stay, n, 90);
    return cell;
}

static void need_cell(struct compare *c, const struct life *l, int side, uint32_t period,
                      uint16_t stage)
{
    bool all = period == COMPARE_ALL;
    struct compare_cell wanted =
        plain_cell(l, side, edge[all ? 0 : period], all ? END : edge[period + 1], stage);
    struct compare_cell got;
    struct err err;

    assert_true(compare_cell(c, side, period, stage, &got, &err));
    assert_int_equal(got.stock, wanted.stock);
    assert_int_equal(got.entered, wanted.entered);
    assert_int_equal(got.left, wanted.left);
    assert_int_equal(got.median_ms, wanted.median_ms);
    assert_int_equal(got.p90_ms, wanted.p90_ms);
}

static void need_differing(const struct compare *c, const struct life *old,
                           const struct life *new)
{
    size_t n = 0, known = 0;

    for (uint32_t p = 0; p < PEOPLE; p++) {
        known += (old[p].n && old[p].move[0].at_ms < END)
                 || (new[p].n &&new[p].move[0].at_ms < END);
        n += first_difference(&old[p], &new[p]) >= 0;
    }
    assert_int_equal(c->customers, known);
    assert_int_equal(c->differing_n, n);
    for (size_t i = 0; i < n; i++) {
        const struct differing *d = &c->differing[i];
        const struct life *lives[] = {&old[d->customer], &new[d->customer]};

        assert_int_equal(d->at_ms, first_difference(lives[0], lives[1]));
        for (int k = 0; k < COMPARE_SIDES; k++) {
            assert_int_equal(d->stage[k], stage_at(lives[k], k, d->at_ms));
            assert_int_equal(d->last[k], stage_at(lives[k], k, END - 1));
        }
        assert_true(!i || d[-1].at_ms < d->at_ms
                    || (d[-1].at_ms == d->at_ms && d[-1].customer < d->customer));
    }
}

static bool compare_people(const struct life *old, const struct life *new,
                           struct arena *a, struct compare_stages *stages,
                           struct compare *all, struct err *err)
{
    struct compare part[3] = {};
    bool ok = compare_stages_of(&old_life, &new_life, a, stages, err);

    *all = (struct compare){};
    for (int i = 0; ok && i < 3; i++)
        ok = compare_new(stages, edge, PERIODS, a, &part[i], err);
    for (uint32_t p = 0; ok && p < PEOPLE; p++)
        ok = compare_add(&part[p % 3], p, old[p].move, old[p].n, new[p].move, new[p].n,
                         err);
    ok = ok && compare_new(stages, edge, PERIODS, a, all, err);
    for (int i = 0; i < 3; i++) {
        ok = ok && compare_merge(all, &part[i], err);
        if (part[i].stages)
            compare_free(&part[i]);
    }
    return ok;
}

TEST(every_count_is_what_a_look_at_each_millisecond_gives)
{
    struct random r = random_seeded(7);
    struct life old[PEOPLE], new[PEOPLE];
    struct arena a = {};

    for (int round = 0; round < 60; round++) {
        struct compare_stages stages;
        struct compare c;
        struct err err;

        for (int p = 0; p < PEOPLE; p++) {
            old[p] = some_life(&r);
            new[p] = some_life(&r);
        }
        arena_reset(&a);
        assert_true(compare_people(old, new, &a, &stages, &c, &err));
        compare_finish(&c);
        need_differing(&c, old, new);
        for (uint16_t s = 0; s < STAGES; s++)
            for (uint32_t p = 0; p <= PERIODS; p++) {
                need_cell(&c, old, COMPARE_OLD, p < PERIODS ? p : COMPARE_ALL, s);
                need_cell(&c, new, COMPARE_NEW, p < PERIODS ? p : COMPARE_ALL, s);
            }
        compare_free(&c);
    }
    arena_free(&a);
}

static bool compare_once([[maybe_unused]] void *context, struct err *err)
{
    struct random r = random_seeded(1);
    struct life old[PEOPLE], new[PEOPLE];
    struct compare_stages stages;
    struct compare_cell cell;
    struct compare c;
    struct arena a = {};
    bool ok;

    for (int p = 0; p < PEOPLE; p++) {
        old[p] = some_life(&r);
        new[p] = some_life(&r);
    }
    ok = compare_people(old, new, &a, &stages, &c, err)
         && compare_cell(&c, COMPARE_OLD, COMPARE_ALL, 0, &cell, err);
    compare_free(&c);
    arena_free(&a);
    return ok;
}

TEST(a_comparison_of_histories_without_memory_says_so)
{
    each_oom(compare_once, NULL);
}
