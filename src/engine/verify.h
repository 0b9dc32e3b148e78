/* verify.h - proves a data file with all that follows from it: the tables against the log
 * (store/verify.h), and the histories that it holds against a replay. */
#ifndef ENGINE_VERIFY_H
#define ENGINE_VERIFY_H

#include "engine/engine.h"

/* As store_verify. Histories are looked at when nothing else differs. */
bool engine_verify(struct io *io, str path, const struct verify_options *o,
                   struct verify_report *out, struct err *err);

#endif
