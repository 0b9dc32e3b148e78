/* engine.h - one open data file with its model, and everybody's stage history.
 *
 * Histories follow from the timelines. They are computed when they are first asked for, and
 * again, customer by customer, when he has new events or a moment comes at which time alone
 * moves him. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/log.h"
#include "engine/members.h"
#include "store/store.h"
#include "store/verify.h"

struct engine;

/* A new file with its first model. Nothing stays behind when it fails. */
[[nodiscard]] bool engine_create(struct io *io, str path, str model_text, int64_t now_ms,
                                 struct engine **out, struct err *err);
/* The same, pseudonymous: nothing of what comes in says who somebody is (event/pseudonym.h). */
struct pseudonym_key;
[[nodiscard]] bool engine_create_pseudonymous(struct io *io, str path, str model_text,
                                              int64_t now_ms,
                                              const struct pseudonym_key *key,
                                              struct engine **out, struct err *err);
[[nodiscard]] bool engine_open(struct io *io, str path, const struct store_options *o,
                               struct engine **out, struct err *err);
/* The same, of a file whose live model has a fault too, such as one that an older Ciclo took for
 * right: engine_model is then NULL, and all that can be done is to look at the versions and to
 * make another model live. */
[[nodiscard]] bool engine_open_versions(struct io *io, str path,
                                        const struct store_options *o,
                                        struct engine **out, struct err *err);
void engine_close(struct engine *e);

/* False after an exchange of the file (erase.h) behind which it could not be opened again: nothing
 * but this, engine_reopen and engine_close may be called then. */
bool engine_is_open(const struct engine *e);
bool engine_reopen(struct engine *e, struct err *err);
/* Another number after each exchange. */
uint32_t engine_exchanges(const struct engine *e);

/* The key of a pseudonymous file, without which nothing comes in and nobody is found by an id of
 * theirs. ERR_INPUT: the file is none, or has another key. */
bool engine_is_pseudonymous(const struct engine *e);
bool engine_use_key(struct engine *e, const struct pseudonym_key *key, struct err *err);
/* ERR_INPUT, with what to do, when the key is needed and not there. */
bool engine_may_take(const struct engine *e, struct err *err);

struct store *engine_store(struct engine *e);
/* What all answers are about: the last commit that the engine made. */
struct snapshot *engine_snapshot(const struct engine *e);
/* When somebody last did something (activity.h); MOMENT_NEVER: there is no event. */
int64_t engine_active_ms(const struct engine *e);
const struct model *engine_model(const struct engine *e);
uint32_t engine_model_version(const struct engine *e);

/* The engine as it is at engine_now_ms and the last commit, to be asked by another thread while it
 * goes on. Made and closed by the engine's own thread, and closed before the engine, or before its
 * file is exchanged. */
[[nodiscard]] bool engine_view(struct engine *e, struct engine **out, struct err *err);
void engine_view_close(struct engine *view); /* NULL is fine */

/* Brings all histories to now_ms, which never goes back, and to the last commit: who has new
 * events, or is moved by time, is replayed. Every move has the moment at which it fell due,
 * however late this is called. After a failure it must be called again before anybody asks for
 * moves. */
bool engine_advance(struct engine *e, int64_t now_ms, struct err *err);
int64_t engine_now_ms(const struct engine *e);
/* Another number whenever what is asked as of a moment that has passed may have another answer;
 * never 0. */
uint64_t engine_state(const struct engine *e);
/* How often a customer was replayed since the histories were begun. */
uint64_t engine_replayed(const struct engine *e);
/* What the file has of histories is not looked at: all are computed from the events. Before the
 * first engine_advance. */
void engine_distrust(struct engine *e);
/* Writes what the file does not have of the histories, so that whoever opens it next need not
 * compute it. Closing an engine that may write does so too. */
bool engine_checkpoint(struct engine *e, struct err *err);
/* Writes down the moves of the last advances that webhooks are to be sent. */
bool engine_tell(struct engine *e, struct err *err);
/* Writes down what became of something that is saved, and with it a line for webhooks, unless none
 * of them wants to hear of alerts. */
bool engine_tell_saved(struct engine *e, const struct saved_row *row, str line,
                       struct err *err);
/* After webhooks were added or removed: whether there are moves to be told. What moved up to now_ms
 * is not told to those who are new. */
bool engine_listen(struct engine *e, int64_t now_ms, struct err *err);
/* The earliest moment at which engine_advance may change something without a new event. */
int64_t engine_next_ms(const struct engine *e);

/* --- what happens --- */

/* From here on it is noted; a history that is computed for the first time says nothing. */
struct happened; /* follow.h */
[[nodiscard]] bool engine_follow(struct engine *e, struct err *err);
/* What happened since the last call. After an advance; borrowed until the next change. Another
 * model means that nobody knows who moved. */
void engine_happened(struct engine *e, struct happened *out);
/* How many stand in each stage of the lifecycle at engine_now_ms. Borrowed as above. */
const int64_t *engine_stock(const struct engine *e, uint32_t lifecycle);
/* Another number when one of them changed; never 0. */
uint64_t engine_stock_version(const struct engine *e);

/* --- another model --- */

/* Makes `text` the model, as the next version; nothing changes when it has a fault, or when
 * a history up to now_ms cannot be computed with it. */
bool engine_apply(struct engine *e, str text, int64_t now_ms, uint32_t *version,
                  struct err *err);

/* The same beside the live model, which goes on meanwhile: it is begun and finished by the thread
 * that writes, and computed by any thread between. */
struct apply;
/* ERR_INPUT with line and column when the text has a fault. `author` is a name in one line; empty:
 * not known. */
[[nodiscard]] bool engine_apply_begin(struct engine *e, str text, str author,
                                      int64_t now_ms, struct apply **out,
                                      struct err *err);
/* Computes everybody's history; `progress`, which may be NULL, is told how far it is, by one
 * thread at a time. */
bool engine_apply_run(struct apply *a,
                      void (*progress)(void *context, uint64_t done, uint64_t all),
                      void *context, struct err *err);
/* From any thread: a run that is under way ends soon, with ERR_CONFLICT. */
void engine_apply_stop(struct apply *a);
/* What came in meanwhile is taken up; then model and histories become the live ones, in the file
 * and here, at once. On failure the old ones stay. Frees `a`, whatever happens. */
bool engine_apply_finish(struct apply *a, uint32_t *version, struct err *err);
void engine_apply_cancel(struct apply *a); /* instead of finishing; NULL is fine */

/* --- asking --- */

/* Customers are numbered 0 .. n-1, lifecycles as in the model. */
uint32_t engine_customer_n(const struct engine *e);
/* A customer's moves up to now, oldest first; borrowed until the next change. */
const struct move *engine_moves(const struct engine *e, uint32_t lifecycle,
                                uint32_t customer, size_t *n);
/* Who entered and left segments up to now: .way is the segment, .to is 1 when he enters it and 0 when
 * he leaves (members.h); oldest first. Borrowed likewise. */
const struct move *engine_members(const struct engine *e, uint32_t customer, size_t *n);
/* Whether he was in a segment at a moment that is not later than now. */
bool engine_is_member(const struct engine *e, uint32_t customer, uint32_t segment,
                      int64_t at_ms);
/* How many are in each segment now. Borrowed likewise. */
const int64_t *engine_sizes(const struct engine *e);
/* His pending moment: before it, and without a new event, he neither moves nor changes segments. */
int64_t engine_customer_next(const struct engine *e, uint32_t customer);
/* Loops met, each kind once, with the first customer and moment. */
const struct loop *engine_loops(const struct engine *e, uint32_t lifecycle, uint32_t *n);
/* His timeline; borrowed until the next change, and the next call of this function. */
bool engine_timeline(struct engine *e, uint32_t customer, struct timeline *out,
                     struct err *err);
/* A hash over all stage histories up to at_ms: the same for the same histories, whatever the
 * order in which the events arrived. */
bool engine_hash(const struct engine *e, int64_t at_ms, hash128 *out, struct err *err);

#endif
