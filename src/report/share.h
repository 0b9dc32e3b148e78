/* share.h - a share of a whole that chance has a part in, and how sure it is. */
#ifndef REPORT_SHARE_H
#define REPORT_SHARE_H

#include <stdint.h>

/* `hits` of `n`. */
struct share {
    uint64_t hits, n;
};

/* Between which bounds the true share lies, with 95 % confidence: the score interval of
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal
 * of the American Statistical Association 22 (1927), 209-212. 0 to 1 when n is 0. */
void share_interval(struct share s, double *low, double *high);
/* The same of the difference a - b of two shares whose wholes were drawn apart from one another:
 * method 10 of R. G. Newcombe, "Interval Estimation for the Difference Between Independent
 * Proportions: Comparison of Eleven Methods", Statistics in Medicine 17 (1998), 873-890. -1 to 1
 * when one of them is of none. */
void share_difference(struct share a, struct share b, double *low, double *high);
/* The same with another confidence than 0.95. */
void share_difference_sure(struct share a, struct share b, double sure, double *low,
                           double *high);

#endif
