#include "value/sbg.h"

#include <math.h>
#include <string.h>

/* Whoever left at renewal t stayed t - 1 times: a (b)_(t-1) / (a + b)_t. */
static void slope_at(void *context, const double *at, struct slope *out)
{
    const struct sbg_data *d = context;
    double a = at[0], b = at[1], there = d->stay;

    *out = (struct slope){};
    for (size_t t = d->n; t-- > 0;) {
        double left = d->left[t], i = (double)t;

        /* `there` stayed at renewal t + 1, `left` left; all of them were asked */
        double asked = there + left, sum = a + b + i;

        out->value += left * log(a) + there * log(b + i) - asked * log(sum);
        out->first[0] += left / a - asked / sum;
        out->first[1] += there / (b + i) - asked / sum;
        out->second[0][0] += -left / (a * a) + asked / (sum * sum);
        out->second[0][1] += asked / (sum * sum);
        out->second[1][1] += -there / ((b + i) * (b + i)) + asked / (sum * sum);
        there = asked + (d->waits ? d->waits[t] : 0);
    }
    out->second[1][0] = out->second[0][1];
}

double sbg_log_likelihood(const struct sbg *m, const struct sbg_data *d)
{
    struct sbg_data data = *d;
    struct slope s;

    slope_at(&data, (double[]){m->alpha, m->beta}, &s);
    return s.value;
}

bool sbg_fit(struct sbg *m, const struct sbg_data *d, const double *start,
             struct fit *out, struct err *err)
{
    struct sbg_data data = *d;
    struct newton best;
    double left = 0;
    bool ok = d->stay >= 0 && isfinite(d->stay);

    for (size_t i = 0; i < d->n; i++) {
        ok = ok && d->left[i] >= 0 && isfinite(d->left[i]);
        left += d->left[i];
    }
    if (!ok)
        return err_set(err, ERR_INPUT, "numbers of customers are 0 or more");
    if (left == 0)
        return err_set(err, ERR_INPUT,
                       "nobody has left yet: how long contracts go on is not known");
    best = fit_from(slope_at, &data, start, (double[]){1, 1}, 2);
    *m = (struct sbg){best.at[0], best.at[1]};
    *out = fit_of(&best, best.end == NEWTON_FAR && best.at[0] > 1e3 ? FIT_SAME_DROPOUT
                                                                    : FIT_INSIDE);
    return true;
}

double sbg_survival(const struct sbg *m, double renewals)
{
    return exp(lgamma(m->beta + renewals) - lgamma(m->beta) + lgamma(m->alpha + m->beta)
               - lgamma(m->alpha + m->beta + renewals));
}

double sbg_expected_lifetime(const struct sbg *m, unsigned renewals, bool begins,
                             double rate)
{
    double sum = begins, one = 1, worth = begins ? 1 / (1 + rate) : 1;

    for (double i = renewals; one * worth > 1e-17 * sum; i++) {
        one *= (m->beta + i) / (m->alpha + m->beta + i);
        sum += one * worth;
        worth /= 1 + rate;
    }
    return sum;
}
