/* live.c - who listens, and what he has heard.
 *
 * (1) Who is asleep has heard all that concerns him up to .head; he is woken by the first that
 *     does, which .at then is.
 * (2) Who is awake and further back than half the ring is cut off, so that what he hears next is
 *     there when he comes again; nobody's .at is further back than the ring is long. */
#include "api/live_impl.h"
#include "api/peers.h"

#include "base/num.h"
#include "base/random.h"
#include "base/time.h"
#include "engine/follow.h"

#include <assert.h>
#include <string.h>

static_assert(LIVE_RING >= 2 * FOLLOW_MOVES,
              "what is told at once is half of the ring at most");

enum {
    BEAT_MS = 15 * 1000, /* a silent stream says this often that it is there */
    SWEEP_MS = 1000,     /* how often that is looked for */
    STOCK_MS = 100,      /* between two tellings of the stages */
    WOKEN_MAX = 64,      /* in a turn of the loop */
    AGAIN_MS = 1000,     /* after which a browser comes again */
    BLOCK = 2048,
};

bool live_new(struct engine *e, struct gate *g, struct live **out, struct err *err)
{
    struct live *l;

    if (!engine_follow(e, err))
        return false;
    l = mem_alloc(sizeof *l);
    if (!l)
        return err_nomem(err);
    l->engine = e;
    l->gate = g;
    l->stock_ms = MOMENT_NEVER;
    l->events_left = LIVE_EVENTS_A_SECOND;
    if (!random_secret(&l->run, sizeof l->run)) {
        mem_free(l);
        return err_sys(err, "the system has no random bytes");
    }
    *out = l;
    return true;
}

void live_free(struct live *l)
{
    mem_free(l);
}

bool live_is_full(const struct live *l)
{
    return l->listener_n == LIVE_LISTENERS;
}

uint32_t live_listeners(const struct live *l)
{
    return l->listener_n;
}

/* --- who hears what --- */

static uint64_t key_of_customer(uint32_t customer)
{
    return customer;
}

static uint64_t key_of_stage(uint32_t lifecycle, uint16_t stage)
{
    return UINT64_C(1) << 32 | lifecycle << 16 | stage;
}

static struct listener **slot_of(struct live *l, uint64_t key)
{
    return &l->watch[(key ^ key >> 12 ^ key >> 20) % WATCH_SLOTS];
}

/* What he waits for; false: for too much to be looked up. */
static bool watches(const struct live_filter *f, uint64_t *key)
{
    if (f->customer != CUSTOMER_NONE)
        *key = key_of_customer(f->customer);
    else if (f->stage != STAGE_NONE)
        *key = key_of_stage(f->lifecycle, f->stage);
    else
        return false;
    return true;
}

static bool hears(const struct live_filter *f, const struct happening *h)
{
    switch ((enum happening_kind)h->kind) {
    case HAPPENING_EVENT:
        return f->what & LIVE_EVENTS && f->stage == STAGE_NONE
               && (f->customer == CUSTOMER_NONE || f->customer == h->customer);
    case HAPPENING_MOVE:
        return f->what & LIVE_MOVES
               && (f->lifecycle == LIFECYCLE_ANY || f->lifecycle == h->lifecycle)
               && (f->stage == STAGE_NONE || f->stage == h->from || f->stage == h->to)
               && (f->customer == CUSTOMER_NONE || f->customer == h->customer);
    case HAPPENING_MORE:
        return f->what & LIVE_EVENTS && f->stage == STAGE_NONE
               && f->customer == CUSTOMER_NONE;
    }
    return false;
}

static void watch(struct live *l, struct listener *one)
{
    struct listener **slot;
    uint64_t key;

    if (!watches(&one->filter, &key))
        return;
    slot = slot_of(l, key);
    one->next = *slot;
    *slot = one;
}

static void unwatch(struct live *l, struct listener *one)
{
    struct listener **link;
    uint64_t key;

    if (!watches(&one->filter, &key))
        return;
    for (link = slot_of(l, key); *link != one;)
        link = &(*link)->next;
    *link = one->next;
}

static void make_due(struct live *l, struct listener *one)
{
    l->due_n += !one->is_due;
    one->is_due = true;
}

/* To hear the happening `number`, or what else he has to. */
static void wake(struct live *l, struct listener *one, uint64_t number)
{
    if (!one->is_asleep || one->is_due)
        return;
    one->at = number;
    make_due(l, one);
}

static void wake_watchers(struct live *l, uint64_t key, uint64_t number)
{
    uint64_t his;

    for (struct listener *one = *slot_of(l, key); one; one = one->next)
        if (watches(&one->filter, &his) && his == key)
            wake(l, one, number);
}

static void end_listener(struct live *l, struct listener *one, enum live_end why)
{
    if (one->end)
        return;
    one->end = why;
    if (one->is_asleep)
        make_due(l, one);
}

/* --- one listener --- */

/* What he hears next, into .text; false: nothing. */
static bool say_next(struct live *l, struct listener *one)
{
    bool owes_id = one->owes_id;

    buf_clear(&one->text);
    one->sent = 0;
    if (one->is_over)
        return false;
    if (one->end) {
        one->is_over = true;
        live_put_end(l, one->end, &one->text);
        return true;
    }
    for (; one->at < l->head; one->at++)
        if (hears(&one->filter, &l->ring[one->at % LIVE_RING])) {
            live_put_happening(l, one->at++, &one->text);
            return true;
        }
    if (one->filter.what & LIVE_STAGES && one->stock != engine_stock_version(l->engine)
        && l->stock_ms == MOMENT_NEVER) {
        one->stock = engine_stock_version(l->engine);
        live_put_stages(l, &one->filter, &one->text);
        return true;
    }
    one->owes_id = false;
    if (owes_id) {
        live_put_id(l, l->head, &one->text);
        buf_add(&one->text, STR("\n"));
    }
    return owes_id;
}

static ssize_t hear(void *context, [[maybe_unused]] uint64_t at, char *to, size_t max)
{
    struct listener *one = context;
    struct live *l = one->live;
    size_t n = 0, piece;

    while (n < max && (one->sent < one->text.n || say_next(l, one))
           && !one->text.failed) {
        piece = one->text.n - one->sent;
        if (piece > max - n)
            piece = max - n;
        memcpy(to + n, one->text.p + one->sent, piece);
        one->sent += piece;
        n += piece;
    }
    if (n) {
        one->said_ms = clock_steady_ms();
        return (ssize_t)n;
    }
    if (one->text.failed)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (one->is_over)
        return MHD_CONTENT_READER_END_OF_STREAM;
    one->is_asleep = true;
    MHD_suspend_connection(one->connection);
    return 0;
}

static void leave(void *context)
{
    struct listener *one = context;
    struct live *l = one->live;

    unwatch(l, one);
    l->due_n -= one->is_due;
    l->listener_n--;
    buf_free(&one->text);
    *one = (struct listener){};
}

/* What he heard last, as live_put_id wrote it. */
static bool last_id_parse(const struct live *l, str id, uint64_t *out)
{
    struct buf own = {};
    uint64_t n = 0;
    bool ok;

    live_put_id(l, 0, &own); /* "id: 0123abcd-0\n" */
    ok = !own.failed && own.n > 6 && str_starts(id, (str){own.p + 4, own.n - 6})
         && id.n <= 9 + 19 && id.n > 9;
    buf_free(&own);
    for (size_t i = 9; ok && i < id.n; i++) {
        ok = id.p[i] >= '0' && id.p[i] <= '9';
        n = 10 * n + (uint64_t)(id.p[i] - '0');
    }
    *out = n;
    return ok;
}

/* From the last that he heard on, when that is still known. */
static void place(struct live *l, struct listener *one, str last_id)
{
    bool known = last_id.n && last_id_parse(l, last_id, &one->at) && one->at <= l->head
                 && one->at >= l->floor && l->head - one->at <= LIVE_RING / 2;

    buf_add_format(&one->text, "retry: %d\n", AGAIN_MS);
    if (!known)
        one->at = l->head;
    if (last_id.n && !known)
        live_put_reload(l, &one->text);
    else {
        live_put_id(l, one->at, &one->text);
        buf_add(&one->text, STR("\n"));
    }
}

static struct listener *free_place(struct live *l)
{
    struct listener *one = l->listener;

    while (one->live)
        one++;
    return one;
}

struct MHD_Response *live_listen(struct live *l, struct MHD_Connection *c,
                                 const struct live_filter *f, str last_id)
{
    struct listener *one = free_place(l);
    struct MHD_Response *response;

    *one = (struct listener){.live = l, .connection = c, .filter = *f};
    one->said_ms = clock_steady_ms();
    place(l, one, last_id);
    response = one->text.failed ? NULL
                                : MHD_create_response_from_callback(
                                    MHD_SIZE_UNKNOWN, BLOCK, hear, one, leave);
    if (!response) {
        buf_free(&one->text);
        *one = (struct listener){};
        return NULL;
    }
    l->listener_n++;
    watch(l, one);
    return response;
}

/* --- what happens --- */

static void happen(struct live *l, const struct happening *h)
{
    uint64_t number = l->head++;

    l->ring[number % LIVE_RING] = *h;
    if (h->kind == HAPPENING_MOVE) {
        l->touched |= LIVE_MOVES;
        wake_watchers(l, key_of_stage(h->lifecycle, h->from), number);
        wake_watchers(l, key_of_stage(h->lifecycle, h->to), number);
    } else {
        l->touched |= LIVE_EVENTS;
    }
    if (h->kind != HAPPENING_MORE)
        wake_watchers(l, key_of_customer(h->customer), number);
}

/* On whose timeline stands what the anchor brings. What cannot be read is told of the anchor. */
static uint32_t home_of(const struct live *l, uint32_t anchor)
{
    struct err unheard;
    uint32_t home;

    return snapshot_home(engine_snapshot(l->engine), anchor, &home, &unheard) ? home
                                                                              : anchor;
}

/* No more of them than LIVE_EVENTS_A_SECOND, and a number instead of those left out. */
static void tell_events(struct live *l, const struct happened *what)
{
    int64_t now_ms = clock_steady_ms();

    if (now_ms >= l->refill_ms) {
        l->refill_ms = now_ms + MS_SECOND;
        l->events_left = LIVE_EVENTS_A_SECOND;
        if (l->events_more)
            happen(l, &(struct happening){.kind = HAPPENING_MORE,
                                          .customer = l->events_more < UINT32_MAX
                                                          ? (uint32_t)l->events_more
                                                          : UINT32_MAX});
        l->events_more = 0;
    }
    for (uint32_t i = 0; i < what->came_n; i++) {
        const struct came *came = &what->came[i];

        if (!l->events_left) {
            l->events_more++;
            continue;
        }
        l->events_left--;
        happen(l, &(struct happening){.kind = HAPPENING_EVENT,
                                      .at_ms = came->at_ms,
                                      .customer = home_of(l, came->customer),
                                      .type = (uint16_t)came->type});
    }
    l->events_more += what->came_more;
}

static void tell_moves(struct live *l, const struct happened *what)
{
    for (uint32_t i = 0; i < what->moved_n; i++) {
        const struct moved *moved = &what->moved[i];

        happen(l, &(struct happening){.kind = HAPPENING_MOVE,
                                      .at_ms = moved->move.at_ms,
                                      .customer = moved->customer,
                                      .lifecycle = (uint8_t)moved->lifecycle,
                                      .from = moved->move.from,
                                      .to = moved->move.to,
                                      .way = moved->move.way});
    }
}

/* Those who hear everything, and those who are too slow. */
static void look_at_all(struct live *l, uint64_t before)
{
    uint64_t key;

    for (struct listener *one = l->listener; one < l->listener + LIVE_LISTENERS; one++) {
        if (!one->live)
            continue;
        if (one->is_asleep && !one->is_due) {
            if (one->filter.what & l->touched && !watches(&one->filter, &key))
                wake(l, one, before);
        } else if (l->head - one->at > LIVE_RING / 2) {
            end_listener(l, one, LIVE_END_SLOW);
        }
    }
}

/* Whoever asks for it hears anew from the beginning. */
static void begin_anew(struct live *l)
{
    l->floor = ++l->head;
    for (struct listener *one = l->listener; one < l->listener + LIVE_LISTENERS; one++)
        if (one->live)
            end_listener(l, one, LIVE_END_CHANGED);
}

void live_take(struct live *l)
{
    uint64_t before = l->head;
    struct happened what;

    engine_happened(l->engine, &what);
    l->touched = 0;
    if (what.is_lost) {
        begin_anew(l);
        return;
    }
    tell_events(l, &what);
    tell_moves(l, &what);
    if (l->head != before && l->listener_n)
        look_at_all(l, before);
    if (l->stock == engine_stock_version(l->engine))
        return;
    l->stock = engine_stock_version(l->engine);
    if (l->stock_ms == MOMENT_NEVER)
        l->stock_ms = l->stock_last_ms + STOCK_MS;
}

/* --- the loop --- */

static void wake_for_stages(struct live *l, int64_t now_ms)
{
    if (now_ms < l->stock_ms)
        return;
    l->stock_ms = MOMENT_NEVER;
    l->stock_last_ms = now_ms;
    for (struct listener *one = l->listener; one < l->listener + LIVE_LISTENERS; one++)
        if (one->live && one->filter.what & LIVE_STAGES)
            wake(l, one, l->head);
}

/* Whom somebody listens to may have become another's. */
static void look_who(struct live *l, struct listener *one)
{
    uint32_t customer = one->filter.customer,
             home = customer == CUSTOMER_NONE ? customer : home_of(l, customer);

    if (home == customer)
        return;
    unwatch(l, one);
    one->filter.customer = home;
    watch(l, one);
}

/* Who may not listen any more, or has left, is let go; the others hear that the stream is there. */
static void sweep(struct live *l, int64_t now_ms)
{
    if (now_ms < l->sweep_ms)
        return;
    l->sweep_ms = now_ms + SWEEP_MS;
    for (struct listener *one = l->listener; one < l->listener + LIVE_LISTENERS; one++) {
        if (!one->live)
            continue;
        look_who(l, one);
        if (!gate_lets_in(l->gate, one->connection, KEY_READ, now_ms))
            end_listener(l, one, LIVE_END_DENIED);
        else if (one->is_asleep && peer_has_left(one->connection)) {
            one->is_over = true;
            make_due(l, one);
        } else if (one->is_asleep && now_ms - one->said_ms >= BEAT_MS) {
            one->owes_id = true;
            wake(l, one, l->head);
        }
    }
}

/* So many at most, and the next turn the next, so that others are answered between. */
static void wake_due(struct live *l, uint32_t most)
{
    for (uint32_t i = 0; i < LIVE_LISTENERS && l->due_n && most; i++) {
        struct listener *one = &l->listener[l->turn++ % LIVE_LISTENERS];

        if (!one->is_due)
            continue;
        one->is_due = one->is_asleep = false;
        l->due_n--;
        most--;
        MHD_resume_connection(one->connection);
    }
}

void live_run(struct live *l)
{
    int64_t now_ms;

    if (!l->listener_n)
        return;
    now_ms = clock_steady_ms();
    if (l->events_more && now_ms >= l->refill_ms)
        live_take(l);
    wake_for_stages(l, now_ms);
    sweep(l, now_ms);
    wake_due(l, WOKEN_MAX);
}

int32_t live_wait_ms(const struct live *l, int32_t most)
{
    int64_t left_ms;

    if (l->due_n)
        return 0;
    if (!l->listener_n || l->stock_ms == MOMENT_NEVER)
        return most;
    left_ms = l->stock_ms - clock_steady_ms();
    return left_ms <= 0 ? 0 : left_ms < most ? (int32_t)left_ms : most;
}

void live_end(struct live *l)
{
    for (struct listener *one = l->listener; one < l->listener + LIVE_LISTENERS; one++)
        if (one->live)
            end_listener(l, one, LIVE_END_STOPPED);
    wake_due(l, LIVE_LISTENERS);
}
