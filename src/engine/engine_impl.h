/* engine_impl.h - what the engine's own files share. */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include "engine/engine.h"

/* After a commit: compiles the model against the names as they are now, forgets the
 * histories. */
bool engine_refresh(struct engine *e, struct err *err);
/* The disk that the engine was opened on. */
struct io *engine_io(const struct engine *e);

#endif
