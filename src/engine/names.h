/* names.h - which types of values the live model could not be read with, each found once.
 *
 * The types of properties and traits that a model does not declare are learned from the data. A
 * rule that counts on a number has a fault once a text is learned there: so that nobody could open
 * the file any more. New names alone break nothing: no rule can have named them. */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "engine/engine.h"

struct names {
    struct text_table key; /* of what breaks the model of .version ... */
    str *reason;           /* ... why */
    uint32_t n;
    uint32_t version;
    struct arena arena;
};
void names_free(struct names *n);

/* After engine_check_names said ERR_INPUT: finds what it was, of all that the store's names hold
 * and the engine's snapshot does not. The model is compiled about log2(of so many) times for each. */
bool names_learn(struct engine *e, struct err *err);
/* ERR_INPUT when the event brings a type of value that was found to break the model. */
bool names_check(const struct engine *e, const struct event *event, struct err *err);

#endif
