#include "api/collect.h"

#include "api/collect_answer.h"
#include "api/collect_impl.h"
#include "api/sent.h"
#include "base/base64.h"
#include "base/time.h"
#include "base/zip.h"
#include "engine/keys.h"
#include "event/call.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SPARE = 64,             /* that the parser may read */
    ARENA_MAX = 64 << 20,   /* of one request */
    EVENT_HELD = 512,       /* bytes, about, that are held for an event besides its own */
    COMMIT_BYTES = 8 << 20, /* of bodies that share a commit */
};

struct collector {
    struct engine *engine;
    struct keys *keys;
    bool behind_proxy;
    struct bodies *bodies;
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
    struct body *sent;
    struct arena arena;
    bool is_pixel;
    bool failed; /* nothing of it was kept: it is to be sent again */
};

void collect_request_free(struct collect_request *r)
{
    if (!r)
        return;
    arena_free(&r->arena);
    mem_free(r);
}

/* --- what comes --- */

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
    str data = sent_argument(c, "data");

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
        return address_cut(forwarded(sent_header(c, "X-Forwarded-For")), to);
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
    const str basic = STR("Basic ");
    str said = sent_header(r->connection, MHD_HTTP_HEADER_AUTHORIZATION);
    str key = sent_bearer(r->connection);

    if (key.n)
        return key;
    if (str_starts_nocase(said, basic) && basic_key(r, str_from(said, basic.n), &key)
        && key.n)
        return key;
    key = sent_argument(r->connection, "writeKey");
    return key.n ? key : r->body.write_key;
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
        *result =
            collect_answer_words(r->connection, MHD_HTTP_UNAUTHORIZED,
                                 "this write key is not known here, or was revoked");
        return false;
    }
    if (!key_may(who.right, KEY_COLLECT)) {
        *result = collect_answer_words(r->connection, MHD_HTTP_FORBIDDEN,
                                       "this key may not send events: one with the right "
                                       "collect may");
        return false;
    }
    if (!keys_take(c->keys, who.number, r->body.event_n, clock_steady_ms(), &wait_s)) {
        *result = collect_answer_again(r->connection, wait_s,
                                       "this key sends too much: slower");
        return false;
    }
    buf_add(&source, STR("http:"));
    buf_add(&source, who.name);
    r->body.source = (str){};
    if (!source.failed)
        r->body.source = arena_str(&r->arena, buf_str(&source));
    buf_free(&source);
    if (!r->body.source.p)
        *result = collect_answer_failed(r->connection);
    return r->body.source.p;
}

/* Unpacked when it is packed, whatever its headers say, and with room for the parser. */
static bool read_text(struct collect_request *r, struct err *err)
{
    struct buf *text = &r->sent->bytes, unpacked = {};
    char *spare;

    if (is_gzip(buf_str(text))) {
        bool ok = gzip_unpack(buf_str(text), COLLECT_BODY_MAX, &unpacked, err);

        buf_free(text);
        *text = unpacked;
        if (!ok)
            return false;
    }
    spare = buf_room(text, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    r->body.text = buf_str(text);
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

/* What could not be cut into events. */
static enum MHD_Result refuse(struct MHD_Connection *c, const struct err *err)
{
    if (err->code == ERR_LIMIT)
        return collect_answer_error(c, MHD_HTTP_CONTENT_TOO_LARGE, NULL, err);
    if (err->code == ERR_INPUT)
        return collect_answer_error(c, MHD_HTTP_BAD_REQUEST, NULL, err);
    return collect_answer_failed(c);
}

static enum MHD_Result begin_calls(struct collector *c, struct MHD_Connection *connection,
                                   const struct collect_route *route, struct body *body,
                                   struct collect_request **out)
{
    struct collect_request *r = mem_alloc(sizeof *r);
    enum MHD_Result result = MHD_YES;
    char address[ADDRESS_MAX];
    struct err err;

    if (!r)
        return collect_answer_failed(connection);
    *out = r;
    r->connection = connection;
    r->sent = body;
    r->arena.limit = ARENA_MAX;
    r->body.arena = &r->arena;
    r->is_pixel = route->kind == COLLECT_PIXEL;
    r->body.type = str_of(route->type);
    r->body.address = arena_str(&r->arena, sender(c, connection, address));
    if (r->is_pixel)
        read_pixel(connection, &body->bytes);
    if (!r->body.address.p || body->bytes.failed)
        return collect_answer_failed(connection);
    if (!read_text(r, &err) || !collect_cut(&r->body, &err))
        return refuse(connection, &err);
    if (!bodies_hold(c->bodies, body, body->bytes.cap + r->body.event_n * EVENT_HELD,
                     clock_steady_ms()))
        return collect_answer_busy(connection);
    if (let_in(c, r, &result))
        wait_for_commit(c, r);
    return result;
}

static enum MHD_Result reply_result(struct MHD_Connection *c,
                                    const struct collect_request *r)
{
    struct err err;

    if (r->failed)
        return collect_answer_failed(c);
    if (r->is_pixel)
        return collect_answer_pixel(c);
    if (!r->body.broken.n)
        return collect_answer_taken(c, &r->body);
    err_set(&err, ERR_INPUT, "%.*s", STR_FMT(r->body.broken));
    return collect_answer_error(c, MHD_HTTP_BAD_REQUEST, NULL, &err);
}

enum MHD_Result collector_take(struct collector *c, struct MHD_Connection *connection,
                               const char *method, str path, struct body *body,
                               struct collect_request **r)
{
    const struct collect_route *route;
    str key;

    if (*r)
        return reply_result(connection, *r);
    if (!strcmp(method, "OPTIONS"))
        return collect_answer_preflight(connection);
    route = collect_route_find(path, &key);
    if (!route)
        return collect_answer_words(
            connection, MHD_HTTP_NOT_FOUND,
            "the tracking API has no such path: docs/collect.md lists "
            "those there are");
    if ((route->kind == COLLECT_CALLS || route->kind == COLLECT_PIXEL)
        && store_is_held(engine_store(c->engine)))
        return collect_answer_failed(connection);
    switch (route->kind) {
    case COLLECT_CALLS:
    case COLLECT_PIXEL:
        return begin_calls(c, connection, route, body, r);
    case COLLECT_SETTINGS:
        return collect_answer_settings(connection, key);
    case COLLECT_SOURCE_CONFIG:
        return collect_answer_source_config(connection);
    case COLLECT_METRICS:
        return collect_answer_ok(connection);
    }
    return MHD_NO;
}

enum MHD_Result collector_too_large(struct MHD_Connection *c)
{
    struct err err;

    err_set(&err, ERR_LIMIT, "a body has at most %u KiB", COLLECT_BODY_MAX >> 10);
    return collect_answer_error(c, MHD_HTTP_CONTENT_TOO_LARGE, NULL, &err);
}

/* --- the commit --- */

bool collector_new(struct engine *e, struct keys *keys, bool behind_proxy,
                   struct bodies *bodies, const struct log_sink *log,
                   struct collector **out, struct err *err)
{
    struct collector *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->engine = e;
    c->keys = keys;
    c->behind_proxy = behind_proxy;
    c->bodies = bodies;
    c->log = log;
    c->last = &c->first;
    *out = c;
    return true;
}

void collector_free(struct collector *c)
{
    mem_free(c);
}

/* The first that wait, as many as share a commit. */
static size_t take_waiting(const struct collector *c, struct collect_body **to)
{
    size_t n = 0, bytes = 0;

    for (struct collect_request *r = c->first; r && bytes < COMMIT_BYTES; r = r->next) {
        bytes += r->sent->held;
        to[n++] = &r->body;
    }
    return n;
}

static bool commit(struct collector *c, int64_t now_ms, size_t *n, struct err *err)
{
    struct collect_body **body = mem_alloc(c->n * sizeof(struct collect_body *));
    bool ok;

    *n = c->n;
    if (!body)
        return err_nomem(err);
    *n = take_waiting(c, body);
    ok = engine_collect(c->engine, body, *n, now_ms, err);
    mem_free(body);
    return ok;
}

bool collector_waits(const struct collector *c)
{
    return c->n;
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

bool collector_run(struct collector *c, int64_t now_ms, bool *came)
{
    struct err err;
    size_t n;
    bool ok;

    *came = c->n;
    if (!c->n)
        return true;
    ok = commit(c, now_ms, &n, &err);
    if (!ok)
        log_line(c->log, LOG_ERROR, "collect", "requests=%zu error=%s", n, err.msg);
    c->n -= n;
    for (; n; n--) {
        struct collect_request *r = c->first;

        c->first = r->next;
        r->failed = !ok;
        if (ok)
            count(&c->counts, &r->body);
        MHD_resume_connection(r->connection);
    }
    if (!c->first)
        c->last = &c->first;
    return ok;
}
