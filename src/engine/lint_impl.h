/* lint_impl.h - what the files of the linter share. */
#ifndef ENGINE_LINT_IMPL_H
#define ENGINE_LINT_IMPL_H

#include "engine/model.h"

/* The words and signs of a rule; a text in quotes, quotes included, is one word. */
struct words {
    const str *word;
    uint32_t n;
};

/* A list longer than this is of no use to anybody, and long in the making. */
enum { FINDINGS_MAX = 1000 };

struct lint {
    const struct model *model;
    const struct lifecycle *lifecycle; /* that is looked at */
    struct arena *arena;
    struct err *err;
    struct finding *found;
    uint32_t n, cap;

    struct words *way;  /* by way */
    uint32_t *way_text; /* by way: ways with the same words have the same number */
    enum rule_verdict *verdict; /* by way */
    struct text_table rule_text;

    /* A customer with one identify that says nothing */
    struct catalog catalog;
    struct chunk *chunk;
    struct cursor *cursor;
    uint32_t *times_in;
    struct situation nobody;
};

/* One more finding. false: memory ran out. */
bool lint_find(struct lint *l, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool lint_split(struct lint *l, str text, struct words *out);
/* Is the i-th word this one? */
bool lint_is(const struct words *w, uint32_t i, const char *word);
/* The place of a word of the rule that stands at `when`. */
void lint_place(const struct yaml *when, str word, int *line, int *column);

/* All that the text alone shows. */
bool lint_text(struct lint *l);
/* By place, when `ok`; then and else the lint's own ends. Gives `ok` back. */
bool lint_give(struct lint *l, bool ok, const struct finding **out, uint32_t *n);

/* What can never be true, and what always is: the ways, filling in .verdict; segments; a rule. */
bool lint_verdicts(struct lint *l);
bool lint_segment_verdicts(struct lint *l);
bool lint_rule_verdict(struct lint *l, struct rule_ref rule);

/* Ways that a way before them with a wider rule leaves nobody for. */
bool lint_order(struct lint *l, bool *said);

#endif
