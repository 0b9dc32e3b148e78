#include "rule/row.h"

#include "base/num.h"
#include "rule/parse.h"

#include <string.h>

struct row_expr {
    struct node *root; /* without the function around it */
    bool whole;        /* there is none: the first value counts */
    enum function function;
    const str *column; /* names, for messages */
    const struct decimal *decimal;
};

struct check {
    str text;
    const str *column;
    uint32_t column_n;
    struct err *err;
};

static bool fault(const struct check *c, const struct node *n, const char *msg)
{
    return parse_fault(c->text, n->start, c->err, "%s", msg);
}

/* What a node is read as, from what it must be. A column can be read as both. */
static bool check_as(struct check *c, struct node *n, enum value_type wanted);

static bool is_column(const struct node *n)
{
    return n->kind == NODE_NAME;
}

static bool check_number(struct check *c, struct node *n)
{
    return check_as(c, n, VALUE_NUMBER);
}

static bool check_equal(struct check *c, struct node *left, struct node *right)
{
    enum value_type type = VALUE_NUMBER;

    if ((is_column(left) || left->kind == NODE_TEXT)
        && (is_column(right) || right->kind == NODE_TEXT))
        type = VALUE_TEXT;
    return check_as(c, left, type) && check_as(c, right, type);
}

static bool check_in(struct check *c, struct node *left)
{
    enum value_type type = left->next->kind == NODE_TEXT ? VALUE_TEXT : VALUE_NUMBER;

    for (struct node *n = left; n; n = n->next) {
        if (!check_as(c, n, type))
            return false;
    }
    return true;
}

static bool check_column(struct check *c, struct node *n)
{
    str name = n->name.whole;
    char hint[120];

    n->means = MEANS_NOTHING;
    for (uint32_t i = 0; i < c->column_n; i++) {
        if (!str_eq(c->column[i], name))
            continue;
        if (n->means == MEANS_COLUMN)
            return parse_fault(c->text, n->start, c->err,
                               "there are two columns \"%.*s\": rename one of them",
                               SHOWN(name));
        n->means = MEANS_COLUMN;
        n->index = i;
    }
    return n->means == MEANS_COLUMN
           || parse_fault(c->text, n->start, c->err, "there is no column \"%.*s\"%s",
                          SHOWN(name), parse_hint(name, c->column, c->column_n, hint));
}

static bool check_condition(struct check *c, struct node *n)
{
    struct node *left = n->child;

    n->type = VALUE_BOOL;
    switch ((int)n->kind) {
    case NODE_EQ:
    case NODE_NE:
        return check_equal(c, left, left->next);
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return check_number(c, left) && check_number(c, left->next);
    case NODE_IN:
    case NODE_NOT_IN:
        return check_in(c, left);
    case NODE_IS_MISSING:
    case NODE_IS_NOT_MISSING:
        return check_as(c, left, is_column(left) ? VALUE_TEXT : VALUE_NUMBER);
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
        return check_as(c, left, VALUE_TEXT) && check_as(c, left->next, VALUE_TEXT);
    default: /* and, or, not */
        for (; left; left = left->next) {
            if (!check_as(c, left, VALUE_BOOL))
                return false;
        }
        return true;
    }
}

static bool check_as(struct check *c, struct node *n, enum value_type wanted)
{
    enum value_type type = VALUE_NUMBER;

    if (n->kind == NODE_LENGTH || n->kind == NODE_DATE)
        return fault(c, n,
                     "lengths of time and dates have no meaning in the rows of a table");
    if (n->kind == NODE_CALL)
        return fault(c, n,
                     "a function over rows stands alone, around everything: "
                     "sum(Quantity * UnitPrice)");
    if (is_column(n)) {
        if (wanted == VALUE_BOOL)
            return fault(c, n,
                         "compare this column with something, such as Country = \"IT\"");
        n->type = wanted;
        return check_column(c, n);
    }
    if (n->kind == NODE_TEXT)
        type = VALUE_TEXT;
    else if (node_is_condition(n) || n->kind == NODE_BOOL)
        type = VALUE_BOOL;
    n->type = type;
    if (type != wanted)
        return fault(c, n,
                     wanted == VALUE_TEXT     ? "a text is needed here"
                     : wanted == VALUE_NUMBER ? "a number is needed here"
                                              : "a condition is needed here, such as "
                                                "Quantity > 0");
    if (node_is_condition(n))
        return check_condition(c, n);
    for (struct node *child = n->child; child; child = child->next) {
        if (!check_number(c, child))
            return false;
    }
    return true;
}

static enum value_type natural_type(const struct node *n)
{
    if (is_column(n) || n->kind == NODE_TEXT)
        return VALUE_TEXT;
    return node_is_condition(n) || n->kind == NODE_BOOL ? VALUE_BOOL : VALUE_NUMBER;
}

bool row_expr_new(str text, const str *column, uint32_t column_n,
                  const struct decimal *decimal, struct arena *a, struct row_expr **out,
                  struct err *err)
{
    struct check c = {.column = column, .column_n = column_n, .err = err};
    struct row_expr *e = arena_new(a, struct row_expr);
    enum value_type wanted;

    c.text = arena_str(a, text);
    if (!e || !c.text.p)
        return err_nomem(err);
    if (!parse_expression(c.text, PARSE_ROW, a, &e->root, err))
        return false;
    e->column = column;
    e->decimal = decimal;
    e->whole = e->root->kind != NODE_CALL;
    if (!e->whole) {
        e->function = e->root->call->function;
        e->root = e->root->child;
    }
    wanted = natural_type(e->root);
    if (!e->whole && e->function != FUNCTION_COUNT && e->function != FUNCTION_FIRST
        && e->function != FUNCTION_LAST)
        wanted = VALUE_NUMBER;
    *out = e;
    return check_as(&c, e->root, wanted);
}

bool row_expr_is_condition(const struct row_expr *e)
{
    return e->whole && e->root->type == VALUE_BOOL;
}

static void mark_numbers(const struct node *n, bool *is_number)
{
    if (is_column(n) && n->type == VALUE_NUMBER)
        is_number[n->index] = true;
    for (const struct node *child = n->child; child; child = child->next)
        mark_numbers(child, is_number);
}

void row_expr_numbers(const struct row_expr *e, bool as_number, bool *is_number)
{
    mark_numbers(e->root, is_number);
    if (as_number && is_column(e->root) && (e->whole || e->function != FUNCTION_COUNT))
        is_number[e->root->index] = true;
}

/* --- asking --- */

struct row {
    const struct row_expr *e;
    const str *field;
    struct err *err;
};

static bool ask(const struct row *r, const struct node *n, struct value *out);

static struct value truth(bool b)
{
    return (struct value){.type = VALUE_BOOL, .truth = b};
}

static bool ask_column(const struct row *r, const struct node *n, struct value *out)
{
    str field = r->field[n->index], trimmed = str_trim(field);

    *out = (struct value){.type = VALUE_MISSING};
    if (!trimmed.n)
        return true;
    out->type = n->type;
    if (n->type == VALUE_TEXT) {
        out->text = field;
    } else if (!decimal_parse(r->e->decimal, trimmed, &out->number)) {
        const struct decimal *d = r->e->decimal;
        str name = r->e->column[n->index];

        if (d->currency.n && decimal_is_foreign(d, trimmed))
            return err_set(r->err, ERR_INPUT,
                           "the column \"%.*s\" is in another currency than %.*s",
                           STR_FMT(name), STR_FMT(d->currency));
        return err_set(r->err, ERR_INPUT, "the column \"%.*s\" must hold a number",
                       STR_FMT(name));
    }
    return true;
}

static bool ask_number(const struct row *r, const struct node *n, struct value *out)
{
    struct value left, right = {.type = VALUE_NUMBER};
    bool fits = false;

    if (!ask(r, n->child, &left) || (n->child->next && !ask(r, n->child->next, &right)))
        return false;
    *out = (struct value){.type = VALUE_MISSING};
    if (left.type == VALUE_MISSING || right.type == VALUE_MISSING)
        return true;
    if (n->kind == NODE_NEGATE)
        fits = num_sub(0, left.number, &out->number);
    else if (n->kind == NODE_ADD)
        fits = num_add(left.number, right.number, &out->number);
    else if (n->kind == NODE_SUB)
        fits = num_sub(left.number, right.number, &out->number);
    else if (n->kind == NODE_MUL)
        fits = num_mul_div(left.number, right.number, NUM_ONE, &out->number);
    else
        fits = num_mul_div(left.number, NUM_ONE, right.number, &out->number);
    if (fits)
        out->type = VALUE_NUMBER;
    return true;
}

static bool is_equal(const struct value *a, const struct value *b)
{
    return a->type == VALUE_TEXT ? str_eq(a->text, b->text) : a->number == b->number;
}

static bool compare(enum node_kind kind, const struct value *a, const struct value *b)
{
    switch ((int)kind) {
    case NODE_EQ:
        return is_equal(a, b);
    case NODE_NE:
        return !is_equal(a, b);
    case NODE_LT:
        return a->number < b->number;
    case NODE_LE:
        return a->number <= b->number;
    case NODE_GT:
        return a->number > b->number;
    case NODE_GE:
        return a->number >= b->number;
    case NODE_CONTAINS:
        return str_contains_nocase(a->text, b->text);
    default:
        return str_starts_nocase(a->text, b->text);
    }
}

static bool ask_in(const struct row *r, const struct node *n, const struct value *left,
                   bool *found)
{
    struct value item;

    *found = false;
    for (const struct node *i = n->child->next; i && !*found; i = i->next) {
        if (!ask(r, i, &item))
            return false;
        *found = is_equal(left, &item);
    }
    return true;
}

/* and, or: the first operand that decides ends it, so that what it guards is not read. */
static bool ask_many(const struct row *r, const struct node *n, struct value *out)
{
    bool decides = n->kind == NODE_OR;
    struct value v;

    for (const struct node *i = n->child; i; i = i->next) {
        if (!ask(r, i, &v))
            return false;
        if (v.truth == decides) {
            *out = truth(decides);
            return true;
        }
    }
    *out = truth(!decides);
    return true;
}

static bool ask_condition(const struct row *r, const struct node *n, struct value *out)
{
    struct value left, right;
    bool found;

    if (n->kind == NODE_AND || n->kind == NODE_OR)
        return ask_many(r, n, out);
    if (!ask(r, n->child, &left))
        return false;
    switch ((int)n->kind) {
    case NODE_NOT:
        *out = truth(!left.truth);
        return true;
    case NODE_IS_MISSING:
    case NODE_IS_NOT_MISSING:
        *out = truth((left.type == VALUE_MISSING) == (n->kind == NODE_IS_MISSING));
        return true;
    case NODE_IN:
    case NODE_NOT_IN:
        *out = truth(false);
        if (left.type == VALUE_MISSING)
            return true;
        if (!ask_in(r, n, &left, &found))
            return false;
        out->truth = found == (n->kind == NODE_IN);
        return true;
    default:
        if (!ask(r, n->child->next, &right))
            return false;
        *out = truth(left.type != VALUE_MISSING && right.type != VALUE_MISSING
                     && compare(n->kind, &left, &right));
        return true;
    }
}

static bool ask(const struct row *r, const struct node *n, struct value *out)
{
    if (n->kind == NODE_NAME)
        return ask_column(r, n, out);
    if (node_is_condition(n))
        return ask_condition(r, n, out);
    if (!node_is_literal(n))
        return ask_number(r, n, out);
    *out = (struct value){.type = n->type};
    if (n->kind == NODE_TEXT)
        out->text = n->text;
    else if (n->kind == NODE_BOOL)
        out->truth = n->number;
    else
        out->number = n->number;
    return true;
}

bool row_expr_ask(const struct row_expr *e, const str *field, struct value *out,
                  struct err *err)
{
    return ask(&(struct row){e, field, err}, e->root, out);
}

/* --- several rows --- */

/* Does the new value take the place of the one kept? */
static bool is_better(const struct row_expr *e, const struct row_sum *sum, int64_t number)
{
    if (sum->n == 0)
        return true;
    if (e->whole)
        return false;
    return e->function == FUNCTION_LAST
           || (e->function == FUNCTION_MIN && number < sum->best.number)
           || (e->function == FUNCTION_MAX && number > sum->best.number);
}

bool row_expr_feed(const struct row_expr *e, const str *field, struct row_sum *sum,
                   struct arena *a, struct err *err)
{
    struct value v;

    if (!row_expr_ask(e, field, &v, err))
        return false;
    if (v.type == VALUE_MISSING)
        return true;
    if (is_better(e, sum, v.number)) {
        if (v.type == VALUE_TEXT) {
            v.text = arena_str(a, v.text);
            if (!v.text.p)
                return err_nomem(err);
        }
        sum->best = v;
    }
    if (v.type == VALUE_NUMBER)
        sum->sum += v.number;
    sum->n++;
    return true;
}

struct value row_expr_result(const struct row_expr *e, const struct row_sum *sum)
{
    struct value v = {.type = VALUE_NUMBER};
    bool fits = true;

    if (!e->whole && e->function == FUNCTION_COUNT) {
        fits = num_from_int(sum->n, &v.number);
    } else if (!e->whole && e->function == FUNCTION_SUM) {
        fits = num_div128(sum->sum, 1, &v.number);
    } else if (!sum->n) {
        fits = false;
    } else if (!e->whole && e->function == FUNCTION_AVG) {
        fits = num_div128(sum->sum, sum->n, &v.number);
    } else {
        return sum->best;
    }
    return fits ? v : (struct value){.type = VALUE_MISSING};
}
