/* aims.h - what a model wants of a stage: a target, key figures (KPIs), a forecast; and which
 * events count as revenue, cost and satisfaction. report/kpi.h computes them. */
#ifndef LIFECYCLE_AIMS_H
#define LIFECYCLE_AIMS_H

#include "base/yaml.h"
#include "rule/rule.h"

#define MEASURES(X)                                                                      \
    X(REVENUE, "revenue")                                                                \
    X(COST, "cost")                                                                      \
    X(SATISFACTION, "satisfaction")

enum measure_name {
#define X(name, text) MEASURE_##name,
    MEASURES(X)
#undef X
        MEASURE_N
};

/* The model's `measures:`: a property of an event, such as purchase.revenue. */
struct life_measure {
    const struct yaml *at;      /* NULL: not declared */
    struct rule_ref sum, count; /* over all of the past */
    enum value_type type;       /* NUMBER or MONEY */
};
struct life_measures {
    struct life_measure of[MEASURE_N];
};
/* `node` may be NULL. */
bool measures_parse(const struct yaml *node, struct life_measures *out, struct err *err);
bool measures_compile(struct life_measures *m, struct program *p, struct err *err);

/* Of those who enter the stage, the share `rate` enters one of `to` within the length. */
struct target {
    const struct yaml *at; /* NULL: none */
    int64_t rate;          /* fixed point, above 0 and up to 1 */
    struct length within;
    const uint16_t *to;
    uint32_t to_n;
    const struct yaml
        *nowhere; /* .at NULL: one that is not counted, since it says not where
                                   to, and below stands no stage that is no end */
};

#define KPI_KINDS(X)                                                                     \
    X(ENTERED, "entered")                                                                \
    X(LEFT, "left")                                                                      \
    X(MEDIAN, "median time in stage")                                                    \
    X(P90, "p90 time in stage")                                                          \
    X(REVENUE, "revenue")                                                                \
    X(COST, "cost")                                                                      \
    X(MARGIN, "margin")                                                                  \
    X(SATISFACTION, "satisfaction")                                                      \
    X(CONVERSION, "conversion within 30d")                                               \
    X(RULE, "a rule")

enum kpi_kind {
#define X(name, text) KPI_##name,
    KPI_KINDS(X)
#undef X
};

struct kpi {
    str name, text;
    const struct yaml *at;
    enum kpi_kind kind;
    struct length within; /* CONVERSION */
    uint16_t to;          /* CONVERSION */
    struct rule_ref rule; /* RULE */
    enum value_type type; /* RULE: BOOL, NUMBER or MONEY; of money: NUMBER or MONEY */
};

/* Of those who enter the stage, who will fit the rule once the length is over. */
struct stage_forecast {
    const struct yaml *at; /* NULL: none */
    struct rule_ref that;
    struct length within;
};

#define KPIS_MAX 100 /* of one stage */
struct aims {
    struct target target;
    struct kpi *kpi;
    uint32_t kpi_n;
    struct stage_forecast forecast;
};

#endif
