#include "value/nps.h"

#include "value/chance.h"

#include <math.h>

static const double z_95 = 1.959963984540054;

/* Of answers that are 1, 0 and -1, with so many added in all: half of them passive. */
static double mean_of(struct nps n, double added, double *count, double *variance)
{
    double promoters = (double)n.promoters + added / 4;
    double detractors = (double)n.detractors + added / 4, mean;

    *count = promoters + (double)n.passives + added / 2 + detractors;
    mean = (promoters - detractors) / *count;
    *variance = (promoters + detractors) / *count - mean * mean;
    return mean;
}

struct nps_score nps_of(struct nps n, enum nps_method method)
{
    double count, variance;
    double score = mean_of(n, method == NPS_ADJUSTED ? 3 : 0, &count, &variance), width;

    if (n.promoters + n.passives + n.detractors == 0)
        return (struct nps_score){NAN, NAN, NAN};
    if (method == NPS_STUDENT)
        width = count > 1 ? student_within(0.95, count - 1) * sqrt(variance / (count - 1))
                          : NAN;
    else
        width = z_95 * sqrt(variance / count);
    if (isnan(width))
        return (struct nps_score){score, NAN, NAN};
    return (struct nps_score){score, fmax(score - width, -1), fmin(score + width, 1)};
}

struct nps_change nps_change(struct nps now, struct nps before)
{
    double n[2], variance[2];
    double difference =
        mean_of(now, 0, &n[0], &variance[0]) - mean_of(before, 0, &n[1], &variance[1]);
    double error = sqrt(variance[0] / n[0] + variance[1] / n[1]);

    return (struct nps_change){difference, difference - z_95 * error,
                               difference + z_95 * error,
                               erfc(fabs(difference) / error / M_SQRT2)};
}
