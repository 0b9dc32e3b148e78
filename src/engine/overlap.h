/* overlap.h - how segments overlap at a moment: sizes, pairs, and who is in exactly which of them. */
#ifndef ENGINE_OVERLAP_H
#define ENGINE_OVERLAP_H

#include "engine/against.h"

#define OVERLAP_MIN 2u
#define OVERLAP_MAX 12u
#define OVERLAP_EXACT_MAX 5u /* up to so many segments all combinations are counted */

struct overlap_question {
    const str *segment; /* names */
    size_t segment_n;
    struct report_scope scope; /* .from_ms and .to_ms say nothing here */
    str list; /* who is in all of these, with commas between, and in no other; empty: nobody */
    struct report_against against; /* .period: a day */
};

struct overlap_view {
    int64_t at_ms;
    uint64_t of; /* who is looked at */
    uint32_t n;
    str name[OVERLAP_MAX];
    uint64_t size[OVERLAP_MAX];
    uint64_t both[OVERLAP_MAX][OVERLAP_MAX];
    /* By set of segments, the first being bit 0; only when has_exact. */
    uint64_t exact[1 << OVERLAP_EXACT_MAX];
    bool has_exact, has_list;
    struct listed listed;         /* lives in the arena */
    struct overlap_view *against; /* the same segments; NULL: none is asked for */
};
/* Lives in `a`. ERR_INPUT: *wrong is the text in which line and column stand, or empty. */
bool engine_overlap(struct engine *e, const struct overlap_question *q, struct arena *a,
                    struct overlap_view *out, str *wrong, struct err *err);
/* Who is in one of the two at least. */
static inline uint64_t overlap_either(const struct overlap_view *v, uint32_t i,
                                      uint32_t k)
{
    return v->size[i] + v->size[k] - v->both[i][k];
}
/* Who is in both of those in either; i and k the same: in it, of all who are looked at. */
struct share overlap_share(const struct overlap_view *v, uint32_t i, uint32_t k);
/* Who is in exactly these segments, a bit each. */
struct share overlap_share_exactly(const struct overlap_view *v, uint32_t set);
/* Jaccard's index, both / either, as a number of millionths; -1: nobody is in either. */
int64_t overlap_jaccard(const struct overlap_view *v, uint32_t i, uint32_t k);
bool overlap_put_json(struct json_out *j, const struct engine *e,
                      const struct overlap_view *v, struct arena *a, struct err *err);

#endif
