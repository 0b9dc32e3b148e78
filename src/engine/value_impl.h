/* value_impl.h - what the forecasts and their JSON share. */
#ifndef ENGINE_VALUE_IMPL_H
#define ENGINE_VALUE_IMPL_H

#include "engine/value.h"

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
/* A stored value in major units, or as a number. */
double value_major(const struct engine *e, const struct value_view *v, double stored);
/* Fills .forecast, which lives in `a`, .untold and .tenth. */
bool value_expect(const struct engine *e, struct value_view *v, struct arena *a,
                  struct err *err);
/* Forecasts and simpler guesses against what came in the hold-out: .by_model and the others. */
void value_hold_against(struct value_view *v);

#endif
