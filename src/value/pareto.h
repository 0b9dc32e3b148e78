/* pareto.h - how often customers buy, and when they silently stop: Pareto/NBD.
 *
 * While he is a customer, he buys at his own rate, which differs between customers by a gamma
 * distribution (r, alpha), and he may leave at any moment, at a rate of his own too, by another
 * (s, beta). D. C. Schmittlein, D. G. Morrison and R. Colombo, "Counting Your Customers: Who Are
 * They and What Will They Do Next?", Management Science 33 (1987), 1-24; P. S. Fader and
 * B. G. S. Hardie, "A Note on Deriving the Pareto/NBD Model and Related Expressions", 2005.
 *
 * Instead of the papers' hypergeometric functions, which underflow and cancel, stands what they come
 * from: an integral over the moment at which he left, of which everything is positive.
 *
 * Rates and lengths are in units of unit_days. */
#ifndef VALUE_PARETO_H
#define VALUE_PARETO_H

#include "value/cbs.h"
#include "value/fit.h"

enum pareto_side { PARETO_GAMMA, PARETO_SAME, PARETO_NEVER };

struct pareto {
    enum pareto_side rate;  /* GAMMA, or SAME for all */
    enum pareto_side death; /* GAMMA, SAME for all, or NEVER: nobody leaves */
    double unit_days;
    /* The rate's (r and alpha, or one rate), then death's (s and beta, or one rate). */
    double parameter[NEWTON_MAX];
};
/* Both as in bgnbd.h. */
[[nodiscard]] bool pareto_fit(struct pareto *m, const struct cbs *data,
                              const double *start, struct fit *out, struct err *err);
[[nodiscard]] bool pareto_log_likelihood(const struct pareto *m, const struct cbs *data,
                                         double *out, struct err *err);

/* Of one customer, in units. */
struct pareto_seen {
    double x, last, age;
};
/* log of (the papers' A0) / (r + s + x): of the integral over (t_x, T). -INFINITY when t_x = T. */
double pareto_log_left(const struct pareto *m, struct pareto_seen c);
/* The probability that he is still a customer. */
double pareto_alive(const struct pareto *m, struct pareto_seen c);
/* How often he is expected to buy within `length` after he was last looked at; with nothing but
 * zeros: somebody new, after his first purchase. */
double pareto_expected(const struct pareto *m, struct pareto_seen c, double length);
/* The probability that he buys nothing in that time. */
double pareto_no_purchase(const struct pareto *m, struct pareto_seen c, double length);
/* How often from now on, each purchase worth exp(-rate * length) when it is so far away. rate > 0. */
double pareto_expected_discounted(const struct pareto *m, struct pareto_seen c,
                                  double rate);
/* The probability that somebody new buys exactly n times later than `from` after his first purchase
 * and not later than `to`. */
double pareto_chance_new(const struct pareto *m, unsigned n, double from, double to);

#endif
