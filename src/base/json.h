/* json.h - JSON in (simdjson's DOM, copied into an arena) and out. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/err.h"
#include "base/str.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_type type;
    bool truth;
    bool fits;      /* JSON_NUMBER: it has a fixed-point value (num.h) */
    int64_t number; /* fixed point, six decimals */
    str text;
    size_t n; /* of items or members */
    struct json *item;
    str *name; /* JSON_OBJECT: name[i] belongs to item[i]; of doubles the last is kept */
};

/* One a thread. */
struct json_parser;
[[nodiscard]] bool json_parser_new(struct json_parser **out, struct err *err);
void json_parser_free(struct json_parser *p);
/* `text` needs 64 readable bytes behind it. Everything in *out lives in `a`. Depth at most
 * 64. Malformed text, a BOM, text after the end: ERR_INPUT. */
bool json_parse(struct json_parser *p, str text, struct arena *a, const struct json **out,
                struct err *err);
/* The member, or NULL (also when `object` is NULL or no object). */
const struct json *json_find(const struct json *object, str name);
/* The member's text, or the empty text. */
str json_find_text(const struct json *object, str name);

/* Writes one document into a buf; commas come by themselves. Zero it, set .to. */
struct json_out {
    struct buf *to;
    unsigned depth;
    uint64_t started; /* one bit a level: something stands there already */
    bool after_key;
};
void json_begin_object(struct json_out *j);
void json_end_object(struct json_out *j);
void json_begin_list(struct json_out *j);
void json_end_list(struct json_out *j);
void json_key(struct json_out *j, const char *name);
void json_key_str(struct json_out *j, str name);
void json_put_text(struct json_out *j, str s); /* bytes that are no UTF-8 become U+FFFD */
void json_put_int(struct json_out *j, int64_t i);
void json_put_num(struct json_out *j, int64_t number); /* fixed point */
void json_put_double(struct json_out *j, double d); /* twelve digits; null: no number */
void json_put_money(struct json_out *j, int64_t minor, int decimals); /* 12.50 */
void json_put_bool(struct json_out *j, bool b);
void json_put_null(struct json_out *j);
void json_put_moment(struct json_out *j, int64_t at_ms); /* MOMENT_NEVER: null */

#endif
