/* live.c - how long after an event was sent the move that it makes is seen on the live stream,
 * while many others collect.
 *
 *     bench_live PORT RATE SECONDS LISTENERS [CUSTOMERS]
 *
 * On a file of CUSTOMERS (100,000, as many as bench_collect has) that `bench_backtest make` made with
 * fifty events each, who all have their last purchase long behind them. RATE events of 600 bytes a
 * second are sent in batches of 100, by a clock and not by the answers, for the first nine tenths
 * of them; one in a hundred is a purchase. Fifty times a second a customer of his own, from the
 * last downwards, buys, by a request of his own; one stream of all moves is heard, and LISTENERS
 * more that wait each for a customer of whom nothing comes. The file
 * must know the properties of these events already: else the model may read them anew, and the
 * stream ends. A first run with a few seconds and 0 listeners teaches them. */
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENT_BYTES = 600,
    BATCH = 100,
    SENDERS = 64,
    PROBERS = 16, /* so that none waits for the answer of the one before */
    CUSTOMERS = 100000,
    PROBES_A_SECOND = 50,
    PROBES_MAX = 100000,
    HEARD = 1 << 18,
    WARM_S = 2, /* at the beginning, which is not counted */
};

struct sender {
    int fd;
    char *out, in[1 << 14];
    size_t out_n, sent, heard;
    bool is_busy;
    uint32_t probe; /* that it sent last */
    int64_t began_us;
};

static int port;
static unsigned people = CUSTOMERS; /* the last tenth of them buy one by one */
static uint64_t next_event, run, answered, refused, late, slowest_us;
static int64_t sent_us[PROBES_MAX], answered_us[PROBES_MAX], seen_us[PROBES_MAX];
static uint32_t probe_n;

static void die(const char *what)
{
    fprintf(stderr, "bench_live: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)
        || fcntl(fd, F_SETFL, O_NONBLOCK))
        die("connect");
    return fd;
}

static size_t put_event(char *to, const char *type, unsigned person)
{
    uint64_t id = mixed(++next_event + run);
    size_t n = (size_t)sprintf(
        to,
        "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"c%u\",\"messageId\":"
        "\"ajs-next-%016llx\",\"properties\":{\"amount\":18.99,\"channel\":%u,\"page\":%"
        "u,"
        "\"sku\":\"G-%02u\",\"name\":\"Monopoly: 3rd "
        "Edition\",\"quantity\":1},\"context\":{"
        "\"library\":{\"name\":\"analytics.js\",\"version\":\"npm:next-1.70.0\"},"
        "\"locale\":\"it-IT\",\"page\":{\"path\":\"/products/monopoly\"}},\"_pad\":\"",
        type, person, (unsigned long long)id, (unsigned)(id >> 40) % 8,
        (unsigned)(id >> 20) % 5000, (unsigned)(id >> 50) % 100);

    memset(to + n, 'x', EVENT_BYTES - 2 - n);
    memcpy(to + EVENT_BYTES - 2, "\"}", 2);
    return EVENT_BYTES;
}

static void send_some(struct sender *s)
{
    while (s->sent < s->out_n) {
        ssize_t n = send(s->fd, s->out + s->sent, s->out_n - s->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            die("send");
        s->sent += (size_t)n;
    }
}

static void begin(struct sender *s, const char *path, size_t body_n)
{
    char *body = s->out + 256;
    size_t head =
        (size_t)sprintf(s->out,
                        "POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                        "application/json\r\nContent-Length: %zu\r\n\r\n",
                        path, body_n);

    memmove(s->out + head, body, body_n);
    s->out_n = head + body_n;
    s->sent = s->heard = 0;
    s->is_busy = true;
    s->began_us = clock_steady_us();
    send_some(s);
}

static void send_batch(struct sender *s)
{
    size_t n = (size_t)sprintf(s->out + 256, "{\"batch\":[");

    for (unsigned i = 0; i < BATCH; i++) {
        if (i)
            s->out[256 + n++] = ',';
        n += put_event(s->out + 256 + n, i ? "page_view" : "purchase",
                       (unsigned)(mixed(next_event * 7 + run) % (people / 10 * 9)));
    }
    n += (size_t)sprintf(s->out + 256 + n, "]}");
    begin(s, "batch", n);
}

static void send_probe(struct sender *s)
{
    size_t n = put_event(s->out + 256, "purchase", people - 1 - probe_n);

    s->probe = probe_n;
    sent_us[probe_n++] = clock_steady_us();
    begin(s, "track", n);
}

/* Whether the whole answer is there. */
static bool hear(struct sender *s)
{
    ssize_t n;
    const char *end, *length;

    if (!s->is_busy)
        return false;
    n = recv(s->fd, s->in + s->heard, sizeof s->in - 1 - s->heard, 0);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        fprintf(stderr,
                "bench_live: a connection ended %.1f s after its last request, of which "
                "%zu of %zu bytes went, and behind: %.300s\n",
                (double)(clock_steady_us() - s->began_us) / 1e6, s->sent, s->out_n,
                s->in);
        exit(1);
    }
    s->heard += (size_t)n;
    s->in[s->heard] = 0;
    end = strstr(s->in, "\r\n\r\n");
    length = strstr(s->in, "Content-Length: ");
    if (!end || !length || end + 4 + atoi(length + 16) > s->in + s->heard)
        return false;
    if (strncmp(s->in, "HTTP/1.1 200", 12) || !strstr(s->in, "\"refused\":[]"))
        refused++;
    s->is_busy = false;
    return true;
}

/* --- the stream --- */

struct stream {
    int fd;
    size_t n;
    char text[HEARD];
};

static void listen_to(int fd, const char *query)
{
    char request[200];
    int n = snprintf(request, sizeof request,
                     "GET /api/live?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query);

    if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("listen");
}

static uint64_t moves_seen;

static void see(const char *line)
{
    static const char start[] = "data: {\"customer\":\"c";
    unsigned long customer;

    if (!strncmp(line, "event: end", 10)) {
        fprintf(stderr, "bench_live: the stream ended:\n%.200s\n", line);
        exit(1);
    }
    if (strncmp(line, start, sizeof start - 1))
        return;
    moves_seen++;
    customer = strtoul(line + sizeof start - 1, NULL, 10);
    if (customer < people && customer >= people - probe_n
        && !seen_us[people - 1 - customer])
        seen_us[people - 1 - customer] = clock_steady_us();
}

static void read_stream(struct stream *t)
{
    ssize_t got;

    while ((got = recv(t->fd, t->text + t->n, sizeof t->text - 1 - t->n, 0)) > 0) {
        char *line = t->text, *end;

        t->n += (size_t)got;
        t->text[t->n] = 0;
        for (; (end = strchr(line, '\n')); line = end + 1)
            see(line);
        t->n -= (size_t)(line - t->text);
        memmove(t->text, line, t->n);
    }
    if (!got || (errno != EAGAIN && errno != EINTR)) {
        fprintf(stderr, "bench_live: the stream ended: %.200s\n", t->text);
        exit(1);
    }
}

/* --- the figures --- */

static int by_length(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void tell(const char *what, const int64_t *from)
{
    static int64_t took[PROBES_MAX];
    uint32_t n = 0, first = WARM_S * PROBES_A_SECOND;

    for (uint32_t i = first; i < probe_n; i++)
        if (seen_us[i])
            took[n++] = seen_us[i] - from[i];
    if (!n)
        die("no move was seen");
    qsort(took, n, sizeof *took, by_length);
    printf("%s: p50 %.1f ms, p99 %.1f ms, max %.1f ms (%u moves, %u not seen)\n", what,
           (double)took[n / 2] / 1e3, (double)took[(uint64_t)n * 99 / 100] / 1e3,
           (double)took[n - 1] / 1e3, n, probe_n - first - n);
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = what};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
        die("epoll");
}

static struct sender sender[SENDERS + PROBERS]; /* the last ones send the probes */
static struct stream stream;

static void give_work(int64_t now_us, int64_t began_us, int64_t end_us, double rate)
{
    double seconds = (double)(now_us - began_us) / 1e6;
    static uint64_t batches;
    static unsigned turn, probe_turn; /* so that the server closes none of them as idle */

    for (int i = 0; i < SENDERS && (double)(batches * BATCH) < seconds * rate; i++) {
        struct sender *s = &sender[turn++ % SENDERS];

        if (!s->is_busy) {
            send_batch(s);
            batches++;
        }
    }
    if ((double)(batches * BATCH) < seconds * rate - rate / 10)
        late++;
    for (int i = 0; i < PROBERS && now_us < end_us && probe_n < people / 20
                    && probe_n < seconds * PROBES_A_SECOND;
         i++) {
        struct sender *s = &sender[SENDERS + probe_turn++ % PROBERS];

        if (!s->is_busy)
            send_probe(s);
    }
}

static void take_answers(struct sender *s)
{
    send_some(s);
    if (!hear(s))
        return;
    if (s >= &sender[SENDERS]) {
        answered_us[s->probe] = clock_steady_us();
        return;
    }
    answered += BATCH;
    if ((uint64_t)(clock_steady_us() - s->began_us) > slowest_us)
        slowest_us = (uint64_t)(clock_steady_us() - s->began_us);
}

static void open_all(int epoll, int listeners)
{
    struct rlimit files = {4096, 4096};

    setrlimit(RLIMIT_NOFILE, &files);
    stream.fd = dial();
    listen_to(stream.fd, "what=moves");
    watch(epoll, stream.fd, &stream);
    for (int i = 0; i < listeners; i++) {
        char query[40];

        snprintf(query, sizeof query, "what=moves&customer=c%u",
                 people / 10 * 9 + (unsigned)i);
        listen_to(dial(), query);
    }
    for (int i = 0; i < SENDERS + PROBERS; i++) {
        sender[i].fd = dial();
        sender[i].out = malloc(BATCH * (EVENT_BYTES + 1) + 1024);
        if (!sender[i].out)
            die("memory");
        watch(epoll, sender[i].fd, &sender[i]);
    }
}

int main(int argc, char **argv)
{
    int epoll = epoll_create1(0);
    int64_t began, end, now;
    double rate;

    if (argc != 5 && argc != 6) {
        fputs("use: bench_live PORT RATE SECONDS LISTENERS [CUSTOMERS]\n", stderr);
        return 2;
    }
    port = atoi(argv[1]);
    if (argc == 6)
        people = (unsigned)atoi(argv[5]);
    rate = atof(argv[2]);
    run = (uint64_t)clock_now_ms() << 20;
    open_all(epoll, atoi(argv[4]));
    began = clock_steady_us();
    end = began + atoi(argv[3]) * INT64_C(1000000);
    while ((now = clock_steady_us()) < end + 500000) {
        struct epoll_event event[64];
        int came;

        if (now < end)
            give_work(now, began, end, rate);
        came = epoll_wait(epoll, event, 64, 1);
        for (int i = 0; i < came; i++)
            if (event[i].data.ptr == &stream)
                read_stream(&stream);
            else
                take_answers(event[i].data.ptr);
    }
    printf(
        "%.0f events/s answered, slowest %.1f ms, %llu not taken; %llu moves heard%s\n",
        (double)answered / ((double)(end - began) / 1e6), (double)slowest_us / 1e3,
        (unsigned long long)refused, (unsigned long long)moves_seen,
        late ? "; behind the clock" : "");
    tell("from sending to seeing", sent_us);
    tell("from the answer to seeing", answered_us);
    return 0;
}
