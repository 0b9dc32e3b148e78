/* keep_fit.h - keeps fitted models in the open file. */
#ifndef ENGINE_KEEP_FIT_H
#define ENGINE_KEEP_FIT_H

#include "engine/engine.h"
#include "engine/fits.h"

enum { FITS_MAX = 1000 };

struct value_view;
/* Keeps what was fitted; stages and segments are from then on what they follow to be. */
bool engine_keep_fit(struct engine *e, const struct value_view *v, int64_t now_ms,
                     struct err *err);
/* ERR_NOT_FOUND: none is kept of that day. */
bool engine_drop_fit(struct engine *e, int32_t until_day, struct err *err);
const struct kept_fits *engine_fits(const struct engine *e);

#endif
