/* history.c - everybody's moves.
 *
 * (1) chunk[k] is true for the events it counts and for every moment from .now_ms on that comes
 *     before .next_ms, the least of its customers' pending moments.
 * (2) Events are only ever added to a chunk or a customer, so who has as many as before has the
 *     same, unless he was told again since .seq: some of his then went, and others may have come.
 *     An account has its members' events too: whoever of them changed is noted in the pass over
 *     everybody, and his accounts are replayed in one behind it.
 * (3) A chunk's moves are computed beside and take the old ones' place at the end: whatever
 *     fails leaves each chunk as (1) says, though some of them are ahead of the others. */
#include "engine/history_impl.h"

#include <string.h>

/* --- what a model means --- */

/* Another one when the same model gives other moves from here on, or other bytes. */
enum { MEANING = 5 };

static uint64_t mix(uint64_t so_far, str piece)
{
    uint64_t both[] = {so_far, hash64(piece)};

    return hash64((str){(const char *)both, sizeof both});
}

/* The same for models that give the same moves to the same timelines. What the data taught of names
 * that no rule asks for is no part of it: it came with events of those whom it concerns. */
static uint64_t meaning_of(const struct model *m)
{
    uint64_t names = m->names;

    return mix(mix(MEANING + zone_hash(m->workspace.zone), m->text),
               (str){(const char *)&names, sizeof names});
}

bool histories_fit(const struct histories *h, const struct model *m)
{
    return h->meaning == meaning_of(m);
}

/* --- beginning and ending --- */

enum {
    MORE_MOVES = 8
}; /* room for one in so many again, before a chunk is packed anew */

bool history_room(struct history *one, const struct histories *h, size_t moves,
                  struct err *err)
{
    size_t n = one->customer_n, spans = h->list_n * n, more = has_members(h) ? 2 * n : 0;

    moves += moves / MORE_MOVES + 1;
    if (moves > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "%zu customers make more than %u moves", n,
                       UINT32_MAX);
    one->block = mem_alloc(sizeof *one->block + (n + more) * sizeof *one->next
                           + moves * sizeof *one->move + spans * sizeof *one->span
                           + n * sizeof *one->event_n);
    if (!one->block)
        return err_nomem(err);
    atomic_init(&one->block->users, 1);
    one->next = one->block->next;
    one->member_next = more ? one->next + n : NULL;
    one->last = more ? one->next + 2 * n : NULL;
    one->move = (struct move *)(void *)(one->next + n + more);
    one->move_n = 0;
    one->move_cap = (uint32_t)moves;
    one->span = (struct span *)(void *)(one->move + moves);
    one->event_n = (uint32_t *)(void *)(one->span + spans);
    return true;
}

void history_free(struct history *one)
{
    if (one->block && atomic_fetch_sub(&one->block->users, 1) == 1)
        mem_free(one->block);
    arena_free(&one->arena);
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
    stock_free(h);
    mem_free(h);
}

bool histories_new(const struct model *m, uint32_t version, struct histories **out,
                   struct err *err)
{
    struct histories *h = mem_alloc(sizeof *h);

    if (!h)
        return err_nomem(err);
    *h = (struct histories){.model = m,
                            .meaning = meaning_of(m),
                            .lifecycle_n = m->lifecycle_n,
                            .list_n = m->lifecycle_n + (m->segments->segment_n > 0),
                            .version = version,
                            .looped = mem_alloc(m->lifecycle_n * sizeof *h->looped),
                            .now_ms = MOMENT_MIN,
                            .next_ms = MOMENT_MIN};
    if ((!h->looped && !err_nomem(err)) || !stock_new(h, err)) {
        histories_free(h);
        return false;
    }
    *out = h;
    return true;
}

void histories_use(struct histories *h, const struct model *m, uint32_t version)
{
    if (m != h->model)
        workers_free(h);
    h->model = m;
    h->version = version;
}

static void join_loop(struct looped *to, const struct loop *one, uint32_t chunk)
{
    uint32_t i = 0;
    struct loop named = *one;

    named.customer += chunk * CHUNK_CUSTOMERS;
    while (i < to->n && !same_ways(&to->loop[i], one))
        i++;
    if (i == LOOPS_MAX)
        return;
    if (i == to->n) {
        to->loop[to->n++] = named;
        return;
    }
    named.times += to->loop[i].times;
    if (one->at_ms >= to->loop[i].at_ms) {
        named.at_ms = to->loop[i].at_ms;
        named.customer = to->loop[i].customer;
    }
    to->loop[i] = named;
}

static bool gather_loops(struct histories *h, uint32_t lifecycle, struct err *err)
{
    struct looped all = {.loop = mem_alloc(LOOPS_MAX * sizeof *all.loop)};

    if (!all.loop)
        return err_nomem(err);
    for (uint32_t k = 0; k < h->chunk_n; k++) {
        const struct looped *of =
            h->chunk[k].looped ? &h->chunk[k].looped[lifecycle] : &(struct looped){};

        for (uint32_t i = 0; i < of->n; i++)
            join_loop(&all, &of->loop[i], k);
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
        h->chunk[h->chunk_n] = (struct history){.kept_ms = MOMENT_MIN};
    return true;
}

bool histories_share(const struct histories *h, const struct model *m,
                     struct histories **out, struct err *err)
{
    struct histories *shared;

    if (!histories_new(m, 0, &shared, err))
        return false;
    if (!need_chunks(shared, h->chunk_n, err)) {
        histories_free(shared);
        return false;
    }
    for (uint32_t k = 0; k < h->chunk_n; k++) {
        struct history *one = &shared->chunk[k];

        *one = h->chunk[k];
        one->looped = NULL;
        one->arena = (struct arena){};
        if (one->block)
            atomic_fetch_add(&one->block->users, 1);
    }
    memcpy(shared->stock[0], h->stock[0], h->stock_n * sizeof *h->stock[0]);
    shared->stock_version = h->stock_version;
    shared->now_ms = h->now_ms;
    shared->next_ms = h->next_ms;
    shared->has_accounts = h->has_accounts;
    shared->is_behind = h->is_behind;
    *out = shared;
    return true;
}

/* Runs the pass over those of the chunks that are due. */
static bool bring(struct pass *p, uint32_t *due,
                  bool (*is_due_now)(const struct pass *p, uint32_t chunk),
                  bool (*one)(struct pass *p, struct worker *w, uint32_t chunk,
                              struct err *err),
                  struct err *err)
{
    struct histories *h = p->h;

    p->one = one;
    p->due = due;
    p->due_n = p->done = 0;
    atomic_store(&p->next, 0);
    for (uint32_t k = 0; k < h->chunk_n; k++)
        if (is_due_now(p, k))
            due[p->due_n++] = k;
    return !p->due_n || pass_run(p, err);
}

static bool has_due_accounts(const struct pass *p, uint32_t k)
{
    return atomic_load(&p->accounts.all) ? snapshot_has_accounts(p->v, k)
                                         : bits_count(&p->accounts.due[k]) > 0;
}

static bool accounts_new(struct pass *p, struct err *err)
{
    struct histories *h = p->h;
    size_t n = h->chunk_n;

    h->has_accounts = snapshot_catalog(p->v)->account_n;
    if (!h->has_accounts)
        return true;
    p->accounts.due = mem_alloc(n * sizeof *p->accounts.due);
    p->accounts.done = mem_alloc(n * sizeof *p->accounts.done);
    atomic_init(&p->accounts.all, h->is_behind);
    return (p->accounts.due && p->accounts.done) || err_nomem(err);
}

/* Everybody, then the accounts whose members changed. */
static bool bring_all(struct pass *p, uint32_t *due, struct err *err)
{
    struct histories *h = p->h;

    if (!accounts_new(p, err))
        return false;
    h->is_behind = h->has_accounts;
    if (!bring(p, due, is_due, bring_chunk, err)
        || (h->has_accounts && !bring(p, due, has_due_accounts, bring_accounts, err)))
        return false;
    h->is_behind = false;
    for (uint32_t l = 0; !h->is_gathered && l < h->lifecycle_n; l++)
        if (!gather_loops(h, l, err))
            return false;
    h->is_gathered = true;
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
    mem_free(p.accounts.due);
    mem_free(p.accounts.done);
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

uint64_t histories_replayed(const struct histories *h)
{
    return atomic_load(&h->replayed);
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

static const struct move *listed(const struct histories *h, uint32_t list,
                                 uint32_t customer, size_t *n)
{
    uint32_t i;
    const struct history *one = find(h, customer, &i);
    const struct span *span = one ? spans_of(one, list) + i : NULL;

    *n = one ? span->n : 0;
    return *n ? one->move + span->first : NULL;
}

const struct move *histories_moves(const struct histories *h, uint32_t lifecycle,
                                   uint32_t customer, size_t *n)
{
    return listed(h, lifecycle, customer, n);
}

const struct move *histories_members(const struct histories *h, uint32_t customer,
                                     size_t *n)
{
    *n = 0;
    return has_members(h) ? listed(h, h->lifecycle_n, customer, n) : NULL;
}

uint64_t histories_asked(const struct histories *h)
{
    uint64_t n = h->asked;

    for (uint32_t i = 0; i < h->worker_n; i++)
        if (h->worker[i].members)
            n += members_asked(h->worker[i].members);
    return n;
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

/* --- into the file --- */

/* What the file has of a later moment is more than this; but an account's goes with its members'. */
static bool is_wanted(const struct histories *h, const struct history *one)
{
    return one->block && !one->is_kept
           && (one->now_ms >= one->kept_ms || h->has_accounts);
}

bool histories_are_written(const struct histories *h)
{
    for (uint32_t k = 0; k < h->chunk_n; k++)
        if (is_wanted(h, &h->chunk[k]))
            return false;
    return true;
}

bool histories_write(const struct histories *h, struct store *s, uint32_t version,
                     bool all, struct err *err)
{
    struct buf bytes = {};
    bool ok = true;

    for (uint32_t k = 0; ok && k < h->chunk_n; k++) {
        const struct history *one = &h->chunk[k];

        if (!is_wanted(h, one) && !(all && one->block))
            continue;
        buf_clear(&bytes);
        history_encode(h, one, &bytes);
        ok = bytes.failed ? err_nomem(err)
                          : store_history_put(s, k, version, buf_str(&bytes), err);
    }
    buf_free(&bytes);
    return ok;
}

void histories_note_written(struct histories *h)
{
    for (uint32_t k = 0; k < h->chunk_n; k++) {
        struct history *one = &h->chunk[k];

        if (!one->block)
            continue;
        one->is_kept = true;
        if (one->now_ms > one->kept_ms)
            one->kept_ms = one->now_ms;
    }
}
