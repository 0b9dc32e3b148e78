#include "report/share.h"

#include "value/chance.h"

#include <math.h>

static const double z_95 = 1.959963984540054; /* of the normal distribution, at 0.975 */

static void interval(struct share s, double z, double *low, double *high)
{
    double n = (double)s.n, p = n > 0 ? (double)s.hits / n : 0;
    double middle, width;

    *low = 0;
    *high = 1;
    if (s.n == 0)
        return;
    middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    width = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *low = s.hits == 0 ? 0 : middle - width;
    *high = s.hits == s.n ? 1 : middle + width;
}

static void difference(struct share a, struct share b, double z, double *low,
                       double *high)
{
    double low_a, high_a, low_b, high_b, p_a, p_b;

    *low = -1;
    *high = 1;
    if (a.n == 0 || b.n == 0)
        return;
    p_a = (double)a.hits / (double)a.n;
    p_b = (double)b.hits / (double)b.n;
    interval(a, z, &low_a, &high_a);
    interval(b, z, &low_b, &high_b);
    *low = p_a - p_b - hypot(p_a - low_a, high_b - p_b);
    *high = p_a - p_b + hypot(high_a - p_a, p_b - low_b);
}

void share_interval(struct share s, double *low, double *high)
{
    interval(s, z_95, low, high);
}

void share_difference(struct share a, struct share b, double *low, double *high)
{
    difference(a, b, z_95, low, high);
}

void share_difference_sure(struct share a, struct share b, double sure, double *low,
                           double *high)
{
    difference(a, b, normal_at(0.5 + sure / 2), low, high);
}
