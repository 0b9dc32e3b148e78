#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

str str_of(const char *nul_terminated)
{
    return nul_terminated ? (str){nul_terminated, strlen(nul_terminated)} : STR("");
}

bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int str_cmp(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq((str){s.p, prefix.n}, prefix);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    while (s.n && is_space(s.p[0]))
        s = str_from(s, 1);
    return s;
}

str str_from(str s, size_t from)
{
    if (from > s.n)
        from = s.n;
    return from ? (str){s.p + from, s.n - from} : s;
}

/* Takes one character off the text, which is not empty. A byte that is no UTF-8 is a
 * character of its own, above all of Unicode, so that broken text compares as itself. */
int32_t str_take_char(str *s)
{
    unsigned char first = (unsigned char)s->p[0];
    utf8proc_int32_t c = first;
    utf8proc_ssize_t taken = 1;

    if (first >= 0x80) {
        size_t n = s->n < 4 ? s->n : 4;

        taken = utf8proc_iterate((const utf8proc_uint8_t *)s->p, (utf8proc_ssize_t)n, &c);
        if (taken < 1) {
            c = 0x110000 + first;
            taken = 1;
        }
    }
    *s = str_from(*s, (size_t)taken);
    return c;
}

/* Reads a text case-folded. One character may fold to several (sz to ss). */
struct folding {
    str rest;
    utf8proc_int32_t pending[8];
    int at, n;
};

static bool next_folded(struct folding *f, int32_t *c)
{
    if (f->at == f->n) {
        int32_t plain;

        if (!f->rest.n)
            return false;
        plain = str_take_char(&f->rest);
        f->at = 0;
        f->n = 1;
        f->pending[0] = plain >= 'A' && plain <= 'Z' ? plain + ('a' - 'A') : plain;
        if (plain >= 0x80 && plain < 0x110000) {
            int boundary = 0;
            utf8proc_ssize_t n = utf8proc_decompose_char(plain, f->pending, 8,
                                                         UTF8PROC_CASEFOLD, &boundary);

            if (n >= 1 && n <= 8)
                f->n = (int)n;
            else
                f->pending[0] = plain;
        }
    }
    *c = f->pending[f->at++];
    return true;
}

static bool folded_starts(struct folding s, struct folding prefix)
{
    int32_t wanted, c;

    while (next_folded(&prefix, &wanted)) {
        if (!next_folded(&s, &c) || c != wanted)
            return false;
    }
    return true;
}

bool str_starts_nocase(str s, str prefix)
{
    return folded_starts((struct folding){.rest = s}, (struct folding){.rest = prefix});
}

bool str_contains_nocase(str s, str part)
{
    struct folding at = {.rest = s}, wanted = {.rest = part};
    int32_t passed;

    do {
        if (folded_starts(at, wanted))
            return true;
    } while (next_folded(&at, &passed));
    return false;
}

bool str_is_utf8(str s)
{
    while (s.n) {
        uint64_t eight;

        if (s.n >= sizeof eight) {
            memcpy(&eight, s.p, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                s = str_from(s, sizeof eight);
                continue;
            }
        }
        if (str_take_char(&s) >= 0x110000)
            return false;
    }
    return true;
}

enum { NAME_MAX_CHARS = 255 };

static size_t chars_of(str s, int32_t to[NAME_MAX_CHARS])
{
    size_t n = 0;

    while (s.n && n < NAME_MAX_CHARS)
        to[n++] = str_take_char(&s);
    return s.n ? SIZE_MAX : n;
}

/* Levenshtein's rows: row[j] is the distance of a's first i characters to b's first j. */
unsigned str_distance(str a, str b, unsigned limit)
{
    int32_t from[NAME_MAX_CHARS], to[NAME_MAX_CHARS];
    unsigned row[NAME_MAX_CHARS + 1];
    size_t n = chars_of(a, from), m = chars_of(b, to);

    if (n == SIZE_MAX || m == SIZE_MAX)
        return str_eq(a, b) ? 0 : limit + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned change = diagonal + (from[i - 1] != to[j - 1]);
            unsigned one_side = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < one_side ? change : one_side;
        }
    }
    return row[m] <= limit ? row[m] : limit + 1;
}

str str_nearest(str s, const str *names, size_t n)
{
    /* A third of a name may be wrong, so that nothing short is near everything. */
    unsigned limit = s.n < 3 ? 0 : s.n < 9 ? (unsigned)s.n / 3 : 3;
    str nearest = STR("");

    for (size_t i = 0; i < n; i++) {
        unsigned distance = str_distance(s, names[i], limit);

        if (distance <= limit) {
            nearest = names[i];
            if (distance == 0)
                break;
            limit = distance - 1;
        }
    }
    return nearest;
}

str arena_str(struct arena *a, str s)
{
    char *copy = arena_alloc_array(a, s.n + 1, 1, 1);

    if (!copy)
        return (str){NULL, 0};
    if (s.n)
        memcpy(copy, s.p, s.n);
    return (str){copy, s.n};
}

char *buf_room(struct buf *b, size_t n)
{
    if (!b->failed && n > b->cap - b->n) {
        size_t cap = b->cap < 64 ? 64 : b->cap;
        char *grown = NULL;

        while (cap - b->n < n && cap <= PTRDIFF_MAX / 2)
            cap *= 2;
        if (cap - b->n >= n)
            grown = mem_resize(b->p, cap);
        if (grown) {
            b->p = grown;
            b->cap = cap;
        } else {
            b->failed = true;
        }
    }
    if (b->failed || !b->p)
        return NULL;
    return b->p + b->n;
}

void buf_add(struct buf *b, str s)
{
    char *room = s.n ? buf_room(b, s.n) : NULL;

    if (room) {
        memcpy(room, s.p, s.n);
        b->n += s.n;
    }
}

void buf_add_char(struct buf *b, char c)
{
    if (b->n < b->cap && !b->failed)
        b->p[b->n++] = c;
    else
        buf_add(b, (str){&c, 1});
}

void buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args;
    int n;
    char *room;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    room = n < 0 ? NULL : buf_room(b, (size_t)n + 1); /* 1: vsnprintf's NUL */
    if (!room) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(room, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
}

void buf_add_digits(struct buf *b, uint64_t n, size_t least)
{
    enum { DIGITS_MAX = 20 }; /* of 2^64 */
    size_t digits = 1;
    char *to;

    assert(least <= DIGITS_MAX);
    for (uint64_t left = n; left >= 10; left /= 10)
        digits++;
    if (digits < least)
        digits = least;
    to = buf_room(b, digits);
    if (!to)
        return;
    b->n += digits;
    for (; digits--; n /= 10)
        to[digits] = (char)('0' + n % 10);
}

str buf_str(const struct buf *b)
{
    return b->p ? (str){b->p, b->n} : STR("");
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_free(struct buf *b)
{
    mem_free(b->p);
    *b = (struct buf){0};
}

void buf_add_folded(struct buf *b, str s)
{
    struct folding from = {.rest = s};
    int32_t c;

    while (next_folded(&from, &c)) {
        utf8proc_uint8_t bytes[4] = {(utf8proc_uint8_t)(c - 0x110000)};
        utf8proc_ssize_t n = c < 0x110000 ? utf8proc_encode_char(c, bytes) : 1;

        buf_add(b, (str){(const char *)bytes, (size_t)n});
    }
}

void buf_add_latin1(struct buf *b, str latin1)
{
    for (size_t i = 0; i < latin1.n; i++) {
        unsigned char c = (unsigned char)latin1.p[i];

        if (c < 0x80) {
            buf_add_char(b, (char)c);
        } else {
            char two[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};

            buf_add(b, (str){two, 2});
        }
    }
}
