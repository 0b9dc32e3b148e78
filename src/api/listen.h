/* listen.h - where a server listens, and who can reach it there. */
#ifndef API_LISTEN_H
#define API_LISTEN_H

#include "base/err.h"
#include "base/str.h"

#include <netinet/in.h>

struct listen_at {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    bool is_v6;
    bool is_local; /* no other machine can reach it */
};

/* "127.0.0.1:7070", "[::1]:7070", "localhost:7070", ":7070", "7070", "0.0.0.0:443" */
bool listen_parse(str text, struct listen_at *out, struct err *err);
/* "127.0.0.1:7070", with the port that it really has. */
void listen_print(const struct listen_at *at, uint16_t port, struct buf *to);

#endif
