/* journey.h - the journey map in words: asked of everybody, and as JSON. */
#ifndef ENGINE_JOURNEY_H
#define ENGINE_JOURNEY_H

#include "base/json.h"
#include "engine/paths.h"
#include "report/journey.h"

struct journey_question {
    str through; /* event, channel and a property, with commas; empty: event */
    str events;  /* patterns of those that are touchpoints; empty: any */
    str score;   /* such as survey_answered.score; empty: none */
    str worse; /* stages with commas between; empty: those that are ends, and those that stand
                      before the present one in the text */
    str within;                /* a length; empty: 30d */
    uint32_t top;              /* touchpoints of a stage that are told apart */
    str lifecycle;             /* empty: the first */
    struct report_scope scope; /* .from_ms, .to_ms: of the events that are touchpoints */
    /* List who is in a stage, or in the cell of a touchpoint; empty: nobody. */
    str list_stage, list_name;
    bool list_lost;
    struct report_against against;
};

struct journey_row {
    uint16_t stage;
    uint16_t name; /* NAME_NONE: all touchpoints of the stage */
    struct journey_cell *cell;
    struct share others; /* stays with other touchpoints alone */
    /* How much more often its touches are lost than the others: 95 % sure. */
    double difference, low, high;
    bool pain; /* surely so, whatever the number of cells that were looked at */
};

/* What share of the touches of a cell, or of all of a stage's, is lost on two sides. */
struct journey_beside {
    uint16_t stage;
    str touchpoint; /* empty: all of the stage */
    struct share here, there;
};

struct journey_view {
    struct journey *journey;
    struct program *program;
    struct journey_row *row; /* by stage: first all, then touchpoints by their events */
    uint32_t row_n;
    struct journey_rest {
        uint32_t touchpoints;
        uint64_t events;
    } * rest; /* by stage: those that are not told apart */
    bool lists;
    struct journey_view *against; /* NULL: none is asked for */
    const struct journey_beside *beside;
    uint32_t beside_n;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Rows live
 * in `a`; *out is to be freed by journey_view_free. */
[[nodiscard]] bool engine_journey(struct engine *e, const struct journey_question *q,
                                  struct arena *a, struct journey_view *out, str *wrong,
                                  struct err *err);
/* v->beside of v and v->against. */
bool journey_compare(struct journey_view *v, struct arena *a, struct err *err);
void journey_put_against(struct json_out *j, const struct journey_view *v);
void journey_view_free(struct journey_view *v);
str journey_touchpoint(const struct journey_view *v, const struct journey_row *r);
/* The mean of the answers, fixed point; false: there are none. */
bool journey_score(const struct journey_row *r, int64_t *out);
bool journey_put_json(struct json_out *j, const struct engine *e, struct journey_view *v,
                      struct arena *a, struct err *err);

#endif
