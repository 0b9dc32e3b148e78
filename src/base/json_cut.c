#include "base/json_cut.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void skip_blanks(struct json_cut *c)
{
    while (c->p < c->end && is_blank(*c->p))
        c->p++;
}

/* From a quote to behind its fellow; NULL when there is none. */
static const char *text_end(const char *p, const char *end)
{
    const char *from = p + 1;

    while ((p = memchr(p + 1, '"', (size_t)(end - p - 1)))) {
        const char *before = p;

        while (before > from && before[-1] == '\\')
            before--;
        if ((p - before) % 2 == 0)
            return p + 1;
    }
    return NULL;
}

/* Up to the comma or bracket that ends the value at c->p; NULL when there is none. */
static const char *value_end(const struct json_cut *c)
{
    size_t depth = 0;

    for (const char *p = c->p; p < c->end;) {
        switch (*p) {
        case '"':
            p = text_end(p, c->end);
            if (!p)
                return NULL;
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (!depth)
                return *p == c->close ? p : NULL;
            depth--;
            break;
        case ',':
            if (!depth)
                return p;
            break;
        default:
            break;
        }
        p++;
    }
    return NULL;
}

bool json_cut_begin(struct json_cut *c, str text)
{
    text = str_trim(text);
    *c = (struct json_cut){.p = text.p + 1, .end = text.p + text.n};
    if (!text.n || (*text.p != '{' && *text.p != '['))
        return false;
    c->close = *text.p == '{' ? '}' : ']';
    skip_blanks(c);
    return true;
}

/* At the end? Then behind it. */
static bool is_closed(struct json_cut *c, enum json_cut_result *end)
{
    if (c->p == c->end || *c->p != c->close)
        return false;
    c->p++;
    skip_blanks(c);
    *end = c->is_inner || c->p == c->end ? JSON_CUT_END : JSON_CUT_BROKEN;
    return true;
}

static bool cut_name(struct json_cut *c, str *name)
{
    const char *end = c->p < c->end && *c->p == '"' ? text_end(c->p, c->end) : NULL;

    if (!end)
        return false;
    *name = (str){c->p + 1, (size_t)(end - c->p) - 2};
    c->p = end;
    skip_blanks(c);
    if (c->p == c->end || *c->p++ != ':')
        return false;
    skip_blanks(c);
    return true;
}

/* Behind a value: at the next piece, or at the end. */
static enum json_cut_result go_on(struct json_cut *c)
{
    if (c->p == c->end)
        return JSON_CUT_BROKEN;
    if (*c->p != ',')
        return *c->p == c->close ? JSON_CUT_PIECE : JSON_CUT_BROKEN;
    c->p++;
    skip_blanks(c);
    return c->p < c->end && *c->p != c->close ? JSON_CUT_PIECE : JSON_CUT_BROKEN;
}

enum json_cut_result json_cut_name(struct json_cut *c, str *name)
{
    enum json_cut_result end;

    if (is_closed(c, &end))
        return end;
    return cut_name(c, name) ? JSON_CUT_PIECE : JSON_CUT_BROKEN;
}

enum json_cut_result json_cut_value(struct json_cut *c, str *text)
{
    const char *end = value_end(c);

    if (!end)
        return JSON_CUT_BROKEN;
    *text = str_trim((str){c->p, (size_t)(end - c->p)});
    c->p = end;
    return go_on(c);
}

enum json_cut_result json_cut_next(struct json_cut *c, struct json_piece *out)
{
    enum json_cut_result end;

    *out = (struct json_piece){};
    if (is_closed(c, &end))
        return end;
    if (c->close == '}' && !cut_name(c, &out->name))
        return JSON_CUT_BROKEN;
    return json_cut_value(c, &out->text);
}

bool json_cut_enter(const struct json_cut *c, struct json_cut *list)
{
    if (c->p == c->end || *c->p != '[')
        return false;
    *list =
        (struct json_cut){.p = c->p + 1, .end = c->end, .close = ']', .is_inner = true};
    skip_blanks(list);
    return true;
}

enum json_cut_result json_cut_leave(struct json_cut *c, const struct json_cut *list)
{
    c->p = list->p;
    return go_on(c);
}

void json_squeeze(str text, struct buf *to)
{
    const char *p = text.p, *end = p + text.n;

    while (p < end) {
        const char *from = p;

        while (p < end && !is_blank(*p)) {
            const char *behind = *p == '"' ? text_end(p, end) : p + 1;

            p = behind ? behind : end;
        }
        buf_add(to, (str){from, (size_t)(p - from)});
        while (p < end && is_blank(*p))
            p++;
    }
}
