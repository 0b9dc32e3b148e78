/* lint_data.c - a model held against the customers that the file holds. */
#include "engine/lint.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/work.h"
#include "engine/activity.h"
#include "engine/lint_impl.h"
#include "lifecycle/lives.h"
#include "rule/scan.h"

#include <stdatomic.h>
#include <string.h>

struct tally {
    /* By segment: how many are in it, and a sum over its bitsets' hashes. */
    uint64_t *members;
    uint64_t *set;
    uint64_t people;
    bool **made; /* by lifecycle and way: somebody made that move, or it was in a loop */
    bool **entered; /* by lifecycle and stage */
};

struct look {
    struct lint *l;
    struct snapshot *snapshot;
    int64_t at_ms;
    bool (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
    struct tally tally; /* of everybody */
    struct worker *worker;
    unsigned worker_n;
    _Atomic uint32_t next; /* chunk */
    atomic_bool failed;
};

/* What a thread has of its own. */
struct worker {
    struct lives *lives;
    struct scan **scan;         /* by segment */
    bool needs_stage;           /* some segment does */
    struct situation *standing; /* by customer of a chunk */
    uint16_t (*above)[LIFECYCLES_MAX];
    uint32_t *times_in; /* the first lifecycle's stages for each customer of a chunk */
    struct tally tally;
    struct arena arena;
    struct err err;
};

/* --- lengths --- */

static bool look_at_lengths(struct look *x, const struct yaml *when)
{
    struct store_facts facts = snapshot_facts(x->snapshot);
    const struct zone *zone = x->l->model->workspace.zone;
    struct words w = {};

    if (!when || x->l->n == FINDINGS_MAX)
        return true;
    if (!lint_split(x->l, when->text, &w))
        return false;
    for (uint32_t i = 0; i < w.n; i++) {
        struct buf days = {};
        struct length length;
        struct err err;
        int line, column;
        bool ok;

        if (w.word[i].p[0] < '0' || w.word[i].p[0] > '9'
            || !length_parse(w.word[i], &length, &err)
            || length_add(zone, facts.first_ms, length) <= facts.last_ms)
            continue;
        moment_print_day(&days, zone, facts.first_ms);
        buf_add(&days, STR(" to "));
        moment_print_day(&days, zone, facts.last_ms);
        lint_place(when, w.word[i], &line, &column);
        ok = !days.failed ? lint_find(x->l, line, column,
                                      "%.*s is longer than all that the file holds, from "
                                      "%.*s: nothing can show yet whether it fits",
                                      STR_FMT(w.word[i]), STR_FMT(buf_str(&days)))
                          : err_nomem(x->l->err);
        buf_free(&days);
        if (!ok)
            return false;
    }
    return true;
}

static bool look_at_rules(struct look *x)
{
    const struct model *m = x->l->model;

    for (uint32_t k = 0; k < m->lifecycle_n; k++) {
        if (!look_at_lengths(x, m->lifecycles[k]->for_at))
            return false;
        for (uint32_t i = 0; i < m->lifecycles[k]->way_n; i++)
            if (!look_at_lengths(x, m->lifecycles[k]->way[i].when))
                return false;
    }
    for (uint32_t i = 0; i < m->segments->segment_n; i++)
        if (!m->segments->segment[i].is_group
            && !look_at_lengths(x, m->segments->segment[i].when))
            return false;
    for (uint32_t i = 0; i < m->segments->score_n; i++) {
        const struct yaml *parts = yaml_find(m->segments->score[i].node, STR("parts"));

        for (size_t k = 0; k < parts->n; k++)
            if (!look_at_lengths(x, yaml_find(parts->item[k], STR("when"))))
                return false;
    }
    return true;
}

/* --- everybody --- */

static bool tally_new(struct tally *t, const struct model *m, struct arena *a,
                      struct err *err)
{
    t->members = arena_array(a, uint64_t, m->segments->segment_n);
    t->set = arena_array(a, uint64_t, m->segments->segment_n);
    t->made = arena_array(a, bool *, m->lifecycle_n);
    t->entered = arena_array(a, bool *, m->lifecycle_n);
    if (!t->members || !t->set || !t->made || !t->entered)
        return err_nomem(err);
    for (uint32_t k = 0; k < m->lifecycle_n; k++) {
        t->made[k] = arena_array(a, bool, m->lifecycles[k]->way_n);
        t->entered[k] = arena_array(a, bool, m->lifecycles[k]->stage_n);
        if (!t->made[k] || !t->entered[k])
            return err_nomem(err);
    }
    return true;
}

static void tally_moves(struct tally *t, const struct beside *of, uint32_t lifecycle)
{
    for (size_t i = 0; i < of->n; i++) {
        const struct move *move = &of->move[i];

        if (move->to == STAGE_NONE)
            continue;
        t->entered[lifecycle][move->to] = true;
        if (move->way != WAY_START)
            t->made[lifecycle][move->way] = true;
    }
}

/* What has to do with loops is told of them. */
static void tally_loops(struct tally *t, const struct worker *w, uint32_t lifecycle)
{
    uint32_t n;
    const struct loop *loop = lives_loops(w->lives, lifecycle, &n);

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < loop[i].way_n; k++)
            t->made[lifecycle][loop[i].way[k]] = true;
}

static void tally_add(struct tally *t, const struct worker *w, const struct model *m)
{
    const struct tally *part = &w->tally;

    for (uint32_t i = 0; i < m->segments->segment_n; i++) {
        t->members[i] += part->members[i];
        t->set[i] += part->set[i];
    }
    t->people += part->people;
    for (uint32_t k = 0; k < m->lifecycle_n; k++) {
        for (uint32_t i = 0; i < m->lifecycles[k]->way_n; i++)
            t->made[k][i] |= part->made[k][i];
        for (uint32_t i = 0; i < m->lifecycles[k]->stage_n; i++)
            t->entered[k][i] |= part->entered[k][i];
        tally_loops(t, w, k);
    }
}

static void worker_free(struct worker *w, uint32_t segments)
{
    for (uint32_t i = 0; w->scan && i < segments; i++)
        scan_free(w->scan[i]);
    lives_free(w->lives);
    arena_free(&w->arena);
}

static bool worker_init(struct worker *w, const struct model *m, struct err *err)
{
    uint32_t n = m->segments->segment_n;
    struct arena *a = &w->arena;

    w->scan = arena_array(a, struct scan *, n);
    if (!w->scan)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        if (!scan_new(m->program, m->segments->segment[i].rule, &w->scan[i], err))
            return false;
        w->needs_stage |= scan_needs_stage(w->scan[i]);
    }
    w->standing = arena_array(a, struct situation, CHUNK_CUSTOMERS);
    w->above =
        arena_alloc_array(a, CHUNK_CUSTOMERS, sizeof *w->above, _Alignof(uint16_t));
    w->times_in =
        arena_array(a, uint32_t, (size_t)CHUNK_CUSTOMERS * m->lifecycle->stage_n);
    if (!w->standing || !w->above || !w->times_in)
        return err_nomem(err);
    return tally_new(&w->tally, m, a, err)
           && lives_new(m->lifecycles, m->lifecycle_n, m->program, &w->lives, err);
}

/* Lives his life, in which loops may be met; sets where it leads. */
static bool look_at_customer(const struct look *x, struct worker *w,
                             const struct timeline *t, uint32_t place)
{
    const struct model *m = x->l->model;
    struct situation *s = &w->standing[place];
    const struct beside *first;
    int64_t next_ms;

    if (!lives_replay(w->lives, t, x->at_ms, &next_ms, &w->err))
        return false;
    first = lives_moves(w->lives);
    for (uint32_t k = 0; k < m->lifecycle_n; k++)
        tally_moves(&w->tally, &first[k], k);
    if (!w->needs_stage)
        return true;
    situation_of(m->lifecycle, first->move, first->n, x->at_ms,
                 w->times_in + (size_t)place * m->lifecycle->stage_n, s);
    lives_above(w->lives, x->at_ms, w->above[place]);
    s->above = w->above[place];
    s->above_n = m->lifecycle_n;
    return true;
}

static bool look_at_segments(const struct look *x, struct worker *w,
                             const struct chunk *chunk, struct scan_span span)
{
    struct bits there = {};

    for (uint32_t i = 0; i < chunk->customer_n; i++)
        if (chunk->at_ms[chunk->first[i]] <= x->at_ms)
            bits_put(&there, i);
    w->tally.people += bits_count(&there);
    for (uint32_t i = 0; i < x->l->model->segments->segment_n; i++) {
        struct bits fit;
        hash128 h;

        if (!scan_chunk(w->scan[i], chunk, span, x->at_ms, NULL,
                        w->needs_stage ? w->standing : NULL, &fit, NULL, &w->err))
            return false;
        fit = bits_and(&fit, &there);
        h = hash128_of((str){(const char *)&fit, sizeof fit});
        w->tally.members[i] += bits_count(&fit);
        w->tally.set[i] += h.low * (2 * (uint64_t)chunk->customer_first + 1);
    }
    return true;
}

static bool look_at_chunk(const struct look *x, struct worker *w, uint32_t k)
{
    struct snapshot *v = x->snapshot;
    const struct chunk *chunk;
    struct scan_span span;
    bool ok = true;

    if (!snapshot_chunk(v, k, &chunk, &w->err))
        return false;
    snapshot_span(v, k, &span.first_ms, &span.last_ms);
    for (uint32_t i = 0; ok && i < chunk->customer_n; i++) {
        struct timeline t = timeline_of(chunk, chunk->customer_first + i);

        ok = look_at_customer(x, w, &t, i);
    }
    ok = ok && look_at_segments(x, w, chunk, span);
    snapshot_release(v, k);
    return ok;
}

static void look_at_chunks(void *context, uint32_t thread)
{
    struct look *x = context;
    struct worker *w = &x->worker[thread];
    uint32_t n = snapshot_chunk_count(x->snapshot), k;
    bool ok = worker_init(w, x->l->model, &w->err);

    while (ok && !x->failed && (k = x->next++) < n) {
        ok = look_at_chunk(x, w, k);
        if (ok && thread == 0 && x->progress && !x->progress(x->context, k + 1, n))
            ok = err_set(&w->err, ERR_CONFLICT, "stopped");
    }
    if (!ok)
        x->failed = true;
}

static bool look_at_everybody(struct look *x)
{
    work_run(x->worker_n, x->worker_n, look_at_chunks, x);
    for (unsigned i = 0; i < x->worker_n; i++) {
        if (x->failed && x->worker[i].err.code != ERR_NONE) {
            *x->l->err = x->worker[i].err;
            return false;
        }
        if (!x->failed)
            tally_add(&x->tally, &x->worker[i], x->l->model);
    }
    return true;
}

static bool find_segments(struct look *x)
{
    const struct segments *all = x->l->model->segments;

    for (uint32_t i = 0; i < all->segment_n; i++) {
        const struct segment *s = &all->segment[i];
        uint32_t same = 0;

        /* Nothing that the data shows: the text has shown it, or people say it. Groups come all
         * together. */
        if (s->is_group || s->is_list
            || program_verdict(x->l->model->program, s->rule) != RULE_OPEN)
            continue;
        if (!x->tally.members[i] || x->tally.members[i] == x->tally.people) {
            if (!lint_find(
                    x->l, s->when->line, s->when->column,
                    "%s is in the segment \"%.*s\": of %llu customers that the file "
                    "holds, it tells none apart",
                    x->tally.members[i] ? "everybody" : "nobody", STR_FMT(s->name),
                    (unsigned long long)x->tally.people))
                return false;
            continue;
        }
        while (same < i
               && (x->tally.members[same] != x->tally.members[i]
                   || x->tally.set[same] != x->tally.set[i]))
            same++;
        if (same < i
            && !lint_find(
                x->l, s->when->line, s->when->column,
                "the segments \"%.*s\" and \"%.*s\" hold the same %llu customers: "
                "one of them may be enough",
                STR_FMT(all->segment[same].name), STR_FMT(s->name),
                (unsigned long long)x->tally.members[i]))
            return false;
    }
    return true;
}

/* Did somebody ever stand where the way begins? */
static bool was_reached(const struct look *x, uint32_t k, const struct way *way)
{
    const bool *entered = x->tally.entered[k];

    if (!way->any)
        for (uint32_t i = 0; i < way->from_n; i++)
            if (entered[way->from[i]])
                return true;
    for (uint32_t s = 0; way->any && s < x->l->model->lifecycles[k]->stage_n; s++)
        if (s != way->to && entered[s])
            return true;
    return false;
}

static bool has_finding(const struct lint *l, const struct yaml *at)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (l->found[i].line == at->line && l->found[i].column == at->column)
            return true;
    return false;
}

/* Of a way of which the text has shown something already, that is enough. */
static bool find_ways(struct look *x, uint32_t k)
{
    const struct lifecycle *lc = x->l->model->lifecycles[k];

    for (uint32_t i = 0; i < lc->way_n; i++) {
        const struct way *way = &lc->way[i];

        if (x->tally.made[k][i] || has_finding(x->l, way->when))
            continue;
        if (!lint_find(x->l, way->when->line, way->when->column,
                       was_reached(x, k, way)
                           ? "of %llu customers that the file holds nobody made this move"
                           : "of %llu customers that the file holds nobody made this "
                             "move: nobody ever stood where it begins",
                       (unsigned long long)x->tally.people))
            return false;
    }
    return true;
}

static bool same_loop(const struct loop *a, const struct loop *b)
{
    return a->way_n == b->way_n && memcmp(a->way, b->way, a->way_n * sizeof *a->way) == 0;
}

/* Has another thread met this kind too, and at an earlier customer, or at him and has a lower
 * number? */
static bool met_before(const struct look *x, unsigned thread, uint32_t k,
                       const struct loop *loop)
{
    for (unsigned t = 0; t < x->worker_n; t++) {
        uint32_t n;
        const struct loop *other = lives_loops(x->worker[t].lives, k, &n);

        for (uint32_t i = 0; t != thread && i < n; i++)
            if (same_loop(&other[i], loop) && other[i].customer < loop->customer)
                return true;
    }
    return false;
}

static bool find_loop(struct look *x, uint32_t k, const struct loop *loop)
{
    const struct model *m = x->l->model;
    const struct way *first = &m->lifecycles[k]->way[loop->way[0]];
    const struct way *last = &m->lifecycles[k]->way[loop->way[loop->way_n - 1]];
    struct buf met = {};
    bool ok;

    buf_add(&met, catalog_customer_id(snapshot_catalog(x->snapshot), loop->customer));
    if (met.n > 40)
        met.n = 0;
    buf_add(&met, STR(" on "));
    moment_print_day(&met, m->workspace.zone, loop->at_ms);
    ok = !met.failed ? lint_find(x->l, first->when->line, first->when->column,
                                 "a loop of %u moves, this one and that in line %d "
                                 "among them, met first by customer %.*s: they undo "
                                 "one another and are not made; leave a gap between "
                                 "the way in and the way out",
                                 loop->way_n, last->when->line, STR_FMT(buf_str(&met)))
                     : err_nomem(x->l->err);
    buf_free(&met);
    return ok;
}

static bool find_moves(struct look *x)
{
    for (uint32_t k = 0; k < x->l->model->lifecycle_n; k++)
        if (!find_ways(x, k))
            return false;
    for (unsigned t = 0; t < x->worker_n; t++)
        for (uint32_t k = 0; k < x->l->model->lifecycle_n; k++) {
            uint32_t n;
            const struct loop *loop = lives_loops(x->worker[t].lives, k, &n);

            for (uint32_t i = 0; i < n; i++)
                if (!met_before(x, t, k, &loop[i]) && !find_loop(x, k, &loop[i]))
                    return false;
        }
    return true;
}

static bool look(struct look *x)
{
    uint32_t segments = x->l->model->segments->segment_n;
    bool ok;

    x->worker_n = work_threads();
    x->worker = arena_array(x->l->arena, struct worker, x->worker_n);
    if (!x->worker)
        return err_nomem(x->l->err);
    ok = tally_new(&x->tally, x->l->model, x->l->arena, x->l->err) && look_at_rules(x)
         && look_at_everybody(x) && find_segments(x) && find_moves(x);
    for (unsigned i = 0; i < x->worker_n; i++)
        worker_free(&x->worker[i], segments);
    return ok;
}

bool engine_lint(struct snapshot *v, const struct model *m, int64_t now_ms,
                 bool (*progress)(void *context, uint64_t done, uint64_t all),
                 void *context, struct arena *a, const struct finding **out, uint32_t *n,
                 struct err *err)
{
    struct lint l = {.model = m, .lifecycle = m->lifecycle, .arena = a, .err = err};
    struct look x = {.l = &l, .snapshot = v, .progress = progress, .context = context};
    struct store_facts facts = snapshot_facts(v);
    struct activity activity = {};
    int64_t active_ms;
    bool ok = lint_text(&l) && activity_last(v, &activity, &active_ms, err);

    activity_free(&activity);
    if (ok && facts.events && facts.first_ms <= now_ms) {
        x.at_ms = zone_day(m->workspace.zone, active_ms, 1);
        if (x.at_ms > now_ms)
            x.at_ms = now_ms;
        ok = look(&x);
    }
    return lint_give(&l, ok, out, n);
}
