/* alike.h - the customers that the last look found alike (similar.h), as the engine keeps them: in
 * memory, until the next look or another file. */
#ifndef ENGINE_ALIKE_H
#define ENGINE_ALIKE_H

#include "engine/contacts.h"

struct similar_found {
    int64_t looked_ms;
    struct arena arena;
    const struct similar_pair *pair; /* their numbers are places in .contact */
    size_t pair_n;
    struct contact *contact; /* of those who are in some pair */
    uint32_t *customer;
};

/* Of all that were compared, who is in a pair; once, into what is zeroed but for its moment. */
bool similar_found_keep(struct similar_found *f, const struct contacts *all,
                        const struct similar_pair *pair, size_t n, struct err *err);
void similar_found_free(struct similar_found *f); /* NULL is fine */

#endif
