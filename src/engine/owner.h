/* owner.h - who says where the events of a data file stand, when it is made of its log: the
 * people in it (identity/people.h). For whatever opens, rebuilds or proves a file. */
#ifndef ENGINE_OWNER_H
#define ENGINE_OWNER_H

#include "store/store.h"

struct owner {
    struct store_owner store; /* to be passed by its address */
    struct people *people;    /* while there is somebody to ask */
    struct people *kept; /* likewise, as the file's rows have them; NULL: no row came */
};
/* It stays where it is as long as it is used; there is nothing to free. */
void owner_init(struct owner *o);

#endif
