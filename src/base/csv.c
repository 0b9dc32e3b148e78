/* csv.c - records out of a window that slides over the stream.
 *
 * bytes: ......[at  one record  |  the next ...  n]0
 *
 * (1) A record is scanned only inside the window; when it does not end there, the window
 *     slides to its first byte, is filled up, and the record is scanned again.
 * (2) The window holds record_max bytes and the longest line end, so a record that does not
 *     end in a full window is too long.
 * (3) bytes[n] is 0, so that the inner loops need not ask for the end: a NUL stops them.
 * (4) What becomes of a record depends on the bytes alone, never on how they were read.
 *
 * A quote that is never closed swallows lines until another quote, which then has text
 * behind it, or until the record is too long, or the file ends. In all three cases only its
 * first line is given up and reading goes on at the second. That costs no more than reading
 * everything twice: a line that leaves a field open has an odd number of quotes there, which
 * closes the field that an earlier line left open. */
#include "base/csv.h"

#include "base/mem.h"
#include "base/tune.h"

#include <assert.h>
#include <string.h>

#define RECORD_MAX (1 << 20)
#define RAW_MAX 4096
#define FIELDS_MAX 65536
#define LINE_END_MAX 2 /* CR LF */
#define SEPARATORS ",;\t|"
#define SEPARATOR_LINES 20

struct csv {
    struct reader *reader;
    char separator;
    bool latin1;
    size_t record_max;
    char *bytes;
    size_t cap, at, n;
    bool at_end;     /* the stream has given its last byte */
    uint64_t lines;  /* before `at` */
    struct buf text; /* a record, or its beginning, as UTF-8 */
    struct buf bare; /* fields without their doubled quotes */
    str *field;
    uint32_t n_fields, fields_cap;
    bool stops[256];        /* bytes at which the loop over a bare field stops */
    bool stops_quoted[256]; /* ... and the loop over a quoted one */
};

enum outcome {
    WHOLE,
    CUT,    /* the window ends first */
    OPEN,   /* the stream ends inside quotes */
    BEHIND, /* something stands behind a closing quote */
    NO_MEMORY
};

struct scan {
    const char *stop;   /* where the scan ended: the record's end, or what was wrong */
    const char *next;   /* behind the line end */
    uint64_t line_ends; /* inside quotes */
    bool in_quotes, has_nul, has_high, has_too_many;
};

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool add_field(struct csv *c, struct scan *s, str field)
{
    if (c->n_fields == c->fields_cap) {
        uint32_t cap = c->fields_cap ? c->fields_cap * 2 : 32;
        str *grown;

        if (c->n_fields == FIELDS_MAX) {
            s->has_too_many = true;
            return true;
        }
        grown = mem_resize(c->field, cap * sizeof *grown);
        if (!grown)
            return false;
        c->field = grown;
        c->fields_cap = cap;
    }
    c->field[c->n_fields++] = field;
    return true;
}

/* The field without its doubled quotes, in c->bare. `room` is what the record's fields may
 * need in all: taken at once, so that the texts of earlier fields stay where they are. */
static bool undouble(struct csv *c, str *field, size_t room)
{
    char *to = buf_room(&c->bare, c->bare.n ? field->n : room);
    str left = *field;

    if (!to)
        return false;
    *field = (str){to, 0};
    while (left.n > 0) {
        const char *quote = memchr(left.p, '"', left.n);
        size_t n = quote ? (size_t)(quote - left.p) + 1 : left.n;

        memcpy(to + field->n, left.p, n);
        field->n += n;
        left = str_from(left, quote ? n + 1 : n);
    }
    c->bare.n += field->n;
    return true;
}

/* From an opening quote to behind the closing one. */
static enum outcome scan_quoted(struct csv *c, const char **at, const char *end,
                                bool last, struct scan *s, str *field)
{
    const char *p = *at + 1;
    bool doubled = false;

    s->in_quotes = true;
    for (;; p++) {
        while (!c->stops_quoted[(unsigned char)*p])
            p++;
        if (p == end) {
            s->stop = p;
            return last ? OPEN : CUT;
        }
        if (*p == '"') {
            if (p[1] != '"')
                break;
            doubled = true;
            p++;
        } else if (is_line_end(*p)) {
            s->line_ends += *p == '\n' || p[1] != '\n';
        } else if (*p == 0) {
            s->has_nul = true;
        } else {
            s->has_high = true;
        }
    }
    s->in_quotes = false;
    *field = (str){*at + 1, (size_t)(p - *at) - 1};
    *at = p + 1;
    return !doubled || undouble(c, field, (size_t)(end - field->p)) ? WHOLE : NO_MEMORY;
}

static void scan_bare(struct csv *c, const char **at, const char *end, struct scan *s,
                      str *field)
{
    const char *p = *at;

    for (;; p++) {
        while (!c->stops[(unsigned char)*p])
            p++;
        if (p == end || *p == c->separator || is_line_end(*p))
            break;
        if (*p == 0)
            s->has_nul = true;
        else
            s->has_high = true;
    }
    *field = (str){*at, (size_t)(p - *at)};
    *at = p;
}

/* One record; `last` says that nothing follows behind `end`, where a 0 stands. */
static enum outcome scan(struct csv *c, const char *p, const char *end, bool last,
                         struct scan *s)
{
    *s = (struct scan){};
    c->n_fields = 0;
    buf_clear(&c->bare);
    for (;;) {
        str field;

        if (*p == '"') {
            enum outcome o = scan_quoted(c, &p, end, last, s, &field);

            if (o != WHOLE)
                return o;
        } else {
            scan_bare(c, &p, end, s, &field);
        }
        s->stop = p;
        if (!add_field(c, s, field))
            return NO_MEMORY;
        if (p == end) {
            s->next = p;
            return last ? WHOLE : CUT;
        }
        if (is_line_end(*p))
            break;
        if (*p != c->separator)
            return BEHIND;
        p++;
    }
    if (*p == '\r' && p + 1 == end && !last)
        return CUT;
    s->next = p + (*p == '\r' && p[1] == '\n' ? 2 : 1);
    return WHOLE;
}

/* Slides the window to `at` and fills it up. */
static bool fill(struct csv *c, struct err *err)
{
    c->n -= c->at;
    memmove(c->bytes, c->bytes + c->at, c->n);
    c->at = 0;
    while (c->n < c->cap && !c->at_end) {
        size_t got;

        if (!reader_read(c->reader, c->bytes + c->n, c->cap - c->n, &got, err)) {
            c->bytes[c->n] = 0;
            return false;
        }
        c->n += got;
        c->at_end = got == 0;
    }
    c->bytes[c->n] = 0;
    return true;
}

/* At most n bytes, without half a character at the end. */
static str cut_text(str s, size_t n)
{
    if (s.n <= n)
        return s;
    while (n > 0 && (s.p[n] & 0xc0) == 0x80)
        n--;
    return (str){s.p, n};
}

/* What the user is shown of a record that is bad. */
static bool copy_raw(struct csv *c, str record, str *raw, struct err *err)
{
    str beginning = cut_text(record, RAW_MAX);

    /* where bytes are no UTF-8 they may look like a character without an end */
    if (beginning.n + 3 < RAW_MAX && beginning.n < record.n)
        beginning.n = RAW_MAX;
    buf_clear(&c->text);
    if (c->latin1 || !str_is_utf8(beginning))
        buf_add_latin1(&c->text, beginning);
    else
        buf_add(&c->text, beginning);
    *raw = cut_text(buf_str(&c->text), RAW_MAX);
    return !c->text.failed || err_nomem(err);
}

/* Behind the first line end from `from` on, which may lie far behind the window. */
static bool skip_line(struct csv *c, size_t from, struct err *err)
{
    for (;;) {
        while (from < c->n && !is_line_end(c->bytes[from]))
            from++;
        if (from < c->n && (c->bytes[from] == '\n' || from + 1 < c->n || c->at_end)) {
            c->at = from + (c->bytes[from] == '\r' && c->bytes[from + 1] == '\n' ? 2 : 1);
            return true;
        }
        c->at = from;
        if (c->at_end)
            return true;
        if (!fill(c, err))
            return false;
        from = 0;
    }
}

/* Gives up the bytes from `at` to the first line end behind `from`. */
static enum csv_status give_up(struct csv *c, str shown, size_t from, uint64_t lines,
                               const char *why, struct csv_row *row, struct err *err)
{
    *row = (struct csv_row){.line = c->lines + 1, .lines = lines, .why = why};
    if (!copy_raw(c, shown, &row->raw, err) || !skip_line(c, from, err))
        return CSV_FAILED;
    c->lines += lines;
    return CSV_BAD;
}

static enum csv_status give_up_first_line(struct csv *c, const char *why,
                                          struct csv_row *row, struct err *err)
{
    size_t n = 0;

    while (c->at + n < c->n && !is_line_end(c->bytes[c->at + n]))
        n++;
    return give_up(c, (str){c->bytes + c->at, n}, c->at, 1, why, row, err);
}

/* The record is longer than record_max. Looked at up to there only: see (4). */
static enum csv_status give_up_long(struct csv *c, struct csv_row *row, struct err *err)
{
    char *limit = c->bytes + c->at + c->record_max + 1, kept = *limit;
    struct scan s;
    enum outcome o;

    *limit = 0;
    o = scan(c, c->bytes + c->at, limit, false, &s);
    *limit = kept;
    if (o == NO_MEMORY) {
        err_nomem(err);
        return CSV_FAILED;
    }
    assert(o == CUT);
    if (s.in_quotes && s.line_ends > 0)
        return give_up_first_line(c, "a quoted field does not end", row, err);
    return give_up(c, (str){c->bytes + c->at, c->record_max}, c->at + c->record_max + 1,
                   s.line_ends + 1, "a record that is too long", row, err);
}

/* The record that `s` found; latin1 with high bytes is scanned again as UTF-8. */
static enum csv_status give(struct csv *c, struct scan *s, struct csv_row *row,
                            struct err *err)
{
    str record = {c->bytes + c->at, (size_t)(s->stop - c->bytes) - c->at};
    size_t next = (size_t)(s->next - c->bytes);
    const char *why = NULL;

    if (s->has_nul)
        why = "a NUL byte";
    else if (s->has_too_many)
        why = "more than 65536 fields";
    else if (s->has_high && !c->latin1 && !str_is_utf8(record))
        why = "bytes that are neither ASCII nor UTF-8";
    *row = (struct csv_row){.line = c->lines + 1, .lines = s->line_ends + 1, .why = why};
    if (why) {
        if (!copy_raw(c, record, &row->raw, err))
            return CSV_FAILED;
    } else {
        if (s->has_high && c->latin1) {
            buf_clear(&c->text);
            buf_add_latin1(&c->text, record);
            buf_add_char(&c->text, 0);
            if (c->text.failed
                || scan(c, c->text.p, c->text.p + c->text.n - 1, true, s) == NO_MEMORY) {
                err_nomem(err);
                return CSV_FAILED;
            }
            record = (str){c->text.p, c->text.n - 1};
        }
        row->raw = cut_text(record, RAW_MAX);
        row->n = c->n_fields;
        row->field = c->field;
    }
    c->at = next;
    c->lines += row->lines;
    return why ? CSV_BAD : CSV_ROW;
}

/* Passes over empty lines; a last CR may wait for its LF. */
static void skip_empty(struct csv *c)
{
    while (c->at < c->n && is_line_end(c->bytes[c->at])) {
        const char *p = c->bytes + c->at;

        if (*p == '\r' && c->at + 1 == c->n && !c->at_end)
            return;
        c->at += *p == '\r' && p[1] == '\n' ? 2 : 1;
        c->lines++;
    }
}

/* More bytes of the stream could stand behind those of the window. */
static bool has_room(const struct csv *c)
{
    return c->n - c->at < c->cap && !c->at_end;
}

static bool line_ends_in_window(const struct csv *c)
{
    for (size_t i = c->at; i < c->n; i++)
        if (is_line_end(c->bytes[i]))
            return true;
    return false;
}

enum csv_status csv_next(struct csv *c, struct csv_row *row, struct err *err)
{
    for (;;) {
        const char *begin;
        struct scan s;
        enum outcome o;

        skip_empty(c);
        if (c->at == c->n && c->at_end)
            return CSV_END;
        begin = c->bytes + c->at;
        o = scan(c, begin, c->bytes + c->n, c->at_end, &s);
        if (o == NO_MEMORY) {
            err_nomem(err);
            return CSV_FAILED;
        }
        if ((o == CUT || (o == BEHIND && !line_ends_in_window(c))) && has_room(c)) {
            if (!fill(c, err))
                return CSV_FAILED;
            continue;
        }
        if (o == CUT || (size_t)(s.stop - begin) > c->record_max)
            return give_up_long(c, row, err);
        if (o == OPEN)
            return give_up_first_line(c, "a quoted field does not end", row, err);
        if (o == BEHIND)
            return give_up_first_line(c, "text behind a closing quote", row, err);
        return give(c, &s, row, err);
    }
}

/* The separator stands in every line equally often, outside quotes; most often wins. */
static char recognise_separator(str text)
{
    size_t best = 0, best_first = 0;
    char found = ',';

    for (const char *candidate = SEPARATORS; *candidate; candidate++) {
        size_t n = 0, first = 0, lines = 0;
        bool quoted = false, even = true;

        for (size_t i = 0; i < text.n && lines < SEPARATOR_LINES; i++) {
            char c = text.p[i];

            quoted ^= c == '"';
            n += !quoted && c == *candidate;
            if (quoted || !is_line_end(c) || i == 0 || is_line_end(text.p[i - 1]))
                continue;
            first = lines ? first : n;
            even &= n == first;
            lines++;
            n = 0;
        }
        first = lines ? first : n;
        if ((even ? first : 0) > best || (best == 0 && first > best_first)) {
            best = even ? first : 0;
            best_first = first;
            found = *candidate;
        }
    }
    return found;
}

/* Without the character that the end of the window cuts. */
static str whole_characters(str s)
{
    size_t n = s.n;

    while (n > 0 && s.n - n < 3 && (s.p[n - 1] & 0xc0) == 0x80)
        n--;
    return n > 0 && (s.p[n - 1] & 0xc0) == 0xc0 ? (str){s.p, n - 1} : s;
}

static bool look(struct csv *c, const struct csv_options *options, struct err *err)
{
    str text;
    bool bom, whole;

    if (!fill(c, err))
        return false;
    text = (str){c->bytes, c->n < CSV_LOOK_BYTES ? c->n : CSV_LOOK_BYTES};
    if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff")))
        return err_set(err, ERR_INPUT, "this file is in UTF-16; save it as UTF-8");
    whole = c->at_end && text.n == c->n;
    bom = str_starts(text, STR("\xef\xbb\xbf"));
    if (bom)
        c->at = 3;
    c->latin1 = options->latin1_given
                    ? options->latin1
                    : !bom && !str_is_utf8(whole ? text : whole_characters(text));
    c->separator = options->separator ? options->separator
                                      : recognise_separator(str_from(text, c->at));
    return true;
}

bool csv_open(struct reader *r, const struct csv_options *options, struct csv **out,
              struct err *err)
{
    struct csv *c;

    if (options->separator == '"' || is_line_end(options->separator)
        || (options->separator & 0x80))
        return err_set(err, ERR_INPUT,
                       "a quote, a line end or a character beyond ASCII "
                       "cannot separate fields");
    c = mem_alloc(sizeof *c);
    if (!c)
        return err_nomem(err);
    c->reader = r;
    c->record_max = options->record_max ? options->record_max : RECORD_MAX;
    c->cap = c->record_max + LINE_END_MAX;
    if (c->cap < CSV_LOOK_BYTES)
        c->cap = CSV_LOOK_BYTES;
    c->bytes = mem_alloc(c->cap + 1);
    if (!c->bytes || !look(c, options, err)) {
        if (!c->bytes)
            err_nomem(err);
        csv_close(c);
        return false;
    }
    for (int i = 0; i < 256; i++)
        c->stops[i] = i == 0 || i >= 0x80 || i == c->separator || is_line_end((char)i);
    for (int i = 0; i < 256; i++)
        c->stops_quoted[i] = i == 0 || i >= 0x80 || i == '"' || is_line_end((char)i);
    *out = c;
    return true;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    mem_free(c->bytes);
    mem_free(c->field);
    buf_free(&c->text);
    buf_free(&c->bare);
    mem_free(c);
}

char csv_separator(const struct csv *c)
{
    return c->separator;
}

bool csv_is_latin1(const struct csv *c)
{
    return c->latin1;
}

uint64_t csv_lines(const struct csv *c)
{
    return c->lines;
}
