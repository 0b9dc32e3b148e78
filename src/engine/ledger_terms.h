/* ledger_terms.h - what counts as money of and for a customer: the model's `ledger:`. */
#ifndef ENGINE_LEDGER_TERMS_H
#define ENGINE_LEDGER_TERMS_H

#include "base/yaml.h"
#include "report/ledger_line.h"

struct ledger_plan;
struct life_measures;
struct program;

struct ledger_terms {
    str pattern[LEDGER_TERM_N]; /* empty: there are none */
    str referrer;               /* a trait; empty: nobody says who brought whom */
    int64_t contact_cost;       /* smallest units of the currency */
    int64_t margin,
        share; /* fixed point, 0 to 1: of what is bought; of what others bring */
};
/* `node` may be NULL. Purchases are the measure `revenue`, unless they are given. Texts are those of the
 * tree. */
bool ledger_terms_parse(const struct yaml *node, const struct life_measures *measures,
                        int decimals, struct ledger_terms *out, struct err *err);
/* Their patterns in a program of their own, and what else of the plan follows from them; `wrong`: where
 * the fault stands. */
bool ledger_terms_plan(const struct ledger_terms *terms, struct program *p,
                       struct ledger_plan *plan, str *wrong, struct err *err);
/* Whether they mean something in the model's names: ERR_INPUT with the place in the tree. */
bool ledger_terms_check(const struct ledger_terms *terms, const struct yaml *node,
                        const struct program *p, struct err *err);

#endif
