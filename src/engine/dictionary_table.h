/* dictionary_table.h - every type of event, property and trait that the model or the data has: what
 * it is, how often it came, and how often it was refused. */
#ifndef ENGINE_DICTIONARY_TABLE_H
#define ENGINE_DICTIONARY_TABLE_H

#include "base/json.h"
#include "engine/refused.h"
#include "engine/usage.h"

enum { DICTIONARY_RAWS = VALUE_LIST + 1 };

/* Ordered: each event before its properties, the traits last. */
struct dictionary_line {
    str event; /* empty: a trait */
    str name;  /* of the property or trait; empty: the event itself */
    const struct dictionary_event
        *known;           /* of an event itself; NULL: the model does not */
    enum value_type type; /* of a property or trait; MISSING: not known */
    bool declared;        /* by the model; otherwise learned */
    uint64_t n, wrong; /* how many came, how many of them with a value of another type */
    uint64_t value[DICTIONARY_RAWS]; /* of them, by the type that the value came with */
    int64_t first_ms, last_ms;       /* MOMENT_NEVER: none came */
    uint64_t refused;                /* of an event itself */
    const struct refused_event *reason;
    uint32_t reason_n;
};
struct dictionary_table {
    bool strict;
    bool is_complete; /* otherwise some customers are counted as they were, or not yet */
    struct dictionary_line *line;
    uint32_t n;
};
/* Counts for as long as there is time; what is left comes with the next calls. Lives in `a`, and in
 * the engine until its next change. */
bool engine_dictionary(struct engine *e, struct usage_time time, struct arena *a,
                       struct dictionary_table *out, struct err *err);

void dictionary_put_json(struct json_out *j, const struct dictionary_table *t);

#endif
