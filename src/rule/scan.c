/* scan.c - a condition over a chunk: the tree, in sets of customers.
 *
 * Asking a node of the customers in `want` gives two sets, of those who fit and of those who do
 * not; for whoever is in neither only a cursor knows. Operands of and, or are asked from the
 * cheapest on, each of those alone whom none before it has decided. */
#include "rule/scan_impl.h"

#include "base/num.h"

#include <assert.h>
#include <string.h>

/* --- new, free --- */

bool scan_new(const struct program *p, struct rule_ref rule, struct scan **out,
              struct err *err)
{
    struct scan *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->p = p;
    s->rule = rule;
    s->rule_cost = mem_alloc(p->rule_n * sizeof *s->rule_cost);
    s->asked = mem_alloc(p->rule_n * sizeof *s->asked);
    s->times_in = mem_alloc(p->env.lifecycle[0].stage_n * sizeof *s->times_in);
    if (!s->rule_cost || !s->asked || !s->times_in) {
        scan_free(s);
        return err_nomem(err);
    }
    /* A rule stands behind those that it names. */
    for (uint32_t i = 0; i < p->rule_n; i++)
        s->rule_cost[i] = rule_cost(s, &p->rule[i]);
    *out = s;
    return true;
}

void scan_free(struct scan *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->asked && i < s->p->rule_n; i++)
        mem_free(s->asked[i].score);
    for (uint32_t i = 0; i < s->window_n; i++)
        mem_free(s->window[i]);
    for (uint32_t i = 0; i < s->vals_cap; i++)
        mem_free(s->vals[i]);
    mem_free(s->rule_cost);
    mem_free(s->asked);
    mem_free(s->times_in);
    mem_free(s->window);
    mem_free(s->vals);
    mem_free(s->key);
    cursor_free(s->cursor);
    mem_free(s);
}

bool scan_needs_stage(const struct scan *s)
{
    return program_needs_stage(s->p, s->rule);
}

/* --- values --- */

/* Room for one more column of values, or NULL; vals_give gives it back. */
static struct column_vals *vals_take(struct scan *s)
{
    if (s->vals_n == s->vals_cap) {
        struct column_vals **more =
            mem_resize(s->vals, (s->vals_cap + 1) * sizeof(struct column_vals *));

        if (!more)
            return err_nomem(s->err), NULL;
        s->vals = more;
        more[s->vals_cap] = mem_alloc(sizeof(struct column_vals));
        if (!more[s->vals_cap])
            return err_nomem(s->err), NULL;
        s->vals_cap++;
    }
    return s->vals[s->vals_n++];
}

static void vals_give(struct scan *s)
{
    s->vals_n--;
}

static bool node_vals(struct scan *s, const struct node *n, const struct bits *want,
                      struct column_vals *out);
static bool ask_rule_of(struct scan *s, uint32_t rule, const struct bits *want,
                        struct bits *yes, struct bits *no);

static uint16_t stage_of(const struct situation *at, const struct node *n)
{
    if (n->means == MEANS_LIFECYCLE_STAGE)
        return n->index < at->above_n ? at->above[n->index] : STAGE_NONE;
    return n->means == MEANS_PREVIOUS_STAGE ? at->previous_stage : at->stage;
}

static void stage_vals(const struct scan *s, const struct node *n,
                       const struct bits *want, struct column_vals *out)
{
    memset(&out->there, 0, sizeof out->there);
    for (EACH_BIT(i, want)) {
        const struct situation *at = &s->standing[i];
        uint16_t stage = stage_of(at, n);

        if (n->means == MEANS_TIMES_IN)
            out->n[i] = at->times_in[n->index] * NUM_ONE;
        else if (stage == STAGE_NONE)
            continue;
        else if (n->means == MEANS_TIME_IN_STAGE)
            out->n[i] = at->entered_ms;
        else
            out->n[i] = s->p->stage_key[n->index][stage];
        bits_put(&out->there, i);
    }
}

static void account_vals(const struct scan *s, const struct bits *want,
                         struct column_vals *out)
{
    const struct chunk *c = s->chunk;

    out->there = *want;
    for (EACH_BIT(i, want))
        out->n[i] = catalog_is_account(chunk_catalog(c), c->customer_first + i);
}

static bool add_points(struct scan *s, const struct rule *rule, const struct bits *want,
                       __int128 *points)
{
    for (uint32_t k = 0; k < rule->part_n; k++) {
        struct bits yes, no;

        if (!ask_rule_of(s, rule->part[k].when.v, want, &yes, &no))
            return false;
        for (EACH_BIT(i, &yes))
            points[i] += rule->part[k].points;
    }
    return true;
}

/* A score's or a number's values, each counted once in a chunk. */
static bool score_vals(struct scan *s, uint32_t index, const struct bits *want,
                       struct column_vals *out)
{
    const struct rule *rule = &s->p->rule[index];
    struct asked *asked = &s->asked[index];
    struct bits need = bits_without(want, &asked->counted);
    struct column_vals *fresh;
    __int128 points[CHUNK_CUSTOMERS];

    if (!asked->score)
        asked->score = mem_alloc(sizeof *asked->score);
    if (!asked->score)
        return err_nomem(s->err);
    if (bits_any(&need)) {
        fresh = vals_take(s);
        if (!fresh)
            return false;
        fresh->there = need;
        for (EACH_BIT(i, &need))
            points[i] = rule->from;
        if (rule->root ? !node_vals(s, rule->root, &need, fresh)
                       : !add_points(s, rule, &need, points))
            return false;
        for (EACH_BIT(i, &need))
            asked->score->n[i] = rule->root               ? fresh->n[i]
                                 : points[i] < rule->low  ? rule->low
                                 : points[i] > rule->high ? rule->high
                                                          : (int64_t)points[i];
        asked->score->there = bits_without(&asked->score->there, &need);
        fresh->there = bits_and(&fresh->there, &need);
        asked->score->there = bits_or(&asked->score->there, &fresh->there);
        asked->counted = bits_or(&asked->counted, &need);
        vals_give(s);
    }
    *out = *asked->score;
    return true;
}

static bool calculate(enum node_kind kind, int64_t a, int64_t b, int64_t *out)
{
    switch ((int)kind) {
    case NODE_NEGATE:
        return num_sub(0, a, out);
    case NODE_ADD:
        return num_add(a, b, out);
    case NODE_SUB:
        return num_sub(a, b, out);
    case NODE_MUL:
        return num_mul_div(a, b, NUM_ONE, out);
    default:
        return num_mul_div(a, NUM_ONE, b, out);
    }
}

static bool arithmetic_vals(struct scan *s, const struct node *n, const struct bits *want,
                            struct column_vals *out)
{
    const struct node *right = n->child->next;
    struct column_vals *b = vals_take(s);
    struct bits both;

    if (!b || !node_vals(s, n->child, want, out)
        || (right && !node_vals(s, right, want, b)))
        return false;
    both = bits_and(want, &out->there);
    if (right)
        both = bits_and(&both, &b->there);
    memset(&out->there, 0, sizeof out->there);
    for (EACH_BIT(i, &both))
        if (calculate(n->kind, out->n[i], right ? b->n[i] : 0, &out->n[i]))
            bits_put(&out->there, i);
    vals_give(s);
    return true;
}

/* What each of those wanted has; .there may hold others, too. */
static bool node_vals(struct scan *s, const struct node *n, const struct bits *want,
                      struct column_vals *out)
{
    if (node_is_literal(n)) {
        out->there = *want;
        for (EACH_BIT(i, want))
            out->n[i] = n->number;
        return true;
    }
    switch (n->means) {
    case MEANS_TERM:
        return slot_vals(s, n->index, want, out);
    case MEANS_STAGE:
    case MEANS_PREVIOUS_STAGE:
    case MEANS_TIME_IN_STAGE:
    case MEANS_TIMES_IN:
    case MEANS_LIFECYCLE_STAGE:
        stage_vals(s, n, want, out);
        return true;
    case MEANS_ACCOUNT:
        account_vals(s, want, out);
        return true;
    case MEANS_SCORE:
        return score_vals(s, n->index, want, out);
    case MEANS_SEGMENT:
    case MEANS_WORTH:
    case MEANS_COLUMN:
    case MEANS_PROPERTY:
    case MEANS_NOTHING:
        break;
    }
    return arithmetic_vals(s, n, want, out);
}

/* --- comparisons --- */

/* What one unit of a side is worth next to the other side: money against a number means major
 * units. */
static int64_t scale_of(const struct program *p, const struct node *side,
                        const struct node *other)
{
    return side->type == VALUE_MONEY && other->type == VALUE_NUMBER ? p->money_scale : 1;
}

static bool order_fits(enum node_kind kind, __int128 a, __int128 b)
{
    switch ((int)kind) {
    case NODE_EQ:
        return a == b;
    case NODE_NE:
        return a != b;
    case NODE_LT:
        return a < b;
    case NODE_LE:
        return a <= b;
    case NODE_GT:
        return a > b;
    default:
        return a >= b;
    }
}

static bool ask_order(struct scan *s, const struct node *n, const struct bits *want,
                      struct bits *yes)
{
    const struct node *left = n->child, *right = left->next;
    __int128 left_scale = scale_of(s->p, left, right);
    __int128 right_scale = scale_of(s->p, right, left);
    struct column_vals *a = vals_take(s), *b = a ? vals_take(s) : NULL;
    struct bits both;

    if (!b || !node_vals(s, left, want, a) || !node_vals(s, right, want, b))
        return false;
    both = bits_and(&a->there, &b->there);
    both = bits_and(&both, want);
    for (EACH_BIT(i, &both))
        if (order_fits(n->kind, a->n[i] * left_scale, b->n[i] * right_scale))
            bits_put(yes, i);
    vals_give(s);
    vals_give(s);
    return true;
}

/* Which moments have come so far, by adding the length, is the same for everybody: those up to
 * one of them (a time that grows), or from one on (one that shrinks). */
static bool ask_growing(struct scan *s, const struct node *n, const struct bits *want,
                        struct bits *yes)
{
    const struct node *grows = n->child, *length = grows->next;
    enum node_kind kind = n->kind;
    struct column_vals *base = vals_take(s);
    int64_t border;
    struct bits there;
    bool up;

    if (grows->growing == GROWS_NOT) {
        length = n->child;
        grows = length->next;
        kind = node_mirrored(kind);
    }
    if (!base || !node_vals(s, grows, want, base))
        return false;
    up = grows->growing == GROWS_UP;
    if (up)
        border = before_length(s->p, s->at_ms - (kind == NODE_GT || kind == NODE_LE),
                               length->length);
    else
        border = length_add(s->p->env.zone, s->at_ms, length->length)
                 - (kind == NODE_LT || kind == NODE_GE);
    there = bits_and(&base->there, want);
    for (EACH_BIT(i, &there)) {
        bool turned = base->n[i] <= border;
        bool wanted =
            up ? kind == NODE_GT || kind == NODE_GE : kind == NODE_LT || kind == NODE_LE;

        if (turned == wanted)
            bits_put(yes, i);
    }
    vals_give(s);
    return true;
}

static bool ask_in(struct scan *s, const struct node *n, const struct bits *want,
                   struct bits *yes)
{
    const struct node *left = n->child;
    struct column_vals *a = vals_take(s);
    struct bits there;

    if (!a || !node_vals(s, left, want, a))
        return false;
    there = bits_and(&a->there, want);
    for (EACH_BIT(i, &there)) {
        bool found = false;

        for (const struct node *item = left->next; item && !found; item = item->next)
            found = a->n[i] * (__int128)scale_of(s->p, left, item)
                    == item->number * (__int128)scale_of(s->p, item, left);
        if (found == (n->kind == NODE_IN))
            bits_put(yes, i);
    }
    vals_give(s);
    return true;
}

/* A truth that stands alone, or a question whether something is there. */
static bool ask_there(struct scan *s, const struct node *n, const struct bits *want,
                      struct bits *yes)
{
    bool alone = !node_is_condition(n);
    struct column_vals *a = vals_take(s);

    if (!a || !node_vals(s, alone ? n : n->child, want, a))
        return false;
    for (EACH_BIT(i, want)) {
        bool there = bits_has(&a->there, i);

        if (alone ? there && a->n[i] : there == (n->kind == NODE_IS_NOT_MISSING))
            bits_put(yes, i);
    }
    vals_give(s);
    return true;
}

static bool ask_test(struct scan *s, const struct node *n, const struct bits *want,
                     struct bits *yes)
{
    switch ((int)n->kind) {
    case NODE_EQ:
    case NODE_NE:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return n->child->growing == GROWS_NOT && n->child->next->growing == GROWS_NOT
                   ? ask_order(s, n, want, yes)
                   : ask_growing(s, n, want, yes);
    case NODE_IN:
    case NODE_NOT_IN:
        return ask_in(s, n, want, yes);
    default:
        return ask_there(s, n, want, yes);
    }
}

/* --- the tree --- */

static bool ask_node_of(struct scan *s, const struct node *n, const struct bits *want,
                        struct bits *yes, struct bits *no);

/* `open` are those whom no operand has decided, `other` those of whom all that were asked say
 * what does not decide. */
static bool ask_many(struct scan *s, const struct node *n, const struct bits *want,
                     struct bits *decided, struct bits *other)
{
    struct bits open = *want, yes, no;
    bool is_or = n->kind == NODE_OR;

    *other = *want;
    for (int cost = COST_STAGE; cost <= COST_CURSOR; cost++) {
        for (const struct node *i = n->child; i; i = i->next) {
            if ((int)node_cost(s, i) != cost)
                continue;
            if (!bits_any(&open))
                break;
            if (!ask_node_of(s, i, &open, &yes, &no))
                return false;
            open = bits_without(&open, is_or ? &yes : &no);
            *other = bits_and(other, is_or ? &no : &yes);
        }
    }
    *decided = bits_without(want, &open);
    return true;
}

/* Does every term look only at events of other moments than the chunk's, for ever? */
static bool is_constant(struct scan *s, const struct node *n)
{
    const struct slot *slot = n->means == MEANS_TERM ? &s->p->slot[n->index] : NULL;
    struct windowed w;

    if (n->means != MEANS_NOTHING && !slot)
        return false;
    if (slot) {
        w.window = slot->window;
        window_stand(s, &w);
        if (s->p->series[slot->series].kind != SERIES_EVENTS
            || (w.window.kind != WINDOW_LENGTHS && w.window.kind != WINDOW_DATES)
            || (s->span.last_ms >= w.begin_ms
                && (w.window.kind == WINDOW_LENGTHS
                    || s->span.first_ms < w.window.to_ms)))
            return false;
    }
    for (n = n->child; n; n = n->next)
        if (!is_constant(s, n))
            return false;
    return true;
}

static bool ask_node_of(struct scan *s, const struct node *n, const struct bits *want,
                        struct bits *yes, struct bits *no)
{
    if (n->kind == NODE_AND)
        return ask_many(s, n, want, no, yes);
    if (n->kind == NODE_OR)
        return ask_many(s, n, want, yes, no);
    if (n->kind == NODE_NOT)
        return ask_node_of(s, n->child, want, no, yes);
    if (n->means == MEANS_SEGMENT)
        return ask_rule_of(s, n->index, want, yes, no);
    memset(yes, 0, sizeof *yes);
    memset(no, 0, sizeof *no);
    if (node_cost(s, n) == COST_CURSOR || (s->is_constant && !is_constant(s, n)))
        return true;
    if (!ask_test(s, n, want, yes))
        return false;
    *no = bits_without(want, yes);
    return true;
}

/* A rule that others name is asked of nobody twice. */
static bool ask_rule_of(struct scan *s, uint32_t index, const struct bits *want,
                        struct bits *yes, struct bits *no)
{
    const struct rule *rule = &s->p->rule[index];
    struct asked *asked = &s->asked[index];
    struct bits need = bits_without(want, &asked->asked);

    if (rule->depth <= SCAN_DEEP && bits_any(&need)) {
        if (!ask_node_of(s, rule->root, &need, yes, no))
            return false;
        asked->yes = bits_or(&asked->yes, yes);
        asked->no = bits_or(&asked->no, no);
        asked->asked = bits_or(&asked->asked, &need);
    }
    *yes = bits_and(&asked->yes, want);
    *no = bits_and(&asked->no, want);
    return true;
}

/* --- the whole --- */

static void begin(struct scan *s, const struct chunk *c, struct scan_span span,
                  int64_t at_ms, const struct situation *standing, struct err *err)
{
    bool moved = s->at_ms != at_ms;

    s->chunk = c;
    s->span = span;
    s->at_ms = at_ms;
    s->standing = standing;
    s->err = err;
    s->vals_n = 0;
    for (uint32_t i = 0; i < s->window_n; i++) {
        memset(&s->window[i]->known, 0, sizeof s->window[i]->known);
        if (moved)
            window_stand(s, s->window[i]);
    }
    for (uint32_t i = 0; i < s->p->rule_n; i++) {
        struct asked *a = &s->asked[i];

        *a = (struct asked){.score = a->score};
    }
}

bool scan_is_decided(struct scan *s, struct scan_span span, int64_t at_ms, bool *answer)
{
    static const uint32_t first[2] = {0, 0};
    const struct chunk nobody = {.customer_n = 1, .first = first};
    const struct bits want = bits_up_to(1);
    struct bits yes, no;
    struct err err;
    bool ok;

    begin(s, &nobody, span, at_ms, NULL, &err);
    s->is_constant = true;
    ok = ask_rule_of(s, s->rule.v, &want, &yes, &no);
    s->is_constant = false;
    *answer = ok && bits_any(&yes);
    return ok && (bits_any(&yes) || bits_any(&no));
}

/* Those of whom only a cursor knows, and, of all, holds_until. */
static bool ask_cursor(struct scan *s, const struct bits *want, const struct bits *of,
                       struct bits *yes, int64_t *holds_ms)
{
    const struct chunk *c = s->chunk;
    struct situation nowhere = {.at_ms = s->at_ms,
                                .stage = STAGE_NONE,
                                .previous_stage = STAGE_NONE,
                                .times_in = s->times_in};
    struct answer answer;

    if (!bits_any(of))
        return true;
    if (!s->cursor && !cursor_new(s->p, &s->cursor, s->err))
        return false;
    for (EACH_BIT(i, of)) {
        const struct situation *at = s->standing ? &s->standing[i] : &nowhere;
        struct timeline t = timeline_of(c, c->customer_first + i);

        if (!cursor_start(s->cursor, &t, s->err))
            return false;
        if (bits_has(want, i) && cursor_ask(s->cursor, s->rule, at).value.truth)
            bits_put(yes, i);
        if (!holds_ms)
            continue;
        if (!cursor_ask_exact(s->cursor, s->rule, at, &answer, s->err))
            return false;
        holds_ms[i] = answer.holds_until_ms;
    }
    return true;
}

bool scan_chunk(struct scan *s, const struct chunk *c, struct scan_span span,
                int64_t at_ms, const struct bits *who, const struct situation *standing,
                struct bits *out, int64_t *holds_ms, struct err *err)
{
    struct bits all = bits_up_to(c->customer_n), no, open;

    assert(program_type(s->p, s->rule) == VALUE_BOOL);
    if (who)
        all = bits_and(&all, who);
    begin(s, c, span, at_ms, standing, err);
    if (!ask_rule_of(s, s->rule.v, &all, out, &no))
        return false;
    open = bits_without(&all, out);
    open = bits_without(&open, &no);
    return ask_cursor(s, &open, holds_ms ? &all : &open, out, holds_ms);
}
