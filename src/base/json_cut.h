/* json_cut.h - the texts of a list's items or of an object's members, without a look into them:
 * each is then parsed by itself, so that one that is bad does not spoil the others. */
#ifndef BASE_JSON_CUT_H
#define BASE_JSON_CUT_H

#include "base/str.h"

struct json_cut {
    const char *p, *end;
    char close;    /* '}' or ']' */
    bool is_inner; /* something may stand behind it */
};
struct json_piece {
    str name; /* as it is written between its quotes; of a list's item: empty */
    str text; /* without white space around it; not known to be JSON */
};
enum json_cut_result { JSON_CUT_PIECE, JSON_CUT_END, JSON_CUT_BROKEN };

/* False when the text is neither an object nor a list. */
bool json_cut_begin(struct json_cut *c, str text);
/* The next piece; the end, with nothing but white space behind it; or broken: brackets and quotes
 * do not fit, and nothing can be said of what follows. */
enum json_cut_result json_cut_next(struct json_cut *c, struct json_piece *out);
/* The same in two steps: the name of an object's next member, then its value. */
enum json_cut_result json_cut_name(struct json_cut *c, str *name);
enum json_cut_result json_cut_value(struct json_cut *c, str *text);
/* Instead of the second, when the value is a list: its items are pieces of `list`; when they have come
 * to their end, json_cut_leave goes on behind it. False: it is no list. */
bool json_cut_enter(const struct json_cut *c, struct json_cut *list);
enum json_cut_result json_cut_leave(struct json_cut *c, const struct json_cut *list);
/* Appends the text without the white space between its values; of what is no JSON, something. */
void json_squeeze(str text, struct buf *to);

#endif
