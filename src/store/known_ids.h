/* known_ids.h - message ids of events that are in no part yet. They stand in many sets, each of which
 * grows by itself: with one for all, a commit now and then waited until millions stood elsewhere. */
#ifndef STORE_KNOWN_IDS_H
#define STORE_KNOWN_IDS_H

#include "base/hash.h"

enum { KNOWN_ID_SETS = 256 };

/* Zero it to start. */
struct known_ids {
    struct hash_set set[KNOWN_ID_SETS];
    size_t n, bytes;
};
/* False: out of memory. */
[[nodiscard]] bool known_ids_add(struct known_ids *k, hash128 id);
bool known_ids_have(const struct known_ids *k, hash128 id);
/* It will soon be asked for. */
void known_ids_expect(const struct known_ids *k, hash128 id);
/* What is not there is fine. */
void known_ids_remove(struct known_ids *k, hash128 id);
void known_ids_free(struct known_ids *k);

#endif
