/* route_openapi.c - the OpenAPI document, out of the table of routes. */
#include "api/route_impl.h"

#include "api/collect.h"

#include <string.h>

static void put_type(struct json_out *j, const char *type)
{
    json_begin_object(j);
    json_key(j, "type");
    json_put_text(j, str_of(type));
    json_end_object(j);
}

static void put_param(struct json_out *j, str name, bool in_path, const char *what)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, name);
    json_key(j, "in");
    json_put_text(j, in_path ? STR("path") : STR("query"));
    json_key(j, "required");
    json_put_bool(j, in_path);
    json_key(j, "description");
    json_put_text(j, str_of(what));
    json_key(j, "schema");
    put_type(j, "string");
    json_end_object(j);
}

/* {"requestBody": {"required", "content": {"application/json": {"schema": ..}}}} */
static void put_body(struct json_out *j, const struct api_route *route)
{
    json_key(j, "requestBody");
    json_begin_object(j);
    json_key(j, "required");
    json_put_bool(j, true);
    json_key(j, "content");
    json_begin_object(j);
    json_key(j, "application/json");
    json_begin_object(j);
    json_key(j, "schema");
    json_begin_object(j);
    json_key(j, "type");
    json_put_text(j, STR("object"));
    json_key(j, "additionalProperties");
    json_put_bool(j, false);
    json_key(j, "required");
    json_begin_list(j);
    for (size_t i = 0; i < route->field_n; i++)
        if (route->field[i].needed)
            json_put_text(j, str_of(route->field[i].name));
    json_end_list(j);
    json_key(j, "properties");
    json_begin_object(j);
    for (size_t i = 0; i < route->field_n; i++) {
        json_key(j, route->field[i].name);
        json_begin_object(j);
        json_key(j, "type");
        json_put_text(j, str_of(field_type_name(route->field[i].type)));
        json_key(j, "description");
        json_put_text(j, str_of(route->field[i].what));
        json_end_object(j);
    }
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
}

static void put_answer(struct json_out *j, const char *status, const char *what)
{
    json_key(j, status);
    json_begin_object(j);
    json_key(j, "description");
    json_put_text(j, str_of(what));
    json_end_object(j);
}

/* "security": a key or a session, and "x-right": what it must have. */
static void put_security(struct json_out *j, const struct api_route *route)
{
    static const char *const scheme[] = {"key", "session"};

    json_key(j, "security");
    json_begin_list(j);
    for (size_t i = 0; !route->is_open && i < sizeof scheme / sizeof *scheme; i++) {
        json_begin_object(j);
        json_key(j, scheme[i]);
        json_begin_list(j);
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
    if (route->is_open)
        return;
    json_key(j, "x-right");
    json_put_text(j, str_of(key_right_name(route->right)));
}

static void put_operation(struct json_out *j, const struct api_route *route)
{
    static const char *const method[] = {"get", "post", "delete"};
    str id;

    route_stem(route, &id);
    for (size_t i = 0; i < sizeof method / sizeof *method; i++)
        if (!strcasecmp(method[i], route->method))
            json_key(j, method[i]);
    json_begin_object(j);
    json_key(j, "summary");
    json_put_text(j, str_of(route->what));
    put_security(j, route);
    json_key(j, "parameters");
    json_begin_list(j);
    if (id.n)
        put_param(j, id, true, "which one");
    for (size_t i = 0; i < route->param_n; i++)
        put_param(j, str_of(route->param[i].name), false, route->param[i].what);
    json_end_list(j);
    if (route->field_n)
        put_body(j, route);
    json_key(j, "responses");
    json_begin_object(j);
    put_answer(j, "2XX", route->what);
    put_answer(j, "default",
               "what is wrong: {\"error\":{\"code\",\"message\",\"line\",\"column\"}}");
    json_end_object(j);
    json_end_object(j);
}

/* The routes of one path, which stand behind one another in the table. */
static void put_path(struct json_out *j, const struct api_route *route, size_t n)
{
    str id, stem = route_stem(route, &id);
    const char *path = route->path;
    struct buf name = {};

    buf_add(&name, stem);
    if (id.n)
        buf_add_format(&name, "{%.*s}", STR_FMT(id));
    json_key_str(j, buf_str(&name));
    j->to->failed |= name.failed;
    buf_free(&name);
    json_begin_object(j);
    for (size_t i = 0; i < n && !strcmp(route[i].path, path); i++)
        put_operation(j, &route[i]);
    json_end_object(j);
}

static void put_schemes(struct json_out *j)
{
    static const char *const members[2][4][2] = {
        {{"type", "http"}, {"scheme", "bearer"}},
        {{"type", "apiKey"}, {"in", "cookie"}, {"name", "ciclo_session"}},
    };
    static const char *const scheme[] = {"key", "session"};

    json_key(j, "components");
    json_begin_object(j);
    json_key(j, "securitySchemes");
    json_begin_object(j);
    for (size_t i = 0; i < sizeof scheme / sizeof *scheme; i++) {
        json_key(j, scheme[i]);
        json_begin_object(j);
        for (size_t k = 0; members[i][k][0]; k++) {
            json_key(j, members[i][k][0]);
            json_put_text(j, str_of(members[i][k][1]));
        }
        json_end_object(j);
    }
    json_end_object(j);
    json_end_object(j);
}

bool get_openapi(struct api_request *r, [[maybe_unused]] struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct api_route *routes;
    size_t n;

    routes = routes_get(&n);
    json_begin_object(&j);
    json_key(&j, "openapi");
    json_put_text(&j, STR("3.1.0"));
    json_key(&j, "info");
    json_begin_object(&j);
    json_key(&j, "title");
    json_put_text(&j, STR("Ciclo"));
    json_key(&j, "version");
    json_put_text(&j, STR(CICLO_VERSION));
    json_end_object(&j);
    json_key(&j, "paths");
    json_begin_object(&j);
    for (size_t i = 0; i < n; i++)
        if (!i || strcmp(routes[i].path, routes[i - 1].path))
            put_path(&j, &routes[i], n - i);
    collect_put_paths(&j);
    json_end_object(&j);
    put_schemes(&j);
    json_end_object(&j);
    return true;
}
