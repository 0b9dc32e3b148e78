/* chance.h - the distributions that tests and intervals rest on. */
#ifndef VALUE_CHANCE_H
#define VALUE_CHANCE_H

/* The share of the normal distribution below z, and the place below which a share of it lies:
 * 0 < share < 1. */
double normal_below(double z);
double normal_at(double share);

/* The share of the beta distribution below x: 0 <= x <= 1, a and b positive. The continued
 * fraction of the NIST Digital Library of Mathematical Functions, 8.17.22. */
double beta_below(double x, double a, double b);
/* Its logarithm, far below what a double holds, too. */
double log_beta_below(double x, double a, double b);
double log_beta(double a, double b);

/* The chance that Student's t is further from 0 than t, to either side; degrees of freedom need
 * not be whole: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964),
 * 26.7.1 and 26.5.27. */
double student_beyond(double t, double degrees);
/* How far from 0 it is with the chance 1 - sure: 0 < sure < 1. */
double student_within(double sure, double degrees);

#endif
