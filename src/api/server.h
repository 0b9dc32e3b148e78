/* server.h - the page and its data over HTTP: for this machine, or, with keys and TLS, for others.
 *
 * One thread of libmicrohttpd answers everything and owns the engine while the server runs;
 * before each answer, and whenever somebody's moment comes, it brings the histories to the present. */
#ifndef API_SERVER_H
#define API_SERVER_H

#include "api/reporter.h"
#include "engine/query.h"

struct server_options {
    str listen;              /* 127.0.0.1:7070, [::1]:0, localhost:7070 */
    int64_t clock_offset_ms; /* added to the system's clock */
    int64_t patience_ms; /* how long a connection's first request may take to come whole;
                            0: 30 s. Ten times that for each later one */
    struct report_times reports;
    const str *host; /* names besides localhost by which others call it; borrowed */
    size_t host_n;
    str tls_cert, tls_key; /* PEM, with a NUL behind it, borrowed; empty: no TLS */
    bool behind_proxy;     /* a server in front speaks TLS, and alone reaches this one */
    bool
        open_collect; /* pages of other machines may send events, though there is no key */
    struct log_sink log;
};

struct server;
/* An address that other machines can reach is refused unless the file has a key with the right
 * admin, they come over TLS, and there is a name for it. The engine is the server's until
 * server_stop. */
[[nodiscard]] bool server_start(struct engine *e, const struct server_options *options,
                                struct server **out, struct err *err);
/* "127.0.0.1:7070", the port that it really has. */
str server_address(const struct server *s);
/* Whether everybody may do everything: the file had no key when the server began. */
bool server_is_open(const struct server *s);
void server_stop(struct server *s);

#endif
