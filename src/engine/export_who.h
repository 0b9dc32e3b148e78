/* export_who.h - by which ids each event came, out of the log: the timelines only know whose it is
 * now. An event that came by nothing but the id that names its customer takes no memory. */
#ifndef ENGINE_EXPORT_WHO_H
#define ENGINE_EXPORT_WHO_H

#include "store/store.h"

struct whos;
[[nodiscard]] bool whos_read(struct snapshot *v, struct whos **out, struct err *err);
void whos_free(struct whos *w); /* NULL is fine */
/* Gives the event, by its message id, the ids that it came by; one that is not known here stays as
 * it is. Lives in `a` and `w`. */
bool whos_tell(const struct whos *w, struct event *e, struct arena *a, struct err *err);

#endif
