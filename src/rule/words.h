/* words.h - parts of rules, and values, in the words of a language; private to rule/. */
#ifndef RULE_WORDS_H
#define RULE_WORDS_H

#include "rule/cursor.h"

void words_of_node(const struct program *p, const struct node *n, enum language language,
                   struct buf *to);
void words_of_value(const struct cursor *c, const struct val *v, enum language language,
                    struct buf *to);
/* Behind such a value: what it was learnt from. */
void words_of_fit(const struct program *p, const struct worth *w, enum language language,
                  struct buf *to);

#endif
