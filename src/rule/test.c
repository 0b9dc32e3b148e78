/* test.c - tests, whose answers are kept until they change.
 *
 * A test hangs on the customer's events and on time, on nothing else. Since his whole timeline
 * is there, the moment at which the answer changes can be looked for ahead, instead of asking
 * again at every event: so a replay passes over all that changes nothing.
 *
 * (1) test_at.answer is the one from the last question up to until_ms. Before it, the answer
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

/* At least how many entries a comparison with this number wants, or its opposite. */
static void shape_count(struct test *t, enum node_kind kind, int64_t number)
{
    bool beyond = kind == NODE_GT || kind == NODE_LE;

    t->shape = TEST_AT_LEAST;
    /* >= 2.5 is at least 3, and so is > 2. */
    if (number >= 0)
        t->n = (uint64_t)(number + (beyond ? NUM_ONE : NUM_ONE - 1)) / NUM_ONE;
}

static void shape_of(const struct program *p, struct test *t, bool *opposite)
{
    const struct node *left = t->node, *right = NULL;
    enum node_kind kind = left->kind;

    *opposite = false;
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
        shape_count(t, kind, right->number);
    } else if (is_of(p, left, FUNCTION_SINCE) && right->kind == NODE_LENGTH
               && p->slot[left->index].window.kind == WINDOW_ALL) {
        t->shape = TEST_SINCE;
        t->length = right->length;
        t->late_ms = kind == NODE_GT || kind == NODE_LE;
    } else {
        return;
    }
    t->slot = left->index;
    *opposite = kind == NODE_LT || kind == NODE_LE;
}

static void test_key(const struct test *t, struct buf *to)
{
    const int64_t parts[] = {t->shape,   t->slot,          (int64_t)t->n,
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
    bool opposite;

    shape_of(p, &t, &opposite);
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
    n->test = test_named(number, opposite);
    return true;
}

static bool name_tests(struct program *p, struct node *n, struct err *err)
{
    if (n->kind != NODE_AND && n->kind != NODE_OR && n->kind != NODE_NOT)
        return n->means == MEANS_SEGMENT || is_by_situation(p, n) || test_add(p, n, err);
    for (n = n->child; n; n = n->next)
        if (!name_tests(p, n, err))
            return false;
    return true;
}

/* Under any number of `not`, a test? */
static bool operand_of(const struct node *n, bool decided, struct operand *out)
{
    bool inverted = false;

    for (; n->kind == NODE_NOT; n = n->child)
        inverted = !inverted;
    if (!n->test)
        return false;
    out->test = test_of(n->test);
    out->mask = test_mask(n->test);
    out->decides = decided != inverted;
    return true;
}

bool tests_add(struct program *p, struct rule *rule, struct err *err)
{
    const struct node *root = rule->root;
    bool many = root->kind == NODE_AND || root->kind == NODE_OR;
    struct operand *operand;
    uint32_t n = 0;

    if (!name_tests(p, rule->root, err))
        return false;
    rule->decided = root->kind == NODE_OR;
    for (const struct node *i = many ? root->child : root; i; i = i->next)
        n++;
    operand = arena_array(&p->arena, struct operand, n);
    if (!operand)
        return err_nomem(err);
    n = 0;
    for (const struct node *i = many ? root->child : root; i; i = i->next)
        if (!operand_of(i, rule->decided, &operand[n++]))
            return true;
    rule->operand = operand;
    rule->operand_n = n;
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

static void answer(struct asking *a, bool truth, int64_t until_ms)
{
    a->at->answer = truth ? TEST_TRUE : TEST_OPPOSITE;
    a->at->until_ms = until_ms;
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
    answer(a, enters <= a->t, enters <= a->t ? MOMENT_NEVER : enters);
}

/* n entries are in a moving window when one that has not left and the n-1 behind it are. */
static void ask_moving(struct asking *a)
{
    uint64_t n = a->test->n, i = a->at->at, all = a->e->n;

    while (i < all && leaves_ms(a, i) <= a->t)
        i++;
    if (i + n <= all && enters_ms(a, i + n - 1) <= a->t) {
        while (i + n < all && enters_ms(a, i + n) <= leaves_ms(a, i))
            i++;
        answer(a, true, leaves_ms(a, i));
    } else {
        while (i + n <= all && enters_ms(a, i + n - 1) >= leaves_ms(a, i))
            i++;
        answer(a, false, i + n <= all ? enters_ms(a, i + n - 1) : MOMENT_NEVER);
    }
    a->at->at = (uint32_t)i;
}

static void ask_at_least(struct asking *a)
{
    const struct window *w = &a->slot->window;
    uint32_t first = 0;

    if (!a->test->n) {
        answer(a, true, MOMENT_NEVER);
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

/* All events, a length in ms: no entry is looked up, and many are looked at at once. */
static uint32_t find_gap_of_all(const struct asking *a, uint32_t i)
{
    const int64_t *at_ms = a->c->t.at_ms;
    int64_t most = a->test->length.ms + a->test->late_ms;

    for (; a->e->n - i > 16; i += 16) {
        int64_t room = 0;

        for (uint32_t k = 0; k < 16; k++)
            room |= most - (at_ms[i + k + 1] - at_ms[i + k]);
        if (room < 0)
            break;
    }
    while (i + 1 < a->e->n && at_ms[i + 1] - at_ms[i] <= most)
        i++;
    return i;
}

/* The first entry from i on after which none comes before the length is over. */
static uint32_t find_gap(const struct asking *a, uint32_t i)
{
    int64_t least =
        a->test->length.ms + a->test->length.months * (MONTH_LEAST_DAYS * MS_DAY);

    if (a->e->all && !a->test->length.months)
        return find_gap_of_all(a, i);
    for (int64_t next, at = entry_ms(a->c, a->e, i); i + 1 < a->e->n; i++, at = next) {
        next = entry_ms(a->c, a->e, i + 1);
        if (next - at > least && next > turns_ms(a, i))
            break;
    }
    return i;
}

/* Without an entry neither it nor its opposite is true. With one, the length is over since the
 * latest, or it is not. */
static void ask_since(struct asking *a)
{
    uint32_t i = a->at->at, n = a->e->n;
    int64_t next_ms;

    if (a->e->all)
        i = a->c->seen_n;
    while (i < n && entry_ms(a->c, a->e, i) <= a->t)
        i++;
    next_ms = i < n ? entry_ms(a->c, a->e, i) : MOMENT_NEVER;
    if (i == 0) {
        a->at->answer = 0;
        a->at->until_ms = next_ms;
    } else if (a->t >= turns_ms(a, i - 1)) {
        answer(a, true, next_ms);
    } else {
        i = find_gap(a, i - 1);
        answer(a, false, turns_ms(a, i));
    }
    a->at->at = i;
}

static struct view view_ahead(struct cursor *c, const struct situation *s)
{
    return (struct view){.c = c,
                         .fingers = &c->fingers,
                         .memo = c->ahead_memo,
                         .known = c->fingers.start,
                         .ahead = true,
                         .s = s,
                         .t = s->at_ms,
                         .holds_ms = MOMENT_NEVER};
}

static void renew(struct cursor *c, const struct situation *s, uint32_t index)
{
    const struct test *test = &c->p->test[index];
    struct test_at *at = &c->test[index];
    struct asking a = {.c = c, .test = test, .at = at, .t = s->at_ms};

    if (test->shape == TEST_ANY) {
        struct view v = view_ahead(c, s);
        bool truth = ask_anew(&v, test->node);

        answer(&a, truth, v.holds_ms);
        return;
    }
    a.slot = &c->p->slot[test->slot];
    a.e = &c->entries[a.slot->series];
    if (test->shape == TEST_SINCE)
        ask_since(&a);
    else
        ask_at_least(&a);
}

bool test_ask(struct view *v, uint32_t named)
{
    const struct test_at *at = &v->c->test[test_of(named)];

    if (v->t >= at->until_ms)
        renew(v->c, v->s, test_of(named));
    holds_until(v, at->until_ms);
    return at->answer & test_mask(named);
}

/* As ask_many; narrows *until_ms. An operand that decides longer than that is asked about
 * anyway leaves nothing to look for. */
static inline bool ask_operands(struct cursor *c, const struct situation *s,
                                const struct rule *rule, int64_t *until_ms)
{
    int64_t all = *until_ms, longest = INT64_MIN;
    const struct operand *end = rule->operand + rule->operand_n;

    for (const struct operand *o = rule->operand; o < end && longest < *until_ms; o++) {
        const struct test_at *at = &c->test[o->test];

        if (s->at_ms >= at->until_ms)
            renew(c, s, o->test);
        if (((at->answer & o->mask) != 0) == o->decides)
            longest = at->until_ms > longest ? at->until_ms : longest;
        else
            all = at->until_ms < all ? at->until_ms : all;
    }
    if (longest == INT64_MIN)
        *until_ms = all;
    else if (longest < *until_ms)
        *until_ms = longest;
    return (longest != INT64_MIN) == rule->decided;
}

/* Tests remember what they answered; what is more than tests side by side has a memo. */
uint32_t cursor_ask_ahead(struct cursor *c, const struct rule_ref *condition, uint32_t n,
                          const struct situation *s, int64_t *until_ms)
{
    int64_t least = MOMENT_NEVER;
    bool is = false;
    uint32_t i;

    cursor_see(c, s->at_ms);
    c->asks++;
    for (i = 0; i < n && !is; i++) {
        const struct rule *rule = &c->p->rule[condition[i].v];

        if (rule->operand) {
            is = ask_operands(c, s, rule, &least);
        } else {
            struct view v = view_ahead(c, s);

            is = ask_rule(&v, condition[i].v)->val.n;
            least = v.holds_ms < least ? v.holds_ms : least;
        }
    }
    assert(least > s->at_ms);
    *until_ms = least;
    return i - is;
}
