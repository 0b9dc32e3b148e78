/* cursor.h - a program at one customer; private to rule/.
 *
 * cursor_start lists, for each series, the customer's entries: those of a stretch of the
 * chunk at once, longer and longer while customers follow one another. Asking moves two
 * fingers over them for each slot: [lo, hi) are the entries in the window. Adding a length
 * never lets a later event overtake an earlier one, so with time hi only moves forward, and so
 * does lo, but for the window `stage`, whose beginning is wherever the situation says. */
#ifndef RULE_CURSOR_H
#define RULE_CURSOR_H

#include "rule/program.h"

/* The entries of a series, in the order of the events. Entry i of the customer is from + i of
 * those listed. */
struct entries {
    uint32_t from, n; /* the customer's */
    bool all;         /* every event is one: nothing is listed, from is his first event */
    uint32_t listed_n, cap;
    uint32_t *place; /* in the chunk's events */
    int64_t *value;  /* of the property; a sequence's: the moment of its first event */
    bool
        *there; /* a trait's or an acquisition's: false when it is missing from here on */
    uint32_t *prev, *next; /* linked series: his entries with the same value, or NONE */
};

static inline uint32_t entry_place(const struct entries *e, uint32_t i)
{
    return e->all ? e->from + i : e->place[e->from + i];
}

static inline int64_t entry_value(const struct entries *e, uint32_t i)
{
    return e->value[e->from + i];
}

/* A column of this customer's chunk, with a finger that moves forward over the cells. */
struct column_at {
    const struct cells *cells;
    uint32_t *key; /* of its words, when rules compare texts */
    uint32_t key_cap;
    uint32_t at;
};

/* Which of the chunk's events are of a set of types: a bit each. */
struct marks {
    uint64_t *word; /* the first is of event marked_from, a multiple of 64 */
    uint32_t cap;
    bool all; /* that are marked */
};

struct slot_at {
    uint64_t start; /* the fingers' start that they stand for */
    uint32_t lo, hi;
    uint32_t entered_for, left_for; /* the entries that the two moments below belong to */
    int64_t enters_ms, leaves_ms;
    __int128 sum;
    uint32_t distinct;
    uint32_t
        *best; /* min, max: the entries i with no better one behind them in [0, hi) */
    uint32_t best_n, best_cap;
};

/* What had been bought up to a moment: see worth.c. */
struct bought_at {
    uint64_t start;         /* as slot_at's */
    uint32_t hi, values_hi; /* entries that are counted */
    uint32_t x;
    int32_t first_day, day;
    __int128 spent;
};

struct fingers {
    struct slot_at *slot;
    struct bought_at *bought; /* by program.worth */
    uint64_t start;           /* raised to put all of them back */
};

/* What a test answered, which stands before until_ms; from there on up to then_ms it is the
 * opposite. */
struct test_at {
    int64_t until_ms, then_ms;
    uint32_t at; /* entries before it play no part any more */
    uint8_t answer;
    const struct test *test;
    const struct window *window; /* of no shape: none */
    const struct entries *e;
};

/* A rule that is tests side by side, its first operand at hand without looking it up. */
struct beginning {
    struct test_at *test;    /* NULL: the rule is more than tests side by side */
    const struct rule *more; /* NULL: the first operand is all of it */
    /* A bit for each answer of the test that decides the rule, and that makes it true if no
     * other operand is asked. */
    uint8_t decided_by, true_by;
};

/* What a rule answered last. */
struct memo {
    uint64_t known; /* as view.known */
    int64_t holds_ms;
    struct val val;
    uint64_t ask; /* the number of the question */
    int64_t entered_ms;
    uint16_t stage, previous_stage;
};

struct cursor {
    const struct program *p;
    struct timeline t;
    const int64_t *at_ms;   /* the chunk's */
    uint64_t chunk;         /* the serial of the chunk whose words have keys; 0: none */
    struct text_table text; /* by key: the program's literals, then the chunk's words */
    struct column_at *column;
    struct column_at
        member; /* who of an account's members did an event; no cells: nobody asks */
    const struct origins
        *origins;           /* of the chunk; NULL: nobody asks, or there are none */
    uint32_t *channel_key;  /* by channel */
    uint32_t *acquired_key; /* by word of the origins */
    uint32_t acquired_cap;
    struct marks *marks; /* by type set */
    uint32_t marked_from;
    uint64_t *gap; /* as marks: see gap_from */
    uint32_t gap_cap;
    struct entries
        *entries; /* by series: listed of a stretch of the chunk's events, that ... */
    bool *wanted; /* by series: those that are listed; NULL: all */
    bool *wanted_types; /* likewise, by type set: those that are marked */
    uint32_t stretch_n,
        stretch_to;    /* ... is as long and ends there; to 0: none is listed */
    uint32_t taken_to; /* the last customer's events end there */
    struct fingers fingers, probe;
    struct test_at *test;
    struct beginning *beginning; /* by rule */
    struct memo *memo, *probe_memo, *ahead_memo, *exact;
    uint64_t asks, exacts;
    uint64_t seen;   /* another with each customer and each event that comes to be seen */
    uint32_t seen_n; /* events of the timeline that had come by the last question */
    uint32_t *table; /* scratch of linking */
    uint32_t table_cap;
};

/* One question: which fingers, and at which moment. */
struct view {
    struct cursor *c;
    struct fingers *fingers;
    struct memo *memo;
    const struct situation *s;
    uint64_t known; /* another when an answer may be another before its holds_ms */
    bool ahead;     /* holds_ms looks at the events that are still to come, too */
    /* The moment asked about; events after s->at_ms are not seen even when it is later. */
    int64_t t;
    int64_t holds_ms; /* the least moment at which something that was looked at changes */
    uint32_t event;   /* where: the place in the chunk */
};

static inline str text_of(const struct cursor *c, int64_t key)
{
    return text_table_get(&c->text, (uint32_t)key);
}

static inline int64_t entry_ms(const struct cursor *c, const struct entries *e,
                               uint32_t i)
{
    return c->at_ms[entry_place(e, i)];
}

/* As length_add, for moments of events. */
static inline int64_t moment_after(const struct cursor *c, int64_t at_ms,
                                   const struct length *l)
{
    if (l->months)
        return length_add(c->p->env.zone, at_ms, *l);
    return at_ms + l->ms < MOMENT_MAX ? at_ms + l->ms : MOMENT_MAX;
}

/* The events up to at_ms come to be seen. */
static inline void cursor_see(struct cursor *c, int64_t at_ms)
{
    if (c->seen_n < c->t.n && c->t.at_ms[c->seen_n] <= at_ms) {
        uint32_t n = timeline_until(&c->t, c->seen_n, at_ms);

        c->seen += n - c->seen_n;
        c->seen_n = n;
    }
}

/* Turns to another chunk: its columns, and keys for the words in them. */
bool cursor_turn(struct cursor *c, const struct chunk *chunk, struct err *err);
/* After cursor_turn and types_mark: lists the entries of one series among the chunk's events
 * [from, to), whosever they are. A sequence has none. */
bool series_list_one(struct cursor *c, uint32_t series, uint32_t from, uint32_t to,
                     struct err *err);
/* Lists the entries of all series. */
bool series_list(struct cursor *c, struct err *err);
/* Marks the chunk's events [from, to) for each set of types. */
bool types_mark(struct cursor *c, uint32_t from, uint32_t to, struct err *err);
void marks_free(struct cursor *c);

/* After types_mark: marks the same events for the gaps behind them. */
bool gaps_mark(struct cursor *c, uint32_t to, struct err *err);
/* Where every event is an entry: the customer's first one from i on that has a gap behind it as
 * long as the least that tests ask for, or his last one. */
uint32_t gap_from(const struct cursor *c, uint32_t i);
/* A gap between entries in which the test turns is longer. */
int64_t gap_least_ms(const struct test *t);
/* The value of a source at the event that the view stands at; fingers only move forward. */
struct val source_read(struct view *v, const struct source *s);

/* The events of the chain that ends at this one, in the order of the steps. */
void sequence_path(const struct cursor *c, const struct series *s, uint32_t end,
                   uint32_t place[RULE_STEPS_MAX]);

/* Room for what the slots keep beside their fingers. */
bool slots_room(const struct cursor *c, struct fingers *f, struct err *err);
/* Moves the slot's fingers to the view's moment and gives the value. */
struct val slot_value(struct view *v, uint32_t slot);
/* After slot_value: the entries that made it are [*from, *to) of the slot's series. */
void slot_made_of(const struct view *v, uint32_t slot, uint32_t *from, uint32_t *to);

/* The fit that is asked at a moment, or NULL: it is before the first. */
const struct worth *worth_at(const struct program *p, int64_t at_ms);
struct val worth_value(struct view *v, enum rule_worth what);
/* A test that falls to one side and stays there as the value falls, or rises. */
bool worth_test(struct view *v, enum rule_worth what,
                bool (*test)(const void *context, const struct val *worth),
                const void *context);

void beginning_of(const struct cursor *c, const struct rule *rule, struct beginning *out);

struct val ask_node(struct view *v, const struct node *n);
/* A condition that is no and, or, not; asked anew. */
bool ask_anew(struct view *v, const struct node *n);
/* What the test that a node names answers, kept from before when it still stands. Narrows the
 * view's holds_ms, as all of these do. */
bool test_ask(struct view *v, uint32_t named);
bool ask_condition(struct view *v, const struct node *n);
/* What a rule answers stays in its memo. */
const struct memo *ask_rule(struct view *v, uint32_t rule);

struct answer answer_of(struct val val, int64_t holds_ms);

static inline void holds_until(struct view *v, int64_t ms)
{
    if (ms < v->holds_ms)
        v->holds_ms = ms;
}

#endif
