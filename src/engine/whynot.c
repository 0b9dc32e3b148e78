/* whynot.c - a chunk is made of the customer's events and NEEDED_MAX more of one kind, all at the
 * moment looked at; a timeline that is cut behind the first n of them is the life in which n more
 * happened. Where something of his happened at that very moment, they happen a millisecond later:
 * else they would change what has been decided already. */
#include "engine/whynot.h"

#include "engine/scan.h"
#include "lifecycle/lives.h"

#include <stdio.h>
#include <string.h>

/* Events walked over for one customer, about. */
#define EFFORT_MAX (UINT64_C(1) << 24)

struct what_if {
    const struct whynot *w;
    const struct lifecycle *lifecycle;
    int64_t at_ms;
    struct chunk *own, *with; /* his alone; his with NEEDED_MAX more */
    struct timeline t;        /* of .with */
    struct cursor *cursor;
    struct lives *lives; /* in his lifecycle, and those above it */
    uint32_t *times_in;
    uint64_t effort;
    struct arena arena; /* of the events tried */
};

static void what_if_free(struct what_if *t)
{
    lives_free(t->lives);
    cursor_free(t->cursor);
    chunk_free(t->with);
    chunk_free(t->own);
    arena_free(&t->arena);
}

static bool what_if_init(struct what_if *t, const struct whynot *w, struct err *err)
{
    const struct model *m = engine_model(w->engine);

    *t = (struct what_if){
        .w = w, .lifecycle = w->view->lifecycle, .at_ms = w->view->at_ms};
    if ((w->t.n && w->t.at_ms[w->t.n - 1] == t->at_ms)
        || (w->move_n && w->move[w->move_n - 1].at_ms == t->at_ms))
        t->at_ms++;
    t->times_in = arena_array(w->a, uint32_t, t->lifecycle->stage_n);
    if (!t->times_in)
        return err_nomem(err);
    return snapshot_customer(engine_snapshot(w->engine), w->customer, &t->own, err)
           && cursor_new(m->program, &t->cursor, err)
           && lives_new(m->lifecycles, t->lifecycle->number + 1u, m->program, &t->lives,
                        err);
}

/* --- the events that did not happen --- */

/* All that the event says, but for traits. */
static bool copy_properties(struct what_if *t, uint32_t place, struct event *to,
                            struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(t->w->engine));
    struct property *p = arena_array(&t->arena, struct property, catalog->column_n + 1);

    to->property = p;
    if (!p)
        return err_nomem(err);
    for (uint32_t c = 0;; c++) {
        struct property *one = &p[to->property_n];

        if (!chunk_next_column(t->w->t.chunk, c, &c, err))
            return false;
        if (c == COLUMN_NONE)
            return true;
        if (catalog->column[c].trait)
            continue;
        one->name = catalog->column[c].name;
        if (!timeline_value(&t->w->t, c, place, &t->arena, &one->value, err))
            return false;
        to->property_n += one->value.type != VALUE_MISSING;
    }
}

static bool make_events(struct what_if *t, const struct looked_at *kind,
                        struct event event[NEEDED_MAX], struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(t->w->engine));
    bool like = kind->last != EVENT_NONE;
    struct event one = {
        .at_ms = t->at_ms,
        .customer = catalog_customer_key(catalog, t->w->customer),
        .type =
            text_table_get(&catalog->type, like ? t->w->t.type[kind->last] : kind->type),
    };

    if (like && !copy_properties(t, kind->last, &one, err))
        return false;
    for (uint32_t i = 0; i < NEEDED_MAX; i++) {
        char id[40];
        int n = snprintf(id, sizeof id, "what-if-%08x-%02u", t->w->customer, i);

        event[i] = one;
        event[i].id = arena_str(&t->arena, (str){id, (size_t)n});
        if (!event[i].id.p)
            return err_nomem(err);
    }
    return true;
}

/* Another kind of event takes the last one's place. *possible is false when none of it can be
 * made, or not at this moment. */
static bool turn_to(struct what_if *t, const struct looked_at *kind, bool *possible,
                    struct err *err)
{
    const struct whynot *w = t->w;
    struct event event[NEEDED_MAX];

    chunk_free(t->with);
    t->with = NULL;
    arena_reset(&t->arena);
    *possible = kind->last != EVENT_NONE || kind->type != TYPE_NONE;
    if (!*possible)
        return true;
    if (!make_events(t, kind, event, err)
        || !chunk_build(snapshot_catalog(engine_snapshot(w->engine)), t->own, w->customer,
                        event, NEEDED_MAX, &t->with, err))
        return false;
    t->t = timeline_of(t->with, w->customer);
    /* They stand behind all that is known, unless something known happens then, too. */
    *possible =
        t->t.n >= w->t.n + NEEDED_MAX && t->t.at_ms[w->t.n + NEEDED_MAX - 1] == t->at_ms
        && (t->t.n == w->t.n + NEEDED_MAX || t->t.at_ms[w->t.n + NEEDED_MAX] > t->at_ms);
    return true;
}

/* --- what they do --- */

/* Does the rule become true with the first n of them? Asked first, since it is soon answered. */
static bool rule_fits(struct what_if *t, const struct way *way, uint32_t n, bool *fits,
                      struct err *err)
{
    const struct whynot *w = t->w;
    struct timeline life = t->t;
    struct situation s;

    /* The events may move him in a lifecycle above, which the rule may name. */
    *fits = t->lifecycle->number > 0;
    if (*fits)
        return true;
    life.n = w->t.n + n;
    t->effort += life.n;
    if (!cursor_start(t->cursor, &life, err))
        return false;
    situation_of(t->lifecycle, w->move, w->move_n, t->at_ms, t->times_in, &s);
    *fits = cursor_ask(t->cursor, way->rule, &s).value.truth;
    return true;
}

/* Does he then go that way? Another way that stands above it may be taken instead. */
static bool goes(struct what_if *t, const struct way *way, uint32_t n, bool *does,
                 struct err *err)
{
    const struct whynot *w = t->w;
    const struct beside *moves = &lives_moves(t->lives)[t->lifecycle->number];
    struct timeline life = t->t;
    int64_t next_ms;

    life.n = w->t.n + n;
    t->effort += life.n;
    if (!lives_replay(t->lives, &life, t->at_ms, &next_ms, err))
        return false;
    *does = moves->n > w->move_n && moves->move[w->move_n].way == way - t->lifecycle->way;
    return true;
}

/* The least number, 0: there is none. */
static bool find_number(struct what_if *t, const struct way *way, uint32_t *out,
                        struct err *err)
{
    *out = 0;
    for (uint32_t n = 0; n <= NEEDED_MAX && t->effort < EFFORT_MAX; n++) {
        bool fits, does;

        if (!rule_fits(t, way, n, &fits, err) || (fits && !goes(t, way, n, &does, err)))
            return false;
        if (fits && does) {
            *out = n;
            return true;
        }
    }
    return true;
}

/* The kinds of events that the way's rule looks at and, when it may name the stage in a lifecycle
 * above, those that lead him out of his stage there. */
struct kinds {
    struct looked_at *of;
    uint32_t n, cap;
};

static bool add_kinds(const struct what_if *t, struct rule_ref rule, struct kinds *k,
                      struct err *err)
{
    struct arena *a = t->w->a;
    const struct looked_at *more;
    uint32_t n, known;

    if (!cursor_looks_at(t->w->cursor, rule, a, &more, &n, err))
        return false;
    if (k->n + n > k->cap) {
        struct looked_at *of = arena_array(a, struct looked_at, 2 * (size_t)(k->n + n));

        if (!of)
            return err_nomem(err);
        if (k->n)
            memcpy(of, k->of, k->n * sizeof *of);
        k->of = of;
        k->cap = 2 * (k->n + n);
    }
    for (uint32_t i = 0; i < n; i++) {
        for (known = 0; known < k->n; known++)
            if (str_eq(k->of[known].event, more[i].event)
                && k->of[known].last == more[i].last)
                break;
        if (known == k->n)
            k->of[k->n++] = more[i];
    }
    return true;
}

static bool find_kinds(const struct what_if *t, const struct way *way, struct kinds *k,
                       struct err *err)
{
    const struct model *m = engine_model(t->w->engine);
    uint16_t stage[LIFECYCLES_MAX];

    if (!add_kinds(t, way->rule, k, err))
        return false;
    if (!t->lifecycle->number || !program_needs_stage(m->program, way->rule))
        return true;
    engine_above(t->w->engine, t->w->customer, t->w->view->at_ms, stage);
    for (uint32_t i = 0; i < t->lifecycle->number; i++) {
        const struct lifecycle *l = m->lifecycles[i];

        for (uint32_t o = 0; stage[i] != STAGE_NONE && o < l->out_n[stage[i]]; o++)
            if (!add_kinds(t, l->way[l->out[stage[i]][o]].rule, k, err))
                return false;
    }
    return true;
}

static bool fill_one(struct what_if *t, struct way_view *way, struct err *err)
{
    const struct whynot *w = t->w;
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(w->engine));
    struct event_needed *needed;
    struct kinds kinds = {};

    if (!find_kinds(t, way->way, &kinds, err))
        return false;
    way->needed = needed = arena_array(w->a, struct event_needed, (size_t)kinds.n + 1);
    if (!needed)
        return err_nomem(err);
    for (uint32_t i = 0; i < kinds.n; i++) {
        const struct looked_at *kind = &kinds.of[i];
        struct event_needed one = {kind->event, 0, kind->last};
        bool possible;

        /* Not every event would do: the one that is tried is named. */
        if (one.like == EVENT_NONE && kind->type != TYPE_NONE
            && str_eq(one.event, STR("any")))
            one.event = text_table_get(&catalog->type, kind->type);
        if (!turn_to(t, kind, &possible, err)
            || (possible && !find_number(t, way->way, &one.times, err)))
            return false;
        if (one.times)
            needed[way->needed_n++] = one;
    }
    return true;
}

bool whynot_fill(const struct whynot *w, struct way_view *way, uint32_t n,
                 struct err *err)
{
    struct what_if t;
    bool ok = what_if_init(&t, w, err);

    for (uint32_t i = 0; ok && i < n; i++)
        ok = fill_one(&t, &way[i], err);
    what_if_free(&t);
    return ok;
}
