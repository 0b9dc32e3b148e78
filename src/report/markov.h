/* markov.h - an absorbing chain of the first order: how sure a conversion is, and how much less
 * sure when one source is taken out.
 *
 * Each path begins at START, goes from source to source, and ends at CONVERSION or at nothing.
 * Taking a source out means that whoever comes to it goes to nothing. The share of conversions
 * that are lost by that is its removal effect (Anderl, Becker, von Wangenheim and Schumann 2016,
 * "Mapping the customer journey", International Journal of Research in Marketing 33(3), part 3.2).
 * Nothing is simulated: with N the inverse of I - Q, of which Q has the probabilities between
 * sources, a path comes to source c with probability (s N)_c / N_cc, and from there converts with
 * (N r)_c (Kemeny and Snell 1960, "Finite Markov Chains", chapter III). Their product is what is
 * lost. */
#ifndef REPORT_MARKOV_H
#define REPORT_MARKOV_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define MARKOV_MAX 500u /* sources */

/* How often paths went from one place to another. Sources are numbered from 0. */
#define MARKOV_CONVERSION 0u
#define MARKOV_NOTHING 1u
#define MARKOV_START 0u
struct markov {
    uint64_t
        *step; /* [cap + 1][cap + 2]: from START or 1 + source to an end or 2 + source */
    uint32_t cap;
    bool is_off; /* there are too many sources */
};
void markov_free(struct markov *m);
/* Room for so many sources; is_off, when there are more than MARKOV_MAX. */
bool markov_need(struct markov *m, uint32_t n, struct err *err);
static inline uint64_t *markov_step(const struct markov *m, uint32_t from, uint32_t to)
{
    return m->step + (size_t)from * (m->cap + 2) + to;
}
/* effect[i] is the removal effect of the source order[i]: 0 to 1. All 0 without a conversion. */
bool markov_effects(const struct markov *m, const uint32_t *order, uint32_t n,
                    double *effect, struct err *err);

#endif
