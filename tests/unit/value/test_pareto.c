#include "value/pareto.h"

#include "elog.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"
#include "value/gamma_gamma.h"

#include <math.h>

static const struct pareto weekly = {.unit_days = 7};
/* Fader, Hardie and Lee 2005, table 2. */
static const struct pareto paper = {.unit_days = 7,
                                    .parameter = {.553, 10.578, .606, 11.669}};
static const struct pareto optimum = {
    .unit_days = 7,
    .parameter = {.5532770469, 10.5776834634, .6062399891, 11.6687352864}};

static double relative(double a, double b)
{
    return fabs(a - b) / fabs(b);
}

static struct pareto_seen seen(const struct elog *e, size_t i)
{
    const struct buyer *b = &e->buyer[i].buyer;

    return (struct pareto_seen){b->x, (b->day - b->first_day) / 7.0,
                                (e->until - b->first_day) / 7.0};
}

static const struct {
    const struct elog_file *file;
    const char *until;
    double unit_days, log_likelihood, parameter[4], error[4];
} known[] = {
    {&cdnow_sample,
     "1997-09-30",
     7,
     -9594.976178940,
     {.5532770469, 10.5776834634, .6062399891, 11.6687352864},
     {.047628, .842723, .187282, 6.211146}},
    {&cdnow,
     "1997-09-30",
     7,
     -95415.118617470,
     {.5974199663, 11.5856577816, .5221856108, 8.8277591496},
     {.017373, .296765, .046341, 1.474233}},
    {&grocery,
     "2006-12-31",
     7,
     -15782.3921378,
     {.7864367934, 5.6790405616, .3862391547, 5.7177891168},
     {}},
    {&apparel,
     "2006-12-31",
     7,
     -5848.0978269,
     {1.4489391, 48.6348815, .5612510, 46.8821093},
     {}},
};

TEST(a1_to_a4_the_optima_are_those_of_the_published_data)
{
    size_t tried = 0;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct elog e;
        struct pareto m = weekly;
        struct fit f;
        struct err err;

        if (!elog_read(known[i].file, known[i].until, NULL, &e)) {
            print_message("# not there: %s\n", known[i].file->path);
            continue;
        }
        assert_true(pareto_fit(&m, &e.cbs, NULL, &f, &err));
        assert_true(f.converged && f.limit == FIT_INSIDE);
        assert_true(fabs(f.log_likelihood - known[i].log_likelihood) < 1e-6);
        for (size_t p = 0; p < 4; p++) {
            assert_true(relative(m.parameter[p], known[i].parameter[p])
                        < (p == 3 ? 1e-4 : 1e-5));
            if (known[i].error[p] > 0)
                assert_true(relative(f.error[p], known[i].error[p]) < 1e-3);
        }
        if (i == 0) {
            for (size_t p = 0; p < 4; p++)
                assert_true(fabs(m.parameter[p] - paper.parameter[p]) < 0.0005);
            assert_true(fabs(f.log_likelihood - -9595.0) < 0.05);
        }
        tried++;
        elog_free(&e);
    }
    assert_true(tried >= 2);
}

TEST(a5_the_likelihood_at_fixed_parameters)
{
    struct elog e;
    struct err err;
    double value;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    assert_true(pareto_log_likelihood(&paper, &e.cbs, &value, &err));
    assert_true(fabs(value - -9594.976259273) < 1e-8);
    elog_free(&e);
}

TEST(a6_expected_purchases)
{
    static const double often[][2] = {
        {10, .705888443}, {15, .1441507557}, {20, .02249014858}, {25, .00309006726}};
    struct elog e;
    double all = 0, alive = 0, off = 0, due = 0;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", "1998-06-30", &e));
    for (size_t i = 0; i < 4; i++)
        assert_true(relative(pareto_expected(
                                 &optimum, (struct pareto_seen){often[i][0], 20, 39}, 52),
                             often[i][1])
                    < 1e-8);
    assert_true(fabs(pareto_expected(&optimum, (struct pareto_seen){}, 52) - 1.473434)
                < 1e-4);
    for (size_t i = 0; i < e.n; i++) {
        double expected = pareto_expected(&optimum, seen(&e, i), 39);

        all += expected;
        alive += pareto_alive(&optimum, seen(&e, i));
        off += fabs(expected - e.buyer[i].later);
        due += pareto_expected_discounted(&optimum, seen(&e, i), log(1.15) / 52);
    }
    assert_true(relative(all, 1665.513107) < 1e-9);
    assert_true(relative(alive, 1051.875247) < 1e-9);
    assert_true(fabs(off / (double)e.n - .75452338) < 1e-7);
    assert_true(relative(due, 7205.548090) < 1e-8);
    elog_free(&e);
}

TEST(a6_lifetime_values_with_what_they_spend)
{
    static const struct gamma_gamma spends = {6.2495722711, 3.7442246672, 15.4435209635};
    struct elog e;
    double at_15 = 0, at_10 = 0, mean = 0;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (size_t i = 0; i < e.n; i++) {
        const struct buyer *b = &e.buyer[i].buyer;
        double spent = b->x ? (double)b->spent / 1e6 / b->x : 0;
        double each = gamma_gamma_expected(&spends, (struct spending){b->x, spent});

        mean += each;
        at_15 += each * pareto_expected_discounted(&optimum, seen(&e, i), log(1.15) / 52);
        at_10 += each * pareto_expected_discounted(&optimum, seen(&e, i), log(1.10) / 52);
    }
    assert_true(relative(mean / (double)e.n, 35.25227311) < 1e-8);
    assert_true(relative(at_15, 261531.671) < 1e-7);
    assert_true(relative(at_10, 326991.937) < 1e-7);
    elog_free(&e);
}

TEST(a6_numbers_of_purchases_between_two_times)
{
    static const double later[] = {.808615089719, .118342071988, .0426691954177,
                                   .0172204597607, .0073204556952};
    static const double from_start[] = {.593625031602, .165562947277, .0824871841163,
                                        .0490399536428, .0316957067443};
    double sum = 0;

    for (unsigned n = 0; n < 5; n++) {
        assert_true(relative(pareto_chance_new(&paper, n, 10, 20), later[n]) < 1e-9);
        assert_true(relative(pareto_chance_new(&paper, n, 0, 39), from_start[n]) < 1e-9);
    }
    for (unsigned n = 0; n < 3000; n++)
        sum += pareto_chance_new(&paper, n, 10, 20);
    assert_true(fabs(sum - 1) < 1e-10);
}

TEST(a7_nothing_overflows_far_out)
{
    static const struct pareto busy = {.unit_days = 7,
                                       .parameter = {.5143, 2.8845, .2856, 14.1087}};
    static const struct pareto steep = {
        .unit_days = 7, .parameter = {10.465, .00798565181, 3.0516, 2.82}};
    static const struct {
        const struct pareto *model;
        struct pareto_seen seen;
        double alive, log_a0;
    } row[] = {{&busy, {221, 103.42857, 103.57143}, .99959605231794, NAN},
               {&busy, {254, 97.14286, 97.28571}, .99955822612301, NAN},
               {&busy, {161, 94.71429, 98}, .74948775225811, NAN},
               {&busy, {204, 98.57143, 99.42857}, .9942550796379, NAN},
               {&steep, {400, 5, 6}, 5.13745811e-31, -667.99128127066},
               {&steep, {500, 1, 37}, 0, -9.4765883204894},
               {&steep, {500, 4, 37}, 0, -715.05979320431},
               {&steep, {40, 5, 6}, .00188512813, -87.995464490053},
               {&steep, {50, 1, 37}, 1.41714429e-96, -5.8552612085075},
               {&steep, {50, 4, 37}, 6.73297487e-60, -90.306697849516},
               {&paper, {1000, 10, 100}, 0, NAN}};

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const struct pareto *m = row[i].model;
        double alive = pareto_alive(m, row[i].seen);

        /* printed with eight or nine digits */
        assert_true(row[i].alive == 0 ? alive == 0
                                      : relative(alive, row[i].alive)
                                            < (row[i].model == &busy ? 1e-10 : 5e-8));
        if (!isnan(row[i].log_a0)) {
            double sum = m->parameter[0] + m->parameter[2] + row[i].seen.x;

            assert_true(fabs(pareto_log_left(m, row[i].seen) + log(sum) - row[i].log_a0)
                        < 1e-9);
        }
    }
}

/* Between its values on both sides, although the papers' formula divides by s - 1. */
TEST(s_of_one_is_no_special_case)
{
    struct pareto m = paper;
    double value[3];

    for (int i = 0; i < 3; i++) {
        m.parameter[2] = 1 + (i - 1) * 1e-6;
        value[i] = pareto_expected(&m, (struct pareto_seen){4, 20, 30}, 39);
    }
    assert_true(fabs(value[1] - (value[0] + value[2]) / 2) < 1e-9);
}

TEST(a8_the_same_optimum_from_twenty_starts)
{
    struct random r = chance();
    struct elog e;
    struct err err;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (int i = 0; i < 20; i++) {
        struct pareto m = weekly;
        double start[4];
        struct fit f;

        for (int k = 0; k < 4; k++)
            start[k] = exp((double)random_below(&r, 6000001) / 1e6 - 3);
        assert_true(pareto_fit(&m, &e.cbs, start, &f, &err));
        assert_true(f.converged && f.limit == FIT_INSIDE);
        assert_true(fabs(f.log_likelihood - -9594.976178940) < 1e-6);
    }
    elog_free(&e);
}

TEST(a9_weeks_or_days)
{
    struct elog e;
    struct err err;
    struct pareto weeks = weekly, days = {.unit_days = 1};
    struct fit f[2];

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    assert_true(pareto_fit(&weeks, &e.cbs, NULL, &f[0], &err));
    assert_true(pareto_fit(&days, &e.cbs, NULL, &f[1], &err));
    assert_true(fabs(f[1].log_likelihood - (f[0].log_likelihood - 2457 * log(7))) < 1e-7);
    for (size_t i = 0; i < 4; i++)
        assert_true(relative(days.parameter[i], weeks.parameter[i] * (i % 2 ? 7 : 1))
                    < 1e-6);
    elog_free(&e);
}

TEST(a10_nobody_seems_to_leave_online_retail)
{
    struct elog e;
    struct pareto m = weekly;
    struct fit f;
    struct err err;

    assert_true(elog_read(&online_retail, "2011-08-31", NULL, &e));
    assert_true(pareto_fit(&m, &e.cbs, NULL, &f, &err));
    assert_int_equal(f.limit, FIT_NO_DROPOUT);
    assert_true(fabs(f.log_likelihood - -21755.348019547) < 1e-5);
    for (size_t i = 0; i < e.n; i += 7) {
        double expected = pareto_expected(&m, seen(&e, i), 52);

        assert_true(pareto_alive(&m, seen(&e, i)) == 1);
        assert_true(isfinite(expected) && expected > 0 && expected < 366);
    }
    elog_free(&e);
}

TEST(a10_all_leave_apparel_at_one_rate)
{
    struct elog e;
    struct pareto m = weekly;
    struct fit f;
    struct err err;

    if (!elog_read(&apparel, "2005-10-09", NULL, &e)) {
        print_message("# not there: %s\n", apparel.path);
        return;
    }
    assert_true(pareto_fit(&m, &e.cbs, NULL, &f, &err));
    assert_int_equal(f.limit, FIT_SAME_DEATH_RATE);
    assert_true(fabs(f.log_likelihood - -2612.17440) < 1e-5);
    assert_true(fabs(m.parameter[2] - .00827) < 5e-6);
    assert_true(isfinite(f.error[2]));
    elog_free(&e);
}

/* What a gamma's log-likelihood lacks of the limit's is a thousandth where the gamma is a thousandth
 * as wide; where rounding is more than that, a search goes astray. */
TEST(a10_near_a_limit_no_digits_are_lost)
{
    static const struct {
        bool rate, death;
        struct pareto limit;
    } narrow[] = {
        {true, false, {PARETO_SAME, PARETO_GAMMA, 7, {.05, .5, 10}}},
        {false, true, {PARETO_GAMMA, PARETO_SAME, 7, {.5, 10, .05}}},
        {true, true, {PARETO_SAME, PARETO_SAME, 7, {.05, .05}}},
    };
    struct elog e;
    struct err err;

    assert_true(elog_read(&cdnow_sample, "1997-09-30", NULL, &e));
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        double shape[] = {1e4, 1e7}, limit, value[2];

        assert_true(pareto_log_likelihood(&narrow[i].limit, &e.cbs, &limit, &err));
        for (int k = 0; k < 2; k++) {
            double r = narrow[i].rate ? shape[k] : .5;
            double s = narrow[i].death ? shape[k] : .5;
            struct pareto m = {.unit_days = 7, .parameter = {r, r / .05, s, s / .05}};

            assert_true(pareto_log_likelihood(&m, &e.cbs, &value[k], &err));
        }
        assert_true(fabs(value[0] - limit) > 1e-3);
        assert_true(relative((value[1] - limit) * 1e3, value[0] - limit) < 1e-2);
    }
    elog_free(&e);
}

/* What days' panels make of all rows, and what each row's own integral does. */
TEST(many_rows_together_are_as_exact_as_each_alone)
{
    struct random r = chance();
    struct err err;

    for (int round = 0; round < 30; round++) {
        struct pareto m = weekly;
        struct cbs c = {};
        double sum = 0, value;

        for (int i = 0; i < 4; i++)
            m.parameter[i] = exp((double)random_below(&r, 6000001) / 1e6 - 3);
        for (int i = 0; i < 40; i++) {
            struct cbs_row row = {.age_days = 1 + (uint32_t)random_below(&r, 400),
                                  .customers = 1 + (uint32_t)random_below(&r, 3)};
            struct pareto_seen s;
            double there;

            row.last_days = (uint32_t)random_below(&r, row.age_days + 1);
            row.x = row.last_days ? 1 + (uint32_t)random_below(&r, row.last_days) : 0;
            assert_true(cbs_add(&c, row, 0, &err));
            s = (struct pareto_seen){row.x, row.last_days / 7.0, row.age_days / 7.0};
            there = -(m.parameter[0] + s.x) * log(m.parameter[1] + s.age)
                    - m.parameter[2] * log(m.parameter[3] + s.age);
            sum += row.customers
                   * (lgamma(m.parameter[0] + s.x) - lgamma(m.parameter[0])
                      + m.parameter[0] * log(m.parameter[1])
                      + m.parameter[2] * log(m.parameter[3]) + there
                      - log(pareto_alive(&m, s)));
        }
        assert_true(pareto_log_likelihood(&m, &c, &value, &err));
        assert_true(fabs(value - sum) < 1e-8 * (1 + fabs(sum)));
        cbs_free(&c);
    }
}

static bool build_and_fit(void *context, struct err *err)
{
    struct cbs c = {};
    struct pareto m = weekly;
    struct fit f;
    bool ok = true;

    (void)context;
    for (uint32_t i = 0; ok && i < 60; i++)
        ok = cbs_add(&c, (struct cbs_row){i % 4, i % 4 ? 5 + i % 90 : 0, 100 + i % 7, 1},
                     0, err);
    ok = ok && pareto_fit(&m, &c, NULL, &f, err);
    cbs_free(&c);
    return ok;
}

TEST(without_memory_it_says_so)
{
    each_oom(build_and_fit, NULL);
}
