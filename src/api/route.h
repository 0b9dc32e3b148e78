/* route.h - what /api answers: one table for dispatch and for the OpenAPI document. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/error.h"
#include "api/gate.h"
#include "api/jobs.h"
#include "api/live.h"
#include "base/json.h"
#include "engine/query.h"
#include "engine/question.h"

struct alerts;
struct sender;
struct api_request {
    struct engine *engine; /* its histories stand at the present moment */
    struct jobs *jobs;
    struct gate *gate;
    struct live *live;
    struct sender *sender;
    struct alerts *alerts;
    struct key_view who; /* asks; with an open gate an admin without a name */
    struct MHD_Connection *connection; /* for sessions */
    int64_t now_ms, steady_ms;
    const char *method;                            /* GET, POST, DELETE */
    str path;                                      /* "/api/customers/12347", decoded */
    str (*param)(void *context, const char *name); /* of the query; empty when missing */
    void *context;
    int64_t as_of_ms; /* without a request: what is asked as of another moment; 0: now */
    bool at_hand;     /* of a report: it is made only if what it takes is kept ... */
    bool is_put_off;  /* ... which it is not: nothing is told ... */
    bool wants_new;   /* ... and what was told before will not do */
    int64_t outdated_ms;         /* when that was made, if it would be another now */
    const struct json *body;     /* of a POST; NULL: there was none */
    str wrong;                   /* of an error: the part of the question in which it is;
                                    borrowed from the query, or in .a */
    struct arena *a;             /* ends with the request */
    struct buf *out;             /* the answer's body */
    const char *type;            /* of the body; application/json unless changed */
    int status;                  /* 200 unless changed */
    uint32_t retry_after_s;      /* 0: nothing is said of it */
    struct MHD_Response *stream; /* instead of .out, which then is empty; or NULL */
    struct buf cookie;           /* the value of Set-Cookie, with a NUL; empty: none */
    str id; /* what stands in the place of the route's :id; set by api_answer */
};

/* False with err (ERR_NOT_FOUND too when no route has this path). */
bool api_answer(struct api_request *r, struct err *err);
/* Whether the path takes the method (HEAD goes where GET goes); *allow says which it takes. A
 * path that is nobody's takes GET, and is then not found. */
bool api_takes(str path, const char *method, const char **allow);

/* Whether it is a report, which a view of the engine can answer; then what it asks, behind its path.
 * Texts are borrowed. */
bool api_is_report(const struct api_request *r, struct question *out);
/* Whether a GET of the path takes the parameter. */
bool api_has_param(str path, str name);

/* Which right it needs; false when everybody may. */
bool api_needs(str path, const char *method, enum key_right *right);

#endif
