/* conversion.h - the stage flow's conversion, times and bottleneck in words: asked of everybody, and as
 * JSON. */
#ifndef ENGINE_CONVERSION_H
#define ENGINE_CONVERSION_H

#include "engine/against.h"
#include "report/conversion.h"

struct conversion_question {
    str lifecycle;             /* empty: the first */
    str within;                /* a length; empty: so far */
    str by;                    /* trait.x, acquisition.x, consent.x.y; empty: nothing */
    struct report_scope scope; /* from and to are about entering */
    struct report_against against;
    /* List whom this befell (struct conversion_plan), or who went on to `next`, "stage.NAME" or
     * "out"; empty: nobody. */
    str list, who;
    str group; /* of .list: of those with this value; empty: of all */
    bool group_missing;
};

enum { CONVERSION_BY_SHARE, CONVERSION_BY_TIME, CONVERSION_BYS };

struct conversion_view {
    struct program *program;
    struct conversion *conversion;
    str within, by;
    struct bottleneck (*bottleneck)[CONVERSION_BYS]; /* by group */
    struct conversion_view *against; /* the other side; NULL: none is asked for */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. What is not
 * freed by conversion_view_free lives in `a`. */
[[nodiscard]] bool engine_conversion(struct engine *e,
                                     const struct conversion_question *q, struct arena *a,
                                     struct conversion_view *out, str *wrong,
                                     struct err *err);
void conversion_view_free(struct conversion_view *v);
/* Of the other side's group with the same value: who went forward from the stage; of none when there
 * is no such group. */
struct share conversion_beside(const struct conversion_view *v, uint32_t group,
                               uint32_t stage);
/* Why this stage is the bottleneck, or why none is: a sentence. */
void conversion_words(struct buf *b, const struct conversion_view *v, uint32_t group,
                      int by);
/* The members of an answer, inside an open object. */
bool conversion_put_json(struct json_out *j, const struct engine *e,
                         const struct conversion_view *v, struct arena *a,
                         struct err *err);

#endif
