/* answer.h - what goes out: bodies, errors, the files of the page. */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api/gate.h"
#include "base/err.h"
#include "base/str.h"

#include <microhttpd.h>

/* One more header of an answer; .value NULL: none. */
struct answer_header {
    const char *name, *value;
};
/* The buf's bytes become the response's; the buf is spent. */
enum MHD_Result answer_buf(struct MHD_Connection *c, unsigned status, struct buf *b,
                           const char *type, struct answer_header more);
/* Server-sent events; the response is spent. */
enum MHD_Result answer_stream(struct MHD_Connection *c, struct MHD_Response *stream);
/* As JSON. `allow` is given with 405: the methods that the path takes. */
enum MHD_Result answer_error(struct MHD_Connection *c, unsigned status, const char *allow,
                             const struct err *err, str text);
/* To who may not come in. */
enum MHD_Result answer_denial(struct MHD_Connection *c, const struct denial *denial);
/* A file of the page, or the page itself. */
enum MHD_Result answer_page(struct MHD_Connection *c, str path);

#endif
