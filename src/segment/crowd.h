/* crowd.h - customers as rows of measures and traits, by which they are compared. */
#ifndef SEGMENT_CROWD_H
#define SEGMENT_CROWD_H

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

#define CROWD_COLUMNS_MAX 16u /* measures and traits together */
#define CROWD_MISSING INT64_MIN
#define CROWD_ONE INT64_C(1000000) /* the whole, of ranks and distances */

struct crowd {
    uint32_t n; /* customers; a row each */
    uint32_t measure_n, trait_n;
    const int64_t *value[CROWD_COLUMNS_MAX]; /* by measure, then by row */
    const uint32_t *code[CROWD_COLUMNS_MAX]; /* by trait, then by row; 0: he has none */
    uint32_t code_n[CROWD_COLUMNS_MAX];      /* codes are below it */
};

/* A row and its value; rows with a value in the order of the values, then of the rows. */
struct crowd_place {
    int64_t value;
    uint32_t row;
};
/* Lives in `a`; *n are those that have a value. */
bool crowd_order(const struct crowd *c, uint32_t measure, struct arena *a,
                 struct crowd_place **out, uint32_t *n, struct err *err);

/* Of some rows' values of a measure, those at a quarter, a half and three quarters: the nearest rank.
 * False: none of them has a value. `place` as crowd_order gives it; `in`: by row. */
bool crowd_quartiles(const struct crowd_place *place, uint32_t n, const bool *in,
                     int64_t out[3]);
/* (a / b) of the whole, rounded once, half up; b > 0. */
int64_t crowd_share(__int128 a, __int128 b);

#endif
