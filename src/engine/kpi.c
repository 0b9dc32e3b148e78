/* kpi.c - targets and KPIs over everybody: chunk by chunk, on several threads. */
#include "engine/query.h"

#include "base/work.h"

#include <stdatomic.h>

struct pass;
struct worker {
    struct pass *pass;
    struct kpi_count *count;
    struct cursor *cursor; /* NULL: nothing is asked */
    struct err err;
    bool ok;
};

struct pass {
    const struct engine *e;
    const struct fits *who;
    struct worker *worker;
    uint32_t chunks;
    atomic_uint next;
    atomic_bool failed;
};

static bool add_half(struct worker *w, const struct half *half)
{
    const struct chunk *chunk = half->chunk;
    const struct engine *e = w->pass->e;
    uint32_t lifecycles = engine_model(e)->lifecycle_n;
    struct beside moves[LIFECYCLES_MAX];
    bool ok = true;

    for (uint32_t i = 0; ok && i < chunk->customer_n; i++) {
        uint32_t customer = chunk->customer_first + i;
        struct timeline t;

        if (!bits_has(&half->who, i)
            || (w->pass->who && !fits_has(w->pass->who, customer)))
            continue;
        t = timeline_of(chunk, customer);
        for (uint32_t l = 0; l < lifecycles; l++)
            moves[l].move = engine_moves(e, l, customer, &moves[l].n);
        ok = (!w->cursor || cursor_start(w->cursor, &t, &w->err))
             && kpi_add(w->count, w->cursor, moves, &w->err);
    }
    return ok;
}

static bool add_chunk(struct worker *w, uint32_t k)
{
    struct halves halves;
    bool ok = true;

    if (!snapshot_halves(engine_snapshot(w->pass->e), k, &halves, &w->err))
        return false;
    for (uint32_t i = 0; ok && i < halves.n; i++)
        ok = add_half(w, &halves.half[i]);
    halves_free(&halves);
    return ok;
}

static void run(void *context, uint32_t thread)
{
    struct worker *w = &((struct pass *)context)->worker[thread];
    struct pass *p = w->pass;
    uint32_t k;

    while (w->ok && !atomic_load(&p->failed)
           && (k = atomic_fetch_add(&p->next, 1)) < p->chunks)
        w->ok = add_chunk(w, k);
    if (!w->ok)
        atomic_store(&p->failed, true);
}

static bool begin(struct pass *p, struct worker *w, const struct kpi_plan *plan,
                  struct err *err)
{
    w->pass = p;
    w->ok = true;
    return kpi_new(plan, &w->count, err)
           && (!kpi_asks(plan)
               || cursor_new(engine_model(p->e)->program, &w->cursor, err));
}

bool engine_kpis(const struct engine *e, const struct lifecycle *l,
                 const struct fits *who, const int64_t *edge, uint32_t period_n,
                 int64_t known_ms, struct kpi_count **out, struct err *err)
{
    const struct model *m = engine_model(e);
    const struct kpi_plan plan = {.lifecycle = l,
                                  .measures = &m->measures,
                                  .zone = m->workspace.zone,
                                  .edge = edge,
                                  .period_n = period_n,
                                  .known_ms = known_ms};
    unsigned threads = work_threads();
    struct pass p = {
        .e = e, .who = who, .chunks = snapshot_chunk_count(engine_snapshot(e))};
    bool ok = true;

    if (threads > p.chunks)
        threads = p.chunks ? p.chunks : 1;
    p.worker = mem_alloc(threads * sizeof *p.worker);
    if (!p.worker)
        return err_nomem(err);
    for (unsigned i = 0; ok && i < threads; i++)
        ok = begin(&p, &p.worker[i], &plan, err);
    if (ok)
        work_run(threads, threads, run, &p);
    for (unsigned i = 0; ok && i < threads; i++) {
        ok = p.worker[i].ok;
        if (!ok)
            *err = p.worker[i].err;
    }
    for (unsigned i = 1; ok && i < threads; i++)
        ok = kpi_merge(p.worker[0].count, p.worker[i].count, err);
    if (ok) {
        *out = p.worker[0].count;
        p.worker[0].count = NULL;
    }
    for (unsigned i = 0; i < threads; i++) {
        kpi_free(p.worker[i].count);
        cursor_free(p.worker[i].cursor);
    }
    mem_free(p.worker);
    return ok;
}

bool engine_put_kpis(struct json_out *j, const struct engine *e,
                     const struct lifecycle *l, const struct fits *who,
                     const int64_t edge[2], int64_t known_ms, struct err *err)
{
    struct kpi_count *count;

    if (!engine_kpis(e, l, who, edge, 1, known_ms, &count, err))
        return false;
    json_key(j, "kpi");
    json_begin_object(j);
    kpi_put_period(j, count, 0, engine_model(e)->workspace.decimals);
    json_end_object(j);
    kpi_free(count);
    return true;
}
