/* mappings.h - mappings of other systems' exports that are inside the program. */
#ifndef ENGINE_MAPPINGS_H
#define ENGINE_MAPPINGS_H

#include "base/err.h"
#include "engine/shipped.h"

/* By its name; ERR_NOT_FOUND names the nearest. */
bool mapping_find(str name, const struct shipped **out, struct err *err);
/* The one whose `header`, the columns that tell this export from others, the table has; of several
 * the one that asks for most. NULL: none, or more than one. */
bool mappings_fit(const str *column, uint32_t n, const struct shipped **out,
                  struct err *err);

#endif
