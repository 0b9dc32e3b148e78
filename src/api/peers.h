/* peers.h - who is connected, and until when each may take his time. */
#ifndef API_PEERS_H
#define API_PEERS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PEERS_MAX = 2560,
    PEERS_MANY = PEERS_MAX / 4 * 3, /* from so many on each has a tenth of his time */
};

/* Zero it to start, but for patience_ms: how long a first request may take to come; those that
 * follow, and answers, ten times as long. */
struct peers {
    int64_t patience_ms;
    int64_t sweep_ms; /* steady: not before */
    unsigned n;       /* in the last sweep */
    struct peer {
        int fd;           /* 0: nobody */
        int64_t since_ms; /* steady: has his time from here on */
        int64_t time_ms;
    } peer[PEERS_MAX];
};

/* MHD_OPTION_NOTIFY_CONNECTION, with the peers as its context. */
void peers_notify(void *peers, struct MHD_Connection *c, void **socket_context,
                  enum MHD_ConnectionNotificationCode code);
/* His request is whole, or answered: what comes next has its time from now on. */
void peers_go_on(const struct peers *p, struct MHD_Connection *c);
/* His answer has no end; the daemon sees to it that he reads. */
void peers_stays(struct MHD_Connection *c);
/* Nothing more comes from him, though nobody reads what does: he hung up, or was cut off. */
bool peer_has_left(struct MHD_Connection *c);
void peers_close_dawdlers(struct peers *p);

#endif
