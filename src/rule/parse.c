#include "rule/parse.h"

#include "base/num.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum token_kind {
    TOKEN_END,
    TOKEN_SIGN,
    TOKEN_NUMBER,
    TOKEN_LENGTH,
    TOKEN_DATE,
    TOKEN_TEXT,
    TOKEN_WORD,
    TOKEN_QUOTED, /* a name in backquotes */
};

enum { SIGN_LE = 256, SIGN_GE, SIGN_NE, SIGN_DOTS }; /* those of two characters */

struct token {
    enum token_kind kind;
    uint32_t start, end;
    int sign;
    str text;
    int64_t number;
    struct length length;
};

struct parser {
    str text;
    struct arena *a;
    struct err *err;
    enum parse_mode mode;
    uint32_t at;   /* the byte behind `now` */
    uint32_t last; /* where the token before `now` ended */
    struct token now;
    unsigned depth;
    bool in_where;
};

str function_name(enum function f)
{
    static const str names[] = {
#define X(name, text) {#text, sizeof #text - 1},
        RULE_FUNCTIONS(X)
#undef X
    };

    return names[f];
}

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

/* --- tokens --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The first byte of U+2000 to U+2FFF: curly quotes, mathematical signs and such. */
enum { SYMBOLS = 0xE2 };

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
           || ((unsigned char)c >= 0x80 && (unsigned char)c != SYMBOLS);
}

static char byte_at(const struct parser *p, uint32_t at)
{
    return at < p->text.n ? p->text.p[at] : 0;
}

static str cut(const struct parser *p, uint32_t start, uint32_t end)
{
    return (str){p->text.p + start, end - start};
}

/* How a token is called in an error. */
static const char *token_shown(const struct parser *p, const struct token *t, char to[64])
{
    str shown = parse_cut(cut(p, t->start, t->end), 40);

    if (t->kind == TOKEN_END)
        snprintf(to, 64, "the end");
    else
        snprintf(to, 64, "\"%.*s\"", STR_FMT(shown));
    return to;
}

static bool expected(struct parser *p, const char *what)
{
    char shown[64];

    return parse_fault(p->text, p->now.start, p->err, "expected %s, found %s", what,
                       token_shown(p, &p->now, shown));
}

static bool date_token(struct parser *p, struct token *t)
{
    int part[3] = {0};
    uint32_t at = t->start;

    for (int i = 0; i < 3; i++) {
        uint32_t from = at;

        for (; is_digit(byte_at(p, at)) && at - from < 5; at++)
            part[i] = part[i] * 10 + (p->text.p[at] - '0');
        if (at - from != (i == 0 ? 4 : 2) || (i < 2 && byte_at(p, at++) != '-'))
            goto wrong;
    }
    if (!is_word(byte_at(p, at))) {
        struct civil day = {.year = part[0], .month = part[1], .day = part[2]};

        if (civil_is_valid(day)) {
            t->kind = TOKEN_DATE;
            t->end = at;
            t->number = civil_ms(day);
            return true;
        }
        return parse_fault(p->text, t->start, p->err, "there is no day %.*s",
                           (int)(at - t->start), p->text.p + t->start);
    }
wrong:
    return parse_fault(p->text, t->start, p->err,
                       "a date is written with year, month and day, such as 2026-01-31");
}

/* Four digits and "-" with one or two digits and another "-": meant as a date. */
static bool looks_like_date(const struct parser *p, uint32_t at)
{
    uint32_t digits = 0;

    while (is_digit(byte_at(p, at + digits)))
        digits++;
    if (digits != 4 || byte_at(p, at + 4) != '-')
        return false;
    at += 5;
    for (digits = 0; is_digit(byte_at(p, at + digits));)
        digits++;
    return (digits == 1 || digits == 2) && byte_at(p, at + digits) == '-'
           && is_digit(byte_at(p, at + digits + 1));
}

static bool number_token(struct parser *p, struct token *t)
{
    uint32_t at = t->start, point = 0;
    struct err ignored;
    char shown[64];

    if (looks_like_date(p, at))
        return date_token(p, t);
    while (is_digit(byte_at(p, at)))
        at++;
    if (byte_at(p, at) == '.' && is_digit(byte_at(p, at + 1))) {
        for (point = at++; is_digit(byte_at(p, at));)
            at++;
        if (at - point > 7)
            return parse_fault(p->text, t->start, p->err,
                               "a number has at most six decimals");
    }
    if (!is_word(byte_at(p, at))) {
        t->kind = TOKEN_NUMBER;
        t->end = at;
        if (!num_parse(cut(p, t->start, at), &t->number))
            return parse_fault(p->text, t->start, p->err, "this number is too large");
        return true;
    }
    while (is_word(byte_at(p, at)))
        at++;
    t->kind = TOKEN_LENGTH;
    t->end = at;
    if (point)
        return parse_fault(
            p->text, t->start, p->err,
            "a length of time is a whole number and a unit: 36h, not 1.5d");
    if (!length_parse(cut(p, t->start, at), &t->length, &ignored))
        return parse_fault(p->text, t->start, p->err,
                           "%s is no length of time; write a whole number and one of "
                           "s m h d w mo y, such as 90d",
                           token_shown(p, t, shown));
    return true;
}

/* A text in quotes, or a name in backquotes: everything up to the same sign. */
static bool quoted_token(struct parser *p, struct token *t)
{
    char quote = p->text.p[t->start];
    const char *end = memchr(p->text.p + t->start + 1, quote, p->text.n - t->start - 1);

    if (!end)
        return parse_fault(p->text, t->start, p->err, "this %s has no closing %c",
                           quote == '`' ? "name" : "text", quote);
    t->end = (uint32_t)(end - p->text.p) + 1;
    t->text = cut(p, t->start + 1, t->end - 1);
    t->kind = quote == '`' ? TOKEN_QUOTED : TOKEN_TEXT;
    if (quote == '`' && !t->text.n)
        return parse_fault(p->text, t->start, p->err, "this name is empty");
    return true;
}

static bool sign_token(struct parser *p, struct token *t)
{
    static const struct {
        char text[3];
        int sign;
    } doubles[] = {{"<=", SIGN_LE}, {">=", SIGN_GE}, {"!=", SIGN_NE}, {"..", SIGN_DOTS}};
    /* What people type who know another language, or a word processor. */
    static const struct {
        const char *text, *instead;
    } strangers[] = {
        {"==", "equal is written ="},
        {"<>", "not equal is written !="},
        {"&&", "write and"},
        {"||", "write or"},
        {"!", "write not, or != for not equal"},
        {"\u201C", "texts stand in straight quotes, \" or '"},
        {"\u201D", "texts stand in straight quotes, \" or '"},
        {"\u2018", "texts stand in straight quotes, \" or '"},
        {"\u2019", "texts stand in straight quotes, \" or '"},
        {"\u2265", "write >="},
        {"\u2264", "write <="},
    };
    str rest = str_from(p->text, t->start);

    t->kind = TOKEN_SIGN;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        if (str_starts(rest, (str){doubles[i].text, 2})) {
            t->sign = doubles[i].sign;
            t->end = t->start + 2;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        if (str_starts(rest, str_of(strangers[i].text)))
            return parse_fault(p->text, t->start, p->err, "%s", strangers[i].instead);
    }
    t->sign = (unsigned char)rest.p[0];
    t->end = t->start + 1;
    if (!memchr("()<>=+-*/,.", t->sign, 11)) {
        if (t->sign >= ' ' && t->sign < 0x7F)
            return parse_fault(p->text, t->start, p->err, "a rule has no sign %c",
                               t->sign);
        return parse_fault(p->text, t->start, p->err,
                           "a character that has no meaning in a rule stands here");
    }
    return true;
}

/* White space, the no-break space of web pages too. */
static uint32_t skip_space(str text, uint32_t at)
{
    for (;;) {
        if (at < text.n && memchr(" \t\r\n", text.p[at], 4))
            at++;
        else if (str_starts(str_from(text, at), STR("\u00A0")))
            at += 2;
        else
            return at;
    }
}

static bool next(struct parser *p)
{
    struct token *t = &p->now;
    char c;

    p->last = t->end;
    p->at = skip_space(p->text, p->at);
    *t = (struct token){.kind = TOKEN_END, .start = p->at, .end = p->at};
    if (p->at == p->text.n)
        return true;
    c = p->text.p[p->at];
    if (is_digit(c)) {
        if (!number_token(p, t))
            return false;
    } else if (c == '"' || c == '\'' || c == '`') {
        if (!quoted_token(p, t))
            return false;
    } else if (is_word(c)) {
        t->kind = TOKEN_WORD;
        while (is_word(byte_at(p, t->end)) && skip_space(p->text, t->end) == t->end)
            t->end++;
        t->text = cut(p, t->start, t->end);
    } else if (!sign_token(p, t)) {
        return false;
    }
    p->at = t->end;
    return true;
}

static bool is_sign(const struct parser *p, int sign)
{
    return p->now.kind == TOKEN_SIGN && p->now.sign == sign;
}

static bool is_keyword(const struct parser *p, const char *word)
{
    return p->now.kind == TOKEN_WORD && str_eq(p->now.text, str_of(word));
}

static bool take_sign(struct parser *p, int sign, const char *what)
{
    return is_sign(p, sign) ? next(p) : expected(p, what);
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

/* Puts operands under a node. The depth is what readers of the tree recurse by. */
static bool node_over(struct parser *p, enum node_kind kind, uint32_t start,
                      struct node *child, struct node **out)
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

static bool parse_or(struct parser *p, struct node **out);
static bool parse_value(struct parser *p, struct node **out);

static bool literal_is_next(const struct parser *p)
{
    return p->now.kind == TOKEN_NUMBER || p->now.kind == TOKEN_LENGTH
           || p->now.kind == TOKEN_DATE || p->now.kind == TOKEN_TEXT
           || is_keyword(p, "true") || is_keyword(p, "false");
}

static bool parse_literal(struct parser *p, struct node **out)
{
    struct token t = p->now;
    struct node *n;

    if (!next(p))
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
        if (is_keyword(p, words[i]))
            return true;
    }
    return false;
}

static bool parse_name(struct parser *p, const char *what, struct name *out)
{
    struct buf rest = {0};
    struct name name = {.start = p->now.start};
    bool ok = true;

    if ((p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_QUOTED) || is_reserved(p))
        return expected(p, what);
    name.first = p->now.text;
    name.quoted = p->now.kind == TOKEN_QUOTED;
    ok = next(p);
    while (ok && is_sign(p, '.')) {
        ok = next(p);
        if (ok && p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_QUOTED)
            ok = expected(p, "a name after the dot");
        if (!ok)
            break;
        if (!name.rest_start) {
            name.rest_start = p->now.start;
            name.rest_quoted = p->now.kind == TOKEN_QUOTED;
        }
        buf_add_char(&rest, '.');
        buf_add(&rest, p->now.text);
        ok = next(p);
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

static bool parse_pattern(struct parser *p, struct pattern *out)
{
    bool ok = parse_name(p, "the name of an event, or any", &out->name);

    out->where = NULL;
    if (ok && is_keyword(p, "where")) {
        p->in_where = true;
        ok = next(p) && parse_or(p, &out->where);
        p->in_where = false;
    }
    return ok;
}

static bool length_is(struct parser *p, const char *what, struct length *out)
{
    if (is_sign(p, '-'))
        return parse_fault(p->text, p->now.start, p->err, "a length of time has no sign");
    if (p->now.kind != TOKEN_LENGTH)
        return expected(p, what);
    *out = p->now.length;
    return next(p);
}

/* Days at least and at most. A month is 30.436875 days, give or take less than three. */
static void length_bounds(struct length l, int64_t *least, int64_t *most)
{
    int64_t mean = (int64_t)l.months * 2629746 * MS_SECOND;

    *least = l.months ? mean - 3 * MS_DAY : l.ms;
    *most = l.months ? mean + 3 * MS_DAY : l.ms;
}

static bool length_before(struct length a, struct length b)
{
    int64_t most, least, unused;

    if (a.months && b.months)
        return a.months < b.months;
    length_bounds(a, &unused, &most);
    length_bounds(b, &least, &unused);
    return most < least;
}

static bool parse_date(struct parser *p, const char *what, int64_t *out)
{
    if (p->now.kind != TOKEN_DATE)
        return expected(p, what);
    *out = p->now.number;
    return next(p);
}

static bool parse_window(struct parser *p, struct window *out)
{
    *out = (struct window){.start = p->now.start};
    if (is_keyword(p, "stage")) {
        out->kind = WINDOW_STAGE;
        if (!next(p))
            return false;
    } else if (is_keyword(p, "from")) {
        out->kind = WINDOW_DATES;
        if (!next(p) || !parse_date(p, "a date such as 2026-01-31", &out->from_ms))
            return false;
        if (!is_keyword(p, "to"))
            return expected(p, "to and the last day");
        if (!next(p) || !parse_date(p, "a date such as 2026-01-31", &out->to_ms))
            return false;
        if (out->to_ms < out->from_ms)
            return parse_fault(
                p->text, out->start, p->err,
                "this window is the wrong way round: the earlier day comes "
                "first");
    } else {
        out->kind = WINDOW_LENGTHS;
        if (!length_is(p,
                       "a window such as 90d, 30d..60d, from 2026-01-01 to 2026-01-31, "
                       "or stage",
                       &out->to))
            return false;
        if (is_sign(p, SIGN_DOTS)) {
            out->from = out->to;
            if (!next(p) || !length_is(p, "the window's far end, such as 60d", &out->to))
                return false;
            if (!length_before(out->from, out->to))
                return parse_fault(
                    p->text, out->start, p->err,
                    length_before(out->to, out->from)
                        ? "this window is the wrong way round: the shorter "
                          "length comes first"
                        : "this window is empty: its two ends are the same, "
                          "or may be in some months");
        } else if (!out->to.months && !out->to.ms) {
            return parse_fault(p->text, out->start, p->err, "this window is empty");
        }
    }
    out->end = p->last;
    return true;
}

/* A step and a window both come after a comma; only a window can begin with a length, be
 * the word stage, or have a date behind its first word. */
static bool window_is_next(struct parser *p)
{
    struct parser ahead = *p;
    struct err ignored;

    if (p->now.kind == TOKEN_LENGTH || is_sign(p, '-'))
        return true;
    ahead.err = &ignored;
    if (is_keyword(p, "stage"))
        return next(&ahead) && is_sign(&ahead, ')');
    return is_keyword(p, "from") && next(&ahead) && ahead.now.kind == TOKEN_DATE;
}

static bool parse_steps(struct parser *p, struct call *call)
{
    struct step step[RULE_STEPS_MAX];
    uint32_t n = 1;

    if (!parse_pattern(p, &step[0].pattern))
        return false;
    while (is_sign(p, ',')) {
        uint32_t start;

        if (!next(p))
            return false;
        if (window_is_next(p)) {
            if (!parse_window(p, &call->window))
                return false;
            break;
        }
        start = p->now.start;
        if (n == RULE_STEPS_MAX)
            return parse_fault(p->text, start, p->err, "a sequence has at most %u steps",
                               RULE_STEPS_MAX);
        if (!parse_pattern(p, &step[n].pattern))
            return false;
        if (!is_keyword(p, "within"))
            return expected(p, "within and a length: how soon after the step before");
        if (!next(p)
            || !length_is(p, "how soon after the step before, such as 7d",
                          &step[n].within))
            return false;
        n++;
    }
    call->step = arena_array(p->a, struct step, n);
    if (!call->step)
        return err_nomem(p->err);
    memcpy(call->step, step, n * sizeof *step);
    call->step_n = n;
    return true;
}

static bool parse_call_inside(struct parser *p, struct call *call)
{
    if (call->function == FUNCTION_SEQUENCE)
        return parse_steps(p, call);
    call->step = arena_new(p->a, struct step);
    if (!call->step)
        return err_nomem(p->err);
    call->step_n = 1;
    if (call->function == FUNCTION_TIMES_IN) {
        struct name *stage = &call->step->pattern.name;

        *stage = (struct name){.first = p->now.text, .start = p->now.start};
        if (p->now.kind != TOKEN_TEXT)
            return expected(p, "the name of a stage in quotes");
        return next(p);
    }
    if (call->function == FUNCTION_UNTIL || call->function == FUNCTION_ANNIVERSARY) {
        if (!parse_name(p, "a trait such as trait.renewal", &call->step->pattern.name))
            return false;
        return call->function == FUNCTION_UNTIL
               || (take_sign(p, ',', "a comma and a length")
                   && length_is(p, "a length such as 7d", &call->step->within));
    }
    if (!parse_pattern(p, &call->step->pattern))
        return false;
    return !is_sign(p, ',') || (next(p) && parse_window(p, &call->window));
}

static bool parse_call(struct parser *p, const struct name *name, struct node **out)
{
    static const enum function of_rows[] = {FUNCTION_SUM, FUNCTION_COUNT, FUNCTION_MIN,
                                            FUNCTION_MAX, FUNCTION_AVG,   FUNCTION_FIRST,
                                            FUNCTION_LAST};
    str known[FUNCTION_TIMES_IN + 1];
    struct call *call = arena_new(p->a, struct call);
    struct node *n, *inside = NULL;
    enum function f = FUNCTION_COUNT;
    size_t known_n = 0;
    char hint[120];

    if (!call)
        return err_nomem(p->err);
    if (p->mode == PARSE_ROW) {
        for (; known_n < sizeof of_rows / sizeof *of_rows; known_n++)
            known[known_n] = function_name(of_rows[known_n]);
    } else {
        for (; known_n <= FUNCTION_TIMES_IN; known_n++)
            known[known_n] = function_name((enum function)known_n);
    }
    while (f <= FUNCTION_TIMES_IN && !str_eq(function_name(f), name->whole))
        f++;
    for (size_t i = 0;; i++) {
        if (i == known_n)
            return parse_fault(p->text, name->start, p->err, "%s %.*s()%s",
                               f <= FUNCTION_TIMES_IN ? "rows of a table have no"
                                                      : "there is no function",
                               SHOWN(name->whole),
                               parse_hint(name->whole, known, known_n, hint));
        if (str_eq(known[i], name->whole))
            break;
    }
    if (p->in_where)
        return parse_fault(
            p->text, name->start, p->err,
            "where sees only the properties of its own event: no %.*s() here",
            STR_FMT(name->whole));
    call->function = f;
    if (!next(p)
        || !(p->mode == PARSE_ROW ? parse_or(p, &inside) : parse_call_inside(p, call)))
        return false;
    if (!take_sign(p, ')', "a closing )")
        || !node_over(p, NODE_CALL, name->start, inside, &n))
        return false;
    n->call = call;
    *out = n;
    return true;
}

static bool parse_value_inside(struct parser *p, struct node **out)
{
    uint32_t start = p->now.start;
    struct name name;
    struct node *n;

    if (is_sign(p, '-')) {
        if (!next(p))
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
    if (is_sign(p, '(')) {
        if (!next(p) || !parse_or(p, &n) || !take_sign(p, ')', "a closing )"))
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
    if (is_sign(p, '(') && !name.quoted)
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
    while (is_sign(p, two[0].sign) || is_sign(p, two[1].sign)) {
        enum node_kind kind = is_sign(p, two[0].sign) ? two[0].kind : two[1].kind;

        if (!next(p) || !part(p, &right))
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
        if (is_sign(p, signs[i].sign)) {
            *kind = signs[i].kind;
            return true;
        }
    }
    return false;
}

static bool parse_list(struct parser *p, struct node *first)
{
    struct node *last = first;

    if (!take_sign(p, '(', "( and the values, such as (\"IT\", \"PT\")"))
        return false;
    for (;;) {
        uint32_t start = p->now.start;
        bool negative = is_sign(p, '-');

        if (negative && !next(p))
            return false;
        if (!literal_is_next(p) || (negative && p->now.kind != TOKEN_NUMBER))
            return expected(p, "a value such as 12, \"text\", true or 2026-01-31");
        if (!parse_literal(p, &last->next))
            return false;
        last = last->next;
        if (negative) {
            last->number = -last->number;
            last->start = start;
        }
        if (is_sign(p, ')'))
            return next(p);
        if (!take_sign(p, ',', "a comma or a closing )"))
            return false;
    }
}

/* The words behind a sum that make it a condition; *kind is untouched when there are none. */
static bool parse_test_rest(struct parser *p, struct node *left, enum node_kind *kind)
{
    bool is_not = false;

    if (comparison_is_next(p, kind))
        return next(p) && parse_sum(p, &left->next);
    if (is_keyword(p, "not")) {
        if (!next(p))
            return false;
        if (!is_keyword(p, "in"))
            return expected(p, "in, and, or, or the end");
        is_not = true;
    }
    if (is_keyword(p, "in")) {
        *kind = is_not ? NODE_NOT_IN : NODE_IN;
        return next(p) && parse_list(p, left);
    }
    if (is_keyword(p, "is")) {
        if (!next(p))
            return false;
        is_not = is_keyword(p, "not");
        if (is_not && !next(p))
            return false;
        *kind = is_not ? NODE_IS_NOT_MISSING : NODE_IS_MISSING;
        return is_keyword(p, "missing")
                   ? next(p)
                   : expected(p, is_not ? "missing" : "missing or not missing");
    }
    if (is_keyword(p, "contains")) {
        *kind = NODE_CONTAINS;
        return next(p) && parse_sum(p, &left->next);
    }
    if (is_keyword(p, "starts")) {
        *kind = NODE_STARTS_WITH;
        if (!next(p))
            return false;
        return is_keyword(p, "with") ? next(p) && parse_sum(p, &left->next)
                                     : expected(p, "with");
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

    if (!is_keyword(p, "not"))
        return parse_test(p, out);
    if (!next(p))
        return false;
    if (is_keyword(p, "not"))
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
    if (!is_keyword(p, word)) {
        *out = first;
        return true;
    }
    for (last = first; is_keyword(p, word); last = last->next) {
        if (!next(p) || !part(p, &last->next))
            return false;
    }
    return node_over(p, kind, start, first, out);
}

static bool parse_and(struct parser *p, struct node **out)
{
    return parse_words(p, parse_not, "and", NODE_AND, out);
}

static bool parse_or(struct parser *p, struct node **out)
{
    return parse_words(p, parse_and, "or", NODE_OR, out);
}

bool parse_expression(str text, enum parse_mode mode, struct arena *a, struct node **out,
                      struct err *err)
{
    struct parser p = {.text = text, .a = a, .err = err, .mode = mode};

    if (text.n > RULE_TEXT_MAX)
        return parse_fault(text, 0, err,
                           "this is longer than %u characters; split it into "
                           "segments",
                           RULE_TEXT_MAX);
    if (!str_is_utf8(text))
        return parse_fault(text, 0, err, "this text is not UTF-8");
    if (!next(&p))
        return false;
    if (p.now.kind == TOKEN_END)
        return parse_fault(text, 0, err, "there is nothing here");
    if (!parse_or(&p, out))
        return false;
    if (p.now.kind != TOKEN_END)
        return expected(&p, "and, or, or the end");
    return true;
}

bool node_is_literal(const struct node *n)
{
    return n->kind <= NODE_DATE;
}

enum node_kind node_mirrored(enum node_kind comparison)
{
    switch ((int)comparison) {
    case NODE_LT:
        return NODE_GT;
    case NODE_LE:
        return NODE_GE;
    case NODE_GT:
        return NODE_LT;
    case NODE_GE:
        return NODE_LE;
    default:
        return comparison;
    }
}

void key_add(struct buf *to, int64_t n)
{
    buf_add(to, (str){(const char *)&n, sizeof n});
}

void key_add_text(struct buf *to, str s)
{
    key_add(to, (int64_t)s.n);
    buf_add(to, s);
}

void node_key(const struct node *n, struct buf *to)
{
    for (; n; n = n->next) {
        key_add(to, n->kind);
        key_add(to, n->number);
        if (n->kind == NODE_TEXT)
            key_add_text(to, n->text);
        if (n->kind == NODE_NAME) {
            key_add_text(to, n->name.whole);
            key_add_text(to, n->name.first);
            key_add(to, n->name.quoted);
            key_add(to, n->name.rest_quoted);
        }
        if (n->kind == NODE_LENGTH) {
            key_add(to, n->length.months);
            key_add(to, n->length.ms);
        }
        node_key(n->child, to);
    }
    key_add(to, -1);
}
