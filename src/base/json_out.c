#include "base/json.h"

#include "base/num.h"
#include "base/time.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <utf8proc.h>

#define DEPTH_MAX 64 /* bits in .started */

static void begin_value(struct json_out *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->depth == 0)
        return;
    if (j->started >> (j->depth - 1) & 1)
        buf_add_char(j->to, ',');
    j->started |= UINT64_C(1) << (j->depth - 1);
}

static void begin(struct json_out *j, char bracket)
{
    assert(j->depth < DEPTH_MAX);
    begin_value(j);
    buf_add_char(j->to, bracket);
    j->started &= ~(UINT64_C(1) << j->depth++);
}

static void end(struct json_out *j, char bracket)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    buf_add_char(j->to, bracket);
}

void json_begin_object(struct json_out *j)
{
    begin(j, '{');
}

void json_end_object(struct json_out *j)
{
    end(j, '}');
}

void json_begin_list(struct json_out *j)
{
    begin(j, '[');
}

void json_end_list(struct json_out *j)
{
    end(j, ']');
}

/* Are all eight bytes ASCII that stands in a JSON text as it is? Each term sets the highest
 * bit of a byte that is not. */
static bool are_plain(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';

    return !((eight | ((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote)
              | ((backslash - ones) & ~backslash))
             & high);
}

/* How many bytes from the front may stand in a JSON text as they are. */
static size_t plain_bytes(str s)
{
    size_t n = 0;

    while (n < s.n) {
        unsigned char c = (unsigned char)s.p[n];
        utf8proc_int32_t code_point;
        utf8proc_ssize_t bytes;
        uint64_t eight;

        if (s.n >= sizeof eight) { /* the last ones together with some before them */
            size_t from = s.n - n >= sizeof eight ? n : s.n - sizeof eight;

            memcpy(&eight, s.p + from, sizeof eight);
            if (are_plain(eight)) {
                n = from + sizeof eight;
                continue;
            }
        }
        if (c < 0x20 || c == '"' || c == '\\')
            break;
        if (c < 0x80) {
            n++;
            continue;
        }
        bytes = utf8proc_iterate((const utf8proc_uint8_t *)s.p + n,
                                 (utf8proc_ssize_t)(s.n - n), &code_point);
        if (bytes < 1)
            break;
        n += (size_t)bytes;
    }
    return n;
}

static void add_escaped(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(b, STR("\\\""));
        break;
    case '\\':
        buf_add(b, STR("\\\\"));
        break;
    case '\n':
        buf_add(b, STR("\\n"));
        break;
    case '\r':
        buf_add(b, STR("\\r"));
        break;
    case '\t':
        buf_add(b, STR("\\t"));
        break;
    default:
        if (c < 0x20)
            buf_add_format(b, "\\u%04x", c);
        else
            buf_add(b, STR("\ufffd"));
        break;
    }
}

static void add_text(struct buf *b, str s)
{
    buf_add_char(b, '"');
    for (;;) {
        size_t n = plain_bytes(s);

        buf_add(b, (str){s.p, n});
        if (n == s.n)
            break;
        add_escaped(b, (unsigned char)s.p[n]);
        s = str_from(s, n + 1);
    }
    buf_add_char(b, '"');
}

void json_key(struct json_out *j, const char *name)
{
    json_key_str(j, str_of(name));
}

void json_key_str(struct json_out *j, str name)
{
    assert(j->depth > 0 && !j->after_key);
    begin_value(j);
    add_text(j->to, name);
    buf_add_char(j->to, ':');
    j->after_key = true;
}

void json_put_text(struct json_out *j, str s)
{
    begin_value(j);
    add_text(j->to, s);
}

void json_put_int(struct json_out *j, int64_t i)
{
    begin_value(j);
    if (i < 0)
        buf_add_char(j->to, '-');
    buf_add_digits(j->to, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 1);
}

void json_put_num(struct json_out *j, int64_t number)
{
    begin_value(j);
    num_print(j->to, number);
}

void json_put_double(struct json_out *j, double d)
{
    if (!isfinite(d)) {
        json_put_null(j);
        return;
    }
    begin_value(j);
    buf_add_format(j->to, "%.12g", d == 0 ? 0 : d); /* -0 is 0 */
}

void json_put_money(struct json_out *j, int64_t minor, int decimals)
{
    begin_value(j);
    money_print(j->to, minor, decimals);
}

void json_put_bool(struct json_out *j, bool b)
{
    begin_value(j);
    buf_add(j->to, b ? STR("true") : STR("false"));
}

void json_put_null(struct json_out *j)
{
    begin_value(j);
    buf_add(j->to, STR("null"));
}

void json_put_moment(struct json_out *j, int64_t at_ms)
{
    if (at_ms == MOMENT_NEVER) {
        json_put_null(j);
        return;
    }
    begin_value(j);
    buf_add_char(j->to, '"');
    moment_print(j->to, at_ms);
    buf_add_char(j->to, '"');
}
