/* lift_impl.h - what lift.c and lift_credit.c share. */
#ifndef ENGINE_LIFT_IMPL_H
#define ENGINE_LIFT_IMPL_H

#include "engine/lift.h"

/* .credit of each effect. */
bool lift_add_credit(struct engine *e, const struct lift_question *q, struct arena *a,
                     struct lift_view *v, str *wrong, struct err *err);
/* A sum of values in major units. */
double lift_major(const struct engine *e, const struct assigned_plan *p, double stored);
struct lift_estimate lift_gained(struct sample treated, struct sample control);

#endif
