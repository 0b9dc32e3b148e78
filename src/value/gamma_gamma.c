#include "value/gamma_gamma.h"

#include "base/mem.h"
#include "value/polygamma.h"

#include <math.h>
#include <string.h>

struct group {
    double customers, purchases;
    double log_mean; /* the sum of x log(mean) */
};
struct rows {
    const struct spending *row;
    size_t n;
    const struct group *group; /* [x_max + 1], by x */
    uint32_t x_max;
    double log_mean; /* the sum of log(mean) */
};
struct here {
    const struct rows *rows;
    const double *at;
};

static void add_rows(const void *context, unsigned thread, size_t from, size_t to,
                     struct slope *sum)
{
    const struct here *h = context;
    double p = h->at[0], q = h->at[1], gamma = h->at[2];

    (void)thread;
    for (size_t i = from; i < to; i++) {
        double x = h->rows->row[i].x, total = gamma + x * h->rows->row[i].mean;
        double shape = p * x + q, log_total = log(total), one = 1 / total;

        sum->value -= shape * log_total;
        sum->first[0] -= x * log_total;
        sum->first[1] -= log_total;
        sum->first[2] -= shape * one;
        sum->second[0][2] -= x * one;
        sum->second[1][2] -= one;
        sum->second[2][2] += shape * one * one;
    }
}

static void slope_at(void *context, const double *at, struct slope *out)
{
    const struct rows *d = context;
    double p = at[0], q = at[1], gamma = at[2], n = (double)d->n;
    double log_gamma = log(gamma), lgamma_q = lgamma(q), digamma_q = digamma(q);
    double all_value = 0, all_p = 0, all_q = 0, pp = 0, pq = 0, qq = 0, pg, qg;
    struct slope rows = {};

    for (uint32_t x = 1; x <= d->x_max; x++) {
        double k = d->group[x].customers, px = p * x, of_sum, of_px;

        if (k == 0)
            continue;
        of_sum = digamma(px + q);
        of_px = digamma(px);
        all_value +=
            k * (lgamma(px + q) - lgamma(px) + px * log(x)) + p * d->group[x].log_mean;
        all_p += k * x * (of_sum - of_px + log(x)) + d->group[x].log_mean;
        all_q += k * of_sum;
        of_sum = trigamma(px + q);
        pp += k * x * (double)x * (of_sum - trigamma(px));
        pq += k * x * of_sum;
        qq += k * of_sum;
    }
    fit_sum(d->n, add_rows, &(struct here){d, at}, &rows);
    pg = rows.second[0][2];
    qg = rows.second[1][2] + n / gamma;
    *out = (struct slope){
        .value = rows.value + all_value + n * (q * log_gamma - lgamma_q) - d->log_mean,
        .first = {rows.first[0] + all_p,
                  rows.first[1] + all_q + n * (log_gamma - digamma_q),
                  rows.first[2] + n * q / gamma},
        .second = {{pp, pq, pg},
                   {pq, qq - n * trigamma(q), qg},
                   {pg, qg, rows.second[2][2] - n * q / (gamma * gamma)}}};
}

static bool rows_new(struct rows *d, const struct spending *row, size_t n,
                     struct arena *a, struct err *err)
{
    struct group *group;

    *d = (struct rows){.row = row, .n = n};
    for (size_t i = 0; i < n; i++) {
        if (row[i].x == 0 || !(row[i].mean > 0) || !isfinite(row[i].mean))
            return err_set(err, ERR_INPUT,
                           "row %zu: %u purchases of %g each: a mean above 0 of at least "
                           "one purchase is needed",
                           i + 1, row[i].x, row[i].mean);
        d->x_max = row[i].x > d->x_max ? row[i].x : d->x_max;
    }
    if (n == 0)
        return err_set(err, ERR_INPUT,
                       "nobody bought for money on a second day: what a further purchase "
                       "brings is not known; leave the value out until somebody does");
    group = arena_array(a, struct group, (size_t)d->x_max + 1);
    if (!group)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        double log_mean = log(row[i].mean);

        group[row[i].x].customers++;
        group[row[i].x].log_mean += row[i].x * log_mean;
        d->log_mean += log_mean;
    }
    d->group = group;
    return true;
}

bool gamma_gamma_log_likelihood(const struct gamma_gamma *m, const struct spending *row,
                                size_t n, double *out, struct err *err)
{
    struct arena a = {};
    struct rows d;
    struct slope s;
    bool ok = rows_new(&d, row, n, &a, err);

    if (ok) {
        slope_at(&d, (double[]){m->p, m->q, m->gamma}, &s);
        *out = s.value;
    }
    arena_free(&a);
    return ok;
}

bool gamma_gamma_fit(struct gamma_gamma *m, const struct spending *row, size_t n,
                     const double *start, struct fit *out, struct err *err)
{
    struct arena a = {};
    struct rows d;
    struct newton best;
    double mean = 0;
    bool ok = rows_new(&d, row, n, &a, err);

    if (ok) {
        for (size_t i = 0; i < n; i++)
            mean += row[i].mean / (double)n;
        best = fit_from(slope_at, &d, start, (double[]){3, 3, mean}, 3);
        *m = (struct gamma_gamma){best.at[0], best.at[1], best.at[2]};
        *out = fit_of(&best, FIT_INSIDE);
    }
    arena_free(&a);
    return ok;
}

double gamma_gamma_expected(const struct gamma_gamma *m, struct spending s)
{
    double below = m->p * s.x + m->q - 1;

    return below > 0 ? m->p * (m->gamma + (s.x ? s.x * s.mean : 0)) / below : NAN;
}
