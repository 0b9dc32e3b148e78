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
    rule->first = operand[0];
    rule->operand_n = n;
    return true;
}

/* --- asking --- */

struct asking {
    const struct cursor *c;
    struct test_at *at;
    int64_t t;
};

static int64_t enters_ms(const struct asking *a, uint64_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->at->e, (uint32_t)i),
                        &a->at->slot->window.from);
}

static int64_t leaves_ms(const struct asking *a, uint64_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->at->e, (uint32_t)i),
                        &a->at->slot->window.to);
}

static void answer(struct asking *a, bool truth, int64_t until_ms)
{
    a->at->answer = truth ? TEST_TRUE : TEST_OPPOSITE;
    a->at->until_ms = a->at->then_ms = until_ms;
}

/* True from one moment up to another that is later than the one asked about. */
static void answer_turning(struct asking *a, int64_t turns_ms, int64_t then_ms)
{
    answer(a, a->t >= turns_ms, a->t >= turns_ms ? then_ms : turns_ms);
    a->at->then_ms = then_ms;
}

/* Entries only come: the first of a run of n is there when the last is. */
static void ask_gathered(struct asking *a, uint64_t first)
{
    const struct window *w = &a->at->slot->window;
    uint64_t last = first + a->at->test->n - 1;
    int64_t enters = MOMENT_NEVER;

    if (last < a->at->e->n)
        enters = entry_ms(a->c, a->at->e, (uint32_t)last);
    if (w->kind == WINDOW_DATES && enters >= w->to_ms)
        enters = MOMENT_NEVER;
    answer_turning(a, enters, MOMENT_NEVER);
}

/* n entries are in a moving window when one that has not left and the n-1 behind it are. */
static void ask_moving(struct asking *a)
{
    uint64_t n = a->at->test->n, i = a->at->at, all = a->at->e->n;

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
    const struct window *w = &a->at->slot->window;
    uint32_t first = 0;

    if (!a->at->test->n) {
        answer(a, true, MOMENT_NEVER);
    } else if (w->kind == WINDOW_LENGTHS) {
        ask_moving(a);
    } else {
        if (w->kind == WINDOW_DATES) {
            first = a->at->at;
            while (first < a->at->e->n && entry_ms(a->c, a->at->e, first) < w->from_ms)
                first++;
            a->at->at = first;
        }
        ask_gathered(a, first);
    }
}

/* Entry i is the latest one, and stays it; when has it been so for the length? */
static int64_t turns_ms(const struct asking *a, uint32_t i)
{
    return moment_after(a->c, entry_ms(a->c, a->at->e, i), &a->at->test->length)
           + a->at->test->late_ms;
}

/* The first entry from i on after which none comes before the length is over. */
static uint32_t find_gap(const struct asking *a, uint32_t i)
{
    int64_t least = gap_least_ms(a->at->test);

    for (int64_t next, at = entry_ms(a->c, a->at->e, i); i + 1 < a->at->e->n;
         i++, at = next) {
        next = entry_ms(a->c, a->at->e, i + 1);
        if (next - at > least && next > turns_ms(a, i))
            break;
    }
    return i;
}

static int64_t next_ms(const struct asking *a, uint32_t i)
{
    return i < a->at->e->n ? entry_ms(a->c, a->at->e, i) : MOMENT_NEVER;
}

/* All events: from gap to gap, whichever lies before the moment asked about. */
static void ask_since_all(struct asking *a)
{
    for (uint32_t i = a->at->at;; i++) {
        int64_t turns, next;

        i = gap_from(a->c, i);
        turns = turns_ms(a, i);
        next = next_ms(a, i + 1);
        if (a->t < next && turns < next) {
            answer_turning(a, turns, next);
            a->at->at = i;
            return;
        }
    }
}

/* Without an entry neither it nor its opposite is true. With one, the length is over since the
 * latest, or it is not. */
static void ask_since(struct asking *a)
{
    uint32_t i = a->at->at, n = a->at->e->n;

    if (a->at->e->all && next_ms(a, 0) <= a->t) {
        ask_since_all(a);
        return;
    }
    while (i < n && entry_ms(a->c, a->at->e, i) <= a->t)
        i++;
    if (i == 0) {
        a->at->answer = 0;
        a->at->until_ms = a->at->then_ms = next_ms(a, i);
    } else if (a->t >= turns_ms(a, i - 1)) {
        answer(a, true, next_ms(a, i));
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

/* To be called when the answer no longer stands. */
static void ask_again(struct cursor *c, const struct situation *s, struct test_at *at)
{
    struct asking a = {.c = c, .at = at, .t = s->at_ms};
    struct view v;
    bool truth;

    switch (at->test->shape) {
    case TEST_SINCE:
        ask_since(&a);
        break;
    case TEST_AT_LEAST:
        ask_at_least(&a);
        break;
    case TEST_ANY:
        v = view_ahead(c, s);
        truth = ask_anew(&v, at->test->node);
        answer(&a, truth, v.holds_ms);
    }
}

static inline void renew(struct cursor *c, const struct situation *s, uint32_t index)
{
    struct test_at *at = &c->test[index];

    if (s->at_ms < at->until_ms)
        return;
    if (s->at_ms < at->then_ms) {
        at->answer ^= TEST_TRUE | TEST_OPPOSITE;
        at->until_ms = at->then_ms;
    } else {
        ask_again(c, s, at);
    }
}

bool test_ask(struct view *v, uint32_t named)
{
    const struct test_at *at = &v->c->test[test_of(named)];

    renew(v->c, v->s, test_of(named));
    holds_until(v, at->until_ms);
    return at->answer & test_mask(named);
}

/* What operands say of a rule, and until when. */
struct said {
    int64_t all,
        longest; /* the least of those that do not decide, the most of those that do */
};

static inline void ask_operand(struct cursor *c, const struct situation *s,
                               const struct operand *o, struct said *said)
{
    const struct test_at *at = &c->test[o->test];
    int64_t longest, all;
    bool decides;

    renew(c, s, o->test);
    decides = ((at->answer & o->mask) != 0) == o->decides;
    longest = decides ? at->until_ms : INT64_MIN;
    all = decides ? MOMENT_NEVER : at->until_ms;
    said->longest = longest > said->longest ? longest : said->longest;
    said->all = all < said->all ? all : said->all;
}

/* As ask_many; narrows *until_ms. An operand that decides longer than that is asked about
 * anyway leaves nothing to look for. */
static inline bool ask_operands(struct cursor *c, const struct situation *s,
                                const struct rule *rule, int64_t *until_ms)
{
    struct said said = {*until_ms, INT64_MIN};

    ask_operand(c, s, &rule->first, &said);
    for (uint32_t i = 1; i < rule->operand_n && said.longest < *until_ms; i++)
        ask_operand(c, s, &rule->operand[i], &said);
    if (said.longest == INT64_MIN)
        *until_ms = said.all;
    else if (said.longest < *until_ms)
        *until_ms = said.longest;
    return (said.longest != INT64_MIN) == rule->decided;
}

/* Tests remember what they answered; what is more than tests side by side has a memo. */
uint32_t cursor_ask_ahead(struct cursor *c, const struct rule_ref *condition, uint32_t n,
                          const struct situation *s, int64_t *until_ms)
{
    int64_t least = MOMENT_NEVER;
    bool is = false;
    uint32_t i;

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
