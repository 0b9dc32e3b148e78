#include "api/collect.h"

#include "api/collect_impl.h"
#include "api/error.h"
#include "base/base64.h"
#include "base/time.h"
#include "base/zip.h"
#include "engine/keys.h"
#include "event/call.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SPARE = 64, /* that the parser may read */
    RETRY_BUSY_S = 1,
    RETRY_FAILED_S = 5,
    ARENA_MAX = 64 << 20, /* of one request */
};

struct collector {
    struct engine *engine;
    struct keys *keys;
    bool behind_proxy;
    const struct log_sink *log;
    struct collect_request *first,
        **last; /* that wait, in the order in which they came */
    size_t n;
    struct collect_counts counts;
};

struct collect_request {
    struct MHD_Connection *connection;
    struct collect_request *next;
    struct collect_body body;
    struct buf text;
    struct arena arena;
    bool is_pixel;
    bool failed; /* nothing of it was kept: it is to be sent again */
};

void collect_request_free(struct collect_request *r)
{
    if (!r)
        return;
    buf_free(&r->text);
    arena_free(&r->arena);
    mem_free(r);
}

/* --- how it is answered --- */

static str header(struct MHD_Connection *c, const char *name)
{
    return str_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

static void add_header(struct MHD_Response *r, const char *name, str value)
{
    if (value.n)
        MHD_add_response_header(r, name, value.p);
}

struct reply {
    unsigned status, retry_after_s;
    const char *type, *allow;
};

/* Any page may read it: it holds nothing but what became of what the page sent. */
static void add_cors(struct MHD_Connection *c, struct MHD_Response *r)
{
    str origin = header(c, "Origin");

    MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "cross-origin");
    add_header(r, "Access-Control-Allow-Origin", origin.n ? origin : STR("*"));
    if (!origin.n)
        return;
    MHD_add_response_header(r, "Vary", "Origin");
    MHD_add_response_header(r, "Access-Control-Allow-Credentials", "true");
    MHD_add_response_header(r, "Access-Control-Expose-Headers",
                            "Retry-After, X-RateLimit-Reset");
}

/* Segment's node SDK knows the moment, not the length. */
static void add_retry(struct MHD_Response *r, unsigned after_s)
{
    struct buf length = {}, moment = {};

    buf_add_format(&length, "%u", after_s);
    buf_add_format(&moment, "%lld", (long long)(clock_now_ms() / MS_SECOND + after_s));
    buf_add_char(&length, 0);
    buf_add_char(&moment, 0);
    add_header(r, "Retry-After", buf_str(&length));
    add_header(r, "X-RateLimit-Reset", buf_str(&moment));
    buf_free(&length);
    buf_free(&moment);
}

/* The buf is spent. */
static enum MHD_Result reply(struct MHD_Connection *c, struct reply how, struct buf *b)
{
    struct MHD_Response *r =
        b->failed
            ? NULL
            : MHD_create_response_from_buffer_with_free_callback(b->n, b->p, mem_free);
    enum MHD_Result result;

    if (!r) {
        buf_free(b);
        return MHD_NO;
    }
    *b = (struct buf){};
    MHD_add_response_header(r, "Content-Type", how.type ? how.type : "application/json");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    add_cors(c, r);
    add_header(r, "Allow", str_of(how.allow));
    if (how.retry_after_s)
        add_retry(r, how.retry_after_s);
    result = MHD_queue_response(c, how.status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result reply_error(struct MHD_Connection *c, struct reply how,
                                   const struct err *err)
{
    struct buf b = {};

    api_put_error(&b, err);
    return reply(c, how, &b);
}

enum MHD_Result collector_refuse(struct MHD_Connection *c, unsigned status,
                                 const char *allow, const struct err *err)
{
    return reply_error(c, (struct reply){.status = status, .allow = allow}, err);
}

static enum MHD_Result reply_limit(struct MHD_Connection *c, const struct err *err)
{
    return collector_refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, NULL, err);
}

static enum MHD_Result reply_again(struct MHD_Connection *c, unsigned after_s,
                                   const char *why)
{
    struct err err;

    err_set(&err, ERR_LIMIT, "%s", why);
    return reply_error(
        c, (struct reply){.status = MHD_HTTP_TOO_MANY_REQUESTS, .retry_after_s = after_s},
        &err);
}

enum MHD_Result collector_busy(struct MHD_Connection *c)
{
    return reply_again(c, RETRY_BUSY_S, "too much is being sent at the same time");
}

static enum MHD_Result reply_failed(struct MHD_Connection *c)
{
    struct err err;

    err_set(&err, ERR_IO, "nothing of this was kept: send it again later");
    return reply_error(c,
                       (struct reply){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
                                      .retry_after_s = RETRY_FAILED_S},
                       &err);
}

static enum MHD_Result reply_preflight(struct MHD_Connection *c)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!r)
        return MHD_NO;
    add_cors(c, r);
    add_header(r, "Access-Control-Allow-Headers",
               header(c, "Access-Control-Request-Headers"));
    MHD_add_response_header(r, "Access-Control-Allow-Methods", "GET, POST");
    MHD_add_response_header(r, "Access-Control-Max-Age", "86400");
    result = MHD_queue_response(c, MHD_HTTP_NO_CONTENT, r);
    MHD_destroy_response(r);
    return result;
}

/* One transparent point. */
static enum MHD_Result reply_pixel(struct MHD_Connection *c)
{
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,"
                              "\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    struct buf b = {};

    buf_add(&b, STR(gif));
    return reply(c, (struct reply){.status = MHD_HTTP_OK, .type = "image/gif"}, &b);
}

static enum MHD_Result reply_taken(struct MHD_Connection *c,
                                   const struct collect_body *body)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    json_begin_object(&j);
    json_key(&j, "success");
    json_put_bool(&j, true);
    json_key(&j, "accepted");
    json_put_int(&j, body->accepted);
    json_key(&j, "duplicates");
    json_put_int(&j, body->duplicates);
    json_key(&j, "refused");
    json_begin_list(&j);
    for (uint32_t i = 0; i < body->refused_n; i++) {
        json_begin_object(&j);
        json_key(&j, "index");
        json_put_int(&j, body->refused[i].index);
        json_key(&j, "reason");
        json_put_text(&j, body->refused[i].reason);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}

static enum MHD_Result reply_result(struct MHD_Connection *c,
                                    const struct collect_request *r)
{
    struct err err;

    if (r->failed)
        return reply_failed(c);
    if (r->is_pixel)
        return reply_pixel(c);
    if (!r->body.broken.n)
        return reply_taken(c, &r->body);
    err_set(&err, ERR_INPUT, "%.*s", STR_FMT(r->body.broken));
    return collector_refuse(c, MHD_HTTP_BAD_REQUEST, NULL, &err);
}

/* --- what SDKs ask before they send --- */

/* As the sender sees it, who may stand before a proxy that speaks TLS for us. */
static str scheme(struct MHD_Connection *c)
{
    struct MHD_Daemon *daemon =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_DAEMON)->daemon;
    bool tls = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_FLAGS)->flags & MHD_USE_TLS;

    return tls || str_eq(header(c, "X-Forwarded-Proto"), STR("https")) ? STR("https")
                                                                       : STR("http");
}

/* The path without its "/v1/projects/" and "/settings". */
static enum MHD_Result reply_settings(struct MHD_Connection *c, str key)
{
    struct buf b = {}, host = {};
    struct json_out j = {.to = &b};

    buf_add(&host, header(c, "Host"));
    buf_add(&host, STR("/v1"));
    json_begin_object(&j);
    json_key(&j, "integrations");
    json_begin_object(&j);
    json_key(&j, "Segment.io");
    json_begin_object(&j);
    json_key(&j, "apiKey");
    json_put_text(&j, key);
    json_key(&j, "apiHost");
    json_put_text(&j, buf_str(&host));
    json_key(&j, "protocol");
    json_put_text(&j, scheme(c));
    json_key(&j, "unbundledIntegrations");
    json_begin_list(&j);
    json_end_list(&j);
    json_end_object(&j);
    json_end_object(&j);
    json_key(&j, "plan");
    json_begin_object(&j);
    json_end_object(&j);
    json_key(&j, "metrics");
    json_begin_object(&j);
    json_key(&j, "sampleRate");
    json_put_int(&j, 0);
    json_end_object(&j);
    json_key(&j, "remotePlugins");
    json_begin_list(&j);
    json_end_list(&j);
    json_end_object(&j);
    b.failed |= host.failed;
    buf_free(&host);
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}

static enum MHD_Result reply_source_config(struct MHD_Connection *c)
{
    struct buf b = {};

    buf_add(&b, STR("{\"source\":{\"id\":\"ciclo\",\"name\":\"Ciclo\",\"writeKey\":\"\","
                    "\"enabled\":true,\"workspaceId\":\"ciclo\",\"destinations\":[],"
                    "\"config\":{\"statsCollection\":{\"errors\":{\"enabled\":false},"
                    "\"metrics\":{\"enabled\":false}}},\"connections\":[],"
                    "\"dataplanes\":{}},\"updatedAt\":\"2026-01-01T00:00:00.000Z\"}"));
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}

static enum MHD_Result reply_ok(struct MHD_Connection *c)
{
    struct buf b = {};

    buf_add(&b, STR("{\"success\":true}"));
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}

/* --- what comes --- */

static str query(struct MHD_Connection *c, const char *name)
{
    return str_of(MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name));
}

/* Of an image: a whole call in base64, or its members one by one. */
struct pixel {
    const char *prefix; /* of the members that stand in this object; NULL: in none */
    struct json_out *out;
};

static enum MHD_Result put_argument(void *context,
                                    [[maybe_unused]] enum MHD_ValueKind kind,
                                    const char *name, const char *value)
{
    struct pixel *p = context;
    bool is_inner = strchr(name, '.');

    if (is_inner != (p->prefix != NULL)
        || (p->prefix && !str_starts(str_of(name), str_of(p->prefix))))
        return MHD_YES;
    json_key(p->out, name + (p->prefix ? strlen(p->prefix) : 0));
    json_put_text(p->out, str_of(value));
    return MHD_YES;
}

static void read_pixel(struct MHD_Connection *c, struct buf *to)
{
    static const char *const object[][2] = {
        {"properties", "properties."}, {"context", "context."}, {"traits", "traits."}};
    struct json_out j = {.to = to};
    struct pixel p = {.out = &j};
    str data = query(c, "data");

    if (data.n) {
        if (!base64_decode(data, to)) { /* it is then refused, and kept as it came */
            buf_clear(to);
            buf_add(to, data);
        }
        return;
    }
    json_begin_object(&j);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, put_argument, &p);
    for (size_t i = 0; i < sizeof object / sizeof *object; i++) {
        p.prefix = object[i][1];
        json_key(&j, object[i][0]);
        json_begin_object(&j);
        MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, put_argument, &p);
        json_end_object(&j);
    }
    json_end_object(&j);
}

/* What the proxy saw stands last; what stands before it, anybody may have written. */
static str forwarded(str list)
{
    const char *comma = memrchr(list.p, ',', list.n);

    return str_trim(comma ? str_from(list, (size_t)(comma - list.p) + 1) : list);
}

static str sender(const struct collector *collector, struct MHD_Connection *c,
                  char to[ADDRESS_MAX])
{
    const struct sockaddr *from =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    char whole[ADDRESS_MAX];
    const void *bytes =
        from->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)from)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

    if (collector->behind_proxy)
        return address_cut(forwarded(header(c, "X-Forwarded-For")), to);
    return address_cut(str_of(inet_ntop(from->sa_family, bytes, whole, sizeof whole)),
                       to);
}

/* --- who sends it --- */

/* "Basic " and the key as the user's name, with or without a colon behind it. */
static bool basic_key(struct collect_request *r, str coded, str *out)
{
    struct buf b = {};
    const char *colon;
    bool ok = base64_decode(str_trim(coded), &b) && !b.failed;

    if (ok) {
        colon = b.n ? memchr(b.p, ':', b.n) : NULL;
        *out = arena_str(&r->arena, (str){b.p, colon ? (size_t)(colon - b.p) : b.n});
    }
    buf_free(&b);
    return ok && out->p;
}

/* In a header, in the address, or in the body. */
static str sent_key(struct collect_request *r)
{
    const str basic = STR("Basic "), bearer = STR("Bearer ");
    str said = header(r->connection, "Authorization"), key;

    if (str_starts_nocase(said, bearer))
        return str_trim(str_from(said, bearer.n));
    if (str_starts_nocase(said, basic) && basic_key(r, str_from(said, basic.n), &key)
        && key.n)
        return key;
    key = query(r->connection, "writeKey");
    return key.n ? key : r->body.write_key;
}

static enum MHD_Result reply_words(struct MHD_Connection *c, unsigned status,
                                   const char *why)
{
    struct err err;

    err_set(&err, ERR_INPUT, "%s", why);
    return collector_refuse(c, status, NULL, &err);
}

/* False: it was answered, with *result. */
static bool let_in(struct collector *c, struct collect_request *r,
                   enum MHD_Result *result)
{
    struct buf source = {};
    struct key_view who;
    unsigned wait_s;

    r->body.write_key = sent_key(r);
    r->body.source = STR("http");
    if (!keys_any(c->keys))
        return true;
    if (!keys_find(c->keys, r->body.write_key, &who)) {
        *result = reply_words(r->connection, MHD_HTTP_UNAUTHORIZED,
                              "this write key is not known here, or was revoked");
        return false;
    }
    if (!key_may(who.right, KEY_COLLECT)) {
        *result = reply_words(r->connection, MHD_HTTP_FORBIDDEN,
                              "this key may not send events: one with the right "
                              "collect may");
        return false;
    }
    if (!keys_take(c->keys, who.number, r->body.event_n, clock_steady_us() / 1000,
                   &wait_s)) {
        *result = reply_again(r->connection, wait_s, "this key sends too much: slower");
        return false;
    }
    buf_add(&source, STR("http:"));
    buf_add(&source, who.name);
    r->body.source = source.failed ? (str){} : arena_str(&r->arena, buf_str(&source));
    buf_free(&source);
    if (!r->body.source.p)
        *result = reply_failed(r->connection);
    return r->body.source.p;
}

/* Unpacked when it is packed, whatever its headers say, and with room for the parser. */
static bool read_text(struct collect_request *r, struct buf *body, struct err *err)
{
    char *spare;
    bool ok = true;

    if (is_gzip(buf_str(body))) {
        ok = gzip_unpack(buf_str(body), COLLECT_BODY_MAX, &r->text, err);
        buf_free(body);
    } else {
        r->text = *body;
    }
    *body = (struct buf){};
    if (!ok)
        return false;
    spare = buf_room(&r->text, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    r->body.text = buf_str(&r->text);
    return true;
}

/* --- requests with events --- */

static void wait_for_commit(struct collector *c, struct collect_request *r)
{
    *c->last = r;
    c->last = &r->next;
    c->n++;
    MHD_suspend_connection(r->connection);
}

static enum MHD_Result begin_calls(struct collector *c, struct MHD_Connection *connection,
                                   const struct collect_route *route, struct buf *body,
                                   struct collect_request **out)
{
    struct collect_request *r = mem_alloc(sizeof *r);
    enum MHD_Result result = MHD_YES;
    char address[ADDRESS_MAX];
    struct err err;

    if (!r)
        return reply_failed(connection);
    *out = r;
    r->connection = connection;
    r->arena.limit = ARENA_MAX;
    r->body.arena = &r->arena;
    r->is_pixel = route->kind == COLLECT_PIXEL;
    r->body.type = str_of(route->type);
    r->body.address = arena_str(&r->arena, sender(c, connection, address));
    if (r->is_pixel)
        read_pixel(connection, body);
    if (!r->body.address.p || body->failed)
        return reply_failed(connection);
    if (!read_text(r, body, &err) || !collect_cut(&r->body, &err))
        return err.code == ERR_LIMIT ? reply_limit(connection, &err)
               : err.code == ERR_INPUT
                   ? collector_refuse(connection, MHD_HTTP_BAD_REQUEST, NULL, &err)
                   : reply_failed(connection);
    if (let_in(c, r, &result))
        wait_for_commit(c, r);
    return result;
}

enum MHD_Result collector_take(struct collector *c, struct MHD_Connection *connection,
                               const char *method, str path, struct buf *body,
                               struct collect_request **r)
{
    const struct collect_route *route;
    str key;

    if (*r)
        return reply_result(connection, *r);
    if (!strcmp(method, "OPTIONS"))
        return reply_preflight(connection);
    route = collect_route_find(path, &key);
    if (!route)
        return reply_words(connection, MHD_HTTP_NOT_FOUND,
                           "the tracking API has no such path: docs/collect.md lists "
                           "those there are");
    switch (route->kind) {
    case COLLECT_CALLS:
    case COLLECT_PIXEL:
        return begin_calls(c, connection, route, body, r);
    case COLLECT_SETTINGS:
        return reply_settings(connection, key);
    case COLLECT_SOURCE_CONFIG:
        return reply_source_config(connection);
    case COLLECT_METRICS:
        return reply_ok(connection);
    }
    return MHD_NO;
}

enum MHD_Result collector_too_large(struct MHD_Connection *c)
{
    struct err err;

    err_set(&err, ERR_LIMIT, "a body has at most %u KiB", COLLECT_BODY_MAX >> 10);
    return reply_limit(c, &err);
}

/* --- the commit --- */

bool collector_new(struct engine *e, struct keys *keys, bool behind_proxy,
                   const struct log_sink *log, struct collector **out, struct err *err)
{
    struct collector *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->engine = e;
    c->keys = keys;
    c->behind_proxy = behind_proxy;
    c->log = log;
    c->last = &c->first;
    *out = c;
    return true;
}

void collector_free(struct collector *c)
{
    mem_free(c);
}

static bool commit(struct collector *c, int64_t now_ms, struct err *err)
{
    struct collect_body **body = mem_alloc(c->n * sizeof(struct collect_body *));
    size_t n = 0;
    bool ok;

    if (!body)
        return err_nomem(err);
    for (struct collect_request *r = c->first; r; r = r->next)
        body[n++] = &r->body;
    ok = engine_collect(c->engine, body, n, now_ms, err);
    mem_free(body);
    return ok;
}

struct collect_counts collector_counts(const struct collector *c)
{
    return c->counts;
}

static void count(struct collect_counts *counts, const struct collect_body *body)
{
    counts->accepted += body->accepted;
    counts->duplicates += body->duplicates;
    counts->refused += body->refused_n + (body->broken.n > 0);
}

void collector_run(struct collector *c, int64_t now_ms, bool *came)
{
    struct collect_request *r = c->first, *next;
    struct err err;
    bool ok;

    *came = r;
    if (!r)
        return;
    ok = commit(c, now_ms, &err);
    if (!ok)
        log_line(c->log, LOG_ERROR, "collect", "requests=%zu error=%s", c->n, err.msg);
    c->first = NULL;
    c->last = &c->first;
    c->n = 0;
    for (; r; r = next) {
        next = r->next;
        r->failed = !ok;
        if (ok)
            count(&c->counts, &r->body);
        MHD_resume_connection(r->connection);
    }
}
