/* retention.h - how long events of a type are kept: the model's `retention:`. */
#ifndef ENGINE_RETENTION_H
#define ENGINE_RETENTION_H

#include "base/time.h"
#include "base/yaml.h"
#include "event/dictionary.h"

struct retained {
    str event; /* as the dictionary has it, or identify, page, screen, group, alias, consent */
    struct length length;
};
struct retention {
    const struct retained *type;
    uint32_t type_n;
};
/* `node` may be NULL. Lives in `a`. */
bool retention_parse(const struct yaml *node, const struct dictionary *d, struct arena *a,
                     struct retention *out, struct err *err);
/* How long events are kept that come under this name; NULL: for ever. */
const struct retained *retention_find(const struct retention *r,
                                      const struct dictionary *d, str type);

#endif
