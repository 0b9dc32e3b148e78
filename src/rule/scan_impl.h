/* scan_impl.h - what the two halves of a scan share; private to rule/. */
#ifndef RULE_SCAN_IMPL_H
#define RULE_SCAN_IMPL_H

#include "rule/program.h"
#include "rule/scan.h"

/* One value for each customer; a text's is the key of the rule's text that it equals, or none's. */
struct column_vals {
    struct bits there;
    int64_t n[CHUNK_CUSTOMERS];
};
#define NO_KEY INT64_C(-1)

/* The events in a window, as places in the chunk: [from, to), found once for each customer. */
struct windowed {
    struct window window;
    int64_t begin_ms,
        end_ms; /* their moments: [begin_ms, end_ms); STAGE: from where he entered */
    struct bits known;
    uint32_t from[CHUNK_CUSTOMERS], to[CHUNK_CUSTOMERS];
};

/* What a rule that others name has answered in this chunk. */
struct asked {
    struct bits asked, yes, no; /* neither: only a cursor knows */
    struct bits counted;        /* a score: whose value is known */
    struct column_vals *score;  /* NULL: not needed yet */
};

/* Ascending: what is asked first. */
enum cost { COST_STAGE, COST_TRAIT, COST_TYPES, COST_CELLS, COST_CURSOR };

struct scan {
    const struct program *p;
    struct rule_ref rule;
    enum cost *rule_cost; /* by rule */
    struct asked *asked;  /* by rule */
    struct windowed **window;
    uint32_t window_n, window_cap;
    struct column_vals *
        *vals; /* vals_n of them are in use, the last taken first to go back */
    uint32_t vals_n, vals_cap;
    int64_t *key; /* of the words of a column */
    uint32_t key_cap;
    struct cursor *cursor; /* NULL: not needed yet */
    uint32_t *times_in;    /* of somebody who stands nowhere */

    /* the question */
    const struct chunk *chunk;
    struct scan_span span;
    int64_t at_ms;
    const struct situation *standing;
    bool is_constant; /* scan_is_decided: there is no chunk */
    struct err *err;
};

/* Rules named inside one another beyond this are a cursor's. */
enum { SCAN_DEEP = 8 };
/* Can it be had column by column, and at what cost? Rules are asked in their order, each behind
 * those that it names. */
enum cost node_cost(const struct scan *s, const struct node *n);
enum cost rule_cost(const struct scan *s, const struct rule *rule);
/* The moments of a window that stand at the scan's moment. */
void window_stand(const struct scan *s, struct windowed *w);
/* A slot's value for those wanted; what others have is left as it was. Fills .there for all. */
bool slot_vals(struct scan *s, uint32_t slot, const struct bits *want,
               struct column_vals *out);
/* The latest moment e with e + length <= t. */
int64_t before_length(const struct program *p, int64_t t, struct length length);

#endif
