/* server.c - libmicrohttpd around api_answer and the embedded page.
 *
 * (1) One thread, serve(), runs the daemon, closes connections that dawdle, and answers; so
 *     nothing here needs a lock. What takes long it hands to a job (jobs.h).
 * (2) Nothing of a request is used before request_check said that it is one of ours. */
#include "api/server.h"

#include "api/answer.h"
#include "api/ask.h"
#include "api/bodies.h"
#include "api/collect.h"
#include "api/collect_answer.h"
#include "api/daemon_log.h"
#include "api/gate.h"
#include "api/listen.h"
#include "api/live.h"
#include "api/metrics.h"
#include "api/peers.h"
#include "api/reporter.h"
#include "api/request.h"
#include "api/route.h"
#include "api/sent.h"
#include "engine/alerts.h"
#include "engine/collect.h"
#include "engine/sender.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    IDLE_S = 60,
    PATIENCE_MS = 30 * 1000,
    POLL_MS = 250, /* how long server_stop may have to wait */
    CHECKPOINT_MS = 5 * 60 * 1000,
    LAST_ROUNDS = 16, /* in which all that wait are answered */
    PARTING_MS = 10,  /* so often, how long who listens has to hear that it is over */
    PARTING_MAX = 100,
    AGAIN_MS = 10 * 1000, /* after something failed that nobody asked for */
    REQUEST_ARENA_MAX = 1 << 30,
    ENDLESS_MAX = 16 << 20, /* sent of a body that is not taken: then nobody listens */
};

struct server {
    struct engine *engine;
    struct jobs *jobs;
    struct collector *collector;
    struct gate *gate;
    struct live *live;
    struct sender *sender;
    struct alerts *alerts;
    bool looks_on; /* at alerts, as soon as may be */
    struct reporter *reporter;
    uint32_t exchanges; /* that the sender knows of */
    struct json_parser *parser;
    struct server_options options;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    atomic_bool stop;
    struct request_rules rules;
    struct metrics metrics;
    struct daemon_log daemon_log;
    char address[80];
    struct peers peers;
    struct bodies bodies;
    int64_t tick_ms, checkpoint_ms; /* steady: not before */
    bool is_open;                   /* as it began */
    bool unsettled;                 /* events were committed, and nobody has seen them */
    int64_t tidy_ms;                /* steady: not before */
    int64_t settle_ms;              /* steady: not before, unless somebody asks */
    int64_t lost_ms;                /* steady: until then, events could not be kept */
    bool is_ending;                 /* whoever asks now comes too late */
    bool is_stale; /* what should have brought all to the present failed */
};

/* One request, from its headers to its end. */
struct exchange {
    struct request request;
    struct key_view who; /* asks, where it needs a right */
    enum door door;
    int64_t began_us; /* steady */
    int64_t took_us;  /* to the beginning of an answer that lasts; else 0 */
    struct body body;
    size_t sent; /* of it, so far */
    bool is_too_large;
    struct collect_request *collected;
    struct report_answer *report;
};

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
    return sent_argument(context, name);
}

static enum MHD_Result answer_code(struct MHD_Connection *c, const struct err *err,
                                   str text)
{
    return answer_error(c, (unsigned)api_status(err->code), NULL, err, text);
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

/* All to the present, and to what was collected. The system's clock may be set back; histories
 * only go forward. */
static bool advance(struct server *s, struct err *err)
{
    int64_t now_ms = server_now_ms(s);
    struct err unheard;
    bool ok;

    if (now_ms < engine_now_ms(s->engine))
        now_ms = engine_now_ms(s->engine);
    ok = (!s->unsettled || engine_settle(s->engine, err))
         && engine_advance(s->engine, now_ms, err);
    s->unsettled &= !ok;
    s->is_stale = !ok;
    if (!ok)
        return false;
    live_take(s->live);
    if (!engine_tell(s->engine, &unheard)) /* the next one tells it, too */
        log_line(&s->options.log, LOG_ERROR, "webhook", "error=%s", unheard.msg);
    return true;
}

/* What a handler made: a stream, or a body with one more header. */
static enum MHD_Result answer_made(struct MHD_Connection *c, struct exchange *x,
                                   struct api_request *r)
{
    struct answer_header more = {"Set-Cookie", r->cookie.p};
    enum MHD_Result result;
    char wait[20];

    if (r->stream) {
        x->took_us = clock_steady_us() - x->began_us;
        peers_stays(c);
        result = answer_stream(c, r->stream);
    } else {
        if (r->retry_after_s) {
            snprintf(wait, sizeof wait, "%u", r->retry_after_s);
            more = (struct answer_header){"Retry-After", wait};
        }
        result = answer_buf(c, (unsigned)r->status, r->out, r->type, more);
    }
    buf_free(&r->cookie);
    return result;
}

/* In a path may stand by which id somebody was asked for. */
static void log_failure(const struct server *s, str path, const struct err *err)
{
    size_t n = 0, slashes = 0;

    for (; n < path.n && engine_is_pseudonymous(s->engine); n++)
        if (path.p[n] == '/' && ++slashes == 3)
            break;
    if (slashes)
        path.n = n;
    log_line(&s->options.log, LOG_ERROR, "api", "path=%.*s error=%s", STR_FMT(path),
             err->msg);
}

static enum MHD_Result answer_failed(const struct server *s, struct MHD_Connection *c,
                                     str path, const struct err *err, str wrong)
{
    if (err->code == ERR_CORRUPT || err->code == ERR_IO)
        log_failure(s, path, err);
    return answer_code(c, err, wrong);
}

static enum MHD_Result answer_report(const struct server *s, struct MHD_Connection *c,
                                     struct exchange *x, str path)
{
    struct report_answer *a = x->report;
    struct answer_header age = {"Age", NULL};
    struct buf out = a->out;
    char seconds[20];

    if (!a->ok)
        return answer_failed(s, c, path, &a->err, buf_str(&a->wrong));
    a->out = (struct buf){};
    if (a->age_ms) {
        snprintf(seconds, sizeof seconds, "%lld", (long long)(a->age_ms + 999) / 1000);
        age.value = seconds;
    }
    return answer_buf(c, MHD_HTTP_OK, &out, a->type, age);
}

/* RFC 9111, 5.2.1.4 */
static bool wants_new(struct MHD_Connection *c)
{
    str said = sent_header(c, MHD_HTTP_HEADER_CACHE_CONTROL);

    return memmem(said.p, said.n, "no-cache", strlen("no-cache"));
}

static enum MHD_Result answer_api(struct server *s, struct MHD_Connection *c,
                                  struct exchange *x, const char *method, str path)
{
    struct arena a = {.limit = REQUEST_ARENA_MAX};
    struct buf b = {};
    struct question question;
    struct api_request r = {
        .engine = s->engine,
        .jobs = s->jobs,
        .gate = s->gate,
        .live = s->live,
        .sender = s->sender,
        .alerts = s->alerts,
        .who = x->who,
        .connection = c,
        .now_ms = server_now_ms(s),
        .steady_ms = clock_steady_ms(),
        .method = method,
        .path = path,
        .param = query_param,
        .context = c,
        .a = &a,
        .out = &b,
    };
    bool is_report = api_is_report(&r, &question), ok;
    enum MHD_Result result;
    struct err err;

    ok = advance(s, &err)
         && (is_report
                 ? reporter_ask(s->reporter, c, &question, wants_new(c), &x->report, &err)
                 : read_body(s, &x->body.bytes, &a, &r.body, &err)
                       && api_answer(&r, &err));
    if (!ok) {
        buf_free(&b);
        buf_free(&r.cookie);
        result = answer_failed(s, c, path, &err, r.wrong);
    } else if (is_report) {
        result = x->report->is_there ? answer_report(s, c, x, path) : MHD_YES;
    } else {
        result = answer_made(c, x, &r);
    }
    arena_free(&a);
    return result;
}

static enum door door_of(const struct exchange *x, str path)
{
    return x->request.collects              ? DOOR_COLLECT
           : str_starts(path, STR("/api/")) ? DOOR_API
                                            : DOOR_PAGE;
}

/* Whoever may not come in need not send more than his headers. */
static bool may_enter(struct server *s, struct MHD_Connection *c, struct exchange *x,
                      const char *method, str path, struct denial *denial)
{
    enum key_right needs = KEY_READ;
    bool asks = x->door == DOOR_API ? api_needs(path, method, &needs)
                                    : str_eq(path, STR("/metrics"));

    return !asks || gate_check(s->gate, c, needs, clock_steady_ms(), &x->who, denial);
}

/* Without keys anybody may send: but not whatever page somebody on this machine looks at. */
static bool is_strangers_page(const struct server *s, const struct exchange *x,
                              const char *method)
{
    return x->door == DOOR_COLLECT && x->request.is_foreign && !s->options.open_collect
           && strcmp(method, "OPTIONS") && !keys_any(gate_keys(s->gate));
}

static enum MHD_Result begin(struct server *s, struct MHD_Connection *c, const char *url,
                             const char *method, void **request_context)
{
    struct exchange *x = mem_alloc(sizeof *x);
    struct denial denial;
    unsigned refused;
    struct err err;

    if (!x)
        return MHD_NO;
    *request_context = x;
    x->began_us = clock_steady_us();
    refused = request_check(&s->rules, c, str_of(url), method, &x->request, &err);
    x->door = door_of(x, str_of(url));
    if (refused)
        return x->request.collects
                   ? collect_answer_error(c, refused, x->request.allow, &err)
                   : answer_error(c, refused, x->request.allow, &err, STR(""));
    if (is_strangers_page(s, x, method))
        return collect_answer_words(c, MHD_HTTP_FORBIDDEN,
                                    "without a key only pages of this machine may send "
                                    "events: ciclo key FILE add "
                                    "--right collect makes one, and ciclo serve "
                                    "--open-collect lets every page in");
    return may_enter(s, c, x, method, str_of(url), &denial) ? MHD_YES
                                                            : answer_denial(c, &denial);
}

/* What is not taken is read to its end, since only then an answer is heard; unless it has none. */
static enum MHD_Result take_bytes(struct server *s, struct exchange *x, str bytes)
{
    x->sent += bytes.n;
    x->is_too_large |= x->request.collects && x->sent > COLLECT_BODY_MAX;
    if (x->is_too_large)
        bodies_end(&s->bodies, &x->body);
    else
        bodies_add(&s->bodies, &x->body, bytes, clock_steady_ms());
    return x->sent > ENDLESS_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result answer_too_much(struct MHD_Connection *c, const struct exchange *x)
{
    struct err err;

    if (x->request.collects)
        return collect_answer_busy(c);
    err_set(&err, ERR_NOMEM, "too much is being sent at the same time: try again");
    return answer_code(c, &err, STR(""));
}

static enum MHD_Result answer_health(struct MHD_Connection *c, unsigned status, str body)
{
    struct buf b = {};

    buf_add(&b, body);
    return answer_buf(c, status, &b, "application/json", (struct answer_header){});
}

/* Whether answers are about the present, and events are kept: nothing failed that is tried again,
 * by the server itself or by who sent it. */
static bool is_ready(const struct server *s)
{
    int64_t now_ms = clock_steady_ms();

    return !s->is_stale && now_ms >= s->tick_ms && now_ms >= s->lost_ms;
}

static enum MHD_Result answer_metrics(struct server *s, struct MHD_Connection *c)
{
    struct store_facts facts = snapshot_facts(engine_snapshot(s->engine));
    struct collect_counts counts = collector_counts(s->collector);
    struct sender_counts sent = sender_counts(s->sender);
    struct report_counts reports = reporter_counts(s->reporter);
    struct buf b = {};

    metrics_print(&s->metrics,
                  &(struct metrics_now){
                      .accepted = counts.accepted,
                      .duplicates = counts.duplicates,
                      .refused = counts.refused,
                      .file_events = facts.events,
                      .file_customers = facts.customers,
                      .file_refused = facts.refused,
                      .file_bytes = store_file_bytes(engine_store(s->engine)),
                      .waiting_bytes = s->bodies.held,
                      .connections = MHD_get_daemon_info(
                                         s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
                                         ->num_connections,
                      .listeners = live_listeners(s->live),
                      .memory_bytes = mem_resident_bytes(),
                      .model_version = engine_model_version(s->engine),
                      .reports_fresh = reports.fresh,
                      .reports_kept = reports.kept,
                      .reports_older = reports.older,
                      .hooks = sent.webhooks,
                      .hooks_failing = sent.failing,
                      .hooks_paused = sent.paused,
                      .hooks_delivered = sent.delivered,
                      .hooks_failed = sent.failed,
                      .next_ms = engine_next_ms(s->engine),
                      .is_ready = is_ready(s),
                  },
                  &b);
    return answer_buf(c, MHD_HTTP_OK, &b, "text/plain; version=0.0.4; charset=utf-8",
                      (struct answer_header){});
}

/* The data file was exchanged, and could not be opened again yet. */
static enum MHD_Result answer_shut(struct MHD_Connection *c, const struct exchange *x)
{
    struct err err;

    if (x->request.collects)
        return collect_answer_failed(c);
    err_set(&err, ERR_NOMEM, "the data file cannot be opened: try again later");
    return answer_code(c, &err, STR(""));
}

static enum MHD_Result answer_too_late(struct MHD_Connection *c, const struct exchange *x)
{
    struct err err;

    if (x->request.collects)
        return collect_answer_failed(c);
    err_set(&err, ERR_NOMEM, "the server is being stopped: try again later");
    return answer_code(c, &err, STR(""));
}

static enum MHD_Result answer_whole(struct server *s, struct MHD_Connection *c,
                                    const char *method, const char *url,
                                    struct exchange *x)
{
    bodies_whole(&s->bodies, &x->body);
    peers_go_on(&s->peers, c);
    if (x->is_too_large)
        return collector_too_large(c);
    if (x->body.is_lost)
        return answer_too_much(c, x);
    if (x->report)
        return answer_report(s, c, x, str_of(url));
    if (s->is_ending && !x->collected)
        return answer_too_late(c, x);
    if (!engine_is_open(s->engine) && !x->collected && strcmp(url, "/healthz") != 0)
        return answer_shut(c, x);
    if (x->request.collects)
        return collector_take(s->collector, c, method, str_of(url), &x->body,
                              &x->collected);
    if (!strcmp(url, "/healthz"))
        return answer_health(c, MHD_HTTP_OK, STR("{\"ok\":true}"));
    if (!strcmp(url, "/readyz"))
        return is_ready(s) ? answer_health(c, MHD_HTTP_OK, STR("{\"ready\":true}"))
                           : answer_health(c, MHD_HTTP_SERVICE_UNAVAILABLE,
                                           STR("{\"ready\":false}"));
    if (!strcmp(url, "/metrics"))
        return answer_metrics(s, c);
    if (x->door == DOOR_API)
        return answer_api(s, c, x, method, str_of(url));
    return answer_page(c, str_of(url));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_n, void **request_context)
{
    struct server *s = context;
    struct exchange *x = *request_context;
    str bytes;

    (void)version;
    if (!x)
        return begin(s, c, url, method, request_context);
    if (!*body_n)
        return answer_whole(s, c, method, url, x);
    bytes = (str){body, *body_n};
    *body_n = 0;
    return take_bytes(s, x, bytes);
}

static void on_completed(void *context, struct MHD_Connection *c, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = context;
    const union MHD_ConnectionInfo *status = /* none: who asked left before an answer */
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_HTTP_STATUS);
    struct exchange *x = *request_context;

    (void)code;
    peers_go_on(&s->peers, c);
    if (!x)
        return;
    if (status)
        metrics_count(&s->metrics, x->door, status->http_status,
                      x->took_us ? x->took_us : clock_steady_us() - x->began_us);
    bodies_end(&s->bodies, &x->body);
    collect_request_free(x->collected);
    report_answer_free(x->report);
    mem_free(x);
    *request_context = NULL;
}

/* --- what time does by itself --- */

/* How long nothing falls due, up to POLL_MS. */
static int32_t wait_ms(const struct server *s)
{
    int64_t next_ms, now_ms = server_now_ms(s);
    int64_t settle_ms = s->settle_ms - clock_steady_ms();
    int32_t most = sender_wait_ms(s->sender, live_wait_ms(s->live, POLL_MS));

    if (!engine_is_open(s->engine))
        return POLL_MS;
    if (collector_waits(s->collector) || s->looks_on)
        return 0;
    if (reporter_is_busy(s->reporter))
        return 1;
    next_ms = engine_next_ms(s->engine);
    if (s->unsettled && settle_ms < most)
        return settle_ms > 0 ? (int32_t)settle_ms : 0;
    if (next_ms - now_ms >= most || clock_steady_ms() < s->tick_ms)
        return most;
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

    if (engine_next_ms(s->engine) > server_now_ms(s) || clock_steady_ms() < s->tick_ms)
        return;
    if (advance(s, &err)) {
        log_line(&s->options.log, LOG_DEBUG, "tick", "replayed=%llu",
                 (unsigned long long)engine_replayed(s->engine));
        return;
    }
    tell_failure(s, "tick", &err);
    s->tick_ms = clock_steady_ms() + AGAIN_MS;
}

/* Commits what was sent, and answers it, so that who sent it goes on sending; then all else is
 * brought to it, at once unless that was done just now: at most half of the time goes to it. Whoever
 * asks meanwhile sees it too. */
static void collect(struct server *s)
{
    int64_t began_ms;
    struct err err;
    bool came, kept;

    if (!engine_is_open(s->engine))
        return;
    kept = collector_run(s->collector, server_now_ms(s), &came);
    s->unsettled |= came;
    if (came) {
        s->lost_ms = kept ? 0 : clock_steady_ms() + AGAIN_MS;
        MHD_run_wait(s->daemon, 0);
    }
    began_ms = clock_steady_ms();
    if (!s->unsettled || began_ms < s->settle_ms)
        return;
    if (advance(s, &err)) {
        s->settle_ms = 2 * clock_steady_ms() - began_ms;
        return;
    }
    tell_failure(s, "collect", &err);
    s->settle_ms = began_ms + AGAIN_MS;
}

/* What came goes where it stays in the file, beside all else. */
static void tidy(struct server *s)
{
    int64_t now_ms = clock_steady_ms();
    struct err err;
    bool came;

    if (now_ms < s->tidy_ms)
        return;
    if (!engine_tidy(s->engine, now_ms, &came, &err)) {
        tell_failure(s, "tidy", &err);
        s->tidy_ms = now_ms + AGAIN_MS;
    }
    s->unsettled |= came;
}

/* What is computed need not be computed again by whoever opens the file after a crash. */
static void checkpoint(struct server *s)
{
    struct err err;

    if (clock_steady_ms() < s->checkpoint_ms)
        return;
    s->checkpoint_ms = clock_steady_ms() + CHECKPOINT_MS;
    if (!engine_checkpoint(s->engine, &err))
        tell_failure(s, "checkpoint", &err);
}

/* Of whoever is erased nothing is sent any more. */
static void send_on(struct server *s)
{
    struct err err;

    if (s->exchanges != engine_exchanges(s->engine)) {
        if (!sender_reload(s->sender, &err)) {
            tell_failure(s, "webhook", &err);
            return;
        }
        s->exchanges = engine_exchanges(s->engine);
        alerts_changed(s->alerts);
    }
    sender_run(s->sender, server_now_ms(s));
}

/* One number of an alert at a time, so that nobody waits long for his answer. */
static void look(struct server *s)
{
    struct err err;

    s->looks_on = false;
    if (alerts_next_ms(s->alerts) > server_now_ms(s) || clock_steady_ms() < s->tick_ms)
        return;
    if (!advance(s, &err)
        || !alerts_run(s->alerts, engine_now_ms(s->engine), &s->looks_on, &err)) {
        tell_failure(s, "alert", &err);
        s->tick_ms = clock_steady_ms() + AGAIN_MS;
    }
}

static void report(struct server *s)
{
    struct err err;

    if (!reporter_turn(s->reporter))
        return;
    if (advance(s, &err))
        reporter_begin(s->reporter);
    else
        reporter_fail(s->reporter, &err);
}

/* What was exchanged is there, whatever kept it from being opened. */
static bool reopen(struct server *s)
{
    struct err err;

    if (clock_steady_ms() < s->tick_ms)
        return false;
    if (engine_reopen(s->engine, &err))
        return true;
    tell_failure(s, "reopen", &err);
    s->tick_ms = clock_steady_ms() + AGAIN_MS;
    return false;
}

/* --- start and stop --- */

static void *serve(void *context)
{
    struct server *s = context;

    while (!atomic_load(&s->stop)) {
        MHD_run_wait(s->daemon, wait_ms(s));
        peers_close_dawdlers(&s->peers);
        if (!engine_is_open(s->engine) && !reopen(s))
            continue;
        collect(s);
        if (jobs_will_exchange(s->jobs))
            reporter_rest(s->reporter);
        if (jobs_tick(s->jobs,
                      !reporter_is_making(
                          s->reporter))) { /* it may have made another model live */
            s->unsettled = true;
            alerts_changed(s->alerts);
        }
        if (!engine_is_open(s->engine))
            continue;
        tick(s);
        report(s);
        live_run(s->live);
        tidy(s);
        look(s);
        send_on(s);
        checkpoint(s);
    }
    s->is_ending = true;
    live_end(s->live);
    reporter_end(s->reporter);
    for (int i = 0; i < LAST_ROUNDS && (!i || collector_waits(s->collector)); i++) {
        collect(s);
        MHD_run_wait(s->daemon, 0); /* whoever waited is answered */
    }
    for (int i = 0; live_listeners(s->live) && i < PARTING_MAX; i++)
        MHD_run_wait(s->daemon, PARTING_MS);
    return NULL;
}

/* Strangers are kept out, and nothing that should be secret goes over the wire for all to read. */
static bool check_safety(const struct server *s, const struct listen_at *at,
                         struct err *err)
{
    const struct server_options *o = &s->options;

    if (o->tls_cert.n && o->behind_proxy)
        return err_set(err, ERR_INPUT,
                       "--behind-proxy says that a server in front speaks TLS: leave "
                       "--tls-cert out, or --behind-proxy");
    if (at->is_local && !o->behind_proxy)
        return true;
    if (!keys_has_admin(gate_keys(s->gate)))
        return err_set(err, ERR_INPUT,
                       "%.*s can be reached by other machines, and there is no key to "
                       "keep strangers out: make one first, with ciclo key FILE add "
                       "--name NAME --right admin",
                       STR_FMT(o->listen));
    if (!o->tls_cert.n && !o->behind_proxy)
        return err_set(err, ERR_INPUT,
                       "%.*s can be reached by other machines, and without TLS everybody "
                       "between could read the keys: give --tls-cert and --tls-key, or "
                       "--behind-proxy when a server in front of this one speaks TLS",
                       STR_FMT(o->listen));
    return o->host_n
           || err_set(err, ERR_INPUT,
                      "%.*s can be reached by other machines: --host NAME says by which "
                      "name they call it",
                      STR_FMT(o->listen));
}

static bool cannot_listen(const struct server *s, struct err *err)
{
    if (s->options.tls_cert.n && s->daemon_log.first[0])
        return err_set(err, ERR_INPUT,
                       "cannot listen on %.*s with this certificate and key: %s",
                       STR_FMT(s->options.listen), s->daemon_log.first);
    return err_sys(err, "cannot listen on %.*s (does something else listen there?)",
                   STR_FMT(s->options.listen));
}

static bool start_daemon(struct server *s, const struct listen_at *at, struct err *err)
{
    bool tls = s->options.tls_cert.n;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG
                     | (at->is_v6 ? MHD_USE_IPv6 : 0) | (tls ? MHD_USE_TLS : 0);
    const struct MHD_OptionItem secrets[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)s->options.tls_cert.p},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)s->options.tls_key.p},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct buf b = {};
    uint16_t port;

    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, s, MHD_OPTION_EXTERNAL_LOGGER, daemon_log_line,
        &s->daemon_log, MHD_OPTION_SOCK_ADDR, &at->address.any,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PEERS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_NOTIFY_CONNECTION, peers_notify, &s->peers,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_UNESCAPE_CALLBACK,
        unescape, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        tls ? secrets : &secrets[3], MHD_OPTION_END);
    if (!s->daemon)
        return cannot_listen(s, err);
    port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    listen_print(at, port, &b);
    snprintf(s->address, sizeof s->address, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
    return true;
}

static void server_free(struct server *s)
{
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    collector_free(s->collector);
    live_free(s->live);
    sender_free(s->sender);
    alerts_free(s->alerts);
    reporter_free(s->reporter);
    gate_free(s->gate);
    jobs_free(s->jobs);
    json_parser_free(s->parser);
    mem_free(s);
}

bool server_start(struct engine *e, const struct server_options *options,
                  struct server **out, struct err *err)
{
    bool is_secret = options->tls_cert.n || options->behind_proxy, ok;
    struct listen_at at;
    struct server *s;
    int failed;

    if (!listen_parse(options->listen, &at, err))
        return false;
    s = mem_alloc(sizeof *s);
    if (!s)
        return err_nomem(err);
    s->engine = e;
    s->options = *options;
    s->daemon_log.log = &s->options.log;
    s->peers.patience_ms = options->patience_ms ? options->patience_ms : PATIENCE_MS;
    s->rules = (struct request_rules){options->host, options->host_n,
                                      is_secret ? STR("https://") : STR("http://")};
    ok = reporter_new(e, options->reports, &s->reporter, err) && jobs_new(&s->jobs, err)
         && json_parser_new(&s->parser, err) && gate_new(e, is_secret, &s->gate, err)
         && live_new(e, s->gate, &s->live, err) && check_safety(s, &at, err)
         && alerts_new(e, ask_answer, &s->alerts, err)
         && sender_new(e, s->options.clock_offset_ms, &s->options.log, &s->sender, err)
         && collector_new(e, gate_keys(s->gate), options->behind_proxy, &s->bodies,
                          &s->options.log, &s->collector, err)
         && engine_advance(e, server_now_ms(s), err) && start_daemon(s, &at, err);
    s->is_open = ok && !keys_any(gate_keys(s->gate));
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

bool server_is_open(const struct server *s)
{
    return s->is_open;
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
