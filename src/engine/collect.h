/* collect.h - what tracking SDKs send, into the open file: the bodies of many requests in one
 * transaction, each event of them for itself. */
#ifndef ENGINE_COLLECT_H
#define ENGINE_COLLECT_H

#include "engine/engine.h"

#define COLLECT_EVENTS_MAX 5000u                    /* of a body */
#define COLLECT_EVENT_BYTES_MAX ((size_t)128 << 10) /* of an event as compact JSON */
#define COLLECT_SHARED_MAX                                                               \
    ((size_t)8 << 20) /* of what a batch says of all its events, each */

struct collect_refusal {
    uint32_t index; /* of the event in its body, from 0 */
    str reason;
};

/* One request. */
struct collect_body {
    struct arena *arena; /* what is found and said of it lives in */
    /* --- as it came --- */
    str text;    /* 64 bytes behind it can be read */
    str type;    /* the call that the path names: track, ...; empty: each says its own */
    str source;  /* of what is refused: "http:KEY" */
    str address; /* of the sender, cut (call.h); or empty */
    bool
        is_again; /* it was refused before: what is refused now is not kept another time */
    /* --- in it, as collect_cut finds it; texts are borrowed of .text --- */
    str write_key; /* empty: none */
    str sent_at, context;
    const str *event;
    uint32_t event_n;
    str broken; /* not empty: why it is no JSON; then all of it is refused as one */
    /* --- what became of it --- */
    uint32_t accepted, duplicates;
    const struct collect_refusal *refused;
    uint32_t refused_n;
};

/* Cuts the text into its events: an object with a list `batch`, a list, or one event. False for
 * want of memory, or when they, or what the batch says of each, are too many (ERR_LIMIT). */
bool collect_cut(struct collect_body *b, struct err *err);

/* Takes what is good, keeps what is refused with its reason, and says of each body what became of
 * it; all of it is on disk when this returns true, and nothing of it is kept when it returns
 * false. */
bool engine_collect(struct engine *e, struct collect_body *const *body, size_t n,
                    int64_t now_ms, struct err *err);
/* The same, but `then` is called in the transaction when all was taken: with *keep false nothing is
 * kept after all, though it says what would have become of it. */
typedef bool collect_then(void *context, bool *keep, struct err *err);
bool engine_collect_then(struct engine *e, struct collect_body *const *body, size_t n,
                         int64_t now_ms, collect_then *then, void *context,
                         struct err *err);
/* After it, when who waited has his answer: turns to what came, and folds a few chunks when the
 * memory asks for it. Until it succeeded, answers are about what was there before. */
bool engine_settle(struct engine *e, struct err *err);
/* Now and then: what keeps the file in order goes on beside all else, when it is due: news are
 * folded, a chunk at a time, and SQLite's log goes to the file. *came: there was a commit, to be
 * settled. */
bool engine_tidy(struct engine *e, int64_t steady_ms, bool *came, struct err *err);

#endif
