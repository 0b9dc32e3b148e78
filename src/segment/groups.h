/* groups.h - the built-in groups of buyers: segments whose rules follow from the model's `groups:`.
 *
 *     groups:
 *       purchase: "order where total > 0"    # a pattern: what buying is
 *       registered: signed_up                # a pattern, or left out
 *       frequent: 5
 *       frequent_within: 1y
 *       at_risk_after: 90d
 *       lapsed_after: 180d
 */
#ifndef SEGMENT_GROUPS_H
#define SEGMENT_GROUPS_H

#include "base/yaml.h"

#define BUYER_GROUPS(X)                                                                  \
    X(REGISTERED_NOT_BOUGHT, "registered_not_bought", "Registered, and has not bought")  \
    X(FIRST_TIME, "first_time", "Bought once")                                           \
    X(REPEAT, "repeat", "Bought twice or more")                                          \
    X(FREQUENT, "frequent", "Buys often")                                                \
    X(AT_RISK, "at_risk", "Bought, but not for a while")                                 \
    X(LAPSED, "lapsed", "Bought, but not for so long that he counts as gone")            \
    X(REACTIVATED, "reactivated", "Had lapsed, and has bought since")

enum buyer_group {
#define X(name, text, what) BUYERS_##name,
    BUYER_GROUPS(X)
#undef X
        BUYER_GROUPS_END
};
str group_name(enum buyer_group g);
str group_description(enum buyer_group g);

struct buyer_groups {
    const struct yaml *purchase, *registered; /* patterns, not checked; NULL: not given */
    const struct yaml
        *when[BUYER_GROUPS_END]; /* rules, at the entry's place; NULL: none */
};
/* node NULL: none of them is there. Lives in `a`. */
bool groups_parse(const struct yaml *node, struct arena *a, struct buyer_groups *out,
                  struct err *err);

#endif
