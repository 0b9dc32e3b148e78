/* kpi.h - targets and KPIs of a lifecycle's stages, period by period: docs/model.md says what
 * each of them counts.
 *
 * Written as per customer, then merge: each thread or shard counts into a count of its own,
 * kpi_merge adds them up. */
#ifndef REPORT_KPI_H
#define REPORT_KPI_H

#include "report/flow.h"

/* What is counted. All of it outlives the counts. */
struct kpi_plan {
    const struct lifecycle *lifecycle;
    const struct life_measures *measures;
    const struct zone *zone;
    const int64_t *edge; /* of periods, as flow.h has them */
    uint32_t period_n;
    int64_t known_ms; /* events and moves after it are not looked at */
};
/* Must the cursor be started at each customer? */
bool kpi_asks(const struct kpi_plan *plan);

struct kpi_count;
/* ERR_LIMIT for more numbers than anybody reads. */
[[nodiscard]] bool kpi_new(const struct kpi_plan *plan, struct kpi_count **out,
                           struct err *err);
void kpi_free(struct kpi_count *c);
/* One customer: his moves in each lifecycle of the model up to the plan's, and a cursor that
 * stands before the first moment of his timeline, or NULL when nothing is asked. */
bool kpi_add(struct kpi_count *c, struct cursor *cursor, const struct beside *moves,
             struct err *err);
bool kpi_merge(struct kpi_count *into, const struct kpi_count *from, struct err *err);

#define KPI_UNITS(X)                                                                     \
    X(COUNT, "moves")                                                                    \
    X(SHARE, "share")   /* fixed point, 0 to 1 */                                        \
    X(LENGTH, "ms")     /* whole milliseconds */                                         \
    X(NUMBER, "number") /* fixed point */                                                \
    X(MONEY, "money")   /* minor units */

enum kpi_unit {
#define X(name, text) KPI_UNIT_##name,
    KPI_UNITS(X)
#undef X
};
str kpi_unit_name(enum kpi_unit unit);

struct kpi_value {
    enum kpi_unit unit;
    bool there; /* false: missing */
    int64_t value;
    uint64_t of;      /* how many moves, stays, customers or events it is made of */
    uint64_t reached; /* of a share: how many of them */
};
#define KPI_TARGET UINT32_MAX
/* The stage's i-th KPI, or its target's share. */
struct kpi_value kpi_value(struct kpi_count *c, uint32_t period, uint32_t stage,
                           uint32_t i);
/* All periods taken as one: the stage's target, then its KPIs, 1 + kpi_n values. */
bool kpi_whole(const struct kpi_count *c, uint32_t stage, struct kpi_value *out,
               struct err *err);

const struct lifecycle *kpi_lifecycle(const struct kpi_count *c);

/* "target":null or {"to","within","rate","value","of","reached","met"}, "kpis":[{"name","measure",
 * "unit","value","of"}]: of one stage, inside an open object. `v` is the target's value, then the
 * KPIs'. */
void kpi_put_stage(struct json_out *j, const struct lifecycle *l, const struct aims *aims,
                   const struct kpi_value *v, int decimals);
/* "stages":[{"stage","goal", and the members above}]: inside an open object. */
void kpi_put_period(struct json_out *j, struct kpi_count *c, uint32_t period,
                    int decimals);
/* {"by":"month","periods":[{"period":"2011-12","start","end", and the member above}]} */
void kpi_put_periods(struct json_out *j, struct kpi_count *c, enum flow_by by,
                     const struct zone *z, const int64_t *edge, uint32_t period_n,
                     int decimals);

#endif
