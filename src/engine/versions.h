/* versions.h - the model's versions: every text that was ever live, and what it changed. */
#ifndef ENGINE_VERSIONS_H
#define ENGINE_VERSIONS_H

#include "engine/engine.h"

/* What a version added, took away or changed, by name. */
struct model_change {
    char sign;   /* '+', '-', '~' */
    str section; /* "stages", "moves", "segments", "workspace", ... */
    str name;    /* "lapsed", "buyer -> at_risk"; empty: the section as a whole */
};
/* Both are texts that once were models; where they stand one after the other in the text, in
 * which order names come, and remarks, change nothing. Moves are told by the stages that they
 * lead between; their order counts. Lives in `a`. */
bool model_changes(str from, str to, struct arena *a, const struct model_change **out,
                   uint32_t *n, struct err *err);

struct version_view {
    uint32_t version;
    int64_t applied_ms;
    str author;                        /* empty: not known */
    const struct model_change *change; /* against the version before it */
    uint32_t change_n;
};
/* Oldest first. Lives in `a`. */
bool engine_versions(struct engine *e, struct arena *a, const struct version_view **out,
                     uint32_t *n, struct err *err);
/* One version with its text; ERR_NOT_FOUND says which there are. Lives in `a`. */
bool engine_version(struct engine *e, uint32_t version, struct arena *a,
                    struct model_version *out, struct err *err);

/* [{"version":1,"applied":"..","author":".."|null,"changes":[{"sign","section","name"}]}] */
void versions_put_json(struct json_out *j, const struct version_view *v, uint32_t n);
/* {"version":1,"applied":"..","author":"..","text":".."} */
void version_put_json(struct json_out *j, const struct model_version *v);
/* "stages +lapsed -gone, moves ~buyer -> at_risk": up to three names a section. */
void changes_print(struct buf *to, const struct model_change *change, uint32_t n);

#endif
