/* live_impl.h - the stream from inside. */
#ifndef API_LIVE_IMPL_H
#define API_LIVE_IMPL_H

#include "api/live.h"
#include "base/tune.h"

/* Why a stream ends. */
#define LIVE_ENDS(X)                                                                     \
    X(NOT, "")                                                                           \
    X(SLOW, "slow")                                                                      \
    X(DENIED, "denied")                                                                  \
    X(STOPPED, "stopped")                                                                \
    X(CHANGED, "changed")

enum live_end {
#define X(name, text) LIVE_END_##name,
    LIVE_ENDS(X)
#undef X
};

enum happening_kind { HAPPENING_EVENT, HAPPENING_MOVE, HAPPENING_MORE };

struct happening {
    int64_t at_ms;
    uint32_t customer; /* MORE: how many events */
    uint8_t kind, lifecycle;
    uint16_t type;          /* EVENT */
    uint16_t from, to, way; /* MOVE */
};

struct listener {
    struct live *live; /* NULL: nobody is here */
    struct MHD_Connection *connection;
    struct live_filter filter;
    struct listener *next; /* with the same slot in .watch */
    uint64_t at;       /* the happening that he hears next; of no meaning while asleep */
    uint64_t stock;    /* the version that he heard */
    int64_t said_ms;   /* steady */
    enum live_end end; /* that he has yet to hear, or has heard */
    bool is_asleep;    /* suspended: he heard all that there was */
    bool is_due;       /* to be woken */
    bool is_over;      /* and has heard it */
    bool owes_id;      /* the number of the present, though nothing happened to him */
    struct buf text;   /* that is being sent */
    size_t sent;
};

enum { WATCH_SLOTS = 4096 };
struct live {
    struct engine *engine;
    struct gate *gate;
    uint32_t run; /* by chance: numbers of another run of the server mean nothing here */
    uint64_t floor;   /* what happened before is not known any more */
    uint64_t head;    /* how much happened */
    unsigned touched; /* what, since live_take began */
    uint64_t stock;   /* the version that was last looked at */
    int64_t stock_ms; /* steady: when who hears of stages is woken; MOMENT_NEVER */
    int64_t stock_last_ms, sweep_ms, refill_ms; /* steady */
    uint32_t events_left;                       /* that may be told one by one */
    uint64_t events_more;                       /* that were not */
    uint32_t listener_n, due_n, turn;
    struct listener *watch[WATCH_SLOTS]; /* who hears of one customer or stage */
    struct listener listener[LIVE_LISTENERS];
    struct happening ring[LIVE_RING]; /* number n at n % LIVE_RING */
};

/* --- as text --- */

void live_put_id(const struct live *l, uint64_t id, struct buf *to);
void live_put_happening(const struct live *l, uint64_t number, struct buf *to);
void live_put_stages(const struct live *l, const struct live_filter *f, struct buf *to);
void live_put_reload(const struct live *l, struct buf *to);
void live_put_end(const struct live *l, enum live_end end, struct buf *to);

#endif
