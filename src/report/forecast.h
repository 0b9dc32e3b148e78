/* forecast.h - how what a stage foretells turned out: of those who entered it, for how many a
 * rule came true in time, and of those for whom it came true, how many had been in the stage. */
#ifndef REPORT_FORECAST_H
#define REPORT_FORECAST_H

#include "lifecycle/lifecycle.h"
#include "report/share.h"

struct forecast {
    uint16_t stage;
    struct rule_ref that; /* a condition in the lifecycle's program */
    struct length within;
};

struct forecast_result {
    /* Entries into the stage in the time looked at whose `within` is over by its end; hits: the
     * rule was true at entry + within. */
    struct share precision;
    /* Customers for whom the rule became true in the time looked at, after it was false; hits:
     * they stood in the stage at some moment m before, with m + within not before that. */
    struct share recall;
};

/* The time looked at is [from_ms, to_ms). */
struct forecast_span {
    const struct lifecycle *lifecycle;
    const struct zone *zone;
    int64_t from_ms, to_ms;
    uint32_t *times_in; /* room for a number by stage */
};
/* Adds one customer with the moves of his timeline, by lifecycle: those in span->lifecycle and
 * in the ones above it are looked at. */
bool forecast_add(const struct forecast *f, const struct forecast_span *span,
                  struct cursor *c, const struct timeline *t, const struct beside *moves,
                  struct forecast_result *out, struct err *err);

#endif
