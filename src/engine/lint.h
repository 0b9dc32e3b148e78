/* lint.h - what a model says oddly about the customers that the file holds. */
#ifndef ENGINE_LINT_H
#define ENGINE_LINT_H

#include "engine/engine.h"

/* What model_lint finds, and what the data shows: lengths beyond all that the file holds, segments
 * with nobody, everybody or the same customers, loops that somebody was led in. `m` is compiled
 * against the snapshot's names. The look is that of the day after the last event, or of now_ms when
 * that is earlier. On any thread, and on all of the machine's threads; `progress`, which may be
 * NULL, is told how far it is, by one thread at a time, and ends it with ERR_CONFLICT by false.
 * Lives in `a`. */
bool engine_lint(struct snapshot *v, const struct model *m, int64_t now_ms,
                 bool (*progress)(void *context, uint64_t done, uint64_t all),
                 void *context, struct arena *a, const struct finding **out, uint32_t *n,
                 struct err *err);

#endif
