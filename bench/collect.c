/* collect.c - the load of many SDKs on a running `ciclo serve`: how many events a second are
 * answered as durable, and how long an answer takes.
 *
 *     bench_collect PORT BATCH CONNECTIONS SECONDS [clickhouse]
 *
 * Each connection sends a body of BATCH events of 600 bytes, waits for its answer, and sends the
 * next: plain sockets on loopback, one thread. BATCH 1 is one event a request. For ClickHouse's HTTP
 * interface the same values are members of one object, since it takes rows. */
#include "base/str.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENT_BYTES = 600, PEOPLE = 100000, ANSWERS_MAX = 1 << 22, HEARD = 1 << 14 };

static const char event_head[] =
    "{\"type\":\"track\",\"event\":\"Product "
    "Viewed\",\"userId\":\"user-%08u\",\"messageId\":"
    "\"ajs-next-%016llx\",\"timestamp\":\"2026-01-%02uT%02u:%02u:%02u.000Z\","
    "\"properties\":{"
    "\"product_id\":\"507f1f77bcf86cd7994390%02u\",\"sku\":\"G-%02u\",\"category\":"
    "\"Games\",\"name\":"
    "\"Monopoly: 3rd "
    "Edition\",\"brand\":\"Hasbro\",\"price\":18.99,\"quantity\":1,\"position\":3,"
    "\"coupon\":\"MAYDEALS\"},\"context\":{\"library\":{\"name\":\"analytics.js\","
    "\"version\":"
    "\"npm:next-1.70.0\"},\"locale\":\"it-IT\",\"page\":{\"path\":\"/products/"
    "monopoly\",\"title\":"
    "\"Monopoly\"},\"ip\":\"203.0.113.%u\"},\"anonymousId\":\"anon-%08u\",\"_pad\":\"";

static const char row_head[] =
    "{\"type\":\"track\",\"event\":\"Product Viewed\",\"userId\":\"user-%08u\","
    "\"messageId\":\"ajs-next-%016llx\",\"timestamp\":\"2026-01-%02u %02u:%02u:%02u\","
    "\"product_id\":\"507f1f77bcf86cd7994390%02u\",\"sku\":\"G-%02u\",\"category\":"
    "\"Games\",\"name\":\"Monopoly: 3rd Edition\",\"brand\":\"Hasbro\",\"price\":18.99,"
    "\"quantity\":1,\"position\":3,\"coupon\":\"MAYDEALS\",\"library_name\":"
    "\"analytics.js\",\"library_version\":\"npm:next-1.70.0\",\"locale\":\"it-IT\","
    "\"page_path\":\"/products/monopoly\",\"page_title\":\"Monopoly\",\"ip\":"
    "\"203.0.113.%u\",\"anonymousId\":\"anon-%08u\",\"_pad\":\"";

struct connection {
    int fd;
    char *out;
    size_t out_n, sent, heard;
    char in[HEARD];
    int64_t began_us;
};

static uint64_t next_event;
static uint32_t batch;
static bool clickhouse;
static uint64_t answered, refused;
static uint32_t took_n;
static uint32_t *took_us;

static void die(const char *what)
{
    fprintf(stderr, "bench_collect: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static size_t put_event(char *to, uint64_t run)
{
    uint64_t dice = mixed(++next_event + run);
    unsigned person = (unsigned)(dice % PEOPLE), second = (unsigned)(dice >> 20) % 86400;
    size_t n = (size_t)sprintf(
        to, clickhouse ? row_head : event_head, person, (unsigned long long)mixed(dice),
        1 + (unsigned)(dice >> 40) % 28, second / 3600, second / 60 % 60, second % 60,
        (unsigned)(dice >> 50) % 100, (unsigned)(dice >> 50) % 100,
        (unsigned)(dice >> 56) % 250, person);

    memset(to + n, 'x', EVENT_BYTES - 2 - n);
    memcpy(to + EVENT_BYTES - 2, "\"}", 2);
    return EVENT_BYTES;
}

/* The body stands behind a head of fixed length. */
static void make_request(struct connection *c, uint64_t run)
{
    size_t head, n = 0;
    char *body = c->out + 256;

    if (batch > 1 && !clickhouse)
        n += (size_t)sprintf(body, "{\"batch\":[");
    for (uint32_t i = 0; i < batch; i++) {
        if (i)
            body[n++] = clickhouse ? '\n' : ',';
        n += put_event(body + n, run);
    }
    if (batch > 1 && !clickhouse)
        n += (size_t)sprintf(body + n, "]}");
    head = (size_t)sprintf(
        c->out, "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n",
        clickhouse  ? "/?query=INSERT%20INTO%20events%20FORMAT%20JSONEachRow"
        : batch > 1 ? "/v1/batch"
                    : "/v1/track",
        clickhouse
            ? ""
            : "Authorization: Basic a2V5Og==\r\nContent-Type: application/json\r\n",
        n);
    memmove(c->out + head, body, n);
    c->out_n = head + n;
    c->sent = c->heard = 0;
}

static void send_some(struct connection *c)
{
    while (c->sent < c->out_n) {
        ssize_t n = send(c->fd, c->out + c->sent, c->out_n - c->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            die("send");
        c->sent += (size_t)n;
    }
}

/* Whether the whole answer is there. */
static bool hear(struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->heard, sizeof c->in - 1 - c->heard, 0);
    const char *end, *length;

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0)
        die("recv");
    c->heard += (size_t)n;
    c->in[c->heard] = 0;
    end = strstr(c->in, "\r\n\r\n");
    length = strstr(c->in, "Content-Length: ");
    if (end && !length) /* in chunks, and nothing in them */
        return str_starts(str_of(end + 4), STR("0\r\n\r\n"));
    return end && length && end + 4 + atoi(length + 16) <= c->in + c->heard;
}

static void begin(struct connection *c, uint64_t run)
{
    make_request(c, run);
    c->began_us = clock_steady_us();
    send_some(c);
}

static void dial(struct connection *c, int port, int epoll)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};

    c->out = malloc((size_t)batch * (EVENT_BYTES + 1) + 1024);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (!c->out || c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK)
        || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
        die("epoll");
}

static void answer_came(struct connection *c)
{
    if (strncmp(c->in, "HTTP/1.1 200", 12)
        || (!clickhouse && !strstr(c->in, "\"refused\":[]")))
        refused++;
    else
        answered += batch;
    if (took_n < ANSWERS_MAX)
        took_us[took_n++] = (uint32_t)(clock_steady_us() - c->began_us);
}

static int by_length(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void report(double seconds)
{
    qsort(took_us, took_n, sizeof *took_us, by_length);
    if (!took_n)
        exit(1);
    printf(
        "%.0f events/s answered, answers p50 %.1f ms, p99 %.1f ms, max %.1f ms; %llu not "
        "taken\n",
        (double)answered / seconds, took_us[took_n / 2] / 1e3,
        took_us[(uint64_t)took_n * 99 / 100] / 1e3, took_us[took_n - 1] / 1e3,
        (unsigned long long)refused);
}

int main(int argc, char **argv)
{
    int n, epoll = epoll_create1(0);
    struct connection *c;
    int64_t began, end;
    uint64_t run = (uint64_t)clock_now_ms() << 20;

    if (argc != 5 && argc != 6) {
        fputs("use: bench_collect PORT BATCH CONNECTIONS SECONDS [clickhouse]\n", stderr);
        return 2;
    }
    clickhouse = argc == 6;
    batch = (uint32_t)atoi(argv[2]);
    n = atoi(argv[3]);
    c = calloc((size_t)n, sizeof *c);
    took_us = malloc(ANSWERS_MAX * sizeof *took_us);
    if (!c || !took_us || epoll < 0)
        die("begin");
    for (int i = 0; i < n; i++)
        dial(&c[i], atoi(argv[1]), epoll);
    began = clock_steady_us();
    end = began + atoi(argv[4]) * INT64_C(1000000);
    for (int i = 0; i < n; i++)
        begin(&c[i], run);
    while (clock_steady_us() < end) {
        struct epoll_event event[64];
        int came = epoll_wait(epoll, event, 64, 100);

        for (int i = 0; i < came; i++) {
            struct connection *one = event[i].data.ptr;

            send_some(one);
            while (hear(one)) {
                answer_came(one);
                begin(one, run);
            }
        }
    }
    report((double)(clock_steady_us() - began) / 1e6);
    return 0;
}
