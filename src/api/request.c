/* request.c - headers, before anything else is looked at.
 *
 * A name of this server, so that a page of another site that has its own name pointed here
 * (DNS rebinding) gets nothing. What changes something comes as JSON, which the form of another
 * site cannot send unasked, and from no page but ours. */
#include "api/request.h"

#include "api/collect.h"
#include "api/route.h"

#include <string.h>

struct headers {
    unsigned hosts, lengths, types, origins, codings;
    bool bad_name;
    str host, length, type, origin, coding, site;
};

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    struct headers *h = context;
    str s = str_of(value);

    (void)kind;
    for (const char *p = name; *p; p++)
        h->bad_name |= *p <= ' ' || *p >= 0x7f || *p == ':';
    if (!strcasecmp(name, "Host")) {
        h->hosts++;
        h->host = s;
    } else if (!strcasecmp(name, "Content-Length")) {
        h->lengths++;
        h->length = s;
    } else if (!strcasecmp(name, "Content-Type")) {
        h->types++;
        h->type = s;
    } else if (!strcasecmp(name, "Origin")) {
        h->origins++;
        h->origin = s;
    } else if (!strcasecmp(name, "Transfer-Encoding")) {
        h->codings++;
        h->coding = s;
    } else if (!strcasecmp(name, "Sec-Fetch-Site")) {
        h->site = s;
    }
    return MHD_YES;
}

/* With or without a port. */
static bool is_named(str host, str name)
{
    return str_starts_nocase(host, name) && (host.n == name.n || host.p[name.n] == ':');
}

static bool is_own_name(const struct request_rules *rules, str host)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (is_named(host, str_of(local[i])))
            return true;
    for (size_t i = 0; i < rules->host_n; i++)
        if (is_named(host, rules->host[i]))
            return true;
    return false;
}

/* Digits only; what is longer than all we take is more than BODY_MAX. */
static bool read_length(str digits, size_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        if (n <= BODY_MAX)
            n = 10 * n + (size_t)(digits.p[i] - '0');
    }
    *out = n;
    return digits.n;
}

/* "application/json", "application/json; charset=utf-8" */
static bool is_json(str type)
{
    const str json = STR("application/json");

    if (!str_starts_nocase(type, json))
        return false;
    type = str_trim(str_from(type, json.n));
    return !type.n || *type.p == ';';
}

/* None (no browser), or the name that was asked for. */
static bool is_ours(const struct request_rules *rules, const struct headers *h)
{
    return !h->origins
           || (h->origins == 1 && str_starts(h->origin, rules->scheme)
               && str_eq(str_from(h->origin, rules->scheme.n), h->host));
}

/* Of a page that neither this server nor another one of this machine gave. Browsers tell the page
 * with whatever it posts; with an image, whether it is of another site. */
static bool is_foreign(const struct request_rules *rules, const struct headers *h)
{
    static const char *const scheme[] = {"http://", "https://"};

    for (size_t i = 0; i < sizeof scheme / sizeof *scheme; i++)
        if (h->origins == 1 && str_starts(h->origin, str_of(scheme[i])))
            return !is_own_name(rules, str_from(h->origin, strlen(scheme[i])));
    return h->origins || str_eq(h->site, STR("cross-site"));
}

static unsigned refuse(struct err *err, unsigned status, const char *words)
{
    err_set(err, status == MHD_HTTP_CONTENT_TOO_LARGE ? ERR_LIMIT : ERR_INPUT, "%s",
            words);
    return status;
}

static unsigned check_body(const struct headers *h, bool post, size_t *n, struct err *err)
{
    *n = 0;
    if (h->codings || h->lengths > 1 || (h->lengths && !read_length(h->length, n)))
        return refuse(err, MHD_HTTP_BAD_REQUEST,
                      "a body comes with one Content-Length and no Transfer-Encoding");
    if (!post)
        return *n ? refuse(err, MHD_HTTP_BAD_REQUEST, "a request here has no body") : 0;
    if (!h->lengths)
        return refuse(err, MHD_HTTP_LENGTH_REQUIRED,
                      "a body comes with a Content-Length");
    if (*n > BODY_MAX)
        return refuse(err, MHD_HTTP_CONTENT_TOO_LARGE, "a body has at most 10 MiB");
    if (h->types != 1 || !is_json(h->type))
        return refuse(err, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "the body must come with Content-Type: application/json");
    return 0;
}

/* SDKs send whatever type they like, and some in chunks. */
static unsigned check_calls(const struct headers *h, size_t *n, struct err *err)
{
    *n = 0;
    if (h->lengths + h->codings > 1 || (h->lengths && !read_length(h->length, n))
        || (h->codings && strcasecmp(h->coding.p, "chunked")))
        return refuse(err, MHD_HTTP_BAD_REQUEST,
                      "a body comes with one Content-Length, or in chunks");
    if (*n > COLLECT_BODY_MAX)
        return refuse(err, MHD_HTTP_CONTENT_TOO_LARGE, "a body has at most 1 MiB");
    return 0;
}

unsigned request_check(const struct request_rules *rules, struct MHD_Connection *c,
                       str path, const char *method, struct request *out, struct err *err)
{
    struct headers h = {};
    bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    unsigned status;

    *out = (struct request){};
    MHD_get_connection_values(c, MHD_HEADER_KIND, look, &h);
    if (h.bad_name || h.hosts != 1)
        return refuse(err, MHD_HTTP_BAD_REQUEST, "the request's headers are malformed");
    if (!is_own_name(rules, h.host))
        return refuse(err, MHD_HTTP_BAD_REQUEST,
                      "this server answers only as localhost, 127.0.0.1 or [::1], and by "
                      "the names that ciclo serve was given with --host");
    out->collects = collect_has(path);
    if (!(out->collects ? collect_takes(path, method, &out->allow)
                        : api_takes(path, method, &out->allow))) {
        err_set(err, ERR_INPUT, "only %s is answered here", out->allow);
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    out->is_foreign = is_foreign(rules, &h);
    if (out->collects)
        return check_calls(&h, &out->body_n, err);
    status = check_body(&h, !strcmp(method, "POST"), &out->body_n, err);
    if (!status && !get && !is_ours(rules, &h))
        return refuse(err, MHD_HTTP_FORBIDDEN,
                      "only the page that this server gives may change something");
    return status;
}
