/* mend.h - a call that was refused, put right: what is named otherwise, or has another type. */
#ifndef EVENT_MEND_H
#define EVENT_MEND_H

#include "event/event.h"

enum mend_kind {
    MEND_TYPE,     /* the event .from is called .to */
    MEND_PROPERTY, /* so is the property or trait */
    MEND_VALUE,    /* the value of the property or trait .from becomes a .type */
};
struct mend {
    enum mend_kind kind;
    str from, to;
    enum value_type type; /* BOOL NUMBER TEXT */
};

/* "A=B", or of a value "A=number". What is not of that form is ERR_INPUT. */
bool mend_parse(enum mend_kind kind, str text, struct mend *out, struct err *err);
/* The call with the mends made, one after the other, without the key and the time that it was sent
 * with, on one line. A value that cannot become one of the type, and what is no call or has a
 * number too large to be written again, is ERR_INPUT. */
bool call_mend(const struct json *call, const struct mend *mend, uint32_t n,
               struct buf *to, struct err *err);

#endif
