/* post.h - bytes sent to others over HTTP, many at a time (libcurl).
 *
 * Where they go is what somebody typed in, so that it may not lead to what only this machine can
 * reach: the address is looked at when a connection is opened, and once more before it is used. No
 * redirect is followed, no proxy asked. */
#ifndef NET_POST_H
#define NET_POST_H

#include "base/err.h"
#include "base/str.h"

struct post {
    str url;                   /* with a NUL behind it */
    const char *const *header; /* "Name: value", a NULL behind the last */
    str body;
    bool may_be_private; /* the address may be one of this machine or of its network */
};
struct post_answer {
    unsigned status;        /* of HTTP; 0: none came */
    uint32_t retry_after_s; /* 0: it says nothing */
    char why[160];          /* there is none */
};

/* Whether it is a URL that something can be sent to: https, or http where that is allowed or
 * goes to this very machine; without name and password. ERR_INPUT in words. */
bool post_check_url(str url, bool may_be_plain, struct err *err);

/* One thread's, but for poster_wake. */
struct poster;
/* An answer may take timeout_ms; at most `connections` at a time to one host. */
[[nodiscard]] bool poster_new(int64_t timeout_ms, unsigned connections,
                              struct poster **out, struct err *err);
void poster_free(struct poster *p); /* what is under way is broken off, and not told */
/* All of *what but the body is copied. `context` comes back with the answer. */
[[nodiscard]] bool poster_begin(struct poster *p, const struct post *what, void *context,
                                struct err *err);
/* Waits up to wait_ms for something to happen, and tells what ended. */
bool poster_run(struct poster *p, int wait_ms,
                void (*ended)(void *owner, void *context, const struct post_answer *a),
                void *owner, struct err *err);
/* From any thread: a poster_run that waits returns. */
void poster_wake(struct poster *p);

#endif
