/* ledger_impl.h - the ledger while it is made: its lines, its rows, and how what channels cost is
 * shared. */
#ifndef ENGINE_LEDGER_IMPL_H
#define ENGINE_LEDGER_IMPL_H

#include "engine/ledger.h"
#include "engine/model.h"
#include "engine/rates.h"
#include "engine/spend.h"

/* A statement, or the rest of it, that nobody came through. */
struct ledger_unassigned {
    uint32_t statement;
    int64_t minor;
};

struct making {
    struct engine *e;
    const struct ledger_question *q;
    struct arena *a;
    struct ledger_view *view;
    const struct fits *who; /* NULL: everybody */
    uint32_t customer;      /* he alone, or CUSTOMER_NONE */
    struct program *program;
    struct ledger *l;
    struct rates rates;
    struct spend_book book;
    struct ledger_unassigned *unassigned;
    size_t unassigned_n, unassigned_cap;
    /* rows */
    struct text_table key;
    struct ledger_row *row;
    uint32_t row_cap;
    const struct lifecycle *lifecycle;
    struct fits *segment; /* by segment */
    uint32_t *in, in_n;   /* rows of the line at hand */
};

/* What channels cost becomes lines of those who came through them, and what is unassigned. */
bool ledger_split(struct making *m, struct err *err);
/* One customer's lines in words. */
bool ledger_list(struct making *m, struct err *err);

#endif
