/* history.c - everybody's moves.
 *
 * (1) chunk[k] is true for the events it counts and for every moment from .now_ms on that comes
 *     before .next_ms, the least of its customers' pending moments.
 * (2) Events are only ever added to a chunk or a customer, so who has as many as before has the
 *     same.
 * (3) A chunk's moves are computed beside and take the old ones' place at the end: whatever
 *     fails leaves each chunk as (1) says, though some of them are ahead of the others. */
#include "engine/history.h"

#include "base/work.h"

#include <pthread.h>
#include <string.h>

/* What was met in one chunk, in one lifecycle. */
struct looped {
    struct loop *loop;
    uint32_t n;
};

struct history {
    uint32_t events, customer_n; /* what it was computed from */
    int64_t now_ms, next_ms;
    char *block;           /* holds what follows; NULL: nothing is known yet */
    int64_t *next;         /* by customer: his pending moment */
    struct move *move;     /* by lifecycle, then by customer */
    uint32_t *first;       /* by lifecycle: customer_n + 1 places in .move */
    uint32_t *event_n;     /* by customer */
    struct looped *looped; /* by lifecycle; NULL: nobody was led in a ring */
    struct arena arena;    /* of the loops */
};

struct histories {
    const struct model *model;
    uint64_t meaning;
    uint32_t lifecycle_n;
    struct history *chunk;
    uint32_t chunk_n, chunk_cap;
    int64_t now_ms, next_ms;
    struct looped *looped; /* by lifecycle, over all chunks */
    struct worker *worker; /* one a thread; NULL: the model is new */
    uint32_t worker_n;
};

/* What one thread needs. */
struct worker {
    struct replay **replay; /* by lifecycle */
    struct moves *moves;    /* likewise, of the chunk that is being computed */
    uint32_t *first;        /* as in struct history */
    struct err err;
    bool failed;
};

/* --- what a model means --- */

enum { MEANING = 1 }; /* another one when the same model gives other moves from here on */

static uint64_t mix(uint64_t so_far, str piece)
{
    uint64_t both[] = {so_far, hash64(piece)};

    return hash64((str){(const char *)both, sizeof both});
}

/* What the data taught of a name that the text may speak of. */
static uint64_t mix_learned(uint64_t so_far, str text, str event,
                            const struct dictionary_property *p)
{
    if (!p->learned || !memmem(text.p, text.n, p->name.p, p->name.n))
        return so_far;
    return mix(mix(so_far, event), p->name) + p->type;
}

/* The same for models that give the same moves to the same timelines. */
static uint64_t meaning_of(const struct model *m)
{
    const struct dictionary *d = &m->dictionary;
    uint64_t meaning = mix(MEANING + zone_hash(m->workspace.zone), m->text);

    for (uint32_t i = 0; i < d->trait_n; i++)
        meaning = mix_learned(meaning, m->text, STR(""), &d->trait[i]);
    for (uint32_t i = 0; i < d->event_n; i++)
        for (uint32_t k = 0; k < d->event[i].property_n; k++)
            meaning =
                mix_learned(meaning, m->text, d->event[i].name, &d->event[i].property[k]);
    return meaning;
}

bool histories_fit(const struct histories *h, const struct model *m)
{
    return h->meaning == meaning_of(m);
}

/* --- beginning and ending --- */

static void history_free(struct history *one)
{
    mem_free(one->block);
    arena_free(&one->arena);
}

static void workers_free(struct histories *h)
{
    for (uint32_t i = 0; i < h->worker_n; i++) {
        struct worker *w = &h->worker[i];

        for (uint32_t l = 0; l < h->lifecycle_n; l++) {
            if (w->replay)
                replay_free(w->replay[l]);
            if (w->moves)
                moves_free(&w->moves[l]);
        }
        mem_free(w->replay);
        mem_free(w->moves);
        mem_free(w->first);
    }
    mem_free(h->worker);
    h->worker = NULL;
    h->worker_n = 0;
}

void histories_free(struct histories *h)
{
    if (!h)
        return;
    workers_free(h);
    for (uint32_t k = 0; k < h->chunk_n; k++)
        history_free(&h->chunk[k]);
    mem_free(h->chunk);
    for (uint32_t l = 0; h->looped && l < h->lifecycle_n; l++)
        mem_free(h->looped[l].loop);
    mem_free(h->looped);
    mem_free(h);
}

bool histories_new(const struct model *m, struct histories **out, struct err *err)
{
    struct histories *h = mem_alloc(sizeof *h);

    if (!h)
        return err_nomem(err);
    *h = (struct histories){.model = m,
                            .meaning = meaning_of(m),
                            .lifecycle_n = m->lifecycle_n,
                            .looped = mem_alloc(m->lifecycle_n * sizeof *h->looped),
                            .now_ms = MOMENT_MIN,
                            .next_ms = MOMENT_MIN};
    if (!h->looped) {
        histories_free(h);
        return err_nomem(err);
    }
    *out = h;
    return true;
}

void histories_use(struct histories *h, const struct model *m)
{
    workers_free(h);
    h->model = m;
}

static bool worker_init(struct worker *w, const struct model *m, struct err *err)
{
    uint32_t n = m->lifecycle_n;

    w->replay = mem_alloc(n * sizeof(struct replay *));
    w->moves = mem_alloc(n * sizeof *w->moves);
    w->first = mem_alloc(n * (CHUNK_CUSTOMERS + 1) * sizeof *w->first);
    if (!w->replay || !w->moves || !w->first)
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
        if (!worker_init(&more[h->worker_n++], h->model, err)) {
            workers_free(h);
            return false;
        }
    }
    return true;
}

/* --- one chunk --- */

/* One pass over the chunks in which something is due. */
struct pass {
    struct histories *h;
    struct snapshot *v;
    int64_t now_ms;
    const struct history_watch *watch;
    const uint32_t *due; /* the chunks */
    uint32_t due_n;
    _Atomic uint32_t next;
    pthread_mutex_t lock; /* guards .done, and that progress is called once at a time */
    uint32_t done;
    atomic_bool failed;
};

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

static uint32_t *first_of(const struct history *one, uint32_t lifecycle)
{
    return one->first + (size_t)lifecycle * (one->customer_n + 1);
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
    }
    return true;
}

static bool replay_one(const struct histories *h, struct worker *w,
                       const struct timeline *t, int64_t now_ms, int64_t *next_ms,
                       struct err *err)
{
    *next_ms = MOMENT_NEVER;
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        int64_t its_next_ms;

        if (!replay_customer(w->replay[l], t, now_ms, &w->moves[l], &its_next_ms, err))
            return false;
        if (its_next_ms < *next_ms)
            *next_ms = its_next_ms;
    }
    return true;
}

/* Room for all that is known of the customers, in one block. */
static bool make_block(struct history *one, uint32_t lifecycles, size_t moves,
                       struct err *err)
{
    size_t n = one->customer_n, firsts = lifecycles * (n + 1);

    if (moves > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "%zu customers make more than %u moves", n,
                       UINT32_MAX);
    one->block = mem_alloc(n * sizeof *one->next + moves * sizeof *one->move
                           + firsts * sizeof *one->first + n * sizeof *one->event_n + 1);
    if (!one->block)
        return err_nomem(err);
    one->next = (int64_t *)(void *)one->block;
    one->move = (struct move *)(void *)(one->next + n);
    one->first = (uint32_t *)(void *)(one->move + moves);
    one->event_n = one->first + firsts;
    return true;
}

static bool take_loops(struct history *one, const struct worker *w, uint32_t lifecycles,
                       struct err *err)
{
    size_t all = 0;

    for (uint32_t l = 0; l < lifecycles; l++)
        all += w->moves[l].loop_n;
    if (!all)
        return true;
    one->looped = arena_array(&one->arena, struct looped, lifecycles);
    for (uint32_t l = 0; one->looped && l < lifecycles; l++) {
        const struct moves *from = &w->moves[l];
        struct loop *loop = arena_array(&one->arena, struct loop, from->loop_n + 1);

        one->looped[l] = (struct looped){loop, from->loop_n};
        for (uint32_t i = 0; i < from->loop_n; i++) {
            uint16_t *way =
                loop ? arena_array(&one->arena, uint16_t, from->loop[i].way_n) : NULL;

            if (!way)
                return err_nomem(err);
            memcpy(way, from->loop[i].way, from->loop[i].way_n * sizeof *way);
            loop[i] = from->loop[i];
            loop[i].way = way;
        }
    }
    return one->looped || err_nomem(err);
}

/* Out of what the thread has gathered, lifecycle by lifecycle. */
static bool pack(struct history *one, const struct worker *w, uint32_t lifecycles,
                 struct err *err)
{
    size_t all = 0, at = 0;

    for (uint32_t l = 0; l < lifecycles; l++)
        all += w->moves[l].n;
    if (!make_block(one, lifecycles, all, err) || !take_loops(one, w, lifecycles, err))
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

static bool compute(const struct pass *p, struct worker *w, const struct history *old,
                    const struct chunk *chunk, struct history *fresh, struct err *err)
{
    const struct histories *h = p->h;
    /* How often a ring was met is not known by customer. */
    bool anew = !old->block || old->looped;
    int64_t next[CHUNK_CUSTOMERS];

    for (uint32_t l = 0; l < h->lifecycle_n; l++)
        w->moves[l].n = w->moves[l].loop_n = 0;
    for (uint32_t i = 0; i < chunk->customer_n; i++) {
        struct timeline t = timeline_of(chunk, chunk->customer_first + i);
        bool stays = !anew && i < old->customer_n && old->event_n[i] == t.n
                     && old->next[i] > p->now_ms;

        for (uint32_t l = 0; l < h->lifecycle_n; l++)
            w->first[l * (CHUNK_CUSTOMERS + 1) + i] = (uint32_t)w->moves[l].n;
        if (stays)
            next[i] = old->next[i];
        if (!(stays ? keep_customer(h, w, old, i, err)
                    : replay_one(h, w, &t, p->now_ms, &next[i], err)))
            return false;
        if (next[i] < fresh->next_ms)
            fresh->next_ms = next[i];
    }
    if (!pack(fresh, w, h->lifecycle_n, err))
        return false;
    memcpy(fresh->next, next, chunk->customer_n * sizeof *next);
    for (uint32_t i = 0; i < chunk->customer_n; i++)
        fresh->event_n[i] = chunk->first[i + 1] - chunk->first[i];
    return true;
}

static bool bring(const struct pass *p, struct worker *w, uint32_t k, struct err *err)
{
    struct history *old = &p->h->chunk[k], fresh = {.next_ms = MOMENT_NEVER};
    const struct chunk *chunk;
    bool ok = snapshot_chunk(p->v, k, &chunk, err);

    if (!ok)
        return false;
    fresh.events = chunk->event_n;
    fresh.customer_n = chunk->customer_n;
    fresh.now_ms = p->now_ms;
    ok = compute(p, w, old, chunk, &fresh, err);
    snapshot_release(p->v, k);
    history_free(ok ? old : &fresh);
    if (ok)
        *old = fresh;
    return ok;
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
                                  : !bring(p, w, p->due[i], &w->err);
        if (w->failed)
            atomic_store(&p->failed, true);
        else
            tell(p);
    }
}

static bool run_all(struct pass *p, struct err *err)
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
    for (uint32_t i = 0; ok && i < threads; i++) {
        ok = !p->h->worker[i].failed;
        if (!ok)
            *err = p->h->worker[i].err;
    }
    return ok;
}

static bool same_ways(const struct loop *a, const struct loop *b)
{
    return a->way_n == b->way_n && !memcmp(a->way, b->way, a->way_n * sizeof *a->way);
}

static void join_loop(struct looped *to, const struct loop *one)
{
    uint32_t i = 0;

    while (i < to->n && !same_ways(&to->loop[i], one))
        i++;
    if (i == to->n) {
        to->loop[to->n++] = *one;
        return;
    }
    to->loop[i].times += one->times;
    if (one->at_ms < to->loop[i].at_ms) {
        to->loop[i].at_ms = one->at_ms;
        to->loop[i].customer = one->customer;
    }
}

static bool gather_loops(struct histories *h, uint32_t lifecycle, struct err *err)
{
    struct looped all = {};
    size_t most = 1;

    for (uint32_t k = 0; k < h->chunk_n; k++)
        most += h->chunk[k].looped ? h->chunk[k].looped[lifecycle].n : 0;
    all.loop = mem_alloc(most * sizeof *all.loop);
    if (!all.loop)
        return err_nomem(err);
    for (uint32_t k = 0; k < h->chunk_n; k++) {
        const struct looped *of =
            h->chunk[k].looped ? &h->chunk[k].looped[lifecycle] : &(struct looped){};

        for (uint32_t i = 0; i < of->n; i++)
            join_loop(&all, &of->loop[i]);
    }
    mem_free(h->looped[lifecycle].loop);
    h->looped[lifecycle] = all;
    return true;
}

static bool need_chunks(struct histories *h, uint32_t n, struct err *err)
{
    if (n > h->chunk_cap) {
        uint32_t cap = n + n / 8;
        struct history *more = mem_resize(h->chunk, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        h->chunk = more;
        h->chunk_cap = cap;
    }
    for (; h->chunk_n < n; h->chunk_n++)
        h->chunk[h->chunk_n] = (struct history){.next_ms = MOMENT_MIN};
    return true;
}

/* The chunks with new events, or in which somebody's moment has come. */
static uint32_t find_due(const struct histories *h, const struct snapshot *v,
                         int64_t now_ms, uint32_t *due)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < h->chunk_n; k++) {
        const struct history *one = &h->chunk[k];

        if (!one->block || one->next_ms <= now_ms
            || one->events != snapshot_chunk_events(v, k))
            due[n++] = k;
    }
    return n;
}

static bool bring_all(struct pass *p, uint32_t *due, struct err *err)
{
    struct histories *h = p->h;

    p->due = due;
    p->due_n = find_due(h, p->v, p->now_ms, due);
    if (p->due_n && !run_all(p, err))
        return false;
    for (uint32_t l = 0; p->due_n && l < h->lifecycle_n; l++)
        if (!gather_loops(h, l, err))
            return false;
    return true;
}

bool histories_advance(struct histories *h, struct snapshot *v, int64_t now_ms,
                       const struct history_watch *watch, struct err *err)
{
    struct pass p = {.h = h, .v = v, .now_ms = now_ms, .watch = watch};
    uint32_t n = snapshot_chunk_count(v), *due = mem_alloc((n + 1) * sizeof *due);
    bool ok;

    if (!due)
        return err_nomem(err);
    ok = need_chunks(h, n, err) && bring_all(&p, due, err);
    mem_free(due);
    if (!ok)
        return false;
    h->now_ms = now_ms;
    h->next_ms = MOMENT_NEVER;
    for (uint32_t k = 0; k < n; k++)
        if (h->chunk[k].next_ms < h->next_ms)
            h->next_ms = h->chunk[k].next_ms;
    return true;
}

/* --- what they say --- */

int64_t histories_now_ms(const struct histories *h)
{
    return h->now_ms;
}

int64_t histories_next_ms(const struct histories *h)
{
    return h->next_ms;
}

/* His place in the chunk; NULL: he came later. */
static const struct history *find(const struct histories *h, uint32_t customer,
                                  uint32_t *place)
{
    uint32_t k = customer / CHUNK_CUSTOMERS;

    *place = customer % CHUNK_CUSTOMERS;
    return k < h->chunk_n && *place < h->chunk[k].customer_n ? &h->chunk[k] : NULL;
}

const struct move *histories_moves(const struct histories *h, uint32_t lifecycle,
                                   uint32_t customer, size_t *n)
{
    uint32_t i;
    const struct history *one = find(h, customer, &i);
    const uint32_t *first = one ? first_of(one, lifecycle) + i : NULL;

    *n = one ? first[1] - first[0] : 0;
    return *n ? one->move + first[0] : NULL;
}

int64_t histories_customer_next(const struct histories *h, uint32_t customer)
{
    uint32_t i;
    const struct history *one = find(h, customer, &i);

    return one ? one->next[i] : MOMENT_NEVER;
}

const struct loop *histories_loops(const struct histories *h, uint32_t lifecycle,
                                   uint32_t *n)
{
    *n = h->looped[lifecycle].n;
    return h->looped[lifecycle].loop;
}
