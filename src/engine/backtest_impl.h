/* backtest_impl.h - a backtest from within: backtest.c begins it and says what came of it,
 * backtest_pass.c goes over everybody. */
#ifndef ENGINE_BACKTEST_IMPL_H
#define ENGINE_BACKTEST_IMPL_H

#include "engine/backtest.h"
#include "engine/history.h"

struct backtest {
    struct snapshot *at;
    struct model *model[COMPARE_SIDES];
    const struct lifecycle
        *lifecycle[COMPARE_SIDES]; /* NULL: the model has none so named */
    struct histories *histories[COMPARE_SIDES];
    int64_t from_ms, to_ms;
    struct compare_stages stages;
    struct compare all;
    struct kpi_plan plan[COMPARE_SIDES];
    struct kpi_count *kpi[COMPARE_SIDES]; /* by month; NULL: no such lifecycle */
    bool same_aims;                       /* whoever moves alike counts alike */
    struct backtest_forecast *forecast;
    uint32_t forecast_n;
    struct backtest_result result;
    struct arena arena;
    atomic_bool stop;
};

/* Three pieces of work, one after the other: two replays and the comparison. */
struct follow {
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
    uint64_t piece; /* which of them */
};
void backtest_follow(void *context, uint64_t done, uint64_t all);
/* Once both histories are there: compares them, judges the forecasts, counts targets and KPIs. */
bool backtest_compare(struct backtest *b, struct follow *f, struct err *err);

#endif
