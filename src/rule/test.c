/* test.c - tests, whose answers are kept until they change.
 *
 * A test hangs on the customer's events and on time, on nothing else. Since his whole timeline
 * is there, the moment at which the answer changes can be looked for ahead, instead of asking
 * again at every event: so a replay passes over all that changes nothing.
 *
 * (1) test_at.answer is the one from the last question up to until_ms. Before it, the answer
 *     is the same at every moment, whatever events lie between. From there up to then_ms, when
 *     that is later, it is the opposite.
 * (2) What is looked at ahead is not looked at again: .at only moves forward, and the entries
 *     before it play no part at then_ms or later. So all questions together cost one pass. */
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
    case MEANS_ACCOUNT:
    case MEANS_WORTH:
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
    out->decided_by = 0;
    for (unsigned answer = 0; answer <= TEST_OPPOSITE; answer++)
        if (((answer & test_mask(n->test)) != 0) == (decided != inverted))
            out->decided_by |= (uint8_t)(1 << answer);
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

static int64_t enters_ms(const struct cursor *c, const struct test_at *at, uint64_t i)
{
    return moment_after(c, entry_ms(c, at->e, (uint32_t)i), &at->window->from);
}

static int64_t leaves_ms(const struct cursor *c, const struct test_at *at, uint64_t i)
{
    return moment_after(c, entry_ms(c, at->e, (uint32_t)i), &at->window->to);
}

static void answer(struct test_at *at, bool truth, int64_t until_ms)
{
    at->answer = truth ? TEST_TRUE : TEST_OPPOSITE;
    at->until_ms = at->then_ms = until_ms;
}

/* True from one moment up to another that is later than the one asked about. */
static void answer_turning(struct test_at *at, int64_t t, int64_t turns_ms,
                           int64_t then_ms)
{
    answer(at, t >= turns_ms, t >= turns_ms ? then_ms : turns_ms);
    at->then_ms = then_ms;
}

/* Entries only come: the first of a run of n is there when the last is. */
static void ask_gathered(const struct cursor *c, struct test_at *at, int64_t t,
                         uint64_t first)
{
    const struct window *w = at->window;
    uint64_t last = first + at->test->n - 1;
    int64_t enters = MOMENT_NEVER;

    if (last < at->e->n)
        enters = entry_ms(c, at->e, (uint32_t)last);
    if (w->kind == WINDOW_DATES && enters >= w->to_ms)
        enters = MOMENT_NEVER;
    answer_turning(at, t, enters, MOMENT_NEVER);
}

/* n entries are in a moving window when one that has not left and the n-1 behind it are. */
static void ask_moving(const struct cursor *c, struct test_at *at, int64_t t)
{
    uint64_t n = at->test->n, i = at->at, all = at->e->n;

    while (i < all && leaves_ms(c, at, i) <= t)
        i++;
    if (i + n <= all && enters_ms(c, at, i + n - 1) <= t) {
        while (i + n < all && enters_ms(c, at, i + n) <= leaves_ms(c, at, i))
            i++;
        answer(at, true, leaves_ms(c, at, i));
    } else {
        while (i + n <= all && enters_ms(c, at, i + n - 1) >= leaves_ms(c, at, i))
            i++;
        answer(at, false, i + n <= all ? enters_ms(c, at, i + n - 1) : MOMENT_NEVER);
    }
    at->at = (uint32_t)i;
}

static void ask_at_least(const struct cursor *c, struct test_at *at, int64_t t)
{
    const struct window *w = at->window;
    uint32_t first = 0;

    if (!at->test->n) {
        answer(at, true, MOMENT_NEVER);
    } else if (w->kind == WINDOW_LENGTHS) {
        ask_moving(c, at, t);
    } else {
        if (w->kind == WINDOW_DATES) {
            first = at->at;
            while (first < at->e->n && entry_ms(c, at->e, first) < w->from_ms)
                first++;
            at->at = first;
        }
        ask_gathered(c, at, t, first);
    }
}

/* Entry i is the latest one, and stays it; when has it been so for the length? */
static int64_t turns_ms(const struct cursor *c, const struct test_at *at, uint32_t i)
{
    return moment_after(c, entry_ms(c, at->e, i), &at->test->length) + at->test->late_ms;
}

/* The first entry from i on after which none comes before the length is over. */
static uint32_t find_gap(const struct cursor *c, const struct test_at *at, uint32_t i)
{
    int64_t least = gap_least_ms(at->test);

    for (int64_t next, ms = entry_ms(c, at->e, i); i + 1 < at->e->n; i++, ms = next) {
        next = entry_ms(c, at->e, i + 1);
        if (next - ms > least && next > turns_ms(c, at, i))
            break;
    }
    return i;
}

static int64_t next_ms(const struct cursor *c, const struct test_at *at, uint32_t i)
{
    return i < at->e->n ? entry_ms(c, at->e, i) : MOMENT_NEVER;
}

/* All events: from gap to gap, whichever lies before the moment asked about. */
static void ask_since_all(const struct cursor *c, struct test_at *at, int64_t t)
{
    for (uint32_t i = at->at;; i++) {
        int64_t turns, next;

        i = gap_from(c, i);
        turns = turns_ms(c, at, i);
        next = next_ms(c, at, i + 1);
        if (t < next && turns < next) {
            answer_turning(at, t, turns, next);
            at->at = i;
            return;
        }
    }
}

/* Without an entry neither it nor its opposite is true. With one, the length is over since the
 * latest, or it is not. */
static void ask_since(const struct cursor *c, struct test_at *at, int64_t t)
{
    uint32_t i = at->at, n = at->e->n;

    if (at->e->all && next_ms(c, at, 0) <= t) {
        ask_since_all(c, at, t);
        return;
    }
    while (i < n && entry_ms(c, at->e, i) <= t)
        i++;
    if (i == 0) {
        at->answer = 0;
        at->until_ms = at->then_ms = next_ms(c, at, i);
    } else if (t >= turns_ms(c, at, i - 1)) {
        answer(at, true, next_ms(c, at, i));
    } else {
        i = find_gap(c, at, i - 1);
        answer(at, false, turns_ms(c, at, i));
    }
    at->at = i;
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

[[gnu::noinline]] static void ask_any(struct cursor *c, struct test_at *at,
                                      const struct situation *s)
{
    struct view v = view_ahead(c, s);
    bool truth = ask_anew(&v, at->test->node);

    answer(at, truth, v.holds_ms);
}

/* To be called when the answer no longer stands. */
[[gnu::noinline]] static void ask_again(struct cursor *c, struct test_at *at,
                                        const struct situation *s)
{
    switch (at->test->shape) {
    case TEST_SINCE:
        ask_since(c, at, s->at_ms);
        break;
    case TEST_AT_LEAST:
        ask_at_least(c, at, s->at_ms);
        break;
    case TEST_ANY:
        ask_any(c, at, s);
    }
}

static inline void renew(struct cursor *c, struct test_at *at, const struct situation *s)
{
    if (s->at_ms < at->until_ms)
        return;
    if (s->at_ms < at->then_ms) {
        at->answer ^= TEST_TRUE | TEST_OPPOSITE;
        at->until_ms = at->then_ms;
    } else {
        ask_again(c, at, s);
    }
}

bool test_ask(struct view *v, uint32_t named)
{
    struct test_at *at = &v->c->test[test_of(named)];

    renew(v->c, at, v->s);
    holds_until(v, at->until_ms);
    return at->answer & test_mask(named);
}

void beginning_of(const struct cursor *c, const struct rule *rule, struct beginning *out)
{
    const struct operand *first = rule->operand;

    if (!first)
        return;
    out->test = &c->test[first->test];
    out->more = rule->operand_n > 1 ? rule : NULL;
    out->decided_by = first->decided_by;
    out->true_by = rule->decided ? first->decided_by : (uint8_t)~first->decided_by;
}

struct said {
    int64_t until_ms;
    bool truth;
};

/* Asks the operands behind the first, which said `decided`. Of those that decide, the one that
 * stays longest counts; when none does, the one that stays shortest. One that decides until
 * enough_ms leaves nothing to look for. */
[[gnu::noinline]] static struct said ask_others(struct cursor *c,
                                                const struct situation *s,
                                                const struct beginning *b, bool decided,
                                                int64_t enough_ms)
{
    const struct rule *rule = b->more;
    int64_t first_ms = b->test->until_ms, longest = decided ? first_ms : INT64_MIN,
            all = decided ? MOMENT_NEVER : first_ms;

    for (uint32_t i = 1; i < rule->operand_n && longest < enough_ms; i++) {
        const struct operand *o = &rule->operand[i];
        struct test_at *at = &c->test[o->test];

        renew(c, at, s);
        if (!(o->decided_by >> at->answer & 1))
            all = at->until_ms < all ? at->until_ms : all;
        else if (at->until_ms > longest)
            longest = at->until_ms;
    }
    decided = longest != INT64_MIN;
    return (struct said){decided ? longest : all, decided == rule->decided};
}

/* What is more than tests side by side has a memo. */
[[gnu::noinline]] static struct said ask_tree(struct cursor *c, const struct situation *s,
                                              struct rule_ref rule)
{
    struct view v = view_ahead(c, s);
    bool truth = ask_rule(&v, rule.v)->val.n;

    return (struct said){v.holds_ms, truth};
}

static inline struct said ask_side(struct cursor *c, const struct situation *s,
                                   const struct beginning *b, int64_t enough_ms)
{
    struct test_at *at = b->test;
    bool decided;

    renew(c, at, s);
    decided = b->decided_by >> at->answer & 1;
    if (b->more && !(decided && at->until_ms >= enough_ms))
        return ask_others(c, s, b, decided, enough_ms);
    return (struct said){at->until_ms, b->true_by >> at->answer & 1};
}

uint32_t cursor_ask_ahead(struct cursor *c, const struct rule_ref *condition, uint32_t n,
                          const struct situation *s, int64_t *until_ms)
{
    int64_t least = MOMENT_NEVER;
    uint32_t i;

    c->asks++;
    for (i = 0; i < n; i++) {
        const struct beginning *b = &c->beginning[condition[i].v];
        struct said said =
            b->test ? ask_side(c, s, b, least) : ask_tree(c, s, condition[i]);

        least = said.until_ms < least ? said.until_ms : least;
        if (said.truth)
            break;
    }
    assert(least > s->at_ms);
    *until_ms = least;
    return i;
}
