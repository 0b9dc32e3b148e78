/* gamma_gamma.h - what customers spend a purchase.
 *
 * Each purchase of a customer's is gamma distributed around his own mean, and the means of
 * customers differ by an inverse gamma distribution; how much has nothing to do with how often.
 * P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value", note 025, 2013,
 * equations 1a and 5. */
#ifndef VALUE_GAMMA_GAMMA_H
#define VALUE_GAMMA_GAMMA_H

#include "base/err.h"
#include "value/fit.h"

#include <stdint.h>

struct gamma_gamma {
    double p, q, gamma;
};
/* The spending of one customer: the mean over x > 0 purchases, above 0. */
struct spending {
    uint32_t x;
    double mean;
};
/* ERR_INPUT: a row is no such, which is named by its number, or there are none. */
[[nodiscard]] bool gamma_gamma_fit(struct gamma_gamma *m, const struct spending *row,
                                   size_t n, const double *start, struct fit *out,
                                   struct err *err);
[[nodiscard]] bool gamma_gamma_log_likelihood(const struct gamma_gamma *m,
                                              const struct spending *row, size_t n,
                                              double *out, struct err *err);
/* What a further purchase of his is expected to bring; x may be 0: of somebody about whom nothing is
 * known. NAN: the model has no mean for him, q + p x being 1 or less. */
double gamma_gamma_expected(const struct gamma_gamma *m, struct spending s);

#endif
