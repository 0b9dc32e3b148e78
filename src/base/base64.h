/* base64.h - bytes out of base64 (RFC 4648), plain or for addresses, with or without its "="; and
 * into it. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/str.h"

/* Appends the bytes; false when the text is no base64. */
bool base64_decode(str text, struct buf *to);
/* Plain, with "=". */
void base64_encode(str bytes, struct buf *to);

#endif
