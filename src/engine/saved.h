/* saved.h - what the open file has of views, dashboards and alerts, in memory. For the thread that
 * writes.
 *
 * A view is a question (question.h); a dashboard the names of views, one a line; an alert, see
 * alert.h. Names are told apart within each kind. */
#ifndef ENGINE_SAVED_H
#define ENGINE_SAVED_H

#include "base/json.h"
#include "engine/engine.h"

enum { VIEWS_MAX = 500, DASHBOARDS_MAX = 100, ALERTS_MAX = 100, TILES_MAX = 24 };

struct saved;
[[nodiscard]] bool saved_new(struct engine *e, struct saved **out, struct err *err);
void saved_free(struct saved *s);
/* All kinds, in the order of their numbers; borrowed until the next change. */
const struct saved_row *saved_get(const struct saved *s, uint32_t *n);
/* ERR_NOT_FOUND; borrowed likewise. */
bool saved_find(const struct saved *s, enum saved_kind kind, str name,
                const struct saved_row **out, struct err *err);

/* A new one, of the draft's kind, name, author, text and state, in a transaction of its own. */
bool saved_add(struct saved *s, const struct saved_row *draft, int64_t now_ms,
               struct err *err);
/* The draft's name and text instead of what that one has; it keeps its place, author and day. */
bool saved_change(struct saved *s, str name, const struct saved_row *draft,
                  struct err *err);
/* ERR_CONFLICT: a dashboard or an alert needs the view. */
bool saved_remove(struct saved *s, enum saved_kind kind, str name, struct err *err);
const char *saved_kind_name(enum saved_kind kind); /* "view" */

/* A dashboard's views; and its text, of views that are there. */
bool dashboard_parse(str text, str name[TILES_MAX], uint32_t *n, struct err *err);
bool dashboard_text(const struct saved *s, const str *name, uint32_t n, struct buf *to,
                    struct err *err);

/* {"name","question","report","params":{..},"made","author"}; {"name","views":[..],"made","author"} */
/* All three kinds are printed alike; whose calendar it is matters to alerts alone. */
bool view_put_json(struct json_out *j, const struct engine *e,
                   const struct saved_row *row, struct arena *a, struct err *err);
bool dashboard_put_json(struct json_out *j, const struct engine *e,
                        const struct saved_row *row, struct arena *a, struct err *err);

#endif
