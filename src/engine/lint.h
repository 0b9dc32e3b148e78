/* lint.h - what a model says oddly about the customers that the file holds. */
#ifndef ENGINE_LINT_H
#define ENGINE_LINT_H

#include "engine/engine.h"

/* What model_lint finds, and what the data shows: lengths beyond all that the file holds, segments
 * with nobody, everybody or the same customers, loops that somebody was led in. `m` is compiled
 * against the engine's names. The look is that of the day after the last event, or of now_ms when
 * that is earlier. Lives in `a`. */
bool engine_lint(const struct engine *e, const struct model *m, int64_t now_ms,
                 struct arena *a, const struct finding **out, uint32_t *n,
                 struct err *err);

#endif
