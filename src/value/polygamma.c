#include "value/polygamma.h"

#include <math.h>

static const double far_enough = 10;

double digamma(double x)
{
    double below = 0, y;

    while (x < far_enough)
        below += 1 / x++;
    y = 1 / (x * x);
    return log(x) - 0.5 / x - below
           - y
                 * (1.0 / 12
                    - y
                          * (1.0 / 120
                             - y
                                   * (1.0 / 252
                                      - y
                                            * (1.0 / 240
                                               - y * (1.0 / 132 - y * 691.0 / 32760)))));
}

double trigamma(double x)
{
    double below = 0, y;

    while (x < far_enough) {
        below += 1 / (x * x);
        x++;
    }
    y = 1 / (x * x);
    return below + 1 / x + 0.5 * y
           + y / x
                 * (1.0 / 6
                    - y
                          * (1.0 / 30
                             - y
                                   * (1.0 / 42
                                      - y
                                            * (1.0 / 30
                                               - y * (5.0 / 66 - y * 691.0 / 2730)))));
}
