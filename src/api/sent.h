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

#endif
