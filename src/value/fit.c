#include "value/fit.h"

#include "base/tune.h"
#include "base/work.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

const char fit_nobody_twice[] =
    "nobody bought on a second day: how often anybody buys is not known; wait until "
    "somebody comes back, or let --until be a later day";

/* --- sums over many rows --- */

enum { PIECES_MAX = 64 };

struct summing {
    fit_add *add;
    const void *context;
    size_t n;
    uint32_t pieces;
    _Atomic uint32_t next;
    struct slope sum[PIECES_MAX];
};

static uint32_t pieces(size_t n)
{
    return (uint32_t)(n < 2 * (size_t)FIT_PIECE            ? 1
                      : n < (size_t)FIT_PIECE * PIECES_MAX ? n / FIT_PIECE
                                                           : PIECES_MAX);
}

unsigned fit_threads(size_t n)
{
    unsigned threads = work_threads();

    return threads < pieces(n) ? threads : pieces(n);
}

static void sum_pieces(void *context, uint32_t thread)
{
    struct summing *s = context;
    uint32_t i;

    while ((i = atomic_fetch_add(&s->next, 1)) < s->pieces) {
        struct slope sum = {};

        s->add(s->context, thread, s->n * i / s->pieces, s->n * (i + 1) / s->pieces,
               &sum);
        s->sum[i] = sum;
    }
}

static void add_slope(struct slope *to, const struct slope *more)
{
    to->value += more->value;
    for (size_t i = 0; i < NEWTON_MAX; i++) {
        to->first[i] += more->first[i];
        for (size_t k = 0; k < NEWTON_MAX; k++)
            to->second[i][k] += more->second[i][k];
    }
}

void fit_sum(size_t n, fit_add *add, const void *context, struct slope *out)
{
    struct summing s = {.add = add, .context = context, .n = n, .pieces = pieces(n)};
    unsigned threads = fit_threads(n);

    work_run(threads, threads, sum_pieces, &s);
    for (uint32_t i = 0; i < s.pieces; i++)
        add_slope(out, &s.sum[i]);
}

/* --- where a likelihood is largest --- */

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
    memcpy(f.covariance, best->covariance, sizeof f.covariance);
    return f;
}

bool fit_is_better(const struct newton *tried, const struct newton *best)
{
    /* A model inside of which nothing was found only seems to rise when it nears its limit. */
    double less = tried->end == NEWTON_FOUND ? 1e-6 : -1e-6;

    return isfinite(tried->value)
           && (!isfinite(best->value) || tried->value > best->value - less);
}
