/* cohort.h - cohorts in words: asked of everybody, and as JSON. */
#ifndef ENGINE_COHORT_H
#define ENGINE_COHORT_H

#include "engine/against.h"
#include "report/cohort.h"
#include "report/flow.h"

struct cohort_question {
    str first; /* a pattern, trait.x that is a moment, or stage.x */
    str after; /* of a pattern: those who come back after so long; empty: the first of all */
    str lifecycle; /* of a stage; empty: the first */
    str again;     /* a pattern; empty: as `first` */
    bool repeat;   /* the first event is none that comes again */
    str value;     /* a property of what comes again, to be summed; empty: none */
    enum flow_by by;
    bool cumulated;
    struct report_scope scope;
    struct report_against against;
    /* List the customers of a cohort ("all": of any), or of a cell: the names of the periods; empty:
     * none. Of them those for whom it came `times` times at least. */
    str cohort, period;
    uint32_t times;
};

struct cohort_view {
    struct cohorts *cohorts;
    struct program *program;
    enum flow_by by;
    bool cumulated;
    struct cohort_view *against; /* the other side; NULL: none is asked for */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Edges live
 * in `a`; *out is to be freed by cohort_view_free. */
[[nodiscard]] bool engine_cohorts(struct engine *e, const struct cohort_question *q,
                                  struct arena *a, struct cohort_view *out, str *wrong,
                                  struct err *err);
void cohort_view_free(struct cohort_view *v);
/* The cohorts from the first to the last that somebody is in: *first == *end for none. */
void cohort_rows(const struct cohort_view *v, uint32_t *first, uint32_t *end);
/* So many numbers of periods, from 0 on, are over for somebody on one of the sides. */
uint32_t cohort_numbers(const struct cohort_view *v);
/* A sum of values as JSON: a number, or money in major units. */
void cohort_put_value(struct json_out *j, const struct engine *e,
                      const struct cohort_view *v, __int128 value);
bool cohort_put_json(struct json_out *j, const struct engine *e,
                     const struct cohort_view *v, struct arena *a, struct err *err);

#endif
