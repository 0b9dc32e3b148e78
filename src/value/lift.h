/* lift.h - what a treatment given by chance changed: a group that had it beside one that had not.
 *
 * The difference of two shares is report/share.h's. Intervals hold with 95 % confidence. What
 * cannot be said is NAN. */
#ifndef VALUE_LIFT_H
#define VALUE_LIFT_H

#include <stdint.h>

/* --- what was seen of a group --- */

/* A measure of each customer after he was assigned, beside the same before: means, and sums of
 * products of deviations from them, one customer after the other (B. P. Welford, Technometrics 4
 * (1962), 419-420). Zero it to start. */
struct joint {
    uint64_t n;
    double before, after;
    double before_before, before_after, after_after;
};
void joint_add(struct joint *j, double before, double after);

struct sample {
    double n, mean, variance; /* of one customer's, with n - 1; NAN of fewer than 2 */
};
struct sample joint_sample(const struct joint *j);

/* CUPED: A. Deng, Y. Xu, R. Kohavi and T. Walker, "Improving the Sensitivity of Online Controlled
 * Experiments by Utilizing Pre-Experiment Data", WSDM 2013, 123-132, equations 4 and 5. Means of
 * the measure less theta times how far that before was from everybody's; theta is that within the
 * groups, taken together. Chance has shared out what was before, so no difference comes from it,
 * and what of the spread it explains is gone. */
struct cuped {
    double theta;
    double explained; /* the share of the variance that is gone, 0 to 1 */
};
/* 0, 0: what was before is the same for all, or explains nothing. */
struct cuped cuped_of(const struct joint *group, uint32_t n);
struct sample cuped_sample(const struct joint *group, uint32_t n, uint32_t which,
                           struct cuped c);

/* --- a group beside another --- */

/* The difference of means. B. L. Welch, Biometrika 34 (1947), 28-35, with the degrees of freedom of
 * F. E. Satterthwaite, Biometrics Bulletin 2 (1946), 110-114. */
struct welch {
    double difference, error, degrees, t, p, low, high;
};
struct welch welch_of(struct sample treated, struct sample control);

/* The ratio of two shares, on the scale of its logarithm: D. Katz, J. Baptista, S. P. Azen and
 * M. C. Pike, Biometrics 34 (1978), 469-474. NAN: nobody in one of the groups. */
struct ratio {
    double ratio, low, high;
};
struct ratio ratio_of(uint64_t treated, uint64_t treated_n, uint64_t control,
                      uint64_t control_n);

/* The probability that the treated group's share is the larger one, when before the first was seen
 * all shares were as likely (beta distributions with 1 + hits, 1 + misses). */
double better_of(uint64_t treated, uint64_t treated_n, uint64_t control,
                 uint64_t control_n);

/* However often one looks, and whatever one stops at: the mixture sequential probability ratio test
 * (H. Robbins, Annals of Mathematical Statistics 41 (1970), 1397-1409) as R. Johari, P. Koomen,
 * L. Pekelis and D. Walsh have it, "Always Valid Inference: Continuous Monitoring of A/B Tests",
 * Operations Research 70 (2022), 1806-1821, section 4. It needs no plan of when to look, which
 * spending functions do. Mixed are normal effects with a tenth of a customer's standard deviation,
 * whatever the data say. `variance` is that of the difference, `spread` a customer's standard
 * deviation. */
struct always {
    double p; /* of this look; the least of all looks until now may stand */
    double low, high;
};
#define ALWAYS_EFFECT 0.1
/* NAN below so many customers in a group, and of shares so many who did it, or did not, in both: sums
 * of fewer are not normal yet. */
#define ALWAYS_LEAST 100
#define ALWAYS_HITS_LEAST 10
struct always always_of(double difference, double variance, double spread);
/* Of two shares, both supposed alike in the variance; of two means. */
struct always always_shares(uint64_t treated, uint64_t treated_n, uint64_t control,
                            uint64_t control_n);
struct always always_means(struct sample treated, struct sample control);

/* --- before it begins --- */

/* So many customers in each group show a change with this probability (`power`) at 95 % confidence.
 * Shares: J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions,
 * 3rd edition (2003), equation 4.14. Means: W. C. Guenther, The American Statistician 35 (1981),
 * 243-244. */
double plan_shares(double share, double other, double power);
double plan_means(double spread, double change, double power);
/* The other way round: the least change upwards that so many show. NAN: not even 1 is seen. */
double plan_share_change(double share, double n, double power);
double plan_mean_change(double spread, double n, double power);

#endif
