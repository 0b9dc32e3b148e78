#include "api/peers.h"

#include "base/time.h"

#include <poll.h>
#include <sys/socket.h>

enum { SWEEP_MS = 250 };

static int socket_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

void peers_notify(void *peers, struct MHD_Connection *c, void **socket_context,
                  enum MHD_ConnectionNotificationCode code)
{
    struct peers *p = peers;
    struct peer *peer = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED && peer)
        peer->fd = 0;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    for (peer = p->peer; peer < p->peer + PEERS_MAX; peer++) {
        if (peer->fd)
            continue;
        *peer = (struct peer){socket_of(c), clock_steady_ms(), p->patience_ms};
        *socket_context = peer;
        return;
    }
}

static struct peer *peer_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void peers_stays(struct MHD_Connection *c)
{
    struct peer *peer = peer_of(c);

    if (peer)
        peer->time_ms = INT64_MAX;
}

void peers_go_on(const struct peers *p, struct MHD_Connection *c)
{
    struct peer *peer = peer_of(c);

    if (!peer)
        return;
    peer->since_ms = clock_steady_ms();
    peer->time_ms = 10 * p->patience_ms;
}

bool peer_has_left(struct MHD_Connection *c)
{
    struct pollfd p = {.fd = socket_of(c), .events = POLLRDHUP};

    return poll(&p, 1, 0) > 0;
}

void peers_close_dawdlers(struct peers *p)
{
    int64_t now_ms = clock_steady_ms(), hurry = p->n < PEERS_MANY ? 1 : 10;

    if (now_ms < p->sweep_ms)
        return;
    p->sweep_ms = now_ms + SWEEP_MS;
    p->n = 0;
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        const struct peer *peer = &p->peer[i];

        p->n += peer->fd != 0;
        if (peer->fd && now_ms - peer->since_ms > peer->time_ms / hurry)
            shutdown(peer->fd, SHUT_RDWR); /* the daemon then closes it */
    }
}
