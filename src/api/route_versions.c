/* route_versions.c - every model that was ever live, and what any two have in difference. */
#include "api/route_impl.h"

#include "engine/diff.h"
#include "engine/versions.h"

bool get_versions(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct version_view *version;
    uint32_t n;

    if (!engine_versions(r->engine, r->a, &version, &n, err))
        return false;
    versions_put_json(&j, version, n);
    return true;
}

static bool find_version(struct api_request *r, const char *name, str given,
                         struct model_version *out, struct err *err)
{
    uint32_t number;

    if (!whole_parse(given, 1, UINT32_MAX, &number))
        return err_set(err, ERR_INPUT, "%s is the number of a version: 1, 2 ...", name);
    return engine_version(r->engine, number, r->a, out, err);
}

bool get_version(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    struct model_version version = {};

    if (!find_version(r, "what follows the last slash", r->id, &version, err))
        return false;
    version_put_json(&j, &version);
    return true;
}

bool get_diff(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    struct model_version from = {}, to = {};
    const struct hunk *hunk;
    uint32_t n;

    if (!find_version(r, "from", param(r, "from"), &from, err)
        || !find_version(r, "to", param(r, "to"), &to, err)
        || !text_diff(from.text, to.text, r->a, &hunk, &n, err))
        return false;
    diff_put_json(&j, hunk, n);
    return true;
}
