/* keep_fit.h - keeps fitted models in the open file. */
#ifndef ENGINE_KEEP_FIT_H
#define ENGINE_KEEP_FIT_H

#include "base/json.h"
#include "engine/engine.h"
#include "engine/fits.h"

enum { FITS_MAX = 1000 };

struct value_view;
/* Keeps what was fitted; stages and segments are from then on what they follow to be. */
bool engine_keep_fit(struct engine *e, const struct value_view *v, int64_t now_ms,
                     struct err *err);
/* `day` such as 2011-12-09. ERR_NOT_FOUND: none is kept of it. */
bool engine_drop_fit(struct engine *e, str day, struct err *err);
const struct kept_fits *engine_fits(const struct engine *e);
/* [{"until","model","event","value","customers","made"}] */
void engine_put_fits(struct json_out *j, const struct engine *e);

#endif
