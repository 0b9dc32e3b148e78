/* csv.c against a twin that has the whole text in memory and goes from byte to byte; and the
 * lines of all rows, with the empty ones, are those of the text. The first two bytes of the
 * input say how long a record may be and how the stream is cut into reads. */
#include "base/csv.h"

#include "support/bytes_io.h"
#include "support/fuzz.h"

struct twin {
    str text;
    char separator;
    bool latin1;
    size_t record_max, at;
    uint64_t lines;
    struct buf fields; /* each with "|" behind it */
    struct buf raw;
    uint32_t n;
};

/* The line end at that byte: its length, or 0. */
static size_t line_end(const struct twin *t, size_t at)
{
    if (at >= t->text.n)
        return 0;
    if (t->text.p[at] == '\r' && at + 1 < t->text.n && t->text.p[at + 1] == '\n')
        return 2;
    return t->text.p[at] == '\r' || t->text.p[at] == '\n';
}

static void add_byte(struct twin *t, struct buf *to, char c)
{
    if (t->latin1)
        buf_add_latin1(to, (str){&c, 1});
    else
        buf_add_char(to, c);
}

static void give_up(struct twin *t, size_t from, uint64_t lines)
{
    while (from < t->text.n && !line_end(t, from))
        from++;
    t->at = from + line_end(t, from);
    t->lines += lines;
}

static enum csv_status twin_next(struct twin *t)
{
    enum { BEGIN, BARE, QUOTED, BEHIND } state = BEGIN;
    size_t begin, at, limit_lines = 0;
    uint64_t lines = 1;
    bool limit_quoted = false, bad = false;

    while (line_end(t, t->at)) {
        t->at += line_end(t, t->at);
        t->lines++;
    }
    if (t->at == t->text.n)
        return CSV_END;
    begin = at = t->at;
    buf_clear(&t->fields);
    buf_clear(&t->raw);
    t->n = 1;
    for (; at < t->text.n; at++) {
        char c = t->text.p[at];

        if (at - begin == t->record_max + 1) {
            limit_quoted = state == QUOTED;
            limit_lines = lines - 1;
        }
        if (state != QUOTED && line_end(t, at))
            break;
        if (state == QUOTED) {
            if (c == '"') {
                state = BEHIND;
                continue;
            }
            if (c == '\n' || (c == '\r' && line_end(t, at) == 1))
                lines++;
        } else if (state == BEGIN && c == '"') {
            state = QUOTED;
            continue;
        } else if (c == t->separator) {
            state = BEGIN;
            buf_add_char(&t->fields, '|');
            t->n++;
            continue;
        } else if (state == BEHIND && c == '"' && t->text.p[at - 1] == '"') {
            state = QUOTED;
        } else if (state == BEHIND) {
            break;
        } else {
            state = BARE;
        }
        bad |= c == 0;
        add_byte(t, &t->fields, c);
    }
    if (at - begin == t->record_max + 1) {
        limit_quoted = state == QUOTED;
        limit_lines = lines - 1;
    }
    if (at - begin > t->record_max) {
        if (limit_quoted && limit_lines > 0)
            give_up(t, begin, 1);
        else
            give_up(t, begin + t->record_max + 1, limit_lines + 1);
        return CSV_BAD;
    }
    if (state == QUOTED || (at < t->text.n && !line_end(t, at))) {
        give_up(t, begin, 1);
        return CSV_BAD;
    }
    for (size_t i = begin; i < at; i++)
        add_byte(t, &t->raw, t->text.p[i]);
    t->at = at + line_end(t, at);
    t->lines += lines;
    return bad || !str_is_utf8(buf_str(&t->raw)) ? CSV_BAD : CSV_ROW;
}

static void compare(struct csv *c, struct twin *t)
{
    enum csv_status status;

    do {
        uint64_t before = t->lines;
        enum csv_status expected = twin_next(t);
        struct csv_row row;
        struct err err;

        status = csv_next(c, &row, &err);
        NEED(status == expected);
        NEED(csv_lines(c) == t->lines);
        if (status == CSV_END)
            break;
        NEED(row.line > before && row.line + row.lines == t->lines + 1);
        NEED(row.raw.n <= 4096 && str_is_utf8(row.raw));
        if (status == CSV_ROW) {
            struct buf fields = {};

            NEED(row.n == t->n);
            NEED(str_starts(buf_str(&t->raw), row.raw));
            for (uint32_t i = 0; i < row.n; i++) {
                if (i > 0)
                    buf_add_char(&fields, '|');
                buf_add(&fields, row.field[i]);
            }
            NEED(str_eq(buf_str(&fields), buf_str(&t->fields)));
            buf_free(&fields);
        } else {
            NEED(row.why && row.n == 0);
        }
    } while (true);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct csv_options options = {};
    struct bytes_io io;
    struct twin t = {};
    struct reader *r;
    struct csv *c;
    struct err err;

    if (n < 2 || n > 100000)
        return 0;
    options.record_max = 1 + p[0] * (size_t)(p[0] & 1 ? 1 : 100);
    t.text = (str){(const char *)p + 2, n - 2};
    io = bytes_io(t.text, 1 + p[1] * (size_t)p[1]);
    /* packed input is fuzz_reader's: its text is not the one that the twin sees */
    if (str_starts(t.text, STR("\x1f\x8b")) || str_starts(t.text, STR("\xfd\x37")))
        return 0;
    NEED(reader_open(&io.io, STR("f"), &r, &err));
    if (csv_open(r, &options, &c, &err)) {
        if (str_starts(t.text, STR("\xef\xbb\xbf")))
            t.text = str_from(t.text, 3);
        t.record_max = options.record_max;
        t.separator = csv_separator(c);
        t.latin1 = csv_is_latin1(c);
        compare(c, &t);
        csv_close(c);
    } else {
        NEED(err.code == ERR_INPUT);
    }
    buf_free(&t.fields);
    buf_free(&t.raw);
    reader_close(r);
    return 0;
}
