/* attribution_impl.h - what attribution.c and attribution_against.c share. */
#ifndef ENGINE_ATTRIBUTION_IMPL_H
#define ENGINE_ATTRIBUTION_IMPL_H

#include "engine/attribution.h"

/* "channel", and by campaign "campaign". */
void attribution_put_name(struct json_out *j, const struct attribution_view *v,
                          uint32_t source);
/* v->beside of v and v->against. */
bool attribution_compare(struct attribution_view *v, struct arena *a, struct err *err);
void attribution_put_against(struct json_out *j, const struct attribution_view *v);

#endif
