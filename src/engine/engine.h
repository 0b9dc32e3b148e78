/* engine.h - one open data file with its model, and everybody's stage history.
 *
 * Histories are not stored: they are computed from the timelines when the file is opened, and
 * again, chunk by chunk, when a moment comes at which time alone moves somebody. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/log.h"
#include "engine/model.h"
#include "store/store.h"
#include "store/verify.h"

struct engine;

/* A new file with its first model. Nothing stays behind when it fails. */
[[nodiscard]] bool engine_create(struct io *io, str path, str model_text, int64_t now_ms,
                                 struct engine **out, struct err *err);
[[nodiscard]] bool engine_open(struct io *io, str path, const struct store_options *o,
                               struct engine **out, struct err *err);
void engine_close(struct engine *e);

struct store *engine_store(struct engine *e);
/* What all answers are about: the last commit that the engine made. */
struct snapshot *engine_snapshot(const struct engine *e);
const struct model *engine_model(const struct engine *e);
uint32_t engine_model_version(const struct engine *e);

/* Makes `text` the model, as the next version; nothing changes when it has a fault, or when
 * a history up to now_ms cannot be computed with it. */
bool engine_apply(struct engine *e, str text, int64_t now_ms, uint32_t *version,
                  struct err *err);

/* Brings all histories to now_ms (which never goes back): the first time everybody is
 * replayed, later only the chunks in which somebody's stage may change by time. */
bool engine_advance(struct engine *e, int64_t now_ms, struct err *err);
int64_t engine_now_ms(const struct engine *e);
/* The earliest moment at which engine_advance may change something. */
int64_t engine_next_ms(const struct engine *e);

/* Customers are numbered 0 .. n-1. */
uint32_t engine_customer_n(const struct engine *e);
/* A customer's moves up to now, oldest first; borrowed until the next change. */
const struct move *engine_moves(const struct engine *e, uint32_t customer, size_t *n);
/* Loops met, each kind once, with the first customer and moment. */
const struct loop *engine_loops(const struct engine *e, uint32_t *n);
/* His timeline; borrowed until the next change, and the next call of this function. */
bool engine_timeline(struct engine *e, uint32_t customer, struct timeline *out,
                     struct err *err);
/* A hash over all stage histories up to at_ms: the same for the same histories, whatever the
 * order in which the events arrived. */
bool engine_hash(const struct engine *e, int64_t at_ms, hash128 *out, struct err *err);

#endif
