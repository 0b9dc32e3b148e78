/* server.h - the page and its data over HTTP, on this machine only.
 *
 * One thread of libmicrohttpd answers everything and owns the engine while the server runs;
 * before each answer, and whenever somebody's moment comes, it brings the histories to the present. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include "engine/query.h"

struct server_options {
    str listen;              /* 127.0.0.1:7070, [::1]:0, localhost:7070 */
    int64_t clock_offset_ms; /* added to the system's clock */
    int64_t patience_ms; /* how long a connection's first request may take to come whole;
                            0: 30 s. Ten times that for each later one */
    struct log_sink log;
};

struct server;
/* An address that other machines can reach is refused: there are no keys yet to keep
 * strangers out. The engine is the server's until server_stop. */
[[nodiscard]] bool server_start(struct engine *e, const struct server_options *options,
                                struct server **out, struct err *err);
/* "127.0.0.1:7070", the port that it really has. */
str server_address(const struct server *s);
void server_stop(struct server *s);

#endif
