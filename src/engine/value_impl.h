/* value_impl.h - what the forecasts and their JSON share. */
#ifndef ENGINE_VALUE_IMPL_H
#define ENGINE_VALUE_IMPL_H

#include "engine/value.h"

/* The day that until_ms is in; MOMENT_NEVER: the last of which all is known. ERR_INPUT: it is not over. */
bool value_until(const struct zone *z, int64_t until_ms, const struct report_scope *scope,
                 int32_t *day, struct err *err);
/* A rate per year; empty: 0. */
bool value_discount(str text, double *out, struct err *err);
/* How many periods it is; 0: none of them, or not whole. */
int64_t value_periods_of(struct length l, enum period p);
/* "log_likelihood","boundary","converged", inside an open object. */
void value_put_fit(struct json_out *j, const struct fit *f);

/* What a further purchase of his is expected to bring; 0: nothing is known of money. NAN: see
 * gamma_gamma_expected. */
double value_worth(const struct engine *e, const struct value_view *v,
                   const struct buyer *b);

/* What is to be counted, of whom, and all of the question that is of numbers. */
bool value_plan(struct engine *e, const struct value_question *q, struct value_view *v,
                struct buyers_plan *plan, struct report_scope *scope, str *wrong,
                struct err *err);
/* To .buyers. */
bool value_fit(struct engine *e, const struct value_question *q, struct value_view *v,
               struct err *err);
/* Fills all of .own but .buyer. */
void value_expect_own(const struct engine *e, struct value_view *v);
/* What he spent on days after the first. */
struct spending value_spending(const struct engine *e, const struct value_view *v,
                               const struct buyer *b);

/* A stored value in major units, or as a number. */
double value_major(const struct engine *e, const struct value_view *v, double stored);
/* Of the models that were tried on all, that which was nearest in the last .choose_days. */
bool value_choose(struct value_view *v, struct err *err);
/* Of a customer under a model, but for what .value is about. */
void value_forecast(const struct value_view *v, const struct repeat_model *m,
                    const struct cbs_row *r, struct forecast *out);
/* Fills .forecast, which lives in `a`, .untold and .tenth. */
bool value_expect(const struct engine *e, struct value_view *v, struct arena *a,
                  struct err *err);
/* Forecasts and simpler guesses against what came in the hold-out: .by_model and the others. */
void value_hold_against(struct value_view *v);

/* Fills .sure of tenths and of all; after value_expect. */
void value_be_sure(const struct engine *e, struct value_view *v);
/* The same of .own, and the range of his purchases; after value_expect_own. */
void value_be_sure_of_own(const struct engine *e, struct value_view *v);

#endif
