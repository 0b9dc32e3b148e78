/* scan.h - where customers stand, and who of them fits a condition. */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include "base/bits.h"
#include "engine/engine.h"

/* Where a customer stands in each lifecycle at a moment, for a situation's .above: at an instant
 * of moves, after them. `stage` has room for all. */
void engine_above(const struct engine *e, uint32_t customer, int64_t at_ms,
                  uint16_t *stage);

/* Where he stands for segments, scores and rules that are tried: their stage words mean the first
 * lifecycle. times_in has room for its stages, `above` for all lifecycles. */
void engine_situation(const struct engine *e, uint32_t customer, int64_t at_ms,
                      uint32_t *times_in, uint16_t *above, struct situation *out);

/* Who fits a condition at a moment, of those who were customers then. */
struct fits {
    const struct bits *chunk; /* by chunk, of its customers */
    uint32_t chunk_n;
    uint64_t n, of; /* how many they are, of how many */
};
/* The program is the live model's, or a trial's. Lives in `a`. */
bool engine_scan(struct engine *e, const struct program *p, struct rule_ref rule,
                 int64_t at_ms, struct arena *a, struct fits *out, struct err *err);
static inline bool fits_has(const struct fits *f, uint32_t customer)
{
    return bits_has(&f->chunk[customer / CHUNK_CUSTOMERS], customer % CHUNK_CUSTOMERS);
}

#endif
