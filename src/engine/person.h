/* person.h - all that is known of one person, to be given to him: docs/privacy.md has the form. */
#ifndef ENGINE_PERSON_H
#define ENGINE_PERSON_H

#include "base/json.h"
#include "engine/engine.h"

/* Everything as one JSON object, up to at_ms, to which the histories must reach. ERR_NOT_FOUND when
 * nobody has the id. */
bool engine_person_put(struct engine *e, str id, int64_t at_ms, struct arena *a,
                       struct json_out *j, struct err *err);

#endif
