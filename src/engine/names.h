/* names.h - which types of values the live model could not be read with, each found once.
 *
 * The types of properties and traits that a model does not declare are learned from the data. A
 * rule that counts on a number has a fault once a text is learned there: so that nobody could open
 * the file any more. New names alone break nothing: no rule can have named them. */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "engine/model.h"

/* Whether the model can be read with these names; else ERR_INPUT in words. */
bool names_fit(struct io *io, const struct model *m, const struct catalog *names,
               struct err *err);

/* What breaks one model. Zero it to start. */
struct names {
    struct text_table key; /* of each type of value */
    str *reason;           /* why */
    uint32_t n;
    struct arena arena;
};
void names_free(struct names *n);
/* After names_fit said ERR_INPUT of `all`: finds what it was, of what stands in it and not in `now`,
 * with which the model was compiled. It is compiled about log2(of so many) times for each. */
bool names_learn(struct names *n, struct io *io, const struct model *m,
                 const struct catalog *now, const struct catalog *all, struct err *err);
/* ERR_INPUT when the event brings a type of value that was found to break the model. */
bool names_check(const struct names *n, const struct event *event, struct err *err);

#endif
