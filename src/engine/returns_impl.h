/* returns_impl.h - what returns.c and returns_against.c share. */
#ifndef ENGINE_RETURNS_IMPL_H
#define ENGINE_RETURNS_IMPL_H

#include "engine/returns.h"

/* What no other row of the table is called by. */
void returns_put_key(struct buf *to, const struct returns_row *row);
/* "channel", and by campaign "campaign". */
void returns_put_name(struct json_out *j, const struct returns_view *v,
                      const struct returns_row *row);
/* v->beside of v and v->against. */
bool returns_compare(struct returns_view *v, struct arena *a, struct err *err);
void returns_put_against(struct json_out *j, const struct engine *e,
                         const struct returns_view *v);

#endif
