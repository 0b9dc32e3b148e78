/* ledger_line.h - of what kinds the lines of a ledger are. */
#ifndef REPORT_LEDGER_LINE_H
#define REPORT_LEDGER_LINE_H

#define LEDGER_TERMS(X)                                                                  \
    X(PURCHASES, "purchases")                                                            \
    X(REFUNDS, "refunds")                                                                \
    X(REWARDS, "rewards")                                                                \
    X(SUPPORT, "support")

enum ledger_term {
#define X(name, text) LEDGER_##name,
    LEDGER_TERMS(X)
#undef X
        LEDGER_TERM_N,
    /* Lines of what channels cost, which are not events. */
    LEDGER_ACQUISITION = LEDGER_TERM_N,
    LEDGER_KEEPING,
    LEDGER_INDIRECT, /* a share of a purchase, or less of a refund, of one whom he brought */
    LEDGER_LINE_KINDS
};

#endif
