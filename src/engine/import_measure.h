/* import_measure.h - the properties and traits of an event, made of its rows one by one. */
#ifndef ENGINE_IMPORT_MEASURE_H
#define ENGINE_IMPORT_MEASURE_H

#include "base/decimal.h"
#include "base/hash.h"
#include "base/time.h"
#include "engine/import.h"
#include "rule/row.h"

struct item {
    uint32_t text, next;
};

/* Zero it, and set the first five before any row comes. */
struct measures {
    struct decimal number, money; /* how they are written */
    int decimals;                 /* of the workspace's currency */
    const struct time_format *format;
    const struct zone *zone;
    struct measure *measure; /* the properties, then the traits */
    uint32_t n;
    struct cell *undo;
    struct text_table item_text;
    struct item *item; /* of all lists */
    uint32_t item_n, item_cap;
    struct buf text;
};

/* What one measure of one event is made from so far. */
struct cell {
    struct row_sum sum; /* a bare column: .best, when .n */
    uint32_t item_first, item_last, item_n;
};

enum outcome {
    FINE,
    UNREADABLE, /* the message in *err is the reason, without a value in it */
    FAILED,
};

/* Against the table's columns. Lives in `a`. */
bool measures_open(struct measures *m, const struct mapping *mapping, const str *column,
                   uint32_t column_n, struct arena *a, struct err *err);
void measures_free(struct measures *m);
/* Sets is_number[i] for each column i that is read as a number. */
void measures_numbers(const struct measures *m, bool *is_number);
/* The cells of a new event; NULL: out of memory. */
struct cell *measures_cells(const struct measures *m, struct arena *a);
/* Adds a row, whose texts are copied into `a` where they are needed. UNREADABLE leaves the
 * cells as they were. */
enum outcome measures_feed(struct measures *m, struct cell *cell, const str *field,
                           struct arena *a, struct err *err);
/* Fills the event's properties and traits, which live in `a` and `m`. */
enum outcome measures_event(struct measures *m, const struct cell *cell, struct arena *a,
                            struct event *e, struct err *err);
/* Adds the event to the totals of its number and money properties. */
void measures_count(struct measures *m, const struct event *e);
/* Lives in `a`. */
bool measures_totals(const struct measures *m, struct arena *a, struct import_report *out,
                     struct err *err);
/* The lists of all events that were made so far are no longer needed. */
void measures_forget_items(struct measures *m);

#endif
