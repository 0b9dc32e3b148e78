/* fits.h - fitted models that the file keeps, for value.x in rules.
 *
 * A fit stands from the end of the last day that it knows up to the end of the next one's: so nobody
 * is judged by what came later. There is one for a day; who keeps another takes its place. */
#ifndef ENGINE_FITS_H
#define ENGINE_FITS_H

#include "engine/engine.h"
#include "value/kept.h"

enum { FITS_MAX = 1000 };

/* In the order of their days. Zero it to start. */
struct kept_fits {
    struct arena arena;
    struct rule_fit *row;
    int64_t *made_ms;
    uint32_t n;
};
[[nodiscard]] bool fits_load(struct kept_fits *f, struct snapshot *v, struct err *err);
void fits_free(struct kept_fits *f);
/* What `f` has, for a model whose texts live in `a`. */
[[nodiscard]] bool fits_lend(const struct kept_fits *f, struct arena *a,
                             struct rule_env *env, struct err *err);
struct value_view;
/* Keeps what was fitted; stages and segments are from then on what they follow to be. */
bool engine_keep_fit(struct engine *e, const struct value_view *v, int64_t now_ms,
                     struct err *err);
/* ERR_NOT_FOUND: none is kept of that day. */
bool engine_drop_fit(struct engine *e, int32_t until_day, struct err *err);
const struct kept_fits *engine_fits(const struct engine *e);

#endif
