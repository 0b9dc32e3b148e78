/* logistic.h - logistic regression on standardised measures, with a penalty on large weights.
 *
 * D. R. Cox, "The Regression Analysis of Binary Sequences", Journal of the Royal Statistical Society B
 * 20 (1958), 215-242; the penalty as A. E. Hoerl and R. W. Kennard, "Ridge Regression", Technometrics
 * 12 (1970), 55-67. What is least is c times the log loss summed over the rows, plus half of the
 * weights' squares; the intercept is free. */
#ifndef VALUE_LOGISTIC_H
#define VALUE_LOGISTIC_H

#include "value/learn.h"

struct logistic {
    uint32_t column_n;
    double intercept;
    double weight[LEARN_COLUMNS_MAX]; /* of the standardised measure */
    double mean[LEARN_COLUMNS_MAX];
    double spread[LEARN_COLUMNS_MAX]; /* by n; 1 of what is the same for all */
    unsigned steps;
};
/* Newton's method with the exact second derivatives; the rows in their order, so that the same rows
 * give the same bits. c > 0. */
[[nodiscard]] bool logistic_fit(const struct learn_rows *r, double c,
                                struct logistic *out, struct err *err);
/* The logarithm of the odds that he does it. */
double logistic_odds(const struct logistic *l, const double *x);
/* What a measure adds to them beside somebody who is the mean in all: the exact Shapley value of a
 * linear model whose measures are taken as independent (S. M. Lundberg and S.-I. Lee, "A Unified
 * Approach to Interpreting Model Predictions", NIPS 2017, corollary 1). */
double logistic_reason(const struct logistic *l, uint32_t column, double x);

#endif
