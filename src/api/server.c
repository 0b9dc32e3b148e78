/* server.c - libmicrohttpd around api_answer and the embedded page.
 *
 * (1) One thread, serve(), runs the daemon, closes connections that dawdle, and answers; so
 *     nothing here needs a lock. What takes long it hands to a job (jobs.h).
 * (2) Nothing of a request is used before request_check said that it is one of ours. */
#include "api/server.h"

#include "api/answer.h"
#include "api/collect.h"
#include "api/request.h"
#include "api/route.h"
#include "base/num.h"
#include "engine/collect.h"

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
    CHECKPOINT_MS = 5 * 60 * 1000,
    AGAIN_MS = 10 * 1000, /* after something failed that nobody asked for */
    REQUEST_ARENA_MAX = 1 << 30,
    BODIES_MAX = 64 << 20, /* that are being sent at the same time */
};

struct server {
    struct engine *engine;
    struct jobs *jobs;
    struct collector *collector;
    struct json_parser *parser;
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
    size_t body_bytes;              /* held, and not yet answered */
    int64_t tick_ms, checkpoint_ms; /* steady: not before */
    bool unsettled;                 /* events were committed, and nobody has seen them */
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

static void close_dawdlers(struct server *s)
{
    int64_t now_ms = steady_ms();

    for (unsigned i = 0; i < s->peer_n; i++)
        if (s->peer[i].deadline_ms < now_ms)
            shutdown(s->peer[i].fd, SHUT_RDWR); /* the daemon then closes it */
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

static str query_param(void *context, const char *name)
{
    return str_of(MHD_lookup_connection_value(context, MHD_GET_ARGUMENT_KIND, name));
}

static enum MHD_Result answer_code(struct MHD_Connection *c, const struct err *err)
{
    return answer_error(c, (unsigned)api_status(err->code), NULL, err);
}

/* NULL when nothing came. */
static bool read_body(struct server *s, struct buf *body, struct arena *a,
                      const struct json **out, struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read */
    char *spare;

    *out = NULL;
    if (!body->n && !body->failed)
        return true;
    if (body->failed || !(spare = buf_room(body, SPARE)))
        return err_nomem(err);
    memset(spare, 0, SPARE);
    return json_parse(s->parser, buf_str(body), a, out, err) || err_in(err, "the body");
}

static int64_t server_now_ms(const struct server *s)
{
    return clock_now_ms() + s->options.clock_offset_ms;
}

/* The system's clock may be set back; histories only go forward. */
static bool advance(struct server *s, struct err *err)
{
    int64_t now_ms = server_now_ms(s);

    if (now_ms < engine_now_ms(s->engine))
        now_ms = engine_now_ms(s->engine);
    return engine_advance(s->engine, now_ms, err);
}

static enum MHD_Result answer_api(struct server *s, struct MHD_Connection *c,
                                  const char *method, str path, struct buf *body)
{
    struct arena a = {.limit = REQUEST_ARENA_MAX};
    struct buf b = {};
    struct api_request r = {
        .engine = s->engine,
        .jobs = s->jobs,
        .method = method,
        .path = path,
        .param = query_param,
        .context = c,
        .a = &a,
        .out = &b,
    };
    struct err err;
    bool ok =
        advance(s, &err) && read_body(s, body, &a, &r.body, &err) && api_answer(&r, &err);

    arena_free(&a);
    if (ok)
        return answer_buf(c, (unsigned)r.status, &b, r.type);
    buf_free(&b);
    if (err.code == ERR_CORRUPT || err.code == ERR_IO)
        log_line(&s->options.log, LOG_ERROR, "api", "path=%.*s error=%s", STR_FMT(path),
                 err.msg);
    return answer_code(c, &err);
}

/* One request, from its headers to its end. */
struct exchange {
    struct request request;
    struct buf body;
    size_t held; /* bytes of it that the server counts */
    bool is_too_much;
    struct collect_request *collected;
};

static enum MHD_Result begin(struct MHD_Connection *c, const char *url,
                             const char *method, void **request_context)
{
    struct exchange *x = mem_alloc(sizeof *x);
    unsigned refused;
    struct err err;

    if (!x)
        return MHD_NO;
    *request_context = x;
    refused = request_check(c, str_of(url), method, &x->request, &err);
    if (!refused)
        return MHD_YES;
    return x->request.collects ? collector_refuse(c, refused, x->request.allow, &err)
                               : answer_error(c, refused, x->request.allow, &err);
}

/* What is too much is read to its end, since only then an answer is heard, and forgotten. */
static void take_bytes(struct server *s, struct exchange *x, str bytes)
{
    x->is_too_much |= bytes.n > BODIES_MAX - s->body_bytes;
    if (x->is_too_much) {
        s->body_bytes -= x->held;
        x->held = 0;
        buf_free(&x->body);
        return;
    }
    buf_add(&x->body, bytes);
    s->body_bytes += bytes.n;
    x->held += bytes.n;
}

static enum MHD_Result answer_too_much(struct MHD_Connection *c, const struct exchange *x)
{
    struct err err;

    if (x->request.collects)
        return collector_busy(c);
    err_set(&err, ERR_NOMEM, "too much is being sent at the same time: try again");
    return answer_code(c, &err);
}

static enum MHD_Result answer_whole(struct server *s, struct MHD_Connection *c,
                                    const char *method, const char *url,
                                    struct exchange *x)
{
    if (x->is_too_much)
        return answer_too_much(c, x);
    if (x->request.collects)
        return collector_take(s->collector, c, method, str_of(url), &x->body,
                              &x->collected);
    if (!strcmp(url, "/healthz")) {
        struct buf b = {};

        buf_add(&b, STR("{\"ok\":true}"));
        return answer_buf(c, MHD_HTTP_OK, &b, "application/json");
    }
    if (str_starts(str_of(url), STR("/api/")))
        return answer_api(s, c, method, str_of(url), &x->body);
    return answer_page(c, str_of(url));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_n, void **request_context)
{
    struct server *s = context;
    struct exchange *x = *request_context;

    (void)version;
    if (!x)
        return begin(c, url, method, request_context);
    if (!*body_n)
        return answer_whole(s, c, method, url, x);
    take_bytes(s, x, (str){body, *body_n});
    *body_n = 0;
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *c, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = context;
    struct peer *peer = find_peer(s, socket_of(c));
    struct exchange *x = *request_context;

    (void)code;
    if (peer)
        peer->deadline_ms = steady_ms() + 10 * s->options.patience_ms;
    if (!x)
        return;
    s->body_bytes -= x->held;
    buf_free(&x->body);
    collect_request_free(x->collected);
    mem_free(x);
    *request_context = NULL;
}

/* --- what time does by itself --- */

/* How long nothing falls due, up to POLL_MS. */
static int32_t wait_ms(const struct server *s)
{
    int64_t next_ms = engine_next_ms(s->engine), now_ms = server_now_ms(s);

    if (next_ms - now_ms >= POLL_MS || steady_ms() < s->tick_ms)
        return POLL_MS;
    return next_ms > now_ms ? (int32_t)(next_ms - now_ms) : 0;
}

static void tell_failure(struct server *s, const char *what, const struct err *err)
{
    log_line(&s->options.log, LOG_ERROR, what, "error=%s", err->msg);
}

/* Moves whom time moves, at his moment, whether anybody looks or not. */
static void tick(struct server *s)
{
    struct err err;

    if (engine_next_ms(s->engine) > server_now_ms(s) || steady_ms() < s->tick_ms)
        return;
    if (advance(s, &err)) {
        log_line(&s->options.log, LOG_DEBUG, "tick", "replayed=%llu",
                 (unsigned long long)engine_replayed(s->engine));
        return;
    }
    tell_failure(s, "tick", &err);
    s->tick_ms = steady_ms() + AGAIN_MS;
}

/* Commits what was sent, and answers it; then all else is brought to it. */
static void collect(struct server *s)
{
    struct err err;
    bool came;

    collector_run(s->collector, server_now_ms(s), &came);
    s->unsettled |= came;
    if (!s->unsettled)
        return;
    s->unsettled = !engine_settle(s->engine, &err) || !advance(s, &err);
    if (s->unsettled)
        tell_failure(s, "collect", &err);
}

/* What is computed need not be computed again by whoever opens the file after a crash. */
static void checkpoint(struct server *s)
{
    struct err err;

    if (steady_ms() < s->checkpoint_ms)
        return;
    s->checkpoint_ms = steady_ms() + CHECKPOINT_MS;
    if (!engine_checkpoint(s->engine, &err))
        tell_failure(s, "checkpoint", &err);
}

/* --- start and stop --- */

static void *serve(void *context)
{
    struct server *s = context;

    while (!atomic_load(&s->stop)) {
        MHD_run_wait(s->daemon, wait_ms(s));
        close_dawdlers(s);
        collect(s);
        jobs_tick(s->jobs);
        tick(s);
        checkpoint(s);
    }
    collect(s);
    MHD_run_wait(s->daemon, 0); /* whoever waited is answered */
    collect(s);
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
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG
                     | (v6 ? MHD_USE_IPv6 : 0);
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

static void server_free(struct server *s)
{
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    collector_free(s->collector);
    jobs_free(s->jobs);
    json_parser_free(s->parser);
    mem_free(s);
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
    ok = jobs_new(&s->jobs, err) && json_parser_new(&s->parser, err)
         && collector_new(e, &s->options.log, &s->collector, err)
         && engine_advance(e, server_now_ms(s), err)
         && start_daemon(s, &address, v6, err);
    if (ok && (failed = pthread_create(&s->thread, NULL, serve, s))) {
        errno = failed;
        ok = err_sys(err, "cannot start a thread");
    }
    if (!ok) {
        server_free(s);
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
    server_free(s);
}
