/* newton.h - where a function of a few positive numbers is largest.
 *
 * Newton's method on the logarithms of the numbers, with the exact second derivatives: along each
 * direction in which these do not mix, as far as the slope over the curve, and up also where they do
 * not curve down (J. Greenstadt, "On the relative efficiencies of gradient methods", Mathematics of
 * Computation 21 (1967), 360-367). A step that leads down is made shorter. */
#ifndef VALUE_NEWTON_H
#define VALUE_NEWTON_H

#include <stdbool.h>
#include <stddef.h>

enum { NEWTON_MAX = 4 };

/* What a function is at a place, with its derivatives by the numbers themselves. */
struct slope {
    double value;
    double first[NEWTON_MAX];
    double second[NEWTON_MAX][NEWTON_MAX]; /* both halves are filled */
};
typedef void newton_function(void *context, const double *at, struct slope *out);

enum newton_end {
    NEWTON_FOUND, /* it is flat here, and curves down in every direction */
    NEWTON_FAR,   /* it still rises where a number is above e^16 or below e^-16 */
    NEWTON_STUCK, /* no step leads up, or too many were taken */
};
struct newton {
    enum newton_end end;
    double at[NEWTON_MAX]; /* positive */
    double value;
    double error
        [NEWTON_MAX]; /* the root of the diagonal of the inverse of -second: standard errors,
                                 when the function is a log-likelihood. NAN unless it was FOUND */
    double covariance[NEWTON_MAX][NEWTON_MAX]; /* of their logarithms, likewise */
    unsigned steps;
};
/* Starts at `start`, all of which is positive and finite; 1 <= n <= NEWTON_MAX. */
struct newton newton_maximum(newton_function *f, void *context, const double *start,
                             size_t n);

#endif
