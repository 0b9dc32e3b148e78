/* attribution_impl.h - what attribution.c and attribution_against.c share. */
#ifndef ENGINE_ATTRIBUTION_IMPL_H
#define ENGINE_ATTRIBUTION_IMPL_H

#include "engine/attribution.h"

/* The same of these customers in a time of each his own (report/attribution.h), which stand in `who`. */
bool attribution_in_spans(struct engine *e, const struct attribution_question *q,
                          const struct fits *who, const struct attribution_span *span,
                          size_t span_n, struct arena *a, struct attribution_view *out,
                          str *wrong, struct err *err);
/* "channel", and by campaign "campaign". */
void attribution_put_name(struct json_out *j, const struct attribution_view *v,
                          uint32_t source);
/* v->beside of v and v->against. */
bool attribution_compare(struct attribution_view *v, struct arena *a, struct err *err);
void attribution_put_against(struct json_out *j, const struct attribution_view *v);

#endif
