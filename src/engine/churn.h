/* churn.h - retention and churn in words: asked of everybody, and as JSON. */
#ifndef ENGINE_CHURN_H
#define ENGINE_CHURN_H

#include "engine/against.h"
#include "report/churn.h"
#include "report/flow.h"

struct churn_question {
    str active;    /* patterns, or stages */
    str lifecycle; /* of stages; empty: the first */
    str value;     /* a property of one pattern's events, to be summed; empty: none */
    enum flow_by by;
    struct report_scope scope; /* from and to are about periods */
    struct report_against against;
    str period, fate; /* list whom this befell in this period; empty: nobody */
};

struct churn_view {
    struct program *program;
    struct churn *churn;
    enum flow_by by;
    struct churn_view *against; /* the other side; NULL: none is asked for */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Edges live
 * in `a`; *out is to be freed by churn_view_free. */
[[nodiscard]] bool engine_churn(struct engine *e, const struct churn_question *q,
                                struct arena *a, struct churn_view *out, str *wrong,
                                struct err *err);
void churn_view_free(struct churn_view *v);
/* Periods stand beside one another by their place: how many rows that makes; and of one the rate,
 * which is not known where a side has no such period. */
uint32_t churn_rows(const struct churn_view *v);
struct churn_rate churn_rate_at(const struct churn_view *side, uint32_t row,
                                enum churn_formula f);
/* A sum of values as JSON: a number, or money in major units. */
void churn_put_value(struct json_out *j, const struct engine *e,
                     const struct churn_view *v, __int128 value);
bool churn_put_json(struct json_out *j, const struct engine *e,
                    const struct churn_view *v, struct arena *a, struct err *err);

#endif
