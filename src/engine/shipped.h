/* shipped.h - texts inside the program, made of the files beside them by templates/embed. */
#ifndef ENGINE_SHIPPED_H
#define ENGINE_SHIPPED_H

#include "base/str.h"

struct shipped {
    const char *name, *what; /* its first line, a comment, says what it is */
    str text;
};
/* The default table of channels alone. */
const struct shipped *shipped_channels(size_t *n);
/* Mappings of other systems' exports. */
const struct shipped *shipped_mappings(size_t *n);

#endif
