/* sbg.h - how long contracts go on: the shifted beta-geometric distribution.
 *
 * At each renewal a customer leaves with his own probability, which differs between customers by a
 * beta distribution. P. S. Fader and B. G. S. Hardie, "How to Project Customer Retention", Journal
 * of Interactive Marketing 21 (2007), 76-90, equations 5 to 8; discounted lifetimes from theirs
 * of 2010, "Customer-Base Valuation in a Contractual Setting", Marketing Science 29, 85-93. */
#ifndef VALUE_SBG_H
#define VALUE_SBG_H

#include "base/err.h"
#include "value/fit.h"

#include <stdint.h>

struct sbg {
    double alpha, beta;
};
/* left[i] left at renewal 1 + i; `stay` still are after the last of the n. Of those who began at other
 * times waits[i] still are, too, and were asked i times, i < n; NULL: all began together. (Fader and
 * Hardie, "Fitting the sBG Model to Multi-Cohort Data", note 017, 2007.) */
struct sbg_data {
    const double *left;
    size_t n; /* renewals that have been */
    double stay;
    const double *waits;
};
/* ERR_INPUT: there are no renewals, or nobody, or numbers below 0. */
[[nodiscard]] bool sbg_fit(struct sbg *m, const struct sbg_data *d, const double *start,
                           struct fit *out, struct err *err);
double sbg_log_likelihood(const struct sbg *m, const struct sbg_data *d);
/* The share of those who began that are left after so many renewals. */
double sbg_survival(const struct sbg *m, double renewals);
/* How many payments of 1 are expected from somebody who has renewed so often, worth today: the next
 * is due now if he renews, and each later one is worth 1 / (1 + rate) of the one before. With 0
 * renewals and `begins` the first payment, which is sure, is one of them. rate > 0. */
double sbg_expected_lifetime(const struct sbg *m, unsigned renewals, bool begins,
                             double rate);

#endif
