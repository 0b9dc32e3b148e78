/* funnel.h - a funnel in words: asked of everybody, and as JSON. */
#ifndef ENGINE_FUNNEL_H
#define ENGINE_FUNNEL_H

#include "engine/against.h"
#include "report/funnel.h"

struct funnel_question {
    const str *step; /* patterns; one may hold several, with commas between */
    size_t step_n;
    str within;     /* a length; empty: no limit */
    bool each_step; /* it counts from the step before, not from the first one */
    bool strict;
    str by; /* a property of the first step's event, channel, trait.x,
                          acquisition.x; empty: none */
    struct report_scope scope;
    struct report_against against;
    uint32_t stopped;   /* list who stopped at this step; 0: nobody; ... */
    bool beyond;        /* ... who got further, too; ... */
    str group;          /* ... of the group of this value alone; empty: of all; ... */
    bool group_missing; /* ... or of that for which it is missing */
    str next;          /* of who stopped: whose next event was of this type; empty: any */
    bool next_nothing; /* who did nothing more */
};

struct funnel_view {
    struct funnel *funnel;
    struct program *program;     /* its patterns */
    struct funnel_view *against; /* the other side; NULL: none is asked for */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. *out is to
 * be freed by funnel_view_free. */
[[nodiscard]] bool engine_funnel(struct engine *e, const struct funnel_question *q,
                                 struct arena *a, struct funnel_view *out, str *wrong,
                                 struct err *err);
void funnel_view_free(struct funnel_view *v);
/* Groups in the order of their size, then of their names. Lives in `a`. */
bool funnel_order(const struct funnel *f, struct arena *a, const uint32_t **out,
                  struct err *err);
/* What those who stopped at a step did next, the most frequent first. Lives in `a`. */
struct funnel_next {
    uint32_t type; /* in catalog.type; TYPE_NONE: nothing more */
    uint64_t customers;
};
bool funnel_next(const struct funnel *f, uint32_t step, struct arena *a,
                 const struct funnel_next **out, uint32_t *n, struct err *err);
/* Of those who took the first step, or the step before, who got to this one. */
struct share funnel_share(const struct funnel_group *g, uint32_t from, uint32_t step);
bool funnel_put_json(struct json_out *j, const struct engine *e, struct funnel_view *v,
                     struct arena *a, struct err *err);

#endif
