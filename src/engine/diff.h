/* diff.h - two texts, line by line: what is only in the one, what only in the other. */
#ifndef ENGINE_DIFF_H
#define ENGINE_DIFF_H

#include "base/json.h"

struct diff_line {
    char sign; /* ' ' in both, '-' in the old one only, '+' in the new one only */
    str text;  /* without its line end; borrowed from the texts */
    bool cut;  /* the text's last line, which no line end follows */
};
/* Changes that stand close together, with up to three equal lines around them. */
struct hunk {
    uint32_t from_line, from_n, to_line, to_n; /* from 1; without lines: the one before */
    const struct diff_line *line;
    uint32_t n;
};

/* The shortest edit (Myers 1986), in time proportional to the lines and to the square of the
 * changes. Beyond DIFF_CHANGES_MAX changed lines it is no more looked for: all between the
 * equal beginning and the equal end counts as replaced. Equal texts have no hunks. Lives in
 * `a`. */
#define DIFF_CHANGES_MAX 4000
bool text_diff(str from, str to, struct arena *a, const struct hunk **out, uint32_t *n,
               struct err *err);
/* {"hunks":[{"from_line":..,"to_line":..,"lines":[{"sign":"-","text":".."}]}]} */
void diff_put_json(struct json_out *j, const struct hunk *hunk, uint32_t n);
/* Each hunk below its line "@@ -1,4 +1,5 @@", as diff -u writes it. */
void diff_print(struct buf *to, const struct hunk *hunk, uint32_t n);

#endif
