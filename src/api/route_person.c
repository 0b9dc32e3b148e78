/* route_person.c - the rights of one person. */
#include "api/route_impl.h"
#include "engine/person.h"

bool get_person(struct api_request *r, struct err *err)
{
    return engine_person_put(r->engine, r->id, r->now_ms, r->a,
                             &(struct json_out){.to = r->out}, err);
}
