/* parse.c - an expression as a tree: literals, names, and the operators between them. */
#include "rule/parse_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool parse_fault(str text, uint32_t at, struct err *err, const char *format, ...)
{
    char msg[sizeof err->msg];
    int line = 1, column = 1;
    va_list args;

    for (uint32_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            line++;
            column = 1;
        } else {
            column += ((unsigned char)text.p[i] & 0xC0) != 0x80;
        }
    }
    va_start(args, format);
    vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    msg[parse_cut(str_of(msg), sizeof msg - 4).n] =
        0; /* vsnprintf cuts inside characters */
    return err_at(err, line, column, "%s", msg);
}

str parse_cut(str text, size_t max)
{
    if (text.n <= max)
        return text;
    while (max > 0 && ((unsigned char)text.p[max] & 0xC0) == 0x80)
        max--;
    return (str){text.p, max};
}

const char *parse_hint(str name, const str *known, size_t n, char buf[120])
{
    str nearest = str_nearest(name, known, n);

    for (size_t i = 0; i < n && !nearest.n && name.n > 2; i++) {
        if (str_starts(known[i], name)) /* cut short */
            nearest = known[i];
    }
    buf[0] = 0;
    if (nearest.n && nearest.n < 80)
        snprintf(buf, 120, "; did you mean %.*s?", STR_FMT(nearest));
    return buf;
}

/* --- the tree --- */

static struct node *node_new(struct parser *p, enum node_kind kind, uint32_t start)
{
    struct node *n = arena_new(p->a, struct node);

    if (!n) {
        err_nomem(p->err);
        return NULL;
    }
    n->kind = kind;
    n->start = start;
    n->end = p->last;
    n->depth = 1;
    return n;
}

bool node_over(struct parser *p, enum node_kind kind, uint32_t start, struct node *child,
               struct node **out)
{
    struct node *n = node_new(p, kind, start);

    if (!n)
        return false;
    n->child = child;
    for (; child; child = child->next) {
        if (n->depth <= child->depth)
            n->depth = child->depth + 1;
    }
    if (n->depth > RULE_DEPTH_MAX)
        return parse_fault(p->text, start, p->err,
                           "this is nested too deep; split it into segments");
    *out = n;
    return true;
}

static bool parse_value(struct parser *p, struct node **out);

static bool literal_is_next(const struct parser *p)
{
    return p->now.kind == TOKEN_NUMBER || p->now.kind == TOKEN_LENGTH
           || p->now.kind == TOKEN_DATE || p->now.kind == TOKEN_TEXT
           || token_is_keyword(p, "true") || token_is_keyword(p, "false");
}

static bool parse_literal(struct parser *p, struct node **out)
{
    struct token t = p->now;
    struct node *n;

    if (!token_next(p))
        return false;
    n = node_new(p, NODE_NUMBER, t.start);
    if (!n)
        return false;
    n->number = t.number;
    if (t.kind == TOKEN_LENGTH) {
        n->kind = NODE_LENGTH;
        n->length = t.length;
    } else if (t.kind == TOKEN_DATE) {
        n->kind = NODE_DATE;
    } else if (t.kind == TOKEN_TEXT) {
        n->kind = NODE_TEXT;
        n->text = t.text;
    } else if (t.kind == TOKEN_WORD) {
        n->kind = NODE_BOOL;
        n->number = t.text.n == 4; /* "true" */
    }
    *out = n;
    return true;
}

static bool is_reserved(const struct parser *p)
{
    static const char *const words[] = {"and", "or", "not", "in", "is", "true", "false"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (token_is_keyword(p, words[i]))
            return true;
    }
    return false;
}

bool parse_name(struct parser *p, const char *what, struct name *out)
{
    struct buf rest = {0};
    struct name name = {.start = p->now.start};
    bool ok = true;

    if ((p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_QUOTED) || is_reserved(p))
        return token_expected(p, what);
    name.first = p->now.text;
    name.quoted = p->now.kind == TOKEN_QUOTED;
    ok = token_next(p);
    while (ok && token_is_sign(p, '.')) {
        ok = token_next(p);
        if (ok && p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_QUOTED)
            ok = token_expected(p, "a name after the dot");
        if (!ok)
            break;
        if (!name.rest_start) {
            name.rest_start = p->now.start;
            name.rest_quoted = p->now.kind == TOKEN_QUOTED;
        }
        buf_add_char(&rest, '.');
        buf_add(&rest, p->now.text);
        ok = token_next(p);
    }
    name.end = p->last;
    name.whole = name.first;
    if (ok && rest.n) {
        char *whole = arena_array(p->a, char, name.first.n + rest.n);

        if (whole && !rest.failed) {
            memcpy(whole, name.first.p, name.first.n);
            memcpy(whole + name.first.n, rest.p, rest.n);
            name.whole = (str){whole, name.first.n + rest.n};
            name.rest = str_from(name.whole, name.first.n + 1);
        } else {
            ok = err_nomem(p->err);
        }
    } else if (rest.failed) {
        ok = err_nomem(p->err);
    }
    buf_free(&rest);
    *out = name;
    return ok;
}

static bool parse_value_inside(struct parser *p, struct node **out)
{
    uint32_t start = p->now.start;
    struct name name = {0};
    struct node *n;

    if (token_is_sign(p, '-')) {
        if (!token_next(p))
            return false;
        if (p->now.kind == TOKEN_LENGTH)
            return parse_fault(p->text, start, p->err, "a length of time has no sign");
        if (!parse_value(p, &n))
            return false;
        if (n->kind != NODE_NUMBER)
            return node_over(p, NODE_NEGATE, start, n, out);
        n->number = -n->number; /* a literal is never the least of all numbers */
        n->start = start;
        *out = n;
        return true;
    }
    if (token_is_sign(p, '(')) {
        if (!token_next(p) || !parse_or(p, &n) || !token_take_sign(p, ')', "a closing )"))
            return false;
        if (!node_is_condition(n)) {
            n->start = start;
            n->end = p->last;
        }
        *out = n;
        return true;
    }
    if (literal_is_next(p))
        return parse_literal(p, out);
    if (!parse_name(p, "a value, a name or a function", &name))
        return false;
    if (token_is_sign(p, '(') && !name.quoted)
        return parse_call(p, &name, out);
    n = node_new(p, NODE_NAME, start);
    if (!n)
        return false;
    n->name = name;
    *out = n;
    return true;
}

/* Whatever nests comes through here. */
static bool parse_value(struct parser *p, struct node **out)
{
    bool ok;

    if (p->depth == RULE_DEPTH_MAX)
        return parse_fault(p->text, p->now.start, p->err,
                           "this is nested too deep; split it into segments");
    p->depth++;
    ok = parse_value_inside(p, out);
    p->depth--;
    return ok;
}

typedef bool parse_part(struct parser *p, struct node **out);

struct operator
{
    int sign;
    enum node_kind kind;
};

/* part { sign part }, from the left. */
static bool parse_chain(struct parser *p, parse_part *part, const struct operator two[2],
                        struct node **out)
{
    uint32_t start = p->now.start;
    struct node *left, *right;

    if (!part(p, &left))
        return false;
    while (token_is_sign(p, two[0].sign) || token_is_sign(p, two[1].sign)) {
        enum node_kind kind = token_is_sign(p, two[0].sign) ? two[0].kind : two[1].kind;

        if (!token_next(p) || !part(p, &right))
            return false;
        left->next = right;
        if (!node_over(p, kind, start, left, &left))
            return false;
    }
    *out = left;
    return true;
}

static bool parse_product(struct parser *p, struct node **out)
{
    static const struct operator two[2] = {{'*', NODE_MUL}, {'/', NODE_DIV}};

    return parse_chain(p, parse_value, two, out);
}

static bool parse_sum(struct parser *p, struct node **out)
{
    static const struct operator two[2] = {{'+', NODE_ADD}, {'-', NODE_SUB}};

    return parse_chain(p, parse_product, two, out);
}

static bool comparison_is_next(const struct parser *p, enum node_kind *kind)
{
    static const struct operator signs[] = {{'=', NODE_EQ}, {SIGN_NE, NODE_NE},
                                            {'<', NODE_LT}, {SIGN_LE, NODE_LE},
                                            {'>', NODE_GT}, {SIGN_GE, NODE_GE}};

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (token_is_sign(p, signs[i].sign)) {
            *kind = signs[i].kind;
            return true;
        }
    }
    return false;
}

static bool parse_list(struct parser *p, struct node *first)
{
    struct node *last = first;

    if (!token_take_sign(p, '(', "( and the values, such as (\"IT\", \"PT\")"))
        return false;
    for (;;) {
        uint32_t start = p->now.start;
        bool negative = token_is_sign(p, '-');

        if (negative && !token_next(p))
            return false;
        if (!literal_is_next(p) || (negative && p->now.kind != TOKEN_NUMBER))
            return token_expected(p, "a value such as 12, \"text\", true or 2026-01-31");
        if (!parse_literal(p, &last->next))
            return false;
        last = last->next;
        if (negative) {
            last->number = -last->number;
            last->start = start;
        }
        if (token_is_sign(p, ')'))
            return token_next(p);
        if (!token_take_sign(p, ',', "a comma or a closing )"))
            return false;
    }
}

/* The words behind a sum that make it a condition; *kind is untouched when there are none. */
static bool parse_test_rest(struct parser *p, struct node *left, enum node_kind *kind)
{
    bool is_not = false;

    if (comparison_is_next(p, kind))
        return token_next(p) && parse_sum(p, &left->next);
    if (token_is_keyword(p, "not")) {
        if (!token_next(p))
            return false;
        if (!token_is_keyword(p, "in"))
            return token_expected(p, "in, and, or, or the end");
        is_not = true;
    }
    if (token_is_keyword(p, "in")) {
        *kind = is_not ? NODE_NOT_IN : NODE_IN;
        return token_next(p) && parse_list(p, left);
    }
    if (token_is_keyword(p, "is")) {
        if (!token_next(p))
            return false;
        is_not = token_is_keyword(p, "not");
        if (is_not && !token_next(p))
            return false;
        *kind = is_not ? NODE_IS_NOT_MISSING : NODE_IS_MISSING;
        return token_is_keyword(p, "missing")
                   ? token_next(p)
                   : token_expected(p, is_not ? "missing" : "missing or not missing");
    }
    if (token_is_keyword(p, "contains")) {
        *kind = NODE_CONTAINS;
        return token_next(p) && parse_sum(p, &left->next);
    }
    if (token_is_keyword(p, "starts")) {
        *kind = NODE_STARTS_WITH;
        if (!token_next(p))
            return false;
        return token_is_keyword(p, "with") ? token_next(p) && parse_sum(p, &left->next)
                                           : token_expected(p, "with");
    }
    return true;
}

static bool parse_test(struct parser *p, struct node **out)
{
    enum node_kind none = NODE_NUMBER, kind = none, again;
    uint32_t start = p->now.start;
    struct node *left;

    if (!parse_sum(p, &left) || !parse_test_rest(p, left, &kind))
        return false;
    if (kind == none) {
        *out = left;
        return true;
    }
    if (comparison_is_next(p, &again))
        return parse_fault(p->text, p->now.start, p->err,
                           "one comparison at a time; join two with and");
    return node_over(p, kind, start, left, out);
}

static bool parse_not(struct parser *p, struct node **out)
{
    uint32_t start = p->now.start;
    struct node *n;

    if (!token_is_keyword(p, "not"))
        return parse_test(p, out);
    if (!token_next(p))
        return false;
    if (token_is_keyword(p, "not"))
        return parse_fault(p->text, p->now.start, p->err, "one not is enough");
    return parse_test(p, &n) && node_over(p, NODE_NOT, start, n, out);
}

/* part { word part }: all operands under one node, so that long lists are not deep. */
static bool parse_words(struct parser *p, parse_part *part, const char *word,
                        enum node_kind kind, struct node **out)
{
    uint32_t start = p->now.start;
    struct node *first, *last;

    if (!part(p, &first))
        return false;
    if (!token_is_keyword(p, word)) {
        *out = first;
        return true;
    }
    for (last = first; token_is_keyword(p, word); last = last->next) {
        if (!token_next(p) || !part(p, &last->next))
            return false;
    }
    return node_over(p, kind, start, first, out);
}

static bool parse_and(struct parser *p, struct node **out)
{
    return parse_words(p, parse_not, "and", NODE_AND, out);
}

bool parse_or(struct parser *p, struct node **out)
{
    return parse_words(p, parse_and, "or", NODE_OR, out);
}

/* Reads the first token, of a text that can be one of ours. */
static bool parse_begin(struct parser *p)
{
    if (p->text.n > RULE_TEXT_MAX)
        return parse_fault(p->text, 0, p->err,
                           "this is longer than %u characters; split it into "
                           "segments",
                           RULE_TEXT_MAX);
    if (!str_is_utf8(p->text))
        return parse_fault(p->text, 0, p->err, "this text is not UTF-8");
    if (!token_next(p))
        return false;
    return p->now.kind != TOKEN_END
           || parse_fault(p->text, 0, p->err, "there is nothing here");
}

bool parse_expression(str text, enum parse_mode mode, struct arena *a, struct node **out,
                      struct err *err)
{
    struct parser p = {.text = text, .a = a, .err = err, .mode = mode};

    if (!parse_begin(&p) || !parse_or(&p, out))
        return false;
    if (p.now.kind != TOKEN_END)
        return token_expected(&p, "and, or, or the end");
    return true;
}

bool parse_patterns(str text, struct arena *a, struct pattern *out, uint32_t max,
                    uint32_t *n, struct err *err)
{
    struct parser p = {.text = text, .a = a, .err = err, .mode = PARSE_RULE};

    *n = 0;
    if (!parse_begin(&p))
        return false;
    for (;;) {
        if (*n == max)
            return parse_fault(text, p.now.start, err, "at most %u can stand here", max);
        if (!parse_pattern(&p, &out[*n]))
            return false;
        ++*n;
        if (p.now.kind == TOKEN_END)
            return true;
        if (!token_is_sign(&p, ','))
            return token_expected(&p, "a comma, or the end");
        if (!token_next(&p))
            return false;
    }
}
