/* lint_data.c - a model held against the customers that the file holds. */
#include "engine/lint.h"

#include "engine/lint_impl.h"
#include "lifecycle/lives.h"

#include <string.h>

struct look {
    struct lint *l;
    const struct engine *e;
    int64_t at_ms;
    struct lives *lives;
    struct cursor *cursor;
    uint32_t *times_in;
    /* By segment: how many are in it, and a sum over their numbers' hashes. */
    uint64_t *members;
    uint64_t *set;
    uint64_t people;
};

/* --- lengths --- */

static bool look_at_lengths(struct look *x, const struct yaml *when)
{
    struct store_facts facts = snapshot_facts(engine_snapshot(x->e));
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
        if (!look_at_lengths(x, m->segments->segment[i].when))
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

static bool look_at_customer(struct look *x, const struct timeline *t)
{
    const struct model *m = x->l->model;
    const hash128 h = hash128_of((str){(const char *)&t->customer, sizeof t->customer});
    const struct beside *first;
    uint16_t above[LIFECYCLES_MAX];
    struct situation s;
    int64_t next_ms;

    if (!lives_replay(x->lives, t, x->at_ms, &next_ms, x->l->err))
        return false;
    if (!t->n || t->at_ms[0] > x->at_ms || !m->segments->segment_n)
        return true;
    x->people++;
    first = lives_moves(x->lives);
    situation_of(m->lifecycle, first->move, first->n, x->at_ms, x->times_in, &s);
    lives_above(x->lives, x->at_ms, above);
    s.above = above;
    s.above_n = m->lifecycle_n;
    if (!cursor_start(x->cursor, t, x->l->err))
        return false;
    for (uint32_t i = 0; i < m->segments->segment_n; i++)
        if (cursor_ask(x->cursor, m->segments->segment[i].rule, &s).value.truth) {
            x->members[i]++;
            x->set[i] += h.low;
        }
    return true;
}

static bool look_at_everybody(struct look *x)
{
    struct snapshot *v = engine_snapshot(x->e);
    bool ok = true;

    for (uint32_t k = 0; ok && k < snapshot_chunk_count(v); k++) {
        const struct chunk *chunk;

        if (!snapshot_chunk(v, k, &chunk, x->l->err))
            return false;
        for (uint32_t i = 0; ok && i < chunk->customer_n; i++) {
            struct timeline t = timeline_of(chunk, chunk->customer_first + i);

            ok = look_at_customer(x, &t);
        }
        snapshot_release(v, k);
    }
    return ok;
}

static bool find_segments(struct look *x)
{
    const struct segments *all = x->l->model->segments;

    for (uint32_t i = 0; i < all->segment_n; i++) {
        const struct segment *s = &all->segment[i];
        uint32_t same = 0;

        if (!x->members[i] || x->members[i] == x->people) {
            if (!lint_find(
                    x->l, s->when->line, s->when->column,
                    "%s is in the segment \"%.*s\": of %llu customers that the file "
                    "holds, it tells none apart",
                    x->members[i] ? "everybody" : "nobody", STR_FMT(s->name),
                    (unsigned long long)x->people))
                return false;
            continue;
        }
        while (same < i
               && (x->members[same] != x->members[i] || x->set[same] != x->set[i]))
            same++;
        if (same < i
            && !lint_find(
                x->l, s->when->line, s->when->column,
                "the segments \"%.*s\" and \"%.*s\" hold the same %llu customers: "
                "one of them may be enough",
                STR_FMT(all->segment[same].name), STR_FMT(s->name),
                (unsigned long long)x->members[i]))
            return false;
    }
    return true;
}

static bool find_loops(struct look *x)
{
    const struct model *m = x->l->model;

    for (uint32_t k = 0; k < m->lifecycle_n; k++) {
        uint32_t n;
        const struct loop *loop = lives_loops(x->lives, k, &n);

        for (uint32_t i = 0; i < n; i++) {
            const struct way *first = &m->lifecycles[k]->way[loop[i].way[0]];
            const struct way *last =
                &m->lifecycles[k]->way[loop[i].way[loop[i].way_n - 1]];

            struct buf met = {};
            bool ok;

            buf_add(&met, catalog_customer_id(snapshot_catalog(engine_snapshot(x->e)),
                                              loop[i].customer));
            if (met.n > 40)
                met.n = 0;
            buf_add(&met, STR(" on "));
            moment_print_day(&met, m->workspace.zone, loop[i].at_ms);
            ok = !met.failed
                     ? lint_find(x->l, first->when->line, first->when->column,
                                 "a loop of %u moves, this one and that in line %d "
                                 "among them, met first by customer %.*s: they undo "
                                 "one another and are not made; leave a gap between "
                                 "the way in and the way out",
                                 loop[i].way_n, last->when->line, STR_FMT(buf_str(&met)))
                     : err_nomem(x->l->err);
            buf_free(&met);
            if (!ok)
                return false;
        }
    }
    return true;
}

static bool begin(struct look *x)
{
    const struct model *m = x->l->model;
    uint32_t n = m->segments->segment_n;

    x->times_in = arena_array(x->l->arena, uint32_t, m->lifecycle->stage_n);
    x->members = arena_array(x->l->arena, uint64_t, n);
    x->set = arena_array(x->l->arena, uint64_t, n);
    if (!x->times_in || !x->members || !x->set)
        return err_nomem(x->l->err);
    return lives_new(m->lifecycles, m->lifecycle_n, m->program, &x->lives, x->l->err)
           && cursor_new(m->program, &x->cursor, x->l->err);
}

bool engine_lint(const struct engine *e, const struct model *m, int64_t now_ms,
                 struct arena *a, const struct finding **out, uint32_t *n,
                 struct err *err)
{
    struct lint l = {.model = m, .lifecycle = m->lifecycle, .arena = a, .err = err};
    struct look x = {.l = &l, .e = e};
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    bool ok = lint_text(&l);

    if (ok && facts.events && facts.first_ms <= now_ms) {
        x.at_ms = zone_day(m->workspace.zone, facts.last_ms, 1);
        if (x.at_ms > now_ms)
            x.at_ms = now_ms;
        ok = begin(&x) && look_at_rules(&x) && look_at_everybody(&x) && find_segments(&x)
             && find_loops(&x);
        lives_free(x.lives);
        cursor_free(x.cursor);
    }
    return lint_give(&l, ok, out, n);
}
