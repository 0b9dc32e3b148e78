#include "report/kpi.h"

#include "base/random.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s", (err).msg);                                                   \
    } while (0)

enum { A, B, C, STAGES };

static uint16_t to_b[] = {B}, to_bc[] = {B, C};
static struct kpi of_a[] = {
    {.kind = KPI_ENTERED},
    {.kind = KPI_LEFT},
    {.kind = KPI_MEDIAN},
    {.kind = KPI_P90},
    {.kind = KPI_CONVERSION, .within = {.ms = 10}, .to = C},
};
enum { IN, OUT, MEDIAN, P90, CONVERSION, KPIS };
static struct stage stage[] = {
    {.name = {"a", 1},
     .aims = {.target = {(const struct yaml *)stage, 500000, {.ms = 10}, to_b, 1},
              .kpi = of_a,
              .kpi_n = KPIS}},
    {.name = {"b", 1}},
    {.name = {"c", 1}, .aims = {.kpi = of_a, .kpi_n = 2}},
};
static const struct lifecycle lifecycle = {.stage = stage, .stage_n = STAGES};
static const int64_t edge[] = {100, 200, 300};

static struct kpi_plan plan_until(int64_t known_ms)
{
    return (struct kpi_plan){
        .lifecycle = &lifecycle, .edge = edge, .period_n = 2, .known_ms = known_ms};
}

static struct kpi_count *begin(int64_t known_ms)
{
    const struct kpi_plan plan = plan_until(known_ms);
    struct kpi_count *c;
    struct err err;

    assert_false(kpi_asks(&plan));
    NEED_OK(kpi_new(&plan, &c, &err), err);
    return c;
}

static void add(struct kpi_count *c, const struct move *move, size_t n)
{
    struct beside moves = {move, n};
    struct err err;

    NEED_OK(kpi_add(c, NULL, &moves, &err), err);
}

static void need(struct kpi_count *c, uint32_t period, uint32_t i, int64_t value,
                 uint64_t of)
{
    struct kpi_value v = kpi_value(c, period, A, i);

    assert_true(v.there);
    assert_int_equal(v.value, value);
    assert_int_equal(v.of, of);
}

TEST(a_move_counts_in_the_period_in_which_it_is_made)
{
    static const struct move moves[] = {{99, STAGE_NONE, A, WAY_START},
                                        {150, A, B, 0},
                                        {199, B, A, 1},
                                        {200, A, C, 2},
                                        {250, C, A, 3}};
    struct kpi_count *c = begin(1000);

    add(c, moves, 5);
    need(c, 0, IN, 1, 1);
    need(c, 0, OUT, 1, 1);
    need(c, 1, IN, 1, 1);
    need(c, 1, OUT, 1, 1);
    assert_int_equal(kpi_value(c, 1, C, IN).value, 1);
    assert_int_equal(kpi_value(c, 1, C, OUT).value, 1);
    kpi_free(c);
}

TEST(a_target_counts_those_whose_time_is_over)
{
    static const struct move in_time[] = {{110, STAGE_NONE, A, WAY_START},
                                          {112, A, C, 0},
                                          {120, C, B, 1}},
                             late[] = {{130, STAGE_NONE, A, WAY_START}, {141, A, B, 0}},
                             young[] = {{191, STAGE_NONE, A, WAY_START}, {192, A, B, 0}};
    struct kpi_count *c = begin(200);
    struct kpi_value v;

    assert_false(kpi_value(c, 0, A, KPI_TARGET).there);
    add(c, in_time, 3);
    add(c, late, 2);
    add(c, young, 2);
    need(c, 0, KPI_TARGET, 500000, 2);
    v = kpi_value(c, 0, A, KPI_TARGET);
    assert_int_equal(v.reached, 1);
    assert_int_equal(v.unit, KPI_UNIT_SHARE);
    need(c, 0, CONVERSION, 500000, 2);
    kpi_free(c);

    /* The stages of a target are as good as one another. */
    stage[A].aims.target.to = to_bc;
    stage[A].aims.target.to_n = 2;
    c = begin(201);
    add(c, in_time, 3);
    add(c, late, 2);
    add(c, young, 2);
    need(c, 0, KPI_TARGET, 666667, 3);
    stage[A].aims.target.to = to_b;
    stage[A].aims.target.to_n = 1;
    kpi_free(c);
}

/* The remissions, in weeks, of those treated with 6-mercaptopurine: E. J. Freireich et al.,
 * Blood 21 (1963), 699-716; below zero: not over. By the product limit S(22) is 0.538 and S(23)
 * 0.448, and it never falls to a tenth. */
TEST(lengths_that_are_not_over_count_by_the_product_limit)
{
    static const int weeks[] = {6,   6,   6,   -6, 7,  -9,  10,  -10, -11, 13, 16,
                                -17, -19, -20, 22, 23, -25, -32, -32, -34, -35};
    enum { N = sizeof weeks / sizeof *weeks, KNOWN = 150 };
    struct kpi_count *c = begin(KNOWN), *half[2] = {begin(KNOWN), begin(KNOWN)};
    struct err err;

    for (int i = 0; i < N; i++) {
        int at = weeks[i] < 0 ? KNOWN + weeks[i] : 110;
        struct move moves[] = {{at, STAGE_NONE, A, WAY_START}, {110 + weeks[i], A, B, 0}};

        add(c, moves, weeks[i] < 0 ? 1 : 2);
        add(half[i % 2], moves, weeks[i] < 0 ? 1 : 2);
    }
    need(c, 0, MEDIAN, 23, N);
    assert_false(kpi_value(c, 0, A, P90).there);
    assert_int_equal(kpi_value(c, 0, A, P90).of, N);

    /* Counted in two halves, and merged. */
    NEED_OK(kpi_merge(half[0], half[1], &err), err);
    need(half[0], 0, MEDIAN, 23, N);
    need(half[0], 0, IN, N, N);
    kpi_free(c);
    kpi_free(half[0]);
    kpi_free(half[1]);
}

TEST(lengths_that_are_all_over_are_taken_by_nearest_rank)
{
    struct kpi_count *c = begin(1000);

    for (int i = 1; i <= 10; i++) {
        struct move moves[] = {{100, STAGE_NONE, A, WAY_START}, {100 + i, A, B, 0}};

        add(c, moves, 2);
    }
    need(c, 0, MEDIAN, 5, 10);
    need(c, 0, P90, 9, 10);
    for (int i = 0; i < 11; i++) { /* passed through at one instant */
        static const struct move moves[] = {{100, STAGE_NONE, A, WAY_START},
                                            {100, A, B, 0}};

        add(c, moves, 2);
    }
    need(c, 0, MEDIAN, 0, 21);
    need(c, 0, P90, 8, 21);
    kpi_free(c);
}

TEST(who_is_out_of_the_lifecycle_has_left_his_stage)
{
    static const struct move moves[] = {{110, STAGE_NONE, A, WAY_START},
                                        {120, A, STAGE_NONE, WAY_OUT},
                                        {130, STAGE_NONE, A, WAY_START}};
    struct kpi_count *c = begin(140);

    add(c, moves, 3);
    need(c, 0, IN, 2, 2);
    need(c, 0, OUT, 1, 1);
    need(c, 0, KPI_TARGET, 0, 2);
    need(c, 0, MEDIAN, 10, 2);
    kpi_free(c);
}

TEST(all_periods_as_one_are_what_one_period_counts)
{
    static const int64_t ends[] = {100, 300};
    struct random r = random_seeded(7);
    struct kpi_plan one = plan_until(290);
    struct kpi_count *months = begin(290), *whole;
    struct kpi_value v[1 + KPIS];
    struct err err;

    one.edge = ends;
    one.period_n = 1;
    NEED_OK(kpi_new(&one, &whole, &err), err);
    for (int i = 0; i < 200; i++) {
        struct move move[6] = {{.from = STAGE_NONE, .at_ms = 50}};

        for (size_t k = 0; k < 6; k++) {
            if (k) {
                move[k].from = move[k - 1].to;
                move[k].at_ms = move[k - 1].at_ms + (int64_t)random_below(&r, 90);
            }
            move[k].to = (uint16_t)((move[k].from + 1 + random_below(&r, 2)) % STAGES);
        }
        add(months, move, 6);
        add(whole, move, 6);
    }
    for (uint32_t s = 0; s < STAGES; s++) {
        NEED_OK(kpi_whole(months, s, v, &err), err);
        for (uint32_t i = 0; i <= stage[s].aims.kpi_n; i++) {
            struct kpi_value w = kpi_value(whole, 0, s, i ? i - 1 : KPI_TARGET);

            assert_int_equal(v[i].unit, w.unit);
            assert_int_equal(v[i].there, w.there);
            assert_int_equal(v[i].value, w.value);
            assert_int_equal(v[i].of, w.of);
            assert_int_equal(v[i].reached, w.reached);
        }
    }
    NEED_OK(kpi_whole(months, A, v, &err), err);
    assert_true(v[0].of > 20 && v[1 + MEDIAN].of > v[0].of);
    kpi_free(months);
    kpi_free(whole);
}

TEST(more_numbers_than_memory_are_refused)
{
    struct kpi_plan plan = plan_until(0);
    struct kpi_count *c;
    struct err err;

    plan.period_n = 1u << 22;
    assert_false(kpi_new(&plan, &c, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    kpi_free(NULL);
}

static bool counts(void *context, struct err *err)
{
    static const struct move moves[] = {{110, STAGE_NONE, A, WAY_START}, {120, A, B, 0}};
    static const struct beside beside = {moves, 2};
    const struct kpi_plan plan = plan_until(1000);
    struct kpi_count *c = NULL, *other = NULL;
    struct kpi_value whole[1 + KPIS];
    struct buf text = {};
    struct json_out j = {.to = &text};
    bool ok = kpi_new(&plan, &c, err) && kpi_new(&plan, &other, err)
              && kpi_add(c, NULL, &beside, err) && kpi_add(other, NULL, &beside, err)
              && kpi_merge(c, other, err) && kpi_whole(c, A, whole, err);

    (void)context;
    if (ok) {
        json_begin_object(&j);
        kpi_put_period(&j, c, 0, 2);
        json_end_object(&j);
        ok = !text.failed || err_nomem(err);
    }
    if (ok)
        assert_true(str_starts(
            buf_str(&text),
            STR("{\"stages\":[{\"stage\":\"a\",\"goal\":\"\",\"target\":{\"to\":[\"b\"],"
                "\"within\":\"10ms\",\"rate\":0.5,\"unit\":\"share\",\"value\":1,\"of\":"
                "2,"
                "\"reached\":2,\"met\":true},\"kpis\":[{\"name\":\"\",\"measure\":\"\","
                "\"unit\":\"moves\",\"value\":2,\"of\":2}")));
    buf_free(&text);
    kpi_free(c);
    kpi_free(other);
    return ok;
}

TEST(counting_survives_the_lack_of_memory)
{
    each_oom(counts, NULL);
}
