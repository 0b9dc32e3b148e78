/* collect_route.c - which paths the tracking API has. */
#include "api/collect_impl.h"

#include <string.h>

#define CALLS(path, type, what)                                                          \
    {                                                                                    \
        "POST", path, COLLECT_CALLS, type, what                                          \
    }
#define PIXEL(path, type)                                                                \
    {                                                                                    \
        "GET", path, COLLECT_PIXEL, type, "one " type " call, answered with an image"    \
    }
static const struct collect_route routes[] = {
    CALLS("/v1/track", "track", "something happened"),
    CALLS("/v1/t", "track", "something happened"),
    CALLS("/v1/identify", "identify", "who somebody is"),
    CALLS("/v1/i", "identify", "who somebody is"),
    CALLS("/v1/page", "page", "a page was seen"),
    CALLS("/v1/p", "page", "a page was seen"),
    CALLS("/v1/screen", "screen", "a screen was seen"),
    CALLS("/v1/s", "screen", "a screen was seen"),
    CALLS("/v1/group", "group", "to which account somebody belongs"),
    CALLS("/v1/g", "group", "to which account somebody belongs"),
    CALLS("/v1/alias", "alias", "somebody has another id"),
    CALLS("/v1/a", "alias", "somebody has another id"),
    CALLS("/v1/batch", NULL, "many calls, each with its type"),
    CALLS("/v1/b", NULL, "many calls, each with its type"),
    CALLS("/v1/import", NULL, "many calls, each with its type"),
    CALLS("/beacon/v1/batch", NULL, "many calls, as RudderStack's beacon sends them"),
    {"POST", "/v1/m", COLLECT_METRICS, NULL,
     "an SDK's own measurements; they are not kept"},
    {"GET", "/v1/projects/:key/settings", COLLECT_SETTINGS, NULL,
     "what Segment's browser SDK asks before it begins"},
    {"GET", "/sourceConfig", COLLECT_SOURCE_CONFIG, NULL,
     "what RudderStack's browser SDK asks before it begins"},
    {"GET", "/sourceConfig/", COLLECT_SOURCE_CONFIG, NULL,
     "what RudderStack's browser SDK asks before it begins"},
    PIXEL("/v1/pixel/track", "track"),
    PIXEL("/v1/pixel/identify", "identify"),
    PIXEL("/v1/pixel/page", "page"),
    PIXEL("/v1/pixel/screen", "screen"),
    PIXEL("/v1/pixel/group", "group"),
    PIXEL("/v1/pixel/alias", "alias"),
    PIXEL("/pixel/v1/track", "track"),
    PIXEL("/pixel/v1/page", "page"),
};
enum { ROUTES = sizeof routes / sizeof *routes };

static bool path_is(const char *pattern, str path, str *key)
{
    const char *colon = strchr(pattern, ':');
    str head = {pattern, colon ? (size_t)(colon - pattern) : strlen(pattern)};
    str tail = str_of(colon ? strchr(colon, '/') : NULL);

    *key = STR("");
    if (!colon)
        return str_eq(path, head);
    if (path.n <= head.n + tail.n || !str_starts(path, head)
        || !str_eq(str_from(path, path.n - tail.n), tail))
        return false;
    *key = (str){path.p + head.n, path.n - head.n - tail.n};
    return !memchr(key->p, '/', key->n);
}

const struct collect_route *collect_route_find(str path, str *key)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (path_is(routes[i].path, path, key))
            return &routes[i];
    return NULL;
}

bool collect_has(str path)
{
    str key;

    return str_starts(path, STR("/v1/")) || collect_route_find(path, &key);
}

bool collect_takes(str path, const char *method, const char **allow)
{
    str key;
    const struct collect_route *route = collect_route_find(path, &key);
    bool post;

    if (!route)
        return true; /* to be told that it does not exist */
    post = *route->method == 'P';
    *allow = post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    return !strcmp(method, "OPTIONS") || !strcmp(method, route->method)
           || (!post && !strcmp(method, "HEAD"));
}

/* --- the document --- */

static void put_object(struct json_out *j, const char *key)
{
    json_key(j, key);
    json_begin_object(j);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    json_put_text(j, text);
}

static void put_key_param(struct json_out *j)
{
    json_begin_object(j);
    put_text(j, "name", STR("key"));
    put_text(j, "in", STR("path"));
    json_key(j, "required");
    json_put_bool(j, true);
    put_object(j, "schema");
    put_text(j, "type", STR("string"));
    json_end_object(j);
    json_end_object(j);
}

/* Any type will do: it is read as JSON. */
static void put_calls(struct json_out *j)
{
    put_object(j, "requestBody");
    json_key(j, "required");
    json_put_bool(j, true);
    put_object(j, "content");
    put_object(j, "application/json");
    put_object(j, "schema");
    put_text(j, "type", STR("object"));
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
}

static void put_answer(struct json_out *j, const char *status, const char *what)
{
    put_object(j, status);
    put_text(j, "description", str_of(what));
    json_end_object(j);
}

static void put_route(struct json_out *j, const struct collect_route *route, bool has_key)
{
    put_object(j, *route->method == 'P' ? "post" : "get");
    put_text(j, "summary", str_of(route->what));
    if (route->kind == COLLECT_CALLS || route->kind == COLLECT_PIXEL)
        put_text(j, "x-right", STR("collect"));
    json_key(j, "parameters");
    json_begin_list(j);
    if (has_key)
        put_key_param(j);
    json_end_list(j);
    if (route->kind == COLLECT_CALLS)
        put_calls(j);
    put_object(j, "responses");
    put_answer(j, "200", route->what);
    put_answer(j, "default", "what is wrong: {\"error\":{\"code\",\"message\"}}");
    json_end_object(j);
    json_end_object(j);
}

void collect_put_paths(struct json_out *j)
{
    for (size_t i = 0; i < ROUTES; i++) {
        const char *colon = strstr(routes[i].path, ":key");
        struct buf path = {};

        if (colon)
            buf_add_format(&path, "%.*s{key}%s", (int)(colon - routes[i].path),
                           routes[i].path, colon + strlen(":key"));
        else
            buf_add(&path, str_of(routes[i].path));
        json_key_str(j, buf_str(&path));
        j->to->failed |= path.failed;
        buf_free(&path);
        json_begin_object(j);
        put_route(j, &routes[i], colon);
        json_end_object(j);
    }
}
