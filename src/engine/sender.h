/* sender.h - sends what happens to the webhooks, on a thread of its own.
 *
 * The thread that writes reads what is to be sent, a window of it at a time, and keeps up to where
 * everything was delivered; the sender's thread signs, sends and tries again. A message is sent
 * until it is answered with success: again when the program ended between its delivery and the
 * commit that says so, then with the same id. Messages about one customer go one after the other. */
#ifndef ENGINE_SENDER_H
#define ENGINE_SENDER_H

#include "base/log.h"
#include "engine/webhook.h"

struct sender;
[[nodiscard]] bool sender_new(struct engine *e, int64_t clock_offset_ms,
                              const struct log_sink *log, struct sender **out,
                              struct err *err);
/* What is under way is broken off; what was delivered is kept first. */
void sender_free(struct sender *s);

/* Takes what was delivered, reads what is next, keeps how far it is. Often: whenever something
 * may have happened, and after sender_wait_ms. `now_ms` is the engine's clock. */
void sender_run(struct sender *s, int64_t now_ms);
/* How long nothing is to be done, at most `most`. */
int32_t sender_wait_ms(const struct sender *s, int32_t most);

/* The webhooks as they are now; changed through what follows alone, but for adding one. */
struct webhooks *sender_webhooks(struct sender *s);
/* After a webhook was added; and before one is removed or sent again from elsewhere: what is under
 * way of it is forgotten. */
void sender_forget(struct sender *s, uint32_t number);
/* The data file was exchanged: all is read anew. */
bool sender_reload(struct sender *s, struct err *err);
/* Sends one ping to the webhook, behind what is waiting. */
bool sender_ping(struct sender *s, uint32_t number, int64_t now_ms, struct err *err);

struct sender_state {
    uint32_t under_way;   /* messages that were read, and are not delivered */
    const char *why;      /* why the last one was not; "" */
    unsigned ping_status; /* of the last ping; 0: none was answered */
    int64_t ping_ms;      /* when that was; MOMENT_NEVER */
};
/* Borrowed until the next call. */
struct sender_state sender_state(struct sender *s, uint32_t number);
struct sender_counts {
    uint64_t delivered, failed; /* requests, since the start */
    uint32_t webhooks, failing, paused;
};
struct sender_counts sender_counts(struct sender *s);

#endif
