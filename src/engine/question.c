#include "engine/question.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(str s, struct arena *a, str *out, struct err *err)
{
    char *to = arena_alloc(a, s.n + 1, 1);
    size_t n = 0;

    if (!to)
        return err_nomem(err);
    for (size_t i = 0; i < s.n; i++) {
        int high, low;

        if (s.p[i] != '%') {
            to[n++] = s.p[i] == '+' ? ' ' : s.p[i];
            continue;
        }
        if (i + 2 >= s.n || (high = digit_of(s.p[i + 1])) < 0
            || (low = digit_of(s.p[i + 2])) < 0)
            return err_set(err, ERR_INPUT,
                           "a question's %% stands before two digits, as in %%20");
        to[n++] = (char)(high * 16 + low);
        i += 2;
    }
    *out = (str){to, n};
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)to[i] < ' ' || to[i] == 0x7f)
            return err_set(err, ERR_INPUT, "a question has no control characters");
    return str_is_utf8(*out) || err_set(err, ERR_INPUT, "a question is UTF-8");
}

static str take_until(str *rest, char end)
{
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    str taken = {rest->p, at ? (size_t)(at - rest->p) : rest->n};

    *rest = str_from(*rest, taken.n + (at ? 1 : 0));
    return taken;
}

static int by_name(const void *left, const void *right)
{
    const struct question_param *a = left, *b = right;

    return str_cmp(a->name, b->name);
}

static bool add(struct question *q, str pair, struct arena *a, struct err *err)
{
    struct question_param p;
    str name = take_until(&pair, '=');

    if (!pair.n)
        return true;
    if (q->n == QUESTION_PARAMS_MAX)
        return err_set(err, ERR_LIMIT, "a question has at most %d parameters",
                       QUESTION_PARAMS_MAX);
    if (!decode(name, a, &p.name, err) || !decode(pair, a, &p.value, err))
        return false;
    if (!p.name.n)
        return err_set(err, ERR_INPUT, "a question's parameter has no name");
    if (question_find(q, p.name).n)
        return err_set(err, ERR_INPUT, "a question says %.*s twice",
                       (int)(p.name.n < 60 ? p.name.n : 60), p.name.p);
    q->param[q->n++] = p;
    return true;
}

bool question_parse(str text, struct arena *a, struct question *out, struct err *err)
{
    out->n = 0;
    if (text.n > QUESTION_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a question has at most %d bytes",
                       QUESTION_BYTES_MAX);
    if (!decode(take_until(&text, '?'), a, &out->report, err))
        return false;
    if (!out->report.n)
        return err_set(err, ERR_INPUT,
                       "a question begins with a report: "
                       "funnel?steps=visit,purchase&from=-30d");
    while (text.n)
        if (!add(out, take_until(&text, '&'), a, err))
            return false;
    if (out->n)
        qsort(out->param, out->n, sizeof *out->param, by_name);
    return true;
}

static void encode(str s, struct buf *to)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~,:/()*";

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] && strchr(plain, s.p[i]))
            buf_add_char(to, s.p[i]);
        else
            buf_add_format(to, "%%%02X", (unsigned char)s.p[i]);
}

void question_print(const struct question *q, struct buf *to)
{
    encode(q->report, to);
    for (uint32_t i = 0; i < q->n; i++) {
        buf_add_char(to, i ? '&' : '?');
        encode(q->param[i].name, to);
        buf_add_char(to, '=');
        encode(q->param[i].value, to);
    }
}

str question_find(const struct question *q, str name)
{
    for (uint32_t i = 0; i < q->n; i++)
        if (str_eq(q->param[i].name, name))
            return q->param[i].value;
    return STR("");
}
