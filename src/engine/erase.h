/* erase.h - customers, or events that the model keeps no longer, leave the open file for good:
 * docs/privacy.md.
 *
 * The file is made anew beside itself while answers go on, and exchanged then. Nothing can be
 * written from the beginning to the end. Each customer, or all old events together, get a receipt
 * that the file keeps. */
#ifndef ENGINE_ERASE_H
#define ENGINE_ERASE_H

#include "engine/engine.h"
#include "engine/receipt.h"

struct erase;
/* ERR_NOT_FOUND when one of them is unknown. */
[[nodiscard]] bool engine_erase_begin(struct engine *e, const str *customer, uint32_t n,
                                      int64_t now_ms, struct erase **out,
                                      struct err *err);
/* What is older than the model's `retention:` says. */
[[nodiscard]] bool engine_retain_begin(struct engine *e, int64_t now_ms,
                                       struct erase **out, struct err *err);
/* What it would remove: one for each event of the retention, in its order; .before_ms is not used.
 * Lives in `a`. */
bool engine_retain_count(struct engine *e, int64_t now_ms, struct arena *a,
                         const struct receipt_type **out, uint32_t *n, struct err *err);
/* [{"type","kept","events"}] */
void retained_put_json(struct json_out *j, const struct receipt_type *type, uint32_t n);
/* On any thread: makes the new file. `progress` may be NULL. */
bool engine_erase_run(struct erase *x,
                      void (*progress)(void *context, uint64_t done, uint64_t all),
                      void *context, struct err *err);
/* From any thread: a run ends soon, with ERR_CONFLICT. */
void engine_erase_stop(struct erase *x);
/* The new file takes the place of the old one, and the engine turns to it; histories are to be
 * brought to the present anew. False: the old one stands as it was. Whatever it returns,
 * engine_is_open says whether the engine could turn to what stands there now. */
bool engine_erase_finish(struct erase *x, struct err *err);
/* NULL is fine; the engine can be written to again. */
void engine_erase_free(struct erase *x);

/* Of a finished one: receipts with their salts, a line of JSON each. */
str erase_receipts(const struct erase *x);
/* All of them together. */
struct receipt_counts erase_counts(const struct erase *x);

/* --- what the file keeps --- */

/* The file's receipts, oldest first. *has_seal: it has keys, whose public one is *by. Lives in
 * `a`. ERR_CORRUPT when one is not as it was signed, or the chain is broken. */
struct receipts {
    const struct receipt *receipt;
    uint32_t n;
    bool has_seal;
    struct seal seal;
};
bool engine_receipts(struct engine *e, struct arena *a, struct receipts *out,
                     struct err *err);
/* The same of a snapshot, whose model may be none. */
bool receipts_read(struct snapshot *v, struct arena *a, struct receipts *out,
                   struct err *err);
struct receipt_counts receipts_total(const struct receipts *r);
/* "erased": {"customers","events"}: a member, of what no number shows any more. */
bool engine_put_erased(struct json_out *j, struct engine *e, struct arena *a,
                       struct err *err);
void receipts_put_json(struct json_out *j, const struct receipts *r);

#endif
