/* personas.h - customers in groups of like ones, by chosen measures and traits, with a plain profile
 * of each. */
#ifndef ENGINE_PERSONAS_H
#define ENGINE_PERSONAS_H

#include "engine/crowd.h"
#include "segment/personas.h"

struct personas_question {
    struct crowd_words by;
    struct report_scope scope;
    uint32_t from, to; /* how many groups: each of these numbers is tried */
    uint64_t seed;
    uint32_t list; /* the persona whose customers are listed, from 1; 0: nobody's */
};
struct personas_view {
    struct crowd_view crowd;
    uint64_t seed;
    uint32_t k_from, k_n; /* how well each number of groups does */
    struct {
        int64_t cost, silhouette;
    } of[PERSONAS_MAX + 1];
    struct personas
        found; /* of several numbers of groups that with the best silhouette */
    uint32_t list;
    struct listed listed; /* lives in the arena */
};
/* Lives in `a`, and is to be given to personas_view_free whatever this returns. ERR_INPUT: *wrong is
 * the text in which line and column of the error stand. */
bool engine_personas(struct engine *e, const struct personas_question *q, struct arena *a,
                     struct personas_view *out, str *wrong, struct err *err);
void personas_view_free(struct personas_view *v);
/* "5", or "2..8". ERR_INPUT: neither. */
bool personas_groups(str text, struct personas_question *out, struct err *err);
bool personas_put_json(struct json_out *j, const struct engine *e,
                       const struct personas_view *v, struct arena *a, struct err *err);

#endif
