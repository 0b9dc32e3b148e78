#include "engine/members.h"

#include <stdlib.h>
#include <string.h>

struct members {
    const struct model *model;
    struct cursor *cursor;
    struct sights *sights;
    uint32_t n;            /* segments */
    struct rule_ref *rule; /* by segment, likewise all that follows */
    bool *by_stage;
    bool *marked;
    bool *in;
    int64_t *wake;
    uint32_t *asked, asked_n; /* those that are asked of the customer */
    uint32_t *heap, heap_n;   /* those whose wake is to come, the first on top */
    bool is_limited;          /* the cursor lists what .asked look at, not all */
    uint64_t questions;

    /* Where he stands */
    struct situation situation;
    uint32_t *times_in;
    uint16_t above[LIFECYCLES_MAX];
    size_t seen[LIFECYCLES_MAX]; /* moves up to the present moment */
};

void members_free(struct members *s)
{
    if (!s)
        return;
    cursor_free(s->cursor);
    sights_free(s->sights);
    mem_free(s->rule);
    mem_free(s->by_stage);
    mem_free(s->marked);
    mem_free(s->in);
    mem_free(s->wake);
    mem_free(s->asked);
    mem_free(s->heap);
    mem_free(s->times_in);
    mem_free(s);
}

bool members_new(const struct model *m, struct members **out, struct err *err)
{
    struct members *s = mem_alloc(sizeof *s);
    uint32_t n = m->segments->segment_n;

    if (!s)
        return err_nomem(err);
    s->model = m;
    s->n = n;
    s->rule = mem_alloc(n * sizeof *s->rule);
    s->by_stage = mem_alloc(n * sizeof *s->by_stage);
    s->marked = mem_alloc(n * sizeof *s->marked);
    s->in = mem_alloc(n * sizeof *s->in);
    s->wake = mem_alloc(n * sizeof *s->wake);
    s->asked = mem_alloc(n * sizeof *s->asked);
    s->heap = mem_alloc(n * sizeof *s->heap);
    s->times_in = mem_alloc(m->lifecycle->stage_n * sizeof *s->times_in);
    if (!s->rule || !s->by_stage || !s->marked || !s->in || !s->wake || !s->asked
        || !s->heap || !s->times_in) {
        members_free(s);
        return err_nomem(err);
    }
    for (uint32_t i = 0; i < n; i++) {
        s->rule[i] = m->segments->segment[i].rule;
        s->by_stage[i] = program_needs_stage(m->program, s->rule[i]);
    }
    if (!sights_new(m->program, s->rule, n, &s->sights, err)
        || !cursor_new(m->program, &s->cursor, err)
        || !cursor_limit(s->cursor, s->sights, NULL, n, err)) {
        members_free(s);
        return false;
    }
    *out = s;
    return true;
}

uint64_t members_asked(const struct members *s)
{
    return s->questions;
}

/* --- which are asked, and from when on --- */

/* The first moment at which the two lists of moves are not the same. */
static int64_t first_other(const struct beside *a, const struct beside *b)
{
    size_t i = 0;
    int64_t of_a, of_b;

    while (i < a->n && i < b->n && a->move[i].at_ms == b->move[i].at_ms
           && a->move[i].from == b->move[i].from && a->move[i].to == b->move[i].to)
        i++;
    of_a = i < a->n ? a->move[i].at_ms : MOMENT_NEVER;
    of_b = i < b->n ? b->move[i].at_ms : MOMENT_NEVER;
    return of_a < of_b ? of_a : of_b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Marks the segments that may be other than before from *from_ms on. */
static bool mark_touched(struct members *s, const struct timeline *t,
                         const struct beside *lives, const struct members_before *before,
                         int64_t until_ms, int64_t *from_ms, struct err *err)
{
    int64_t other_ms = MOMENT_NEVER;

    memset(s->marked, 0, s->n * sizeof *s->marked);
    *from_ms = MOMENT_NEVER;
    if (!before || !before->event_n
        || (before->event_n != t->n
            && timeline_until(t, 0, before->last_ms) != before->event_n)) {
        memset(s->marked, true, s->n * sizeof *s->marked);
        *from_ms = MOMENT_MIN;
        return true;
    }
    if (before->event_n < t->n) {
        *from_ms = t->at_ms[before->event_n];
        if (!sights_mark(s->sights, t, before->event_n, s->marked, err))
            return false;
    }
    for (uint32_t l = 0; l < s->model->lifecycle_n; l++)
        other_ms = earlier(other_ms, first_other(&before->lives[l], &lives[l]));
    for (uint32_t i = 0; other_ms != MOMENT_NEVER && i < s->n; i++)
        s->marked[i] |= s->by_stage[i];
    *from_ms = earlier(*from_ms, other_ms);
    if (before->next_ms <= until_ms)
        memset(s->marked, true, s->n * sizeof *s->marked);
    /* New events may come behind one of the others that is still to come. */
    *from_ms = earlier(*from_ms, before->next_ms);
    return true;
}

static bool choose(struct members *s, const struct timeline *t,
                   const struct beside *lives, const struct members_before *before,
                   int64_t until_ms, int64_t *from_ms, struct err *err)
{
    bool all;

    if (!mark_touched(s, t, lives, before, until_ms, from_ms, err))
        return false;
    s->asked_n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->marked[i])
            s->asked[s->asked_n++] = i;
    all = s->asked_n == s->n;
    if (!s->asked_n || (all && !s->is_limited))
        return true;
    s->is_limited = !all;
    return cursor_limit(s->cursor, s->sights, s->asked, s->asked_n, err);
}

/* --- the segments whose wake is to come --- */

static bool is_before(const struct members *s, uint32_t a, uint32_t b)
{
    return s->wake[a] != s->wake[b] ? s->wake[a] < s->wake[b] : a < b;
}

static void sink(struct members *s, uint32_t at)
{
    uint32_t segment = s->heap[at], child;

    while ((child = 2 * at + 1) < s->heap_n) {
        if (child + 1 < s->heap_n && is_before(s, s->heap[child + 1], s->heap[child]))
            child++;
        if (!is_before(s, s->heap[child], segment))
            break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = segment;
}

/* All that are asked wake at once: in their order they are a heap. */
static void wake_all(struct members *s, int64_t at_ms)
{
    s->heap_n = s->asked_n;
    for (uint32_t i = 0; i < s->asked_n; i++) {
        s->heap[i] = s->asked[i];
        s->wake[s->asked[i]] = at_ms;
    }
}

/* --- where he stands --- */

static void stand_nowhere(struct members *s)
{
    memset(s->times_in, 0, s->model->lifecycle->stage_n * sizeof *s->times_in);
    s->situation = (struct situation){.stage = STAGE_NONE,
                                      .previous_stage = STAGE_NONE,
                                      .times_in = s->times_in,
                                      .above = s->above,
                                      .above_n = s->model->lifecycle_n};
    for (uint32_t l = 0; l < s->model->lifecycle_n; l++) {
        s->above[l] = STAGE_NONE;
        s->seen[l] = 0;
    }
}

static void take_move(struct members *s, const struct move *move)
{
    s->situation.stage = move->to;
    s->situation.previous_stage = move->to == STAGE_NONE ? STAGE_NONE : move->from;
    s->situation.entered_ms = move->at_ms;
    if (move->to != STAGE_NONE)
        s->times_in[move->to]++;
}

/* After the moves up to at_ms. When the next of them comes. */
static int64_t stand_at(struct members *s, const struct beside *lives, int64_t at_ms)
{
    int64_t next_ms = MOMENT_NEVER;

    s->situation.at_ms = at_ms;
    for (uint32_t l = 0; l < s->model->lifecycle_n; l++) {
        const struct beside *of = &lives[l];
        size_t *seen = &s->seen[l];

        for (; *seen < of->n && of->move[*seen].at_ms <= at_ms; ++*seen) {
            s->above[l] = of->move[*seen].to;
            if (l == 0)
                take_move(s, &of->move[*seen]);
        }
        if (*seen < of->n)
            next_ms = earlier(next_ms, of->move[*seen].at_ms);
    }
    return next_ms;
}

/* --- what changes --- */

static bool append(struct moves *m, const struct move *change, struct err *err)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 16;
        struct move *more = mem_resize(m->move, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        m->move = more;
        m->cap = cap;
    }
    m->move[m->n++] = *change;
    return true;
}

/* What stays of what was: all of those that are not asked, and the others' up to from_ms. */
static bool keep(struct members *s, const struct members_before *before, int64_t from_ms,
                 struct moves *out, struct err *err)
{
    memset(s->in, 0, s->n * sizeof *s->in);
    for (size_t i = 0; before && i < before->n; i++) {
        const struct move *change = &before->change[i];

        if (s->marked[change->way] && change->at_ms >= from_ms)
            continue;
        s->in[change->way] = change->to == MEMBER_IN;
        if (!append(out, change, err))
            return false;
    }
    return true;
}

/* The segment on top of the heap, at its wake. */
static bool ask(struct members *s, int64_t moves_ms, struct moves *out, struct err *err)
{
    uint32_t segment = s->heap[0];
    int64_t at_ms = s->wake[segment];
    bool in = cursor_ask_ahead(s->cursor, &s->rule[segment], 1, &s->situation,
                               &s->wake[segment])
              == 0;

    s->questions++;
    if (s->by_stage[segment])
        s->wake[segment] = earlier(s->wake[segment], moves_ms);
    sink(s, 0);
    if (in == s->in[segment])
        return true;
    s->in[segment] = in;
    return append(out,
                  &(struct move){at_ms, in ? MEMBER_OUT : MEMBER_IN,
                                 in ? MEMBER_IN : MEMBER_OUT, (uint16_t)segment},
                  err);
}

static int by_moment(const void *left, const void *right)
{
    const struct move *a = left, *b = right;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->way > b->way) - (a->way < b->way);
}

static bool live(struct members *s, const struct timeline *t, const struct beside *lives,
                 int64_t from_ms, int64_t until_ms, struct moves *out, struct err *err)
{
    bool ok = cursor_start(s->cursor, t, err);

    stand_nowhere(s);
    wake_all(s, from_ms > t->at_ms[0] ? from_ms : t->at_ms[0]);
    while (ok && s->wake[s->heap[0]] <= until_ms) {
        int64_t at_ms = s->wake[s->heap[0]], moves_ms = stand_at(s, lives, at_ms);

        while (ok && s->wake[s->heap[0]] == at_ms)
            ok = ask(s, moves_ms, out, err);
    }
    return ok;
}

bool members_replay(struct members *s, const struct timeline *t,
                    const struct beside *lives, const struct members_before *before,
                    int64_t until_ms, struct moves *out, int64_t *next_ms,
                    struct err *err)
{
    size_t first = out->n, kept;
    int64_t from_ms;

    *next_ms = MOMENT_NEVER;
    if (!t->n)
        return true;
    if (!choose(s, t, lives, before, until_ms, &from_ms, err)
        || !keep(s, before, from_ms, out, err)) {
        out->n = first;
        return false;
    }
    kept = out->n;
    if (s->asked_n && !live(s, t, lives, from_ms, until_ms, out, err)) {
        out->n = first;
        return false;
    }
    if (kept > first && out->n > kept)
        qsort(out->move + first, out->n - first, sizeof *out->move, by_moment);
    if (s->asked_n)
        *next_ms = s->wake[s->heap[0]];
    if (before && s->asked_n < s->n && before->next_ms < *next_ms)
        *next_ms = before->next_ms;
    return true;
}
