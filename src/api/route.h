/* route.h - what /api answers: one table for dispatch and for the OpenAPI document. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "engine/query.h"

struct api_request {
    struct engine *engine; /* its histories stand at the present moment */
    str path;              /* "/api/customers/12347", decoded */
    str (*param)(void *context, const char *name); /* of the query; empty when missing */
    void *context;
    struct arena *a;  /* ends with the request */
    struct buf *out;  /* the answer's body */
    const char *type; /* of the body; application/json unless changed */
};

/* False with err (ERR_NOT_FOUND too when no route has this path). */
bool api_answer(struct api_request *r, struct err *err);
/* 200, 400, 404 ... */
int api_status(enum err_code code);
/* {"error":{"code":"not_found","message":".."}} */
void api_put_error(struct buf *out, const struct err *err);

#endif
