/* lives.h - one customer's history in all lifecycles of a model at once. */
#ifndef LIFECYCLE_LIVES_H
#define LIFECYCLE_LIVES_H

#include "lifecycle/lifecycle.h"

struct lives;
/* `l` are n lifecycles in the order of the text, compiled into `p`. */
[[nodiscard]] bool lives_new(struct lifecycle *const *l, uint32_t n,
                             const struct program *p, struct lives **out,
                             struct err *err);
void lives_free(struct lives *v);
/* His moves up to until_ms, in the place of those of the customer before. *next_ms is the least
 * of all lifecycles', as replay_beside gives it. */
bool lives_replay(struct lives *v, const struct timeline *t, int64_t until_ms,
                  int64_t *next_ms, struct err *err);
/* By lifecycle; borrowed until the next replay. */
const struct beside *lives_moves(const struct lives *v);
/* The loops met by all customers so far, in one of them. */
const struct loop *lives_loops(const struct lives *v, uint32_t lifecycle, uint32_t *n);
/* Where he stands in each lifecycle at a moment; `stage` has room for all. */
void lives_above(const struct lives *v, int64_t at_ms, uint16_t *stage);

#endif
