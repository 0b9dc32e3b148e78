/* survival.h - survival curves in words: asked of everybody, and as JSON. */
#ifndef ENGINE_SURVIVAL_H
#define ENGINE_SURVIVAL_H

#include "engine/against.h"
#include "engine/cox.h"
#include "report/spell.h"

#define SURVIVAL_POINTS_MAX 500u

struct survival_question {
    str first, after, lifecycle; /* where somebody begins: struct begin_words */
    str end;                     /* patterns, stages, or segment.x */
    str every;                   /* the length from point to point; empty: 30d */
    str by; /* a property of the first event, trait.x, acquisition.x, segment.x; empty: none */
    str cox; /* traits with commas between: what goes with how long it lasts; empty: none */
    str ties;                  /* of .cox: efron, breslow or exact; empty: efron */
    struct report_scope scope; /* from and to are about beginnings */
    /* List to whom it happened ("ended"), or has not ("waiting"); empty: nobody. */
    str list;
    str within;         /* of .list: in this length of time; empty: whenever */
    str group;          /* of .list: of those with this value; empty: of all, ... */
    bool group_missing; /* ... or of those without one */
    struct report_against against;
};

struct survival_curve {
    struct survival sum;
    struct survival_point *point; /* view.point_n */
};
struct survival_view {
    struct program *program;
    struct spells *spells;
    str first, end, by;
    struct survival_curve *curve; /* by group, the largest first: see spell_name */
    uint32_t group_n, point_n;
    int64_t *point_ms;
    int64_t
        horizon_ms; /* up to which means are: that somebody of each group was looked at */
    struct log_rank rank;
    struct cox_view *cox; /* NULL: not asked for; lives in the arena */
    bool list;
    struct listed listed; /* lives in the arena */
    struct survival_view
        *against; /* its points are at the same lengths; NULL: none is asked for */
    struct log_rank apart; /* this one's customers as group 0, the other's as 1 */
};
/* At one of the points; NAN: nothing is known of one of the sides. */
struct survival_gap survival_gap_at(const struct survival_view *v, uint32_t point);
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. What is not
 * freed by survival_view_free lives in `a`. */
[[nodiscard]] bool engine_survival(struct engine *e, const struct survival_question *q,
                                   struct arena *a, struct survival_view *out, str *wrong,
                                   struct err *err);
void survival_view_free(struct survival_view *v);
bool survival_put_json(struct json_out *j, const struct engine *e,
                       const struct survival_view *v, struct arena *a, struct err *err);

#endif
