/* route_live.c - who wants to hear what happens. */
#include "api/route_impl.h"
#include "api/sent.h"
#include "engine/identity.h"

#include <string.h>

static bool what_param(const struct api_request *r, unsigned *out, struct err *err)
{
    static const struct {
        str name;
        unsigned what;
    } all[] = {{STR("moves"), LIVE_MOVES},
               {STR("events"), LIVE_EVENTS},
               {STR("stages"), LIVE_STAGES}};
    str given = param(r, "what");
    size_t i;

    *out = given.n ? 0 : LIVE_MOVES | LIVE_EVENTS | LIVE_STAGES;
    while (given.n) {
        const char *comma = memchr(given.p, ',', given.n);
        str one = {given.p, comma ? (size_t)(comma - given.p) : given.n};

        for (i = 0; i < 3 && !str_eq(one, all[i].name); i++)
            continue;
        if (i == 3)
            return err_set(err, ERR_INPUT,
                           "what is moves, events or stages, or some of them with commas "
                           "between");
        *out |= all[i].what;
        given = str_from(given, comma ? one.n + 1 : one.n);
    }
    return true;
}

/* Of the customer whose id it is, whichever of his ids. */
static bool his_number(const struct api_request *r, uint32_t *out, struct err *err)
{
    str id = param(r, "customer");

    *out = CUSTOMER_NONE;
    return !id.n || engine_find(r->engine, id, out, err);
}

static bool filter_params(const struct api_request *r, struct live_filter *f,
                          struct err *err)
{
    const struct lifecycle *l;

    if (!what_param(r, &f->what, err) || !lifecycle_param(r, &l, err)
        || !stage_param(r, "stage", l, &f->stage, err)
        || !his_number(r, &f->customer, err))
        return false;
    f->lifecycle =
        param(r, "lifecycle").n || f->stage != STAGE_NONE ? l->number : LIFECYCLE_ANY;
    return true;
}

bool get_live(struct api_request *r, struct err *err)
{
    str last = sent_header(r->connection, "Last-Event-ID");
    struct live_filter f;

    if (!filter_params(r, &f, err))
        return false;
    if (live_is_full(r->live)) {
        r->status = 503;
        r->retry_after_s = LIVE_RETRY_S;
        api_put_denial(r->out, "busy",
                       STR("as many listen as may at the same time: try again later"));
        return true;
    }
    r->stream = live_listen(r->live, r->connection, &f, last.n ? last : param(r, "last"));
    return r->stream || err_nomem(err);
}
