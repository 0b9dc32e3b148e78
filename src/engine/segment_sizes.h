/* segment_sizes.h - how many are in each segment of the model at the ends of periods, and how many
 * came and went. */
#ifndef ENGINE_SEGMENT_SIZES_H
#define ENGINE_SEGMENT_SIZES_H

#include "engine/engine.h"

struct segment_sizes {
    uint32_t segment_n, period_n;
    const int64_t *edge; /* period_n + 1, as a flow's */
    /* [period][segment]; size: just before the period's end. Who comes and goes and comes again
     * entered twice. */
    int64_t *size, *entered, *left;
};
/* ERR_LIMIT for more counts than anybody reads. Lives in `a`. */
[[nodiscard]] bool engine_segment_sizes(const struct engine *e, const int64_t *edge,
                                        uint32_t period_n, struct arena *a,
                                        struct segment_sizes *out, struct err *err);

#endif
