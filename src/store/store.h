/* store.h - the data file: one SQLite file that holds the log of events as the truth, the
 * timelines in columns made from it, the model's versions, and what was refused.
 *
 * One process opens it for writing (others get ERR_CONFLICT); any number read. Everything
 * between store_begin and store_commit is there wholly or not at all. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/io.h"
#include "store/catalog.h"
#include "store/timeline.h"

struct store;

/* A reader sees the file as it was at opening, whatever is committed meanwhile. One thread at a
 * time may use a store, its chunks and its catalog, since they load what they are asked for. */
enum store_mode { STORE_READ, STORE_WRITE };

/* Makes a new file and opens it for writing; ERR_CONFLICT when something stands there. */
[[nodiscard]] bool store_create(struct io *io, str path, struct store **out,
                                struct err *err);
/* A file of another program, or of a newer version, is ERR_INPUT with words; none at all is
 * ERR_NOT_FOUND. */
[[nodiscard]] bool store_open(struct io *io, str path, enum store_mode mode,
                              struct store **out, struct err *err);
void store_close(struct store *s);

/* --- reading --- */
struct catalog *store_catalog(struct store *s);
uint32_t store_chunk_count(const struct store *s);
/* Loaded when first asked for; borrowed until the next store_commit. */
bool store_chunk(struct store *s, uint32_t chunk, const struct chunk **out,
                 struct err *err);
struct store_facts {
    uint64_t events, refused;
    uint32_t customers;
    int64_t first_ms, last_ms; /* of the events; MOMENT_NEVER when there is none */
};
bool store_facts(struct store *s, struct store_facts *out, struct err *err);

/* --- writing --- */
[[nodiscard]] bool store_begin(struct store *s, struct err *err);
/* `json` is the event in Segment's form as it came, on one line, with messageId and
 * timestamp in it. *added is false when its id is in the file already (or earlier in this
 * transaction). */
bool store_append(struct store *s, const struct event *e, str json, bool *added,
                  struct err *err);
struct refusal {
    str source; /* file name */
    uint64_t line;
    str reason;
    str text; /* what came, cut at 4 KiB */
};
/* The same refusal twice is kept once. */
bool store_refuse(struct store *s, const struct refusal *r, struct err *err);
/* Writes the log and the touched chunks, and syncs. `now_ms` is the time of receipt. On
 * failure nothing was written and the transaction is over. */
bool store_commit(struct store *s, int64_t now_ms, struct err *err);
void store_cancel(struct store *s); /* fine when no transaction is open */

/* --- model versions: 1, 2, 3 ... --- */
struct model_version {
    uint32_t version;
    int64_t applied_ms;
    str text;
};
/* In a transaction of its own. */
bool store_model_add(struct store *s, str text, int64_t now_ms, uint32_t *version,
                     struct err *err);
/* The newest; ERR_NOT_FOUND when there is none. Lives in `a`. */
bool store_model_latest(struct store *s, struct arena *a, struct model_version *out,
                        struct err *err);

/* Walks everything refused, oldest first; stops when `each` returns false. */
bool store_each_refused(struct store *s,
                        bool (*each)(void *context, const struct refusal *r),
                        void *context, struct err *err);
/* Walks the log's events in order of arrival, parsed anew from the log. */
bool store_each_logged(struct store *s,
                       bool (*each)(void *context, int64_t received_ms,
                                    const struct event *e),
                       void *context, struct err *err);

#endif
