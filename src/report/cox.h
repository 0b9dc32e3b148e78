/* cox.h - what goes with how long it lasts: proportional hazards.
 *
 * D. R. Cox, "Regression Models and Life-Tables", Journal of the Royal Statistical Society B 34
 * (1972), 187-220. At one length several may end: such ties are N. Breslow's (Biometrics 30 (1974),
 * 89-99), B. Efron's (Journal of the American Statistical Association 72 (1977), 557-565, the
 * nearer one), or the exact ones of a discrete time, Cox's own, summed up as M. H. Gail, J. H. Lubin
 * and L. V. Rubinstein have it (Biometrika 68 (1981), 703-707). Fitted by Newton's method with exact
 * second derivatives, whose inverse's diagonal are the squares of the standard errors. */
#ifndef REPORT_COX_H
#define REPORT_COX_H

#include "base/str.h"
#include "report/survival.h"

#define COX_COLUMNS_MAX 40u
#define COX_EXACT_MAX 100u /* who may end at one length, of exact ties */

enum cox_ties { COX_EFRON, COX_BRESLOW, COX_EXACT };
/* efron, breslow or exact. */
bool cox_ties_parse(str name, enum cox_ties *out);
const char *cox_ties_name(enum cox_ties ties);

struct cox_column {
    double coefficient, error;  /* of the logarithm of the hazard */
    double ratio, low, high, p; /* of the hazard, with 95 % confidence; Wald's test */
};
struct cox {
    uint32_t column_n;
    struct cox_column column[COX_COLUMNS_MAX];
    uint64_t customers, ended;
    uint32_t tied; /* the most that end at one length */
    double log_likelihood, log_likelihood_null;
    double chi_square, p; /* twice their difference, with a degree of freedom a column */
    double
        concordance; /* of pairs of whom one is known to have lasted longer, in how many the
                           other had the higher hazard; equal ones count half. NAN: no such
                           pair */
    unsigned steps;
};
enum cox_end {
    COX_FOUND,
    COX_NOTHING,   /* it happened to nobody, or there is nobody */
    COX_CONSTANT,  /* the column is the same for all at whose lengths something happens */
    COX_COLLINEAR, /* the column follows from the others */
    COX_SEPARATED, /* the column's coefficient grows without end: who has more of it always, or
                      never, ends first */
    COX_TIED       /* more than COX_EXACT_MAX end at one length */
};
/* Rows in survival_sort's order; what row i has is x[row[i].told * columns ...], all finite.
 * *column is that of CONSTANT, COLLINEAR and SEPARATED. False: out of memory. */
[[nodiscard]] bool cox_fit(const struct lasted *row, size_t n, const double *x,
                           uint32_t columns, enum cox_ties ties, struct cox *out,
                           enum cox_end *end, uint32_t *column, struct err *err);

#endif
