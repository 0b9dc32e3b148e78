#include "unit/api/site.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

/* --- the page --- */

TEST(the_page_comes_with_a_policy_of_its_own)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    char nonce[2][64];

    for (int i = 0; i < 2; i++) {
        struct buf b = get(&s, i ? "/customers/J.%20Smith" : "/", "");
        const char *policy = header_of(&b, "Content-Security-Policy"), *at;
        char marked[80];

        assert_int_equal(status_of(&b), 200);
        assert_non_null(policy);
        assert_non_null(strstr(policy, "default-src 'self'; script-src 'self'; "));
        assert_non_null(strstr(policy, "frame-ancestors 'none'"));
        assert_null(strstr(policy, "unsafe"));
        at = strstr(policy, "'nonce-");
        assert_non_null(at);
        snprintf(nonce[i], sizeof nonce[i], "%.*s", (int)strcspn(at + 7, "'"), at + 7);
        assert_int_equal(strlen(nonce[i]), 32);
        snprintf(marked, sizeof marked, "%s", nonce[i]);
        assert_null(strstr(b.p, "__CSP_NONCE__"));
        assert_string_equal(header_of(&b, "Content-Type"), "text/html; charset=utf-8");
        assert_string_equal(header_of(&b, "Cache-Control"), "no-store");
        assert_string_equal(header_of(&b, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(header_of(&b, "Referrer-Policy"), "no-referrer");
        buf_free(&b);
    }
    assert_string_not_equal(nonce[0], nonce[1]);
    site_close(&s);
}

static const char css[] = "/assets/page.css"; /* of tools/placeholder */

TEST(a_file_of_the_page_is_sent_once)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b = get(&s, css, "");
    char known[200];

    assert_int_equal(status_of(&b), 200);
    assert_string_equal(header_of(&b, "Content-Type"), "text/css; charset=utf-8");
    assert_string_equal(header_of(&b, "Cache-Control"),
                        "public, max-age=31536000, immutable");
    assert_string_equal(header_of(&b, "Vary"), "Accept-Encoding");
    assert_null(header_of(&b, "Content-Encoding"));
    assert_true(str_starts(body_of(&b), STR("body {")));
    assert_non_null(header_of(&b, "ETag"));
    snprintf(known, sizeof known, "If-None-Match: %s\r\n", header_of(&b, "ETag"));
    buf_free(&b);

    b = get(&s, css, known);
    assert_int_equal(status_of(&b), 304);
    assert_int_equal(body_of(&b).n, 0);
    assert_non_null(header_of(&b, "ETag"));
    buf_free(&b);
    b = get(&s, css, "If-None-Match: \"other\"\r\n");
    assert_int_equal(status_of(&b), 200);
    buf_free(&b);
    site_close(&s);
}

TEST(a_file_of_the_page_is_packed_for_who_can_unpack)
{
    static const char *const unable[] = {"", "Accept-Encoding: br, deflate\r\n",
                                         "Accept-Encoding: gzip;q=0\r\n",
                                         "Accept-Encoding: x-gzipped\r\n"};
    static const char *const able[] = {"Accept-Encoding: gzip\r\n",
                                       "Accept-Encoding: br, GZIP;q=0.5\r\n"};
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf plain = get(&s, css, "");

    for (size_t i = 0; i < sizeof unable / sizeof *unable; i++) {
        struct buf b = get(&s, css, unable[i]);

        assert_null(header_of(&b, "Content-Encoding"));
        assert_true(str_eq(body_of(&b), body_of(&plain)));
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof able / sizeof *able; i++) {
        struct buf b = get(&s, css, able[i]);
        unsigned char unpacked[4096];
        z_stream z = {.next_out = unpacked, .avail_out = sizeof unpacked};

        assert_string_equal(header_of(&b, "Content-Encoding"), "gzip");
        z.next_in = (unsigned char *)(uintptr_t)body_of(&b).p;
        z.avail_in = (unsigned)body_of(&b).n;
        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_true(str_eq((str){(char *)unpacked, z.total_out}, body_of(&plain)));
        inflateEnd(&z);
        buf_free(&b);
    }
    buf_free(&plain);
    site_close(&s);
}

TEST(an_unknown_path_is_the_pages_and_an_unknown_file_is_nobodys)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);

    need_get(&s, "/customers", 200, "<title>");
    need_get(&s, "/some/where", 200, "<title>");
    need_get(&s, "/customers/a.b", 200, "<title>");
    need_get(&s, "/favicon.xyz", 404, "{\"error\":{\"code\":\"not_found\"");
    need_get(&s, "/assets/gone.js", 404, "not_found");
    need_get(&s, "/../../etc/passwd.txt", 404, "not_found");
    need_get(&s, "/healthz", 200, "{\"ok\":true}");
    need_get(&s, "/api/infos", 404, "openapi.json");
    site_close(&s);
}

/* --- the data --- */

TEST(the_data_come_as_json)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b = get(&s, "/api/info", "");

    assert_int_equal(status_of(&b), 200);
    assert_string_equal(header_of(&b, "Content-Type"), "application/json");
    assert_string_equal(header_of(&b, "Cache-Control"), "no-store");
    assert_string_equal(header_of(&b, "Cross-Origin-Resource-Policy"), "same-origin");
    assert_null(header_of(&b, "Access-Control-Allow-Origin"));
    assert_true(str_starts(body_of(&b), STR("{\"version\":\"" CICLO_VERSION "\"")));
    buf_free(&b);
    b = get(&s, "/api/customers?format=csv", "");
    assert_string_equal(header_of(&b, "Content-Type"), "text/csv; charset=utf-8");
    buf_free(&b);
    need_get(&s, "/api/stages?at=nonsense", 400, "{\"error\":{\"code\":\"input\"");
    site_close(&s);
}

TEST(ids_and_parameters_are_decoded)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);

    need_get(&s, "/api/customers/anna", 200, "\"id\":\"anna\"");
    need_get(&s, "/api/customers/a%2Fb%20c", 200, "\"id\":\"a/b c\"");
    need_get(&s, "/api/customers/Zo%C3%AB", 200, "\"id\":\"Zo\xc3\xab\"");
    need_get(&s, "/api/customers/%61nna", 200, "\"id\":\"anna\"");
    need_get(&s, "/api/customers/nobody", 404, "nobody");
    need_get(&s, "/api/customers?search=zo%C3%8B", 200, "\"total\":1");
    need_get(&s, "/api/customers?search=b+c", 200, "\"total\":1");
    need_get(&s, "/api/customers?at=2026-03-01&stage=at_risk&limit=1", 200,
             "\"next\":\"9\"");
    /* A NUL does not cut what stands before it out. */
    need_get(&s, "/api/customers/anna%00x", 404, "anna\xef\xbf\xbdx");
    need_get(&s, "/api/customers?search=anna%00x", 200, "\"total\":0");
    site_close(&s);
}

TEST(head_is_get_without_the_body)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf whole = get(&s, "/api/stages?at=2026-03-01", "");
    struct buf head = ask(&s, "HEAD /api/stages?at=2026-03-01 HTTP/1.1\r\n" HOST LAST);
    char length[32];

    assert_int_equal(status_of(&head), 200);
    assert_int_equal(body_of(&head).n, 0);
    snprintf(length, sizeof length, "%zu", body_of(&whole).n);
    assert_string_equal(header_of(&head, "Content-Length"), length);
    buf_free(&whole);
    buf_free(&head);
    site_close(&s);
}

TEST(one_connection_takes_several_requests)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b =
        ask(&s, "GET /healthz HTTP/1.1\r\n" HOST "\r\nGET /api/none HTTP/1.1\r\n" HOST
                "\r\nGET /healthz HTTP/1.1\r\n" HOST LAST);
    const char *second = strstr(b.p + 1, "HTTP/1.1 404");

    assert_int_equal(status_of(&b), 200);
    assert_non_null(second);
    assert_non_null(strstr(second, "HTTP/1.1 200"));
    buf_free(&b);
    site_close(&s);
}

/* --- what is refused --- */

TEST(only_names_of_this_machine_are_answered)
{
    static const char *const fine[] = {"localhost",    "localhost:7070", "127.0.0.1",
                                       "127.0.0.1:80", "[::1]:7070",     "LOCALHOST"};
    static const char *const wrong[] = {"evil.example",
                                        "localhost.evil.example",
                                        "127.0.0.1.evil.example:7070",
                                        "192.168.1.2",
                                        "",
                                        "evil.example:localhost",
                                        "localhost@evil"};
    struct server_options june = in_june();
    struct site s = site_open(&june);
    char request[200];

    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct buf b;

        snprintf(request, sizeof request, "GET /api/info HTTP/1.1\r\nHost: %s\r\n" LAST,
                 fine[i]);
        b = ask(&s, request);
        assert_int_equal(status_of(&b), 200);
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(request, sizeof request, "GET /api/info HTTP/1.1\r\nHost: %s\r\n" LAST,
                 wrong[i]);
        need_refused(&s, request, 400, "answers only as localhost");
    }
    site_close(&s);
}

TEST(requests_that_two_servers_may_read_in_two_ways_are_refused)
{
    static const char *const request[] = {
        "GET /api/info HTTP/1.1\r\n" HOST HOST LAST,
        "GET /api/info HTTP/1.1\r\n" HOST "Host: evil.example\r\n" LAST,
        "GET /api/info HTTP/1.1\r\n" HOST "X-Y : 1\r\n" LAST,
        "GET /api/info HTTP/1.1\r\n" HOST "X\x01Y: 1\r\n" LAST,
        "GET /api/info HTTP/1.1\r\n" HOST "Content-Length: 4\r\n"
        "Transfer-Encoding: chunked\r\n" LAST "0\r\n\r\n",
        "GET /api/info HTTP/1.1\r\n" HOST "Content-Length: 35\r\n\r\n"
        "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
        "GET /api/info HTTP/1.1\r\n" HOST
        "Content-Length: 0\r\nContent-Length: 4\r\n" LAST "abcd",
        "GET /api/info HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n",
        "GET /api/info HTTP/1.1\r\n" HOST "Transfer-Encoding: odd\r\n\r\n",
    };
    struct server_options june = in_june();
    struct site s = site_open(&june);

    for (size_t i = 0; i < sizeof request / sizeof *request; i++)
        need_refused(&s, request[i], 400, "\"code\":\"input\"");
    site_close(&s);
}

TEST(other_methods_are_not_allowed)
{
    static const char *const method[] = {"POST",  "PUT",   "DELETE", "OPTIONS",
                                         "PATCH", "TRACE", "get"};
    struct server_options june = in_june();
    struct site s = site_open(&june);
    char request[200];

    for (size_t i = 0; i < sizeof method / sizeof *method; i++) {
        struct buf b;

        snprintf(request, sizeof request,
                 "%s /api/info HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" LAST "{}",
                 method[i]);
        need_refused(&s, request, 405, "only GET");
        b = ask(&s, request);
        assert_string_equal(header_of(&b, "Allow"), "GET, HEAD");
        buf_free(&b);
    }
    site_close(&s);
}

TEST(headers_without_end_are_cut_off)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf request = {};
    struct buf b;

    buf_add(&request, STR("GET /healthz HTTP/1.1\r\n" HOST));
    for (int i = 0; i < 10000; i++)
        buf_add_format(&request, "X-Header-%d: %0100d\r\n", i, i);
    buf_add(&request, STR(LAST));
    buf_add_char(&request, '\0');
    b = ask(&s, request.p);
    if (b.n) /* the answer may be lost when the rest of the request is thrown away */
        assert_true(status_of(&b) == 431 || status_of(&b) == 413);
    assert_int_not_equal(status_of(&b), 200);
    buf_free(&b);
    buf_free(&request);
    need_get(&s, "/healthz", 200, "ok");
    site_close(&s);
}

/* --- those who dawdle, and those who are many --- */

/* A byte of header now and then keeps a connection from being idle, not from its end. */
TEST(a_request_must_come_whole_in_time)
{
    struct server_options june = in_june();
    struct site s;
    struct pollfd p;
    struct buf b;
    int ready = 0;

    june.patience_ms = 100;
    s = site_open(&june);
    p = (struct pollfd){.fd = dial(&s), .events = POLLIN};
    say(p.fd, "GET /healthz HTTP/1.1\r\nX: ");
    while (!ready) {
        say(p.fd, "x");
        ready = poll(&p, 1, 20);
    }
    b = hear(p.fd);
    assert_int_not_equal(status_of(&b), 200);
    buf_free(&b);
    need_get(&s, "/healthz", 200, "ok");
    site_close(&s);
}

TEST(a_connection_that_says_nothing_is_ended)
{
    struct server_options june = in_june();
    struct site s;
    struct buf b;
    int fd;

    june.patience_ms = 100;
    s = site_open(&june);
    fd = dial(&s);
    say(fd, "GET /healthz HTTP/1.1\r\n" HOST "\r\n"); /* and then nothing more */
    b = hear(fd);
    assert_int_equal(status_of(&b), 200);
    buf_free(&b);
    site_close(&s);
}

/* More than are served at a time: the others wait for a place. */
TEST(three_hundred_connections_are_answered)
{
    enum { MANY = 300 };
    struct server_options june = in_june();
    struct site s = site_open(&june);
    int fd[MANY];

    for (int i = 0; i < MANY; i++)
        fd[i] = dial(&s);
    for (int i = 0; i < MANY; i++)
        say(fd[i], "GET /healthz HTTP/1.1\r\n" HOST LAST);
    for (int i = 0; i < MANY; i++) {
        struct buf b = hear(fd[i]);

        if (status_of(&b) != 200)
            fail_msg("connection %d: %s", i, b.p);
        buf_free(&b);
    }
    site_close(&s);
}

TEST(a_server_stops_while_somebody_is_connected)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    int fd = dial(&s);
    struct buf b;

    say(fd, "GET /healthz HTTP/1.1\r\n");
    site_close(&s);
    b = hear(fd);
    assert_int_not_equal(status_of(&b), 200);
    buf_free(&b);
}

/* --- where it listens --- */

static void need_no_start(struct engine *e, const char *listen, enum err_code code,
                          const char *says)
{
    struct server_options june = in_june();
    struct server *server;
    struct err err = {};

    june.listen = str_of(listen);
    if (server_start(e, &june, &server, &err))
        fail_msg("listens on %s", listen);
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, says))
        fail_msg("%s: \"%s\" does not say \"%s\"", listen, err.msg, says);
}

TEST(it_listens_on_this_machine_only)
{
    static const char *const open[] = {"0.0.0.0:0", "[::]:0", "192.168.1.2:0"};
    static const char *const wrong[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "127.0.0.1:-1",
        "127.0.0.1:1.5",
        "example.com:0",
        "[127.0.0.1]:0",
        "::1:0",
        "127.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0:0"};
    struct engine *e = bottega_open("2026-06-01");

    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        need_no_start(e, open[i], ERR_INPUT, "other machines");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        need_no_start(e, wrong[i], ERR_INPUT, "no address");
    engine_close(e);
}

TEST(a_port_that_is_taken_is_told)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    struct engine *e = bottega_open("2026-06-01");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char taken[32];

    assert_int_equal(bind(fd, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    snprintf(taken, sizeof taken, "127.0.0.1:%u", ntohs(address.sin_port));
    need_no_start(e, taken, ERR_IO, "does something else listen there?");
    engine_close(e);
    close(fd);
}

/* --- time --- */

static void note_tick(void *context, enum log_level level, const char *line)
{
    if (level == LOG_DEBUG && strstr(line, "tick"))
        atomic_store((atomic_bool *)context, true);
}

/* Nobody asks; one customer is replayed, and his move has its own moment. */
TEST(a_customer_moves_at_his_moment)
{
    int64_t moment_ms = moment_of("2026-02-04T09:30:00.250Z");
    atomic_bool ticked = false;
    struct site s = {.engine = bottega_open("2026-02-04T09:30:00.240Z")};
    struct server_options options = {
        .listen = STR("127.0.0.1:0"),
        .clock_offset_ms = moment_ms - 300 - clock_now_ms(),
        .log = {LOG_DEBUG, note_tick, &ticked},
    };
    uint64_t before = engine_replayed(s.engine);
    const struct move *move;
    struct err err;
    size_t n;

    NEED_OK(server_start(s.engine, &options, &s.server, &err), err);
    while (!atomic_load(&ticked))
        poll(NULL, 0, 5);
    server_stop(s.server);
    assert_true(engine_now_ms(s.engine) >= moment_ms);
    assert_int_equal(engine_replayed(s.engine), before + 1);
    move = engine_moves(s.engine, 0, bottega_customer(s.engine, "9"), &n);
    assert_int_equal(n, 3);
    assert_true(move[2].at_ms == moment_ms);
    engine_close(s.engine);
}
