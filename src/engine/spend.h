/* spend.h - what channels cost: told day by day in tables, and kept as it was told.
 *
 * A statement says what a day of a channel, or of a campaign of it, cost. Who tells it is a name of its
 * own, so that two accounts of one channel do not overrule each other. Of the same day, currency,
 * teller, channel and campaign the last statement stands: a table imported again changes nothing, and
 * one that was corrected corrects. */
#ifndef ENGINE_SPEND_H
#define ENGINE_SPEND_H

#include "base/json.h"
#include "engine/engine.h"

/* Where a table has what; empty: by its own name, and the last two need not be there. */
struct spend_columns {
    str date, channel, amount, campaign, currency;
};
struct spend_import {
    struct spend_columns column;
    str all_channel; /* the channel of all rows; empty: a column says it */
    str date_format; /* as strftime has it; empty: %Y-%m-%d */
    str source;      /* who tells it; empty: the column "source", if there is one */
    char separator;  /* 0: recognised */
    char decimal;    /* 0: '.', and nothing parts thousands */
    str text; /* the table, where it is no file: the path is what it is called then */
    bool dry_run;
    int64_t now_ms;
};
struct spend_reason {
    const char *reason;
    uint64_t lines, first_line;
};
enum { SPEND_REASONS = 8 };
struct spend_report {
    uint64_t lines, refused_lines; /* of data */
    uint64_t added, changed,
        known;                /* statements: new ones; others than before; the same */
    uint64_t unknown_channel; /* statements of channels that the model does not have */
    str first_unknown;        /* lives in `a` */
    struct spend_reason refused[SPEND_REASONS]; /* those that were met */
    uint32_t refused_n;
};
/* One transaction. Rows of one day, channel and campaign are summed, then rounded once to the
 * currency's smallest unit. What does not fit is kept among what was refused. */
bool engine_spend_import(struct engine *e, str path, const struct spend_import *how,
                         struct arena *a, struct spend_report *out, struct err *err);

void spend_report_put_json(struct json_out *j, const struct spend_report *r);

/* What stands, in the order of what was told first. Zero it to start. */
struct spend_book {
    struct text_table key;
    int64_t *minor; /* by key */
    uint32_t cap;
};
bool spend_book_load(struct spend_book *b, struct engine *e, struct err *err);
void spend_book_free(struct spend_book *b);
/* The statement's number, added when new (then .minor is to be set), or TEXT_NONE. */
bool spend_book_find(struct spend_book *b, const struct spend_row *row, bool add,
                     uint32_t *number, struct err *err);
/* Its texts are borrowed from the book. */
struct spend_row spend_book_row(const struct spend_book *b, uint32_t number);

/* Which statements; empty ones: of all days, channels or campaigns. Those of [first, first + n), the
 * newest day first. */
struct spend_list {
    str date, channel, campaign;
    uint32_t first, n;
};
/* What each channel cost in all, the dearest first, and such statements. Currencies are told apart. */
bool spend_put_json(struct json_out *j, struct engine *e, const struct spend_list *list,
                    struct arena *a, struct err *err);

#endif
