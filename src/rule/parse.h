/* parse.h - the text of an expression as a tree; private to rule/.
 *
 * The parser knows the grammar only. What names mean, and which type everything has, is
 * found out by who asked for the tree: check.c for rules, row.c for rows. */
#ifndef RULE_PARSE_H
#define RULE_PARSE_H

#include "base/err.h"
#include "base/time.h"
#include "event/event.h"

#define RULE_TEXT_MAX 16384u
#define RULE_DEPTH_MAX 100u
#define RULE_STEPS_MAX 16u

enum node_kind {
    NODE_NUMBER,
    NODE_TEXT,
    NODE_BOOL,
    NODE_LENGTH,
    NODE_DATE,
    NODE_NAME,
    NODE_CALL,
    NODE_NEGATE,
    NODE_ADD,
    NODE_SUB,
    NODE_MUL,
    NODE_DIV,
    /* From here on they are conditions. */
    NODE_EQ,
    NODE_NE,
    NODE_LT,
    NODE_LE,
    NODE_GT,
    NODE_GE,
    NODE_IN,
    NODE_NOT_IN,
    NODE_IS_MISSING,
    NODE_IS_NOT_MISSING,
    NODE_CONTAINS,
    NODE_STARTS_WITH,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
};

#define RULE_FUNCTIONS(X)                                                                \
    X(COUNT, count)                                                                      \
    X(EXISTS, exists)                                                                    \
    X(SUM, sum)                                                                          \
    X(AVG, avg)                                                                          \
    X(MIN, min)                                                                          \
    X(MAX, max)                                                                          \
    X(DISTINCT, distinct)                                                                \
    X(FIRST, first)                                                                      \
    X(LAST, last)                                                                        \
    X(SINCE, since)                                                                      \
    X(AGE, age)                                                                          \
    X(SEQUENCE, sequence)                                                                \
    X(UNTIL, until)                                                                      \
    X(ANNIVERSARY, anniversary)                                                          \
    X(TIMES_IN, times_in)

enum function {
#define X(name, text) FUNCTION_##name,
    RULE_FUNCTIONS(X)
#undef X
};
str function_name(enum function f);

/* first.rest: `rest` may hold further dots; empty when there is only one part. */
struct name {
    str first, rest, whole;
    /* The first part, or the one behind it, stands in backquotes: never one of our words. */
    bool quoted, rest_quoted;
    uint32_t start, rest_start, end;
};

struct pattern {
    struct name name;
    struct node *where; /* NULL: none */
};

enum window_kind { WINDOW_ALL, WINDOW_LENGTHS, WINDOW_DATES, WINDOW_STAGE };

struct window {
    enum window_kind kind;
    struct length from,
        to; /* LENGTHS: an event e is in it while e + from <= t < e + to */
    int64_t from_ms, to_ms; /* DATES: first moment of the first day and after the last;
                                   local readings until the program turns them into moments */
    uint32_t start, end;
};

struct step {
    struct pattern pattern;
    struct length within; /* of the step before; unused in the first */
};

struct call {
    enum function function;
    struct step *step; /* one pattern; several only in sequence() */
    uint32_t step_n;
    struct window window;
};

/* How the checker resolved a name or call. */
enum meaning {
    MEANS_NOTHING,
    MEANS_COLUMN,   /* of a row: .index is the column */
    MEANS_PROPERTY, /* of the event that `where` looks at: .index is the source */
    MEANS_TERM,     /* .index is the slot */
    MEANS_STAGE,    /* .index of these two is the lifecycle */
    MEANS_PREVIOUS_STAGE,
    MEANS_TIME_IN_STAGE,
    MEANS_TIMES_IN,        /* .index is the stage */
    MEANS_LIFECYCLE_STAGE, /* lifecycle.NAME.stage: .index is the lifecycle */
    MEANS_ACCOUNT,         /* the customer is one */
    MEANS_SEGMENT,         /* .index is the rule */
    MEANS_SCORE,
    MEANS_WORTH, /* value.x: .index is the enum rule_worth */
};

/* A moment that is compared as a length: t minus it, or it minus t. */
enum growing { GROWS_NOT, GROWS_UP, GROWS_DOWN };

struct node {
    enum node_kind kind;
    enum value_type type;
    enum meaning means;
    enum growing growing;
    uint32_t start, end; /* bytes of the text */
    uint32_t depth;
    uint32_t index;
    uint32_t test;      /* as test_named of program.h has it; 0: none */
    struct node *child; /* the operands, linked by .next */
    struct node *next;
    int64_t number; /* NUMBER, BOOL, DATE; a TEXT's key once checked */
    union {
        str text; /* TEXT */
        struct length length;
        struct name name;
        struct call *call;
    };
};

enum parse_mode { PARSE_RULE, PARSE_ROW };

/* The tree lives in `a`, and borrows `text`. ERR_INPUT carries line and column. */
bool parse_expression(str text, enum parse_mode mode, struct arena *a, struct node **out,
                      struct err *err);
/* `visit, purchase where revenue > 10`: patterns with commas between; at most max of them. */
bool parse_patterns(str text, struct arena *a, struct pattern *out, uint32_t max,
                    uint32_t *n, struct err *err);
/* ERR_INPUT at a byte of the text. */
bool parse_fault(str text, uint32_t at, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* At most the first `max` bytes, cut between characters. */
str parse_cut(str text, size_t max);
/* For "%.*s" in a message: names may be as long as the text. */
#define SHOWN(s) STR_FMT(parse_cut((s), 80))
/* "; did you mean x?", or nothing. Lives in `buf`. */
const char *parse_hint(str name, const str *known, size_t n, char buf[120]);
bool node_is_literal(const struct node *n);
static inline bool node_is_condition(const struct node *n)
{
    return n->kind >= NODE_EQ;
}
/* a < b is b > a. */
enum node_kind node_mirrored(enum node_kind comparison);
/* Adds bytes that tell everything about the tree but its place in the text: what has the same
 * bytes is the same. Of what stands in a where: no calls. */
void node_key(const struct node *n, struct buf *to);
void key_add(struct buf *to, int64_t n);
void key_add_text(struct buf *to, str s);

#endif
