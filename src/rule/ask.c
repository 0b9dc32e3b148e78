#include "rule/cursor.h"

#include "base/num.h"

#include <assert.h>
#include <string.h>

/* --- windows --- */

static bool keeps_best(const struct slot *s)
{
    return s->function == FUNCTION_MIN || s->function == FUNCTION_MAX;
}

bool slots_room(const struct cursor *c, struct fingers *f, struct err *err)
{
    for (uint32_t i = 0; i < c->p->slot_n; i++) {
        uint32_t n = c->entries[c->p->slot[i].series].n;
        uint32_t *more;

        if (!keeps_best(&c->p->slot[i]) || n <= f->slot[i].best_cap)
            continue;
        more = mem_resize(f->slot[i].best, n * sizeof *more);
        if (!more)
            return err_nomem(err);
        f->slot[i].best = more;
        f->slot[i].best_cap = n;
    }
    return true;
}

struct moving {
    struct view *v;
    const struct slot *slot;
    struct slot_at *at;
    const struct entries *e;
};

static int64_t at_ms(const struct moving *m, uint32_t i)
{
    return entry_ms(m->v->c, m->e, i);
}

/* When an entry comes into the window and when it goes, added once for each finger's place. */
static int64_t enters_ms(struct moving *m, uint32_t i)
{
    if (m->slot->window.kind != WINDOW_LENGTHS)
        return at_ms(m, i);
    if (m->at->entered_for != i) {
        m->at->enters_ms = moment_after(m->v->c, at_ms(m, i), &m->slot->window.from);
        m->at->entered_for = i;
    }
    return m->at->enters_ms;
}

static int64_t leaves_ms(struct moving *m, uint32_t i, int64_t from_ms)
{
    if (m->at->left_for != i) {
        m->at->leaves_ms = moment_after(m->v->c, from_ms, &m->slot->window.to);
        m->at->left_for = i;
    }
    return m->at->leaves_ms;
}

static bool is_better(enum function f, int64_t a, int64_t b)
{
    return f == FUNCTION_MIN ? a <= b : a >= b;
}

static void enter(struct moving *m)
{
    struct slot_at *at = m->at;
    const struct entries *e = m->e;
    uint32_t prev;

    switch ((int)m->slot->function) {
    case FUNCTION_SUM:
    case FUNCTION_AVG:
        at->sum += entry_value(e, at->hi);
        break;
    case FUNCTION_DISTINCT:
        prev = e->prev[e->from + at->hi];
        at->distinct += prev == NONE || prev < at->lo;
        break;
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        while (at->best_n
               && is_better(m->slot->function, entry_value(e, at->hi),
                            entry_value(e, at->best[at->best_n - 1])))
            at->best_n--;
        at->best[at->best_n++] = at->hi;
        break;
    default:
        break;
    }
    at->hi++;
}

/* Moves lo by one entry, `sign` 1: it leaves the window, -1: it comes back. */
static void move_lo(struct moving *m, int sign)
{
    struct slot_at *at = m->at;
    uint32_t i = sign > 0 ? at->lo : at->lo - 1;

    if (m->slot->function == FUNCTION_SUM || m->slot->function == FUNCTION_AVG)
        at->sum -= (__int128)sign * entry_value(m->e, i);
    else if (m->slot->function == FUNCTION_DISTINCT
             && m->e->next[m->e->from + i] >= at->hi)
        at->distinct -= (uint32_t)sign;
    at->lo += (uint32_t)sign;
}

static void move_hi_to(struct moving *m)
{
    struct view *v = m->v;
    const struct window *w = &m->slot->window;

    while (m->at->hi < m->e->n) {
        int64_t ms = at_ms(m, m->at->hi);
        bool seen = ms <= v->s->at_ms;

        if ((!seen && !v->ahead) || (w->kind == WINDOW_DATES && ms >= w->to_ms))
            return;
        if (!seen || enters_ms(m, m->at->hi) > v->t) {
            holds_until(v, enters_ms(m, m->at->hi));
            return;
        }
        enter(m);
    }
}

/* The first moment that the window takes in: entries before it are out. */
static int64_t window_begin(const struct moving *m)
{
    const struct situation *s = m->v->s;

    if (m->slot->window.kind == WINDOW_DATES)
        return m->slot->window.from_ms;
    if (m->slot->window.kind == WINDOW_STAGE)
        return s->stage == STAGE_NONE ? INT64_MAX : s->entered_ms;
    return INT64_MIN;
}

static void move_lo_to(struct moving *m)
{
    struct slot_at *at = m->at;

    if (m->slot->window.kind == WINDOW_LENGTHS) {
        while (at->lo < at->hi && leaves_ms(m, at->lo, at_ms(m, at->lo)) <= m->v->t)
            move_lo(m, 1);
        if (at->lo < at->hi)
            holds_until(m->v, at->leaves_ms);
    } else {
        int64_t begin = window_begin(m);

        while (at->lo < at->hi && at_ms(m, at->lo) < begin)
            move_lo(m, 1);
        while (at->lo > 0 && at_ms(m, at->lo - 1) >= begin)
            move_lo(m, -1);
    }
}

/* The best entry from lo on: the first of those kept that lies in the window. */
static uint32_t best_of(const struct slot_at *at)
{
    uint32_t low = 0, high = at->best_n;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (at->best[middle] < at->lo)
            low = middle + 1;
        else
            high = middle;
    }
    return at->best[low];
}

/* The entry last come in has the latest beginning: if that one is out, all are. */
static bool sequence_holds(struct moving *m)
{
    uint32_t hi = m->at->hi;
    int64_t begin_ms;

    if (!hi)
        return false;
    begin_ms = entry_value(m->e, hi - 1);
    if (m->slot->window.kind != WINDOW_LENGTHS)
        return begin_ms >= window_begin(m);
    if (leaves_ms(m, hi - 1, begin_ms) <= m->v->t)
        return false;
    holds_until(m->v, m->at->leaves_ms);
    return true;
}

static struct val missing_val(void)
{
    return (struct val){.type = VALUE_MISSING};
}

static struct val truth_val(bool truth)
{
    return (struct val){.type = VALUE_BOOL, .n = truth};
}

static struct val entry_val(const struct moving *m, uint32_t i)
{
    const struct source *s = &m->v->c->p->series[m->slot->series].source;

    if (m->e->there && !m->e->there[m->e->from + i])
        return missing_val();
    if (s->kind == SOURCE_NOTHING)
        return (struct val){.type = VALUE_MOMENT, .n = at_ms(m, i)};
    return (struct val){.type = s->type,
                        .n = entry_value(m->e, i),
                        .column = s->column != NONE && s->kind == SOURCE_COLUMN
                                      ? &m->v->c->column[s->column]
                                      : NULL};
}

struct val slot_value(struct view *v, uint32_t index)
{
    struct moving m = {.v = v,
                       .slot = &v->c->p->slot[index],
                       .at = &v->fingers->slot[index],
                       .e = &v->c->entries[v->c->p->slot[index].series]};
    enum function f = m.slot->function;
    enum value_type type = v->c->p->series[m.slot->series].source.type;
    struct val val = {.type = VALUE_NUMBER};
    uint32_t n;

    if (m.at->start != v->fingers->start)
        *m.at = (struct slot_at){.start = v->fingers->start,
                                 .entered_for = NONE,
                                 .left_for = NONE,
                                 .best = m.at->best,
                                 .best_cap = m.at->best_cap};
    move_hi_to(&m);
    if (f == FUNCTION_SEQUENCE)
        return truth_val(sequence_holds(&m));
    move_lo_to(&m);
    n = m.at->hi - m.at->lo;
    switch ((int)f) {
    case FUNCTION_COUNT:
        val.n = n * NUM_ONE;
        return val;
    case FUNCTION_DISTINCT:
        val.n = m.at->distinct * NUM_ONE;
        return val;
    case FUNCTION_EXISTS:
        return truth_val(n > 0);
    case FUNCTION_SUM:
        val.type = type;
        return num_div128(m.at->sum, 1, &val.n) ? val : missing_val();
    default:
        break;
    }
    if (!n)
        return missing_val();
    switch ((int)f) {
    case FUNCTION_AVG:
        val.type = type;
        return num_div128(m.at->sum, n, &val.n) ? val : missing_val();
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        return entry_val(&m, best_of(m.at));
    case FUNCTION_LAST:
        return entry_val(&m, m.at->hi - 1);
    case FUNCTION_FIRST:
        return entry_val(&m, m.at->lo);
    default: /* since, age: the moment itself; who compares does the rest */
        return (struct val){.type = VALUE_MOMENT,
                            .n =
                                at_ms(&m, f == FUNCTION_SINCE ? m.at->hi - 1 : m.at->lo)};
    }
}

void slot_made_of(const struct view *v, uint32_t index, uint32_t *from, uint32_t *to)
{
    const struct slot_at *at = &v->fingers->slot[index];

    *from = at->lo;
    *to = at->hi;
    if (*from == *to)
        return;
    switch ((int)v->c->p->slot[index].function) {
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        *from = best_of(at);
        *to = *from + 1;
        break;
    case FUNCTION_FIRST:
    case FUNCTION_AGE:
        *to = *from + 1;
        break;
    case FUNCTION_LAST:
    case FUNCTION_SINCE:
    case FUNCTION_SEQUENCE:
        *from = *to - 1;
        break;
    default:
        break;
    }
}

/* --- times that grow --- */

/* The first moment at which t + length has reached `goal`; adding never goes back. */
static int64_t reaches_ms(const struct view *v, struct length length, int64_t goal)
{
    const struct zone *z = v->c->p->env.zone;
    int64_t low = v->t, high = MOMENT_MAX; /* not yet at low; at high, or never */

    if (goal > MOMENT_MAX) /* adding stops there */
        return MOMENT_NEVER;
    if (!length.months)
        return goal - length.ms;
    if (goal < high)
        high = goal; /* nothing is added at least */
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (length_add(z, middle, length) < goal)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* A time that grows with t, against a length: t against moment + length; one that shrinks:
 * moment against t + length. Each changes once, at a moment found by adding. */
static bool ask_growing(struct view *v, const struct node *n)
{
    const struct node *grows = n->child, *length = grows->next;
    enum node_kind kind = n->kind;
    struct val base;
    int64_t turns;
    bool turned;

    if (grows->growing == GROWS_NOT) {
        length = n->child;
        grows = length->next;
        kind = node_mirrored(kind);
    }
    base = ask_node(v, grows);
    if (base.type == VALUE_MISSING)
        return false;
    if (grows->growing == GROWS_UP) {
        turns = length_add(v->c->p->env.zone, base.n, length->length);
        if (kind == NODE_GT || kind == NODE_LE)
            turns++;
        turned = v->t >= turns;
    } else {
        int64_t goal = base.n + (kind == NODE_LT || kind == NODE_GE);

        turned = length_add(v->c->p->env.zone, v->t, length->length) >= goal;
        turns = turned ? v->t : reaches_ms(v, length->length, goal);
    }
    if (!turned)
        holds_until(v, turns);
    if (grows->growing == GROWS_UP)
        return turned == (kind == NODE_GT || kind == NODE_GE);
    return turned == (kind == NODE_LT || kind == NODE_LE);
}

/* True while an anniversary of the trait's moment is no longer past than the length. */
static struct val ask_anniversary(struct view *v, const struct node *n)
{
    const struct zone *z = v->c->p->env.zone;
    struct val base = slot_value(v, n->index);
    int32_t years;
    int64_t begin, end;

    if (base.type == VALUE_MISSING)
        return missing_val();
    years = civil_of(zone_local(z, v->t)).year - civil_of(zone_local(z, base.n)).year + 1;
    if (years < 1)
        years = 1;
    /* The latest anniversary up to t is this year's, or last year's. */
    for (;; years--) {
        begin = length_add(z, base.n, (struct length){.months = years * 12});
        if (begin <= v->t || years == 1)
            break;
        holds_until(v, begin);
    }
    if (begin > v->t) {
        holds_until(v, begin);
        return truth_val(false);
    }
    end = length_add(z, begin, n->call->step->within);
    if (end > v->t)
        holds_until(v, end);
    return truth_val(end > v->t);
}

/* --- the tree --- */

static struct val stage_val(const struct view *v, uint32_t lifecycle, uint16_t stage)
{
    if (stage == STAGE_NONE)
        return missing_val();
    return (struct val){.type = VALUE_TEXT, .n = v->c->p->stage_key[lifecycle][stage]};
}

static struct val ask_named(struct view *v, const struct node *n)
{
    const struct situation *s = v->s;

    switch (n->means) {
    case MEANS_PROPERTY:
        return source_read(v, &v->c->p->source[n->index]);
    case MEANS_TERM:
        if (n->kind == NODE_CALL && n->call->function == FUNCTION_ANNIVERSARY)
            return ask_anniversary(v, n);
        return slot_value(v, n->index);
    case MEANS_STAGE:
        return stage_val(v, n->index, s->stage);
    case MEANS_PREVIOUS_STAGE:
        return stage_val(v, n->index, s->previous_stage);
    case MEANS_TIME_IN_STAGE:
        return s->stage == STAGE_NONE
                   ? missing_val()
                   : (struct val){.type = VALUE_MOMENT, .n = s->entered_ms};
    case MEANS_TIMES_IN:
        return (struct val){.type = VALUE_NUMBER, .n = s->times_in[n->index] * NUM_ONE};
    case MEANS_LIFECYCLE_STAGE:
        return stage_val(v, n->index,
                         n->index < s->above_n ? s->above[n->index] : STAGE_NONE);
    case MEANS_ACCOUNT:
        return truth_val(
            catalog_is_account(chunk_catalog(v->c->t.chunk), v->c->t.customer));
    case MEANS_SEGMENT:
    case MEANS_SCORE:
        return ask_rule(v, n->index)->val;
    case MEANS_WORTH:
        return worth_value(v, (enum rule_worth)n->index);
    case MEANS_NOTHING:
    case MEANS_COLUMN:
        break;
    }
    return missing_val();
}

static struct val ask_arithmetic(struct view *v, const struct node *n)
{
    struct val a = ask_node(v, n->child), b = {.type = VALUE_NUMBER},
               out = {.type = n->type};
    bool fits = false;

    if (n->child->next)
        b = ask_node(v, n->child->next);
    if (a.type == VALUE_MISSING || b.type == VALUE_MISSING)
        return missing_val();
    switch ((int)n->kind) {
    case NODE_NEGATE:
        fits = num_sub(0, a.n, &out.n);
        break;
    case NODE_ADD:
        fits = num_add(a.n, b.n, &out.n);
        break;
    case NODE_SUB:
        fits = num_sub(a.n, b.n, &out.n);
        break;
    case NODE_MUL: /* money in minor units by a number: minor units again */
        fits = num_mul_div(a.n, b.n, NUM_ONE, &out.n);
        break;
    default:
        fits = num_mul_div(a.n, NUM_ONE, b.n, &out.n);
    }
    return fits ? out : missing_val();
}

/* Money against a number: the number means major units. */
static int order_of(const struct program *p, const struct val *a, const struct val *b)
{
    __int128 left = a->n, right = b->n;

    if (a->type == VALUE_MONEY && b->type == VALUE_NUMBER)
        left *= p->money_scale;
    if (b->type == VALUE_MONEY && a->type == VALUE_NUMBER)
        right *= p->money_scale;
    return (left > right) - (left < right);
}

static bool compare(const struct program *p, enum node_kind kind, const struct val *a,
                    const struct val *b)
{
    int order = order_of(p, a, b);

    switch ((int)kind) {
    case NODE_EQ:
        return order == 0;
    case NODE_NE:
        return order != 0;
    case NODE_LT:
        return order < 0;
    case NODE_LE:
        return order <= 0;
    case NODE_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

struct border {
    const struct program *p;
    enum node_kind kind;
    struct val number;
};

static bool is_within(const void *context, const struct val *worth)
{
    const struct border *b = context;

    return worth->type != VALUE_MISSING && compare(b->p, b->kind, worth, &b->number);
}

static bool ask_comparison(struct view *v, const struct node *n)
{
    const struct node *left = n->child, *right = left->next;
    struct val a, b;

    if (left->growing != GROWS_NOT || right->growing != GROWS_NOT)
        return ask_growing(v, n);
    if (n->kind >= NODE_LT && left->means == MEANS_WORTH && node_is_literal(right)) {
        struct border border = {v->c->p, n->kind, ask_node(v, right)};

        return worth_test(v, (enum rule_worth)left->index, is_within, &border);
    }
    if (n->kind >= NODE_LT && right->means == MEANS_WORTH && node_is_literal(left)) {
        struct border border = {v->c->p, node_mirrored(n->kind), ask_node(v, left)};

        return worth_test(v, (enum rule_worth)right->index, is_within, &border);
    }
    a = ask_node(v, left);
    b = ask_node(v, right);
    return a.type != VALUE_MISSING && b.type != VALUE_MISSING
           && compare(v->c->p, n->kind, &a, &b);
}

static bool ask_in(struct view *v, const struct node *n)
{
    struct val a = ask_node(v, n->child);
    bool found = false;

    if (a.type == VALUE_MISSING)
        return false;
    for (const struct node *item = n->child->next; item && !found; item = item->next) {
        struct val b = ask_node(v, item);

        found = order_of(v->c->p, &a, &b) == 0;
    }
    return found == (n->kind == NODE_IN);
}

static bool same_nocase(str a, str b)
{
    return str_starts_nocase(a, b) && str_starts_nocase(b, a);
}

/* A text has the other in it; a list has it as an item. */
static bool ask_text(struct view *v, const struct node *n)
{
    struct val a = ask_node(v, n->child), b = ask_node(v, n->child->next);
    const struct cells *cells;
    str part;

    if (a.type == VALUE_MISSING || b.type == VALUE_MISSING)
        return false;
    part = text_of(v->c, b.n);
    if (a.type == VALUE_TEXT)
        return n->kind == NODE_CONTAINS ? str_contains_nocase(text_of(v->c, a.n), part)
                                        : str_starts_nocase(text_of(v->c, a.n), part);
    cells = a.column->cells;
    for (uint32_t i = cells->list_first[a.n]; i < cells->list_first[a.n + 1]; i++) {
        if (same_nocase(cells->word[cells->list_item[i]], part))
            return true;
    }
    return false;
}

/* One operand that decides is enough: as long as it stays, so does the answer. What the
 * operands before it said about their end plays no part then. Who looks ahead asks for the one
 * that stays longest. */
static bool ask_many(struct view *v, const struct node *n)
{
    bool decides = n->kind == NODE_OR, decided = false;
    int64_t outer = v->holds_ms, all = MOMENT_NEVER, longest = INT64_MIN;

    for (const struct node *i = n->child; i && (v->ahead || !decided); i = i->next) {
        v->holds_ms = MOMENT_NEVER;
        if (ask_condition(v, i) == decides) {
            decided = true;
            if (v->holds_ms > longest)
                longest = v->holds_ms;
        } else if (v->holds_ms < all) {
            all = v->holds_ms;
        }
    }
    v->holds_ms = outer;
    holds_until(v, decided ? longest : all);
    return decided == decides;
}

static bool ask_test(struct view *v, const struct node *n)
{
    switch ((int)n->kind) {
    case NODE_AND:
    case NODE_OR:
        return ask_many(v, n);
    case NODE_NOT:
        return !ask_condition(v, n->child);
    case NODE_IN:
    case NODE_NOT_IN:
        return ask_in(v, n);
    case NODE_IS_MISSING:
        return ask_node(v, n->child).type == VALUE_MISSING;
    case NODE_IS_NOT_MISSING:
        return ask_node(v, n->child).type != VALUE_MISSING;
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
        return ask_text(v, n);
    default:
        return ask_comparison(v, n);
    }
}

struct val ask_node(struct view *v, const struct node *n)
{
    if (node_is_condition(n))
        return truth_val(ask_test(v, n));
    if (n->kind == NODE_NAME || n->kind == NODE_CALL)
        return ask_named(v, n);
    if (node_is_literal(n))
        return (struct val){.type = n->type, .n = n->number};
    return ask_arithmetic(v, n);
}

bool ask_anew(struct view *v, const struct node *n)
{
    struct val val = ask_node(v, n);

    return val.type == VALUE_BOOL && val.n;
}

bool ask_condition(struct view *v, const struct node *n)
{
    return v->ahead && n->test ? test_ask(v, n->test) : ask_anew(v, n);
}

static struct val ask_score(struct view *v, const struct rule *rule)
{
    __int128 points = rule->from;
    struct val val = {.type = VALUE_NUMBER};

    for (uint32_t i = 0; i < rule->part_n; i++) {
        if (ask_rule(v, rule->part[i].when.v)->val.n)
            points += rule->part[i].points;
    }
    val.n = points < rule->low    ? rule->low
            : points > rule->high ? rule->high
                                  : (int64_t)points;
    return val;
}

/* An answer given before stands until the moment that it named, unless an event came that was
 * not looked ahead at, or the stage is another. */
static bool still_holds(const struct view *v, const struct rule *rule,
                        const struct memo *m)
{
    if (m->known != v->known || v->t >= m->holds_ms)
        return false;
    if (rule->by_times || rule->above_n)
        return m->ask == v->c->asks;
    return !rule->by_stage
           || (m->stage == v->s->stage && m->previous_stage == v->s->previous_stage
               && m->entered_ms == v->s->entered_ms);
}

static struct val ask_root(struct view *v, const struct rule *rule)
{
    if (!rule->root)
        return ask_score(v, rule);
    if (rule->want == RULE_CONDITION)
        return truth_val(ask_condition(v, rule->root));
    return ask_node(v, rule->root);
}

const struct memo *ask_rule(struct view *v, uint32_t index)
{
    const struct rule *rule = &v->c->p->rule[index];
    struct memo *memo = &v->memo[index];
    int64_t outer = v->holds_ms;

    if (!still_holds(v, rule, memo)) {
        v->holds_ms = MOMENT_NEVER;
        memo->val = ask_root(v, rule);
        memo->holds_ms = v->holds_ms;
        memo->ask = v->c->asks;
        memo->known = v->known;
        memo->stage = v->s->stage;
        memo->previous_stage = v->s->previous_stage;
        memo->entered_ms = v->s->entered_ms;
        v->holds_ms = outer;
    }
    holds_until(v, memo->holds_ms);
    return memo;
}
