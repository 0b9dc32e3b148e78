#include "twin.h"

#include <stdlib.h>

/* --- moments --- */

void twin_moments_free(struct twin_moments *m)
{
    free(m->at_ms);
    *m = (struct twin_moments){};
}

static void add(struct twin_moments *m, int64_t at_ms)
{
    if (m->n + 2 > m->cap) {
        m->cap = m->cap ? m->cap * 2 : 1024;
        m->at_ms = realloc(m->at_ms, m->cap * sizeof *m->at_ms);
        if (!m->at_ms)
            abort();
    }
    m->at_ms[m->n++] = at_ms;
    m->at_ms[m->n++] = at_ms + 1;
}

static void add_with_lengths(const struct twin *t, struct twin_moments *m, int64_t at_ms)
{
    add(m, at_ms);
    for (int i = 0; i < t->length_n; i++)
        add(m, length_add(t->zone, at_ms, t->length[i]));
}

/* The first moment that is no longer than the length before `end`; adding never goes back. */
static int64_t first_within(const struct twin *t, struct length l, int64_t end)
{
    int64_t low = end - l.ms - (int64_t)l.months * 32 * MS_DAY - 2 * MS_DAY, high = end;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (length_add(t->zone, middle, l) >= end)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void add_of_trait(const struct twin *t, struct twin_moments *m, int64_t at_ms)
{
    add_with_lengths(t, m, at_ms);
    for (int i = 0; i < t->length_n; i++) {
        add(m, first_within(t, t->length[i], at_ms));
        add(m, first_within(t, t->length[i], at_ms + 1));
    }
    for (int year = 1; year <= TWIN_YEARS; year++)
        add_with_lengths(
            t, m, length_add(t->zone, at_ms, (struct length){.months = 12 * year}));
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

void twin_moments(const struct twin *t, const struct twin_customer *c,
                  struct twin_moments *out)
{
    size_t kept = 0;
    struct err ignored;
    int64_t at_ms;

    out->n = 0;
    for (int i = 0; i < c->n; i++) {
        const struct event *e = &c->event[i];

        add_with_lengths(t, out, e->at_ms);
        for (uint32_t k = 0; k < e->trait_n; k++)
            if (e->trait[k].value.type == VALUE_TEXT
                && moment_parse(e->trait[k].value.text, t->zone, &at_ms, &ignored))
                add_of_trait(t, out, at_ms);
    }
    if (out->n)
        qsort(out->at_ms, out->n, sizeof *out->at_ms, by_size);
    for (size_t i = 0; i < out->n; i++)
        if (!kept || out->at_ms[i] != out->at_ms[kept - 1])
            out->at_ms[kept++] = out->at_ms[i];
    out->n = kept;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t twin_next(const struct twin *t, const struct twin_moments *m,
                  const struct twin_where *lives, int64_t after_ms)
{
    int64_t next = MOMENT_NEVER;

    for (size_t i = 0; i < m->n && next == MOMENT_NEVER; i++)
        if (m->at_ms[i] > after_ms)
            next = m->at_ms[i];
    for (int l = 0; l < t->m.life_n; l++)
        for (int i = -1; i < t->length_n && lives[l].stage >= 0; i++) {
            int64_t end = lives[l].entered_ms;

            if (i >= 0)
                end = length_add(t->zone, end, t->length[i]);
            if (end > after_ms)
                next = earlier(next, end);
            if (end + 1 > after_ms)
                next = earlier(next, end + 1);
        }
    return next;
}

/* --- replay --- */

struct replay {
    const struct twin *t;
    const struct twin_customer *c;
    struct twin_where lives[TWIN_LIVES_MAX];
    struct twin_history *out;
    struct twin_membership *members; /* NULL: nobody asks */
    bool in[TWIN_SEGMENTS_MAX + TWIN_MORE_SEGMENTS];
};

bool twin_leads_from(const struct twin_way *way, int stage)
{
    if (!way->from_n)
        return way->to != stage;
    for (int i = 0; i < way->from_n; i++)
        if (way->from[i] == stage)
            return true;
    return false;
}

static bool is_true(const struct replay *r, int life, const struct twin_node *rule,
                    int64_t at_ms)
{
    struct twin_view v = {.t = r->t,
                          .c = r->c,
                          .at_ms = at_ms,
                          .where = &r->lives[life],
                          .lives = r->lives};

    return twin_ask(&v, rule);
}

/* The first way out that is true, or -1. */
static int first_true(const struct replay *r, int life, int64_t at_ms)
{
    const struct twin_life *l = &r->t->m.life[life];

    for (int i = 0; i < l->way_n; i++)
        if (twin_leads_from(&l->way[i], r->lives[life].stage)
            && is_true(r, life, l->way[i].when, at_ms))
            return i;
    return -1;
}

static void take_move(struct replay *r, int life, int64_t at_ms, int to, int way)
{
    struct twin_history *h = &r->out[life];
    struct twin_where *where = &r->lives[life];

    h->restless++;
    h->move[h->n++] = (struct twin_move){at_ms, where->stage, to, way};
    where->previous = to < 0 ? -1 : where->stage;
    where->stage = to;
    where->entered_ms = at_ms;
    if (to >= 0)
        where->times_in[to]++;
}

/* One instant: asks until nothing is true, or until a stage is reached twice. */
static void ask_instant(struct replay *r, int life, int64_t at_ms)
{
    struct twin_where reached[TWIN_STAGES_MAX], *where = &r->lives[life];
    struct twin_history *h = &r->out[life];
    int moves_at[TWIN_STAGES_MAX];
    bool has[TWIN_STAGES_MAX] = {};

    for (;;) {
        int way, to;

        has[where->stage] = true;
        reached[where->stage] = *where;
        moves_at[where->stage] = h->n;
        way = first_true(r, life, at_ms);
        if (way < 0)
            return;
        to = r->t->m.life[life].way[way].to;
        if (has[to]) {
            h->restless++;
            h->loops++;
            h->n = moves_at[to];
            *where = reached[to];
            return;
        }
        take_move(r, life, at_ms, to, way);
    }
}

/* Is it for him? Then the ways are asked. */
static void ask_life(struct replay *r, int life, int64_t at_ms)
{
    const struct twin_node *who = r->t->m.life[life].who;
    bool in = !who || is_true(r, life, who, at_ms);

    if (in && r->lives[life].stage < 0)
        take_move(r, life, at_ms, 0, -1);
    else if (!in && r->lives[life].stage >= 0)
        take_move(r, life, at_ms, -1, -2);
    if (in)
        ask_instant(r, life, at_ms);
}

static void ask_segments(struct replay *r, int64_t at_ms)
{
    for (int i = 0; i < r->t->m.segment_n; i++) {
        bool in = is_true(r, 0, r->t->m.segment[i], at_ms);

        if (in == r->in[i])
            continue;
        if (r->members->n == TWIN_CHANGES_MAX)
            abort();
        r->in[i] = in;
        r->members->change[r->members->n++] = (struct twin_change){at_ms, i, in};
    }
}

void twin_replay(const struct twin *t, const struct twin_customer *c, int64_t until_ms,
                 struct twin_history *out)
{
    twin_replay_members(t, c, until_ms, out, NULL);
}

void twin_replay_members(const struct twin *t, const struct twin_customer *c,
                         int64_t until_ms, struct twin_history *out,
                         struct twin_membership *members)
{
    struct replay r = {.t = t, .c = c, .out = out, .members = members};
    int64_t at_ms = c->n ? c->event[0].at_ms : MOMENT_NEVER;
    struct twin_moments moments = {};
    int restless = 0;

    for (int l = 0; l < t->m.life_n; l++) {
        out[l].n = out[l].restless = out[l].loops = 0;
        r.lives[l].stage = r.lives[l].previous = -1;
    }
    if (members)
        members->n = 0;
    if (at_ms > until_ms)
        return;
    twin_moments(t, c, &moments);
    while (at_ms <= until_ms && restless < TWIN_MOVES_MAX) {
        int64_t next;
        bool moved = false;

        for (int l = 0; l < t->m.life_n; l++) {
            int before = out[l].n;

            ask_life(&r, l, at_ms);
            moved |= out[l].n != before;
            if (out[l].restless > restless)
                restless = out[l].restless;
        }
        if (members)
            ask_segments(&r, at_ms);
        /* A move within the instant may make time_in_stage and the like change next. */
        next = twin_next(t, &moments, r.lives, at_ms);
        at_ms = moved ? earlier(next, at_ms + 1) : next;
    }
    twin_moments_free(&moments);
}
