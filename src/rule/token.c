/* token.c - the text of an expression, cut into numbers, names, texts and signs. */
#include "rule/parse_impl.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

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

bool token_expected(struct parser *p, const char *what)
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

bool token_next(struct parser *p)
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

bool token_is_sign(const struct parser *p, int sign)
{
    return p->now.kind == TOKEN_SIGN && p->now.sign == sign;
}

bool token_is_keyword(const struct parser *p, const char *word)
{
    return p->now.kind == TOKEN_WORD && str_eq(p->now.text, str_of(word));
}

bool token_take_sign(struct parser *p, int sign, const char *what)
{
    return token_is_sign(p, sign) ? token_next(p) : token_expected(p, what);
}
