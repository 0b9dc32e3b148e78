/* contacts.h - what a file knows of people by which two of them can be compared: their traits, as
 * they are called by those who write them. */
#ifndef ENGINE_CONTACTS_H
#define ENGINE_CONTACTS_H

#include "identity/similar.h"
#include "store/store.h"

struct contacts {
    struct contact *contact;
    uint32_t *customer; /* of each: his number, ascending */
    uint32_t n, cap;
};

/* Those of whom a name, an e-mail address or a phone number is known, by the latest value of each
 * trait (docs/identity.md says which). Texts live in `a`; contacts_free the rest, whatever it
 * returns. False with ERR_CONFLICT when `progress` returns false. On any thread. */
bool contacts_gather(struct snapshot *v, struct arena *a,
                     bool (*progress)(void *context, uint64_t done, uint64_t all),
                     void *context, struct contacts *out, struct err *err);
void contacts_free(struct contacts *c);

#endif
