#include "unit/api/site.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct site site_open(const struct server_options *options)
{
    return site_open_at("2026-06-01", options);
}

struct site site_open_at(const char *now, const struct server_options *options)
{
    struct site s = {.engine = bottega_open(now)};

    site_serve(&s, options);
    return s;
}

void site_serve(struct site *s, const struct server_options *options)
{
    str address;
    struct err err;

    NEED_OK(server_start(s->engine, options, &s->server, &err), err);
    address = server_address(s->server);
    assert_true(str_starts(address, STR("127.0.0.1:")));
    s->address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)atoi(address.p + sizeof "127.0.0.1:" - 1)),
    };
}

struct server_options in_june(void)
{
    return (struct server_options){
        .listen = STR("127.0.0.1:0"),
        .clock_offset_ms = moment_of("2026-06-01") - clock_now_ms(),
    };
}

void site_close(struct site *s)
{
    server_stop(s->server);
    engine_close(s->engine);
}

int dial(const struct site *s)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&s->address, sizeof s->address),
                     0);
    return fd;
}

void say(int fd, const char *text)
{
    size_t n = strlen(text);

    while (n) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        if (sent < 0)
            return; /* it was refused already: what it answered counts */
        text += sent;
        n -= (size_t)sent;
    }
}

struct buf hear(int fd)
{
    struct buf b = {};

    for (;;) {
        char *room = buf_room(&b, 4096);
        ssize_t got = recv(fd, room, 4096, 0);

        assert_non_null(room);
        if (got <= 0)
            break;
        b.n += (size_t)got;
    }
    close(fd);
    buf_add_char(&b, '\0');
    b.n--;
    return b;
}

struct buf ask(const struct site *s, const char *request)
{
    int fd = dial(s);

    say(fd, request);
    return hear(fd);
}

struct buf get(const struct site *s, const char *path, const char *headers)
{
    char request[1000];

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "%s" LAST, path,
             headers);
    return ask(s, request);
}

struct buf post(const struct site *s, const char *path, str body)
{
    struct buf request = {};
    struct buf b;

    buf_add_format(&request,
                   "POST %s HTTP/1.1\r\n" HOST
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n" LAST
                   "%.*s",
                   path, body.n, STR_FMT(body));
    buf_add_char(&request, '\0');
    assert_false(request.failed);
    b = ask(s, request.p);
    buf_free(&request);
    return b;
}

int status_of(const struct buf *answer)
{
    return str_starts(buf_str(answer), STR("HTTP/1.1 ")) ? atoi(answer->p + 9) : 0;
}

const char *header_of(const struct buf *answer, const char *name)
{
    static char value[500];
    const char *end = strstr(answer->p, "\r\n\r\n"), *p = answer->p;
    size_t n = strlen(name);

    assert_non_null(end);
    while ((p = strstr(p, "\r\n")) && p < end) {
        p += 2;
        if (!strncasecmp(p, name, n) && p[n] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(p + n + 2, "\r"),
                     p + n + 2);
            return value;
        }
    }
    return NULL;
}

str body_of(const struct buf *answer)
{
    const char *end = memmem(answer->p, answer->n, "\r\n\r\n", 4);

    assert_non_null(end);
    return str_from(buf_str(answer), (size_t)(end - answer->p) + 4);
}

void need_get(const struct site *s, const char *path, int status, const char *says)
{
    struct buf b = get(s, path, "");

    if (status_of(&b) != status || !strstr(b.p, says))
        fail_msg("%s gives %d and not %d with \"%s\": %s", path, status_of(&b), status,
                 says, b.p);
    buf_free(&b);
}

void need_refused(const struct site *s, const char *request, int status, const char *says)
{
    struct buf b = ask(s, request);
    const char *first = b.p;

    if (status_of(&b) != status || !strstr(b.p, says))
        fail_msg("%s\ngives %d and not %d with \"%s\": %s", request, status_of(&b),
                 status, says, b.p);
    assert_string_equal(header_of(&b, "Content-Type"), "application/json");
    /* One request, one answer: no body was taken for a second request. */
    assert_null(strstr(first + 1, "HTTP/1.1 "));
    buf_free(&b);
}
