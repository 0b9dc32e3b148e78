#include "rule/cursor.h"
#include "rule/trait.h"
#include "rule/words.h"

#include <string.h>

/* Here the probe's fingers are used: put back to the start for each term, moved to the moment
 * that is asked, and then on, from change to change, until the term's answer differs. */

static struct view probe_view(struct cursor *c, const struct situation *s, int64_t t)
{
    c->asks++;
    return (struct view){.c = c,
                         .fingers = &c->probe,
                         .memo = c->probe_memo,
                         .known = c->asks,
                         .s = s,
                         .t = t,
                         .holds_ms = MOMENT_NEVER};
}

static struct val ask_term(struct view *v, const struct node *n)
{
    struct val val = ask_node(v, n);

    if (n->type == VALUE_BOOL && val.type == VALUE_MISSING)
        val = (struct val){.type = VALUE_BOOL};
    return val;
}

static struct val exact_term(struct cursor *c, const struct node *n,
                             const struct situation *s, int64_t *holds_ms)
{
    struct view v;
    struct val now, later;

    c->probe.start++;
    v = probe_view(c, s, s->at_ms);
    now = later = ask_term(&v, n);
    while (later.type == now.type && later.n == now.n) {
        *holds_ms = v.holds_ms;
        if (v.holds_ms == MOMENT_NEVER)
            break;
        v = probe_view(c, s, v.holds_ms);
        later = ask_term(&v, n);
    }
    return now;
}

static struct val exact_rule(struct cursor *c, uint32_t rule, const struct situation *s,
                             int64_t *holds_ms);

/* and, or, not and segments are opened up; all else is one term. */
static struct val exact_node(struct cursor *c, const struct node *n,
                             const struct situation *s, int64_t *holds_ms)
{
    bool decides = n->kind == NODE_OR;
    struct val val = {.type = VALUE_BOOL};
    int64_t holds;

    if (n->means == MEANS_SEGMENT)
        return exact_rule(c, n->index, s, holds_ms);
    if (n->kind == NODE_NOT) {
        val.n = !exact_node(c, n->child, s, holds_ms).n;
        return val;
    }
    if (n->kind != NODE_AND && n->kind != NODE_OR)
        return exact_term(c, n, s, holds_ms);
    *holds_ms = MOMENT_NEVER;
    for (n = n->child; n; n = n->next) {
        val = exact_node(c, n, s, &holds);
        if (holds < *holds_ms || val.n == decides)
            *holds_ms = holds;
        if (val.n == decides)
            break;
    }
    return val;
}

static struct val exact_score(struct cursor *c, const struct rule *rule,
                              const struct situation *s, int64_t *holds_ms)
{
    struct view v;

    *holds_ms = MOMENT_NEVER;
    for (uint32_t i = 0; i < rule->part_n; i++) {
        int64_t holds;

        exact_rule(c, rule->part[i].when.v, s, &holds);
        if (holds < *holds_ms)
            *holds_ms = holds;
    }
    c->probe.start++;
    v = probe_view(c, s, s->at_ms);
    return ask_rule(&v, (uint32_t)(rule - c->p->rule))->val;
}

static struct val exact_rule(struct cursor *c, uint32_t index, const struct situation *s,
                             int64_t *holds_ms)
{
    const struct rule *rule = &c->p->rule[index];
    struct memo *memo = &c->exact[index];

    if (memo->ask != c->exacts) {
        memo->val = rule->root ? exact_node(c, rule->root, s, &memo->holds_ms)
                               : exact_score(c, rule, s, &memo->holds_ms);
        memo->ask = c->exacts;
    }
    *holds_ms = memo->holds_ms;
    return memo->val;
}

bool cursor_ask_exact(struct cursor *c, struct rule_ref rule, const struct situation *s,
                      struct answer *out, struct err *err)
{
    struct val val;
    int64_t holds;

    if (!slots_room(c, &c->probe, err))
        return false;
    c->exacts++;
    val = exact_rule(c, rule.v, s, &holds);
    *out = answer_of(val, holds);
    return true;
}

/* --- terms --- */

struct explain {
    struct cursor *c;
    const struct situation *s;
    enum language language;
    struct arena *a;
    struct err *err;
    bool *seen;      /* by rule: each is opened up once */
    uint8_t *marked; /* by event of the timeline: it made the value */
    struct term *term;
    const struct node **node; /* of each term */
    uint32_t n, cap;
};

static struct term *term_new(struct explain *x, const struct node *n)
{
    if (x->n == x->cap) {
        uint32_t cap = x->cap ? x->cap * 2 : 8;
        struct term *more = arena_array(x->a, struct term, cap);
        const struct node **nodes = arena_array(x->a, const struct node *, cap);

        if (!more || !nodes) {
            err_nomem(x->err);
            return NULL;
        }
        if (x->n) {
            memcpy(more, x->term, x->n * sizeof *more);
            memcpy(nodes, x->node, x->n * sizeof *nodes);
        }
        x->term = more;
        x->node = nodes;
        x->cap = cap;
    }
    x->node[x->n] = n;
    return &x->term[x->n++];
}

/* Where a source took its value back, another's stands, which came earlier. */
static bool mark_said(const struct explain *x, const struct series *trait, uint32_t event)
{
    const struct timeline *t = &x->c->t;
    struct trait_said said;
    struct trait_at at;

    if (!trait_open(&at, t->chunk, trait->trait, trait->keep, x->err))
        return false;
    if (trait_decide(&at, t->first, event + 1, &said))
        x->marked[said.event - t->first] = 1;
    return true;
}

static bool mark(const struct explain *x, const struct view *v, uint32_t slot)
{
    const struct slot *s = &x->c->p->slot[slot];
    const struct series *series = &x->c->p->series[s->series];
    const struct entries *e = &x->c->entries[s->series];
    uint32_t place[RULE_STEPS_MAX];
    uint32_t from, to;

    slot_made_of(v, slot, &from, &to);
    if (series->kind == SERIES_SEQUENCE && from < to) {
        sequence_path(x->c, series, entry_place(e, from), place);
        for (uint32_t i = 0; i < series->step_n; i++)
            x->marked[place[i] - x->c->t.first] = 1;
        return true;
    }
    for (; from < to; from++) {
        uint32_t event = entry_place(e, from);

        x->marked[event - x->c->t.first] = 1;
        if (series->kind == SERIES_TRAIT && !mark_said(x, series, event))
            return false;
    }
    return true;
}

static void mark_bought(const struct explain *x, struct view *v)
{
    const struct worth *w = worth_at(x->c->p, v->t);
    const struct entries *e = w ? &x->c->entries[w->events] : NULL;

    for (uint32_t i = 0; e && i < e->n && entry_ms(x->c, e, i) <= x->s->at_ms; i++)
        x->marked[entry_place(e, i) - x->c->t.first] = 1;
}

/* Marks the events behind every function in the expression; the fingers stand at the moment. */
static bool mark_all(const struct explain *x, struct view *v, const struct node *n)
{
    if (n->means == MEANS_TERM) {
        struct val val = slot_value(v, n->index);

        /* A sequence that does not hold has fingers too. */
        if ((x->c->p->slot[n->index].function != FUNCTION_SEQUENCE || val.n)
            && !mark(x, v, n->index))
            return false;
    }
    if (n->means == MEANS_WORTH)
        mark_bought(x, v);
    for (n = n->child; n; n = n->next)
        if (!mark_all(x, v, n))
            return false;
    return true;
}

static bool list_marked(const struct explain *x, struct term *term)
{
    uint32_t *event = arena_array(x->a, uint32_t, 20);

    if (!event)
        return err_nomem(x->err);
    for (uint32_t i = x->c->t.n; i-- > 0;) {
        if (!x->marked[i])
            continue;
        x->marked[i] = 0;
        if (term->event_n < 20)
            event[term->event_n++] = i;
        term->event_all++;
    }
    term->event = event;
    return true;
}

static bool kept(const struct explain *x, struct buf *b, str *out)
{
    *out = b->failed ? (str){NULL, 0} : arena_str(x->a, buf_str(b));
    buf_free(b);
    return out->p || err_nomem(x->err);
}

/* A time that grows is shown as how much time it is. */
static struct val shown_value(const struct explain *x, struct view *v,
                              const struct node *n)
{
    struct val val = ask_node(v, n);

    if (n->growing != GROWS_NOT && val.type != VALUE_MISSING) {
        val.n = n->growing == GROWS_UP ? x->s->at_ms - val.n : val.n - x->s->at_ms;
        val.type = VALUE_LENGTH;
    }
    return val;
}

static bool explain_term(struct explain *x, const struct rule *rule, const struct node *n)
{
    const struct node *measure =
        n->kind >= NODE_EQ && n->kind <= NODE_STARTS_WITH ? n->child : n;
    struct term *term = term_new(x, n);
    struct buf words = {NULL}, value = {NULL};
    struct view v;
    struct val val;
    bool marked, ok;

    if (!term)
        return false;
    if (measure->next && node_is_literal(measure)
        && !node_is_literal(measure->next)) /* 3 <= count(purchase) */
        measure = measure->next;
    term->test = (str){rule->text.p + n->start, n->end - n->start};
    term->measure = (str){rule->text.p + measure->start, measure->end - measure->start};
    term->is_condition = n->type == VALUE_BOOL;
    term->truth = exact_term(x->c, n, x->s, &term->holds_until_ms).n;

    x->c->probe.start++;
    v = probe_view(x->c, x->s, x->s->at_ms);
    val = shown_value(x, &v, measure);
    marked = mark_all(x, &v, n);
    words_of_node(x->c->p, n, x->language, &words);
    words_of_value(x->c, &val, x->language, &value);
    if (measure->means == MEANS_WORTH && worth_at(x->c->p, x->s->at_ms))
        words_of_fit(x->c->p, worth_at(x->c->p, x->s->at_ms), x->language, &value);
    ok = kept(x, &words, &term->words);
    ok = kept(x, &value, &term->value) && ok;
    return marked && ok && list_marked(x, term);
}

static bool explain_rule(struct explain *x, uint32_t index);

/* The scores that a term names follow it with their own terms. */
static bool explain_named(struct explain *x, const struct node *n)
{
    if ((n->means == MEANS_SEGMENT || n->means == MEANS_SCORE)
        && !explain_rule(x, n->index))
        return false;
    for (n = n->child; n; n = n->next) {
        if (!explain_named(x, n))
            return false;
    }
    return true;
}

static bool explain_node(struct explain *x, const struct rule *rule, const struct node *n)
{
    if (n->means == MEANS_SEGMENT)
        return explain_rule(x, n->index);
    if (n->kind != NODE_AND && n->kind != NODE_OR && n->kind != NODE_NOT)
        return explain_term(x, rule, n) && explain_named(x, n);
    for (n = n->child; n; n = n->next) {
        if (!explain_node(x, rule, n))
            return false;
    }
    return true;
}

static bool explain_rule(struct explain *x, uint32_t index)
{
    const struct rule *rule = &x->c->p->rule[index];

    if (x->seen[index])
        return true;
    x->seen[index] = true;
    if (rule->root)
        return explain_node(x, rule, rule->root);
    for (uint32_t i = 0; i < rule->part_n; i++) {
        if (!explain_rule(x, rule->part[i].when.v))
            return false;
    }
    return true;
}

/* --- which terms decide --- */

static bool is_true(const struct explain *x, const struct node *n)
{
    struct view v;

    x->c->probe.start++;
    v = probe_view(x->c, x->s, x->s->at_ms);
    return ask_condition(&v, n);
}

static void decide_rule(struct explain *x, uint32_t index);

/* A term decides with all that the segments and scores that it names hang on. */
static void decide_term(struct explain *x, const struct node *n)
{
    for (uint32_t i = 0; i < x->n; i++)
        x->term[i].decides |= x->node[i] == n;
    if (n->means == MEANS_SEGMENT || n->means == MEANS_SCORE)
        decide_rule(x, n->index);
    for (n = n->child; n; n = n->next)
        decide_term(x, n);
}

/* Of and, or: the operands whose answer is the answer of the whole. */
static void decide_node(struct explain *x, const struct node *n)
{
    bool truth;

    if (n->kind == NODE_NOT) {
        decide_node(x, n->child);
        return;
    }
    if (n->means == MEANS_SEGMENT || (n->kind != NODE_AND && n->kind != NODE_OR)) {
        decide_term(x, n);
        return;
    }
    truth = is_true(x, n);
    for (n = n->child; n; n = n->next)
        if (is_true(x, n) == truth)
            decide_node(x, n);
}

static void decide_rule(struct explain *x, uint32_t index)
{
    const struct rule *rule = &x->c->p->rule[index];

    if (!x->seen[index]) /* decided already */
        return;
    x->seen[index] = false;
    if (rule->root && rule->want == RULE_CONDITION)
        decide_node(x, rule->root);
    else if (rule->root)
        decide_term(x, rule->root);
    for (uint32_t i = 0; i < rule->part_n; i++)
        decide_rule(x, rule->part[i].when.v);
}

bool cursor_explain(struct cursor *c, struct rule_ref rule, const struct situation *s,
                    enum language language, struct arena *a, const struct term **out,
                    uint32_t *n, struct err *err)
{
    struct explain x = {.c = c, .s = s, .language = language, .a = a, .err = err};

    x.seen = arena_array(a, bool, c->p->rule_n);
    x.marked = arena_array(a, uint8_t, c->t.n);
    if (!x.seen || !x.marked)
        return err_nomem(err);
    if (!slots_room(c, &c->probe, err) || !explain_rule(&x, rule.v))
        return false;
    decide_rule(&x, rule.v);
    *out = x.term;
    *n = x.n;
    return true;
}
