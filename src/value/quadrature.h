/* quadrature.h - integrals of smooth positive functions: C. F. Gauss's rule with 16 points (1814),
 * panel by panel. */
#ifndef VALUE_QUADRATURE_H
#define VALUE_QUADRATURE_H

#include <stdbool.h>

enum { GAUSS_N = 16 };

/* The logarithm of a function, and how fast it falls at a place, which sets the panels' width. */
struct quadrature {
    double (*log_f)(const void *context, double at);
    double (*decline)(const void *context, double at);
    const void *context;
    double from, to; /* .to may be INFINITY, if log_f falls without end */
    double top;      /* of log_f until now: -INFINITY to start */
};
/* The next panel: places, and the logarithm of what each adds to the integral. False: the rest of
 * it is nothing. */
bool quadrature_panel(struct quadrature *q, double at[GAUSS_N], double log_mass[GAUSS_N]);
/* The logarithm of the whole integral; -INFINITY of nothing. */
double quadrature_log(struct quadrature q);

#endif
