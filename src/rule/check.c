/* check.c - gives every node of a rule its type and its meaning, and refuses what has none. */
#include "rule/program_impl.h"

bool check_fault(const struct check *c, const struct node *n, const char *msg)
{
    return parse_fault(c->text, n->start, c->err, "%s", msg);
}

static bool check_node(struct check *c, struct node *n);

/* --- functions --- */

static void window_resolve(const struct zone *z, struct window *w)
{
    if (w->kind == WINDOW_DATES) {
        w->from_ms = zone_moment(z, w->from_ms);
        w->to_ms = zone_moment(z, w->to_ms + MS_DAY);
    }
}

static bool check_sequence(struct check *c, struct node *n)
{
    struct call *call = n->call;
    struct series series = {.kind = SERIES_SEQUENCE, .step_n = call->step_n};
    struct slot s = {.function = FUNCTION_SEQUENCE, .window = call->window};
    struct series_step *step =
        arena_array(&c->p->arena, struct series_step, call->step_n);

    if (!step)
        return err_nomem(c->err);
    for (uint32_t i = 0; i < call->step_n; i++) {
        struct series one;

        if (!check_pattern(c, &call->step[i].pattern, &one)
            || !program_add_series(c->p, &one, &step[i].series, c->err))
            return false;
        if (i > 0)
            step[i].within = call->step[i].within;
    }
    series.step = step;
    n->type = VALUE_BOOL;
    n->means = MEANS_TERM;
    return program_add_series(c->p, &series, &s.series, c->err)
           && program_add_slot(c->p, &s, &n->index, c->err);
}

static bool is_trait(const struct name *name)
{
    return !name->quoted && str_eq(name->first, STR("trait"));
}

static bool check_moment_trait(struct check *c, struct node *n, const struct name *name)
{
    str function = function_name(n->call->function);

    if (!is_trait(name))
        return parse_fault(c->text, name->start, c->err,
                           "%.*s() takes a trait, such as trait.renewal",
                           STR_FMT(function));
    if (!check_trait(c, name, &n->index, &n->type))
        return false;
    if (n->type != VALUE_MOMENT) {
        str type = value_type_name(n->type);

        return parse_fault(
            c->text, name->start, c->err,
            "%.*s() needs a trait that is a moment; trait.%.*s is declared as "
            "%.*s",
            STR_FMT(function), SHOWN(name->rest), STR_FMT(type));
    }
    n->means = MEANS_TERM;
    return true;
}

static bool is_amount(enum value_type t)
{
    return t == VALUE_NUMBER || t == VALUE_MONEY;
}

/* What a function gives over values of this type (MISSING: over events alone). */
static bool function_type(struct check *c, struct node *n, enum value_type of)
{
    const struct call *call = n->call;
    str function = function_name(call->function);
    bool fits = true;

    switch ((int)call->function) {
    case FUNCTION_COUNT:
        n->type = VALUE_NUMBER;
        break;
    case FUNCTION_EXISTS:
        n->type = VALUE_BOOL;
        break;
    case FUNCTION_SINCE:
    case FUNCTION_AGE:
        n->type = VALUE_MOMENT;
        n->growing = GROWS_UP;
        break;
    case FUNCTION_FIRST:
    case FUNCTION_LAST:
        n->type = of == VALUE_MISSING ? VALUE_MOMENT : of;
        break;
    case FUNCTION_DISTINCT:
        n->type = VALUE_NUMBER;
        fits = of != VALUE_MISSING;
        break;
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        n->type = of;
        fits = is_amount(of) || of == VALUE_MOMENT;
        break;
    default: /* sum, avg */
        n->type = of;
        fits = is_amount(of);
    }
    if (fits)
        return true;
    if (of == VALUE_MISSING)
        return parse_fault(c->text, n->start, c->err,
                           "%.*s() needs a property, such as %.*s.%s", STR_FMT(function),
                           SHOWN(call->step->pattern.name.first),
                           call->function == FUNCTION_DISTINCT ? "day" : "revenue");
    return parse_fault(c->text, call->step->pattern.name.start, c->err,
                       "%.*s() needs numbers, and this property is a %.*s",
                       STR_FMT(function), STR_FMT(value_type_name(of)));
}

static bool check_aggregate(struct check *c, struct node *n)
{
    const struct call *call = n->call;
    struct slot s = {.function = call->function, .window = call->window};
    struct series series;

    if (call->function == FUNCTION_SINCE && is_trait(&call->step->pattern.name)) {
        if (call->step->pattern.where || call->window.kind != WINDOW_ALL)
            return check_fault(c, n, "a trait has no window and no where");
        n->growing = GROWS_UP;
        return check_moment_trait(c, n, &call->step->pattern.name);
    }
    if (!check_pattern(c, &call->step->pattern, &series)
        || !function_type(c, n, series.source.type))
        return false;
    series.linked = call->function == FUNCTION_DISTINCT;
    series.items = series.linked && series.source.type == VALUE_LIST;
    n->means = MEANS_TERM;
    return program_add_series(c->p, &series, &s.series, c->err)
           && program_add_slot(c->p, &s, &n->index, c->err);
}

static bool check_call(struct check *c, struct node *n)
{
    struct call *call = n->call;
    const struct name *name = &call->step->pattern.name;

    window_resolve(c->p->env.zone, &call->window);
    c->by_stage |= call->window.kind == WINDOW_STAGE;
    switch ((int)call->function) {
    case FUNCTION_SEQUENCE:
        return check_sequence(c, n);
    case FUNCTION_UNTIL:
        n->growing = GROWS_DOWN;
        return check_moment_trait(c, n, name);
    case FUNCTION_ANNIVERSARY:
        if (call->step->within.months >= 12 || call->step->within.ms >= 365 * MS_DAY
            || (!call->step->within.months && !call->step->within.ms))
            return check_fault(c, n,
                               "an anniversary lasts some time, and less than a year");
        if (!check_moment_trait(c, n, name))
            return false;
        n->type = VALUE_BOOL;
        return true;
    case FUNCTION_TIMES_IN:
        n->type = VALUE_NUMBER;
        n->means = MEANS_TIMES_IN;
        c->by_times = true;
        return check_stage(c, program_lifecycle_meant(c->p), name->first, name->start,
                           &n->index);
    default:
        return check_aggregate(c, n);
    }
}

/* --- expressions --- */

static bool refuse_growing(struct check *c, const struct node *n)
{
    return check_fault(
        c, n,
        "a time that grows can only be compared, by < <= > or >=, with one length "
        "such as 90d");
}

static bool check(struct check *c, struct node *n)
{
    return check_node(c, n) && (n->growing == GROWS_NOT || refuse_growing(c, n));
}

bool check_condition(struct check *c, struct node *n)
{
    return check(c, n)
           && (n->type == VALUE_BOOL
               || check_fault(
                   c, n,
                   "a condition is needed here, such as count(purchase, 90d) >= 3"));
}

static const char *a_type(enum value_type t)
{
    switch (t) {
    case VALUE_NUMBER:
        return "a number";
    case VALUE_MONEY:
        return "money";
    case VALUE_TEXT:
        return "a text";
    case VALUE_BOOL:
        return "true or false";
    case VALUE_MOMENT:
        return "a moment";
    case VALUE_LIST:
        return "a list";
    case VALUE_LENGTH:
        return "a length of time";
    case VALUE_MISSING:
    case VALUE_NULL:
        break;
    }
    return "nothing";
}

static bool cannot(struct check *c, const struct node *n, const char *what,
                   enum value_type a, enum value_type b)
{
    return parse_fault(c->text, n->start, c->err, "%s cannot be %s %s", a_type(a), what,
                       a_type(b));
}

static bool check_arithmetic(struct check *c, struct node *n)
{
    struct node *left = n->child, *right = left->next;
    enum value_type a, b;

    if (!check(c, left) || (right && !check(c, right)))
        return false;
    a = left->type;
    b = right ? right->type : VALUE_MISSING;
    n->type = a;
    switch ((int)n->kind) {
    case NODE_NEGATE:
        return is_amount(a)
               || check_fault(c, n, "only numbers and money can have a minus");
    case NODE_ADD:
        return (is_amount(a) && a == b) || cannot(c, n, "added to", b, a);
    case NODE_SUB:
        if (a == VALUE_MOMENT && b == VALUE_MOMENT) {
            n->type = VALUE_LENGTH;
            return true;
        }
        return (is_amount(a) && a == b) || cannot(c, n, "taken from", b, a);
    case NODE_MUL:
        if (b == VALUE_MONEY)
            n->type = b;
        return (is_amount(a) && is_amount(b) && !(a == VALUE_MONEY && b == VALUE_MONEY))
               || cannot(c, n, "multiplied by", a, b);
    default:
        if (b == VALUE_MONEY)
            n->type = VALUE_NUMBER;
        return (is_amount(a) && is_amount(b) && (a == VALUE_MONEY || b == VALUE_NUMBER))
               || cannot(c, n, "divided by", a, b);
    }
}

static bool is_stage(const struct node *n)
{
    return n->means == MEANS_STAGE || n->means == MEANS_PREVIOUS_STAGE
           || n->means == MEANS_LIFECYCLE_STAGE;
}

/* Can these two be compared? `order`: by more than equality. */
static bool check_pair(struct check *c, const struct node *left, const struct node *right,
                       bool order)
{
    enum value_type a = left->type, b = right->type;
    const struct node *length = left->kind == NODE_LENGTH ? left : right;
    uint32_t stage;

    if (a != b && !(is_amount(a) && is_amount(b)))
        return cannot(c, right, "compared with", b, a);
    if (a == VALUE_LIST)
        return check_fault(c, left, "a list is asked with contains");
    if (order && (a == VALUE_TEXT || a == VALUE_BOOL))
        return parse_fault(c->text, left->start, c->err,
                           "%s has no order: only = and != can compare it", a_type(a));
    if (length->kind == NODE_LENGTH && length->length.months)
        return check_fault(
            c, length,
            "a difference of two moments is compared in s, m, h, d or w: 30d, not 1mo");
    if (is_stage(left) && right->kind == NODE_TEXT)
        return check_stage(c, left->index, right->text, right->start, &stage);
    if (is_stage(right) && left->kind == NODE_TEXT)
        return check_stage(c, right->index, left->text, left->start, &stage);
    return true;
}

static bool check_comparison(struct check *c, struct node *n)
{
    struct node *left = n->child, *right = left->next;
    bool order = n->kind != NODE_EQ && n->kind != NODE_NE;

    if (!check_node(c, left) || !check_node(c, right))
        return false;
    if (left->growing != GROWS_NOT)
        return (order && right->kind == NODE_LENGTH) || refuse_growing(c, left);
    if (right->growing != GROWS_NOT)
        return (order && left->kind == NODE_LENGTH) || refuse_growing(c, right);
    return check_pair(c, left, right, order);
}

static bool check_test(struct check *c, struct node *n)
{
    struct node *left = n->child;

    n->type = VALUE_BOOL;
    switch ((int)n->kind) {
    case NODE_EQ:
    case NODE_NE:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return check_comparison(c, n);
    case NODE_IN:
    case NODE_NOT_IN:
        if (!check(c, left))
            return false;
        for (struct node *item = left->next; item; item = item->next) {
            if (!check(c, item) || !check_pair(c, left, item, false))
                return false;
        }
        return true;
    case NODE_IS_MISSING:
    case NODE_IS_NOT_MISSING:
        return check(c, left);
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
        if (!check(c, left) || !check(c, left->next))
            return false;
        if (left->type != VALUE_TEXT
            && !(left->type == VALUE_LIST && n->kind == NODE_CONTAINS))
            return check_fault(c, left,
                               n->kind == NODE_CONTAINS
                                   ? "only a text or a list can contain something"
                                   : "only a text can start with something");
        return left->next->type == VALUE_TEXT
               || check_fault(c, left->next, "a text is needed here");
    default: /* and, or, not */
        for (; left; left = left->next) {
            if (!check_condition(c, left))
                return false;
        }
        return true;
    }
}

/* Gives every node its type and its meaning; what grows is left to who compares. */
static bool check_node(struct check *c, struct node *n)
{
    if (node_is_condition(n))
        return check_test(c, n);
    switch ((int)n->kind) {
    case NODE_NUMBER:
        n->type = VALUE_NUMBER;
        return true;
    case NODE_TEXT:
        n->type = VALUE_TEXT;
        return program_add_literal(c->p, n->text, &n->number, c->err);
    case NODE_BOOL:
        n->type = VALUE_BOOL;
        return true;
    case NODE_LENGTH:
        n->type = VALUE_LENGTH;
        n->number = n->length.ms;
        return true;
    case NODE_DATE:
        n->type = VALUE_MOMENT;
        n->number = zone_moment(c->p->env.zone, n->number);
        return true;
    case NODE_NAME:
        return check_name(c, n);
    case NODE_CALL:
        return check_call(c, n);
    default:
        return check_arithmetic(c, n);
    }
}

/* --- a rule --- */

/* A condition or an amount, whichever is wanted. */
static bool check_wanted(struct check *c, struct rule *rule)
{
    if (rule->want == RULE_CONDITION)
        return check_condition(c, rule->root);
    if (!(rule->want == RULE_MEASURE ? check_node(c, rule->root) : check(c, rule->root)))
        return false;
    if (rule->want == RULE_EITHER && rule->root->type == VALUE_BOOL)
        rule->want = RULE_CONDITION;
    else if (!is_amount(rule->root->type)
             && !(rule->want == RULE_MEASURE
                  && (rule->root->type == VALUE_LENGTH
                      || rule->root->type == VALUE_MOMENT)))
        return check_fault(c, rule->root,
                           rule->want == RULE_NUMBER ? "a number or money is needed here"
                           : rule->want == RULE_MEASURE
                               ? "a number, money, a length or a moment is needed here, "
                                 "such as count(purchase, 1y) or since(purchase)"
                               : "a condition, a number or money is needed here, such as "
                                 "count(purchase, 90d) >= 3");
    return true;
}

bool check_rule(struct program *p, struct rule *rule, struct err *err)
{
    struct check c = {.p = p, .text = rule->text, .err = err};

    if (!check_wanted(&c, rule))
        return false;
    rule->by_stage = c.by_stage;
    rule->by_times = c.by_times;
    rule->above_n = c.above_n;
    rule->depth = c.depth + 1;
    return true;
}
