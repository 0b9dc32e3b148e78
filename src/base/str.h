/* str.h - text: borrowed slices, and text being built. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct str {
    const char *p;
    size_t n;
} str; /* not NUL-terminated */

#define STR(lit) ((str){(lit), sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

str str_of(const char *nul_terminated); /* NULL gives the empty text */
bool str_eq(str a, str b);
int str_cmp(str a, str b); /* by bytes */
bool str_starts(str s, str prefix);
str str_trim(str s); /* without ASCII white space at both ends */
str str_from(str s, size_t from);
/* Both ignore case (Unicode case folding, utf8proc). */
bool str_contains_nocase(str s, str part);
bool str_starts_nocase(str s, str prefix);
bool str_is_utf8(str s);
/* Takes the first character off a text that is not empty. A byte that is no UTF-8 is a character
 * of its own, 0x110000 + byte. */
int32_t str_take_char(str *s);
/* How many single-character changes lie between two names, at most `limit` + 1. Names of
 * more than 255 characters are far from all others. */
unsigned str_distance(str a, str b, unsigned limit);
/* The name nearest to `s`, or the empty text when none is near. */
str str_nearest(str s, const str *names, size_t n);

/* A copy in the arena, with a NUL behind it; .p is NULL when memory ran out. */
str arena_str(struct arena *a, str s);

/* Text being built; zero it to start. When memory runs out it remembers, ignores what
 * follows, and is asked once, at the end. */
struct buf {
    char *p;
    size_t n, cap;
    bool failed;
};

void buf_add(struct buf *b, str s);
void buf_add_char(struct buf *b, char c);
void buf_add_format(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Decimal, with zeros in front up to `least` digits, which are at most 20. */
void buf_add_digits(struct buf *b, uint64_t n, size_t least);
/* Room for n more bytes behind .n; NULL when memory ran out. The caller raises .n. */
char *buf_room(struct buf *b, size_t n);
str buf_str(const struct buf *b); /* borrowed until the next change */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* With all differences of upper and lower case gone (Unicode case folding, utf8proc); what is no
 * UTF-8 stays as it is. */
void buf_add_folded(struct buf *b, str s);
/* One Latin-1 byte text as UTF-8. */
void buf_add_latin1(struct buf *b, str latin1);

#endif
