/* bottleneck.h - the stage at which customers are held up, when it stands out beyond chance.
 *
 * By share: of the stages that a way leads on from, the one where the least share of those who
 * entered went on. It stands out when from each other one's share Newcombe's interval of the
 * difference (share.h) lies wholly above 0; with k stages each interval has a confidence of
 * 1 - 0.05 / k (C. E. Bonferroni, Teoria statistica delle classi e calcolo delle probabilità,
 * 1936), since any of the k might have been the one.
 *
 * By time: the one where the median of the time until they go on is longest. It stands out when
 * its interval with 95 % confidence lies wholly above those of all others. */
#ifndef REPORT_BOTTLENECK_H
#define REPORT_BOTTLENECK_H

#include "base/str.h"
#include "report/share.h"

#include <stdbool.h>

#define BOTTLENECK_NONE UINT32_MAX

#define BOTTLENECK_REASONS(X)                                                            \
    X(FOUND, "stands_out")                                                               \
    X(CHANCE, "chance")   /* .like is as bad, as far as chance lets one tell */          \
    X(UNKNOWN, "unknown") /* of time: at .like too few have gone on to know it */        \
    X(ALONE, "alone")     /* there is no other stage to set beside it */                 \
    X(NOBODY, "nobody")   /* entered a stage that a way leads on from */

enum bottleneck_reason {
#define X(name, text) BOTTLENECK_##name,
    BOTTLENECK_REASONS(X)
#undef X
        BOTTLENECK_REASONS_END
};
str bottleneck_reason_name(enum bottleneck_reason r);

struct bottleneck_stage {
    bool is_on_way;    /* a way leads on from it */
    struct share gone; /* who went on, of those who entered */
    /* The median time until they go on, its interval, and the longest that anybody was looked
     * at; -1: see survival.h. */
    int64_t median_ms, low_ms, high_ms, longest_ms;
};
struct bottleneck {
    enum bottleneck_reason reason;
    uint32_t stage; /* the worst one, whether it stands out or not; or BOTTLENECK_NONE */
    uint32_t like;  /* or BOTTLENECK_NONE */
};
struct bottleneck bottleneck_by_share(const struct bottleneck_stage *s, uint32_t n);
struct bottleneck bottleneck_by_time(const struct bottleneck_stage *s, uint32_t n);

#endif
