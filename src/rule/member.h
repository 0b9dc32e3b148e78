/* member.h - which member of an account did an event: what .member says. */
#ifndef RULE_MEMBER_H
#define RULE_MEMBER_H

#include "store/chunk.h"

/* Texts: of the events of an account that are a member's, his id; one that is no userId stands behind
 * its kind, as in email:ada@example.org. Of all other events none. Made once for each chunk, and kept
 * with its columns. Borrowed from the chunk. Any thread. */
bool members_of(const struct chunk *c, const struct cells **out, struct err *err);

#endif
