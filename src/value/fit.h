/* fit.h - what holding a model against the data gave. */
#ifndef VALUE_FIT_H
#define VALUE_FIT_H

#include "value/newton.h"

/* A model of four parameters may be most likely where two of them vanish or grow beyond all bounds
 * together; then the model that it becomes there was fitted, and stands in the result. */
#define FIT_LIMITS(X)                                                                    \
    X(INSIDE, "")                                                                        \
    X(NO_DROPOUT, "no dropout")                                                          \
    X(SAME_DROPOUT, "homogeneous dropout")                                               \
    X(SAME_DEATH_RATE, "homogeneous death rate")                                         \
    X(SAME_RATE, "homogeneous purchase rate")                                            \
    X(SAME_RATE_NO_DROPOUT, "homogeneous purchase rate, no dropout")                     \
    X(SAME_RATE_SAME_DROPOUT, "homogeneous purchase rate and dropout")                   \
    X(SAME_RATE_SAME_DEATH_RATE, "homogeneous purchase and death rate")

enum fit_limit {
#define X(name, text) FIT_##name,
    FIT_LIMITS(X)
#undef X
};

struct fit {
    double log_likelihood;
    double error[NEWTON_MAX]; /* standard errors of the parameters; NAN: there is none */
    double covariance[NEWTON_MAX][NEWTON_MAX]; /* of their logarithms, likewise */
    enum fit_limit limit;
    bool converged;
    unsigned steps;
};
/* Sums over n rows, piece by piece on all threads. How they are cut follows from n alone, and pieces are
 * summed up in their order: the sum is the same on any number of threads. `add` adds the rows from
 * `from` on that are before `to`; `thread` is below fit_threads(n). */
typedef void fit_add(const void *context, unsigned thread, size_t from, size_t to,
                     struct slope *sum);
unsigned fit_threads(size_t n);
void fit_sum(size_t n, fit_add *add, const void *context, struct slope *out);
/* From `start`, and where that leads to no maximum from `usual`; NULL: from there at once. */
struct newton fit_from(newton_function *f, void *context, const double *start,
                       const double *usual, size_t n);
struct fit fit_of(const struct newton *best, enum fit_limit limit);
/* Of models that are as likely as one another, the simpler one, which is tried later. */
bool fit_is_better(const struct newton *tried, const struct newton *best);
/* Why models of repeated purchases cannot be fitted. */
extern const char fit_nobody_twice[];

#endif
