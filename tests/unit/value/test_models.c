#include "value/models.h"

#include "elog.h"
#include "support/unit.h"

#include <math.h>

static const struct repeat_model pareto = {
    .kind = VALUE_PARETO_NBD,
    .pareto = {.unit_days = 7,
               .parameter = {.5532770469, 10.5776834634, .6062399891, 11.6687352864}}};
/* Fader, Hardie and Lee 2005, table 2. */
static const struct repeat_model bgnbd = {
    .kind = VALUE_BG_NBD,
    .bgnbd = {.dropout = DROPOUT_BETA,
              .unit_days = 7,
              .k = 1,
              .parameter = {.243, 4.414, .793, 2.426}}};

static double relative(double a, double b)
{
    return fabs(a - b) / fabs(b);
}

/* DERT of CDNOW's sample at 15 and 10 % a year of 52 weeks, as the closed form of Fader, Hardie and Lee
 * (Journal of Marketing Research 42, 2005, 415-430) has it. */
TEST(a6_discounted_purchases_of_all_the_time_to_come)
{
    struct elog e;
    double at_15 = 0, at_10 = 0;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (size_t i = 0; i < e.n; i++) {
        const struct buyer *b = &e.buyer[i].buyer;
        double last = b->day - b->first_day, age = e.until - b->first_day;

        at_15 +=
            repeat_discounted(&pareto, b->x, last, age, INFINITY, log(1.15) / (52 * 7));
        at_10 +=
            repeat_discounted(&pareto, b->x, last, age, INFINITY, log(1.10) / (52 * 7));
    }
    assert_true(relative(at_15, 7205.548090) < 1e-6);
    assert_true(relative(at_10, 9009.040039) < 1e-6);
    elog_free(&e);
}

/* Each tenth of a day by itself. */
static double slowly(const struct repeat_model *m, uint32_t x, double last, double age,
                     int days, double decline)
{
    double sum = 0, before = 0;

    for (int i = 1; i <= days * 10; i++) {
        double now = repeat_expected(m, x, last, age, i / 10.0);

        sum += (now - before) * exp(-decline * (i - .5) / 10);
        before = now;
    }
    return sum;
}

TEST(discounted_purchases_are_those_of_each_day)
{
    static const struct {
        uint32_t x;
        double last, age;
    } seen[] = {{0, 0, 30}, {2, 210, 273}, {7, 250, 260}, {40, 35, 300}};
    const struct repeat_model *const model[] = {&pareto, &bgnbd};

    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
            double decline = log(1.3) / 365.25;
            double got = repeat_discounted(model[m], seen[i].x, seen[i].last, seen[i].age,
                                           365, decline);

            assert_true(fabs(got
                             - slowly(model[m], seen[i].x, seen[i].last, seen[i].age, 365,
                                      decline))
                        < 1e-6 * (1 + got));
            assert_true(
                repeat_discounted(model[m], seen[i].x, seen[i].last, seen[i].age, 365, 0)
                == repeat_expected(model[m], seen[i].x, seen[i].last, seen[i].age, 365));
        }
}

/* Long gone: nothing is expected of him, and nothing comes of waiting for ever. */
TEST(of_who_is_gone_nothing_comes)
{
    double due = repeat_discounted(&pareto, 500, 7, 4000, INFINITY, log(1.1) / 365.25);

    assert_true(due >= 0 && due < 1e-9);
}

static double log_likelihood(const struct repeat_model *m, uint32_t x, uint32_t last,
                             uint32_t age)
{
    struct bgbb_row chances = {x, last, age, 1};
    struct cbs data = {};
    struct err err;
    double sum;
    bool ok;

    if (m->kind == VALUE_BG_BB) {
        assert_true(bgbb_log_likelihood(&m->bgbb, &chances, 1, &sum, &err));
        return sum;
    }
    assert_true(cbs_add(&data, (struct cbs_row){x, last, age, 1}, 0, &err));
    assert_true(cbs_settle(&data, &err));
    ok = m->kind == VALUE_PARETO_NBD
             ? pareto_log_likelihood(&m->pareto, &data, &sum, &err)
             : bgnbd_log_likelihood(&m->bgnbd, &data, &sum, &err);
    assert_true(ok);
    cbs_free(&data);
    return sum;
}

/* To have bought the same and be longer silent is to have bought that, and then nothing. */
TEST(no_purchase_is_as_likely_as_the_longer_silence_among_those_who_bought_as_much)
{
    static const struct repeat_model bgbb = {.kind = VALUE_BG_BB,
                                             .bgbb = {1.204, .750, .657, 2.783}};
    static const struct {
        uint32_t x, last, age, ahead;
    } seen[] = {{0, 0, 0, 90},      {0, 0, 30, 90},    {2, 210, 273, 90},
                {7, 250, 260, 365}, {20, 35, 300, 90}, {12, 300, 300, 7},
                {3, 40, 700, 1},    {60, 400, 400, 0}};
    struct repeat_model model[10] = {pareto, pareto, pareto, bgnbd, bgnbd,
                                     bgnbd,  bgnbd,  bgnbd,  bgnbd, bgbb};

    model[1].pareto.death = PARETO_SAME;
    model[2].pareto.rate = PARETO_SAME;
    model[2].pareto.death = PARETO_NEVER;
    model[4].bgnbd.at_once = true;
    model[5].kind = VALUE_NBD;
    model[5].bgnbd.dropout = DROPOUT_NONE;
    model[6].bgnbd.rate = RATE_SAME;
    model[6].bgnbd.parameter[0] = .05;
    model[7].bgnbd.dropout = DROPOUT_SAME;
    model[8].kind = VALUE_MBG_CNBD_K;
    model[8].bgnbd.at_once = true;
    model[8].bgnbd.k = 3;
    for (int m = 0; m < 10; m++)
        for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
            uint32_t x = seen[i].x, last = seen[i].last, age = seen[i].age;
            double got = repeat_no_purchase(&model[m], x, last, age, seen[i].ahead);
            double twin = exp(log_likelihood(&model[m], x, last, age + seen[i].ahead)
                              - log_likelihood(&model[m], x, last, age));

            if (fabs(got - twin) > 1e-9)
                fail_msg("model %d, seen %zu: %.12f, by likelihood %.12f", m, i, got,
                         twin);
        }
}
