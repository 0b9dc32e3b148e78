/* bgnbd.h - how often customers buy, and when they silently stop: NBD, BG/NBD, MBG/NBD, and these
 * with regular purchases.
 *
 * While he is a customer, he buys at his own rate, which differs between customers by a gamma
 * distribution (r, alpha). After each purchase he leaves with his own probability, which differs
 * by a beta distribution (a, b); with `at_once` also after the very first. Between purchases lie k
 * steps at his rate (an Erlang distribution): 1 is pure chance, more is the more regular.
 *
 *   NBD          A. S. C. Ehrenberg 1959: nobody leaves
 *   BG/NBD       P. S. Fader, B. G. S. Hardie and K. L. Lee, "Counting Your Customers" the Easy
 *                Way, Marketing Science 24 (2005), 275-284, equation 6
 *   MBG/NBD      E. P. Batislam, M. Denizel and A. Filiztekin, International Journal of Research in
 *                Marketing 24 (2007), 201-209
 *   (M)BG/CNBD-k T. Reutterer, M. Platzer and N. Schroeder, "Leveraging purchase regularity for
 *                predicting customer behavior the easy way", International Journal of Research in
 *                Marketing 38 (2021), 194-215
 *
 * Rates and lengths are in units of unit_days. */
#ifndef VALUE_BGNBD_H
#define VALUE_BGNBD_H

#include "value/cbs.h"
#include "value/fit.h"

enum { BGNBD_K_MAX = 12 };

enum bgnbd_rate { RATE_GAMMA, RATE_SAME };
enum bgnbd_dropout { DROPOUT_NONE, DROPOUT_BETA, DROPOUT_SAME };

struct bgnbd {
    enum bgnbd_rate rate;
    enum bgnbd_dropout dropout;
    bool at_once;
    unsigned k;
    double unit_days;
    /* The rate's (r and alpha, or one rate for all), then the dropout's (a and b, or the odds of
     * leaving for all). */
    double parameter[NEWTON_MAX];
};
static inline size_t rate_parameters(enum bgnbd_rate rate)
{
    return rate == RATE_GAMMA ? 2 : 1;
}
static inline size_t dropout_parameters(enum bgnbd_dropout dropout)
{
    return dropout == DROPOUT_BETA ? 2 : dropout == DROPOUT_SAME ? 1 : 0;
}
static inline size_t bgnbd_rate_n(const struct bgnbd *m)
{
    return rate_parameters(m->rate);
}
static inline size_t bgnbd_dropout_n(const struct bgnbd *m)
{
    return dropout_parameters(m->dropout);
}

/* Fits parameters to the data, from `start` (as many as the model has) or from where the data
 * suggest; where they lie at a limit, *m becomes the model of that limit. ERR_INPUT: nobody bought
 * twice, so that nothing is known of anybody's rate. */
[[nodiscard]] bool bgnbd_fit(struct bgnbd *m, const struct cbs *data, const double *start,
                             struct fit *out, struct err *err);
/* The log-likelihood of the data under the model as it stands. */
[[nodiscard]] bool bgnbd_log_likelihood(const struct bgnbd *m, const struct cbs *data,
                                        double *out, struct err *err);

/* Of one customer. */
struct bgnbd_seen {
    double x, last, age; /* x, t_x and T, in units */
};
/* The probability that he is still a customer. */
double bgnbd_alive(const struct bgnbd *m, struct bgnbd_seen c);
/* How often he is expected to buy within `length` units after he was last looked at; with nothing
 * but zeros: somebody new, after his first purchase. Summed over the numbers of purchases that the
 * time is enough for, of which all terms are positive: neither a = 1 nor a far customer is a
 * special case. */
double bgnbd_expected(const struct bgnbd *m, struct bgnbd_seen c, double length);
/* The probability that he does so exactly n times. */
double bgnbd_chance(const struct bgnbd *m, struct bgnbd_seen c, unsigned n,
                    double length);

#endif
