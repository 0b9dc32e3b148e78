/* assets.h - the files of the web page, inside the binary (see tools/embed.c). */
#ifndef API_ASSETS_H
#define API_ASSETS_H

#include "base/str.h"

struct asset {
    const char *path; /* "/index.html" */
    const char *type; /* for Content-Type */
    const char *etag; /* with its quotes; changes with the bytes */
    const unsigned char *bytes;
    size_t n;
    const unsigned char *gzip; /* NULL where packing gains nothing */
    size_t gzip_n;
};

/* NULL when there is none. The path is exact: "/" finds nothing. */
const struct asset *asset_find(str path);

#endif
