/* contacts.h - what a file knows of people by which two of them can be compared: their traits, as
 * they are called by those who write them. */
#ifndef ENGINE_CONTACTS_H
#define ENGINE_CONTACTS_H

#include "event/dictionary.h"
#include "identity/similar.h"
#include "store/store.h"

struct contacts {
    struct contact *contact;
    uint32_t *customer; /* of each: his number, ascending */
    uint32_t n, cap;
};

/* Those of whom a name, an e-mail address or a phone number is known, by what stands of each trait
 * (docs/identity.md says which traits): `kept` are those with a rule of their own, the latest value
 * of all others stands. Texts live in `a`; contacts_free the rest, whatever it
 * returns. False with ERR_CONFLICT when `progress` returns false. On any thread. */
bool contacts_gather(struct snapshot *v, const struct dictionary_property *kept,
                     uint32_t kept_n, struct arena *a,
                     bool (*progress)(void *context, uint64_t done, uint64_t all),
                     void *context, struct contacts *out, struct err *err);
void contacts_free(struct contacts *c);

#endif
