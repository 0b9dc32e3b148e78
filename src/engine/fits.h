/* fits.h - fitted models that the file keeps, for value.x in rules.
 *
 * A fit stands from the end of the last day that it knows up to the end of the next one's: so nobody
 * is judged by what came later. There is one for a day; who keeps another takes its place. */
#ifndef ENGINE_FITS_H
#define ENGINE_FITS_H

#include "store/store.h"
#include "value/kept.h"

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

#endif
