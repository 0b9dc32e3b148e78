/* cursor.h - a program at one customer; private to rule/.
 *
 * cursor_start lists, for each series, the customer's entries. Asking moves two fingers over
 * them for each slot: [lo, hi) are the entries in the window. Adding a length never lets a
 * later event overtake an earlier one, so with time hi only moves forward, and so does lo, but
 * for the window `stage`, whose beginning is wherever the situation says. */
#ifndef RULE_CURSOR_H
#define RULE_CURSOR_H

#include "rule/program.h"

struct entry {
    int64_t at_ms;
    int64_t value;  /* of the property; a sequence's: the moment of its first event */
    uint32_t place; /* in the chunk's events */
    uint32_t prev, next; /* linked series: entries with the same value, or NONE */
    bool there;          /* false: the trait is missing from here on */
};

struct entries {
    struct entry *entry;
    uint32_t n, cap;
};

/* A column of this customer's chunk, with a finger that moves forward over his cells. */
struct column_at {
    const struct cells *cells;
    uint32_t *key; /* of its words, when rules compare texts */
    uint32_t key_cap;
    uint32_t first, at;
};

struct slot_at {
    uint32_t lo, hi;
    uint32_t entered_for, left_for; /* the entries that the two moments below belong to */
    int64_t enters_ms, leaves_ms;
    __int128 sum;
    uint32_t distinct;
    uint32_t
        *best; /* min, max: the entries i with no better one behind them in [0, hi) */
    uint32_t best_n, best_cap;
};

/* What a rule answered last. */
struct memo {
    uint64_t ask; /* the number of the question */
    struct val val;
    int64_t holds_ms;
    uint64_t seen; /* as cursor.seen */
    int64_t entered_ms;
    uint16_t stage, previous_stage;
};

struct cursor {
    const struct program *p;
    struct timeline t;
    uint64_t chunk;         /* the serial of the chunk whose words have keys; 0: none */
    struct text_table text; /* by key: the program's literals, then the chunk's words */
    struct column_at *column;
    struct entries *entries; /* by series */
    struct slot_at *slot, *probe;
    struct memo *memo, *probe_memo, *exact;
    uint64_t asks, exacts;
    uint64_t seen;   /* another with each customer and each event that comes to be seen */
    uint32_t seen_n; /* events of the timeline that were seen by the last question */
    uint32_t *table; /* scratch of linking */
    uint32_t table_cap;
};

/* One question: which fingers, and at which moment. */
struct view {
    struct cursor *c;
    struct slot_at *slot;
    struct memo *memo;
    const struct situation *s;
    /* The moment asked about; events after s->at_ms are not seen even when it is later. */
    int64_t t;
    int64_t holds_ms; /* the least moment at which something that was looked at changes */
    uint32_t event;   /* where: the place in the chunk, and its moment */
    int64_t event_ms;
};

static inline str text_of(const struct cursor *c, int64_t key)
{
    return text_table_get(&c->text, (uint32_t)key);
}

/* Lists the entries of all series. */
bool series_list(struct cursor *c, struct err *err);
/* The value of a source at the event that the view stands at; fingers only move forward. */
struct val source_read(struct view *v, const struct source *s);

/* The events of the chain that ends at this one, in the order of the steps. */
void sequence_path(const struct cursor *c, const struct series *s, uint32_t end,
                   uint32_t place[RULE_STEPS_MAX]);

/* Puts all of the fingers back to the start. */
void slots_reset(const struct cursor *c, struct slot_at *slot);
/* Room for what the slots keep beside their fingers. */
bool slots_room(const struct cursor *c, struct slot_at *slot, struct err *err);
/* Moves the slot's fingers to the view's moment and gives the value. */
struct val slot_value(struct view *v, uint32_t slot);
/* After slot_value: the entries that made it are [*from, *to) of the slot's series. */
void slot_made_of(const struct view *v, uint32_t slot, uint32_t *from, uint32_t *to);

struct val ask_node(struct view *v, const struct node *n);
bool ask_condition(struct view *v, const struct node *n);
struct val ask_rule(struct view *v, uint32_t rule);

struct answer answer_of(struct val val, int64_t holds_ms);

static inline void holds_until(struct view *v, int64_t ms)
{
    if (ms < v->holds_ms)
        v->holds_ms = ms;
}

#endif
