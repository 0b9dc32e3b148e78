#include "engine/report.h"

#include "base/work.h"
#include "engine/query.h"
#include "engine/rule.h"
#include "rule/picks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pass;
struct worker {
    struct pass *pass;
    void *count;
    struct err err;
    bool ok;
};

struct pass {
    struct snapshot *snapshot;
    const struct report_kind *kind;
    const struct fits *who;
    struct worker *worker;
    uint32_t chunks;
    atomic_uint next;
    atomic_bool failed;
};

static bool add_chunk(struct worker *w, uint32_t k)
{
    const struct pass *p = w->pass;
    const struct bits *who = p->who ? &p->who->chunk[k] : NULL;
    struct scan_span span;
    struct halves halves;
    bool ok = true;

    if (who && !bits_any(who))
        return true;
    if (!snapshot_halves(p->snapshot, k, &halves, &w->err))
        return false;
    snapshot_span(p->snapshot, k, &span.first_ms, &span.last_ms);
    for (uint32_t i = 0; ok && i < halves.n; i++) {
        const struct half *half = &halves.half[i];
        struct bits his = who ? bits_and(&half->who, who) : half->who;

        ok = !bits_any(&his) || p->kind->add(w->count, half->chunk, span, &his, &w->err);
    }
    halves_free(&halves);
    return ok;
}

static void run(void *context, uint32_t thread)
{
    struct pass *p = context;
    struct worker *w = &p->worker[thread];
    uint32_t k;

    while (w->ok && !atomic_load(&p->failed)
           && (k = atomic_fetch_add(&p->next, 1)) < p->chunks)
        w->ok = add_chunk(w, k);
    if (!w->ok)
        atomic_store(&p->failed, true);
}

static bool gather(struct pass *p, unsigned threads, void **out, struct err *err)
{
    for (unsigned i = 0; i < threads; i++)
        if (!p->worker[i].ok) {
            *err = p->worker[i].err;
            return false;
        }
    for (unsigned i = 1; i < threads; i++)
        if (!p->kind->merge(p->worker[0].count, p->worker[i].count, err))
            return false;
    *out = p->worker[0].count;
    p->worker[0].count = NULL;
    return true;
}

bool engine_report(const struct engine *e, const struct report_kind *kind,
                   const void *plan, const struct fits *who, void **out, struct err *err)
{
    struct snapshot *v = engine_snapshot(e);
    struct pass p = {
        .snapshot = v, .kind = kind, .who = who, .chunks = snapshot_chunk_count(v)};
    unsigned threads = work_threads();
    bool ok = true;

    if (threads > p.chunks)
        threads = p.chunks ? p.chunks : 1;
    p.worker = mem_alloc(threads * sizeof *p.worker);
    if (!p.worker)
        return err_nomem(err);
    for (unsigned i = 0; ok && i < threads; i++) {
        p.worker[i].pass = &p;
        p.worker[i].ok = ok = kind->begin(plan, &p.worker[i].count, err);
    }
    if (ok) {
        work_run(threads, threads, run, &p);
        ok = gather(&p, threads, out, err);
    }
    for (unsigned i = 0; i < threads; i++)
        if (p.worker[i].count)
            kind->free(p.worker[i].count);
    mem_free(p.worker);
    return ok;
}

/* --- the question --- */

static bool find_segment(const struct model *m, str name, struct rule_ref *out,
                         struct err *err)
{
    const struct segments *all = m->segments;
    str *names, near = {};

    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, name)) {
            *out = all->segment[i].rule;
            return true;
        }
    names = mem_alloc((all->segment_n + 1) * sizeof *names);
    if (!names)
        return err_nomem(err);
    for (uint32_t i = 0; i < all->segment_n; i++)
        names[i] = all->segment[i].name;
    near = str_nearest(name, names, all->segment_n);
    mem_free(names);
    if (near.n)
        return err_set(err, ERR_INPUT,
                       "the model has no segment \"%.*s\"; did you mean \"%.*s\"?",
                       STR_FMT(name), STR_FMT(near));
    return err_set(err, ERR_INPUT,
                   "the model has no segment \"%.*s\"; those that it has stand under "
                   "`segments:` and `groups:`",
                   STR_FMT(name));
}

static bool fits_when(struct engine *e, str when, int64_t at_ms, struct arena *a,
                      struct fits *out, struct err *err)
{
    struct trial t;
    bool ok;

    if (!trial_new(e, when, &t, err))
        return false;
    ok = t.type == VALUE_BOOL
             ? engine_scan(e, t.model->program, t.rule, at_ms, a, out, err)
             : err_set(err, ERR_INPUT,
                       "a condition is needed here, such as count(purchase, 90d) >= 3");
    trial_free(&t);
    return ok;
}

/* Those of `a` who are in `b`, too. */
static bool fits_both(struct fits *a, const struct fits *b, struct arena *arena,
                      struct err *err)
{
    struct bits *chunk = arena_array(arena, struct bits, a->chunk_n + 1);

    if (!chunk)
        return err_nomem(err);
    a->n = 0;
    for (uint32_t k = 0; k < a->chunk_n; k++) {
        chunk[k] = bits_and(&a->chunk[k], &b->chunk[k]);
        a->n += bits_count(&chunk[k]);
    }
    a->chunk = chunk;
    return true;
}

bool report_who(struct engine *e, const struct report_scope *scope, struct arena *a,
                const struct fits **out, struct err *err)
{
    struct fits *who = arena_new(a, struct fits), fit;
    const str segment = scope->segment, when = scope->when;
    const int64_t at_ms = scope->at_ms;
    struct rule_ref rule;

    *out = NULL;
    if (!segment.n && !when.n)
        return true;
    if (!who)
        return err_nomem(err);
    *out = who;
    if (!segment.n)
        return fits_when(e, when, at_ms, a, who, err);
    return find_segment(engine_model(e), segment, &rule, err)
           && engine_scan(e, engine_model(e)->program, rule, at_ms, a, who, err)
           && (!when.n
               || (fits_when(e, when, at_ms, a, &fit, err)
                   && fits_both(who, &fit, a, err)));
}

bool report_count(struct engine *e, const struct report_kind *kind,
                  const struct report_scope *scope, const void *plan, struct arena *a,
                  void **out, str *wrong, struct err *err)
{
    const struct fits *who;

    *wrong = scope->when;
    if (!report_who(e, scope, a, &who, err)
        || !engine_report(e, kind, plan, who, out, err))
        return false;
    *wrong = STR("");
    return true;
}

bool report_program(const struct engine *e, struct program **out, struct err *err)
{
    return picks_program(engine_model(e)->program, out, err);
}

static int by_id(const void *a, const void *b, void *catalog)
{
    const uint32_t *x = a, *y = b;

    return id_cmp(catalog_customer_id(catalog, *x), catalog_customer_id(catalog, *y));
}

bool report_by_id(const struct engine *e, const uint32_t *customer, size_t n,
                  struct arena *a, const uint32_t **out, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t *sorted = arena_array(a, uint32_t, n + 1);

    if (!sorted)
        return err_nomem(err);
    if (n)
        memcpy(sorted, customer, n * sizeof *sorted);
    qsort_r(sorted, n, sizeof *sorted, by_id, (void *)(uintptr_t)catalog);
    *out = sorted;
    return true;
}

bool report_put_listed(struct json_out *j, const char *key, const struct engine *e,
                       const struct listed *listed, struct arena *a, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    const uint32_t *customer;

    if (!report_by_id(e, listed->customer, listed->n, a, &customer, err))
        return false;
    json_key(j, key);
    json_begin_list(j);
    for (size_t i = 0; i < listed->n; i++)
        json_put_text(j, catalog_customer_id(catalog, customer[i]));
    json_end_list(j);
    return true;
}
