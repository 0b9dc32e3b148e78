/* import_spool.h - the rows of a table that were used, packed in memory: asked again only when
 * an event's rows came out of order, or must all be refused. The file itself cannot be asked
 * again when it is a pipe. */
#ifndef ENGINE_IMPORT_SPOOL_H
#define ENGINE_IMPORT_SPOOL_H

#include "base/err.h"
#include "base/str.h"

struct spool_row {
    uint32_t group;
    uint32_t n;
    uint64_t line;
    int64_t at_ms;
    const str *field;
};

/* Zero it to start. */
struct spool {
    struct buf block; /* the newest rows, not packed yet */
    str *packed;      /* the older ones */
    uint32_t packed_n, packed_cap;
    struct buf scratch;
    struct arena arena;
};
bool spool_add(struct spool *s, const struct spool_row *row, struct err *err);
/* All rows in the order in which they were added; the row is borrowed until `each` returns.
 * Stops when `each` returns false, which fills *err. */
typedef bool spool_each_row(void *context, const struct spool_row *row, struct err *err);
bool spool_each(struct spool *s, spool_each_row *each, void *context, struct err *err);
void spool_free(struct spool *s);

#endif
