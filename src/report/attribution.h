/* attribution.h - to which channels or campaigns conversions are owed, by several models beside one
 * another.
 *
 * A conversion is an event that the plan picks. A path is touches of one customer (sources.h), in
 * the order of his timeline. It ends at a conversion, an event that is both being its last touch;
 * where no conversion follows, it ends at its last touch. It holds the touches behind the
 * conversion before, as far back as the lookback reaches from its end, that far end included. Paths
 * count that end in from_ms <= the moment < to_ms; what is later than at_ms, or not before to_ms,
 * is not seen.
 *
 * Each conversion is shared out among the touches of its path: wholly to the first, wholly to the
 * last, alike (linear), so much to the first and the last and the rest among those between
 * (position), or half as much for each half life that a touch is older than the last one (decay).
 * Beside these stands how far each source's removal would lower the conversions (markov.h). A
 * conversion without a touch is owed to nobody.
 *
 * Written as per customer, then merge: each thread or shard counts into an attribution of its own,
 * attribution_merge adds them up. */
#ifndef REPORT_ATTRIBUTION_H
#define REPORT_ATTRIBUTION_H

#include "base/bits.h"
#include "base/time.h"
#include "report/credit.h"
#include "report/listed.h"
#include "report/markov.h"
#include "report/sources.h"
#include "rule/picks.h"
#include "rule/scan.h"

#define ATTRIBUTION_MODELS(X)                                                            \
    X(FIRST, "first")                                                                    \
    X(LAST, "last")                                                                      \
    X(LINEAR, "linear")                                                                  \
    X(POSITION, "position")                                                              \
    X(DECAY, "decay")                                                                    \
    X(MARKOV, "markov")

enum attribution_model {
#define X(name, text) ATTRIBUTION_##name,
    ATTRIBUTION_MODELS(X)
#undef X
        ATTRIBUTION_MODELS_END
};
str attribution_model_name(enum attribution_model m);
/* Those that share out path by path. */
#define ATTRIBUTION_SHARED ATTRIBUTION_MARKOV

/* Whose customers are listed: in some path the source was touched, it is the first or the last
 * touch of a path that ends with a conversion, or is in a path that does not. */
enum attribution_list {
    ATTRIBUTION_LIST_NONE,
    ATTRIBUTION_LIST_ANY,
    ATTRIBUTION_LIST_FIRST,
    ATTRIBUTION_LIST_LAST,
    ATTRIBUTION_LIST_LOST,
    ATTRIBUTION_LIST_UNTOUCHED /* conversions without a touch */
};

/* Of one customer alone: paths that end behind so many of his first events, and not later than until_ms; what is
 * later is not seen. */
struct attribution_span {
    uint32_t customer;
    uint32_t events;
    int64_t from_ms; /* the moment of the last of them */
    int64_t until_ms;
};

struct attribution_plan {
    const struct program *program; /* of picks, all of which follow */
    struct pick conversion;
    bool has_value;
    struct pick value; /* a number or money that conversions have */
    struct source_plan source;
    bool has_lookback;
    struct length lookback;
    const struct zone *zone; /* of the lookback's months */
    uint32_t position[3];    /* to the first, all between, the last: 100 together */
    int64_t half_life_ms;    /* 1 or more */
    int64_t from_ms, to_ms, at_ms;
    /* In place of from_ms and to_ms, ascending by customer; others are left out. NULL: there are none. */
    const struct attribution_span *span;
    size_t span_n;
    enum attribution_list list;
    str list_channel, list_campaign; /* empty: any, or SOURCE_NO_CAMPAIGN */
};

struct attribution_source {
    uint64_t paths, lost; /* that it is in, with and without a conversion */
    __int128 conversions[ATTRIBUTION_SHARED]; /* in parts of CREDIT_ONE */
    __int128 value[ATTRIBUTION_SHARED];       /* in parts of CREDIT_VALUE_ONE */
    uint64_t stamp;                           /* the last path that it was found in */
};

struct attribution {
    struct attribution_plan plan;
    struct picks *picks;
    struct sources sources;
    struct attribution_source *source; /* by number */
    uint32_t source_cap;
    struct markov markov;
    uint64_t conversions, untouched, lost; /* lost: paths without a conversion */
    __int128 value, untouched_value;
    uint64_t path_n; /* that were counted */
    struct attribution_touch {
        uint32_t source;
        int64_t at_ms;
    } * path; /* the one that is gathered */
    size_t touch_n, touch_cap;
    uint64_t *weight, *share; /* likewise */
    __int128 *part;
    struct listed listed;
};

/* The plan's program and channels outlive it. */
[[nodiscard]] bool attribution_new(const struct attribution_plan *plan,
                                   struct attribution **out, struct err *err);
void attribution_free(struct attribution *at);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool attribution_add(struct attribution *at, const struct chunk *c,
                     const struct bits *who, struct err *err);
bool attribution_merge(struct attribution *into, const struct attribution *from,
                       struct err *err);
/* One path: `touch` in order, and whether it ends with a conversion. */
bool attribution_count(struct attribution *at, const struct attribution_touch *touch,
                       size_t n, bool converts, int64_t value, struct err *err);

/* What came of it: each model's shares are whole again, in fixed point, and in whole minor units
 * or millionths of a value. Ordered by paths, the most first, then by source_cmp. */
struct attributed {
    uint32_t source;
    int64_t conversions[ATTRIBUTION_MODELS_END];
    __int128 value[ATTRIBUTION_MODELS_END];
    double removal;
};
/* Lives in `a`. Without the chain's shares when at->markov.is_off. */
bool attribution_result(const struct attribution *at, struct arena *a,
                        const struct attributed **out, uint32_t *n, struct err *err);

#endif
