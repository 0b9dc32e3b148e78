/* pseudonym.h - an event without whom it happened to: each id becomes what only who knows the key
 * can make of it, and what says who somebody is goes. docs/privacy.md has the lists.
 *
 * The same id has the same pseudonym, of its kind (a userId and an anonymousId share one, since an
 * alias does not say which of them it means): so who is who follows from pseudonyms as it does
 * from ids. */
#ifndef EVENT_PSEUDONYM_H
#define EVENT_PSEUDONYM_H

#include "event/dictionary.h"

enum { PSEUDONYM_KEY_MAX = 64 };
struct pseudonym_key {
    char text[PSEUDONYM_KEY_MAX];
    size_t n;
};
/* A new one; false (errno set) when the system has no chance to give. */
[[nodiscard]] bool pseudonym_key_new(struct pseudonym_key *out);
/* What a file with a key holds; ERR_INPUT: it is none. */
bool pseudonym_key_parse(str text, struct pseudonym_key *out, struct err *err);
void pseudonym_key_print(const struct pseudonym_key *k, struct buf *to);
/* Tells keys apart, and nothing else of them; never 0, nor that of a key that nobody knows. */
#define PSEUDONYM_KEY_LOST INT64_C(1)
int64_t pseudonym_fingerprint(const struct pseudonym_key *k);

/* Of an id as id_parse gives it; one that the key made stays as it is. Of an id of a named system
 * the system stays. Lives in `a` and `id`. */
bool pseudonym_of(const struct pseudonym_key *k, struct id id, struct arena *a,
                  struct id *out, struct err *err);
/* What only the key can make of a text: for ids of messages that are made of what they say. */
bool pseudonym_text(const struct pseudonym_key *k, str text, struct arena *a, str *out,
                    struct err *err);

/* The event as it may be kept; who is `nobody` may not. ERR_INPUT, in words without values, when it
 * cannot be. Lives in `a` and the event. */
bool pseudonym_hide(const struct pseudonym_key *k, const struct dictionary *d,
                    struct event *e, struct arena *a, struct err *err);

#endif
