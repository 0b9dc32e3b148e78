/* trees.h - boosted trees, by libxgboost.
 *
 * T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016: 100 trees of depth 3,
 * each a tenth of its step, split by histograms. Nothing in it is left to chance: the same rows give the
 * same trees, on any number of threads. */
#ifndef VALUE_TREES_H
#define VALUE_TREES_H

#include "value/learn.h"

struct trees;
[[nodiscard]] bool trees_fit(const struct learn_rows *r, struct trees **out,
                             struct err *err);
void trees_free(struct trees *t);
/* The logarithms of the odds of n rows, which have the columns of those that were learnt from. */
bool trees_odds(const struct trees *t, const double *x, size_t n, double *out,
                struct err *err);
/* What each of one row's measures adds to them beside .out[columns], the mean over all that was learnt
 * from: exact Shapley values (S. M. Lundberg et al., "From Local Explanations to Global Understanding
 * with Explainable AI for Trees", Nature Machine Intelligence 2 (2020), 56-67). They sum to the odds. */
bool trees_reasons(const struct trees *t, const double *x, double *out, struct err *err);

#endif
