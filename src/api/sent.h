/* sent.h - what a request says in its headers and its address; empty where it says nothing. */
#ifndef API_SENT_H
#define API_SENT_H

#include "base/str.h"

#include <microhttpd.h>

static inline str sent_header(struct MHD_Connection *c, const char *name)
{
    return str_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static inline str sent_argument(struct MHD_Connection *c, const char *name)
{
    return str_of(MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name));
}

/* The key behind "Authorization: Bearer". */
static inline str sent_bearer(struct MHD_Connection *c)
{
    const str scheme = STR("Bearer ");
    str value = sent_header(c, MHD_HTTP_HEADER_AUTHORIZATION);

    return str_starts_nocase(value, scheme) ? str_trim(str_from(value, scheme.n))
                                            : STR("");
}

#endif
