/* lifecycle_impl.h - what the files that read a lifecycle share. */
#ifndef LIFECYCLE_LIFECYCLE_IMPL_H
#define LIFECYCLE_LIFECYCLE_IMPL_H

#include "lifecycle/lifecycle.h"

/* A stage named in the text; ERR_INPUT names the nearest. */
bool stage_find(const struct lifecycle *l, const struct yaml *name, uint16_t *out,
                struct err *err);
/* One rule of the text; a fault in it is turned into its place in the model. */
bool rule_add(struct program *p, const struct yaml *at, enum rule_want want,
              struct rule_ref *out, struct err *err);
/* Text that a person wrote, for "%.*s" in a message: cut, since messages have an end. */
str shown(str s);

/* `target`, `kpi` and `forecast` of stage number `stage`, once all stages have names. */
bool aims_parse(const struct lifecycle *l, uint16_t stage, const struct yaml *node,
                struct arena *a, struct aims *out, struct err *err);

#endif
