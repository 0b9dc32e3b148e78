/* webhook.h - where what happens is sent: the webhooks of the open file, in memory. For the thread
 * that writes.
 *
 * Nothing waits in a box to be sent: what is still to be sent is what stands behind a webhook's
 * two places, one in the log and one in the journal. */
#ifndef ENGINE_WEBHOOK_H
#define ENGINE_WEBHOOK_H

#include "base/json.h"
#include "engine/engine.h"

struct webhooks;
[[nodiscard]] bool webhooks_new(struct engine *e, struct webhooks **out, struct err *err);
void webhooks_free(struct webhooks *w);
/* In the order of their numbers; borrowed until the next change. */
struct webhook_row *webhooks_get(const struct webhooks *w, uint32_t *n);
/* NULL: there is none; borrowed likewise. */
struct webhook_row *webhooks_find(const struct webhooks *w, str name);
/* What changed in the rows goes into the file, in a transaction of its own. */
bool webhooks_keep(struct webhooks *w, const struct webhook_row *const *row, uint32_t n,
                   struct err *err);

/* Makes one, of the draft's name, URL, types, stages, .what and .allows: it is sent what happens
 * from here on. `secret` gets what receivers check signatures with, which nobody is told again. */
bool webhooks_add(struct webhooks *w, const struct webhook_row *draft, int64_t now_ms,
                  struct buf *secret, struct err *err);
bool webhooks_remove(struct webhooks *w, str name, struct err *err);
/* It is sent again what came from from_ms on; with MOMENT_NEVER it goes on where it stopped. */
bool webhooks_replay(struct webhooks *w, str name, int64_t from_ms, struct err *err);

/* "events,moves,segments,alerts", or some of them */
bool webhook_what_parse(str text, uint32_t *out, struct err *err);
const char *webhook_state_name(enum webhook_state state);
void webhook_what_print(uint32_t what, struct buf *to);
/* As a member of a list, but for its secret. */
void webhook_put_json(struct json_out *j, const struct webhook_row *row);
void webhooks_put_json(struct json_out *j, const struct webhooks *w);

#endif
