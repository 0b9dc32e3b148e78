/* call.h - a call as a tracking SDK sends it: what it does not say itself, its batch says, or the
 * way it came. What becomes of it is an event as event.h has it. */
#ifndef EVENT_CALL_H
#define EVENT_CALL_H

#include "event/event.h"

struct pseudonym_key;

struct call_frame {
    str type; /* that the path names: track, ...; empty: each call says */
    const struct json *sent_at; /* of the batch; may be NULL */
    const struct json
        *context; /* of the batch, for what a call's own does not say; may be NULL */
    str address;  /* of the sender, cut by address_cut; may be empty */
    str source; /* of what it says of traits, when it does not say itself; may be empty */
    int64_t received_ms;
    const struct pseudonym_key
        *key; /* by which ids of messages are made; NULL: by none */
};

/* As event_parse, and besides: when sentAt says that the sender's clock is wrong, the time is put
 * right (received - (sentAt - originalTimestamp)); by less than a call may be on its way it is
 * not, so that a moment that was set stays what it is; what `context` holds, but for its traits,
 * becomes properties named context.*, with the address cut; what says something of traits has its
 * source (EVENT_SOURCE). Without a messageId, a call that has a
 * time of its own gets one made from what it says, so that it is the same when it is sent again;
 * .id of any other stays empty. More than a day in the future: ERR_INPUT. Lives in `a` and `call`. */
bool call_parse(const struct json *call, const struct call_frame *by, struct arena *a,
                struct event *out, struct err *err);
/* Gives an event that event_parse made of the call what its context says, as above. Lives in `a` and
 * `call`. */
bool call_add_context(const struct json *call, struct arena *a, struct event *e,
                      struct err *err);
/* What its batch and the way it came say of a call (an object), as members, each behind a comma: its
 * type, its context, and its time where it has none or the sender's clock is wrong. With them it
 * means the same when it comes alone, and later. */
void call_complete(const struct json *call, const struct call_frame *by, struct buf *to);
/* The call on one line, without the key and the time that it was sent with. */
void call_print(const struct json *call, struct buf *to);

enum { ADDRESS_MAX = 46 };
/* 203.0.113.77 is cut to 203.0.113.0, 2001:db8:1:2::3 to 2001:db8:1::. Anything else, and what
 * names this machine itself, is cut to nothing. */
str address_cut(str address, char to[ADDRESS_MAX]);

/* With its tries, before an SDK gives up. */
#define CALL_ON_ITS_WAY_MS (60 * 1000)
#define CALL_FUTURE_MAX_MS (24 * 60 * 60 * 1000)

#endif
