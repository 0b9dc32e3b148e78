#include "value/chance.h"

#include <math.h>

enum { HALVINGS = 200, TERMS = 100000 };

double normal_below(double z)
{
    return erfc(-z / M_SQRT2) / 2;
}

double normal_at(double share)
{
    double low = -40, high = 40;

    for (int i = 0; i < HALVINGS && low < high; i++) {
        double middle = (low + high) / 2;

        if (normal_below(middle) < share)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* The fraction of 8.17.22 from the front, as W. J. Lentz has it (Applied Optics 15 (1976),
 * 668-671). */
static double fraction(double x, double a, double b)
{
    double c = 1, d = 0, value = 1;

    for (int i = 0; i < TERMS; i++) {
        double m = floor(i / 2.0), n, change;

        if (i == 0)
            n = 1;
        else if (i % 2)
            n = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        else
            n = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + n * d;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = 1 + n / c;
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        change = c * d;
        value *= change;
        if (i && fabs(change - 1) < 1e-15)
            break;
    }
    return value - 1;
}

double log_beta_below(double x, double a, double b)
{
    double front;

    if (x <= 0 || x >= 1)
        return x >= 1 ? 0 : -INFINITY;
    front = a * log(x) + b * log1p(-x) - log_beta(a, b);
    if (x > (a + 1) / (a + b + 2))
        return log1p(-exp(front - log(b)) * fraction(1 - x, b, a));
    return front - log(a) + log(fraction(x, a, b));
}

double beta_below(double x, double a, double b)
{
    return exp(log_beta_below(x, a, b));
}

double student_beyond(double t, double degrees)
{
    return beta_below(degrees / (degrees + t * t), degrees / 2, 0.5);
}

double student_within(double sure, double degrees)
{
    double low = 0, high = 1;

    while (student_beyond(high, degrees) > 1 - sure && high < 1e300)
        high *= 2;
    for (int i = 0; i < HALVINGS && low < high; i++) {
        double middle = (low + high) / 2;

        if (student_beyond(middle, degrees) > 1 - sure)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}
