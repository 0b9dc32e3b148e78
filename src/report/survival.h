/* survival.h - how long it lasts until something happens, of those to whom it has not happened
 * yet, too.
 *
 * The curve is that of E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete
 * Observations", Journal of the American Statistical Association 53 (1958), 457-481; its variance
 * is M. Greenwood's of 1926. Bands are on the scale of log(-log S), as J. D. Kalbfleisch and
 * R. L. Prentice have them (The Statistical Analysis of Failure Time Data, 1980), so that they
 * stay between 0 and 1. The median's interval is R. Brookmeyer's and J. Crowley's (Biometrics 38
 * (1982), 29-41): the lengths at which the band reaches one half. */
#ifndef REPORT_SURVIVAL_H
#define REPORT_SURVIVAL_H

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One who was looked at. */
struct lasted {
    int64_t ms; /* until it happened, or until he was last looked at; 0 or more */
    uint32_t customer, group;
    bool ended;    /* it happened */
    uint32_t told; /* cox.h: where what is known of him stands */
};
/* All that is below wants them in the order of .ms. */
void survival_sort(struct lasted *row, size_t n);

/* Those of a group for whom it lasts longer than .ms. */
struct survival_point {
    int64_t ms;
    uint64_t at_risk;         /* who were looked at for so long, and to whom it had not
                                 happened before */
    uint64_t ended, censored; /* from the start up to .ms, included */
    /* NAN: of a length that nobody was looked at for, nothing is known. */
    double share;
    double error;     /* its standard error */
    double low, high; /* with 95 % confidence; NAN: where all are left, or nobody */
};
/* Fills the points, whose .ms are given in ascending order. */
void survival_at(const struct lasted *row, size_t n, uint32_t group,
                 struct survival_point *point, size_t point_n);

struct survival {
    uint64_t customers, ended;
    int64_t longest_ms; /* that somebody was looked at; -1: there is nobody */
    /* The least length at which the share is one half or less, and where the band's ends are;
     * -1: it is not reached. */
    int64_t median_ms, median_low_ms, median_high_ms;
    double mean_ms, mean_error_ms; /* of what lies before the horizon */
};
/* The mean is of lengths cut at horizon_ms. */
struct survival survival_of(const struct lasted *row, size_t n, uint32_t group,
                            int64_t horizon_ms);

/* The least length at which the share is `left` or less, and where the band's ends are, as the
 * median above has them; -1: it is not reached. */
struct survival_quantile {
    double left;
    int64_t ms, low_ms, high_ms;
};
/* Fills in those whose .left are given. */
void survival_quantiles(const struct lasted *row, size_t n, uint32_t group,
                        struct survival_quantile *q, size_t q_n);

/* How far two curves of different people are apart at one length: a's share - b's, its standard error
 * from Greenwood's, and the bounds of the true one with 95 % confidence (J. P. Klein, B. Logan,
 * M. Harhoff, P. K. Andersen, "Analyzing Survival Curves at a Fixed Point in Time", Statistics in
 * Medicine 26 (2007), 4505-4519, equation 1). NAN: of one of them nothing is known, or where neither
 * has an error the bounds. */
struct survival_gap {
    double difference, low, high;
};
struct survival_gap survival_difference(const struct survival_point *a,
                                        const struct survival_point *b);

/* Whether groups differ by more than chance: N. Mantel's log-rank test (Cancer Chemotherapy
 * Reports 50 (1966), 163-170), with the hypergeometric variance. */
struct log_rank {
    uint64_t *observed; /* by group: to whom it happened, */
    double *expected;   /* and to how many it would have, were there no difference */
    uint32_t degrees;   /* 0: there is nothing to compare */
    double chi_square, p;
};
/* Lives in `a`. Groups are numbered from 0. */
bool log_rank(const struct lasted *row, size_t n, uint32_t group_n, struct arena *a,
              struct log_rank *out, struct err *err);

/* The chance that a chi-square with so many degrees of freedom is greater than x: M. Abramowitz
 * and I. A. Stegun, Handbook of Mathematical Functions (1964), 26.4.4 and 26.4.5. */
double chi_square_beyond(double x, uint32_t degrees);

#endif
