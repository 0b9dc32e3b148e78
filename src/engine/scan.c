/* scan.c - a condition asked of everybody: chunk by chunk, on all threads. */
#include "engine/scan.h"

#include "base/work.h"
#include "rule/scan.h"

#include <stdatomic.h>

void engine_above(const struct engine *e, uint32_t customer, int64_t at_ms,
                  uint16_t *stage)
{
    for (uint32_t i = 0; i < engine_model(e)->lifecycle_n; i++) {
        size_t n;
        const struct move *move = engine_moves(e, i, customer, &n);

        while (n && move[n - 1].at_ms > at_ms)
            n--;
        stage[i] = n ? move[n - 1].to : STAGE_NONE;
    }
}

void engine_situation(const struct engine *e, uint32_t customer, int64_t at_ms,
                      uint32_t *times_in, uint16_t *above, struct situation *out)
{
    size_t n;
    const struct move *move = engine_moves(e, 0, customer, &n);

    situation_of(engine_model(e)->lifecycle, move, n, at_ms, times_in, out);
    engine_above(e, customer, at_ms, above);
    out->above = above;
    out->above_n = engine_model(e)->lifecycle_n;
}

/* Where everybody in a chunk stands. */
struct standing {
    struct situation at[CHUNK_CUSTOMERS];
    uint16_t above[CHUNK_CUSTOMERS][LIFECYCLES_MAX];
    uint32_t *times_in; /* CHUNK_CUSTOMERS times the stages */
};

/* What the threads share; each takes the next chunk and writes its own places. */
struct job {
    struct engine *engine;
    const struct program *program;
    struct rule_ref rule;
    int64_t at_ms;
    struct fits *fits;
    struct bits *chunk;
    _Atomic uint32_t next;
    _Atomic uint64_t n, of;
    atomic_bool failed;
    struct err *err; /* by thread */
};

static bool standing_new(const struct model *m, struct standing **out, struct err *err)
{
    struct standing *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->times_in =
        mem_alloc((size_t)CHUNK_CUSTOMERS * m->lifecycle->stage_n * sizeof *s->times_in);
    if (!s->times_in) {
        mem_free(s);
        return err_nomem(err);
    }
    *out = s;
    return true;
}

static void standing_free(struct standing *s)
{
    if (s)
        mem_free(s->times_in);
    mem_free(s);
}

static void stand(const struct job *j, const struct chunk *c, struct standing *s)
{
    const struct model *m = engine_model(j->engine);

    for (uint32_t i = 0; i < c->customer_n; i++) {
        uint32_t customer = c->customer_first + i;

        engine_situation(j->engine, customer, j->at_ms,
                         s->times_in + (size_t)i * m->lifecycle->stage_n, s->above[i],
                         &s->at[i]);
    }
}

/* Those who have been somebody by then: who has no events is nobody, they stand with others. */
static struct bits there(const struct chunk *c, struct scan_span span, int64_t at_ms)
{
    struct bits out = {};

    for (uint32_t i = 0; i < c->customer_n; i++)
        if (c->first[i + 1] > c->first[i]
            && (span.last_ms <= at_ms || c->at_ms[c->first[i]] <= at_ms))
            bits_put(&out, i);
    return out;
}

/* `decided`: everybody's answer, or NULL. */
static bool scan_half(struct job *j, struct scan *scan, struct standing *s,
                      const struct half *half, uint32_t k, struct scan_span span,
                      const bool *decided, struct err *err)
{
    struct bits fit = {}, who = there(half->chunk, span, j->at_ms);

    who = bits_and(&who, &half->who);
    if (decided && *decided)
        fit = who;
    if (!decided
        && !scan_chunk(scan, half->chunk, span, j->at_ms, &who, s ? s->at : NULL, &fit,
                       NULL, err))
        return false;
    j->chunk[k] = bits_or(&j->chunk[k], &fit);
    j->n += bits_count(&fit);
    j->of += bits_count(&who);
    return true;
}

static bool scan_read(struct job *j, struct scan *scan, struct standing *s, uint32_t k,
                      struct scan_span span, const bool *decided, struct err *err)
{
    struct halves halves;
    bool ok = true;

    if (!snapshot_halves(engine_snapshot(j->engine), k, &halves, err))
        return false;
    if (s && !decided)
        stand(j, halves.half[0].chunk, s);
    for (uint32_t i = 0; ok && i < halves.n; i++)
        ok = scan_half(j, scan, s, &halves.half[i], k, span, decided, err);
    halves_free(&halves);
    return ok;
}

static bool scan_one(struct job *j, struct scan *scan, struct standing *s, uint32_t k,
                     struct err *err)
{
    struct scan_span span;
    bool answer, decided;

    snapshot_span(engine_snapshot(j->engine), k, &span.first_ms, &span.last_ms);
    if (span.first_ms > j->at_ms)
        return true;
    decided = span.last_ms <= j->at_ms && scan_is_decided(scan, span, j->at_ms, &answer);
    return scan_read(j, scan, s, k, span, decided ? &answer : NULL, err);
}

static void scan_chunks(void *context, uint32_t thread)
{
    struct job *j = context;
    struct standing *standing = NULL;
    struct err *err = &j->err[thread];
    struct scan *scan = NULL;
    uint32_t k;
    bool ok = scan_new(j->program, j->rule, &scan, err)
              && (!scan_needs_stage(scan)
                  || standing_new(engine_model(j->engine), &standing, err));

    while (ok && !j->failed && (k = j->next++) < j->fits->chunk_n)
        ok = scan_one(j, scan, standing, k, err);
    if (!ok)
        j->failed = true;
    standing_free(standing);
    scan_free(scan);
}

bool engine_scan(struct engine *e, const struct program *p, struct rule_ref rule,
                 int64_t at_ms, struct arena *a, struct fits *out, struct err *err)
{
    struct job j = {.engine = e, .program = p, .rule = rule, .at_ms = at_ms, .fits = out};
    unsigned threads = work_threads();

    *out = (struct fits){.chunk_n = snapshot_chunk_count(engine_snapshot(e))};
    out->chunk = j.chunk = arena_array(a, struct bits, out->chunk_n + 1);
    j.err = arena_array(a, struct err, threads);
    if (!j.chunk || !j.err)
        return err_nomem(err);
    if (program_needs_stage(p, rule) && engine_now_ms(e) < at_ms
        && !engine_advance(e, at_ms, err))
        return false;
    work_run(threads, threads, scan_chunks, &j);
    out->n = j.n;
    out->of = j.of;
    for (unsigned i = 0; j.failed && i < threads; i++) {
        if (j.err[i].code != ERR_NONE) {
            *err = j.err[i];
            return false;
        }
    }
    return true;
}
