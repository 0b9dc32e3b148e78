/* id.h - what tells who somebody is: an id of a kind, in the one form in which equal ids have
 * equal bytes. */
#ifndef EVENT_ID_H
#define EVENT_ID_H

#include "base/err.h"
#include "base/str.h"

/* In the order in which one of them stands for an event that carries several. */
#define ID_KINDS(X)                                                                      \
    X(USER, "userId")                                                                    \
    X(ANONYMOUS, "anonymousId")                                                          \
    X(EMAIL, "email")                                                                    \
    X(PHONE, "phone")                                                                    \
    X(DEVICE, "device")                                                                  \
    X(OTHER, "other")                                                                    \
    X(GROUP, "group") /* of an account: no person has one */

enum id_kind {
#define X(name, text) ID_##name,
    ID_KINDS(X)
#undef X
        ID_KIND_N
};
str id_kind_name(enum id_kind kind);

struct id {
    enum id_kind kind;
    str value; /* of OTHER, the name of the system too: "shopify:6712" */
};
/* By kind, then by the value's bytes: < 0, 0, > 0. */
int id_compare(struct id a, struct id b);

#define ID_BYTES_MAX 200u

/* What the workspace says of ids. Zeroed: no country, and nothing blocked but what always is. */
struct id_rules {
    str calling_code; /* of phone numbers without one: "39"; empty: they stay as digits */
    str trunk;        /* dialled before them inside the country, and left out: "0" */
    const str *blocked; /* values, in any kind, that are no ids; ASCII case is ignored */
    size_t blocked_n;
};

/* What stands for an id that is not kept (pseudonym.h): p_ and 26 of a to z and 2 to 7. One of it is
 * an id of any kind, as it is. */
enum { PSEUDONYM_BYTES = 28 };
bool id_is_pseudonym(str value);

/* The id in its one form; .value is a part of `raw`, or lives in `a`. ERR_INPUT, with a reason
 * that does not hold the value, when it is none: not UTF-8, control characters, too long, no
 * e-mail address, no phone number, or a value that says "nobody" (docs/identity.md).
 * What came out of it comes out of it again. */
bool id_parse(const struct id_rules *rules, enum id_kind kind, str raw, struct arena *a,
              struct id *out, struct err *err);
/* An id of a system that is named. "email" and "user_id" say a kind of their own, whoever asks;
 * all others are OTHER. */
bool id_parse_named(const struct id_rules *rules, str system, str raw, struct arena *a,
                    struct id *out, struct err *err);

/* The id as one text, by which the data file knows it: a userId as it is, any other behind a
 * control character, of which no id has one, that says its kind. Lives in `a`, or is the value;
 * .p is NULL when memory ran out. */
str id_key(struct id id, struct arena *a);
/* Borrowed. */
struct id id_of_key(str key);

#endif
