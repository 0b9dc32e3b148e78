/* features.h - what is known of customers at a moment, as numbers to learn from.
 *
 * Rules are asked as lookalikes and personas ask them (crowd.h), so that nothing later than the moment is
 * seen; beside them stands what rules have no words for: how many kinds of events somebody did, in which
 * stage he is, since when, and how often he moved. */
#ifndef ENGINE_FEATURES_H
#define ENGINE_FEATURES_H

#include "engine/crowd.h"
#include "rule/picks.h"
#include "value/learn.h"

enum feature_kind {
    FEATURE_NUMBER,
    FEATURE_MONEY,
    FEATURE_DAYS,
    FEATURE_STAGE, /* 1 of whoever is in it */
};
struct feature {
    str name;         /* the rule; of a stage its name */
    str words, never; /* "last purchase {v} days ago"; when there is no value */
    enum feature_kind kind;
};
struct features {
    uint32_t n, rule_n; /* rules stand first */
    struct feature of[LEARN_COLUMNS_MAX];
    struct crowd_words rules;
    struct program *program;
    struct pick any;
};
struct feature_question {
    str event;  /* one pattern; empty: there is none */
    str within; /* a length */
    str value;  /* of the event: what is summed; empty: nothing */
    struct crowd_words own;
};
/* Lives in `a`; to be freed by features_free whatever this returns. ERR_INPUT: *wrong is the text in
 * which line and column of the error stand. */
bool features_plan(struct engine *e, const struct feature_question *q, struct arena *a,
                   struct features *out, str *wrong, struct err *err);
void features_free(struct features *f);

struct feature_rows {
    uint32_t n;
    const uint32_t *customer; /* ascending */
    const double *x;          /* row by row; NAN: there is none */
};
/* Of those in `who` (NULL: everybody) who were customers at at_ms. The rows live in `a`. */
bool features_at(struct engine *e, struct features *f, int64_t at_ms,
                 const struct fits *who, struct arena *a, struct feature_rows *out,
                 str *wrong, struct err *err);
/* What was built, in `a`; `b` is freed. */
bool buf_keep(struct buf *b, struct arena *a, str *out, struct err *err);
/* "last purchase 120 days ago" */
void feature_put(struct buf *b, const struct engine *e, const struct feature *f,
                 double value);

#endif
