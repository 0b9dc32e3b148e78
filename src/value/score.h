/* score.h - how good probabilities were, held against what came.
 *
 * Rows with equal probabilities stand for one another: no figure depends on their order. */
#ifndef VALUE_SCORE_H
#define VALUE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCORE_TENTHS = 10 };

struct scored {
    double share; /* the probability that was given, or whatever else orders the rows */
    bool is;      /* it came */
};
/* A tenth of the rows, those first of whom it was expected most. */
struct score_tenth {
    uint64_t n;
    double expected; /* the mean of what was given */
    double hits;     /* of equal rows that two tenths share, each has its part */
};
struct scores {
    uint64_t n, hits;
    /* How often somebody to whom it came was given more than one to whom it did not, ties by half
     * (H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947), 50-60); NAN where one
     * of the two is nobody. Its standard error: J. A. Hanley and B. J. McNeil, Radiology 143 (1982),
     * 29-36. */
    double auc, auc_error;
    /* The mean, and its standard error (of one row NAN); a share is no nearer to 0 and 1 than 1e-15. */
    double log_loss, log_loss_error;
    double
        brier; /* mean square error: G. W. Brier, Monthly Weather Review 78 (1950), 1-3 */
    struct score_tenth tenth[SCORE_TENTHS];
};
/* Puts the rows in order. */
void score_of(struct scored *row, size_t n, struct scores *out);
/* How many times more came to a tenth than to all; NAN where nothing came. */
double score_lift(const struct scores *s, int tenth);

#endif
