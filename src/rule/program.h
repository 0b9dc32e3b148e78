/* program.h - compiled rules, as the files of rule/ see them; private to rule/.
 *
 * A term such as sum(purchase.revenue, 1y) is a slot: a function and a window over a series.
 * A series is the list of a customer's events that a pattern matches, with their values. Equal
 * series and equal slots exist once in a program, so that rules share the work. */
#ifndef RULE_PROGRAM_H
#define RULE_PROGRAM_H

#include "rule/parse.h"
#include "rule/rule.h"
#include "rule/trait.h"

#define NONE UINT32_MAX

enum builtin {
    BUILTIN_DAY,
    BUILTIN_WEEK,
    BUILTIN_WEEKDAY,
    BUILTIN_HOUR,
    BUILTIN_CHANNEL,
    BUILTIN_MEMBER
};

/* Where the value of an event comes from. */
struct source {
    enum { SOURCE_NOTHING, SOURCE_COLUMN, SOURCE_BUILTIN, SOURCE_ACQUISITION } kind;
    enum builtin builtin;
    enum acquisition acquisition;
    uint32_t column; /* place in program.column; NONE: no event has it */
    enum value_type type;
};

struct series_step {
    uint32_t series;
    struct length within;
};

struct series {
    enum { SERIES_EVENTS, SERIES_TRAIT, SERIES_SEQUENCE } kind;
    const struct dictionary_event *event; /* EVENTS: NULL is any */
    uint32_t types;                       /* EVENTS: place in program.types */
    struct source source;                 /* EVENTS, TRAIT */
    const struct node *where;             /* EVENTS: or NULL */
    bool items;  /* an entry for each item of the list, not one for the list */
    bool linked; /* entries know the one before and after with the same value */
    str trait;
    const struct keep *keep; /* TRAIT: which of its values stands */
    const struct series_step *step;
    uint32_t step_n;
};

/* Types of events, as codes in catalog.type. Series that look at the same share one. */
struct type_set {
    const uint64_t *bits; /* by code */
    uint16_t code[8];     /* when either they or all others are few */
    uint32_t code_n;
    enum { TYPES_LISTED, TYPES_ALL_BUT, TYPES_MANY } kind;
};

struct slot {
    enum function function; /* a trait's is LAST */
    uint32_t series;
    struct window window;
};

/* What one of env.fit counts, as series. */
struct worth {
    const struct rule_fit *fit;
    int64_t from_ms;         /* the first moment at which it is asked */
    uint32_t events, values; /* values: NONE, nothing brings anything */
};

/* A condition without and, or, not that hangs on events and time alone, so that an answer can
 * be kept: see test.c. Those of a known shape exist once in a program. */
struct test {
    enum {
        TEST_ANY,      /* of no shape below */
        TEST_AT_LEAST, /* entries in the window: count(p) >= n, exists(p) */
        TEST_SINCE,    /* since(p) >= length */
    } shape;
    const struct node *node;
    uint32_t slot;        /* NONE: of no shape */
    uint64_t n;           /* AT_LEAST */
    struct length length; /* SINCE */
    int64_t late_ms;      /* SINCE: 1 for > and <=, which turn a millisecond later */
};

/* One operand of an `and` or `or` over tests alone. */
struct operand {
    uint32_t test;
    uint8_t decided_by; /* a bit for each answer of the test that decides the rule */
};

struct rule {
    str text;
    struct node *root;             /* NULL: a score */
    const struct operand *operand; /* NULL: it is more than tests side by side */
    uint32_t operand_n;
    bool decided; /* the answer when an operand decides: true of `or` */
    enum rule_want want;
    int64_t from, low, high;
    const struct score_part *part;
    uint32_t part_n;
    uint32_t depth;   /* of rules that name rules */
    bool by_stage;    /* the answer hangs on the stage and since when it is held */
    bool by_times;    /* and on how often it was */
    uint32_t above_n; /* 1 + the last lifecycle that it names; 0: none */
};

struct used_column {
    uint32_t number; /* in catalog.column */
    bool has_texts;  /* that rules compare */
};

struct program {
    struct rule_env env;
    struct arena arena;
    struct used_column *column;
    uint32_t column_n, column_cap;
    struct source *source; /* what `where` reads */
    uint32_t source_n, source_cap;
    struct series *series;
    uint32_t series_n, series_cap;
    struct type_set *types;
    uint32_t types_n, types_cap;
    struct slot *slot;
    uint32_t slot_n, slot_cap;
    struct worth *worth; /* of the fits that can be asked; some rule asks value.x */
    uint32_t worth_n;
    bool asks_worth;
    struct test *test;
    uint32_t test_n, test_cap;
    bool keeps_best; /* some slot is a min or a max */
    bool asks_channel, asks_acquisition, asks_member;
    struct rule *rule;
    uint32_t rule_n, rule_cap;
    struct text_table literal; /* the texts that stand in rules */
    /* What each of them is, so that equal ones are found. */
    struct text_table series_key, types_key, slot_key, test_key;
    int64_t **stage_key; /* by lifecycle: the texts of the stages' names */
    uint32_t lifecycle;  /* whose rules are being added, or LIFECYCLES_ALL */
    int64_t money_scale; /* millionths in a minor unit of money */
    uint64_t meaning;    /* of the names so far, by their types */
    unsigned compiling;  /* rules that are being compiled, one inside the other */
};

/* The number of what has this key in the table, the next one when nothing has. Frees the key. */
bool program_number(struct text_table *t, struct buf *key, uint32_t *out,
                    struct err *err);
/* A place behind the last of a growing array; NULL when memory ran out. */
void *program_grown(void **array, uint32_t n, uint32_t *cap, size_t size);
#define GROWN(p, what)                                                                   \
    program_grown((void **)&(p)->what, (p)->what##_n, &(p)->what##_cap, sizeof *(p)->what)

/* A test's answer is a sum of: */
enum { TEST_TRUE = 1, TEST_OPPOSITE = 2 }; /* neither: what is measured is missing */
/* How a node names a test: as it is, or its opposite (count(p) < n, since(p) < length). */
static inline uint32_t test_named(uint32_t test, bool opposite)
{
    return test * 2 + opposite + 2;
}
static inline uint32_t test_of(uint32_t named)
{
    return named / 2 - 1;
}
static inline uint8_t test_mask(uint32_t named)
{
    return named % 2 ? TEST_OPPOSITE : TEST_TRUE;
}
/* Finds the tests of a checked condition, and names them in its nodes. */
bool tests_add(struct program *p, struct rule *rule, struct err *err);
/* The event behind consent.channel.purpose; none that rules can name. */
extern const struct dictionary_event consent_event;
/* What acquisition.x looks at: events of every type. */
extern const struct dictionary_event acquisition_event;
/* The set of the types that the series of events looks at. */
bool types_add(struct program *p, const struct series *s, uint32_t *out, struct err *err);

/* A value while rules are asked. Texts are compared by key: equal texts have equal keys. A
 * literal's is its place in program.literal. */
struct val {
    enum value_type type;
    int64_t n; /* as struct value; a text's key; the place of a list in... */
    const struct column_at *column; /* ... its column */
};

#endif
