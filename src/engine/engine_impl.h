/* engine_impl.h - what the engine's own files share. */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include "engine/engine.h"

/* Before a commit: does the live model still mean something with the names and types that the
 * new events brought? Otherwise nobody could open the file again. ERR_INPUT in words. */
bool engine_check_names(struct engine *e, struct err *err);
/* After a commit: compiles the model against the names as they are now, forgets the
 * histories. */
bool engine_refresh(struct engine *e, struct err *err);
/* The disk that the engine was opened on. */
struct io *engine_io(const struct engine *e);

#endif
