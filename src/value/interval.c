#include "value/interval.h"

#include <math.h>

static const double z_95 = 1.959963984540054;

double interval_variance(const double *slope, const struct fit *f, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            sum += slope[i] * slope[k] * f->covariance[i][k];
    return fmax(sum, 0) + 0 * sum; /* NAN stays */
}

static const struct interval none = {NAN, NAN};

struct interval interval_above_0(double value, double variance, double most)
{
    double width = z_95 * sqrt(variance) / value;
    struct interval i = {value * exp(-width), fmin(value * exp(width), most)};

    /* The model itself may say more than can be. */
    return value > 0 && isfinite(width) && isfinite(i.high) && i.high >= value ? i : none;
}

struct interval interval_of_share(double share, double variance)
{
    double odds = log(share) - log1p(-share);
    double width = z_95 * sqrt(variance) / (share * (1 - share));

    if (!(share > 0) || !(share < 1) || !isfinite(width))
        return none;
    return (struct interval){1 / (1 + exp(width - odds)), 1 / (1 + exp(-width - odds))};
}
