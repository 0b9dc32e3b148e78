/* models.h - the models of how often customers buy again, and one of them fitted. */
#ifndef VALUE_MODELS_H
#define VALUE_MODELS_H

#include "base/str.h"
#include "value/bgbb.h"
#include "value/bgnbd.h"
#include "value/pareto.h"

#define VALUE_MODELS(X)                                                                  \
    X(NBD, "nbd")                                                                        \
    X(BG_NBD, "bg-nbd")                                                                  \
    X(MBG_NBD, "mbg-nbd")                                                                \
    X(BG_CNBD_K, "bg-cnbd-k")                                                            \
    X(MBG_CNBD_K, "mbg-cnbd-k")                                                          \
    X(PARETO_NBD, "pareto-nbd")                                                          \
    X(BG_BB, "bg-bb")

enum value_model {
#define X(name, text) VALUE_##name,
    VALUE_MODELS(X)
#undef X
        VALUE_MODELS_END
};
str value_model_name(enum value_model m);
/* ERR_INPUT names those that there are. */
bool value_model_parse(str name, enum value_model *out, struct err *err);

struct repeat_model {
    enum value_model kind;
    struct fit fit;
    union {
        struct bgnbd bgnbd; /* all but these two */
        struct pareto pareto;
        struct bgbb bgbb; /* what are days below are its chances */
    };
};
/* k: of the regular ones; 0 tries 1, 2, 3 ... as long as the data become likelier. ERR_INPUT as
 * bgnbd_fit. */
[[nodiscard]] bool repeat_fit(enum value_model kind, unsigned k, double unit_days,
                              const struct cbs *data, struct repeat_model *out,
                              struct err *err);
/* Of the simple ones (all with k = 1) in which a maximum was found, the one under which the data are
 * likeliest; of as likely ones that with the fewest parameters. *tried has all of them, by kind. */
[[nodiscard]] bool repeat_choose(double unit_days, const struct cbs *data,
                                 struct repeat_model tried[VALUE_MODELS_END],
                                 bool was_tried[VALUE_MODELS_END],
                                 struct repeat_model *out, struct err *err);

size_t repeat_parameter_n(const struct repeat_model *m);
const char *repeat_parameter_name(const struct repeat_model *m, size_t i);
double repeat_parameter(const struct repeat_model *m, size_t i);
double repeat_parameter_error(const struct repeat_model *m, size_t i);
/* The model with its i-th parameter as many times as large; of a share, which all have, its odds. */
struct repeat_model repeat_moved(const struct repeat_model *m, size_t i, double times);

/* Of a customer, ages in days. */
double repeat_alive(const struct repeat_model *m, uint32_t x, double last_days,
                    double age_days);
double repeat_expected(const struct repeat_model *m, uint32_t x, double last_days,
                       double age_days, double ahead_days);
/* The same, each purchase less by `decline` a day of waiting: e^-decline of its worth. Of all the time
 * to come when ahead_days is INFINITY and decline above 0: discounted expected residual transactions
 * (DERT). */
double repeat_discounted(const struct repeat_model *m, uint32_t x, double last_days,
                         double age_days, double ahead_days, double decline);
/* The probability that he buys nothing in that time. */
double repeat_no_purchase(const struct repeat_model *m, uint32_t x, double last_days,
                          double age_days, double ahead_days);
/* Between which numbers of purchases he makes lies with the probability `sure`: below the first, and
 * above the second, is half of the rest at most. False: the model does not tell. */
bool repeat_range(const struct repeat_model *m, uint32_t x, double last_days,
                  double age_days, double ahead_days, double sure, unsigned *low,
                  unsigned *high);

#endif
