/* user.h - who runs this program, and what he says around it. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include "base/str.h"

/* The login name of the process's user, or his number when the system knows none. Lives in `a`;
 * .p is NULL when memory ran out. */
str user_name(struct arena *a);
/* What the environment says under a name; empty: nothing. Borrowed. */
str user_says(const char *name);

#endif
