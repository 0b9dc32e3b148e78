#include "value/quadrature.h"

#include <math.h>

static const double gauss_at[GAUSS_N] = {
    -0.98940093499164994, -0.9445750230732326,   -0.86563120238783176,
    -0.755404408355003,   -0.61787624440264377,  -0.45801677765722737,
    -0.28160355077925892, -0.095012509837637441, 0.095012509837637441,
    0.28160355077925892,  0.45801677765722737,   0.61787624440264377,
    0.755404408355003,    0.86563120238783176,   0.9445750230732326,
    0.98940093499164994,
};
static const double gauss_weight[GAUSS_N] = {
    0.027152459411754096, 0.062253523938647894, 0.095158511682492786,
    0.12462897125553388,  0.14959598881657674,  0.16915651939500254,
    0.18260341504492358,  0.1894506104550685,   0.1894506104550685,
    0.18260341504492358,  0.16915651939500254,  0.14959598881657674,
    0.12462897125553388,  0.095158511682492786, 0.062253523938647894,
    0.027152459411754096,
};

/* In a panel the function changes by no more than e^6, and what is e^-45 of the largest is nothing. */
static const double most_decline = 6, nothing = 45, widest = 1;

bool quadrature_panel(struct quadrature *q, double at[GAUSS_N], double log_mass[GAUSS_N])
{
    double here, falls, width;

    if (!(q->from < q->to))
        return false;
    here = q->log_f(q->context, q->from);
    falls = q->decline(q->context, q->from);
    q->top = fmax(q->top, here);
    if (here < q->top - nothing && falls > 0)
        return false;
    width = fmin(fmin(widest, most_decline / fabs(falls)), q->to - q->from);
    for (int i = 0; i < GAUSS_N; i++) {
        at[i] = q->from + (gauss_at[i] + 1) / 2 * width;
        log_mass[i] = log(gauss_weight[i] * width / 2) + q->log_f(q->context, at[i]);
    }
    q->from = q->to - q->from <= width ? q->to : q->from + width;
    return true;
}

double quadrature_log(struct quadrature q)
{
    double at[GAUSS_N], log_mass[GAUSS_N], sum = 0, scale = -INFINITY;

    q.top = -INFINITY;
    while (quadrature_panel(&q, at, log_mass)) {
        double larger = fmax(scale, q.top);

        sum *= exp(scale - larger);
        scale = larger;
        for (int i = 0; i < GAUSS_N; i++)
            sum += exp(log_mass[i] - scale);
    }
    return scale + log(sum);
}
