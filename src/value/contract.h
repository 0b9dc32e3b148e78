/* contract.h - everybody's first contract: the day on which it began, and on which it was ended. */
#ifndef VALUE_CONTRACT_H
#define VALUE_CONTRACT_H

#include "base/bits.h"
#include "rule/picks.h"
#include "rule/scan.h"
#include "value/period.h"
#include "value/sbg.h"

/* More renewals of one contract are not counted. */
enum { RENEWALS_MAX = 1000 };

struct contracts_plan {
    const struct program *program;
    struct pick begins, ends; /* patterns of events */
    const struct zone *zone;
    enum period
        term; /* a contract is renewed so often, on the day of the month that it began on */
    int32_t until_day; /* the last that is known */
};
struct contracts {
    struct contracts_plan plan;
    struct picks *picks;
    uint64_t begun, ended;
    uint64_t left[RENEWALS_MAX],
        waits[RENEWALS_MAX + 1]; /* who left at renewal 1 + i; who is there
                                                             and was asked i times */
};
[[nodiscard]] bool contracts_new(const struct contracts_plan *plan,
                                 struct contracts **out, struct err *err);
void contracts_free(struct contracts *c);
/* The customers of a chunk, or those of `who`. */
bool contracts_add(struct contracts *c, const struct chunk *chunk, const struct bits *who,
                   struct err *err);
void contracts_merge(struct contracts *into, const struct contracts *from);
/* At how many renewals he was asked by that day; the one at which an end of that day counts is the next
 * of whose day it is not later. */
uint32_t contract_renewals(const struct contracts_plan *p, int32_t begun, int32_t day);

#endif
