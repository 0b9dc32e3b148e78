/* propensity.h - who will do something within a time, learnt from what others did before.
 *
 * What is learnt from is as it was at past moments (features.h), and what came of it in the time behind each
 * of them. How good that is, is told of the last moment behind which the time is over, of which nothing was
 * learnt. Churn is the propensity of not doing. */
#ifndef ENGINE_PROPENSITY_H
#define ENGINE_PROPENSITY_H

#include "engine/features.h"
#include "value/logistic.h"
#include "value/score.h"
#include "value/trees.h"

enum propensity_by { BY_LOGISTIC, BY_TREES, BY_KINDS };
extern const char *const propensity_by_name[BY_KINDS]; /* logistic, xgboost */

struct propensity_question {
    str target; /* a pattern; or stage:NAME, of those who are not in it */
    bool churn; /* that it does not happen, of those to whom it did in the time before */
    str within; /* whole days; empty: 90d */
    str with;   /* of propensity_by_name; empty: both are tried */
    str value;  /* of the target's events: money or a number */
    struct crowd_words own;    /* further measures to learn from */
    str customer;              /* tell of him, too; empty: nobody */
    struct report_scope scope; /* .segment and .when are asked at each moment */
};

struct propensity_model {
    bool is_tried;
    enum propensity_by by;
    struct logistic logistic;
    struct trees *trees;
    struct scores score; /* of what it did not learn from */
};
/* A measure's column, and what stands in it where the measure is missing. */
struct propensity_column {
    double instead;
    bool may_miss; /* another column says whether it is */
};
enum { PROPENSITY_MOMENTS = 3, PROPENSITY_REASONS = 6 };
struct propensity_reason {
    uint32_t feature;
    double value, odds; /* what it adds to the logarithm of the odds */
};
struct propensity_customer {
    uint32_t customer;
    double share;
    struct propensity_reason reason[PROPENSITY_REASONS]; /* those that weigh most first */
    uint32_t reason_n;
};
struct propensity_view {
    str target, within;
    bool churn;
    uint16_t stage; /* STAGE_NONE: the target is a pattern */
    int64_t within_ms;
    struct features features;
    struct propensity_column column[LEARN_COLUMNS_MAX];
    uint32_t column_n;
    int64_t learnt_ms[PROPENSITY_MOMENTS],
        held_ms; /* newest first; the moment that is told of */
    uint32_t moment_n;
    uint64_t rows, did; /* learnt from */
    bool is_part;       /* of many customers only some were learnt from */
    struct propensity_model model[BY_KINDS];
    enum propensity_by best; /* of those that were tried, by the log loss */
    struct scores recency;   /* the same customers, by nothing but how long ago */
    struct scores usual;     /* when everybody is given the share that was learnt from */
    struct propensity_customer customer;
    bool has_customer;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand. Lives in `a`; to be freed by
 * propensity_view_free whatever this returns. */
bool engine_propensity(struct engine *e, const struct propensity_question *q,
                       struct arena *a, struct propensity_view *out, str *wrong,
                       struct err *err);
void propensity_view_free(struct propensity_view *v);
/* What is learnt from and held against, by moments: the newest first, which is .held_ms; there are
 * .moment_n more. Nothing is learnt; the rest as engine_propensity. */
struct propensity_moment {
    int64_t at_ms;
    struct feature_rows rows;
    bool *is; /* by row: it came, or of churn stayed away */
};
bool engine_propensity_measures(struct engine *e, const struct propensity_question *q,
                                struct arena *a, struct propensity_view *out,
                                struct propensity_moment moment[PROPENSITY_MOMENTS + 1],
                                str *wrong, struct err *err);
/* What the best model says of customers at a moment: of those in `who`, or of all whom the question is about.
 * Lives in `a`. */
struct propensity_shares {
    uint32_t n;
    const uint32_t *customer; /* ascending */
    const double *share;
};
bool propensity_ask(struct engine *e, struct propensity_view *v,
                    const struct report_scope *scope, struct arena *a,
                    struct propensity_shares *out, str *wrong, struct err *err);
/* Whether the best model puts customers in a better order than recency alone. */
bool propensity_is_worth_it(const struct propensity_view *v);
bool propensity_put_json(struct json_out *j, const struct engine *e,
                         const struct propensity_view *v);

#endif
