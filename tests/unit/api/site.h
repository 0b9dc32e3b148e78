/* site.h - a served bottega, and a client that says what it likes. */
#ifndef UNIT_API_SITE_H
#define UNIT_API_SITE_H

#include "api/server.h"

#include "unit/engine/bottega.h"

#include "support/unit.h"

#include <netinet/in.h>

struct site {
    struct engine *engine;
    struct server *server;
    struct sockaddr_in address;
};

/* The bottega's histories end in June: a server of that moment. */
struct server_options in_june(void);
struct site site_open(const struct server_options *options);
/* With histories up to another moment. */
struct site site_open_at(const char *now, const struct server_options *options);
/* Once more, of an engine whose server was stopped. */
void site_serve(struct site *s, const struct server_options *options);
void site_close(struct site *s);

#define HOST "Host: localhost\r\n"
#define LAST "Connection: close\r\n\r\n"

int dial(const struct site *s);
void say(int fd, const char *text);
/* All that comes until the other side closes. */
struct buf hear(int fd);
struct buf ask(const struct site *s, const char *request);
struct buf get(const struct site *s, const char *path, const char *headers);
/* With Content-Type and Content-Length. */
struct buf post(const struct site *s, const char *path, str body);

int status_of(const struct buf *answer);
/* The value of a header, with a NUL behind it; NULL when there is none. */
const char *header_of(const struct buf *answer, const char *name);
str body_of(const struct buf *answer);

void need_get(const struct site *s, const char *path, int status, const char *says);
/* Refused with this status, as JSON, and the connection ends. */
void need_refused(const struct site *s, const char *request, int status,
                  const char *says);

#endif
