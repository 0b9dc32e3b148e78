/* history_pass.c - the histories of some chunks, computed on all of the machine's threads. */
#include "engine/history_impl.h"

#include "base/work.h"

#include <string.h>

void workers_free(struct histories *h)
{
    for (uint32_t i = 0; i < h->worker_n; i++) {
        struct worker *w = &h->worker[i];

        for (uint32_t l = 0; l < h->lifecycle_n; l++) {
            if (w->replay)
                replay_free(w->replay[l]);
            if (w->moves)
                moves_free(&w->moves[l]);
            if (w->loops)
                mem_free(w->loops[l].loop);
        }
        mem_free(w->replay);
        mem_free(w->moves);
        mem_free(w->above);
        mem_free(w->loops);
        mem_free(w->first);
        mem_free(w->stock);
    }
    mem_free(h->worker);
    h->worker = NULL;
    h->worker_n = 0;
}

static bool worker_init(struct worker *w, const struct histories *h, struct err *err)
{
    const struct model *m = h->model;
    uint32_t n = m->lifecycle_n;

    w->replay = mem_alloc(n * sizeof(struct replay *));
    w->moves = mem_alloc(n * sizeof *w->moves);
    w->above = mem_alloc(n * sizeof *w->above);
    w->loops = mem_alloc(n * sizeof *w->loops);
    w->first = mem_alloc(n * (CHUNK_CUSTOMERS + 1) * sizeof *w->first);
    w->stock = mem_alloc((h->stock_n + 1) * sizeof *w->stock);
    if (!w->replay || !w->moves || !w->above || !w->loops || !w->first || !w->stock)
        return err_nomem(err);
    for (uint32_t l = 0; l < n; l++)
        if (!replay_new(m->lifecycles[l], m->program, &w->replay[l], err))
            return false;
    return true;
}

/* One for each of `n` threads at least. */
static bool need_workers(struct histories *h, uint32_t n, struct err *err)
{
    struct worker *more;

    if (n <= h->worker_n)
        return true;
    more = mem_resize(h->worker, n * sizeof *more);
    if (!more)
        return err_nomem(err);
    h->worker = more;
    while (h->worker_n < n) {
        more[h->worker_n] = (struct worker){};
        if (!worker_init(&more[h->worker_n++], h, err)) {
            workers_free(h);
            return false;
        }
    }
    return true;
}

/* --- one chunk --- */

static bool has_room(struct moves *m, size_t more, struct err *err)
{
    size_t cap = m->cap ? m->cap : 256;
    struct move *grown;

    while (cap < m->n + more)
        cap *= 2;
    if (cap == m->cap)
        return true;
    grown = mem_resize(m->move, cap * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    m->move = grown;
    m->cap = cap;
    return true;
}

/* Of customer `place` in the chunk, as the history so far has them. */
static bool keep_loops(struct loops *to, const struct history *old, uint32_t lifecycle,
                       uint32_t place, struct err *err)
{
    uint32_t n;
    const struct met *met = mets_of(old, lifecycle, place, &n);

    for (uint32_t i = 0; i < n; i++) {
        struct loop loop = old->looped[lifecycle].loop[met[i].kind];

        loop.at_ms = met[i].at_ms;
        loop.times = met[i].times;
        loop.customer = place;
        if (!loops_append(to, &loop, err))
            return false;
    }
    return true;
}

static bool keep_customer(const struct histories *h, struct worker *w,
                          const struct history *old, uint32_t i, struct err *err)
{
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        const uint32_t *first = first_of(old, l) + i;
        struct moves *to = &w->moves[l];
        uint32_t n = first[1] - first[0];

        if (!has_room(to, n, err))
            return false;
        if (n)
            memcpy(to->move + to->n, old->move + first[0], n * sizeof *to->move);
        to->n += n;
        if (!keep_loops(&w->loops[l], old, l, i, err))
            return false;
    }
    return true;
}

void start_moves(const struct histories *h, struct worker *w)
{
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        w->moves[l].n = w->moves[l].loop_n = w->loops[l].n = 0;
        arena_reset(&w->moves[l].arena);
    }
}

bool replay_one(const struct histories *h, struct worker *w, const struct timeline *t,
                int64_t now_ms, int64_t *next_ms, struct err *err)
{
    *next_ms = MOMENT_NEVER;
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        size_t before = w->moves[l].n, n;
        int64_t its_next_ms;

        w->moves[l].loop_n = 0;
        if (!replay_beside(w->replay[l], t, w->above, l, now_ms, &w->moves[l],
                           &its_next_ms, err))
            return false;
        n = w->moves[l].n - before;
        w->above[l] = (struct beside){n ? w->moves[l].move + before : NULL, n};
        if (its_next_ms < *next_ms)
            *next_ms = its_next_ms;
    }
    return true;
}

/* Out of what the thread has gathered, lifecycle by lifecycle. */
static bool pack(struct history *one, const struct worker *w, uint32_t lifecycles,
                 struct err *err)
{
    size_t all = 0, at = 0;

    for (uint32_t l = 0; l < lifecycles; l++)
        all += w->moves[l].n;
    if (!history_room(one, lifecycles, all, err)
        || !loops_pack(one, w->loops, lifecycles, err))
        return false;
    for (uint32_t l = 0; l < lifecycles; l++) {
        const struct moves *from = &w->moves[l];
        uint32_t *first = first_of(one, l);

        for (uint32_t i = 0; i < one->customer_n; i++)
            first[i] = (uint32_t)at + w->first[l * (CHUNK_CUSTOMERS + 1) + i];
        if (from->n)
            memcpy(one->move + at, from->move, from->n * sizeof *from->move);
        at += from->n;
        first[one->customer_n] = (uint32_t)at;
    }
    return true;
}

/* Of whom something may be new in a chunk. */
struct due {
    struct chunk_counts has;
    bool is[CHUNK_CUSTOMERS];
    uint32_t n;
};

static bool find_due(const struct pass *p, uint32_t k, struct due *out, struct err *err)
{
    const struct history *old = &p->h->chunk[k];
    bool told[CHUNK_CUSTOMERS], all;

    out->n = 0;
    if (!snapshot_counts(p->v, k, &out->has, err))
        return false;
    snapshot_told(p->v, k, old->seq, told, &all);
    for (uint32_t i = 0; i < out->has.customer_n; i++) {
        out->is[i] = all || told[i] || !old->block || i >= old->customer_n
                     || old->event_n[i] != out->has.event[i] || old->next[i] <= p->now_ms;
        out->n += out->is[i];
    }
    return true;
}

/* Out of the whole chunk, or, when that is NULL, read alone. */
static bool replay_due(const struct pass *p, struct worker *w, const struct chunk *whole,
                       uint32_t customer, int64_t *next_ms, struct err *err)
{
    struct chunk *own = NULL;
    struct timeline t;
    bool ok;

    if (!whole && !snapshot_customer(p->v, customer, &own, err))
        return false;
    t = timeline_of(whole ? whole : own, customer);
    ok = replay_one(p->h, w, &t, p->now_ms, next_ms, err);
    for (uint32_t l = 0; l < p->h->lifecycle_n; l++)
        for (uint32_t i = 0; ok && i < w->moves[l].loop_n; i++)
            ok = loops_append(&w->loops[l], &w->moves[l].loop[i], err);
    chunk_free(own);
    return ok;
}

static bool compute(const struct pass *p, struct worker *w, uint32_t k,
                    const struct due *due, const struct chunk *whole,
                    struct history *fresh, struct err *err)
{
    const struct histories *h = p->h;
    const struct history *old = &h->chunk[k];
    int64_t next[CHUNK_CUSTOMERS];

    start_moves(h, w);
    for (uint32_t i = 0; i < fresh->customer_n; i++) {
        for (uint32_t l = 0; l < h->lifecycle_n; l++)
            w->first[l * (CHUNK_CUSTOMERS + 1) + i] = (uint32_t)w->moves[l].n;
        if (!due->is[i])
            next[i] = old->next[i];
        if (!(due->is[i] ? replay_due(p, w, whole, k * CHUNK_CUSTOMERS + i, &next[i], err)
                         : keep_customer(h, w, old, i, err)))
            return false;
        if (next[i] < fresh->next_ms)
            fresh->next_ms = next[i];
    }
    atomic_fetch_add(&p->h->replayed, due->n);
    if (!pack(fresh, w, h->lifecycle_n, err))
        return false;
    memcpy(fresh->next, next, fresh->customer_n * sizeof *next);
    memcpy(fresh->event_n, due->has.event, fresh->customer_n * sizeof *fresh->event_n);
    return true;
}

/* Where the chunk has news, they are merged for all of its customers, or for a few alone. */
static bool replay_chunk(const struct pass *p, struct worker *w, uint32_t k,
                         struct err *err)
{
    struct history *old = &p->h->chunk[k];
    struct history fresh = {.events = snapshot_chunk_events(p->v, k),
                            .seq = snapshot_seq(p->v),
                            .now_ms = p->now_ms,
                            .next_ms = MOMENT_NEVER,
                            .kept_ms = old->kept_ms};
    const struct chunk *whole = NULL;
    struct due due;
    bool ok = find_due(p, k, &due, err);

    if (ok && !(due.has.has_news && due.n <= WAKE_ALONE))
        ok = snapshot_chunk(p->v, k, &whole, err);
    if (!ok)
        return false;
    fresh.customer_n = due.has.customer_n;
    ok = compute(p, w, k, &due, whole, &fresh, err);
    if (whole)
        snapshot_release(p->v, k);
    ok = ok && journal_changes(p, k, old, &fresh, due.is, err);
    if (ok)
        note_changes(p, w, k, old, &fresh, due.is);
    history_free(ok ? old : &fresh);
    if (ok)
        *old = fresh;
    return ok;
}

/* Forgets what is not yet. Whoever then moved is due when he did, and whoever was led in a ring
 * at once: how often until now is not known. */
static void cut_at(struct history *one, uint32_t lifecycles, int64_t now_ms)
{
    uint32_t from = 0, at = 0;

    for (uint32_t l = 0; l < lifecycles; l++) {
        uint32_t *first = first_of(one, l);

        for (uint32_t i = 0; i < one->customer_n; i++) {
            first[i] = at;
            for (; from < first[i + 1]; from++) {
                if (one->move[from].at_ms <= now_ms)
                    one->move[at++] = one->move[from];
                else if (one->move[from].at_ms < one->next[i])
                    one->next[i] = one->move[from].at_ms;
            }
        }
        first[one->customer_n] = at;
        for (uint32_t i = 0; one->looped && i < one->looped[l].met_n; i++)
            one->next[one->looped[l].met[i].place] = now_ms;
    }
    for (uint32_t i = 0; i < one->customer_n; i++)
        if (one->next[i] < one->next_ms)
            one->next_ms = one->next[i];
    one->now_ms = now_ms;
}

/* What the file has of the chunk. */
static bool load(const struct pass *p, struct worker *w, uint32_t k, struct err *err)
{
    const struct histories *h = p->h;
    struct history one;
    struct buf bytes = {};
    bool there = false, fits = false;
    bool ok = !h->version
              || (snapshot_history(p->v, k, h->version, &bytes, &there, err)
                  && (!there || history_decode(h, buf_str(&bytes), &one, &fits, err)
                      || err_in(err, "table history, chunk %u", k)));

    buf_free(&bytes);
    if (!ok || !fits)
        return ok;
    if (one.seq > snapshot_seq(p->v)) { /* it may know of moves that this does not */
        history_free(&one);
        return true;
    }
    one.kept_ms = one.now_ms;
    one.is_kept = true;
    if (one.now_ms > p->now_ms)
        cut_at(&one, h->lifecycle_n, p->now_ms);
    h->chunk[k] = one;
    for (uint32_t i = 0; i < one.customer_n; i++)
        stock_count(h, w, &one, i, 1);
    return true;
}

bool is_due(const struct pass *p, uint32_t k)
{
    const struct history *one = &p->h->chunk[k];

    return !one->block || one->next_ms <= p->now_ms
           || one->seq < snapshot_told_seq(p->v, k)
           || one->events != snapshot_chunk_events(p->v, k);
}

bool bring_chunk(struct pass *p, struct worker *w, uint32_t k, struct err *err)
{
    return (p->h->chunk[k].block || load(p, w, k, err))
           && (!is_due(p, k) || replay_chunk(p, w, k, err));
}

/* --- all of them --- */

static bool is_stopped(const struct pass *p)
{
    return p->watch && p->watch->stop && atomic_load(p->watch->stop);
}

static void tell(struct pass *p)
{
    if (!p->watch || !p->watch->progress)
        return;
    pthread_mutex_lock(&p->lock);
    p->watch->progress(p->watch->context, ++p->done, p->due_n);
    pthread_mutex_unlock(&p->lock);
}

static void run(void *context, uint32_t thread)
{
    struct pass *p = context;
    struct worker *w = &p->h->worker[thread];
    uint32_t i;

    while (!atomic_load(&p->failed) && (i = atomic_fetch_add(&p->next, 1)) < p->due_n) {
        w->failed = is_stopped(p) ? !err_set(&w->err, ERR_CONFLICT, "it was broken off")
                                  : !p->one(p, w, p->due[i], &w->err);
        if (w->failed)
            atomic_store(&p->failed, true);
        else
            tell(p);
    }
}

bool pass_run(struct pass *p, struct err *err)
{
    unsigned threads = work_threads();
    bool ok = true;

    if (threads > p->due_n)
        threads = p->due_n;
    if (!need_workers(p->h, threads, err))
        return false;
    for (uint32_t i = 0; i < threads; i++)
        p->h->worker[i].failed = false;
    pthread_mutex_init(&p->lock, NULL);
    work_run(threads, threads, run, p);
    pthread_mutex_destroy(&p->lock);
    stock_sum_up(p->h);
    for (uint32_t i = 0; ok && i < threads; i++) {
        ok = !p->h->worker[i].failed;
        if (!ok)
            *err = p->h->worker[i].err;
    }
    return ok;
}
