/* outgoing.h - what a webhook is to be sent next: lines of the log and of the journal, as bodies of
 * messages. For the thread that writes. */
#ifndef ENGINE_OUTGOING_H
#define ENGINE_OUTGOING_H

#include "base/json.h"
#include "store/store.h"

enum outgoing_kind { OUTGOING_EVENT, OUTGOING_MOVE, OUTGOING_KINDS };

/* A walk along one of the two. Zero it, set .kind and .at. */
struct outgoing {
    enum outgoing_kind kind;
    struct webhook_place at; /* of the next line to look at */
    struct buf lines;        /* of the row .at.seq, when .is_read */
    size_t read;             /* bytes of them that were looked at */
    bool is_read, is_end;    /* is_end: nothing stood behind it at the last look */
};
void outgoing_free(struct outgoing *o);

struct outgoing_message {
    char id[40];       /* the same whenever it is sent; with a NUL */
    uint64_t customer; /* a hash: messages about one stay in order */
    str body;          /* in the arena */
};
/* Looks at one line: *there is false behind the last. *is_wanted: it is for this webhook, and
 * *out is what it is sent. */
bool outgoing_next(struct outgoing *o, const struct webhook_row *w, struct snapshot *v,
                   struct json_parser *p, struct arena *a, struct outgoing_message *out,
                   bool *there, bool *is_wanted, struct err *err);

/* Headers of a message by the Standard Webhooks specification, each with a NUL, `at_s` the second
 * at which it is sent: NULL behind the last; in the arena. */
const char *const *outgoing_headers(const struct outgoing_message *m,
                                    const unsigned char secret[SECRET_BYTES],
                                    int64_t at_s, struct arena *a, struct err *err);
/* A message that only tries whether it arrives. */
bool outgoing_ping(int64_t now_ms, struct arena *a, struct outgoing_message *out,
                   struct err *err);

#endif
