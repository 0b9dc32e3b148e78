#include "value/score.h"

#include "support/chance.h"
#include "support/unit.h"

#include <math.h>
#include <string.h>

enum { ROWS = 60 };

static void is_near(double a, double b, double off)
{
    if (!(fabs(a - b) <= off))
        fail_msg("%.12g, not %.12g", a, b);
}

/* Every pair, one after the other. */
static double slow_auc(const struct scored *row, size_t n)
{
    double right = 0, pairs = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (row[i].is && !row[k].is) {
                pairs++;
                right += row[i].share > row[k].share    ? 1
                         : row[i].share == row[k].share ? .5
                                                        : 0;
            }
    return right / pairs;
}

/* A row stands in the place that the shares above it leave, and with its equals in any of theirs. */
static void slow_tenth(const struct scored *row, size_t n, int tenth, double *hits,
                       double *expected)
{
    size_t from = n * (size_t)tenth / SCORE_TENTHS,
           to = n * ((size_t)tenth + 1) / SCORE_TENTHS;

    *hits = *expected = 0;
    for (size_t i = 0; i < n; i++) {
        size_t above = 0, equal = 0, in = 0;

        for (size_t k = 0; k < n; k++) {
            above += row[k].share > row[i].share;
            equal += row[k].share == row[i].share;
        }
        for (size_t place = above; place < above + equal; place++)
            in += place >= from && place < to;
        *hits += row[i].is * (double)in / (double)equal;
        *expected += row[i].share * (double)in / (double)equal;
    }
}

static double slow_loss(const struct scored *row)
{
    double of_it = row->is ? row->share : 1 - row->share;

    return -log(of_it < 1e-15 ? 1e-15 : of_it);
}

/* Of the mean of the losses. */
static double slow_loss_error(const struct scored *row, size_t n, double mean)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (slow_loss(&row[i]) - mean) * (slow_loss(&row[i]) - mean);
    return sqrt(squares / (double)(n - 1)) / sqrt((double)n);
}

static void slow_errors(const struct scored *row, size_t n, double *log_loss,
                        double *brier)
{
    *log_loss = *brier = 0;
    for (size_t i = 0; i < n; i++) {
        double of_it = row[i].is ? row[i].share : 1 - row[i].share;

        *log_loss += slow_loss(&row[i]) / (double)n;
        *brier += (1 - of_it) * (1 - of_it) / (double)n;
    }
}

TEST(figures_are_those_of_every_pair)
{
    struct random r = chance();

    for (int round = 0; round < (int)chance_rounds(300); round++) {
        struct scored row[ROWS], sorted[ROWS];
        size_t n = 2 + random_below(&r, ROWS - 1);
        uint64_t levels = 1 + random_below(&r, 20);
        double log_loss, brier;
        struct scores s;

        for (size_t i = 0; i < n; i++)
            row[i] =
                (struct scored){(double)random_below(&r, levels + 1) / (double)levels,
                                random_below(&r, 3) == 0};
        row[0].is = true;
        row[1].is = false;
        memcpy(sorted, row, sizeof row);
        score_of(sorted, n, &s);
        slow_errors(row, n, &log_loss, &brier);
        is_near(s.auc, slow_auc(row, n), 1e-12);
        is_near(s.log_loss, log_loss, 1e-9);
        is_near(s.log_loss_error, slow_loss_error(row, n, log_loss), 1e-6);
        is_near(s.brier, brier, 1e-12);
        for (int i = 0; i < SCORE_TENTHS; i++) {
            double hits, expected;

            slow_tenth(row, n, i, &hits, &expected);
            is_near(s.tenth[i].hits, hits, 1e-9);
            is_near(s.tenth[i].expected * (double)s.tenth[i].n, expected, 1e-9);
        }
    }
}

TEST(where_it_came_to_all_there_is_no_order)
{
    struct scored row[] = {{.5, true}, {.2, true}};
    struct scores s;

    score_of(row, 2, &s);
    assert_true(isnan(s.auc) && isnan(s.auc_error));
    is_near(s.brier, (.25 + .64) / 2, 1e-12);
}

/* Hanley and McNeil (1982), table II: an area of .893 of 51 and 58 has an error of .032. */
TEST(the_error_of_the_area_is_the_published_one)
{
    static struct scored row[109];
    struct scores s;
    size_t n = 0;

    /* 2642 of 2958 pairs are in the right order: .893 */
    for (int i = 0; i < 58; i++)
        row[n++] = (struct scored){i, false};
    for (int i = 0; i < 51; i++)
        row[n++] = (struct scored){i < 4 ? 26.5 : i < 10 ? 25.5 : 58.5, true};
    score_of(row, n, &s);
    is_near(s.auc, 2642.0 / 2958, 1e-12);
    is_near(s.auc_error, .032, .0005);
}
