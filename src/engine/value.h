/* value.h - what customers will buy and spend, in words: models fitted to everybody's purchases, held
 * against what came later, and as JSON. */
#ifndef ENGINE_VALUE_H
#define ENGINE_VALUE_H

#include "engine/report.h"
#include "value/buyer.h"
#include "value/interval.h"
#include "value/models.h"

struct value_question {
    str model; /* of VALUE_MODELS, or gamma-gamma; empty: the likeliest of the simple ones */
    str k;     /* of the regular ones: 1 to 12; empty: the likeliest */
    str event; /* a pattern; empty: purchase */
    str value; /* what of it is money, or a number; empty: nothing */
    str unit; /* day, week or month of parameters; empty: week. Of bg-bb also year: what is one
                     chance; empty: month */
    str hold_out; /* so many whole days behind .until: what came in them is told beside what
                     was expected; empty: none */
    str ahead;    /* so many days are looked ahead; empty: 365d, or the hold-out */
    str choose; /* so many whole days up to .until: of the simple models, fitted to what was
                     before, the one nearest to what came in them; empty: the likeliest */
    str discount; /* of what comes later, a rate per year, such as 0.1; empty: 0 */
    /* The first moment of the last day that the model knows; MOMENT_NEVER: of the last day of
     * which all is known. */
    int64_t until_ms;
    str customer; /* tell of him, too; empty: nobody */
    /* What he did up to at_ms is told of, by a model of the last day of which all is known; then there
     * is no until_ms, hold-out, segment or rule. */
    bool is_now;
    struct report_scope scope; /* to_ms, from_ms and at_ms are not asked for */
};

/* What is expected of one customer. */
struct forecast {
    uint32_t buyer; /* in view.buyers */
    double alive;   /* the probability that he is still a customer */
    double purchases, value;
    double worth;   /* purchases, discounted: .value is of these */
    bool is_untold; /* .value: the model has no mean for him */
};

/* Between which these lie as far as the parameters are unsure. */
struct value_sure {
    struct interval alive, purchases, value;
};

/* A tenth of the customers, those first of whom the most is expected; sums over them. */
struct value_tenth {
    uint64_t customers;
    double alive, purchases, value;  /* expected */
    double was_purchases, was_value; /* what came in the hold-out */
    struct value_sure sure;
};
/* How far off a way of guessing is, of everybody's purchases in the hold-out. */
struct value_guess {
    double mean_error, root_error, sum; /* mean absolute error; root of the mean square */
};
enum { VALUE_TENTHS = 10 };

struct value_view {
    struct program *program;
    struct buyers *buyers;
    struct cbs cbs;
    struct repeat_model model, tried[VALUE_MODELS_END];
    bool was_tried[VALUE_MODELS_END];
    /* By .choose: how far off each of those was, whose fit had a maximum (others: NAN), and how much
     * came of how many. */
    int32_t choose_days; /* 0: they were not asked for */
    struct value_guess tried_guess[VALUE_MODELS_END];
    uint64_t choose_came, choose_customers;
    bool has_model, has_spending;
    struct gamma_gamma spending;
    struct fit spending_fit;
    uint64_t spenders, without_money; /* who bought again, and of them for nothing */
    uint64_t untold;                  /* of how many .value is */
    str unit, event, value;
    enum value_type brings; /* what .value is; VALUE_MISSING: there is none */
    double unit_days, ahead_days, discount;
    /* Of bg-bb, whose chances are the calendar's periods, all days here and of buyers are such periods. */
    enum period period;
    double step_days; /* so long is one */
    int32_t until_day, hold_out_days;
    double seconds;            /* that fitting took */
    struct forecast *forecast; /* of all, those first of whom the most is expected */
    struct value_tenth tenth[VALUE_TENTHS], all;
    /* Of those who had bought by .until_day, by what was known then: by the model; that as much comes as
     * in the stretch of the same length before; that those who bought so lately and so often do as such
     * did then. */
    struct value_guess by_model, by_last_time, by_cells;
    uint64_t came;             /* of the hold-out, of all */
    bool has_cells;            /* somebody had bought before that stretch */
    struct forecast *customer; /* NULL: none was asked for */
    struct forecast own;       /* of .customer, but for .buyer */
    struct buyer who;          /* who that is, up to .now_day */
    struct value_sure customer_sure;
    double no_purchase; /* the probability that he buys nothing in .ahead_days */
    bool has_range;     /* of his purchases, as chance has them: with 95 % ... */
    unsigned low, high; /* ... so many */
    bool is_now;        /* .now_ms is told */
    int64_t now_ms;
    int32_t now_day;
    /* When the model was fitted, and whether it would be the same if it were fitted now. */
    int64_t fitted_ms;
    uint64_t state;
    bool is_latest;
};
/* Fits the models. ERR_INPUT: *wrong is the text in which line and column of the error stand, or
 * empty. To be freed by value_view_free. */
[[nodiscard]] bool engine_value_fit(struct engine *e, const struct value_question *q,
                                    struct arena *a, struct value_view *out, str *wrong,
                                    struct err *err);
/* The same, and what is expected of everybody: .buyers and .forecast. What is not freed lives in `a`. */
[[nodiscard]] bool engine_value_each(struct engine *e, const struct value_question *q,
                                     struct arena *a, struct value_view *out, str *wrong,
                                     struct err *err);
/* All but these two, which it may leave out, and what is expected of one customer. In a view of the engine
 * (engine_view) what was made for earlier questions is used again: as long as nothing changed the fit, and
 * else who had bought what in chunks that are the same. */
[[nodiscard]] bool engine_value(struct engine *e, const struct value_question *q,
                                struct arena *a, struct value_view *out, str *wrong,
                                struct err *err);
/* Of a question about now: the same by the last fit that a view made for it, so that only one customer is
 * looked at. That may know up to a week less, and .is_latest says
 * whether it would be another now. *there: there is one; else nothing is told. */
[[nodiscard]] bool engine_value_at_hand(struct engine *e, const struct value_question *q,
                                        struct arena *a, struct value_view *out,
                                        bool *there, str *wrong, struct err *err);
void value_view_free(struct value_view *v);
/* Which guess has the least error: "model", "last_time" or "cells". */
const char *value_nearest(const struct value_view *v, bool by_root);
void value_guess_add(struct value_guess *g, double guessed, double came);
void value_guess_finish(struct value_guess *g, size_t n);
/* "no dropout"; empty: inside of all limits. */
const char *value_limit_text(enum fit_limit limit);
/* The last day of .until_day, and the first of one of a buyer's. */
int32_t value_last_day(const struct value_view *v);
int32_t value_first_day(const struct value_view *v, int32_t number);
/* "90 days", or of bg-bb "5 years" */
void value_put_length(struct buf *b, const struct value_view *v, double n);
/* 1997-09-30 */
void value_put_day(struct buf *b, int32_t day);
void value_fit_put_json(struct json_out *j, const struct value_view *v);
void value_view_put_json(struct json_out *j, const struct engine *e,
                         const struct value_view *v);

#endif
