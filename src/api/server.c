/* server.c - libmicrohttpd around api_answer and the embedded page.
 *
 * (1) One thread, serve(), runs the daemon, closes connections that dawdle, and answers; so
 *     nothing here needs a lock.
 * (2) Only GET and HEAD without a body are taken, only under a name of this machine: a page
 *     of another site that has its own name pointed here (DNS rebinding) gets nothing. */
#include "api/server.h"

#include "api/assets.h"
#include "api/route.h"
#include "base/num.h"
#include "base/random.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECTIONS_MAX = 256,
    IDLE_S = 60,
    PATIENCE_MS = 30 * 1000,
    POLL_MS = 250, /* how long server_stop may have to wait */
    REQUEST_ARENA_MAX = 1 << 30,
};

struct server {
    struct engine *engine;
    struct server_options options;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    atomic_bool stop;
    char address[80];
    struct peer {
        int fd;
        int64_t deadline_ms; /* steady */
    } peer[CONNECTIONS_MAX];
    unsigned peer_n;
};

/* --- connections that dawdle --- */

static int64_t steady_ms(void)
{
    return clock_steady_us() / 1000;
}

static int socket_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct peer *find_peer(struct server *s, int fd)
{
    for (unsigned i = 0; i < s->peer_n; i++)
        if (s->peer[i].fd == fd)
            return &s->peer[i];
    return NULL;
}

static void on_connection(void *context, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = context;
    struct peer *peer = find_peer(s, socket_of(c));

    (void)socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED && s->peer_n < CONNECTIONS_MAX)
        s->peer[s->peer_n++] =
            (struct peer){socket_of(c), steady_ms() + s->options.patience_ms};
    else if (code == MHD_CONNECTION_NOTIFY_CLOSED && peer)
        *peer = s->peer[--s->peer_n];
}

static void on_completed(void *context, struct MHD_Connection *c, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = context;
    struct peer *peer = find_peer(s, socket_of(c));

    (void)request_context;
    (void)code;
    if (peer)
        peer->deadline_ms = steady_ms() + 10 * s->options.patience_ms;
}

static void close_dawdlers(struct server *s)
{
    int64_t now_ms = steady_ms();

    for (unsigned i = 0; i < s->peer_n; i++)
        if (s->peer[i].deadline_ms < now_ms)
            shutdown(s->peer[i].fd, SHUT_RDWR); /* the daemon then closes it */
}

/* --- is this request one of ours? --- */

struct header_check {
    unsigned hosts;
    bool body, bad_name;
    str host;
};

static enum MHD_Result check_header(void *context, enum MHD_ValueKind kind,
                                    const char *name, const char *value)
{
    struct header_check *check = context;

    (void)kind;
    for (const char *p = name; *p; p++)
        check->bad_name |= *p <= ' ' || *p >= 0x7f || *p == ':';
    if (!strcasecmp(name, "Host")) {
        check->hosts++;
        check->host = str_of(value);
    }
    check->body |=
        !strcasecmp(name, "Transfer-Encoding")
        || (!strcasecmp(name, "Content-Length") && strcmp(value ? value : "", "0"));
    return MHD_YES;
}

/* localhost, 127.0.0.1 or [::1], with or without a port */
static bool is_local_name(str host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        str name = str_of(names[i]);

        if (str_starts_nocase(host, name) && (host.n == name.n || host.p[name.n] == ':'))
            return true;
    }
    return false;
}

static bool check_request(struct MHD_Connection *c, struct err *err)
{
    struct header_check check = {};

    MHD_get_connection_values(c, MHD_HEADER_KIND, check_header, &check);
    if (check.bad_name || check.hosts != 1)
        return err_set(err, ERR_INPUT, "the request's headers are malformed");
    if (!is_local_name(check.host))
        return err_set(err, ERR_INPUT,
                       "this server answers only as localhost, 127.0.0.1 or [::1]");
    return !check.body || err_set(err, ERR_INPUT, "a request here has no body");
}

/* The library ends texts at a NUL; so that "anna%00x" is not taken for anna, a NUL becomes the
 * replacement character, which takes up the same three bytes. */
static size_t unescape(void *context, struct MHD_Connection *c, char *text)
{
    (void)context;
    (void)c;
    for (char *nul = text; (nul = strstr(nul, "%00"));)
        memcpy(nul, "\xef\xbf\xbd", 3);
    return MHD_http_unescape(text);
}

/* --- answers --- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status,
                              struct MHD_Response *response, const char *type)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    result = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The buf's bytes become the response's; the buf is spent. */
static enum MHD_Result answer_buf(struct MHD_Connection *c, unsigned status,
                                  struct buf *b, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(b->n, b->p, mem_free);

    if (!response)
        buf_free(b);
    else
        MHD_add_response_header(response, "Cache-Control", "no-store");
    return answer(c, status, response, type);
}

static enum MHD_Result answer_with(struct MHD_Connection *c, unsigned status,
                                   const struct err *err)
{
    struct buf b = {};

    api_put_error(&b, err);
    if (b.failed) {
        buf_free(&b);
        return MHD_NO;
    }
    return answer_buf(c, status, &b, "application/json");
}

static enum MHD_Result answer_error(struct MHD_Connection *c, const struct err *err)
{
    return answer_with(c, (unsigned)api_status(err->code), err);
}

static str query_param(void *context, const char *name)
{
    return str_of(MHD_lookup_connection_value(context, MHD_GET_ARGUMENT_KIND, name));
}

static enum MHD_Result answer_api(struct server *s, struct MHD_Connection *c, str path)
{
    struct arena a = {.limit = REQUEST_ARENA_MAX};
    struct buf b = {};
    struct api_request r = {
        .engine = s->engine,
        .path = path,
        .param = query_param,
        .context = c,
        .a = &a,
        .out = &b,
    };
    int64_t now_ms = clock_now_ms() + s->options.clock_offset_ms;
    struct err err;
    bool ok;

    /* The system's clock may be set back; histories only go forward. */
    if (now_ms < engine_now_ms(s->engine))
        now_ms = engine_now_ms(s->engine);
    ok = engine_advance(s->engine, now_ms, &err) && api_answer(&r, &err);
    arena_free(&a);
    if (ok)
        return answer_buf(c, MHD_HTTP_OK, &b, r.type);
    buf_free(&b);
    if (err.code == ERR_CORRUPT || err.code == ERR_IO)
        log_line(&s->options.log, LOG_ERROR, "api", "path=%.*s error=%s", STR_FMT(path),
                 err.msg);
    return answer_error(c, &err);
}

/* Up to the mark, which *rest then stands behind. */
static str cut_at(str *rest, char mark)
{
    const char *end = memchr(rest->p, mark, rest->n);
    str head = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

    *rest = str_from(*rest, end ? head.n + 1 : head.n);
    return str_trim(head);
}

/* "br, gzip;q=0.5" does, "gzip;q=0" does not. */
static bool accepts_gzip(struct MHD_Connection *c)
{
    str list = str_of(
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING));

    while (list.n) {
        str weight = cut_at(&list, ','), name = cut_at(&weight, ';');

        if (name.n != 4 || !str_starts_nocase(name, STR("gzip")))
            continue;
        for (size_t i = 0; i < weight.n; i++)
            if (weight.p[i] >= '1' && weight.p[i] <= '9')
                return true;
        return !weight.n;
    }
    return false;
}

static enum MHD_Result answer_asset(struct MHD_Connection *c, const struct asset *asset)
{
    const char *known =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool same = known && !strcmp(known, asset->etag);
    bool gzip = asset->gzip && accepts_gzip(c);
    const unsigned char *bytes = gzip ? asset->gzip : asset->bytes;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(same   ? 0
                                        : gzip ? asset->gzip_n
                                               : asset->n,
                                        (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "ETag", asset->etag);
    MHD_add_response_header(response, "Vary", "Accept-Encoding");
    /* Vite names the files under /assets/ after their content. */
    MHD_add_response_header(response, "Cache-Control",
                            str_starts(str_of(asset->path), STR("/assets/"))
                                ? "public, max-age=31536000, immutable"
                                : "no-cache");
    if (gzip && !same)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    return answer(c, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response, asset->type);
}

/* 128 secret bits in hexadecimal */
static bool make_nonce(char nonce[33])
{
    unsigned char secret[16];

    if (!random_secret(secret, sizeof secret))
        return false;
    for (size_t i = 0; i < sizeof secret; i++)
        snprintf(nonce + 2 * i, 3, "%02x", secret[i]);
    return true;
}

/* index.html with a nonce of its own, which the Content-Security-Policy then names. */
static enum MHD_Result answer_index(struct MHD_Connection *c, const struct asset *index)
{
    const str mark = STR("__CSP_NONCE__");
    str html = {(const char *)index->bytes, index->n};
    struct buf b = {};
    struct MHD_Response *response;
    char nonce[33], policy[400];

    if (!make_nonce(nonce))
        return MHD_NO;
    for (const char *at; (at = memmem(html.p, html.n, mark.p, mark.n));) {
        buf_add(&b, (str){html.p, (size_t)(at - html.p)});
        buf_add(&b, str_of(nonce));
        html = str_from(html, (size_t)(at - html.p) + mark.n);
    }
    buf_add(&b, html);
    if (b.failed) {
        buf_free(&b);
        return MHD_NO;
    }
    snprintf(policy, sizeof policy,
             "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-%s'; "
             "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
             "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
             nonce);
    response = MHD_create_response_from_buffer_with_free_callback(b.n, b.p, mem_free);
    if (!response) {
        buf_free(&b);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    return answer(c, MHD_HTTP_OK, response, index->type);
}

static bool looks_like_file(str path)
{
    const char *slash = memrchr(path.p, '/', path.n);

    return slash && memchr(slash, '.', path.n - (size_t)(slash - path.p));
}

static enum MHD_Result answer_page(struct MHD_Connection *c, str path)
{
    static const char index[] = "/index.html";
    const struct asset *asset = asset_find(path);
    struct err err;

    if (asset && !str_eq(path, str_of(index)))
        return answer_asset(c, asset);
    asset = asset_find(str_of(index));
    /* The page's own paths are known to the page alone: /customers/J.%20Smith is one. */
    if (asset && (!looks_like_file(path) || str_starts(path, STR("/customers/"))))
        return answer_index(c, asset);
    err_set(&err, ERR_NOT_FOUND, "there is no such file");
    return answer_error(c, &err);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_n, void **request_context)
{
    static int seen; /* its address marks a request whose headers were checked */
    struct server *s = context;
    struct err err;

    (void)version;
    (void)body;
    if (!*request_context) {
        *request_context = &seen;
        if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
            return check_request(c, &err) ? MHD_YES : answer_error(c, &err);
        err_set(&err, ERR_INPUT, "only GET and HEAD are answered here");
        return answer_with(c, MHD_HTTP_METHOD_NOT_ALLOWED, &err);
    }
    if (*body_n) {
        *body_n = 0;
        return MHD_YES;
    }
    if (!strcmp(url, "/healthz")) {
        struct buf b = {};

        buf_add(&b, STR("{\"ok\":true}"));
        return answer_buf(c, MHD_HTTP_OK, &b, "application/json");
    }
    if (str_starts(str_of(url), STR("/api/")))
        return answer_api(s, c, str_of(url));
    return answer_page(c, str_of(url));
}

/* --- start and stop --- */

static void *serve(void *context)
{
    struct server *s = context;

    while (!atomic_load(&s->stop)) {
        MHD_run_wait(s->daemon, POLL_MS);
        close_dawdlers(s);
    }
    return NULL;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "127.0.0.1:7070", "[::1]:7070", "localhost:7070", ":7070", "7070" */
static bool parse_address(str listen, union address *out, bool *v6, struct err *err)
{
    const char *colon = memrchr(listen.p, ':', listen.n);
    str host = colon ? (str){listen.p, (size_t)(colon - listen.p)} : STR("");
    str port = colon ? str_from(listen, host.n + 1) : listen;
    int64_t number;

    if (!num_parse(port, &number) || number < 0 || number > 65535 * NUM_ONE
        || number % NUM_ONE)
        return err_set(err, ERR_INPUT,
                       "\"%.*s\" is no address to listen on; one is 127.0.0.1:7070",
                       STR_FMT(listen));
    *out = (union address){};
    *v6 = str_eq(host, STR("[::1]"));
    if (*v6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_addr = in6addr_loopback;
        out->v6.sin6_port = htons((uint16_t)(number / NUM_ONE));
        return true;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out->v4.sin_port = htons((uint16_t)(number / NUM_ONE));
    return !host.n || str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("localhost"))
           || err_set(
               err, ERR_INPUT,
               "%.*s can be reached by other machines, and this version has no keys to "
               "keep strangers out: listen on 127.0.0.1 and put a web server with a "
               "password in front",
               STR_FMT(host));
}

static void on_mhd_log(void *context, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void on_mhd_log(void *context, const char *format, va_list args)
{
    struct server *s = context;
    char line[300];

    vsnprintf(line, sizeof line, format, args);
    log_line(&s->options.log, LOG_WARN, "http", "message=%s", line);
}

static bool start_daemon(struct server *s, const union address *address, bool v6,
                         struct err *err)
{
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | (v6 ? MHD_USE_IPv6 : 0);
    uint16_t port;

    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, s,
        MHD_OPTION_SOCK_ADDR, &address->any, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_UNESCAPE_CALLBACK, unescape, s,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!s->daemon)
        return err_sys(err, "cannot listen on %.*s (does something else listen there?)",
                       STR_FMT(s->options.listen));
    port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    snprintf(s->address, sizeof s->address, "%s:%u", v6 ? "[::1]" : "127.0.0.1", port);
    return true;
}

bool server_start(struct engine *e, const struct server_options *options,
                  struct server **out, struct err *err)
{
    struct server *s;
    union address address;
    bool v6, ok;
    int failed;

    if (!parse_address(options->listen, &address, &v6, err))
        return false;
    s = mem_alloc(sizeof *s);
    if (!s)
        return err_nomem(err);
    s->engine = e;
    s->options = *options;
    if (!s->options.patience_ms)
        s->options.patience_ms = PATIENCE_MS;
    ok = engine_advance(e, clock_now_ms() + options->clock_offset_ms, err)
         && start_daemon(s, &address, v6, err);
    if (ok && (failed = pthread_create(&s->thread, NULL, serve, s))) {
        errno = failed;
        ok = err_sys(err, "cannot start a thread");
    }
    if (!ok) {
        if (s->daemon)
            MHD_stop_daemon(s->daemon);
        mem_free(s);
        return false;
    }
    *out = s;
    return true;
}

str server_address(const struct server *s)
{
    return str_of(s->address);
}

void server_stop(struct server *s)
{
    if (!s)
        return;
    atomic_store(&s->stop, true);
    pthread_join(s->thread, NULL);
    MHD_stop_daemon(s->daemon);
    mem_free(s);
}
