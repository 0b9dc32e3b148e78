/* ledger.h - the lines of everybody's ledger: each purchase, refund and reward, each contact with
 * support; and on which days who came through which channel, by which what channels cost is shared.
 *
 * Written as per customer, then merge: sources are numbered by each thread, ledger_merge makes them
 * one. An account has no lines: the money is its members'. */
#ifndef REPORT_LEDGER_H
#define REPORT_LEDGER_H

#include "report/ledger_line.h"
#include "report/sources.h"
#include "rule/picks.h"
#include "rule/scan.h"

struct ledger_plan {
    const struct program *program; /* of picks, which follow */
    struct {
        bool there, has_currency;
        struct pick event;    /* with a value, money or a number, but of LEDGER_SUPPORT */
        struct pick currency; /* a text of the same events */
    } term[LEDGER_TERM_N];
    bool has_referrer;
    struct pick referrer; /* a trait that is a text */
    const struct zone *zone;
    int64_t from_ms, to_ms, at_ms;
    int64_t
        contact_cost; /* of LEDGER_SUPPORT: smallest units of the workspace's currency */
    str currency;     /* of the workspace */
    int decimals;     /* of that currency */
    struct source_plan source;
    bool costs
        [CHANNELS_MAX]; /* by channel: days on which somebody came through it matter */
    /* What an amount in another currency than .currency is worth on a day. False: nobody knows. Any thread. */
    bool (*convert)(const void *context, str currency, int32_t day, int64_t minor,
                    int64_t *out);
    const void *context;
};

struct ledger_line {
    uint32_t customer;
    uint32_t event; /* in the chunk of who did it; of what channels cost: the statement */
    uint32_t brought; /* LEDGER_INDIRECT: who did it */
    int32_t day;      /* of the calendar, from 1970 */
    uint8_t kind;
    int64_t minor; /* smallest units of the workspace's currency */
};
/* He came through it on that day. */
struct ledger_touch {
    uint32_t source, customer;
    int32_t day;
};
/* Of everybody who has events up to plan.at_ms. */
struct ledger_customer {
    uint32_t customer;
    uint32_t source;   /* of his first touch, or SOURCE_NONE */
    uint32_t referrer; /* in .referrer, or TEXT_NONE */
    int32_t first_day; /* of his first purchase up to plan.at_ms; LEDGER_NO_DAY: none */
};
enum { LEDGER_NO_DAY = INT32_MAX };
/* What has no value in the workspace's currency. */
struct ledger_foreign {
    uint64_t lines;
    __int128
        sum; /* as told: in units like the smallest ones of the workspace's currency */
};

struct ledger {
    struct ledger_plan plan;
    struct picks *picks;
    struct sources sources;
    struct ledger_line *line; /* by customer, then as they happened */
    size_t line_n, line_cap;
    struct ledger_touch *touch;
    size_t touch_n, touch_cap;
    struct ledger_customer *customer;
    size_t customer_n, customer_cap;
    struct text_table referrer, currency;
    struct ledger_foreign *foreign; /* by currency */
    uint32_t foreign_cap;
    uint64_t untold;    /* lines too large to be counted */
    uint64_t converted; /* lines in another currency, which has a rate */
};
[[nodiscard]] bool ledger_new(const struct ledger_plan *plan, struct ledger **out,
                              struct err *err);
void ledger_free(struct ledger *l);
/* The customers of a chunk. After a failure it can only be freed. */
bool ledger_add(struct ledger *l, const struct chunk *c, const struct bits *who,
                struct err *err);
bool ledger_merge(struct ledger *into, const struct ledger *from, struct err *err);
/* What has no value in the workspace's currency. */
bool ledger_add_foreign(struct ledger *l, str currency, int64_t minor, struct err *err);
/* One more line, when all is merged; and all in the order of the customers, days, kinds, events. */
bool ledger_add_line(struct ledger *l, const struct ledger_line *line, struct err *err);
void ledger_sort(struct ledger *l);

/* A sum in n equal shares by the method of the largest remainder (Hamilton's): each has a whole number
 * of smallest units, and as all remainders are alike, the first ones have one more. */
int64_t ledger_share(int64_t minor, size_t n, size_t place);

#endif
