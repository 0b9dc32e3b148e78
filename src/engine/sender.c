/* sender.c - two threads: the one that writes owns the engine, the webhooks and what is read; the
 * sender's own thread owns the poster and what is sent.
 *
 * (1) A wire never changes but for what its lock guards and for its lanes, which are the
 *     sender's; what is over stays in the list, empty, until the end.
 * (2) A message is in one place: the inbox, a lane, or the outbox.
 * (3) A webhook's place in the file is before every line that was not delivered. */
#include "engine/sender.h"

#include "base/random.h"
#include "base/time.h"
#include "base/tune.h"
#include "engine/outgoing.h"
#include "net/post.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    TIMEOUT_MS = 15 * 1000,
    IDLE_MS = 1000,
    BUSY_MS = 20, /* how long what was delivered may wait for being noted */
    KEEP_MS = 1000,
    AGAIN_MS = 10 * 1000, /* after a failure of the file */
    RETRY_AFTER_MAX_S = 24 * 3600,
    PAUSE_MS = 3 * 24 * 3600 * 1000, /* of failing */
};

struct message {
    struct message *next;
    struct wire *wire;
    struct arena arena; /* what it holds */
    struct outgoing_message out;
    uint64_t ordinal; /* of its kind, in its webhook */
    enum outgoing_kind kind;
    bool is_ping;
    struct post_answer answer;
};
struct messages {
    struct message *first, **end;
};

struct lane {
    struct messages waiting; /* the first one is under way when .is_busy */
    bool is_busy;
    unsigned tries;
    int64_t due_ms; /* steady */
};

/* Where one webhook's messages go, as long as nothing of it changes. */
struct wire {
    struct wire *next;
    struct sender *sender;
    uint32_t number;
    str url;
    bool may_be_private;
    unsigned char secret[SECRET_BYTES];
    struct arena arena; /* .url */
    atomic_bool is_over;
    struct lane lane[HOOK_LANES]; /* the sender's thread */
    /* guarded by sender.lock */
    uint32_t failing; /* a bit for each lane */
    bool is_gone, is_answered;
    struct post_answer last;
    char why[sizeof(((struct post_answer *)NULL)->why)];
    uint64_t delivered, failed;
};

/* What was read of one kind, up to what is delivered. */
struct window {
    struct outgoing read;
    uint64_t first, end; /* ordinals: the first that is not delivered; the next one */
    struct {
        struct webhook_place
            behind; /* the place that is the webhook's once it is delivered */
        bool is_done;
    } slot[HOOK_WINDOW]; /* ordinal n at n % HOOK_WINDOW */
};

/* A webhook as the thread that writes has it. */
struct hook {
    uint32_t number;
    struct wire *wire;
    struct window window[OUTGOING_KINDS];
    bool is_changed; /* its row, since it was kept */
    unsigned ping_status;
    int64_t ping_ms;
};

struct sender {
    struct engine *engine;
    struct webhooks *webhooks;
    struct json_parser *parser;
    struct log_sink log;
    int64_t clock_offset_ms;
    struct hook **hook;
    uint32_t hook_n, hook_cap;
    bool has_more;            /* to read at once */
    int64_t keep_ms, read_ms; /* steady: not before */
    struct sender_counts counts;

    struct poster *poster; /* the sender's thread, but for waking */
    pthread_t thread;
    bool is_running;
    atomic_bool stop;
    struct random random; /* the sender's thread */
    pthread_mutex_t lock; /* guards what follows, and what a wire says */
    struct messages inbox, outbox;
    struct wire *wire;
};

/* --- lists --- */

static void put_last(struct messages *list, struct message *m)
{
    m->next = NULL;
    if (!list->first)
        list->end = &list->first;
    *list->end = m;
    list->end = &m->next;
}

static struct message *take_first(struct messages *list)
{
    struct message *m = list->first;

    if (m)
        list->first = m->next;
    return m;
}

/* All of `from`, which is empty then. */
static struct messages take_all(struct sender *s, struct messages *from)
{
    struct messages all;

    pthread_mutex_lock(&s->lock);
    all = *from;
    from->first = NULL;
    pthread_mutex_unlock(&s->lock);
    return all;
}

static void message_free(struct message *m)
{
    arena_free(&m->arena);
    mem_free(m);
}

static void messages_free(struct messages *list)
{
    struct message *m;

    while ((m = take_first(list)))
        message_free(m);
}

/* --- the sender's thread --- */

/* Twice as long each time, and by chance a little more or less, so that not all come back at
 * once; who is wrong, and will be when asked again soon, is asked late. */
static int64_t retry_ms(struct sender *s, const struct lane *l,
                        const struct post_answer *a)
{
    bool is_wrong =
        a->status >= 300 && a->status < 500 && a->status != 408 && a->status != 429;
    unsigned doublings = l->tries < 20 ? l->tries - 1 : 19;
    int64_t ms = (int64_t)HOOK_RETRY_MS << doublings;
    uint32_t after_s =
        a->retry_after_s < RETRY_AFTER_MAX_S ? a->retry_after_s : RETRY_AFTER_MAX_S;

    if (ms > HOOK_RETRY_MAX_MS || is_wrong)
        ms = HOOK_RETRY_MAX_MS;
    ms = ms * 3 / 4 + (int64_t)random_below(&s->random, (uint64_t)ms / 2 + 1);
    return ms < after_s * INT64_C(1000) ? after_s * INT64_C(1000) : ms;
}

static void note_answer(struct message *m, uint32_t lane, bool is_done,
                        const struct post_answer *a)
{
    struct wire *t = m->wire;
    struct sender *s = t->sender;

    pthread_mutex_lock(&s->lock);
    t->last = *a;
    t->is_answered = true;
    t->is_gone |= a->status == 410;
    t->delivered += is_done;
    t->failed += !is_done;
    if (is_done)
        t->failing &= ~(UINT32_C(1) << lane);
    else if (!m->is_ping)
        t->failing |= UINT32_C(1) << lane;
    m->answer = *a;
    if (is_done || m->is_ping)
        put_last(&s->outbox, m);
    pthread_mutex_unlock(&s->lock);
}

static uint32_t lane_of(const struct message *m)
{
    return (uint32_t)(m->out.customer % HOOK_LANES);
}

static void ended(void *owner, void *context, const struct post_answer *a)
{
    struct sender *s = owner;
    struct message *m = context;
    uint32_t number = lane_of(m);
    struct lane *l = &m->wire->lane[number];
    bool is_done = a->status >= 200 && a->status < 300;

    l->is_busy = false;
    if (atomic_load(&m->wire->is_over))
        return; /* it goes with its lane */
    if (is_done || m->is_ping) {
        take_first(&l->waiting);
        l->tries = 0;
    } else {
        l->tries++;
        l->due_ms = clock_steady_ms() + retry_ms(s, l, a);
    }
    note_answer(m, number, is_done, a);
}

static bool send_message(struct sender *s, struct message *m, struct err *err)
{
    int64_t at_s = (clock_now_ms() + s->clock_offset_ms) / 1000;
    struct arena a = {0};
    const char *const *header = outgoing_headers(&m->out, m->wire->secret, at_s, &a, err);
    bool ok = header
              && poster_begin(s->poster,
                              &(struct post){.url = m->wire->url,
                                             .header = header,
                                             .body = m->out.body,
                                             .may_be_private = m->wire->may_be_private},
                              m, err);

    arena_free(&a);
    return ok;
}

/* Begins what is due; returns how long nothing else is. */
static int64_t run_wire(struct sender *s, struct wire *t)
{
    int64_t now_ms = clock_steady_ms(), wait_ms = IDLE_MS;

    for (uint32_t i = 0; i < HOOK_LANES; i++) {
        struct lane *l = &t->lane[i];
        struct err err;

        if (l->is_busy)
            continue;
        if (atomic_load(&t->is_over))
            messages_free(&l->waiting);
        if (!l->waiting.first)
            continue;
        if (l->due_ms <= now_ms) {
            l->is_busy = send_message(s, l->waiting.first, &err);
            if (!l->is_busy) /* memory ran out */
                l->due_ms = now_ms + IDLE_MS;
        }
        if (!l->is_busy && l->due_ms - now_ms < wait_ms)
            wait_ms = l->due_ms - now_ms;
    }
    return wait_ms;
}

static void *send_all(void *context)
{
    struct sender *s = context;

    while (!atomic_load(&s->stop)) {
        int64_t wait_ms = IDLE_MS;
        struct messages in = take_all(s, &s->inbox);
        struct wire *first;
        struct message *m;
        struct err err;

        while ((m = take_first(&in)))
            put_last(&m->wire->lane[lane_of(m)].waiting, m);
        pthread_mutex_lock(&s->lock);
        first = s->wire;
        pthread_mutex_unlock(&s->lock);
        for (struct wire *t = first; t; t = t->next) {
            int64_t its_ms = run_wire(s, t);

            if (its_ms < wait_ms)
                wait_ms = its_ms;
        }
        if (!poster_run(s->poster, (int)wait_ms, ended, s, &err))
            log_line(&s->log, LOG_ERROR, "webhook", "error=%s", err.msg);
    }
    return NULL;
}

/* --- what is under way, on the thread that writes --- */

static struct webhook_row *row_of(const struct sender *s, const struct hook *h)
{
    uint32_t n;
    struct webhook_row *row = webhooks_get(s->webhooks, &n);

    for (uint32_t i = 0; i < n; i++)
        if (row[i].number == h->number)
            return &row[i];
    return NULL;
}

static struct webhook_place *place_of(struct webhook_row *row, enum outgoing_kind kind)
{
    return kind == OUTGOING_EVENT ? &row->event : &row->move;
}

static bool wire_new(struct sender *s, const struct webhook_row *row, struct wire **out,
                     struct err *err)
{
    struct wire *t = mem_alloc(sizeof *t);

    if (!t)
        return err_nomem(err);
    t->sender = s;
    t->number = row->number;
    t->may_be_private = row->allows & WEBHOOK_PRIVATE_HOST;
    memcpy(t->secret, row->secret, sizeof t->secret);
    t->url = arena_str(&t->arena, row->url);
    if (!t->url.p) {
        arena_free(&t->arena);
        mem_free(t);
        return err_nomem(err);
    }
    pthread_mutex_lock(&s->lock);
    t->next = s->wire;
    s->wire = t;
    pthread_mutex_unlock(&s->lock);
    *out = t;
    return true;
}

static void hook_free(struct hook *h)
{
    if (h->wire)
        atomic_store(&h->wire->is_over, true);
    for (int k = 0; k < OUTGOING_KINDS; k++)
        outgoing_free(&h->window[k].read);
    mem_free(h);
}

static bool hook_add(struct sender *s, struct webhook_row *row, struct err *err)
{
    struct hook *h;

    if (s->hook_n == s->hook_cap) {
        uint32_t cap = s->hook_cap ? 2 * s->hook_cap : 8;
        struct hook **more = mem_resize(s->hook, cap * sizeof(struct hook *));

        if (!more)
            return err_nomem(err);
        s->hook = more;
        s->hook_cap = cap;
    }
    h = mem_alloc(sizeof *h);
    if (!h)
        return err_nomem(err);
    h->number = row->number;
    h->ping_ms = MOMENT_NEVER;
    if (!wire_new(s, row, &h->wire, err)) {
        hook_free(h);
        return false;
    }
    for (int k = 0; k < OUTGOING_KINDS; k++) {
        h->window[k].read.kind = (enum outgoing_kind)k;
        h->window[k].read.at = *place_of(row, (enum outgoing_kind)k);
    }
    s->hook[s->hook_n++] = h;
    return true;
}

static struct hook *find_hook(const struct sender *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->hook_n; i++)
        if (s->hook[i]->number == number)
            return s->hook[i];
    return NULL;
}

void sender_forget(struct sender *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->hook_n; i++)
        if (s->hook[i]->number == number) {
            hook_free(s->hook[i]);
            s->hook[i--] = s->hook[--s->hook_n];
        }
    poster_wake(s->poster);
}

/* A webhook that was added, or forgotten, begins where its row says. */
static bool need_hooks(struct sender *s, struct err *err)
{
    uint32_t n;
    struct webhook_row *row = webhooks_get(s->webhooks, &n);

    for (uint32_t i = 0; i < n; i++)
        if (!find_hook(s, row[i].number) && !hook_add(s, &row[i], err))
            return false;
    return true;
}

/* --- delivered --- */

static void slide(struct window *w, struct webhook_place *place, bool *changed)
{
    for (; w->first < w->end && w->slot[w->first % HOOK_WINDOW].is_done; w->first++) {
        *place = w->slot[w->first % HOOK_WINDOW].behind;
        *changed = true;
    }
}

static void take_delivered(struct sender *s, struct message *m, int64_t now_ms)
{
    struct hook *h = find_hook(s, m->wire->number);
    struct webhook_row *row;

    if (h && h->wire == m->wire && (row = row_of(s, h))) {
        if (m->is_ping) {
            h->ping_status = m->answer.status;
            h->ping_ms = now_ms;
        } else {
            struct window *w = &h->window[m->kind];

            w->slot[m->ordinal % HOOK_WINDOW].is_done = true;
            slide(w, place_of(row, m->kind), &h->is_changed);
        }
    }
    message_free(m);
}

/* What the last answers mean for the webhook's state. */
static void take_answers(struct sender *s, struct hook *h, int64_t now_ms)
{
    struct webhook_row *row = row_of(s, h);
    struct wire *t = h->wire, seen;

    pthread_mutex_lock(&s->lock);
    seen = (struct wire){.failing = t->failing,
                         .is_gone = t->is_gone,
                         .is_answered = t->is_answered,
                         .last = t->last,
                         .delivered = t->delivered,
                         .failed = t->failed};
    t->is_answered = false;
    t->delivered = t->failed = 0;
    pthread_mutex_unlock(&s->lock);
    s->counts.delivered += seen.delivered;
    s->counts.failed += seen.failed;
    if (row && seen.is_answered) {
        row->last_ms = now_ms;
        row->last_status = seen.last.status;
        snprintf(t->why, sizeof t->why, "%s", seen.last.why);
        h->is_changed = true;
        if (!seen.failing)
            row->failing_ms = MOMENT_NEVER;
        else if (row->failing_ms == MOMENT_NEVER)
            row->failing_ms = now_ms;
    }
    if (!row || row->state != WEBHOOK_ON)
        return;
    if (seen.is_gone)
        row->state = WEBHOOK_GONE;
    else if (row->failing_ms != MOMENT_NEVER && now_ms - row->failing_ms >= PAUSE_MS)
        row->state = WEBHOOK_PAUSED;
    if (row->state == WEBHOOK_ON)
        return;
    log_line(&s->log, LOG_WARN, "webhook", "name=%.*s state=%s status=%u",
             STR_FMT(row->name), webhook_state_name(row->state), row->last_status);
    h->is_changed = true;
}

/* --- reading --- */

static void put_message(struct hook *h, enum outgoing_kind kind, struct message *m,
                        struct messages *to)
{
    struct window *w = &h->window[kind];

    m->wire = h->wire;
    m->kind = kind;
    m->ordinal = w->end;
    w->slot[w->end % HOOK_WINDOW].behind = w->read.at;
    w->slot[w->end++ % HOOK_WINDOW].is_done = false;
    put_last(to, m);
}

static bool read_line(struct sender *s, struct hook *h, const struct webhook_row *row,
                      enum outgoing_kind kind, struct snapshot *v, struct messages *to,
                      bool *there, struct err *err)
{
    struct message *m = mem_alloc(sizeof *m);
    bool is_wanted;

    if (!m)
        return err_nomem(err);
    if (!outgoing_next(&h->window[kind].read, row, v, s->parser, &m->arena, &m->out,
                       there, &is_wanted, err)) {
        message_free(m);
        return false;
    }
    if (is_wanted)
        put_message(h, kind, m, to);
    else
        message_free(m);
    return true;
}

static bool read_kind(struct sender *s, struct hook *h, enum outgoing_kind kind,
                      struct snapshot *v, struct messages *to, struct err *err)
{
    struct webhook_row *row = row_of(s, h);
    struct window *w = &h->window[kind];
    struct webhook_place *place = place_of(row, kind);
    bool there = true;

    for (int i = 0; there && w->end - w->first < HOOK_WINDOW; i++) {
        if (i == HOOK_LINES) {
            s->has_more = true;
            break;
        }
        if (!read_line(s, h, row, kind, v, to, &there, err))
            return false;
    }
    if (w->first == w->end
        && (place->seq != w->read.at.seq || place->line != w->read.at.line)) {
        *place = w->read.at; /* nothing between was for it */
        h->is_changed = true;
    }
    return true;
}

static bool read_hook(struct sender *s, struct hook *h, struct snapshot *v,
                      struct messages *to, struct err *err)
{
    const struct webhook_row *row = row_of(s, h);

    if (!row || row->state != WEBHOOK_ON)
        return true;
    return (!(row->what & WEBHOOK_EVENTS) || read_kind(s, h, OUTGOING_EVENT, v, to, err))
           && (!(row->what & (WEBHOOK_MOVES | WEBHOOK_SEGMENTS))
               || read_kind(s, h, OUTGOING_MOVE, v, to, err));
}

static bool read_all(struct sender *s, struct err *err)
{
    struct messages to = {0};
    struct message *m;
    struct snapshot *v;
    bool ok = need_hooks(s, err);

    s->has_more = false;
    if (!ok || !s->hook_n)
        return ok;
    if (!store_snapshot(engine_store(s->engine), &v, err))
        return false;
    for (uint32_t i = 0; ok && i < s->hook_n; i++)
        ok = read_hook(s, s->hook[i], v, &to, err);
    snapshot_close(v);
    if (!to.first)
        return ok;
    pthread_mutex_lock(&s->lock);
    while ((m = take_first(&to)))
        put_last(&s->inbox, m);
    pthread_mutex_unlock(&s->lock);
    poster_wake(s->poster);
    return ok;
}

/* --- keeping --- */

static bool keep(struct sender *s, struct err *err)
{
    const struct webhook_row **row;
    uint32_t n = 0;
    bool ok;

    if (store_is_held(engine_store(s->engine)) || !s->hook_n)
        return true;
    row = mem_alloc(s->hook_n * sizeof(const struct webhook_row *));
    if (!row)
        return err_nomem(err);
    for (uint32_t i = 0; i < s->hook_n; i++) {
        const struct webhook_row *its = row_of(s, s->hook[i]);

        if (s->hook[i]->is_changed && its)
            row[n++] = its;
    }
    ok = !n || webhooks_keep(s->webhooks, row, n, err);
    for (uint32_t i = 0; ok && i < s->hook_n; i++)
        s->hook[i]->is_changed = false;
    mem_free(row);
    return ok;
}

static void take_outbox(struct sender *s, int64_t now_ms)
{
    struct messages out = take_all(s, &s->outbox);
    struct message *m;

    while ((m = take_first(&out)))
        take_delivered(s, m, now_ms);
    for (uint32_t i = 0; i < s->hook_n; i++)
        take_answers(s, s->hook[i], now_ms);
}

void sender_run(struct sender *s, int64_t now_ms)
{
    int64_t steady_ms = clock_steady_ms();
    struct err err;

    take_outbox(s, now_ms);
    if (steady_ms >= s->read_ms && !read_all(s, &err)) {
        log_line(&s->log, LOG_ERROR, "webhook", "error=%s", err.msg);
        s->read_ms = steady_ms + AGAIN_MS;
    }
    if (steady_ms >= s->keep_ms) {
        s->keep_ms = steady_ms + KEEP_MS;
        if (!keep(s, &err))
            log_line(&s->log, LOG_ERROR, "webhook", "error=%s", err.msg);
    }
}

int32_t sender_wait_ms(const struct sender *s, int32_t most)
{
    bool busy = false;

    for (uint32_t i = 0; i < s->hook_n; i++)
        for (int k = 0; k < OUTGOING_KINDS; k++)
            busy |= s->hook[i]->window[k].first < s->hook[i]->window[k].end;
    if (s->has_more && clock_steady_ms() >= s->read_ms)
        return 0;
    return busy && most > BUSY_MS ? BUSY_MS : most;
}

/* --- all of it --- */

bool sender_new(struct engine *e, int64_t clock_offset_ms, const struct log_sink *log,
                struct sender **out, struct err *err)
{
    struct sender *s = mem_alloc(sizeof *s);
    uint64_t seed = (uint64_t)clock_steady_us();
    int failed;
    bool ok;

    if (!s)
        return err_nomem(err);
    pthread_mutex_init(&s->lock, NULL);
    s->engine = e;
    s->clock_offset_ms = clock_offset_ms;
    s->log = *log;
    s->random = random_seeded(seed);
    ok = webhooks_new(e, &s->webhooks, err) && json_parser_new(&s->parser, err)
         && poster_new(TIMEOUT_MS, HOOK_LANES, &s->poster, err);
    if (ok && (failed = pthread_create(&s->thread, NULL, send_all, s))) {
        errno = failed;
        ok = err_sys(err, "cannot start a thread");
    } else {
        s->is_running = ok;
    }
    if (!ok) {
        sender_free(s);
        return false;
    }
    *out = s;
    return true;
}

static void wires_free(struct sender *s)
{
    while (s->wire) {
        struct wire *t = s->wire;

        s->wire = t->next;
        for (uint32_t i = 0; i < HOOK_LANES; i++)
            messages_free(&t->lane[i].waiting);
        arena_free(&t->arena);
        mem_free(t);
    }
}

void sender_free(struct sender *s)
{
    struct err unheard;

    if (!s)
        return;
    if (s->is_running) {
        atomic_store(&s->stop, true);
        poster_wake(s->poster);
        pthread_join(s->thread, NULL);
        if (engine_is_open(s->engine)) {
            take_outbox(s, clock_now_ms() + s->clock_offset_ms);
            (void)keep(s, &unheard); /* what is not kept is delivered twice */
        }
    }
    poster_free(s->poster);
    for (uint32_t i = 0; i < s->hook_n; i++)
        hook_free(s->hook[i]);
    mem_free(s->hook);
    messages_free(&s->inbox);
    messages_free(&s->outbox);
    wires_free(s);
    json_parser_free(s->parser);
    webhooks_free(s->webhooks);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

struct webhooks *sender_webhooks(struct sender *s)
{
    return s->webhooks;
}

bool sender_reload(struct sender *s, struct err *err)
{
    struct webhooks *fresh;

    if (!webhooks_new(s->engine, &fresh, err))
        return false;
    while (s->hook_n)
        sender_forget(s, s->hook[0]->number);
    webhooks_free(s->webhooks);
    s->webhooks = fresh;
    return true;
}

bool sender_ping(struct sender *s, uint32_t number, int64_t now_ms, struct err *err)
{
    struct message *m;
    struct hook *h;

    if (!need_hooks(s, err))
        return false;
    h = find_hook(s, number);
    m = h ? mem_alloc(sizeof *m) : NULL;
    if (!m)
        return err_nomem(err);
    m->is_ping = true;
    m->wire = h->wire;
    if (!outgoing_ping(now_ms, &m->arena, &m->out, err)) {
        message_free(m);
        return false;
    }
    h->ping_ms = MOMENT_NEVER;
    pthread_mutex_lock(&s->lock);
    put_last(&s->inbox, m);
    pthread_mutex_unlock(&s->lock);
    poster_wake(s->poster);
    return true;
}

struct sender_state sender_state(struct sender *s, uint32_t number)
{
    const struct hook *h = find_hook(s, number);
    struct sender_state state = {.why = "", .ping_ms = MOMENT_NEVER};

    if (!h)
        return state;
    for (int k = 0; k < OUTGOING_KINDS; k++)
        state.under_way += (uint32_t)(h->window[k].end - h->window[k].first);
    state.why = h->wire->why;
    state.ping_status = h->ping_status;
    state.ping_ms = h->ping_ms;
    return state;
}

struct sender_counts sender_counts(struct sender *s)
{
    uint32_t n;
    const struct webhook_row *row = webhooks_get(s->webhooks, &n);

    s->counts.webhooks = n;
    s->counts.failing = s->counts.paused = 0;
    for (uint32_t i = 0; i < n; i++) {
        s->counts.failing += row[i].failing_ms != MOMENT_NEVER;
        s->counts.paused += row[i].state != WEBHOOK_ON;
    }
    return s->counts;
}
