/* route_identity.c - who may be one customer with whom, and what people decide of them. */
#include "api/route_impl.h"
#include "engine/identity.h"

bool get_suspicions(struct api_request *r, struct err *err)
{
    const struct suspicion *s;
    uint32_t n;

    if (!engine_suspicions(r->engine, r->a, &s, &n, err))
        return false;
    suspicions_put_json(&(struct json_out){.to = r->out}, s, n);
    return true;
}

/* The next answer takes up what follows from it. */
bool post_identity(struct api_request *r, struct err *err)
{
    enum graph_says says;

    if (!says_parse(json_find_text(r->body, STR("says")), &says))
        return err_set(err, ERR_INPUT, "\"says\" is merge, apart or undecided");
    if (!engine_decide(r->engine, json_find_text(r->body, STR("a")),
                       json_find_text(r->body, STR("b")), says, r->who.name, r->now_ms,
                       err))
        return false;
    buf_add(r->out, STR("{\"ok\":true}"));
    return true;
}
