/* num.h - numbers as Ciclo counts: fixed point, six decimals, in int64_t.
 *
 * Sums come out the same in any order. Everything that must be rounded is rounded once,
 * half away from zero. false always means: does not fit (or division by zero); then *out
 * is untouched and the caller makes the value missing. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/str.h"

#define NUM_ONE INT64_C(1000000)

/* Decimal text such as -12, +3.50, .5, 1e3 as a fixed-point number; no spaces, no
 * separators. Exact for any number of digits. */
bool num_parse(str s, int64_t *out);
/* The shortest decimal text: 12, 3.5, -0.000001. */
void num_print(struct buf *b, int64_t number);
/* The double's exact binary value, rounded once. */
bool num_from_double(double d, int64_t *out);
bool num_from_int(int64_t whole, int64_t *out);
bool num_add(int64_t a, int64_t b, int64_t *out);
bool num_sub(int64_t a, int64_t b, int64_t *out);
/* a * b / divisor in 128 bits, rounded once; mul is (a, b, NUM_ONE), div is (a, NUM_ONE, b). */
bool num_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out);
/* sum / n in 128 bits, for averages. */
bool num_div128(__int128 sum, int64_t n, int64_t *out);

/* Decimals of a currency's minor unit (ISO 4217: EUR 2, JPY 0, KWD 3); -1: unknown. */
int currency_decimals(str code);
/* Below, decimals is what currency_decimals gives: 0 to 4.
 * A fixed-point number of major units as minor units, and back. */
bool money_from_num(int64_t number, int decimals, int64_t *minor);
bool money_to_num(int64_t minor, int decimals, int64_t *number);
/* 891140790, 2 -> 8911407.90 */
void money_print(struct buf *b, int64_t minor, int decimals);

#endif
