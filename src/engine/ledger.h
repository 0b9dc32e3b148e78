/* ledger.h - what each customer brought and cost, to the smallest unit: asked of everybody, and as
 * JSON. docs/ledger.md says what is what. */
#ifndef ENGINE_LEDGER_H
#define ENGINE_LEDGER_H

#include "engine/report.h"
#include "report/ledger.h"

#define LEDGER_CUTS(X)                                                                   \
    X(TOTAL, "")                                                                         \
    X(DAY, "day")                                                                        \
    X(MONTH, "month")                                                                    \
    X(CHANNEL, "channel")                                                                \
    X(CAMPAIGN, "campaign")                                                              \
    X(STAGE, "stage")                                                                    \
    X(SEGMENT, "segment")                                                                \
    X(COHORT, "cohort")                                                                  \
    X(CUSTOMER, "customer")

enum ledger_cut {
#define X(name, text) LEDGER_BY_##name,
    LEDGER_CUTS(X)
#undef X
        LEDGER_CUT_N
};

/* The columns of money, in the order in which they are shown. */
#define LEDGER_SUMS(X)                                                                   \
    X(PURCHASES, "purchases")                                                            \
    X(REFUNDS, "refunds")                                                                \
    X(MARGIN, "margin")           /* of purchases less refunds */                        \
    X(ACQUISITION, "acquisition") /* of what channels cost, before the first purchase */ \
    X(KEEPING, "keeping")         /* behind it */                                        \
    X(UNASSIGNED, "unassigned")   /* nobody came through it */                           \
    X(SUPPORT, "support")                                                                \
    X(REWARDS, "rewards")                                                                \
    X(NET, "net")             /* margin less all costs */                                \
    X(INDIRECT, "indirect")   /* a share of what those brought whom he brought */        \
    X(POTENTIAL, "potential") /* margin of what is expected of him */

enum ledger_sum_name {
#define X(name, text) LEDGER_SUM_##name,
    LEDGER_SUMS(X)
#undef X
        LEDGER_SUM_N
};
str ledger_sum_text(enum ledger_sum_name name);

struct ledger_question {
    str by;        /* of LEDGER_CUTS */
    str lifecycle; /* by stage: empty: the first */
    str ahead;     /* so many days of .potential; empty: none is told */
    str discount;  /* a rate per year; empty: 0 */
    str customer;  /* his lines, too; empty: nobody's */
    struct report_scope scope;
};

struct ledger_row {
    str name;                   /* 2026-01-05, email, retention ..., or (none) */
    str campaign;               /* by campaign; may be empty */
    uint64_t customers;         /* with lines here */
    uint64_t stand;             /* by stage, segment, cohort: who is there at all */
    uint64_t won, kept;         /* who bought here for the first time; who bought again */
    __int128 sum[LEDGER_SUM_N]; /* smallest units of the workspace's currency */
    uint32_t seen[3];           /* who was counted last in the three above */
};
/* A line of one customer's, or of one whom he brought. */
struct ledger_view_line {
    int32_t day;
    str kind; /* purchases ..., acquisition, keeping, indirect */
    int64_t minor;
    str event; /* its message id; of what channels cost empty */
    str channel, campaign;
    str brought; /* of whom: indirect */
};
struct ledger_view {
    enum ledger_cut by;
    int64_t from_ms, to_ms, at_ms;
    const struct ledger_row *row;
    uint32_t row_n;
    struct ledger_row all;
    __int128 imported; /* what channels cost in this time */
    __int128 others;   /* what of it stands with customers who were not asked about */
    bool has_potential, has_stand;
    double ahead_days, discount;
    const struct ledger_untold {
        str currency;
        uint64_t lines;
        __int128 sum;
    } * foreign; /* in currencies without a rate of their day: in no sum */
    uint32_t foreign_n;
    uint64_t untold;            /* too large to be counted */
    uint64_t unknown_referrers; /* customers brought by somebody whom nobody knows */
    str customer;
    const struct ledger_view_line *line;
    size_t line_n;
};
/* Lives in `a`. ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. */
bool engine_ledger(struct engine *e, const struct ledger_question *q, struct arena *a,
                   struct ledger_view *out, str *wrong, struct err *err);
/* A sum as money; null: too large. */
void ledger_put_sum(struct json_out *j, const struct engine *e, __int128 minor);
/* What winning one cost, and keeping one; NULL: nobody was. */
void ledger_put_each(struct json_out *j, const struct engine *e,
                     const struct ledger_row *row, bool kept);
void ledger_put_json(struct json_out *j, const struct engine *e,
                     const struct ledger_view *v);

#endif
