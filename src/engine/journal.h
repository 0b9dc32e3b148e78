/* journal.h - moves, and who enters and leaves segments, for webhooks: between the moment at which they are known and the commit that
 * writes them down.
 *
 * Histories are kept in the file now and then, and moves that came after are found again when it
 * is opened: so the file's histories must never be ahead of its journal (engine_checkpoint writes
 * both in one transaction). What the journal has already is not written twice. */
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "engine/follow.h"
#include "engine/model.h"
#include "store/store.h"

struct journal;
/* NULL when no webhook of the file is sent either. `version` is the live model's. */
[[nodiscard]] bool journal_open(struct snapshot *v, uint32_t version,
                                struct journal **out, struct err *err);
void journal_free(struct journal *j);
/* After a webhook was added: what the webhooks want that nobody did before is told from now_ms on,
 * to which all histories were brought. */
bool journal_hear(struct journal *j, struct snapshot *v, int64_t now_ms, struct err *err);

/* All that follows takes NULL: nobody is told. */

/* From here on histories are computed anew: what was told, and is not again, is what came up to the
 * last journal_written. */
void journal_restart(struct journal *j);

/* A chunk that is brought forward: what its histories were true for, and are now. */
struct journal_chunk {
    uint32_t number;
    bool is_known; /* there were histories of it */
    int64_t before_ms, now_ms;
};
/* On any thread: a customer's history that takes the old one's place. */
bool journal_moves(struct journal *j, const struct journal_chunk *chunk,
                   const struct moved *who, const struct move *old, size_t old_n,
                   const struct move *fresh, size_t n, struct err *err);

/* The same of who he is a member of; the moves are engine_members'. */
bool journal_members(struct journal *j, const struct journal_chunk *chunk,
                     uint32_t customer, const struct move *old, size_t old_n,
                     const struct move *fresh, size_t n, struct err *err);

/* After all chunks: the moves become lines. */
bool journal_print(struct journal *j, const struct model *m, uint32_t version,
                   const struct catalog *c, int64_t now_ms, struct err *err);
bool journal_is_empty(const struct journal *j);
/* In a transaction; journal_written after its commit. What is older than a month, and was delivered
 * to all, goes with `trims`: only where everybody's histories are written too. */
bool journal_write(const struct journal *j, struct store *s, struct snapshot *v,
                   int64_t now_ms, bool trims, struct err *err);
void journal_written(struct journal *j, int64_t now_ms);

#endif
