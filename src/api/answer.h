/* answer.h - what goes out: bodies, errors, the files of the page. */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "base/err.h"
#include "base/str.h"

#include <microhttpd.h>

/* The buf's bytes become the response's; the buf is spent. */
enum MHD_Result answer_buf(struct MHD_Connection *c, unsigned status, struct buf *b,
                           const char *type);
/* As JSON. `allow` is given with 405: the methods that the path takes. */
enum MHD_Result answer_error(struct MHD_Connection *c, unsigned status, const char *allow,
                             const struct err *err);
/* A file of the page, or the page itself. */
enum MHD_Result answer_page(struct MHD_Connection *c, str path);

#endif
