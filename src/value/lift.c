#include "value/lift.h"

#include "value/chance.h"
#include "value/quadrature.h"

#include <math.h>

static const double sure = 0.95;

static double z_of(double confidence)
{
    return normal_at(0.5 + confidence / 2);
}

/* --- what was seen of a group --- */

void joint_add(struct joint *j, double before, double after)
{
    double from_before = before - j->before, from_after = after - j->after;
    double n = (double)++j->n;

    j->before += from_before / n;
    j->after += from_after / n;
    j->before_before += from_before * (before - j->before);
    j->before_after += from_before * (after - j->after);
    j->after_after += from_after * (after - j->after);
}

static struct sample sample_of(uint64_t n, double mean, double squares)
{
    return (struct sample){(double)n, n ? mean : NAN,
                           n > 1 ? fmax(squares, 0) / (double)(n - 1) : NAN};
}

struct sample joint_sample(const struct joint *j)
{
    return sample_of(j->n, j->after, j->after_after);
}

struct cuped cuped_of(const struct joint *group, uint32_t n)
{
    double before = 0, both = 0, after = 0;

    for (uint32_t i = 0; i < n; i++) {
        before += group[i].before_before;
        both += group[i].before_after;
        after += group[i].after_after;
    }
    if (!(before > 0) || !(after > 0))
        return (struct cuped){};
    return (struct cuped){both / before, fmin(both * both / (before * after), 1)};
}

struct sample cuped_sample(const struct joint *group, uint32_t n, uint32_t which,
                           struct cuped c)
{
    const struct joint *j = &group[which];
    double sum = 0, all = 0;

    for (uint32_t i = 0; i < n; i++) {
        sum += (double)group[i].n * group[i].before;
        all += (double)group[i].n;
    }
    return sample_of(j->n, j->after - c.theta * (j->before - sum / all),
                     j->after_after - 2 * c.theta * j->before_after
                         + c.theta * c.theta * j->before_before);
}

/* --- a group beside another --- */

struct welch welch_of(struct sample treated, struct sample control)
{
    double a = treated.variance / treated.n, b = control.variance / control.n;
    struct welch w = {treated.mean - control.mean, NAN, NAN, NAN, NAN, NAN, NAN};
    double width;

    if (!(a + b > 0))
        return w;
    w.error = sqrt(a + b);
    w.degrees = (a + b) * (a + b) / (a * a / (treated.n - 1) + b * b / (control.n - 1));
    w.t = w.difference / w.error;
    w.p = student_beyond(w.t, w.degrees);
    width = student_within(sure, w.degrees) * w.error;
    w.low = w.difference - width;
    w.high = w.difference + width;
    return w;
}

struct ratio ratio_of(uint64_t treated, uint64_t treated_n, uint64_t control,
                      uint64_t control_n)
{
    double a = (double)treated, a_n = (double)treated_n;
    double b = (double)control, b_n = (double)control_n, width;
    struct ratio r = {NAN, NAN, NAN};

    if (!treated_n || !control)
        return r;
    r.ratio = a / a_n / (b / b_n);
    if (!treated)
        return r;
    width = z_of(sure) * sqrt(fmax(1 / a - 1 / a_n + 1 / b - 1 / b_n, 0));
    r.low = r.ratio * exp(-width);
    r.high = r.ratio * exp(width);
    return r;
}

/* On the scale of log(p / (1 - p)), in steps of about a standard deviation away from where the first
 * of two densities is largest. */
struct better {
    double a, b;             /* of the one that is integrated over */
    double other_a, other_b; /* of the one that is to be below it */
    double top, scale, log_first, log_other;
};

static double log_density(double at, double a, double b, double log_all)
{
    return -a * log1p(exp(-at)) - b * log1p(exp(at)) - log_all;
}

static double share_at(double at)
{
    return 1 / (1 + exp(-at));
}

static double log_better(const void *context, double step)
{
    const struct better *c = context;
    double at = c->top + c->scale * step;

    return log_density(at, c->a, c->b, c->log_first)
           + log_beta_below(share_at(at), c->other_a, c->other_b);
}

static double better_decline(const void *context, double step)
{
    const struct better *c = context;
    double at = c->top + c->scale * step, p = share_at(at);
    double other = exp(log_density(at, c->other_a, c->other_b, c->log_other)
                       - log_beta_below(p, c->other_a, c->other_b));

    return -(c->a - (c->a + c->b) * p + other) * c->scale;
}

/* The chance that a share of the first distribution is above one of the other. */
static double above(double a, double b, double other_a, double other_b)
{
    struct better c = {a,          b, other_a, other_b,
                       log(a / b), 0, 0,       log_beta(other_a, other_b)};
    struct quadrature q = {log_better, better_decline, &c, 0, INFINITY, 0};
    double deviation = sqrt(1 / a + 1 / b), sum = 0;
    double far = (log(a / b) - log(other_a / other_b))
                 / hypot(deviation, sqrt(1 / other_a + 1 / other_b));

    if (fabs(far) > 40)
        return far > 0;
    c.log_first = log_beta(a, b) - log(deviation);
    for (int up = 0; up < 2; up++) {
        c.scale = up ? deviation : -deviation;
        sum += exp(quadrature_log(q));
    }
    return fmin(sum, 1);
}

double better_of(uint64_t treated, uint64_t treated_n, uint64_t control,
                 uint64_t control_n)
{
    double a = 1 + (double)treated, b = 1 + (double)(treated_n - treated);
    double other_a = 1 + (double)control, other_b = 1 + (double)(control_n - control);

    /* Over the narrower one, on whose scale the other is smooth. */
    return 1 / a + 1 / b < 1 / other_a + 1 / other_b ? above(a, b, other_a, other_b)
                                                     : 1 - above(other_a, other_b, a, b);
}

struct always always_of(double difference, double variance, double spread)
{
    double mixed = ALWAYS_EFFECT * spread * ALWAYS_EFFECT * spread;
    double log_ratio, width;

    if (!(variance > 0) || !(mixed > 0))
        return (struct always){NAN, NAN, NAN};
    log_ratio = log(variance / (variance + mixed)) / 2
                + mixed * difference * difference / (2 * variance * (variance + mixed));
    width = sqrt(variance * (variance + mixed) / mixed
                 * (log((variance + mixed) / variance) - 2 * log(1 - sure)));
    return (struct always){fmin(1, exp(-log_ratio)), difference - width,
                           difference + width};
}

struct always always_shares(uint64_t treated, uint64_t treated_n, uint64_t control,
                            uint64_t control_n)
{
    double a = (double)treated_n, b = (double)control_n;
    double share = ((double)treated + (double)control) / (a + b);
    double variance = share * (1 - share);

    if (treated_n < ALWAYS_LEAST || control_n < ALWAYS_LEAST
        || (a + b) * fmin(share, 1 - share) < ALWAYS_HITS_LEAST)
        return (struct always){NAN, NAN, NAN};
    return always_of((double)treated / a - (double)control / b,
                     variance * (1 / a + 1 / b), sqrt(variance));
}

struct always always_means(struct sample treated, struct sample control)
{
    double n = treated.n + control.n - 2;
    double pooled =
        ((treated.n - 1) * treated.variance + (control.n - 1) * control.variance) / n;

    if (treated.n < ALWAYS_LEAST || control.n < ALWAYS_LEAST)
        return (struct always){NAN, NAN, NAN};
    return always_of(treated.mean - control.mean,
                     treated.variance / treated.n + control.variance / control.n,
                     sqrt(pooled));
}

/* --- before it begins --- */

double plan_shares(double share, double other, double power)
{
    double both = share + other;
    double root = z_of(sure) * sqrt(both * (2 - both) / 2)
                  + normal_at(power) * sqrt(share * (1 - share) + other * (1 - other));

    return root * root / ((share - other) * (share - other));
}

double plan_means(double spread, double change, double power)
{
    double z = z_of(sure), sum = (z + normal_at(power)) * spread / change;

    return 2 * sum * sum + z * z / 4;
}

double plan_share_change(double share, double n, double power)
{
    double low = share, high = 1;

    if (!(plan_shares(share, 1, power) <= n))
        return NAN;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;

        if (plan_shares(share, middle, power) > n)
            low = middle;
        else
            high = middle;
    }
    return high - share;
}

double plan_mean_change(double spread, double n, double power)
{
    double z = z_of(sure), left = n - z * z / 4;

    return left > 0 ? (z + normal_at(power)) * spread * sqrt(2 / left) : NAN;
}
