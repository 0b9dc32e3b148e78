/* channels.h - the model's `channels:`, and the table that stands when it has none. */
#ifndef ENGINE_CHANNELS_H
#define ENGINE_CHANNELS_H

#include "base/yaml.h"
#include "rule/channel.h"

/* NULL: the model has none. Lives in `a`. */
bool channels_parse(const struct yaml *list, struct arena *a, struct channels **out,
                    struct err *err);
/* The text of the default table, as it may stand in a model. */
str channels_default(void);

#endif
