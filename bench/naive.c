#include "naive.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/* --- the model --- */

static const char *const types[] = {"purchase", "add_to_cart", "app_open", "search"};
enum type { PURCHASE, ADD_TO_CART, APP_OPEN, SEARCH, OTHER };

const char *const naive_stage[] = {"reach",   "acquisition", "conversion", "retention",
                                   "loyalty", "at_risk",     "lapsed",     "reactivated"};
enum stage {
    REACH,
    ACQUISITION,
    CONVERSION,
    RETENTION,
    LOYALTY,
    AT_RISK,
    LAPSED,
    REACTIVATED
};

struct term {
    enum { TRUE, AT_LEAST, BELOW, SILENT, RECENT, STAYED } what;
    enum type type;
    int days, number; /* days 0: ever */
};

enum { TERMS = 2 };
static const struct way {
    unsigned from; /* a bit a stage */
    enum stage to;
    struct term term[TERMS]; /* all of them */
} ways[] = {
    {1 << REACH | 1 << ACQUISITION, CONVERSION, {{AT_LEAST, PURCHASE, 0, 1}}},
    {1 << REACH, ACQUISITION, {{AT_LEAST, ADD_TO_CART, 180, 1}}},
    {1 << ACQUISITION, REACH, {{BELOW, ADD_TO_CART, 180, 1}}},
    {1 << CONVERSION | 1 << RETENTION | 1 << LOYALTY | 1 << REACTIVATED,
     AT_RISK,
     {{SILENT, PURCHASE, 180, 0}}},
    {1 << AT_RISK, LAPSED, {{SILENT, PURCHASE, 365, 0}, {BELOW, APP_OPEN, 30, 1}}},
    {1 << LAPSED, AT_RISK, {{AT_LEAST, APP_OPEN, 30, 1}, {AT_LEAST, SEARCH, 30, 1}}},
    {1 << AT_RISK | 1 << LAPSED, REACTIVATED, {{RECENT, PURCHASE, 30, 0}}},
    {1 << REACTIVATED, RETENTION, {{AT_LEAST, PURCHASE, 90, 2}}},
    {1 << CONVERSION, RETENTION, {{AT_LEAST, PURCHASE, 365, 2}}},
    {1 << RETENTION, LOYALTY, {{AT_LEAST, PURCHASE, 180, 5}}},
    {1 << LOYALTY, RETENTION, {{BELOW, PURCHASE, 365, 3}}},
    {1 << REACTIVATED, CONVERSION, {{STAYED, OTHER, 90, 0}}},
};
enum { WAYS = sizeof ways / sizeof *ways };

int naive_type(str name)
{
    int type = 0;

    while (type < OTHER && !str_eq(name, str_of(types[type])))
        type++;
    return type;
}

/* --- as text --- */

static void print_count(struct buf *to, const struct term *t)
{
    buf_add_format(to, "count(%s", types[t->type]);
    if (t->days)
        buf_add_format(to, ", %dd", t->days);
    buf_add_format(to, ") %s %d", t->what == BELOW ? "<" : ">=", t->number);
}

static void print_term(struct buf *to, const struct term *t)
{
    if (t->what == SILENT || t->what == RECENT)
        buf_add_format(to, "since(%s) %s %dd", types[t->type],
                       t->what == SILENT ? ">=" : "<", t->days);
    else if (t->what == STAYED)
        buf_add_format(to, "time_in_stage >= %dd", t->days);
    else
        print_count(to, t);
}

static void print_way(struct buf *to, const struct way *w)
{
    const char *comma = "";

    buf_add(to, STR("    - { from: ["));
    for (int s = 0; s < NAIVE_STAGES; s++)
        if (w->from >> s & 1) {
            buf_add_format(to, "%s%s", comma, naive_stage[s]);
            comma = ", ";
        }
    buf_add_format(to, "], to: %s, when: '", naive_stage[w->to]);
    print_term(to, &w->term[0]);
    if (w->term[1].what != TRUE) {
        buf_add(to, STR(" and "));
        print_term(to, &w->term[1]);
    }
    buf_add(to, STR("' }\n"));
}

void naive_model(struct buf *to)
{
    buf_add(to, STR("ciclo: 1\nevents: {"));
    for (int i = 0; i < OTHER; i++)
        buf_add_format(to, " %s: ,", types[i]);
    buf_add(to, STR(" }\nlifecycle:\n  start: reach\n  stages: {"));
    for (int s = 0; s < NAIVE_STAGES; s++)
        buf_add_format(to, " %s: ,", naive_stage[s]);
    buf_add(to, STR(" }\n  moves:\n"));
    for (int i = 0; i < WAYS; i++)
        print_way(to, &ways[i]);
}

/* --- asked --- */

struct stay {
    int stage; /* -1: not in yet */
    int64_t entered_ms;
};

/* In the window while e <= t < e + w. */
static int count(const struct naive *n, const struct term *t, int64_t at_ms)
{
    int all = 0;

    for (int i = 0; i < n->event_n; i++) {
        const struct naive_event *e = &n->event[i];

        all += e->type == (int)t->type && e->at_ms <= at_ms
               && (!t->days || at_ms < e->at_ms + t->days * MS_DAY);
    }
    return all;
}

static bool is_true(const struct naive *n, const struct term *t, const struct stay *stay,
                    int64_t at_ms)
{
    struct term ever = *t;

    ever.days = 0;
    switch (t->what) {
    case TRUE:
        return true;
    case AT_LEAST:
        return count(n, t, at_ms) >= t->number;
    case BELOW:
        return count(n, t, at_ms) < t->number;
    case SILENT: /* there was one, and none since */
        return count(n, &ever, at_ms) > 0 && count(n, t, at_ms) == 0;
    case RECENT:
        return count(n, t, at_ms) > 0;
    case STAYED:
        return at_ms >= stay->entered_ms + t->days * MS_DAY;
    }
    return false;
}

static int first_true(const struct naive *n, const struct stay *stay, int64_t at_ms)
{
    for (int i = 0; i < WAYS; i++)
        if (ways[i].from >> stay->stage & 1 && is_true(n, &ways[i].term[0], stay, at_ms)
            && is_true(n, &ways[i].term[1], stay, at_ms))
            return i;
    return -1;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

enum { LENGTHS = 5, MOMENTS_MAX = NAIVE_EVENTS_MAX * LENGTHS };
static const int days[LENGTHS] = {0, 30, 90, 180, 365};

/* All at which an event comes, or leaves a window. */
static int list_moments(const struct naive *n, int64_t at_ms[MOMENTS_MAX])
{
    int all = 0;

    for (int i = 0; i < n->event_n; i++)
        for (int k = 0; k < LENGTHS; k++)
            at_ms[all++] = n->event[i].at_ms + days[k] * MS_DAY;
    qsort(at_ms, (size_t)all, sizeof *at_ms, by_size);
    return all;
}

static int64_t next_moment(const int64_t *listed, int n, const struct stay *stay,
                           int64_t after_ms)
{
    int64_t next_ms = MOMENT_NEVER;

    for (int i = 0; i < n && next_ms == MOMENT_NEVER; i++)
        if (listed[i] > after_ms)
            next_ms = listed[i];
    for (int k = 0; k < LENGTHS; k++) {
        int64_t end_ms = stay->entered_ms + days[k] * MS_DAY;

        if (end_ms > after_ms && end_ms < next_ms)
            next_ms = end_ms;
    }
    return next_ms;
}

int naive_replay(const struct naive *n, int64_t until_ms,
                 struct naive_move out[NAIVE_MOVES_MAX])
{
    int64_t moment[MOMENTS_MAX], at_ms;
    int moment_n = list_moments(n, moment), moves = 0, way;
    struct stay stay = {REACH, 0};

    if (!moment_n || moment[0] > until_ms)
        return 0;
    stay.entered_ms = moment[0];
    out[moves++] = (struct naive_move){moment[0], -1, REACH, -1};
    for (at_ms = moment[0]; at_ms <= until_ms;
         at_ms = next_moment(moment, moment_n, &stay, at_ms))
        while ((way = first_true(n, &stay, at_ms)) >= 0) {
            if (moves == NAIVE_MOVES_MAX)
                abort(); /* the model leads nobody in a ring */
            out[moves++] = (struct naive_move){at_ms, stay.stage, (int)ways[way].to, way};
            stay = (struct stay){(int)ways[way].to, at_ms};
        }
    return moves;
}
