#include "engine/verify.h"

#include "engine/engine_impl.h"
#include "engine/history_impl.h"

#include <stdarg.h>
#include <stdio.h>

/* What the file has of histories is held against a replay of the same events up to the same
 * moment. */

struct check {
    struct pass pass; /* first */
    const struct verify_options *o;
    struct verify_report *report;
};

static void found(struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void found(struct check *c, const char *format, ...)
{
    enum { TEXT_MAX = 1024 };
    char text[TEXT_MAX];
    struct difference d = {.table = "history"};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d.text = str_of(text);
    pthread_mutex_lock(&c->pass.lock);
    if (c->report->differences++ < DIFFERENCES_TOLD && c->o->found)
        c->o->found(c->o->context, &d);
    pthread_mutex_unlock(&c->pass.lock);
}

static bool same_moves(const struct histories *h, const struct worker *w,
                       const struct history *one, uint32_t i)
{
    for (uint32_t l = 0; l < h->list_n; l++) {
        const struct span *span = spans_of(one, l) + i;
        const struct moves *replayed = &w->moves[l];

        if (replayed->n != span->n)
            return false;
        for (size_t k = 0; k < replayed->n; k++) {
            const struct move *a = &replayed->move[k], *b = &one->move[span->first + k];

            if (a->at_ms != b->at_ms || a->from != b->from || a->to != b->to
                || a->way != b->way)
                return false;
        }
    }
    return true;
}

static bool same_loops(const struct histories *h, const struct worker *w,
                       const struct history *one, uint32_t i)
{
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        const struct moves *replayed = &w->moves[l];
        uint32_t n;
        const struct met *met = mets_of(one, l, i, &n);

        if (replayed->loop_n != n)
            return false;
        for (uint32_t k = 0; k < n; k++) {
            const struct loop *a = &replayed->loop[k];

            if (a->at_ms != met[k].at_ms || a->times != met[k].times
                || !same_ways(a, &one->looped[l].loop[met[k].kind]))
                return false;
        }
    }
    return true;
}

/* Replays his membership. *next_ms becomes his pending moment, which may come earlier than a replay
 * of everything finds it, when no membership changes before it. */
static bool members_stay(const struct histories *h, struct worker *w,
                         const struct timeline *t, const struct history *one, uint32_t i,
                         int64_t *next_ms, bool *stay, struct err *err)
{
    int64_t pending_ms = one->next[i], ignored_ms;
    size_t n;

    *stay = true;
    if (!has_members(h))
        return true;
    if (pending_ms > *next_ms || pending_ms <= one->now_ms) {
        *stay = false;
        return true;
    }
    if (!replay_members(h, w, t, NULL, pending_ms - 1, &ignored_ms, err))
        return false;
    n = w->moves[h->lifecycle_n].n;
    *stay = !n || w->moves[h->lifecycle_n].move[n - 1].at_ms <= one->now_ms;
    *next_ms = pending_ms;
    return true;
}

/* `events` are his own. What came to an account's members since cannot be told. */
static bool check_customer(struct check *c, struct worker *w, const struct history *one,
                           const struct timeline *t, uint32_t events, uint32_t i,
                           struct err *err)
{
    const struct histories *h = c->pass.h;
    str id = catalog_customer_id(snapshot_catalog(c->pass.v), t->customer);
    int64_t next_ms;
    bool stay;

    if (one->event_n[i] > events)
        found(c, "table history: customer %.*s has %u events, and it says %u",
              STR_FMT(id), events, one->event_n[i]);
    if (one->event_n[i] != events
        || (catalog_is_account(snapshot_catalog(c->pass.v), t->customer)
            && one->seq != snapshot_seq(c->pass.v)))
        return true;
    start_moves(h, w);
    if (!replay_one(h, w, t, one->now_ms, &next_ms, err))
        return false;
    if (!members_stay(h, w, t, one, i, &next_ms, &stay, err))
        return false;
    if (!stay || !same_moves(h, w, one, i) || !same_loops(h, w, one, i)
        || one->next[i] != next_ms)
        found(c,
              "table history: what it says of customer %.*s is not what his events give",
              STR_FMT(id));
    return true;
}

static bool check_row(struct check *c, struct worker *w, uint32_t k,
                      const struct history *one, struct err *err)
{
    const struct chunk *chunk;
    struct chunk_counts counts;
    bool told[CHUNK_CUSTOMERS], all;
    bool ok = snapshot_counts(c->pass.v, k, &counts, err)
              && snapshot_chunk(c->pass.v, k, &chunk, err);

    if (!ok)
        return false;
    snapshot_told(c->pass.v, k, one->seq, told, &all);
    if (one->seq > snapshot_seq(c->pass.v))
        found(c, "table history, chunk %u: it is of batch %lld, which is not there", k,
              (long long)one->seq);
    if (one->customer_n > chunk->customer_n)
        found(c, "table history, chunk %u: it has %u customers, and %u are said", k,
              chunk->customer_n, one->customer_n);
    for (uint32_t i = 0; ok && !all && i < one->customer_n && i < chunk->customer_n;
         i++) {
        struct timeline t = timeline_of(chunk, chunk->customer_first + i);

        ok = told[i] || check_customer(c, w, one, &t, counts.event[i], i, err);
    }
    snapshot_release(c->pass.v, k);
    return ok;
}

static bool check_chunk(struct pass *p, struct worker *w, uint32_t k, struct err *err)
{
    struct check *c = (struct check *)p;
    struct history one = {};
    struct buf bytes = {};
    bool there, fits = false, ok;

    ok = snapshot_history(p->v, k, p->h->version, &bytes, &there, err)
         && (!there || history_decode(p->h, buf_str(&bytes), &one, &fits, err));
    if (ok && fits)
        ok = check_row(c, w, k, &one, err);
    else if (!ok && err->code == ERR_CORRUPT) {
        found(c, "table history, chunk %u: %s", k, err->msg);
        ok = true;
    }
    buf_free(&bytes);
    history_free(&one);
    return ok;
}

static bool verify_histories(struct engine *e, const struct verify_options *o,
                             struct verify_report *out, struct err *err)
{
    uint32_t n = snapshot_chunk_count(engine_snapshot(e));
    uint32_t *all = mem_alloc((n + 1) * sizeof *all);
    struct check c = {.pass = {.h = e->histories,
                               .v = e->now,
                               .one = check_chunk,
                               .due = all,
                               .due_n = n},
                      .o = o,
                      .report = out};
    bool ok;

    if (!all)
        return err_nomem(err);
    for (uint32_t k = 0; k < n; k++)
        all[k] = k;
    ok = !n || pass_run(&c.pass, err);
    mem_free(all);
    return ok;
}

bool engine_verify(struct io *io, str path, const struct verify_options *o,
                   struct verify_report *out, struct err *err)
{
    const struct store_options read = {.mode = STORE_READ};
    struct verify_options of_log = *o;
    struct owner owner;
    struct engine *e;
    bool ok;

    owner_init(&owner);
    of_log.owner = &owner.store;
    if (!store_verify(io, path, &of_log, out, err))
        return false;
    /* Histories follow from what may be wrong. */
    if (out->differences || !out->opens)
        return true;
    if (!engine_open(io, path, &read, &e, err)) /* without a model nothing follows */
        return err->code == ERR_INPUT || err->code == ERR_NOT_FOUND;
    ok = verify_histories(e, o, out, err);
    engine_close(e);
    return ok;
}
