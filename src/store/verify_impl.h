/* verify_impl.h - a proof on its way; private to store/verify*.c. */
#ifndef STORE_VERIFY_IMPL_H
#define STORE_VERIFY_IMPL_H

#include "store/digest_impl.h"
#include "store/store_impl.h"
#include "store/verify.h"

#include <stdatomic.h>

/* Message ids are summed up by the first bits of their hashes. */
enum { ID_BUCKETS = 4096 };
static inline uint32_t id_bucket(hash128 id)
{
    return (uint32_t)(id.high >> 52);
}

/* How much of the whole work a step is, in thousandths. */
#define VERIFY_STEPS(X)                                                                  \
    X(PAGES, 50)                                                                         \
    X(LOG, 750)                                                                          \
    X(PARTS, 150)                                                                        \
    X(IDS, 50)
enum verify_step {
#define X(name, share) VERIFY_##name,
    VERIFY_STEPS(X)
#undef X
};

struct verify {
    struct sql *sql;
    pthread_mutex_t *sql_lock; /* guards .sql */
    const struct image *image;
    const struct catalog *catalog;
    const struct homes *homes;
    uint32_t chunk_n;
    int64_t log_end; /* the last batch */
    const struct verify_options *o;

    pthread_mutex_t lock; /* guards what follows, and that .o is called once at a time */
    struct verify_report *report;
    struct err broken; /* .code: why the proof cannot be made, or ERR_NONE */
    uint64_t so_far;   /* thousandths */
    int64_t log_seq;   /* of the batch that was taken last */
    bool log_missing;  /* a batch of it */
    uint32_t chunk_next;

    /* Something there could not be read: nothing can be said of what should equal it. */
    bool log_unread, held_unread, ids_unread, *chunk_unread;
    /* What the log gives, and what was made from it: the events by chunk, the message ids by
     * bucket. */
    struct sum *logged_chunk, *held_chunk, *logged_id, *held_id;
    struct hash_set news_id;
    uint64_t ids_twice;
    hash128 last_id;
    /* Every row of table part: its chunk above its column, ascending. */
    uint64_t *part;
    size_t part_n, part_cap;

    struct pairs { /* account and anchor, as group events say */
        uint64_t *pair;
        size_t n, cap;
    } logged_member;

    /* Where in the log a name stands first. */
    _Atomic uint64_t *customer_first, *type_first, *column_first;
    uint64_t *sighting; /* keys, ascending */
    atomic_bool *sighted;
};

static inline uint64_t sighting_key(uint32_t type, uint32_t column)
{
    return (uint64_t)type << 32 | column;
}

/* A difference. `in_truth`: what no rebuild can make anew. */
void found(struct verify *v, const char *table, bool in_truth, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Damage is a difference; false when it is none of that: the proof cannot be made. */
bool found_err(struct verify *v, const char *table, bool in_truth, const struct err *err);
void step(struct verify *v, enum verify_step step, uint64_t done, uint64_t all);
/* Runs `work` in every thread; false when one of them set v->broken. */
bool in_threads(struct verify *v, void (*work)(struct verify *v), struct err *err);
void break_off(struct verify *v, const struct err *err);

/* --- pages --- */

bool verify_pages(struct verify *v, struct err *err);
/* The file does not open, and `why` not: its damaged pages are the differences, or the reason. */
bool verify_unopened(struct verify *v, str path, const struct err *why, struct err *err);

/* --- the log --- */

/* An event as it stands in the log. */
struct logged {
    int64_t batch;
    uint32_t line;
    const struct event *event;
};
/* Walks the batches that nobody took yet. What is no event is a difference; false when `each`
 * fails, or the proof cannot be made. */
bool each_logged(struct verify *v,
                 bool (*each)(void *context, const struct logged *l, struct err *err),
                 void *context, struct err *err);

/* Sums up the log, and compares the names with it. */
bool verify_log(struct verify *v, struct err *err);

/* A name that table should have. */
void found_unnamed(struct verify *v, const char *table, const struct logged *l, str name);
void note_first(_Atomic uint64_t *first, uint64_t position);
/* Who becomes a member by the event; then, whether the table says the same. */
bool gather_member(struct verify *v, const struct logged *l, uint32_t anchor,
                   uint64_t position, struct err *err);
bool check_members(struct verify *v, struct err *err);

/* --- what is made from it --- */

/* Sums up the parts, and checks table chunk. */
bool verify_parts(struct verify *v, struct err *err);
/* Each row of news. One that cannot be read is a difference; false when `each` fails. */
bool each_news(struct verify *v,
               bool (*each)(void *context, int64_t seq, const struct brought *b,
                            struct err *err),
               void *context, struct err *err);

/* Sums up the message ids in the runs. */
bool verify_ids(struct verify *v, struct err *err);
/* All of them; damage is a difference. */
bool each_seen(struct verify *v, bool (*each)(void *context, hash128 id), void *context,
               struct err *err);

/* Names what differs between the log and what was made from it. */
bool name_differences(struct verify *v, struct err *err);

#endif
