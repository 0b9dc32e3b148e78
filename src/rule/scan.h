/* scan.h - one condition asked of all customers of a chunk at one moment, column by column.
 *
 * Column by column go: count exists sum avg min max first last since age over events of any
 * window, and over their properties; traits, stages, segments and scores; whatever is counted
 * and compared with these, joined by and, or, not. What is cheap is asked first, and the rest
 * only of those whose answer is still open; columns that nobody's answer needs are not read.
 *
 * A cursor asks those whose answer hangs on anything else: sequence, distinct, anniversary,
 * where, .day and its like, lists, contains and starts with, and two columns of texts that are
 * compared with each other. */
#ifndef RULE_SCAN_H
#define RULE_SCAN_H

#include "base/bits.h"
#include "rule/rule.h"

/* What one thread needs to ask. */
struct scan;
/* The rule is a condition. The program gets no more rules as long as the scan lives. */
[[nodiscard]] bool scan_new(const struct program *p, struct rule_ref rule,
                            struct scan **out, struct err *err);
void scan_free(struct scan *s);
bool scan_needs_stage(const struct scan *s);

/* All events of a chunk lie in it, both ends included. */
struct scan_span {
    int64_t first_ms, last_ms;
};
#define SCAN_SPAN_ANY ((struct scan_span){INT64_MIN, INT64_MAX})

/* True when every customer with events in this span alone has the same answer at at_ms,
 * and for ever: then nothing of the chunk need be read. */
bool scan_is_decided(struct scan *s, struct scan_span span, int64_t at_ms, bool *answer);

/* Who fits the rule at at_ms, as cursor_ask says, of those in `who`, or of all when that is NULL. standing: by place in the chunk, where each
 * customer stands; NULL when scan_needs_stage is false. holds_ms: by place, the holds_until of
 * cursor_ask_exact, which a cursor finds for each; NULL: not wanted. */
bool scan_chunk(struct scan *s, const struct chunk *c, struct scan_span span,
                int64_t at_ms, const struct bits *who, const struct situation *standing,
                struct bits *out, int64_t *holds_ms, struct err *err);

#endif
