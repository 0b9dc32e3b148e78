/* bodies.h - the bodies of requests: how much of the memory all of them together may take, and
 * who gives way when it is full. */
#ifndef API_BODIES_H
#define API_BODIES_H

#include "base/str.h"

enum {
    BODIES_MAX = 64 << 20,
    BODIES_SLOW_MS = 2000, /* to send one: who takes longer gives way */
};

/* One that is being sent, or waits to be answered. Zero it to start; it may not move. */
struct body {
    struct buf bytes;
    size_t held; /* by all that was made of it */
    bool
        is_lost; /* there was no room: the bytes are gone, and all that follow are not kept */
    int64_t began_ms;
    struct body *older, *newer; /* that are being sent too */
};

/* Zero it to start. */
struct bodies {
    size_t held;
    struct body *oldest, *newest; /* that are being sent */
};

/* What was sent next. */
void bodies_add(struct bodies *all, struct body *b, str bytes, int64_t steady_ms);
/* It is whole: nobody takes its room any more. */
void bodies_whole(struct bodies *all, struct body *b);
/* So many bytes are held for it from here on, .bytes or what was made of them. False: there is no
 * room, and it is as it was. */
bool bodies_hold(struct bodies *all, struct body *b, size_t held, int64_t steady_ms);
/* Frees the bytes that are still there. */
void bodies_end(struct bodies *all, struct body *b);

#endif
