/* export.h - what the file holds as CSV or JSON lines, for other programs. */
#ifndef ENGINE_EXPORT_H
#define ENGINE_EXPORT_H

#include "engine/model.h"
#include "store/store.h"

enum export_what {
    EXPORT_EVENTS,    /* customer by customer, in the order of the timelines */
    EXPORT_CUSTOMERS, /* each as he stands at .at_ms; who came later is left out */
    EXPORT_STAGES,    /* every move up to .at_ms, customer by customer */
};

struct export
{
    enum export_what what;
    const struct lifecycle *lifecycle; /* CUSTOMERS, STAGES: the model's that is meant */
    bool csv;   /* else JSON lines; events then in the form that an import reads */
    bool exact; /* CSV: fields also as they are where a spreadsheet would run them */
    int64_t from_ms, to_ms; /* EVENTS, STAGES: those with from_ms <= time < to_ms */
    int64_t at_ms;
    const str *customer; /* only these; 0: all */
    size_t customer_n;
    const str *type; /* EVENTS: only these; 0: all */
    size_t type_n;
    bool (*write)(void *context, str bytes, struct err *err);
    void *context;
    /* Chunks or customers done; NULL: nobody asks. */
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *progress_context;
};

/* Chunk by chunk, whatever the size of the file. Names and properties stand in the
 * order of their texts, so that equal contents are equal bytes, whatever the numbers behind
 * them. A customer or type that is not in the file is ERR_NOT_FOUND. The model is compiled
 * against the snapshot's catalog. */
bool export_run(struct snapshot *snapshot, const struct model *model,
                const struct export *x, struct err *err);

#endif
