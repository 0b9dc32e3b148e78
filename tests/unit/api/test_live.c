#include "api/live.h"
#include "unit/api/site.h"

#include "base/time.h"
#include "base/tune.h"
#include "support/fail.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- one who listens --- */

struct stream {
    int fd;
    struct buf heard;
};

static struct stream listen_to(const struct site *s, const char *query,
                               const char *headers)
{
    struct stream t = {.fd = dial(s)};
    char request[1000];

    snprintf(request, sizeof request, "GET /api/live%s HTTP/1.1\r\n" HOST "%s\r\n", query,
             headers);
    say(t.fd, request);
    return t;
}

/* False: it ended. */
static bool hear_more(struct stream *t)
{
    char *room = buf_room(&t->heard, 4097);
    ssize_t got;

    assert_non_null(room);
    got = recv(t->fd, room, 4096, 0);
    if (got <= 0)
        return false;
    t->heard.n += (size_t)got;
    t->heard.p[t->heard.n] = 0;
    return true;
}

static const char *find(const struct stream *t, const char *text)
{
    return t->heard.n ? strstr(t->heard.p, text) : NULL;
}

static void wait_for(struct stream *t, const char *text)
{
    while (!find(t, text))
        if (!hear_more(t))
            fail_msg("the stream ended without \"%s\": %.*s", text,
                     STR_FMT(buf_str(&t->heard)));
}

static void wait_end(struct stream *t, const char *why)
{
    char end[80];

    while (hear_more(t))
        continue;
    snprintf(end, sizeof end, "event: end\ndata: {\"why\":\"%s\"}\n\n", why);
    if (!find(t, end))
        fail_msg("the stream does not end by \"%s\": ...%s", why,
                 t->heard.p + (t->heard.n < 500 ? 0 : t->heard.n - 500));
}

static void need_order(const struct stream *t, const char *first, const char *second)
{
    if (!find(t, first) || !find(t, second) || find(t, first) > find(t, second))
        fail_msg("\"%s\" does not stand before \"%s\": %s", first, second, t->heard.p);
}

static void leave(struct stream *t)
{
    close(t->fd);
    buf_free(&t->heard);
}

/* Until it hears what comes. */
static struct stream ready(const struct site *s, const char *query)
{
    struct stream t = listen_to(s, query, "");

    wait_for(&t, "\nid: ");
    return t;
}

/* The number of the last happening that was heard. */
static void last_id(const struct stream *t, char id[64])
{
    const char *at = NULL;

    for (const char *p = t->heard.p; (p = strstr(p, "id: ")); p++)
        at = p + 4;
    assert_non_null(at);
    snprintf(id, 64, "%.*s", (int)strcspn(at, "\n"), at);
}

/* --- what happens --- */

static void send_calls(const struct site *s, const char *batch)
{
    struct buf b = post(s, "/v1/batch", str_of(batch));

    if (status_of(&b) != 200 || !strstr(b.p, "\"refused\":[]"))
        fail_msg("%s gives %s", batch, b.p);
    buf_free(&b);
}

static void buys(const struct site *s, const char *who)
{
    char batch[300];

    snprintf(batch, sizeof batch,
             "{\"batch\":[{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"%s\","
             "\"properties\":{\"revenue\":5}}]}",
             who);
    send_calls(s, batch);
}

#define MOVE(who, from, to)                                                              \
    "event: move\ndata: {\"customer\":\"" who "\",\"lifecycle\":\"\",\"from\":" from     \
    ",\"to\":\"" to "\","
#define EVENT(who, type)                                                                 \
    "event: event\ndata: {\"customer\":\"" who "\",\"type\":\"" type "\","

TEST(who_listens_hears_events_then_moves_then_counts)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, "");

    wait_for(&t, "\"population\":10,\"stages\":[{\"stage\":\"reach\",\"customers\":7},"
                 "{\"stage\":\"buyer\",\"customers\":0},"
                 "{\"stage\":\"at_risk\",\"customers\":0},"
                 "{\"stage\":\"lapsed\",\"customers\":3}]}\n\n");
    assert_int_equal(status_of(&t.heard), 200);
    assert_string_equal(header_of(&t.heard, "Content-Type"), "text/event-stream");
    assert_string_equal(header_of(&t.heard, "Cache-Control"), "no-store");
    buys(&s, "eva");
    wait_for(&t, "{\"stage\":\"buyer\",\"customers\":1}");
    need_order(&t, EVENT("eva", "purchase"), MOVE("eva", "null", "reach"));
    need_order(&t, MOVE("eva", "null", "reach"), MOVE("eva", "\"reach\"", "buyer"));
    need_order(&t, MOVE("eva", "\"reach\"", "buyer"), "\"population\":11");
    wait_for(&t, "\"rule\":\"since(purchase) < 30d\"}");
    leave(&t);
    site_close(&s);
}

TEST(what_is_not_asked_for_is_not_heard)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream all = ready(&s, ""), events = ready(&s, "?what=events"),
                  moves = ready(&s, "?what=moves,stages&customer=anna"),
                  stage = ready(&s, "?stage=buyer");

    buys(&s, "eva");
    wait_for(&all, MOVE("eva", "\"reach\"", "buyer"));
    buys(&s, "anna");
    wait_for(&all, MOVE("anna", "\"lapsed\"", "buyer"));
    wait_for(&events, EVENT("anna", "purchase"));
    wait_for(&moves, MOVE("anna", "\"lapsed\"", "buyer"));
    wait_for(&moves, "{\"stage\":\"buyer\",\"customers\":2}");
    wait_for(&stage, MOVE("anna", "\"lapsed\"", "buyer"));
    assert_non_null(find(&events, EVENT("eva", "purchase")));
    assert_null(find(&events, "event: move"));
    assert_null(find(&events, "event: stages"));
    assert_null(find(&moves, "eva"));
    assert_null(find(&moves, "event: event"));
    assert_non_null(find(&stage, MOVE("eva", "\"reach\"", "buyer")));
    assert_null(find(&stage, "event: event"));
    assert_null(find(&stage, MOVE("eva", "null", "reach")));
    need_get(&s, "/api/live?what=moves,all", 400, "what is moves, events or stages");
    need_get(&s, "/api/live?stage=nowhere", 400, "no stage");
    need_get(&s, "/api/live?lifecycle=none", 400, "lifecycle");
    need_get(&s, "/api/live?customer=nobody", 404, "nobody");
    leave(&all);
    leave(&events);
    leave(&moves);
    leave(&stage);
    site_close(&s);
}

/* Until the server has seen that all but so many left: what happens wakes them. */
static void wait_left(const struct site *s, long most)
{
    static const char name[] = "\nciclo_live_listeners ";
    bool left = false;
    char who[30];

    for (int i = 0; !left; i++) {
        struct buf b = get(s, "/metrics", "");
        const char *at = strstr(b.p, name);

        assert_non_null(at);
        left = strtol(at + sizeof name - 1, NULL, 10) <= most;
        buf_free(&b);
        snprintf(who, sizeof who, "waits%d", i);
        if (!left)
            buys(s, who);
    }
}

/* The stream's own sign of life comes after fifteen seconds. */
TEST(who_leaves_in_silence_gives_up_his_place_soon)
{
    static const char none[] = "\nciclo_live_listeners 0\n";
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, "?what=moves&customer=x1");
    int64_t left_ms = clock_steady_ms();
    bool gone = false;

    leave(&t);
    while (!gone) {
        struct buf b = get(&s, "/metrics", "");

        gone = strstr(b.p, none);
        buf_free(&b);
        assert_true(clock_steady_ms() - left_ms < 12000);
    }
    site_close(&s);
}

/* --- by any of his ids --- */

static void knows(const struct site *s, const char *browser, const char *user)
{
    char batch[300];

    snprintf(batch, sizeof batch,
             "{\"batch\":[{\"type\":\"identify\",\"anonymousId\":\"%s\",\"userId\":"
             "\"%s\"}]}",
             browser, user);
    send_calls(s, batch);
}

static void browses(const struct site *s, const char *browser)
{
    char batch[300];

    snprintf(batch, sizeof batch,
             "{\"batch\":[{\"type\":\"track\",\"event\":\"signed_up\",\"anonymousId\":"
             "\"%s\"}]}",
             browser);
    send_calls(s, batch);
}

TEST(who_listens_to_one_by_any_of_his_ids_hears_what_happens_to_him)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t;

    knows(&s, "phone-1", "eva");
    need_get(&s, "/api/stages", 200, "");
    t = ready(&s, "?what=moves,events&customer=anonymousId:phone-1");
    browses(&s, "phone-1");
    wait_for(&t, EVENT("eva", "signed_up"));
    buys(&s, "eva");
    wait_for(&t, MOVE("eva", "\"reach\"", "buyer"));
    leave(&t);
    site_close(&s);
}

TEST(who_listens_to_one_who_becomes_another_s_hears_the_other)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t;

    browses(&s, "phone-2");
    need_get(&s, "/api/stages", 200, "");
    t = ready(&s, "?what=events&customer=phone-2");
    knows(&s, "phone-2", "zed");
    while (!find(&t, EVENT("zed", "purchase"))) {
        struct pollfd p = {.fd = t.fd, .events = POLLIN};

        buys(&s, "zed");
        if (poll(&p, 1, 100) > 0)
            assert_true(hear_more(&t));
    }
    leave(&t);
    site_close(&s);
}

/* --- who comes again --- */

TEST(who_comes_again_hears_what_happened_meanwhile_once)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, "?what=moves"), other = ready(&s, "?what=moves");
    char id[64], header[100], query[100];

    buys(&s, "one");
    wait_for(&t, MOVE("one", "\"reach\"", "buyer"));
    wait_for(&t, "\n\n");
    last_id(&t, id);
    leave(&t);
    buys(&s, "two");
    wait_for(&other, MOVE("two", "\"reach\"", "buyer"));
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
    snprintf(query, sizeof query, "?what=moves&last=%s", id);
    for (int i = 0; i < 2; i++) {
        t = i ? listen_to(&s, query, "") : listen_to(&s, "?what=moves", header);
        wait_for(&t, MOVE("two", "\"reach\"", "buyer"));
        need_order(&t, MOVE("two", "null", "reach"), MOVE("two", "\"reach\"", "buyer"));
        assert_null(find(&t, "\"one\""));
        assert_null(find(&t, "event: reload"));
        leave(&t);
    }
    leave(&other);
    site_close(&s);
}

TEST(who_was_away_too_long_is_told_to_look_again)
{
    static const char *const wrong[] = {"0-0", "12345678-3", "x", "-", "12345678-"};
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, "?what=moves"), other = ready(&s, "?what=moves");
    char id[64], who[20], far[80], header[100];

    last_id(&t, id);
    leave(&t);
    for (int i = 0; i < LIVE_RING / 2; i++) {
        snprintf(who, sizeof who, "c%d", i);
        buys(&s, who);
        need_get(&s, "/api/stages", 200, ""); /* settles it, before moves are too many */
    }
    snprintf(who, sizeof who, "\"c%d\"", LIVE_RING / 2 - 1);
    wait_for(&other, who);
    snprintf(far, sizeof far, "%.9s99999999999999999999999999", id);
    for (size_t i = 0; i < 2 + sizeof wrong / sizeof *wrong; i++) {
        snprintf(header, sizeof header, "Last-Event-ID: %s\r\n",
                 i == 0   ? id
                 : i == 1 ? far
                          : wrong[i - 2]);
        t = listen_to(&s, "?what=moves", header);
        wait_for(&t, "event: reload\ndata: {}\n\n");
        snprintf(who, sizeof who, "last%zu", i);
        buys(&s, who);
        wait_for(&t, who);
        leave(&t);
        wait_left(&s, 1);
    }
    leave(&other);
    site_close(&s);
}

/* What waits for him is not kept for him alone; and he hears why. */
TEST(who_reads_too_slowly_is_cut_off)
{
    enum { POSTS = 200, EACH = 12, ID = 190 };
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct buf batch = {};
    int little = 2048, segment = 536; /* else the system takes megabytes for him */

    setsockopt(t.fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    setsockopt(t.fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    assert_int_equal(connect(t.fd, (const struct sockaddr *)&s.address, sizeof s.address),
                     0);
    say(t.fd, "GET /api/live?what=moves HTTP/1.1\r\n" HOST "\r\n");
    wait_for(&t, "\nid: ");
    for (int i = 0; i < POSTS; i++) {
        buf_clear(&batch);
        buf_add(&batch, STR("{\"batch\":["));
        for (int k = 0; k < EACH; k++)
            buf_add_format(&batch,
                           "%s{\"type\":\"identify\",\"userId\":\"u%0*d\",\"traits\":{}}",
                           k ? "," : "", ID, i * EACH + k);
        buf_add(&batch, STR("]}"));
        buf_add_char(&batch, 0);
        send_calls(&s, batch.p);
        need_get(&s, "/api/stages", 200, ""); /* as above */
    }
    wait_end(&t, "slow");
    assert_null(find(&t, "2399")); /* the last */
    leave(&t);
    buf_free(&batch);
    site_close(&s);
}

/* --- who may --- */

TEST(no_more_listen_than_may)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t[LIVE_LISTENERS];
    struct buf b;

    for (int i = 0; i < LIVE_LISTENERS; i++)
        t[i] = ready(&s, i % 2 ? "?customer=anna" : "?stage=buyer");
    b = get(&s, "/api/live", "");
    assert_int_equal(status_of(&b), 503);
    assert_string_equal(header_of(&b, "Retry-After"), "30");
    assert_non_null(strstr(b.p, "\"code\":\"busy\""));
    buf_free(&b);
    for (int i = 0; i < LIVE_LISTENERS; i++)
        leave(&t[i]);
    wait_left(&s, 0);
    t[0] = ready(&s, "");
    leave(&t[0]);
    site_close(&s);
}

static void make_key(const struct site *s, const char *body, const char *admin,
                     char key[100])
{
    struct buf b;
    char request[600];
    const char *at;

    snprintf(request, sizeof request,
             "POST /api/keys HTTP/1.1\r\n" HOST
             "%sContent-Type: application/json\r\nContent-Length: %zu\r\n" LAST "%s",
             admin, strlen(body), body);
    b = ask(s, request);
    at = strstr(b.p, "\"key\":\"");
    if (!at)
        fail_msg("no key: %s", b.p);
    snprintf(key, 100, "Authorization: Bearer %.*s\r\n", (int)strcspn(at + 7, "\""),
             at + 7);
    buf_free(&b);
}

TEST(a_stream_ends_with_its_key)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    char admin[100], reader[100], sender[100], request[300];
    struct stream open = ready(&s, ""), t;
    struct buf b;

    make_key(&s, "{\"name\":\"boss\",\"right\":\"admin\"}", "", admin);
    wait_end(&open, "denied"); /* from the first key on, everybody needs one */
    make_key(&s, "{\"name\":\"page\",\"right\":\"read\"}", admin, reader);
    make_key(&s, "{\"name\":\"shop\",\"right\":\"collect\"}", admin, sender);
    b = get(&s, "/api/live", "");
    assert_int_equal(status_of(&b), 401);
    buf_free(&b);
    b = get(&s, "/api/live", sender);
    assert_int_equal(status_of(&b), 403);
    buf_free(&b);
    t = listen_to(&s, "", reader);
    wait_for(&t, "event: stages");
    snprintf(request, sizeof request, "DELETE /api/keys/page HTTP/1.1\r\n" HOST "%s" LAST,
             admin);
    b = ask(&s, request);
    assert_int_equal(status_of(&b), 200);
    buf_free(&b);
    wait_end(&t, "denied");
    leave(&t);
    leave(&open);
    site_close(&s);
}

TEST(a_stream_ends_with_the_server)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, ""), quiet = ready(&s, "?what=moves&customer=anna");

    site_close(&s);
    wait_end(&t, "stopped");
    wait_end(&quiet, "stopped");
    leave(&t);
    leave(&quiet);
}

/* Nobody knows who moved, and stages may have other names. */
TEST(a_new_model_ends_every_stream)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct stream t = ready(&s, "");
    struct buf body = {};
    struct json_out j = {.to = &body};
    struct buf text = {};
    struct buf b;

    buf_add(&text, str_of(bottega_model));
    buf_add(&text, STR("  loud: { when: \"exists(purchase, 10d)\" }\n"));
    json_begin_object(&j);
    json_key(&j, "text");
    json_put_text(&j, buf_str(&text));
    json_key(&j, "version");
    json_put_int(&j, 1);
    json_end_object(&j);
    b = post(&s, "/api/model/apply", buf_str(&body));
    assert_int_equal(status_of(&b), 202);
    wait_end(&t, "changed");
    assert_non_null(find(&t, "event: reload\n"));
    buf_free(&b);
    buf_free(&body);
    buf_free(&text);
    leave(&t);
    site_close(&s);
}

/* --- time and memory --- */

TEST(who_moves_by_time_is_heard)
{
    int64_t moment_ms = moment_of("2026-02-04T09:30:00.250Z");
    struct server_options options = {
        .listen = STR("127.0.0.1:0"),
        .clock_offset_ms = moment_ms - 2000 - clock_now_ms(),
    };
    struct site s = site_open_at("2026-02-04T09:29:00Z", &options);
    struct stream t = ready(&s, "?what=moves");

    wait_for(&t, MOVE("9", "\"buyer\"",
                      "at_risk") "\"at\":\"2026-02-04T09:30:00.250Z\",\"rule\":"
                                 "\"since(purchase) >= 30d\"}");
    leave(&t);
    site_close(&s);
}

struct listening {
    struct engine *engine;
    struct gate *gate;
};

static bool listen_once(void *context, struct err *err)
{
    const struct listening *c = context;
    const struct live_filter f = {LIVE_MOVES, LIFECYCLE_ANY, STAGE_NONE,
                                  bottega_customer(c->engine, "anna")};
    struct MHD_Response *response;
    struct live *l;

    if (!live_new(c->engine, c->gate, &l, err))
        return false;
    response = live_listen(l, NULL, &f, STR("00000000-0"));
    assert_int_equal(live_listeners(l), response != NULL);
    if (response)
        MHD_destroy_response(response);
    assert_int_equal(live_listeners(l), 0);
    live_free(l);
    return response || err_nomem(err);
}

TEST(listening_survives_the_lack_of_memory)
{
    struct listening c = {.engine = bottega_open("2026-06-01")};
    struct err err;

    NEED_OK(gate_new(c.engine, false, &c.gate, &err), err);
    NEED_OK(listen_once(&c, &err), err);
    each_oom_or_done(listen_once, &c);
    gate_free(c.gate);
    engine_close(c.engine);
}
