/* history.h - everybody's moves, chunk by chunk, brought forward as events come and time passes.
 *
 * A customer is replayed when he has new events, or when the moment has come at which time alone
 * may move him: his pending moment. All others keep what they have. */
#ifndef ENGINE_HISTORY_H
#define ENGINE_HISTORY_H

#include "engine/model.h"
#include "store/store.h"

#include <stdatomic.h>

struct histories;
struct follow;
struct journal;

/* `m` outlives them, or is exchanged in time. What the file has of this version's histories is
 * read before anything is computed; 0: it is not looked at. */
[[nodiscard]] bool histories_new(const struct model *m, uint32_t version,
                                 struct histories **out, struct err *err);
void histories_free(struct histories *h);
/* The same as they stand now, but for loops, to be asked by another thread while these go on. `m` is
 * their model, compiled anew, and outlives them. */
[[nodiscard]] bool histories_share(const struct histories *h, const struct model *m,
                                   struct histories **out, struct err *err);
/* The same model, compiled anew; histories_fit said that it means the same. `version` is its
 * number in the file from here on. */
void histories_use(struct histories *h, const struct model *m, uint32_t version);
/* Whether the histories are those that this model gives too. */
bool histories_fit(const struct histories *h, const struct model *m);

/* Who follows a long computation; all may be NULL. */
struct history_watch {
    void (*progress)(void *context, uint64_t done, uint64_t all); /* one call at a time */
    void *context;
    const atomic_bool *stop; /* when it is true, the computation ends with ERR_CONFLICT */
    struct follow *follow;   /* notes who moves */
    struct journal *journal; /* so that others are told */
};
/* Brings all histories to what the snapshot holds and to now_ms, which never goes back, on all
 * of the machine's threads. After a failure it must be called again before anybody asks. */
bool histories_advance(struct histories *h, struct snapshot *v, int64_t now_ms,
                       const struct history_watch *watch, struct err *err);
/* MOMENT_MIN before the first advance. */
int64_t histories_now_ms(const struct histories *h);
/* How often a customer was replayed. */
uint64_t histories_replayed(const struct histories *h);
/* The earliest pending moment of all. */
int64_t histories_next_ms(const struct histories *h);

/* Borrowed until the next advance. A customer who came later has no moves. */
const struct move *histories_moves(const struct histories *h, uint32_t lifecycle,
                                   uint32_t customer, size_t *n);
/* Who enters and leaves segments, as members.h says. Borrowed likewise. */
const struct move *histories_members(const struct histories *h, uint32_t customer,
                                     size_t *n);
/* How often a segment's rule was asked. */
uint64_t histories_asked(const struct histories *h);
int64_t histories_customer_next(const struct histories *h, uint32_t customer);
/* How many stand in each of its stages. Borrowed likewise. */
const int64_t *histories_stock(const struct histories *h, uint32_t lifecycle);
/* How many are in each segment. Borrowed likewise. */
const int64_t *histories_sizes(const struct histories *h);
/* Another number when one of them changed; never 0. */
uint64_t histories_stock_version(const struct histories *h);
/* Loops met, each kind once, LOOPS_MAX kinds at most, with the first customer and moment. */
const struct loop *histories_loops(const struct histories *h, uint32_t lifecycle,
                                   uint32_t *n);

/* Writes what the file does not have, or everything, in the store's transaction. */
bool histories_write(const struct histories *h, struct store *s, uint32_t version,
                     bool all, struct err *err);
bool histories_are_written(const struct histories *h); /* there is nothing to write */
/* After the commit. */
void histories_note_written(struct histories *h);

#endif
