/* contracts.h - how long contracts go on, in words: the shifted beta-geometric distribution held against
 * who renewed, what it projects, and both as JSON. */
#ifndef ENGINE_CONTRACTS_H
#define ENGINE_CONTRACTS_H

#include "engine/report.h"
#include "value/contract.h"
#include "value/interval.h"

struct contracts_question {
    str event, end; /* patterns: what begins a contract, and what ends it */
    str unit;       /* its term: day, week, month or year; empty: month */
    str ahead; /* so many terms are projected; empty: as many as were seen, at most 12 */
    str discount;     /* of what comes later, a rate per year; empty: none */
    int64_t until_ms; /* as struct value_question's */
    struct report_scope scope;
};
struct contracts_row {
    uint64_t asked, left; /* at this renewal; 0 where none has been yet */
    double
        stayed; /* the share of those who began, by those who were asked; NAN: nobody was */
    double expected; /* the same by the model */
    struct interval sure;
    double
        worth; /* payments of 1 expected from somebody just before it, discounted; NAN: no rate */
};
struct contracts_view {
    struct program *program;
    struct contracts *contracts;
    struct sbg model;
    struct fit fit;
    str unit;
    int32_t until_day;
    double discount,
        lifetime; /* a new contract's payments, the first too, discounted; NAN */
    struct contracts_row *row; /* of renewal 1, 2, ... */
    size_t n;
};
/* ERR_INPUT: *wrong as report.h's. What is not freed lives in `a`. */
[[nodiscard]] bool engine_contracts(struct engine *e, const struct contracts_question *q,
                                    struct arena *a, struct contracts_view *out,
                                    str *wrong, struct err *err);
void contracts_view_free(struct contracts_view *v);
void contracts_put_json(struct json_out *j, const struct contracts_view *v);

#endif
