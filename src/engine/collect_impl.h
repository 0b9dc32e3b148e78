/* collect_impl.h - what calls say, read ahead of the thread that writes; needs nothing of the
 * store. */
#ifndef ENGINE_COLLECT_IMPL_H
#define ENGINE_COLLECT_IMPL_H

#include "engine/collect.h"
#include "engine/collect_reader.h"
#include "event/call.h"
#include "event/pseudonym.h"

/* One event of a body, read. */
struct collect_call {
    struct event event;
    const struct json *json; /* NULL: it is none */
    str line;                /* of the log */
    str wrong;               /* not empty: why there is no event */
};
/* Some events of one body that follow one another. */
struct collect_load {
    struct collect_body *body;
    uint32_t first, n;
    struct call_frame frame;
    bool ok;
    struct err err; /* unless ok: no fault of who sent it */
    const struct collect_call *call;
};

/* Kept from one commit to the next: what it reads with costs more than reading a body. */
[[nodiscard]] bool collect_reader_new(struct collect_reader **out, struct err *err);
/* What the next runs read; borrowed. With a key each event is hidden (event/pseudonym.h) before it
 * becomes a line. */
[[nodiscard]] bool collect_reader_set(struct collect_reader *r,
                                      struct collect_body *const *body, size_t n,
                                      int64_t received_ms,
                                      const struct pseudonym_key *key,
                                      const struct dictionary *dictionary,
                                      struct err *err);
/* All loads are read, on the machine's threads, and each is given to `take`, in order, on the
 * caller's. Ends with the first false, and gives that. */
bool collect_reader_run(struct collect_reader *r,
                        bool (*take)(void *context, const struct collect_load *l),
                        void *context);

/* Or that of this machine? */
bool collect_is_senders_fault(const struct err *err);

#endif
