/* credit.h - one whole shared among several, so that the shares are the whole again. */
#ifndef REPORT_CREDIT_H
#define REPORT_CREDIT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A share of one conversion is counted in this many parts, and of its value in so many parts of
 * a millionth or of a minor unit: what a path's division leaves over cannot be seen in the sum. */
#define CREDIT_ONE UINT64_C(1000000000000000000)
#define CREDIT_VALUE_ONE INT64_C(1000000000)

/* Rounded down: the share of a weight in their sum, and a share's part of a value. */
uint64_t credit_part(uint64_t weight, unsigned __int128 sum);
__int128 credit_part_value(int64_t value, uint64_t share);

/* CREDIT_ONE shared in proportion to the weights, of which at least one is more than 0; what
 * division leaves over is the last one's that has any. Exactly CREDIT_ONE in all. */
void credit_share(const uint64_t *weight, size_t n, uint64_t *share);
/* The same of `value` times CREDIT_VALUE_ONE, by such shares. */
void credit_share_value(int64_t value, const uint64_t *share, size_t n, __int128 *out);

/* Parts, whose sum is a multiple of `one`, as whole numbers of ones: each rounded down, then one
 * more for those with the largest remainders, and among equal ones for the first, until the sum
 * is the same again. */
bool credit_round(const __int128 *part, size_t n, __int128 one, __int128 *out,
                  struct err *err);

#endif
