/* replay.c - one customer's history, in one pass over his timeline.
 *
 * Rules are asked at his first instant and at wakes, moments at which an answer may change, by
 * time alone or by an event: cursor_ask_ahead looks for them in the events to come, so that
 * instants which change no answer are passed over. Within an instant the stages passed form a
 * path:
 *
 *     path[0]  the stage held when the instant began, or `start` at his first instant
 *     path[i]  the stage entered by path[i].way; it counts as entered now
 *
 * (1) A way out of path[n-1] that is true leads on. Into a stage that is not in the path: the
 *     path grows. Into path[i]: what came after path[i] is undone, the path is cut behind it,
 *     and asking ends (the loop guard). What is left of the path has become moves.
 * (2) path[i].stays_until_ms is the least moment that cursor_ask_ahead gave over the ways asked
 *     out of path[i], which are those up to the first true one, or all. Before it the same ways
 *     are true of the same stage entered at the same time, whatever events come.
 * (3) No loop: nothing was true out of the last stage, so before its stays_until_ms asking
 *     again would move nobody. It is the next wake.
 * (4) A loop back to path[i]: asked again one millisecond later, the path begins at path[i],
 *     as it stands, with the same previous stage and the same counts. The stages that were
 *     undone are entered a millisecond later than before: their time_in_stage is 0 again, and
 *     their `stage` windows begin later, which tells only when this instant has events. So
 *       - with events, the next wake is the next millisecond;
 *       - without, the loop closes again at every millisecond before the next event and the
 *         least stays_until_ms over path[i] and all that was undone. That is the next wake.
 *         (What stays until a time_in_stage grows in an undone stage wakes too early, never
 *         too late.)
 * (5) A move in a lifecycle above is a wake too; the stages above are those after the moves of
 *     the moment. Whether the lifecycle is for the customer is asked before the ways: out of
 *     it the path is empty, and he comes in again as at first, but for times_in.
 * (6) Each wake is later than the instant that set it. Wakes that neither
 *     move nor loop are as few as the changes of all terms; those that do are counted, and
 *     too many of them without an event between are refused, since ways that swap two stages
 *     every second would fill the memory. */
#include "lifecycle/lifecycle.h"

#include <assert.h>
#include <string.h>

struct step {
    uint16_t stage, way;
    int64_t stays_until_ms;
};

/* The ways out of a stage. */
struct exits {
    const struct rule_ref *rule;
    const uint16_t *way;
    uint32_t n;
};

struct replay {
    const struct lifecycle *l;
    struct cursor *cursor;
    struct exits *exits; /* by stage */
    struct arena arena;  /* of the exits */
    uint32_t *times_in;
    struct step *path;
    uint32_t path_n;
    uint16_t *place; /* by stage: 1 + its place in the path, 0: none */
    uint16_t *cycle; /* the ways of a loop */

    /* The customer */
    const struct timeline *timeline;
    const struct beside *above;           /* his moves in the lifecycles above ... */
    size_t above_seen[LIFECYCLES_MAX];    /* ... up to the present moment, */
    uint16_t above_stage[LIFECYCLES_MAX]; /* and where they led him */
    size_t moved;                         /* the moves of all before him */
    uint32_t seen;                        /* his events up to the last loop */
    uint32_t looping;                     /* loops since the last of them */
    struct situation situation;           /* in the stage that is asked */
    uint16_t previous_stage;              /* of path[0] */
    int64_t entered_ms;                   /* path[0] */
};

void moves_free(struct moves *m)
{
    mem_free(m->move);
    mem_free(m->loop);
    arena_free(&m->arena);
    *m = (struct moves){};
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    cursor_free(r->cursor);
    arena_free(&r->arena);
    mem_free(r->times_in);
    mem_free(r->path);
    mem_free(r->place);
    mem_free(r->cycle);
    mem_free(r);
}

static bool list_exits(struct replay *r, struct err *err)
{
    const struct lifecycle *l = r->l;

    r->exits = arena_array(&r->arena, struct exits, l->stage_n);
    for (uint32_t s = 0; r->exits && s < l->stage_n; s++) {
        uint32_t n = l->out_n[s];
        struct rule_ref *rule = arena_array(&r->arena, struct rule_ref, n);

        if (!rule)
            return err_nomem(err);
        for (uint32_t i = 0; i < n; i++)
            rule[i] = l->way[l->out[s][i]].rule;
        r->exits[s] = (struct exits){rule, l->out[s], n};
    }
    return r->exits || err_nomem(err);
}

/* The cursor lists what this lifecycle's rules look at alone. */
static bool limit(struct replay *r, const struct program *p, struct err *err)
{
    uint32_t n = r->l->way_n;
    struct rule_ref *rule = arena_array(&r->arena, struct rule_ref, n + 1);
    struct sights *sights;
    bool ok;

    if (!rule)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        rule[i] = r->l->way[i].rule;
    if (r->l->has_for)
        rule[n++] = r->l->for_rule;
    if (!sights_new(p, rule, n, &sights, err))
        return false;
    ok = cursor_limit(r->cursor, sights, NULL, n, err);
    sights_free(sights);
    return ok;
}

bool replay_new(const struct lifecycle *l, const struct program *p, struct replay **out,
                struct err *err)
{
    struct replay *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->l = l;
    if (!list_exits(r, err) || !cursor_new(p, &r->cursor, err) || !limit(r, p, err)) {
        replay_free(r);
        return false;
    }
    r->times_in = mem_alloc(l->stage_n * sizeof *r->times_in);
    r->path = mem_alloc(l->stage_n * sizeof *r->path);
    r->place = mem_alloc(l->stage_n * sizeof *r->place);
    r->cycle = mem_alloc(l->stage_n * sizeof *r->cycle);
    if (!r->times_in || !r->path || !r->place || !r->cycle) {
        replay_free(r);
        return err_nomem(err);
    }
    *out = r;
    return true;
}

static void step_into(struct replay *r, uint16_t stage, uint16_t way)
{
    struct step *step = &r->path[r->path_n++];

    step->stage = stage;
    step->way = way;
    r->place[stage] = (uint16_t)r->path_n;
    r->times_in[stage]++;
}

static void undo_behind(struct replay *r, uint32_t n)
{
    while (r->path_n > n) {
        uint16_t stage = r->path[--r->path_n].stage;

        r->place[stage] = 0;
        r->times_in[stage]--;
    }
}

/* The first way out of the path's last stage that is true, or WAY_START: none is. */
static uint16_t ask(struct replay *r, int64_t at_ms)
{
    struct step *last = &r->path[r->path_n - 1];
    const struct exits *exits = &r->exits[last->stage];
    struct situation *s = &r->situation;
    uint32_t first;

    s->at_ms = at_ms;
    s->stage = last->stage;
    s->previous_stage = r->path_n > 1 ? last[-1].stage : r->previous_stage;
    s->entered_ms = r->path_n > 1 ? at_ms : r->entered_ms;
    first = cursor_ask_ahead(r->cursor, exits->rule, exits->n, s, &last->stays_until_ms);
    return first < exits->n ? exits->way[first] : WAY_START;
}

/* Room for n items of `size` bytes; false when memory ran out. */
static bool grow(void *array, size_t n, size_t *cap, size_t size)
{
    void **items = array, *more;
    size_t wanted = *cap ? *cap : 16;

    if (n <= *cap)
        return true;
    while (wanted < n)
        wanted *= 2;
    more = mem_resize(*items, wanted * size);
    if (!more)
        return false;
    *items = more;
    *cap = wanted;
    return true;
}

static bool moves_room(struct moves *m, size_t n, struct err *err)
{
    return m->n + n <= m->cap || grow(&m->move, m->n + n, &m->cap, sizeof *m->move)
           || err_nomem(err);
}

/* Field by field: what was written in pieces and is read whole at once makes a processor wait. */
static inline void add(struct moves *m, int64_t at_ms, uint16_t from, uint16_t to,
                       uint16_t way)
{
    struct move *move = &m->move[m->n++];

    move->at_ms = at_ms;
    move->from = from;
    move->to = to;
    move->way = way;
}

/* The ways that lead from path[from] round to it again, the last of them being `last`. */
static uint32_t gather_cycle(struct replay *r, uint32_t from, uint16_t last)
{
    uint32_t n = r->path_n - from, least = 0;

    for (uint32_t i = 0; i < n; i++) {
        r->cycle[i] = i + 1 < n ? r->path[from + 1 + i].way : last;
        if (r->cycle[i] < r->cycle[least])
            least = i;
    }
    /* The same ring may be entered at any of its stages. */
    for (; least > 0; least--) {
        uint16_t first = r->cycle[0];

        memmove(r->cycle, r->cycle + 1, (n - 1) * sizeof *r->cycle);
        r->cycle[n - 1] = first;
    }
    return n;
}

static bool report_loop(struct replay *r, uint32_t n, int64_t at_ms, uint32_t customer,
                        struct moves *out, struct err *err)
{
    size_t cap = out->loop_cap;
    uint16_t *way;

    for (uint32_t i = 0; i < out->loop_n; i++) {
        struct loop *known = &out->loop[i];

        if (known->way_n == n
            && memcmp(known->way, r->cycle, n * sizeof *known->way) == 0) {
            known->times++;
            return true;
        }
    }
    if (out->loop_n == LOOPS_MAX)
        return true;
    way = arena_array(&out->arena, uint16_t, n);
    if (!way || !grow(&out->loop, out->loop_n + 1, &cap, sizeof *out->loop))
        return err_nomem(err);
    out->loop_cap = (uint32_t)cap;
    memcpy(way, r->cycle, n * sizeof *way);
    out->loop[out->loop_n++] = (struct loop){at_ms, customer, 1, way, n};
    return true;
}

/* Events that came since the last loop let him go round by time alone anew. */
static void count_loop(struct replay *r, int64_t at_ms)
{
    uint32_t seen = timeline_until(r->timeline, r->seen, at_ms);

    if (seen > r->seen)
        r->looping = 0;
    r->looping++;
    r->seen = seen;
}

/* Did no event come before or between his last moves, and those were too many? */
static bool is_restless(const struct replay *r, int64_t at_ms, const struct moves *m)
{
    uint32_t seen;

    if (m->n - r->moved <= RESTLESS_MAX)
        return false;
    seen = timeline_until(r->timeline, r->seen, at_ms);
    return m->move[m->n - 1 - RESTLESS_MAX].at_ms >= r->timeline->at_ms[seen - 1];
}

/* When the loop that closed at this instant is to be looked at again, for all that events do. */
static int64_t after_loop(const struct replay *r, int64_t at_ms)
{
    const struct timeline *t = r->timeline;

    if (r->seen > 0 && t->at_ms[r->seen - 1] == at_ms)
        return at_ms + 1;
    return r->seen < t->n ? t->at_ms[r->seen] : MOMENT_NEVER;
}

/* Asks from path[0] on; the path is then that of the moves which stay. */
static bool walk(struct replay *r, int64_t at_ms, struct moves *out, int64_t *wake_ms,
                 struct err *err)
{
    for (;;) {
        uint16_t way = ask(r, at_ms), to;
        uint32_t back;

        if (way == WAY_START) {
            *wake_ms = r->path[r->path_n - 1].stays_until_ms;
            return true;
        }
        to = r->l->way[way].to;
        if (!r->place[to]) {
            step_into(r, to, way);
            continue;
        }
        back = r->place[to] - 1u;
        count_loop(r, at_ms);
        *wake_ms = after_loop(r, at_ms);
        for (uint32_t i = back; i < r->path_n; i++)
            if (r->path[i].stays_until_ms < *wake_ms)
                *wake_ms = r->path[i].stays_until_ms;
        if (!report_loop(r, gather_cycle(r, back, way), at_ms, r->timeline->customer, out,
                         err))
            return false;
        undo_behind(r, back + 1);
        return true;
    }
}

/* The path's moves, and its last stage as the only one. */
static bool take_moves(struct replay *r, int64_t at_ms, struct moves *out,
                       struct err *err)
{
    uint32_t n = r->path_n;

    if (n == 1)
        return true;
    if (!moves_room(out, n - 1, err))
        return false;
    for (uint32_t i = 1; i < n; i++) {
        uint16_t from = r->path[i - 1].stage;

        add(out, at_ms, from, r->path[i].stage, r->path[i].way);
        r->place[from] = 0;
    }
    r->previous_stage = r->path[n - 2].stage;
    r->entered_ms = at_ms;
    r->path[0].stage = r->path[n - 1].stage; /* the rest is of the instant */
    r->path_n = 1;
    r->place[r->path[0].stage] = 1;
    return true;
}

static bool enter_start(struct replay *r, int64_t at_ms, struct moves *out,
                        struct err *err)
{
    if (!moves_room(out, 1, err))
        return false;
    r->previous_stage = STAGE_NONE;
    r->entered_ms = at_ms;
    step_into(r, r->l->start, WAY_START);
    add(out, at_ms, STAGE_NONE, r->l->start, WAY_START);
    return true;
}

static bool leave(struct replay *r, int64_t at_ms, struct moves *out, struct err *err)
{
    uint16_t stage = r->path[0].stage;

    if (!moves_room(out, 1, err))
        return false;
    r->place[stage] = 0;
    r->path_n = 0;
    add(out, at_ms, stage, STAGE_NONE, WAY_OUT);
    return true;
}

static bool refuse_restless(const struct replay *r, struct err *err)
{
    uint16_t last = r->path_n ? r->path[0].stage : r->l->start;
    str stage = r->l->stage[last].name;

    return err_set(
        err, ERR_LIMIT,
        "by time alone, without an event, a customer is led to and fro thousands "
        "of times, at last out of \"%.*s\": look at the moves that ask for "
        "time_in_stage, and at those that undo one another",
        STR_FMT(stage));
}

/* Sees the moves above up to at_ms. When the next of them comes. */
static int64_t see_above(struct replay *r, int64_t at_ms)
{
    int64_t next_ms = MOMENT_NEVER;

    for (uint32_t i = 0; i < r->situation.above_n; i++) {
        const struct beside *of = &r->above[i];
        size_t *seen = &r->above_seen[i];

        for (; *seen < of->n && of->move[*seen].at_ms <= at_ms; ++*seen)
            r->above_stage[i] = of->move[*seen].to;
        if (*seen < of->n && of->move[*seen].at_ms < next_ms)
            next_ms = of->move[*seen].at_ms;
    }
    return next_ms;
}

/* Is the lifecycle for him, and until when does that stay so? */
static bool ask_for(struct replay *r, int64_t at_ms, int64_t *until_ms)
{
    struct situation s = {.at_ms = at_ms,
                          .stage = STAGE_NONE,
                          .previous_stage = STAGE_NONE,
                          .times_in = r->times_in,
                          .above = r->above_stage,
                          .above_n = r->situation.above_n};

    return cursor_ask_ahead(r->cursor, &r->l->for_rule, 1, &s, until_ms) == 0;
}

/* One instant, and the moment of the next. */
static bool live(struct replay *r, int64_t at_ms, struct moves *out, int64_t *wake_ms,
                 struct err *err)
{
    int64_t above_ms = see_above(r, at_ms), for_ms = MOMENT_NEVER,
            stage_ms = MOMENT_NEVER;

    if (!r->l->has_for || ask_for(r, at_ms, &for_ms)) {
        if ((!r->path_n && !enter_start(r, at_ms, out, err))
            || !walk(r, at_ms, out, &stage_ms, err) || !take_moves(r, at_ms, out, err))
            return false;
    } else if (r->path_n && !leave(r, at_ms, out, err)) {
        return false;
    }
    *wake_ms = above_ms < for_ms ? above_ms : for_ms;
    if (stage_ms < *wake_ms)
        *wake_ms = stage_ms;
    return (!is_restless(r, at_ms, out) && r->looping <= LOOPING_MAX)
           || refuse_restless(r, err);
}

static void begin(struct replay *r, const struct timeline *t, const struct beside *above,
                  uint32_t above_n)
{
    assert(above_n <= LIFECYCLES_MAX);
    r->timeline = t;
    r->above = above;
    r->situation.times_in = r->times_in;
    r->situation.above = r->above_stage;
    r->situation.above_n = above_n;
    for (uint32_t i = 0; i < above_n; i++) {
        r->above_seen[i] = 0;
        r->above_stage[i] = STAGE_NONE;
    }
    r->seen = r->looping = r->path_n = 0;
    memset(r->times_in, 0, r->l->stage_n * sizeof *r->times_in);
    memset(r->place, 0, r->l->stage_n * sizeof *r->place);
}

bool replay_beside(struct replay *r, const struct timeline *t, const struct beside *above,
                   uint32_t above_n, int64_t until_ms, struct moves *out,
                   int64_t *next_ms, struct err *err)
{
    int64_t at_ms = t->n ? t->at_ms[0] : MOMENT_NEVER;
    size_t before = out->n;
    bool ok = cursor_start(r->cursor, t, err);

    begin(r, t, above, above_n);
    r->moved = before;
    while (ok && at_ms <= until_ms && at_ms != MOMENT_NEVER)
        ok = live(r, at_ms, out, &at_ms, err);
    *next_ms = at_ms;
    if (!ok)
        out->n = before;
    return ok;
}
