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

int64_t twin_next(const struct twin *t, const struct twin_moments *m, int64_t entered_ms,
                  int64_t after_ms)
{
    int64_t next = MOMENT_NEVER;

    for (size_t i = 0; i < m->n && next == MOMENT_NEVER; i++)
        if (m->at_ms[i] > after_ms)
            next = m->at_ms[i];
    for (int i = -1; i < t->length_n; i++) {
        int64_t end = i < 0 ? entered_ms : length_add(t->zone, entered_ms, t->length[i]);

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
    struct twin_where where;
    struct twin_history *out;
};

static bool leads_from(const struct twin_way *way, int stage)
{
    if (!way->from_n)
        return way->to != stage;
    for (int i = 0; i < way->from_n; i++)
        if (way->from[i] == stage)
            return true;
    return false;
}

/* The first way out that is true, or -1. */
static int first_true(const struct replay *r, int64_t at_ms)
{
    const struct twin_model *m = &r->t->m;
    struct twin_view v = {.t = r->t, .c = r->c, .at_ms = at_ms, .where = &r->where};

    for (int i = 0; i < m->way_n; i++)
        if (leads_from(&m->way[i], r->where.stage) && twin_ask(&v, m->way[i].when))
            return i;
    return -1;
}

static void take_move(struct replay *r, int64_t at_ms, int to, int way)
{
    struct twin_history *h = r->out;

    h->restless++;
    h->move[h->n++] = (struct twin_move){at_ms, r->where.stage, to, way};
    r->where.previous = r->where.stage;
    r->where.stage = to;
    r->where.entered_ms = at_ms;
    r->where.times_in[to]++;
}

/* One instant: asks until nothing is true, or until a stage is reached twice. */
static void ask_instant(struct replay *r, int64_t at_ms)
{
    struct twin_where reached[TWIN_STAGES_MAX];
    int moves_at[TWIN_STAGES_MAX];
    bool has[TWIN_STAGES_MAX] = {};

    for (;;) {
        int way, to;

        has[r->where.stage] = true;
        reached[r->where.stage] = r->where;
        moves_at[r->where.stage] = r->out->n;
        way = first_true(r, at_ms);
        if (way < 0)
            return;
        to = r->t->m.way[way].to;
        if (has[to]) {
            r->out->restless++;
            r->out->loops++;
            r->out->n = moves_at[to];
            r->where = reached[to];
            return;
        }
        take_move(r, at_ms, to, way);
    }
}

void twin_replay(const struct twin *t, const struct twin_customer *c, int64_t until_ms,
                 struct twin_history *out)
{
    struct replay r = {
        .t = t, .c = c, .where = {.stage = -1, .previous = -1}, .out = out};
    int64_t at_ms = c->n ? c->event[0].at_ms : MOMENT_NEVER;
    struct twin_moments moments = {};

    out->n = out->restless = out->loops = 0;
    if (at_ms > until_ms)
        return;
    twin_moments(t, c, &moments);
    take_move(&r, at_ms, 0, -1);
    while (at_ms <= until_ms && out->restless < TWIN_MOVES_MAX) {
        int64_t next;
        int before = out->n;

        ask_instant(&r, at_ms);
        /* A move within the instant may make time_in_stage and the like change next. */
        next = twin_next(t, &moments, r.where.entered_ms, at_ms);
        at_ms = out->n != before ? earlier(next, at_ms + 1) : next;
    }
    twin_moments_free(&moments);
}
