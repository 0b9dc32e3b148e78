/* backtest.h - what another model would have done to everybody's history, before it is live.
 *
 * It is begun on the thread that owns the engine, which outlives it, and from then on does not
 * touch the engine: it has its own snapshot and both models. */
#ifndef ENGINE_BACKTEST_H
#define ENGINE_BACKTEST_H

#include "engine/engine.h"
#include "report/compare.h"
#include "report/forecast.h"
#include "report/kpi.h"

struct backtest_options {
    int64_t now_ms;
    int64_t from_ms; /* MOMENT_MIN: the first event */
    int64_t
        to_ms; /* what happened from then on is unseen; MOMENT_NEVER: the first moment of
                        the local day after the last event, or now when that is earlier */
    str lifecycle; /* by name; empty: the first of each model */
    str stage;     /* a forecast to be judged beside those of the models; empty: none */
    str that;      /* ... its rule */
    struct length within;
};

struct backtest_forecast {
    str stage, that;
    struct length within;
    bool asked[COMPARE_SIDES]; /* the side has the stage, and this forecast */
    struct forecast rule[COMPARE_SIDES];
    struct forecast_result result[COMPARE_SIDES];
};

/* A stage's target and KPIs with one of the models. */
struct backtest_aims {
    const struct aims *of;         /* NULL: it has no such stage */
    const struct kpi_value *value; /* [period][target, KPIs], as the cells below */
};

/* The result; all of it is borrowed from the backtest. */
struct backtest_result {
    const struct model *model[COMPARE_SIDES];
    const struct lifecycle
        *lifecycle[COMPARE_SIDES]; /* NULL: the model has none so named */
    const struct compare_stages *stages;
    const int64_t *edge; /* of the months, the first and the last one cut; period_n + 1 */
    uint32_t period_n;
    const struct compare
        *compare; /* those who differ are in the order of their moments */
    /* [period][stage], and period_n is the whole time. */
    const struct compare_cell *cell[COMPARE_SIDES];
    const struct backtest_aims *aims[COMPARE_SIDES]; /* by stage */
    uint64_t differ_at_end;
    const struct backtest_forecast *forecast;
    uint32_t forecast_n;
};

struct backtest;
/* ERR_INPUT with line and column when the text has a fault. */
[[nodiscard]] bool engine_backtest_begin(struct engine *e, str text,
                                         const struct backtest_options *o,
                                         struct backtest **out, struct err *err);
void backtest_free(struct backtest *b);
/* On any thread, once, on all of the machine's threads; `progress`, which may be NULL, is told
 * how far it is, by one thread at a time. */
bool backtest_run(struct backtest *b,
                  void (*progress)(void *context, uint64_t done, uint64_t all),
                  void *context, struct err *err);
/* From any thread: a run that is under way ends soon, with ERR_CONFLICT. */
void backtest_stop(struct backtest *b);

/* After the run. */
const struct backtest_result *backtest_result(const struct backtest *b);
/* The target's share, then the KPIs; NULL: this side has no such stage. */
const struct kpi_value *backtest_kpis(const struct backtest_result *r, int side,
                                      uint32_t period, uint32_t stage);
str backtest_customer_id(const struct backtest *b, uint32_t customer);
/* Of those who differ, from place `first` on at most `customers_max` are listed. */
void backtest_put_json(struct json_out *j, const struct backtest *b, uint32_t first,
                       uint32_t customers_max);

#endif
