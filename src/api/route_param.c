/* route_param.c - parameters of the query, understood. */
#include "api/route_impl.h"

#include "engine/begin.h"

#include "base/num.h"
#include "engine/begin.h"

str param(const struct api_request *r, const char *name)
{
    return r->param(r->context, name);
}

const struct model *model_of(const struct api_request *r)
{
    return engine_model(r->engine);
}

bool language_param(const struct api_request *r, enum language *out, struct err *err)
{
    str given = param(r, "lang");

    if (!given.n)
        given = model_of(r)->workspace.language;
    return language_parse(given, out)
           || err_set(err, ERR_INPUT, "lang is one of en, it, pt");
}

/* now_ms: from when on it counts, where it is told in days from the present. */
static bool read_moment(const struct api_request *r, const char *name, int64_t now_ms,
                        int64_t *out, struct err *err)
{
    return moment_parse_from(param(r, name), model_of(r)->workspace.zone, now_ms, out,
                             err)
           || err_in(err, "%s", name);
}

static bool is_known(const struct api_request *r, const char *name, int64_t at_ms,
                     struct err *err)
{
    return at_ms <= engine_now_ms(r->engine)
           || err_set(err, ERR_INPUT,
                      "%s lies in the future, which nobody knows: leave it out for now",
                      name);
}

bool at_param(const struct api_request *r, int64_t *out, struct err *err)
{
    *out = r->as_of_ms ? r->as_of_ms : engine_now_ms(r->engine);
    return !param(r, "at").n
           || (read_moment(r, "at", *out, out, err) && is_known(r, "at", *out, err));
}

bool range_params(const struct api_request *r, int64_t *from_ms, int64_t *to_ms,
                  struct err *err)
{
    int64_t at_ms;

    *from_ms = MOMENT_MIN;
    *to_ms = MOMENT_NEVER;
    return at_param(r, &at_ms, err)
           && (!param(r, "from").n || read_moment(r, "from", at_ms, from_ms, err))
           && (!param(r, "to").n || read_moment(r, "to", at_ms, to_ms, err))
           && report_range(*from_ms, *to_ms, err);
}

bool moment_param(const struct api_request *r, const char *name, int64_t otherwise,
                  int64_t *out, struct err *err)
{
    int64_t at_ms;

    *out = otherwise;
    return !param(r, name).n
           || (at_param(r, &at_ms, err) && read_moment(r, name, at_ms, out, err)
               && is_known(r, name, *out, err));
}

bool whole_parse(str s, uint32_t min, uint32_t max, uint32_t *out)
{
    int64_t number;

    if (!num_parse(s, &number) || number < min * NUM_ONE || number > max * NUM_ONE
        || number % NUM_ONE)
        return false;
    *out = (uint32_t)(number / NUM_ONE);
    return true;
}

bool lifecycle_param(const struct api_request *r, const struct lifecycle **out,
                     struct err *err)
{
    return model_lifecycle_find(model_of(r), param(r, "lifecycle"), out, err);
}

bool stage_param(const struct api_request *r, const char *name, const struct lifecycle *l,
                 uint16_t *out, struct err *err)
{
    str given = param(r, name);

    *out = STAGE_NONE;
    if (!given.n)
        return true;
    *out = lifecycle_stage_find(l, given);
    return *out != STAGE_NONE
           || err_set(err, ERR_INPUT, "%s: the model has no stage \"%.*s\"", name,
                      STR_FMT(given));
}

bool scope_params(const struct api_request *r, struct report_scope *out, struct err *err)
{
    out->segment = param(r, "segment");
    out->when = param(r, "when");
    if (!range_params(r, &out->from_ms, &out->to_ms, err)
        || !at_param(r, &out->at_ms, err))
        return false;
    out->known_ms = report_known(r->engine, out->at_ms, r->as_of_ms || param(r, "at").n,
                                 engine_now_ms(r->engine));
    return true;
}

struct report_against against_params(const struct api_request *r)
{
    return (struct report_against){param(r, "against"), param(r, "against_segment")};
}

bool moment_field(const struct api_request *r, const char *name, int64_t otherwise,
                  int64_t *out, struct err *err)
{
    str given = json_find_text(r->body, str_of(name));

    *out = otherwise;
    return !given.n || moment_parse(given, model_of(r)->workspace.zone, out, err)
           || err_in(err, "%s", name);
}

bool flag_param(const struct api_request *r, const char *name, bool *out, struct err *err)
{
    str given = param(r, name);

    *out = str_eq(given, STR("1"));
    return !given.n || *out || err_set(err, ERR_INPUT, "%s is 1, or is not given", name);
}
