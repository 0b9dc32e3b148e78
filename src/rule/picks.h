/* picks.h - which events of a chunk patterns of the rule language pick, all customers' at once.
 *
 * Reports read columns, not customers: a pattern gives a bit for each event of the chunk, found
 * for 64 events at a time where the type alone decides, and where it names a property the values
 * beside them. The patterns stand in a program of their own, without rules. */
#ifndef RULE_PICKS_H
#define RULE_PICKS_H

#include "rule/rule.h"

struct pick {
    uint32_t series;
    enum value_type type; /* of the value that each event has; MISSING: it has none */
    str text;             /* the pattern's; lives in the program */
};

/* An empty program in which names mean what they mean in this one, but for segments and
 * scores. */
[[nodiscard]] bool picks_program(const struct program *like, struct program **out,
                                 struct err *err);
/* `visit, purchase where revenue > 10`: each of the patterns, at most max. ERR_INPUT carries
 * the place in the text, which is copied. */
bool picks_add(struct program *p, str text, struct pick *out, uint32_t max, uint32_t *n,
               struct err *err);
/* The events that `of` picks and that have this property (or channel, day, hour ...). */
bool picks_add_property(struct program *p, struct pick of, str name, struct pick *out,
                        struct err *err);
/* trait.x, acquisition.x, consent.x.y: the events that tell it. Of a customer the last one up
 * to a moment says what it is then. */
bool picks_add_told(struct program *p, str name, struct pick *out, struct err *err);

/* What one thread needs. The program gets no more patterns as long as this lives. */
struct picks;
[[nodiscard]] bool picks_new(const struct program *p, struct picks **out,
                             struct err *err);
void picks_free(struct picks *k);
/* Turns to a chunk, which must stay until the next turn. What the others give is borrowed
 * until then. */
bool picks_turn(struct picks *k, const struct chunk *c, struct err *err);
/* A bit for each event of the chunk, event i's being bit i % 64 of word i / 64; those behind
 * the last event mean nothing. */
const uint64_t *picks_marks(const struct picks *k, struct pick pick);
struct picked {
    uint32_t n;
    const uint32_t *event; /* places in the chunk's events, ascending */
    const int64_t *value;  /* fixed point, minor units, a moment, 0 or 1, a text's key */
    const bool *there;     /* false where there is none any more; NULL: always */
};
/* Of a pick whose events have a value. */
struct picked picks_values(const struct picks *k, struct pick pick);
str picks_text(const struct picks *k, int64_t key);

#endif
