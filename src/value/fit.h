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
    enum fit_limit limit;
    bool converged;
    unsigned steps;
};
/* From `start`, and where that leads to no maximum from `usual`; NULL: from there at once. */
struct newton fit_from(newton_function *f, void *context, const double *start,
                       const double *usual, size_t n);
struct fit fit_of(const struct newton *best, enum fit_limit limit);
/* Of models that are as likely as one another, the simpler one, which is tried later. */
bool fit_is_better(const struct newton *tried, const struct newton *best);
/* Why models of repeated purchases cannot be fitted. */
extern const char fit_nobody_twice[];

#endif
