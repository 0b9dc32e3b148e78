/* churn.h - who stays and who goes, period by period.
 *
 * A customer is active at a moment when he stands in one of some stages; or in a period when an
 * event of his in it is picked. Then he is there at the start of a period when he was active just
 * before it (stages), or in the period before (events), and at its end when he is active just
 * before its end, or in it.
 *
 * Written as per customer, then merge: each thread or shard counts into a churn of its own. */
#ifndef REPORT_CHURN_H
#define REPORT_CHURN_H

#include "base/bits.h"
#include "report/begin.h"
#include "report/listed.h"
#include "report/share.h"
#include "rule/scan.h"

#define CHURN_PERIODS_MAX 500u
#define CHURN_PATTERNS_MAX 16u

/* What becomes of a customer in a period. */
#define CHURN_FATES(X)                                                                   \
    X(KEPT, "kept")         /* there at the start and at the end */                      \
    X(LOST, "lost")         /* at the start, and not at the end */                       \
    X(NEW, "new")           /* at the end, and never before this period */               \
    X(RETURNED, "returned") /* at the end, not at the start, but at some time before */  \
    X(PASSED, "passed")     /* neither, but between: of stages alone */

enum churn_fate {
#define X(name, text) CHURN_##name,
    CHURN_FATES(X)
#undef X
        CHURN_FATES_END
};
bool churn_fate_parse(str name, enum churn_fate *out);
str churn_fate_name(enum churn_fate f);

struct churn_plan {
    const struct program *program;          /* of picks, all of which follow */
    struct pick active[CHURN_PATTERNS_MAX]; /* any of them */
    uint32_t active_n;                      /* 0: stages it is: */
    struct stage_set stage;
    struct moves_of moves;
    bool has_value;
    struct pick value; /* a number or money that events of active[0] have, the only one */
    int64_t before_ms; /* where the period before the first one begins */
    const int64_t *edge; /* period_n + 1, see flow_edges; all of it is over at at_ms */
    uint32_t period_n;
    int64_t at_ms;
    bool list; /* list whom this fate befell: */
    uint32_t list_period;
    enum churn_fate list_fate;
};

struct churn_period {
    uint64_t fate[CHURN_FATES_END];
    /* Of customers whose sum in the period before was more than 0: that sum; what of it they gave
     * again, at most; and all that they gave. */
    __int128 base, gross, net;
};
static inline uint64_t churn_start(const struct churn_period *p)
{
    return p->fate[CHURN_KEPT] + p->fate[CHURN_LOST];
}
static inline uint64_t churn_end(const struct churn_period *p)
{
    return p->fate[CHURN_KEPT] + p->fate[CHURN_NEW] + p->fate[CHURN_RETURNED];
}

/* Rates of retention that are in use; docs/reports.md has the sources. Churn is 1 less it. */
#define CHURN_FORMULAS(X)                                                                \
    X(BY_START, "start")     /* kept / at the start */                                   \
    X(BY_END, "end")         /* (at the end - new) / at the start */                     \
    X(BY_ALL, "all")         /* at the end / all who were there at some time */          \
    X(BY_AVERAGE, "average") /* 1 - (lost + passed) / mean of start and end */           \
    X(BY_GROSS, "gross")     /* gross / base */                                          \
    X(BY_NET, "net")         /* net / base */

enum churn_formula {
#define X(name, text) CHURN_##name,
    CHURN_FORMULAS(X)
#undef X
        CHURN_FORMULAS_END
};
bool churn_formula_parse(str name, enum churn_formula *out);
str churn_formula_name(enum churn_formula f);

struct churn_rate {
    bool known; /* there is something to divide by */
    double retention;
    bool has_bounds; /* of a share of customers: */
    struct share share;
    double low, high; /* Wilson's, with 95 % confidence */
};
struct churn_rate churn_rate(const struct churn_period *p, enum churn_formula f);
/* Its rates are shares of customers. */
static inline bool churn_is_share(enum churn_formula f)
{
    return f == CHURN_BY_START || f == CHURN_BY_ALL;
}

struct churn {
    struct churn_plan plan;
    struct picks *picks;
    struct churn_period *period;
    struct churn_life *life; /* of one customer */
    struct listed listed;
};

/* The plan's program and edges outlive it. ERR_LIMIT for too many periods. */
[[nodiscard]] bool churn_new(const struct churn_plan *plan, struct churn **out,
                             struct err *err);
void churn_free(struct churn *c);
/* The customers of a chunk, or those of `who`. After a failure it can only be freed. */
bool churn_add(struct churn *c, const struct chunk *chunk, const struct bits *who,
               struct err *err);
bool churn_merge(struct churn *into, const struct churn *from, struct err *err);

#endif
