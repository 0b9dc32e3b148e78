/* polygamma.h - the first and second derivative of log gamma, for x > 0.
 *
 * Recurrence up to 10, then the asymptotic series: M. Abramowitz and I. A. Stegun, Handbook of
 * Mathematical Functions, 1964, 6.3.5, 6.3.18, 6.4.6 and 6.4.12. Relative error below 1e-13 (of
 * digamma absolute near its zero, 1.4616). */
#ifndef VALUE_POLYGAMMA_H
#define VALUE_POLYGAMMA_H

double digamma(double x);
double trigamma(double x);

#endif
