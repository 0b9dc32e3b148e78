#include "api/collect_answer.h"

#include "api/error.h"
#include "api/sent.h"
#include "base/time.h"

enum { RETRY_BUSY_S = 1, RETRY_FAILED_S = 5 };

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
    str origin = sent_header(c, "Origin");

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
    buf_add_format(&moment, "%lld", (long long)clock_now_ms() / MS_SECOND + after_s);
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

    api_put_error(&b, err, STR(""));
    return reply(c, how, &b);
}

enum MHD_Result collect_answer_error(struct MHD_Connection *c, unsigned status,
                                     const char *allow, const struct err *err)
{
    return reply_error(c, (struct reply){.status = status, .allow = allow}, err);
}

enum MHD_Result collect_answer_words(struct MHD_Connection *c, unsigned status,
                                     const char *why)
{
    struct err err;

    err_set(&err, ERR_INPUT, "%s", why);
    return collect_answer_error(c, status, NULL, &err);
}

enum MHD_Result collect_answer_again(struct MHD_Connection *c, unsigned after_s,
                                     const char *why)
{
    struct err err;

    err_set(&err, ERR_LIMIT, "%s", why);
    return reply_error(
        c, (struct reply){.status = MHD_HTTP_TOO_MANY_REQUESTS, .retry_after_s = after_s},
        &err);
}

enum MHD_Result collect_answer_busy(struct MHD_Connection *c)
{
    return collect_answer_again(c, RETRY_BUSY_S,
                                "too much is being sent at the same time");
}

enum MHD_Result collect_answer_failed(struct MHD_Connection *c)
{
    struct err err;

    err_set(&err, ERR_IO, "nothing of this was kept: send it again later");
    return reply_error(c,
                       (struct reply){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
                                      .retry_after_s = RETRY_FAILED_S},
                       &err);
}

enum MHD_Result collect_answer_preflight(struct MHD_Connection *c)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!r)
        return MHD_NO;
    add_cors(c, r);
    add_header(r, "Access-Control-Allow-Headers",
               sent_header(c, "Access-Control-Request-Headers"));
    MHD_add_response_header(r, "Access-Control-Allow-Methods", "GET, POST");
    MHD_add_response_header(r, "Access-Control-Max-Age", "86400");
    result = MHD_queue_response(c, MHD_HTTP_NO_CONTENT, r);
    MHD_destroy_response(r);
    return result;
}

/* One transparent point. */
enum MHD_Result collect_answer_pixel(struct MHD_Connection *c)
{
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,"
                              "\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    struct buf b = {};

    buf_add(&b, STR(gif));
    return reply(c, (struct reply){.status = MHD_HTTP_OK, .type = "image/gif"}, &b);
}

enum MHD_Result collect_answer_taken(struct MHD_Connection *c,
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

/* --- what SDKs ask before they send --- */

/* As the sender sees it, who may stand before a proxy that speaks TLS for us. */
static str scheme(struct MHD_Connection *c)
{
    struct MHD_Daemon *daemon =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_DAEMON)->daemon;
    bool tls = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_FLAGS)->flags & MHD_USE_TLS;

    return tls || str_eq(sent_header(c, "X-Forwarded-Proto"), STR("https")) ? STR("https")
                                                                            : STR("http");
}

/* The path without its "/v1/projects/" and "/settings". */
enum MHD_Result collect_answer_settings(struct MHD_Connection *c, str key)
{
    struct buf b = {}, host = {};
    struct json_out j = {.to = &b};

    buf_add(&host, sent_header(c, "Host"));
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

enum MHD_Result collect_answer_source_config(struct MHD_Connection *c)
{
    struct buf b = {};

    buf_add(&b, STR("{\"source\":{\"id\":\"ciclo\",\"name\":\"Ciclo\",\"writeKey\":\"\","
                    "\"enabled\":true,\"workspaceId\":\"ciclo\",\"destinations\":[],"
                    "\"config\":{\"statsCollection\":{\"errors\":{\"enabled\":false},"
                    "\"metrics\":{\"enabled\":false}}},\"connections\":[],"
                    "\"dataplanes\":{}},\"updatedAt\":\"2026-01-01T00:00:00.000Z\"}"));
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}

enum MHD_Result collect_answer_ok(struct MHD_Connection *c)
{
    struct buf b = {};

    buf_add(&b, STR("{\"success\":true}"));
    return reply(c, (struct reply){.status = MHD_HTTP_OK}, &b);
}
