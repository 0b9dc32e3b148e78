#include "value/fit.h"

#include <math.h>
#include <string.h>

const char fit_nobody_twice[] =
    "nobody bought on a second day: how often anybody buys is not known";

struct newton fit_from(newton_function *f, void *context, const double *start,
                       const double *usual, size_t n)
{
    struct newton r;

    if (start) {
        r = newton_maximum(f, context, start, n);
        if (r.end == NEWTON_FOUND)
            return r;
    }
    return newton_maximum(f, context, usual, n);
}

struct fit fit_of(const struct newton *best, enum fit_limit limit)
{
    struct fit f = {.log_likelihood = best->value,
                    .limit = limit,
                    .converged = best->end == NEWTON_FOUND,
                    .steps = best->steps};

    memcpy(f.error, best->error, sizeof f.error);
    return f;
}

bool fit_is_better(const struct newton *tried, const struct newton *best)
{
    /* A model inside of which nothing was found only seems to rise when it nears its limit. */
    double less = tried->end == NEWTON_FOUND ? 1e-6 : -1e-6;

    return isfinite(tried->value)
           && (!isfinite(best->value) || tried->value > best->value - less);
}
