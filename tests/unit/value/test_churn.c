/* A13: who leaves a telephone company, learnt from four fifths and held against the fifth. */
#include "value/logistic.h"
#include "value/score.h"
#include "value/trees.h"

#include "base/csv.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUSTOMERS = 7043, COLUMNS = 30, FIELDS = 21, FOLDS = 5 };

struct telco {
    double *x;
    bool *is;
};

static void is_near(double a, double b, double off)
{
    if (!(fabs(a - b) <= off))
        fail_msg("%.12g, not %.12g", a, b);
}

static bool is_number(uint32_t field)
{
    return field == 2 || field == 5 || field == 18 || field == 19;
}

static int text_cmp(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

/* Each text but the first in the order of the alphabet is a column of its own. */
static uint32_t put_texts(const struct text_table *t, const uint32_t *cell, double *x,
                          uint32_t column)
{
    str sorted[8];

    assert_in_range(t->n, 2, 8);
    for (uint32_t i = 0; i < t->n; i++)
        sorted[i] = text_table_get(t, i);
    qsort(sorted, t->n, sizeof *sorted, text_cmp);
    for (uint32_t k = 1; k < t->n; k++, column++)
        for (size_t i = 0; i < CUSTOMERS; i++)
            x[i * COLUMNS + column] = text_table_find(t, sorted[k]) == cell[i];
    return column;
}

static struct telco telco_read(void)
{
    struct telco out = {mem_alloc(CUSTOMERS * COLUMNS * sizeof(double)),
                        mem_alloc(CUSTOMERS * sizeof(bool))};
    uint32_t *cell = mem_alloc(FIELDS * CUSTOMERS * sizeof *cell), column = 0;
    double *number = mem_alloc(FIELDS * CUSTOMERS * sizeof *number);
    struct text_table text[FIELDS] = {};
    char path[1024];
    struct reader *r;
    struct csv *c;
    struct csv_row row;
    struct err err;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/tests/data/telco/telco_customer_churn.csv.gz",
             getenv("ROOT"));
    assert_true(reader_open(io_system(), str_of(path), &r, &err));
    assert_true(csv_open(r, &(struct csv_options){}, &c, &err));
    assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
    for (; csv_next(c, &row, &err) == CSV_ROW; n++) {
        assert_true(n < CUSTOMERS);
        out.is[n] = str_eq(row.field[20], STR("Yes"));
        for (uint32_t f = 1; f < 20; f++) {
            int64_t v = 0;

            if (is_number(f) && str_trim(row.field[f]).n)
                assert_true(num_parse(row.field[f], &v));
            number[f * CUSTOMERS + n] = (double)v / NUM_ONE;
            assert_true(
                is_number(f)
                || text_table_add(&text[f], row.field[f], &cell[f * CUSTOMERS + n]));
        }
    }
    assert_int_equal(n, CUSTOMERS);
    for (uint32_t f = 1; f < 20; f++)
        if (is_number(f)) {
            for (size_t i = 0; i < CUSTOMERS; i++)
                out.x[i * COLUMNS + column] = number[f * CUSTOMERS + i];
            column++;
        } else {
            column = put_texts(&text[f], &cell[f * CUSTOMERS], out.x, column);
            text_table_free(&text[f]);
        }
    assert_int_equal(column, COLUMNS);
    csv_close(c);
    reader_close(r);
    mem_free(cell);
    mem_free(number);
    return out;
}

static void telco_free(struct telco *t)
{
    mem_free(t->x);
    mem_free(t->is);
}

/* Those whose number is `fold` modulo FOLDS, or all others. */
static struct learn_rows part_of(const struct telco *t, size_t fold, bool in, double *x,
                                 bool *is)
{
    size_t n = 0;

    for (size_t i = 0; i < CUSTOMERS; i++)
        if ((i % FOLDS == fold) == in) {
            memcpy(&x[n * COLUMNS], &t->x[i * COLUMNS], COLUMNS * sizeof *x);
            is[n++] = t->is[i];
        }
    return (struct learn_rows){n, COLUMNS, x, is};
}

/* The areas under the curves of the folds; all = what was said of everybody, by others. */
static void by_folds(const struct telco *t, bool by_trees, double auc[FOLDS],
                     struct scores *all)
{
    double *x = mem_alloc(CUSTOMERS * COLUMNS * sizeof *x);
    double *odds = mem_alloc(CUSTOMERS * sizeof *odds);
    bool *is = mem_alloc(CUSTOMERS * sizeof *is);
    struct scored *said = mem_alloc(CUSTOMERS * sizeof *said);
    struct scored *one = mem_alloc(CUSTOMERS * sizeof *one);
    size_t done = 0;
    struct err err;

    for (size_t fold = 0; fold < FOLDS; fold++) {
        struct learn_rows r = part_of(t, fold, false, x, is);
        struct logistic l;
        struct trees *trees = NULL;
        struct scores s;

        if (by_trees)
            assert_true(trees_fit(&r, &trees, &err));
        else
            assert_true(logistic_fit(&r, 1, &l, &err));
        r = part_of(t, fold, true, x, is);
        if (by_trees)
            assert_true(trees_odds(trees, x, r.n, odds, &err));
        for (size_t i = 0; i < r.n; i++) {
            double o = by_trees ? odds[i] : logistic_odds(&l, &x[i * COLUMNS]);

            one[i] = said[done++] = (struct scored){learn_share(o), is[i]};
        }
        score_of(one, r.n, &s);
        auc[fold] = s.auc;
        trees_free(trees);
    }
    score_of(said, done, all);
    mem_free(x);
    mem_free(odds);
    mem_free(is);
    mem_free(said);
    mem_free(one);
}

static double mean_of(const double *x)
{
    double sum = 0;

    for (int i = 0; i < FOLDS; i++)
        sum += x[i] / FOLDS;
    return sum;
}

TEST(a13_logistic_regression_of_telco_by_folds)
{
    static const double known[] = {.83558, .86387, .83517, .85463, .83745};
    struct telco t = telco_read();
    double auc[FOLDS];
    struct scores all;

    by_folds(&t, false, auc, &all);
    for (int i = 0; i < FOLDS; i++)
        is_near(auc[i], known[i], 5e-6);
    is_near(mean_of(auc), .845339, 1e-6);
    is_near(all.auc, .845229, 1e-6);
    is_near(all.log_loss, .417349, 1e-6);
    is_near(all.brier, .135445, 1e-6);
    telco_free(&t);
}

TEST(a13_logistic_regression_of_all_of_telco)
{
    struct telco t = telco_read();
    struct learn_rows r = {CUSTOMERS, COLUMNS, t.x, t.is};
    struct scored *said = mem_alloc(CUSTOMERS * sizeof *said);
    struct logistic l;
    struct scores s;
    struct err err;

    assert_true(logistic_fit(&r, 1, &l, &err));
    for (size_t i = 0; i < CUSTOMERS; i++)
        said[i] =
            (struct scored){learn_share(logistic_odds(&l, &t.x[i * COLUMNS])), t.is[i]};
    score_of(said, CUSTOMERS, &s);
    is_near(l.intercept, -1.73082165, 1e-6);
    is_near(s.log_loss, .41381302, 1e-7);
    is_near(s.auc, .84835483, 1e-6);
    is_near(l.weight[4], -1.428436, 1e-5); /* tenure */
    mem_free(said);
    telco_free(&t);
}

TEST(a13_boosted_trees_of_telco_by_folds)
{
    struct telco t = telco_read();
    double auc[FOLDS];
    struct scores all;

    by_folds(&t, true, auc, &all);
    is_near(mean_of(auc), .846702, 5e-4);
    is_near(all.log_loss, .413712, 5e-4);
    is_near(all.brier, .134276, 5e-4);
    telco_free(&t);
}

TEST(reasons_sum_to_the_odds)
{
    struct telco t = telco_read();
    struct learn_rows r = {CUSTOMERS, COLUMNS, t.x, t.is};
    double odds[100], reason[COLUMNS + 1];
    struct trees *trees;
    struct logistic l;
    struct err err;

    assert_true(trees_fit(&r, &trees, &err));
    assert_true(logistic_fit(&r, 1, &l, &err));
    assert_true(trees_odds(trees, t.x, 100, odds, &err));
    for (size_t i = 0; i < 100; i++) {
        double sum = 0, linear = l.intercept;

        assert_true(trees_reasons(trees, &t.x[i * COLUMNS], reason, &err));
        for (uint32_t k = 0; k <= COLUMNS; k++)
            sum += reason[k];
        is_near(sum, odds[i], 1e-5);
        for (uint32_t k = 0; k < COLUMNS; k++)
            linear += logistic_reason(&l, k, t.x[i * COLUMNS + k]);
        is_near(linear, logistic_odds(&l, &t.x[i * COLUMNS]), 1e-12);
    }
    trees_free(trees);
    telco_free(&t);
}

TEST(nothing_is_learnt_where_nothing_differs)
{
    double x[] = {1, 2, 3, NAN};
    bool none[] = {false, false, false}, some[] = {true, false, true, false};
    struct logistic l;
    struct trees *t;
    struct err err;

    assert_false(logistic_fit(&(struct learn_rows){3, 1, x, none}, 1, &l, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.msg, "nobody of 3 did it: there is nothing to tell apart");
    assert_false(trees_fit(&(struct learn_rows){4, 1, x, some}, &t, &err));
    assert_string_equal(err.msg, "a measure of row 4 is no number");
    assert_false(logistic_fit(&(struct learn_rows){3, 0, x, some}, 1, &l, &err));
    assert_false(logistic_fit(&(struct learn_rows){0, 1, x, some}, 1, &l, &err));
}

/* Who is told apart wholly has finite weights, by the penalty; what is the same for all has none. */
TEST(weights_are_finite)
{
    double x[] = {-1, 7, -2, 7, 1e6, 7, 2e6, 7};
    bool is[] = {false, false, true, true};
    struct logistic l;
    struct err err;

    assert_true(logistic_fit(&(struct learn_rows){4, 2, x, is}, 1, &l, &err));
    assert_true(l.weight[0] > 0 && l.weight[0] < 10);
    is_near(l.weight[1], 0, 1e-12);
    is_near(learn_share(1000) + learn_share(-1000), 1, 0);
}

/* "It must show" 5: who is dealt out by chance cannot be told. What a fold's labels are hangs on those of
 * the others by their number alone, so that each area has the mean .5 and Mann and Whitney's error; five
 * errors off is one area of two million. */
TEST(shuffled_labels_teach_nothing)
{
    struct telco t = telco_read();
    struct random r = chance();

    for (size_t i = CUSTOMERS - 1; i; i--) {
        size_t k = random_below(&r, i + 1);
        bool is = t.is[i];

        t.is[i] = t.is[k];
        t.is[k] = is;
    }
    for (int by_trees = 0; by_trees < 2; by_trees++) {
        double auc[FOLDS];
        struct scores all;

        by_folds(&t, by_trees, auc, &all);
        for (size_t fold = 0; fold < FOLDS; fold++) {
            double hits = 0, n = 0;

            for (size_t i = fold; i < CUSTOMERS; i += FOLDS) {
                n++;
                hits += t.is[i];
            }
            is_near(auc[fold], .5, 5 * sqrt((n + 1) / (12 * hits * (n - hits))));
        }
    }
    telco_free(&t);
}

static bool fit_both(void *context, struct err *err)
{
    double x[] = {1, 2, 3, 4}, odds[4];
    bool is[] = {true, false, true, false};
    struct learn_rows r = {4, 1, x, is};
    struct logistic l;
    struct trees *t = NULL;
    bool ok = logistic_fit(&r, 1, &l, err) && trees_fit(&r, &t, err)
              && trees_odds(t, x, 4, odds, err);

    (void)context;
    trees_free(t);
    return ok;
}

TEST(without_memory_nothing_is_learnt)
{
    each_oom(fit_both, NULL);
}
