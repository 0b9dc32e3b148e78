/* alerts.h - looks at the alerts of the open file when their time has come. For the thread that
 * writes.
 *
 * Of looks that were missed only the last is made up for. What came of a look, and what is to be
 * sent of it, are written in one transaction. */
#ifndef ENGINE_ALERTS_H
#define ENGINE_ALERTS_H

#include "engine/alert.h"
#include "engine/saved.h"

/* Answers a view's question as of a moment. */
typedef bool alert_ask(struct engine *e, const struct question *q, int64_t at_ms,
                       struct arena *a, struct buf *out, str *wrong, struct err *err);

struct alerts;
[[nodiscard]] bool alerts_new(struct engine *e, alert_ask *ask, struct alerts **out,
                              struct err *err);
void alerts_free(struct alerts *a);
/* After alerts or views were added or removed, or the file was exchanged. */
void alerts_changed(struct alerts *a); /* NULL is fine */
/* Nothing is due before. */
int64_t alerts_next_ms(const struct alerts *a);
/* Asks for one number at most, as of a moment to which the engine was brought; *more: another one
 * is due. On failure it is tried again later. */
bool alerts_run(struct alerts *a, int64_t now_ms, bool *more, struct err *err);

/* Makes a whole look now, and keeps nothing of it. .why lives in `a`. */
bool alert_try(struct engine *e, alert_ask *ask, const struct saved *s,
               const struct alert *alert, int64_t now_ms, struct arena *a,
               struct alert_state *out, struct err *err);
/* Whether the view is there and its answer has the number; what is wrong with it is said. */
bool alert_check(struct engine *e, alert_ask *ask, const struct saved *s,
                 const struct alert *alert, struct arena *a, struct err *err);

/* {"on","since","value","usual":{"low","median","high"},"why","looked"} */
void alert_state_put_json(struct json_out *j, const struct alert_state *state);
/* {"name","view","number","every","above"..,"state":{..},"next","made","author"} */
bool alert_put_json(struct json_out *j, const struct engine *e,
                    const struct saved_row *row, struct arena *a, struct err *err);

#endif
