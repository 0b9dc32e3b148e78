/* rates.h - what other currencies are worth in the workspace's, day by day, as tables told it.
 *
 * A rate stands from its day on, for RATE_DAYS_MAX days or until the next one: there is none of a
 * Sunday. What is in a currency without a rate of its day has no value here, and whoever sums says
 * so. */
#ifndef ENGINE_RATES_H
#define ENGINE_RATES_H

#include "engine/engine.h"

enum { RATE_DAYS_MAX = 7 };

struct rate {
    char currency[4];
    int32_t day;
    int64_t value;   /* fixed point, above 0: of one unit, in the workspace's currency; */
    bool is_per_own; /* or so many of them are one unit of the workspace's */
    uint32_t told;   /* while a table is taken in: its row, from 1 */
};
/* In the order of the currencies, then of the days. Zero it to start. */
struct rates {
    struct rate *row;
    size_t n, cap;
};
bool rates_load(struct rates *r, const struct engine *e, struct err *err);
void rates_free(struct rates *r);
bool rates_append(struct rates *r, const struct rate *rate, struct err *err);
void rates_sort(struct rates *r);
/* The one that stands on that day, or NULL. */
const struct rate *rates_find(const struct rates *r, str currency, int32_t day);
/* An amount of so many decimals in the smallest unit of so many others, rounded once, half away from
 * zero. False: it is too large. */
bool rate_convert(const struct rate *rate, int64_t amount, int from_decimals,
                  int to_decimals, int64_t *out);

struct workspace;
/* What a statement is in the workspace's currency. False: no rate stands on its day. */
bool spend_worth(const struct rates *r, const struct workspace *w,
                 const struct spend_row *spent, int64_t *out);

/* A currency's rates of a year as they are kept, one a line, `2026-01-05 0.92` or `2026-01-05 /1.087`;
 * ERR_CORRUPT. Both append. */
bool rates_parse(struct rates *r, str currency, str text, struct err *err);
void rates_print(const struct rate *rate, size_t n, struct buf *to);

struct rates_import {
    bool is_per_own; /* as central banks tell it */
    str date_format; /* empty: %Y-%m-%d */
    char decimal;    /* 0: '.', and nothing parts thousands */
    bool dry_run;
    int64_t now_ms;
};
#define RATES_REASONS(X)                                                                 \
    X(NO_CSV, "it is no CSV")                                                            \
    X(FIELDS, "it has not as many fields as the file has columns")                       \
    X(DATE, "its date is none of the format")                                            \
    X(CURRENCY, "its currency is not three letters (ISO 4217), such as USD")             \
    X(OWN, "it is the workspace's own currency")                                         \
    X(RATE, "its rate is no number above 0 and up to 1,000,000")

enum rates_reason {
#define X(name, text) RATES_##name,
    RATES_REASONS(X)
#undef X
        RATES_REASON_N
};
const char *rates_reason_text(enum rates_reason reason);
struct rates_report {
    uint64_t lines, added, changed, known;
    struct {
        uint64_t lines, first_line;
    } refused[RATES_REASON_N];
};
/* A table with the columns date, currency and rate, in one transaction: of the same day and currency
 * the last rate stands. What does not fit is kept among what was refused. */
bool engine_rates_import(struct engine *e, str path, const struct rates_import *how,
                         struct rates_report *out, struct err *err);

#endif
