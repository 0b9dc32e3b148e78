/* nouns.h - what the events of the templates are called in sentences. Everybody else's names
 * stay as they are. */
#ifndef RULE_NOUNS_H
#define RULE_NOUNS_H

#include "rule/rule.h"

struct noun {
    const char *one, *many;
    bool feminine;
};

/* NULL when the name is not known. */
const struct noun *noun_find(str event, enum language language);

#endif
