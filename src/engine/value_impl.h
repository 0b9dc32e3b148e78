/* value_impl.h - what the forecasts and their JSON share. */
#ifndef ENGINE_VALUE_IMPL_H
#define ENGINE_VALUE_IMPL_H

#include "engine/value.h"

/* What a further purchase of his is expected to bring; 0: nothing is known of money. NAN: see
 * gamma_gamma_expected. */
double value_worth(const struct engine *e, const struct value_view *v,
                   const struct buyer *b);

/* A stored value in major units, or as a number. */
double value_major(const struct engine *e, const struct value_view *v, double stored);
/* Fills .forecast, which lives in `a`, .untold and .tenth. */
bool value_expect(const struct engine *e, struct value_view *v, struct arena *a,
                  struct err *err);

#endif
