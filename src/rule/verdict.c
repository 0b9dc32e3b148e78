/* verdict.c - conditions that are joined by `and` are gathered by what they measure: of each
 * measure a range is left, and when nothing is left in it, they are never true together. A rule is
 * always true when its opposite never is.
 *
 * Only what is certain counts: bounds against literals, what cannot be missing, what is never below
 * 0. A comparison with a missing side is false, so that its `not` says nothing of the measure
 * unless something else says that it is there. */
#include "base/num.h"
#include "rule/program.h"

#include <string.h>

enum { SPANS_MAX = 24, KEY_MAX = 40, DEPTH_MAX = 40, LOOKS_MAX = 4096 };

/* What makes two measures the same. */
struct key {
    int64_t part[KEY_MAX];
    uint32_t n; /* beyond KEY_MAX: too long to be compared */
};

/* Bounds are doubled, so that a bound that is not reached itself lies between two. */
enum { UNIT_PLAIN, UNIT_MONTHS, UNITS };
struct span {
    hash128 key;
    int64_t low[UNITS], high[UNITS];
    bool there, missing;
    str text; /* that it is; .p NULL: not said */
};

struct gathered {
    struct span span[SPANS_MAX];
    uint32_t n;
    bool never;
};

struct look {
    const struct program *p;
    uint32_t looks;
};

static bool impossible(struct look *l, const struct node *n, bool negated,
                       uint32_t depth);

/* --- measures --- */

static void key_part(struct key *k, int64_t part)
{
    if (k->n < KEY_MAX)
        k->part[k->n] = part;
    k->n++;
}

static void key_of(const struct node *n, struct key *k)
{
    hash128 text;

    key_part(k, n->kind);
    key_part(k, n->means);
    key_part(k, n->growing);
    if (n->kind == NODE_CALL) { /* an anniversary has its length there */
        key_part(k, n->call->function);
        key_part(k, n->call->step->within.months);
        key_part(k, n->call->step->within.ms);
    }
    if (n->means != MEANS_NOTHING) {
        key_part(k, n->index);
        return;
    }
    key_part(k, n->kind <= NODE_DATE ? n->number : 0);
    if (n->kind == NODE_LENGTH) {
        key_part(k, n->length.months);
        key_part(k, n->length.ms);
    }
    if (n->kind == NODE_TEXT || n->kind == NODE_NAME) {
        text = hash128_of(n->kind == NODE_TEXT ? n->text : n->name.whole);
        key_part(k, (int64_t)text.low);
        key_part(k, (int64_t)text.high);
    }
    for (n = n->child; n && k->n < KEY_MAX; n = n->next)
        key_of(n, k);
    key_part(k, -1);
}

/* How many events of a series stand in a window. */
static void key_of_count(const struct slot *s, struct key *k)
{
    const struct window *w = &s->window;
    const int64_t parts[] = {-2,         s->series,    w->kind,  w->from.months,
                             w->from.ms, w->to.months, w->to.ms, w->from_ms,
                             w->to_ms};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        key_part(k, parts[i]);
}

static const struct slot *slot_of(const struct look *l, const struct node *n)
{
    return n->means == MEANS_TERM ? &l->p->slot[n->index] : NULL;
}

static bool is_function(const struct slot *s, enum function f)
{
    return s && s->function == f;
}

static bool never_missing(const struct look *l, const struct node *n)
{
    const struct slot *s = slot_of(l, n);

    return n->means == MEANS_TIMES_IN || n->means == MEANS_SCORE
           || is_function(s, FUNCTION_COUNT) || is_function(s, FUNCTION_DISTINCT)
           || is_function(s, FUNCTION_EXISTS) || is_function(s, FUNCTION_SEQUENCE);
}

static bool is_whole(const struct look *l, const struct node *n)
{
    const struct slot *s = slot_of(l, n);

    return n->means == MEANS_TIMES_IN || is_function(s, FUNCTION_COUNT)
           || is_function(s, FUNCTION_DISTINCT);
}

/* Time since something that has happened; a trait's moment may lie ahead. */
static bool has_grown(const struct look *l, const struct node *n)
{
    const struct slot *s = slot_of(l, n);

    return n->growing == GROWS_UP
           && (n->means == MEANS_TIME_IN_STAGE
               || (s && l->p->series[s->series].kind == SERIES_EVENTS));
}

/* The span with the key, or a new one; NULL: it is not followed. */
static struct span *span_at(struct gathered *g, const struct key *k)
{
    hash128 hash;

    if (k->n > KEY_MAX)
        return NULL;
    hash = hash128_of((str){(const char *)k->part, k->n * sizeof *k->part});
    for (uint32_t i = 0; i < g->n; i++)
        if (memcmp(&g->span[i].key, &hash, sizeof hash) == 0)
            return &g->span[i];
    if (g->n == SPANS_MAX)
        return NULL;
    g->span[g->n] = (struct span){.key = hash};
    for (int u = 0; u < UNITS; u++) {
        g->span[g->n].low[u] = INT64_MIN;
        g->span[g->n].high[u] = INT64_MAX;
    }
    return &g->span[g->n++];
}

static void at_least(struct span *s, int unit, int64_t doubled)
{
    if (doubled > s->low[unit])
        s->low[unit] = doubled;
}

static void at_most(struct span *s, int unit, int64_t doubled)
{
    if (doubled < s->high[unit])
        s->high[unit] = doubled;
}

static struct span *measure_span(const struct look *l, struct gathered *g,
                                 const struct node *n)
{
    const struct slot *slot = slot_of(l, n);
    struct key k = {.n = 0};
    struct span *s;

    if (is_function(slot, FUNCTION_COUNT))
        key_of_count(slot, &k);
    else
        key_of(n, &k);
    s = span_at(g, &k);
    if (!s)
        return NULL;
    s->there |= never_missing(l, n);
    if (is_whole(l, n))
        at_least(s, UNIT_PLAIN, 0);
    if (has_grown(l, n)) {
        at_least(s, UNIT_PLAIN, 0);
        at_least(s, UNIT_MONTHS, 0);
    }
    if (n->means == MEANS_SCORE) {
        at_least(s, UNIT_PLAIN, 2 * l->p->rule[n->index].low);
        at_most(s, UNIT_PLAIN, 2 * l->p->rule[n->index].high);
    }
    return s;
}

/* --- what single conditions say --- */

/* Are there events behind the measure, or none? */
static void note_events(const struct look *l, struct gathered *g, const struct node *n,
                        bool some)
{
    const struct slot *slot = slot_of(l, n);
    struct key k = {.n = 0};
    struct span *s;

    if (!slot || l->p->series[slot->series].kind != SERIES_EVENTS)
        return;
    key_of_count(slot, &k);
    s = span_at(g, &k);
    if (!s)
        return;
    s->there = true;
    if (some)
        at_least(s, UNIT_PLAIN, 2 * NUM_ONE);
    else
        at_most(s, UNIT_PLAIN, 0);
}

static void bound(struct span *s, enum node_kind op, int unit, bool whole, int64_t v)
{
    bool open = op == NODE_LT || op == NODE_GT;
    int64_t low = 2 * v + open, high = 2 * v - open;

    if (whole) { /* the whole numbers next to it */
        int64_t floor = v / NUM_ONE - (v % NUM_ONE < 0),
                ceil = floor + (v % NUM_ONE != 0);

        low = 2 * NUM_ONE * (open && v % NUM_ONE == 0 ? ceil + 1 : ceil);
        high = 2 * NUM_ONE * (open && v % NUM_ONE == 0 ? floor - 1 : floor);
    }
    if (op == NODE_GT || op == NODE_GE || op == NODE_EQ)
        at_least(s, unit, low);
    if (op == NODE_LT || op == NODE_LE || op == NODE_EQ)
        at_most(s, unit, high);
}

static enum node_kind opposite(enum node_kind op)
{
    static const enum node_kind of[] = {
        [NODE_EQ] = NODE_NE, [NODE_NE] = NODE_EQ, [NODE_LT] = NODE_GE,
        [NODE_LE] = NODE_GT, [NODE_GT] = NODE_LE, [NODE_GE] = NODE_LT};

    return of[op];
}

static void note_comparison(const struct look *l, struct gathered *g,
                            const struct node *n, bool negated)
{
    const struct node *measure = n->child, *literal = measure->next;
    enum node_kind op = n->kind;
    struct span *s;
    int64_t v;

    if (node_is_literal(measure)) {
        literal = n->child;
        measure = literal->next;
        op = node_mirrored(op);
    }
    if (node_is_literal(measure))
        return;
    s = measure_span(l, g, measure);
    if (!s)
        return;
    s->there |= !negated;
    if (!negated && !is_function(slot_of(l, measure), FUNCTION_COUNT)
        && !never_missing(l, measure) && !is_function(slot_of(l, measure), FUNCTION_SUM))
        note_events(l, g, measure, true);
    if (!node_is_literal(literal))
        return;
    if (negated)
        op = opposite(op);
    if (literal->kind == NODE_TEXT) {
        if (op == NODE_EQ && s->text.p && !str_eq(s->text, literal->text))
            g->never |= s->there;
        if (op == NODE_EQ)
            s->text = literal->text;
        return;
    }
    v = literal->kind == NODE_LENGTH
            ? (literal->length.months ? literal->length.months : literal->length.ms)
            : literal->number;
    if (v > INT64_MAX / 4 || v < INT64_MIN / 4)
        return;
    bound(s, op, literal->kind == NODE_LENGTH && literal->length.months > 0,
          is_whole(l, measure), v);
}

/* The condition itself, which is true or false. */
static void note_itself(struct gathered *g, const struct node *n, bool negated)
{
    struct key k = {.n = 0};
    struct span *s;

    key_part(&k, -3);
    key_of(n, &k);
    s = span_at(g, &k);
    if (s) {
        s->there = true;
        at_least(s, UNIT_PLAIN, negated ? 0 : 2);
        at_most(s, UNIT_PLAIN, negated ? 0 : 2);
    }
}

static void note_leaf(const struct look *l, struct gathered *g, const struct node *n,
                      bool negated)
{
    struct span *s;

    note_itself(g, n, negated);
    if (n->kind >= NODE_EQ && n->kind <= NODE_GE)
        note_comparison(l, g, n, negated);
    if (n->kind == NODE_IS_MISSING || n->kind == NODE_IS_NOT_MISSING) {
        s = measure_span(l, g, n->child);
        if (s && (n->kind == NODE_IS_MISSING) != negated)
            s->missing = true;
        else if (s)
            s->there = true;
    }
    if (is_function(slot_of(l, n), FUNCTION_EXISTS))
        note_events(l, g, n, !negated);
}

/* --- together --- */

static bool is_empty(const struct span *s)
{
    return s->there
           && (s->missing || s->low[UNIT_PLAIN] > s->high[UNIT_PLAIN]
               || s->low[UNIT_MONTHS] > s->high[UNIT_MONTHS]);
}

static void gather(struct look *l, struct gathered *g, const struct node *n, bool negated,
                   uint32_t depth)
{
    if (n->kind == NODE_NOT) {
        gather(l, g, n->child, !negated, depth);
    } else if (n->kind == (negated ? NODE_OR : NODE_AND)) {
        for (n = n->child; n; n = n->next)
            gather(l, g, n, negated, depth);
    } else if (n->kind == NODE_AND || n->kind == NODE_OR || n->kind == NODE_BOOL
               || n->means == MEANS_SEGMENT) {
        g->never |= impossible(l, n, negated, depth + 1);
        if (n->means == MEANS_SEGMENT)
            note_itself(g, n, negated);
    } else {
        note_leaf(l, g, n, negated);
    }
}

/* Is the condition, or its opposite, never true? */
static bool impossible(struct look *l, const struct node *n, bool negated, uint32_t depth)
{
    struct gathered g = {.n = 0};

    if (++l->looks > LOOKS_MAX || depth > DEPTH_MAX)
        return false;
    if (n->kind == NODE_BOOL)
        return (n->number != 0) == negated;
    if (n->kind == NODE_NOT)
        return impossible(l, n->child, !negated, depth);
    if (n->means == MEANS_SEGMENT)
        return impossible(l, l->p->rule[n->index].root, negated, depth + 1);
    if (n->kind == (negated ? NODE_AND : NODE_OR)) {
        for (n = n->child; n; n = n->next)
            if (!impossible(l, n, negated, depth + 1))
                return false;
        return true;
    }
    gather(l, &g, n, negated, depth);
    for (uint32_t i = 0; i < g.n && !g.never; i++)
        g.never = is_empty(&g.span[i]);
    return g.never;
}

enum rule_verdict program_verdict(const struct program *p, struct rule_ref rule)
{
    const struct node *root = p->rule[rule.v].root;
    struct look l = {.p = p};

    if (!root || p->rule[rule.v].want != RULE_CONDITION)
        return RULE_OPEN;
    if (impossible(&l, root, false, 0))
        return RULE_NEVER;
    l.looks = 0;
    return impossible(&l, root, true, 0) ? RULE_ALWAYS : RULE_OPEN;
}
