/* mention.h - where what is said names somebody.
 *
 * An id that could hardly be anything else (six bytes or more, and not only digits) is found as a
 * word in any text; any other only where an id is expected: "12347" may be a price too. */
#ifndef EVENT_MENTION_H
#define EVENT_MENTION_H

#include "base/hash.h"
#include "event/event.h"

struct mentions {
    const struct text_table *id; /* at most EVENT_NAME_MAX bytes each */
    bool length[EVENT_NAME_MAX + 1],
        telling[EVENT_NAME_MAX + 1]; /* that one of them has */
    /* By number: it is an account's, too; NULL: each may be. "42" is found as the account that a
     * group event names only then: it may be another's name. */
    const bool *is_account;
};
struct mentions mentions_of(const struct text_table *id);
/* The number of one of them, whatever it looks like, that stands in the text, and not inside of
 * another word; TEXT_NONE: none does. */
uint32_t mentions_find(const struct mentions *m, str text);
/* The same for those that could hardly be anything else. */
uint32_t mentions_find_telling(const struct mentions *m, str text);
/* Takes them out of an event of somebody else: ids go, with the property that holds them, and in
 * other texts their words are replaced. times[i] grows by one for each place where the one with
 * the number i stood; *first is one of them, TEXT_NONE: none stood there. Lives in `a` and the
 * event. */
bool mentions_take_out(const struct mentions *m, struct event *e, struct arena *a,
                       uint64_t *times, uint32_t *first, struct err *err);
/* The same of some properties or traits alone. */
bool mentions_take_from(const struct mentions *m, const struct property **all,
                        uint32_t *all_n, struct arena *a, uint64_t *times,
                        uint32_t *first, struct err *err);

#endif
