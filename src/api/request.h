/* request.h - what comes in: is it one of ours, and how long is its body. */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "base/err.h"
#include "base/str.h"

#include <microhttpd.h>

enum { BODY_MAX = 10 << 20 };

struct request {
    size_t body_n;     /* what its headers announce */
    bool collects;     /* it is one of the tracking API's, which any page may use ... */
    bool is_foreign;   /* ... this one is of another machine's page */
    const char *allow; /* with 405: the methods that the path takes */
};

/* What the server is called. */
struct request_rules {
    const str *host; /* names besides localhost, 127.0.0.1 and [::1] */
    size_t host_n;
    str scheme; /* "http://", or "https://" when people come over TLS */
};

/* Looks at the headers. 0, or the status that refuses it, with err: 400 when two servers may
 * read it in two ways, or when it is for another name than the server's; 403 when the page
 * of another site asks for a change; 405, 411, 413, 415. */
unsigned request_check(const struct request_rules *rules, struct MHD_Connection *c,
                       str path, const char *method, struct request *out,
                       struct err *err);

#endif
