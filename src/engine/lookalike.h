/* lookalike.h - who outside of a segment is like its members, by chosen measures and traits. */
#ifndef ENGINE_LOOKALIKE_H
#define ENGINE_LOOKALIKE_H

#include "engine/crowd.h"
#include "segment/lookalike.h"

#define LOOKALIKES_DEFAULT 100u
#define LOOKALIKES_MAX 1000000u

struct lookalike_question {
    struct crowd_words by;
    struct report_scope scope; /* its segment and rule say who the members are */
    uint32_t limit;
};
struct lookalike_view {
    struct crowd_view crowd;
    struct lookalike found;
    const uint32_t *row; /* those who are not members, nearest first, then by id */
    uint32_t n;          /* at most the limit */
};
/* Lives in `a`, and is to be given to lookalike_view_free whatever this returns. ERR_INPUT: *wrong
 * is the text in which line and column of the error stand. */
bool engine_lookalike(struct engine *e, const struct lookalike_question *q,
                      struct arena *a, struct lookalike_view *out, str *wrong,
                      struct err *err);
void lookalike_view_free(struct lookalike_view *v);
/* The columns by which somebody is nearest, the nearest first: at most three of those in which he is
 * nearer to the members than the others are on average. */
#define LOOKALIKE_REASONS 3u
uint32_t lookalike_reasons(const struct lookalike_view *v, uint32_t row,
                           uint32_t reason[LOOKALIKE_REASONS]);
/* Of the members' values of a measure: 0 the lower quartile, 1 the median, 2 the upper one. */
int64_t lookalike_quartile(const struct lookalike_view *v, uint32_t column, int i);
void lookalike_put_json(struct json_out *j, const struct engine *e,
                        const struct lookalike_view *v);

#endif
