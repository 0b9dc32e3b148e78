/* kept.h - a fitted model as a text, which a data file keeps, and what rules ask of it. */
#ifndef VALUE_KEPT_H
#define VALUE_KEPT_H

#include "rule/rule.h"
#include "value/gamma_gamma.h"
#include "value/models.h"

struct kept_fit {
    struct repeat_model model; /* of .fit nothing is kept */
    bool has_spending;
    struct gamma_gamma spending;
    str unit, event, value; /* as they were asked for; value may be empty */
    uint64_t customers;     /* that it was fitted to */
};
/* Lines of a word and what it says; numbers such that they are read as the same. */
void kept_print(const struct kept_fit *k, struct buf *to);
/* Texts live in `a`. ERR_CORRUPT: it is none. */
[[nodiscard]] bool kept_parse(str text, struct arena *a, struct kept_fit *out,
                              struct err *err);

/* As struct rule_env wants them; `model` is a struct kept_fit. */
double kept_worth(const void *model, enum rule_worth what, const struct rule_bought *b);
bool kept_worth_goes_one_way(const void *model, enum rule_worth what);

#endif
