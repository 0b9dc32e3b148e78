#include "value/score.h"

#include <math.h>
#include <stdlib.h>

/* Of a mean of n, by its sum and the sum of the squares. */
static double mean_error(double sum, double squares, double n)
{
    return sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n);
}

/* The largest share first, and of equal ones those to whom it came, so that sums are of one order. */
static int by_share(const void *a, const void *b)
{
    const struct scored *l = a, *r = b;

    if (l->share != r->share)
        return l->share > r->share ? -1 : 1;
    return (int)r->is - (int)l->is;
}

static size_t edge_of(size_t n, int tenth)
{
    return (size_t)((unsigned __int128)n * (unsigned)tenth / SCORE_TENTHS);
}

/* Rows [from, to) are equal, and so many of them are hits: each tenth has its part of them. */
static void add_equal(struct scores *s, double share, size_t from, size_t to,
                      uint64_t hits, int *tenth)
{
    double rate = (double)hits / (double)(to - from);

    while (from < to) {
        size_t end;

        while (edge_of(s->n, *tenth + 1) <= from)
            ++*tenth;
        end = edge_of(s->n, *tenth + 1);
        end = end < to ? end : to;
        s->tenth[*tenth].n += end - from;
        s->tenth[*tenth].expected += (double)(end - from) * share;
        s->tenth[*tenth].hits += (double)(end - from) * rate;
        from = end;
    }
}

static double error_of(double auc, double hits, double misses)
{
    double q1 = auc / (2 - auc), q2 = 2 * auc * auc / (1 + auc);
    double square = (auc * (1 - auc) + (hits - 1) * (q1 - auc * auc)
                     + (misses - 1) * (q2 - auc * auc))
                    / (hits * misses);

    return isnan(auc) ? NAN : sqrt(fmax(square, 0));
}

static void add_error(struct scores *s, const struct scored *row)
{
    double given = row->is ? row->share : 1 - row->share, off = 1 - given,
           loss = -log(fmax(given, 1e-15));

    s->log_loss += loss;
    s->log_loss_error += loss * loss;
    s->brier += off * off;
}

void score_of(struct scored *row, size_t n, struct scores *out)
{
    unsigned __int128 twice = 0; /* pairs in the right order, ties once */
    uint64_t above = 0;          /* hits among the rows before */
    int tenth = 0;

    *out = (struct scores){.n = n};
    qsort(row, n, sizeof *row, by_share);
    for (size_t i = 0, end; i < n; i = end) {
        uint64_t hits = 0, misses;

        for (end = i; end < n && row[end].share == row[i].share; end++) {
            hits += row[end].is;
            add_error(out, &row[end]);
        }
        misses = end - i - hits;
        twice += (unsigned __int128)misses * (2 * above + hits);
        above += hits;
        add_equal(out, row[i].share, i, end, hits, &tenth);
    }
    out->hits = above;
    out->auc = (double)twice / 2 / ((double)above * (double)(n - above));
    out->auc_error = error_of(out->auc, (double)above, (double)(n - above));
    out->log_loss_error = mean_error(out->log_loss, out->log_loss_error, (double)n);
    out->log_loss /= (double)n;
    out->brier /= (double)n;
    for (int i = 0; i < SCORE_TENTHS; i++)
        if (out->tenth[i].n)
            out->tenth[i].expected /= (double)out->tenth[i].n;
}

double score_lift(const struct scores *s, int tenth)
{
    const struct score_tenth *t = &s->tenth[tenth];

    return t->hits / (double)t->n / ((double)s->hits / (double)s->n);
}
