/* test.c - tests, whose answers are kept until they change.
 *
 * A test hangs on the customer's events and on time, on nothing else. Since his whole timeline
 * is there, the moment at which the answer changes can be looked for ahead, instead of asking
 * again at every event: so a replay passes over all that changes nothing.
 *
 * (1) test_at.truth is the answer from the last question up to until_ms. Before it, the answer
 *     is the same at every moment, whatever events lie between.
 * (2) What is looked at ahead is not looked at again: .at only moves forward, and the entries
 *     before it play no part at until_ms or later. So all questions together cost one pass. */
#include "rule/cursor.h"

#include "base/num.h"

#include <assert.h>

/* --- finding them --- */

/* Does the answer hang on where the customer stands? */
static bool is_by_situation(const struct program *p, const struct node *n)
{
    switch (n->means) {
    case MEANS_STAGE:
    case MEANS_PREVIOUS_STAGE:
    case MEANS_TIME_IN_STAGE:
    case MEANS_TIMES_IN:
    case MEANS_LIFECYCLE_STAGE:
        return true;
    case MEANS_SEGMENT:
    case MEANS_SCORE:
        return p->rule[n->index].by_stage || p->rule[n->index].by_times
               || p->rule[n->index].above_n;
    case MEANS_TERM:
        return p->slot[n->index].window.kind == WINDOW_STAGE;
    case MEANS_NOTHING:
    case MEANS_COLUMN:
    case MEANS_PROPERTY:
        break;
    }
    for (n = n->child; n; n = n->next)
        if (is_by_situation(p, n))
            return true;
    return false;
}

static bool is_of(const struct program *p, const struct node *n, enum function f)
{
    return n->kind == NODE_CALL && n->means == MEANS_TERM
           && p->slot[n->index].function == f;
}

/* At least how many entries a comparison with this number wants. */
static void shape_count(struct test *t, enum node_kind kind, int64_t number)
{
    bool beyond = kind == NODE_GT || kind == NODE_LE;

    t->shape = TEST_AT_LEAST;
    t->negated = kind == NODE_LT || kind == NODE_LE;
    /* >= 2.5 is at least 3, and so is > 2. */
    if (number >= 0)
        t->n = (uint64_t)(number + (beyond ? NUM_ONE : NUM_ONE - 1)) / NUM_ONE;
}

static void shape_of(const struct program *p, struct test *t)
{
    const struct node *left = t->node, *right = NULL;
    enum node_kind kind = left->kind;

    if (is_of(p, left, FUNCTION_EXISTS)) {
        t->slot = left->index;
        shape_count(t, NODE_GE, NUM_ONE);
        return;
    }
    if (kind < NODE_LT || kind > NODE_GE)
        return;
    left = t->node->child;
    right = left->next;
    if (node_is_literal(left)) {
        right = left;
        left = left->next;
        kind = node_mirrored(kind);
    }
    if (is_of(p, left, FUNCTION_COUNT) && right->kind == NODE_NUMBER
        && right->number <= INT64_MAX - NUM_ONE) {
        t->slot = left->index;
        shape_count(t, kind, right->number);
    } else if (is_of(p, left, FUNCTION_SINCE) && right->kind == NODE_LENGTH
               && p->slot[left->index].window.kind == WINDOW_ALL) {
        t->shape = TEST_SINCE;
        t->slot = left->index;
        t->negated = kind == NODE_LT || kind == NODE_LE;
        t->length = right->length;
        t->late_ms = kind == NODE_GT || kind == NODE_LE;
    }
}

static void test_key(const struct test *t, struct buf *to)
{
    const int64_t parts[] = {t->shape,   t->negated,       t->slot,     (int64_t)t->n,
                             t->late_ms, t->length.months, t->length.ms};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        key_add(to, parts[i]);
    if (t->shape == TEST_ANY) /* never the same as another */
        key_add(to, (intptr_t)t->node);
}

static bool test_add(struct program *p, struct node *n, struct err *err)
{
    struct test t = {.node = n, .slot = NONE}, *place;
    struct buf key = {};
    uint32_t number;

    shape_of(p, &t);
    test_key(&t, &key);
    if (!program_number(&p->test_key, &key, &number, err))
        return false;
    if (number == p->test_n) {
        place = GROWN(p, test);
        if (!place) {
            text_table_cut(&p->test_key, p->test_n);
            return err_nomem(err);
        }
        *place = t;
        p->test_n++;
    }
    n->test = number + 1;
    return true;
}

bool tests_add(struct program *p, struct node *n, struct err *err)
{
    if (n->kind != NODE_AND && n->kind != NODE_OR && n->kind != NODE_NOT)
        return n->means == MEANS_SEGMENT || is_by_situation(p, n) || test_add(p, n, err);
    for (n = n->child; n; n = n->next)
        if (!tests_add(p, n, err))
            return false;
    return true;
}

/* --- asking --- */

struct asking {
    const struct cursor *c;
    const struct test *test;
    const struct slot *slot;
    const struct entries *e;
    struct test_at *at;
    int64_t t;
};

static int64_t enters_ms(const struct asking *a, uint64_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->e, (uint32_t)i), &a->slot->window.from);
}

static int64_t leaves_ms(const struct asking *a, uint64_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->e, (uint32_t)i), &a->slot->window.to);
}

/* Entries only come: the first of a run of n is there when the last is. */
static void ask_gathered(struct asking *a, uint64_t first)
{
    const struct window *w = &a->slot->window;
    uint64_t last = first + a->test->n - 1;
    int64_t enters = MOMENT_NEVER;

    if (last < a->e->n)
        enters = entry_ms(a->c, a->e, (uint32_t)last);
    if (w->kind == WINDOW_DATES && enters >= w->to_ms)
        enters = MOMENT_NEVER;
    a->at->truth = enters <= a->t && enters != MOMENT_NEVER;
    a->at->until_ms = a->at->truth ? MOMENT_NEVER : enters;
}

/* n entries are in a moving window when one that has not left and the n-1 behind it are. */
static void ask_moving(struct asking *a)
{
    uint64_t n = a->test->n, i = a->at->at, all = a->e->n;

    while (i < all && leaves_ms(a, i) <= a->t)
        i++;
    a->at->truth = i + n <= all && enters_ms(a, i + n - 1) <= a->t;
    if (a->at->truth) {
        while (i + n < all && enters_ms(a, i + n) <= leaves_ms(a, i))
            i++;
        a->at->until_ms = leaves_ms(a, i);
    } else {
        while (i + n <= all && enters_ms(a, i + n - 1) >= leaves_ms(a, i))
            i++;
        a->at->until_ms = i + n <= all ? enters_ms(a, i + n - 1) : MOMENT_NEVER;
    }
    a->at->at = (uint32_t)i;
}

static void ask_at_least(struct asking *a)
{
    const struct window *w = &a->slot->window;
    uint32_t first = 0;

    if (!a->test->n) {
        a->at->truth = true;
        a->at->until_ms = MOMENT_NEVER;
    } else if (w->kind == WINDOW_LENGTHS) {
        ask_moving(a);
    } else {
        if (w->kind == WINDOW_DATES) {
            first = a->at->at;
            while (first < a->e->n && entry_ms(a->c, a->e, first) < w->from_ms)
                first++;
            a->at->at = first;
        }
        ask_gathered(a, first);
    }
}

/* Entry i is the latest one, and stays it; when has it been so for the length? */
static int64_t turns_ms(const struct asking *a, uint32_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->e, i), &a->test->length)
           + a->test->late_ms;
}

enum { MONTH_LEAST_DAYS = 25 }; /* that adding a month adds, whatever the clock does */

/* The first entry from i on after which none comes before the length is over. */
static uint32_t find_gap(const struct asking *a, uint32_t i)
{
    int64_t least =
        a->test->length.ms + a->test->length.months * (MONTH_LEAST_DAYS * MS_DAY);

    for (int64_t next, at = entry_ms(a->c, a->e, i); i + 1 < a->e->n; i++, at = next) {
        next = entry_ms(a->c, a->e, i + 1);
        if (next - at > least && next > turns_ms(a, i))
            break;
    }
    return i;
}

/* With an entry, either the length is not over since the latest, or it is. */
static void ask_since(struct asking *a)
{
    uint32_t i = a->at->at, n = a->e->n;
    bool over;

    while (i < n && entry_ms(a->c, a->e, i) <= a->t)
        i++;
    over = i > 0 && a->t >= turns_ms(a, i - 1);
    a->at->truth = i > 0 && over != a->test->negated;
    if (over || (i == 0 && a->test->negated)) {
        a->at->until_ms = i < n ? entry_ms(a->c, a->e, i) : MOMENT_NEVER;
    } else if (n) {
        i = find_gap(a, i ? i - 1 : 0);
        a->at->until_ms = turns_ms(a, i);
    } else {
        a->at->until_ms = MOMENT_NEVER;
    }
    a->at->at = i;
}

static void ask_shape(struct view *v, const struct test *test, struct test_at *at)
{
    const struct slot *slot = &v->c->p->slot[test->slot];
    struct asking a = {.c = v->c,
                       .test = test,
                       .slot = slot,
                       .e = &v->c->entries[slot->series],
                       .at = at,
                       .t = v->t};

    if (test->shape == TEST_SINCE) {
        ask_since(&a);
        return;
    }
    ask_at_least(&a);
    at->truth ^= test->negated;
}

static void ask_any(struct view *v, const struct test *test, struct test_at *at)
{
    int64_t outer = v->holds_ms;

    v->holds_ms = MOMENT_NEVER;
    at->truth = ask_anew(v, test->node);
    at->until_ms = v->holds_ms;
    v->holds_ms = outer;
}

bool test_ask(struct view *v, uint32_t index)
{
    const struct test *test = &v->c->p->test[index];
    struct test_at *at = &v->c->test[index];

    if (v->t >= at->until_ms) {
        if (test->shape == TEST_ANY)
            ask_any(v, test, at);
        else
            ask_shape(v, test, at);
        assert(at->until_ms > v->t);
    }
    holds_until(v, at->until_ms);
    return at->truth;
}
