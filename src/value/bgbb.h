/* bgbb.h - whether customers take the chances that come at fixed times: the beta-geometric /
 * beta-Bernoulli model.
 *
 * At each of n opportunities (a year's appeal, a week's market) a customer who is still there buys
 * with his own probability, which differs by a beta distribution (alpha, beta); before each he
 * leaves with his own, which differs by another (gamma, delta). P. S. Fader, B. G. S. Hardie and
 * J. Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual Setting", Marketing Science
 * 29 (2010), 1086-1108, equations 5, 7, 11, 13 and 14. */
#ifndef VALUE_BGBB_H
#define VALUE_BGBB_H

#include "base/err.h"
#include "value/fit.h"

#include <stdint.h>

enum { BGBB_CHANCES_MAX = 1000 };

struct bgbb {
    double alpha, beta, gamma, delta;
};
struct bgbb_row {
    uint32_t x, last, n; /* taken, which was the last of them (0: none), of how many */
    double customers;
};
/* ERR_INPUT: a row is no such, or nobody ever came. */
[[nodiscard]] bool bgbb_fit(struct bgbb *m, const struct bgbb_row *row, size_t n,
                            const double *start, struct fit *out, struct err *err);
[[nodiscard]] bool bgbb_log_likelihood(const struct bgbb *m, const struct bgbb_row *row,
                                       size_t n, double *out, struct err *err);

/* That he is there at the opportunity that is next. */
double bgbb_alive(const struct bgbb *m, struct bgbb_row c);
/* How many of the next `ahead` opportunities he is expected to take; with all of c zero: of
 * somebody new. */
double bgbb_expected(const struct bgbb *m, struct bgbb_row c, unsigned ahead);
/* The probability that he takes none of them. */
double bgbb_no_purchase(const struct bgbb *m, struct bgbb_row c, unsigned ahead);
/* How many he is expected to take, each worth 1 / (1 + rate) of the one before it, the next one too. */
double bgbb_expected_worth(const struct bgbb *m, struct bgbb_row c, unsigned ahead,
                           double rate);
/* How many of all that are to come, each worth 1 / (1 + rate) of the one before it, the next one
 * too. rate > 0. */
double bgbb_expected_discounted(const struct bgbb *m, struct bgbb_row c, double rate);

#endif
