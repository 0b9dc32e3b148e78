/* history_pass.c - the histories of some chunks, computed on all of the machine's threads. */
#include "engine/history_impl.h"

#include "base/work.h"

#include <string.h>

void workers_free(struct histories *h)
{
    for (uint32_t i = 0; i < h->worker_n; i++) {
        struct worker *w = &h->worker[i];

        for (uint32_t l = 0; w->replay && l < h->lifecycle_n; l++)
            replay_free(w->replay[l]);
        for (uint32_t l = 0; l < h->list_n; l++) {
            if (w->moves)
                moves_free(&w->moves[l]);
            if (w->loops)
                mem_free(w->loops[l].loop);
            if (w->all_loops)
                mem_free(w->all_loops[l].loop);
        }
        mem_free(w->replay);
        mem_free(w->moves);
        mem_free(w->above);
        mem_free(w->was);
        if (w->members)
            h->asked += members_asked(w->members);
        members_free(w->members);
        mem_free(w->member_next);
        mem_free(w->last);
        mem_free(w->loops);
        mem_free(w->all_loops);
        mem_free(w->span);
        mem_free(w->next);
        mem_free(w->stock);
    }
    mem_free(h->worker);
    h->worker = NULL;
    h->worker_n = 0;
}

static bool worker_init(struct worker *w, const struct histories *h, struct err *err)
{
    const struct model *m = h->model;
    uint32_t n = m->lifecycle_n, lists = h->list_n;

    w->replay = mem_alloc(n * sizeof(struct replay *));
    w->moves = mem_alloc(lists * sizeof *w->moves);
    w->above = mem_alloc(n * sizeof *w->above);
    w->was = mem_alloc(n * sizeof *w->was);
    w->loops = mem_alloc(lists * sizeof *w->loops);
    w->all_loops = mem_alloc(lists * sizeof *w->all_loops);
    w->span = mem_alloc(lists * CHUNK_CUSTOMERS * sizeof *w->span);
    w->next = mem_alloc(CHUNK_CUSTOMERS * sizeof *w->next);
    w->stock = mem_alloc((h->stock_n + 1) * sizeof *w->stock);
    if (has_members(h)) {
        w->member_next = mem_alloc(CHUNK_CUSTOMERS * sizeof *w->member_next);
        w->last = mem_alloc(CHUNK_CUSTOMERS * sizeof *w->last);
        if (!w->member_next || !w->last)
            return err_nomem(err);
    }
    if (!w->replay || !w->moves || !w->above || !w->was || !w->loops || !w->all_loops
        || !w->span || !w->next || !w->stock)
        return err_nomem(err);
    for (uint32_t l = 0; l < n; l++)
        if (!replay_new(m->lifecycles[l], m->program, &w->replay[l], err))
            return false;
    return !has_members(h) || members_new(m, &w->members, err);
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

void start_moves(const struct histories *h, struct worker *w)
{
    for (uint32_t l = 0; l < h->list_n; l++) {
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

bool replay_members(const struct histories *h, struct worker *w, const struct timeline *t,
                    const struct members_before *before, int64_t now_ms, int64_t *next_ms,
                    struct err *err)
{
    return members_replay(w->members, t, w->above, before, now_ms,
                          &w->moves[h->lifecycle_n], next_ms, err);
}

/* Of whom something may be new in a chunk. */
struct due {
    struct chunk_counts has;
    uint32_t place[CHUNK_CUSTOMERS], n; /* ascending */
    bool changed[CHUNK_CUSTOMERS];      /* he, or his events; not time alone */
    bool told[CHUNK_CUSTOMERS];         /* anew: some of his events may have gone */
    uint32_t changed_n;
};

static bool find_due(const struct pass *p, uint32_t k, struct due *out, struct err *err)
{
    const struct history *old = &p->h->chunk[k];
    bool all;

    out->n = out->changed_n = 0;
    if (!snapshot_counts(p->v, k, &out->has, err))
        return false;
    snapshot_told(p->v, k, old->seq, out->told, &all);
    for (uint32_t i = 0; i < out->has.customer_n; i++) {
        out->told[i] = all || out->told[i];
        out->changed[i] = out->told[i] || !old->block || i >= old->customer_n
                          || old->event_n[i] != out->has.event[i];
        out->changed_n += out->changed[i];
        if (out->changed[i] || old->next[i] <= p->now_ms)
            out->place[out->n++] = i;
    }
    return true;
}

/* --- accounts ---
 *
 * Whose members' events changed is replayed in a pass of its own, behind that which found it. */

static bool note_accounts(struct pass *p, uint32_t member, struct arena *a,
                          struct err *err)
{
    const uint32_t *account;
    uint32_t n;

    arena_reset(a);
    if (!snapshot_accounts(p->v, member, a, &account, &n, err))
        return false;
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < n; i++)
        bits_put(&p->accounts.due[account[i] / CHUNK_CUSTOMERS],
                 account[i] % CHUNK_CUSTOMERS);
    pthread_mutex_unlock(&p->lock);
    return true;
}

/* Of many it is not asked who they are members of. */
static bool note_changed(struct pass *p, uint32_t k, const struct due *due,
                         struct err *err)
{
    struct arena a = {};
    bool ok = true;

    if (due->changed_n > WAKE_ALONE)
        atomic_store(&p->accounts.all, true);
    for (uint32_t i = 0; ok && !atomic_load(&p->accounts.all) && i < due->has.customer_n;
         i++)
        if (due->changed[i])
            ok = note_accounts(p, k * CHUNK_CUSTOMERS + i, &a, err);
    arena_free(&a);
    return ok;
}

static bool is_account(const struct pass *p, uint32_t k, uint32_t i)
{
    return catalog_is_account(snapshot_catalog(p->v), k * CHUNK_CUSTOMERS + i);
}

static void note_done(struct pass *p, uint32_t k, const struct due *due)
{
    for (uint32_t d = 0; d < due->n; d++)
        if (is_account(p, k, due->place[d]))
            bits_put(&p->accounts.done[k], due->place[d]);
}

/* Those whose members changed, and who were not replayed since; and numbers that the chunk has got
 * since it was looked at last. */
static bool find_accounts(const struct pass *p, uint32_t k, struct due *out,
                          struct err *err)
{
    const struct history *old = &p->h->chunk[k];
    bool all = atomic_load(&p->accounts.all);

    out->n = 0;
    if (!snapshot_counts(p->v, k, &out->has, err))
        return false;
    for (uint32_t i = 0; i < out->has.customer_n; i++) {
        bool asked = all ? is_account(p, k, i) : bits_has(&p->accounts.due[k], i);

        if (i >= old->customer_n || (asked && !bits_has(&p->accounts.done[k], i)))
            out->place[out->n++] = i;
    }
    return true;
}

/* What was known of a customer's membership; false: nothing that is true now. */
static bool remember(const struct pass *p, struct worker *w, uint32_t k, uint32_t place,
                     const struct due *due, struct members_before *out)
{
    const struct history *old = &p->h->chunk[k];
    const struct span *span;

    if (!old->block || place >= old->customer_n || is_account(p, k, place)
        || due->told[place])
        return false;
    for (uint32_t l = 0; l < p->h->lifecycle_n; l++) {
        span = spans_of(old, l) + place;
        w->was[l] = (struct beside){old->move + span->first, span->n};
    }
    span = spans_of(old, p->h->lifecycle_n) + place;
    *out = (struct members_before){.change = old->move + span->first,
                                   .n = span->n,
                                   .lives = w->was,
                                   .event_n = old->event_n[place],
                                   .last_ms = old->last[place],
                                   .next_ms = old->member_next[place]};
    return true;
}

static bool bring_members(const struct pass *p, struct worker *w,
                          const struct timeline *t, uint32_t k, uint32_t place,
                          const struct due *due, struct err *err)
{
    struct members_before before;
    bool known = remember(p, w, k, place, due, &before);

    if (!replay_members(p->h, w, t, known ? &before : NULL, p->now_ms,
                        &w->member_next[place], err))
        return false;
    w->last[place] = t->n ? t->at_ms[t->n - 1] : MOMENT_MIN;
    if (w->member_next[place] < w->next[place])
        w->next[place] = w->member_next[place];
    return true;
}

/* Out of the whole chunk, or, when that is NULL, read alone. */
static bool replay_place(const struct pass *p, struct worker *w,
                         const struct chunk *whole, uint32_t k, uint32_t place,
                         const struct due *due, struct err *err)
{
    uint32_t customer = k * CHUNK_CUSTOMERS + place;
    struct chunk *own = NULL;
    struct timeline t;
    bool ok;

    for (uint32_t l = 0; l < p->h->list_n; l++)
        w->span[l * CHUNK_CUSTOMERS + place].first = (uint32_t)w->moves[l].n;
    if (!whole && !snapshot_customer(p->v, customer, &own, err))
        return false;
    t = timeline_of(whole ? whole : own, customer);
    ok = replay_one(p->h, w, &t, p->now_ms, &w->next[place], err)
         && (!has_members(p->h) || bring_members(p, w, &t, k, place, due, err));
    for (uint32_t l = 0; l < p->h->list_n; l++) {
        struct span *span = &w->span[l * CHUNK_CUSTOMERS + place];

        span->n = (uint32_t)w->moves[l].n - span->first;
        for (uint32_t i = 0; ok && i < w->moves[l].loop_n; i++)
            ok = loops_append(&w->loops[l], &w->moves[l].loop[i], err);
    }
    chunk_free(own);
    return ok;
}

/* Where the chunk has news, or members' events to join, that is done for all of its customers, or for
 * a few alone. */
static bool replay_due(const struct pass *p, struct worker *w, uint32_t k,
                       const struct due *due, struct err *err)
{
    const struct chunk *whole = NULL;
    bool ok = true, alone = due->n <= WAKE_ALONE
                            && (due->has.has_news || snapshot_has_accounts(p->v, k));

    if (!alone && !snapshot_chunk(p->v, k, &whole, err))
        return false;
    start_moves(p->h, w);
    for (uint32_t d = 0; ok && d < due->n; d++)
        ok = replay_place(p, w, whole, k, due->place[d], due, err);
    if (whole)
        snapshot_release(p->v, k);
    atomic_fetch_add(&p->h->replayed, due->n);
    return ok;
}

/* --- what was replayed takes its place --- */

/* In the chunk as it stands. */
static void put_span(struct history *one, const struct worker *w, uint32_t lifecycle,
                     uint32_t place)
{
    const struct span *from = &w->span[lifecycle * CHUNK_CUSTOMERS + place];
    struct span *to = spans_of(one, lifecycle) + place;

    if (from->n > to->n) {
        to->first = one->move_n;
        one->move_n += from->n;
    }
    to->n = from->n;
    if (from->n)
        memcpy(one->move + to->first, w->moves[lifecycle].move + from->first,
               from->n * sizeof *one->move);
}

/* Whether the chunk may stay where it stands: nobody else looks at it, there is room for the moves,
 * and no ring comes or goes. */
static bool fits(const struct history *one, const struct worker *w, const struct due *due,
                 uint32_t lists)
{
    size_t more = 0;

    if (!one->block || is_shared(one) || one->customer_n != due->has.customer_n)
        return false;
    for (uint32_t l = 0; l < lists; l++) {
        if (w->loops[l].n)
            return false;
        for (uint32_t d = 0; d < due->n; d++) {
            uint32_t place = due->place[d], met;
            uint32_t n = w->span[l * CHUNK_CUSTOMERS + place].n;

            mets_of(one, l, place, &met);
            if (met)
                return false;
            if (n > spans_of(one, l)[place].n)
                more += n;
        }
    }
    return more <= one->move_cap - one->move_n;
}

/* The loops of all, in the order of the customers. */
static bool loops_of_all(struct worker *w, const struct history *old,
                         const struct due *due, uint32_t lifecycle, struct err *err)
{
    struct loops *all = &w->all_loops[lifecycle];
    const struct loops *fresh = &w->loops[lifecycle];
    uint32_t d = 0, next = 0;

    all->n = 0;
    for (uint32_t i = 0; i < due->has.customer_n; i++) {
        if (d == due->n || due->place[d] != i) {
            if (!keep_loops(all, old, lifecycle, i, err))
                return false;
            continue;
        }
        d++;
        for (; next < fresh->n && fresh->loop[next].customer % CHUNK_CUSTOMERS == i;
             next++)
            if (!loops_append(all, &fresh->loop[next], err))
                return false;
    }
    return true;
}

/* A chunk of those who are due, and of the others as they were. */
static bool build(const struct pass *p, struct worker *w, const struct history *old,
                  const struct due *due, struct history *fresh, struct err *err)
{
    uint32_t lists = p->h->list_n, n = due->has.customer_n, d;
    size_t moves = 0;

    fresh->customer_n = n;
    for (uint32_t l = 0; l < lists; l++) {
        moves += w->moves[l].n;
        for (uint32_t i = 0; old->block && i < old->customer_n; i++)
            moves += spans_of(old, l)[i].n;
        if (!loops_of_all(w, old, due, l, err))
            return false;
    }
    if (!history_room(fresh, p->h, moves, err)
        || !loops_pack(fresh, w->all_loops, lists, err))
        return false;
    for (uint32_t l = 0; l < lists; l++) {
        d = 0;
        for (uint32_t i = 0; i < n; i++) {
            struct span *to = spans_of(fresh, l) + i;
            const struct span *from;

            if (d < due->n && due->place[d] == i) {
                put_span(fresh, w, l, i);
                d++;
                continue;
            }
            from = spans_of(old, l) + i;
            *to = (struct span){fresh->move_n, from->n};
            fresh->move_n += from->n;
            if (from->n)
                memcpy(fresh->move + to->first, old->move + from->first,
                       from->n * sizeof *fresh->move);
        }
    }
    if (old->block)
        memcpy(fresh->next, old->next, old->customer_n * sizeof *fresh->next);
    if (old->block && has_members(p->h)) {
        memcpy(fresh->member_next, old->member_next,
               old->customer_n * sizeof *fresh->member_next);
        memcpy(fresh->last, old->last, old->customer_n * sizeof *fresh->last);
    }
    return true;
}

/* What else is known of the chunk, from what was replayed. */
static void finish(const struct pass *p, const struct worker *w, const struct due *due,
                   uint32_t k, struct history *one)
{
    one->events = snapshot_chunk_events(p->v, k);
    one->seq = snapshot_seq(p->v);
    one->now_ms = p->now_ms;
    one->next_ms = MOMENT_NEVER;
    one->is_kept = false;
    for (uint32_t d = 0; d < due->n; d++)
        one->next[due->place[d]] = w->next[due->place[d]];
    for (uint32_t d = 0; has_members(p->h) && d < due->n; d++) {
        one->member_next[due->place[d]] = w->member_next[due->place[d]];
        one->last[due->place[d]] = w->last[due->place[d]];
    }
    for (uint32_t i = 0; i < one->customer_n; i++)
        if (one->next[i] < one->next_ms)
            one->next_ms = one->next[i];
    if (one->customer_n)
        memcpy(one->event_n, due->has.event, one->customer_n * sizeof *one->event_n);
}

static bool replay_chunk(const struct pass *p, struct worker *w, uint32_t k,
                         const struct due *due, struct err *err)
{
    struct history *old = &p->h->chunk[k];
    struct history fresh = {.kept_ms = old->kept_ms};
    uint32_t lists = p->h->list_n;
    bool stays, ok;

    if (!replay_due(p, w, k, due, err))
        return false;
    stays = fits(old, w, due, lists);
    ok = stays || build(p, w, old, due, &fresh, err);
    for (uint32_t d = 0; ok && d < due->n; d++)
        ok = journal_changes(p, w, old, k, due->place[d], err);
    if (!ok) {
        history_free(&fresh);
        return false;
    }
    for (uint32_t d = 0; d < due->n; d++)
        note_changes(p, w, old, k, due->place[d]);
    for (uint32_t l = 0; stays && l < lists; l++)
        for (uint32_t d = 0; d < due->n; d++)
            put_span(old, w, l, due->place[d]);
    if (!stays) {
        if (old->looped || fresh.looped)
            atomic_store(&p->h->is_gathered, false);
        history_free(old);
        *old = fresh;
    }
    finish(p, w, due, k, old);
    return true;
}

/* Forgets what is not yet. Whoever then moved is due when he did, and whoever was led in a ring
 * at once: how often until now is not known. */
static void cut_at(struct history *one, const struct histories *h, int64_t now_ms)
{
    for (uint32_t l = 0; l < h->list_n; l++) {
        struct span *span = spans_of(one, l);

        for (uint32_t i = 0; i < one->customer_n; i++) {
            const struct move *move = one->move + span[i].first;

            for (; span[i].n && move[span[i].n - 1].at_ms > now_ms; span[i].n--)
                if (move[span[i].n - 1].at_ms < one->next[i])
                    one->next[i] = move[span[i].n - 1].at_ms;
        }
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
        cut_at(&one, h, p->now_ms);
    for (uint32_t i = 0; has_members(h) && i < one.customer_n; i++) {
        one.member_next[i] = one.next[i];
        one.last[i] = MOMENT_MIN;
    }
    h->chunk[k] = one;
    if (one.looped)
        atomic_store(&p->h->is_gathered, false);
    stock_add(h, w, &one);
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
    struct due due;

    if (!p->h->chunk[k].block && !load(p, w, k, err))
        return false;
    if (!is_due(p, k))
        return true;
    if (!find_due(p, k, &due, err) || (p->accounts.due && !note_changed(p, k, &due, err))
        || !replay_chunk(p, w, k, &due, err))
        return false;
    if (p->accounts.done)
        note_done(p, k, &due);
    return true;
}

bool bring_accounts(struct pass *p, struct worker *w, uint32_t k, struct err *err)
{
    struct due due;

    return find_accounts(p, k, &due, err) && (!due.n || replay_chunk(p, w, k, &due, err));
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
