/* interval.h - how sure a number is that follows from fitted parameters: between which two it lies with
 * 95 % probability, as far as the parameters are unsure.
 *
 * The delta method: errors of the parameters' logarithms, which are those of a large sample's maximum
 * of likelihood, go on into the number as its slope has them (G. W. Oehlert, "A Note on the Delta
 * Method", The American Statistician 46 (1992), 27-29). What is above 0 has its interval on its
 * logarithm, a share on that of its odds, so that neither leaves where it can be. */
#ifndef VALUE_INTERVAL_H
#define VALUE_INTERVAL_H

#include "value/fit.h"

struct interval {
    double low, high; /* NAN: it cannot be told */
};

/* By how much a parameter is moved, either way, to see how a number moves with it. */
#define INTERVAL_MOVE 1e-4
/* The slope by the parameter's logarithm of what was so when it was so moved. */
static inline double interval_slope(double up, double down)
{
    return (up - down) / (2 * INTERVAL_MOVE);
}

/* The variance of a number with these slopes by the logarithms of the n parameters. */
double interval_variance(const double *slope, const struct fit *f, size_t n);
/* `most`: it cannot be more; INFINITY: nothing is known of that. */
struct interval interval_above_0(double value, double variance, double most);
struct interval interval_of_share(double share, double variance);

#endif
