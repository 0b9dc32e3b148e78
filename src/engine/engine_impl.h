/* engine_impl.h - what the engine's own files share. */
#ifndef ENGINE_ENGINE_IMPL_H
#define ENGINE_ENGINE_IMPL_H

#include "engine/activity.h"
#include "engine/engine.h"
#include "engine/fits.h"
#include "engine/history.h"
#include "engine/journal.h"
#include "engine/names.h"
#include "engine/owner.h"
#include "engine/usage.h"
#include "event/pseudonym.h"

struct engine {
    struct io *io;
    struct store *store;
    struct buf path; /* with its NUL */
    struct store_options options;
    bool may_lack_model; /* its fault is no reason not to open the file */
    enum store_mode mode;
    struct snapshot *now;
    struct activity activity;
    int64_t active_ms; /* what activity_last says of .now */
    uint32_t held;     /* the chunk of the last engine_timeline, or CHUNK_NONE */
    struct model *model;
    uint32_t version;
    uint64_t state;                /* how often .now, .model or .version became others */
    struct histories *histories;   /* of .model, as of .now after an advance */
    struct owner owner;            /* for when the file is migrated as it is opened */
    struct people *people;         /* NULL: not read yet (identity.c) */
    bool graph_is_long;            /* its rows are so many that they are to be made one */
    struct similar_found *similar; /* NULL: nobody looked (similar.c) */
    struct names names;            /* that would break .model */
    struct collect_reader *reader; /* NULL: nothing was collected yet (collect.c) */
    struct follow *follow;         /* NULL: nobody follows */
    struct usages usages;
    struct value_memory *values;    /* shared with views; NULL: there was none yet */
    struct kept_fits fits;          /* that .model was compiled with */
    bool has_fits;                  /* as they stand in .now */
    struct refused_counts *refused; /* NULL: nobody looked (refused_count.c) */
    struct pseudonym_key key;       /* .n is 0: nothing is hidden, or nothing can be */
    uint32_t exchanges;
    int64_t fold_ms;         /* steady: when folding began, or may begin */
    struct journal *journal; /* NULL: no webhook is sent moves */
};
#define CHUNK_NONE UINT32_MAX

/* Before a commit: does the live model still mean something with the names and types that the
 * new events brought? Otherwise nobody could open the file again. ERR_INPUT in words. */
bool engine_check_names(const struct engine *e, struct err *err);
/* After a commit: turns to it, with the newest model, compiled against the names as they are
 * now. The histories are brought to it by engine_advance. */
bool engine_refresh(struct engine *e, struct err *err);
/* Gives `exchange` the store, which it closes, and turns to what stands at the path then. False also
 * when that fails: then the engine is not open. */
bool engine_exchange(struct engine *e,
                     bool (*exchange)(void *context, struct store *s, struct err *err),
                     void *context, struct err *err);
void refused_counts_free(struct refused_counts *c);
/* By which what comes in is hidden; NULL: it is kept as it comes. */
const struct pseudonym_key *engine_key(const struct engine *e);
/* The disk that the engine was opened on. */
struct io *engine_io(const struct engine *e);
/* What all answers are about from here on; all of it is the engine's then. `h` may be the
 * engine's own. */
void engine_take(struct engine *e, struct snapshot *v, struct model *m,
                 struct histories *h, uint32_t version);

#endif
