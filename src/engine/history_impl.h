/* history_impl.h - histories from inside. */
#ifndef ENGINE_HISTORY_IMPL_H
#define ENGINE_HISTORY_IMPL_H

#include "base/bits.h"
#include "engine/history.h"
#include "engine/members.h"

#include <pthread.h>

/* A ring that a customer was led in. */
struct met {
    int64_t at_ms; /* the first time */
    uint64_t times;
    uint32_t kind;  /* a place in .loop */
    uint32_t place; /* the customer's in the chunk */
};

/* What was met in one lifecycle. */
struct looped {
    struct loop *loop; /* each kind once; of a chunk, .customer is a place there */
    uint32_t n;
    struct met *met; /* customer by customer; kept by the chunks only */
    uint32_t met_n;
};

/* A customer's moves in one lifecycle. */
struct span {
    uint32_t first, n;
};

/* What two histories have is changed by neither: whoever would takes another (histories_share). */
struct history_block {
    atomic_uint users;
    int64_t next[]; /* and what follows it */
};

struct history {
    uint32_t events, customer_n; /* what it was computed from */
    int64_t seq;                 /* snapshot_seq, likewise */
    int64_t now_ms, next_ms;
    struct history_block *block; /* holds what follows; NULL: nothing is known yet */
    int64_t *next;               /* by customer: his pending moment */
    struct move *move;           /* where the spans say; others are nobody's */
    uint32_t move_n, move_cap;   /* how many there are, nobody's too; and could be */
    struct span *span;           /* by list, then by customer */
    uint32_t *event_n;           /* by customer */
    /* By customer, where the model has segments: before which moment no membership changes, and when
     * his last event was; MOMENT_MIN: not known. */
    int64_t *member_next, *last;
    struct looped *looped; /* by lifecycle; NULL: nobody was led in a ring */
    struct arena arena;    /* of the loops */
    int64_t kept_ms;       /* as .now_ms, of what the file has; MOMENT_MIN: nothing */
    bool is_kept;          /* the file has this */
};

struct histories {
    const struct model *model;
    uint64_t meaning;
    uint32_t lifecycle_n;
    uint32_t
        list_n; /* of moves: the lifecycles', and behind them who enters and leaves segments */
    struct history *chunk;
    uint32_t chunk_n, chunk_cap;
    uint32_t version; /* of the model, whose histories the file may have; or 0 */
    int64_t now_ms, next_ms;
    _Atomic uint64_t replayed;
    bool has_accounts;
    bool is_behind; /* accounts may not be as their members are: a pass broke off */
    struct looped *looped;   /* by lifecycle, over all chunks; the ways are the chunks' */
    atomic_bool is_gathered; /* out of the chunks as they are */
    int64_t **stock;  /* by lifecycle, then by stage: who stands there; in one block */
    uint32_t stock_n; /* stages of all lifecycles */
    uint64_t stock_version;
    uint64_t asked;        /* segments' rules, by threads' workers that are gone */
    struct worker *worker; /* one a thread; NULL: the model is new */
    uint32_t worker_n;
};

/* A list's, by customer. */
static inline struct span *spans_of(const struct history *one, uint32_t list)
{
    return one->span + (size_t)list * one->customer_n;
}

static inline bool is_shared(const struct history *one)
{
    return atomic_load(&one->block->users) > 1;
}

static inline bool has_members(const struct histories *h)
{
    return h->list_n > h->lifecycle_n;
}

/* --- loops --- */

/* Of several customers, one after the other. */
struct loops {
    struct loop *loop; /* their ways are borrowed */
    uint32_t n, cap;
};
bool loops_append(struct loops *to, const struct loop *loop, struct err *err);
/* What is in `by_lifecycle` becomes one->looped, which stays NULL when there is nothing. */
bool loops_pack(struct history *one, const struct loops *by_lifecycle,
                uint32_t lifecycles, struct err *err);
/* The kinds' moments, customers and times, out of .met. */
void loops_sum_up(struct looped *l);
bool same_ways(const struct loop *a, const struct loop *b);
/* The customer's, in the order in which he met them. */
const struct met *mets_of(const struct history *one, uint32_t lifecycle, uint32_t place,
                          uint32_t *n);

/* Room for all that is known of .customer_n customers, in one block; and for some moves more. */
bool history_room(struct history *one, const struct histories *h, size_t moves,
                  struct err *err);
void history_free(struct history *one);

/* --- computing --- */

/* What one thread needs. */
struct worker {
    struct replay **replay;      /* by lifecycle */
    struct moves *moves;         /* by list, of those of a chunk who are due */
    struct beside *above;        /* by lifecycle, of the customer */
    struct beside *was;          /* likewise, as they were */
    struct members *members;     /* NULL: there are no segments */
    struct loops *loops;         /* likewise */
    struct loops *all_loops;     /* likewise, of all of the chunk */
    struct span *span;           /* in .moves, by list and place */
    int64_t *next;               /* their pending moments, by place */
    int64_t *member_next, *last; /* by place, as a history has them */
    int64_t
        *stock; /* what the thread's chunks add to histories.stock[0] and what follows */
    struct err err;
    bool failed;
};

/* Of the accounts of each chunk, in the passes of one advance: who is to be replayed since his
 * members' events changed, and who was replayed. */
struct accounts {
    struct bits *due, *done; /* NULL: there is no account */
    atomic_bool all;         /* are due */
};

/* One pass over some chunks. */
struct pass {
    struct histories *h;
    struct snapshot *v;
    int64_t now_ms;
    const struct history_watch *watch;
    bool (*one)(struct pass *p, struct worker *w, uint32_t chunk, struct err *err);
    const uint32_t *due; /* the chunks */
    uint32_t due_n;
    _Atomic uint32_t next;
    struct accounts accounts;
    pthread_mutex_t
        lock; /* guards .done, .accounts.due, and that progress is called once at a time */
    uint32_t done;
    atomic_bool failed;
};
/* Does p->one of every chunk that is due. */
bool pass_run(struct pass *p, struct err *err);
void workers_free(struct histories *h);

/* Whether the chunk is not yet as the pass wants it. */
bool is_due(const struct pass *p, uint32_t chunk);
/* A pass.one: reads what the file has, then replays whom time or events made due. */
bool bring_chunk(struct pass *p, struct worker *w, uint32_t chunk, struct err *err);
/* A pass.one: replays the accounts that are due. */
bool bring_accounts(struct pass *p, struct worker *w, uint32_t chunk, struct err *err);
/* Before the first customer of a chunk. */
void start_moves(const struct histories *h, struct worker *w);
/* Appends the customer's moves to w->moves; the loops there are his alone. */
bool replay_one(const struct histories *h, struct worker *w, const struct timeline *t,
                int64_t now_ms, int64_t *next_ms, struct err *err);
/* After it: who he is a member of; `before` NULL: nothing is known of that. */
bool replay_members(const struct histories *h, struct worker *w, const struct timeline *t,
                    const struct members_before *before, int64_t now_ms, int64_t *next_ms,
                    struct err *err);

/* --- what changed --- */

bool stock_new(struct histories *h, struct err *err);
void stock_free(struct histories *h);
/* Adds the customers of the chunk to where they stand. */
void stock_add(const struct histories *h, struct worker *w, const struct history *one);
/* What all threads counted. */
void stock_sum_up(struct histories *h);
/* The customer's moves become those that the worker has. */
void note_changes(const struct pass *p, struct worker *w, const struct history *old,
                  uint32_t chunk, uint32_t place);

/* Before that, for who is told by webhooks. */
bool journal_changes(const struct pass *p, const struct worker *w,
                     const struct history *old, uint32_t chunk, uint32_t place,
                     struct err *err);

/* --- as bytes: docs/format.md says which --- */

void history_encode(const struct histories *h, const struct history *one, struct buf *to);
/* All of `bytes` is one chunk's history of at most CHUNK_CUSTOMERS customers, and every number in
 * it is in its range; else ERR_CORRUPT. *fits is false, and nothing else is set, when the model
 * meant something else then. */
bool history_decode(const struct histories *h, str bytes, struct history *out, bool *fits,
                    struct err *err);

#endif
