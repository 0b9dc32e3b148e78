/* error.h - errors as HTTP says them. */
#ifndef API_ERROR_H
#define API_ERROR_H

#include "base/err.h"
#include "base/json.h"

/* 200, 400, 404 ... */
int api_status(enum err_code code);
/* {"error":{"code":"not_found","message":".."}}, with line and column when there are some, and the
 * text of the question in which they stand, unless it is empty. */
void api_put_error(struct buf *out, const struct err *err, str text);
/* The same for what has no err_code. */
void api_put_denial(struct buf *out, const char *code, str message);
/* Its inner object. */
void api_put_fault(struct json_out *j, const struct err *err);

#endif
