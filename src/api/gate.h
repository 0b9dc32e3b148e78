/* gate.h - who comes in, and what he may: a key as bearer, or a session, which is a key that the
 * page was told once and that a cookie stands for.
 *
 * Sessions are kept in memory, by the hash of what the cookie says; they end with the server, with
 * their key, and by time. */
#ifndef API_GATE_H
#define API_GATE_H

#include "engine/keys.h"

#include <microhttpd.h>

enum { SESSION_S = 30 * 24 * 3600 };

struct gate;
/* `is_secret`: people come over TLS, so that cookies go nowhere else. */
[[nodiscard]] bool gate_new(struct engine *e, bool is_secret, struct gate **out,
                            struct err *err);
void gate_free(struct gate *g);
struct keys *gate_keys(struct gate *g);

/* Why somebody does not come in. */
struct denial {
    unsigned status;
    const char *code; /* as the page reads it */
    str message;
    uint32_t retry_after_s; /* with 429 */
};
/* Whether who sends this may do what needs the right. *who is he; with an open gate an admin
 * without a name. `now_ms` is steady. */
bool gate_check(struct gate *g, struct MHD_Connection *c, enum key_right needs,
                int64_t now_ms, struct key_view *who, struct denial *out);
/* The same later, of who is still being answered; it counts for no rate. */
bool gate_lets_in(struct gate *g, struct MHD_Connection *c, enum key_right needs,
                  int64_t now_ms);

/* Begins a session: *cookie gets the value of Set-Cookie. False: the key is none, or may see
 * nothing; then only out->status is 401 or 403, or 503 for want of memory. */
bool gate_log_in(struct gate *g, str secret, int64_t now_ms, struct buf *cookie,
                 struct denial *out);
/* Ends the session of who sends this, if there is one. */
void gate_log_out(struct gate *g, struct MHD_Connection *c, struct buf *cookie);

#endif
