/* webhooks.c - how many messages a second reach one receiver.
 *
 *     bench_webhooks FILE EVENTS      makes FILE, sends all of its events to this machine, and ends
 *
 * The receiver is a thread of the same process, which answers whatever comes with 204 and looks at
 * nothing: it takes its share of the two cores. */
#include "base/time.h"
#include "engine/engine_impl.h"
#include "engine/sender.h"
#include "events.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 10000, PEERS_MAX = 1024 };

static _Noreturn void fail(const char *what, const struct err *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->msg : "failed");
    exit(1);
}

/* --- the receiver --- */

struct peer {
    char text[65536];
    size_t n;
};
static struct peer *peers[PEERS_MAX];
static _Atomic uint64_t received;

/* Answers all whole requests that stand there. */
static void answer(int fd, struct peer *p)
{
    static const char no_content[] = "HTTP/1.1 204 No Content\r\n\r\n";
    char *end, *length;

    for (;;) {
        p->text[p->n] = 0;
        end = strstr(p->text, "\r\n\r\n");
        length = end ? strcasestr(p->text, "content-length:") : NULL;
        if (!length)
            return;
        end += 4 + strtoul(length + 15, NULL, 10);
        if (end > p->text + p->n)
            return;
        p->n -= (size_t)(end - p->text);
        memmove(p->text, end, p->n);
        atomic_fetch_add(&received, 1);
        if (write(fd, no_content, sizeof no_content - 1) < 0)
            return;
    }
}

static void *receive(void *context)
{
    int door = *(int *)context, all = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN, {.fd = door}}, some[64];

    epoll_ctl(all, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        int n = epoll_wait(all, some, 64, -1);

        for (int i = 0; i < n; i++) {
            int fd = some[i].data.fd == door ? accept(door, NULL, NULL) : some[i].data.fd;
            struct peer *p;
            ssize_t got;

            if (fd < 0 || fd >= PEERS_MAX)
                continue;
            if (!peers[fd])
                peers[fd] = calloc(1, sizeof(struct peer));
            p = peers[fd];
            if (some[i].data.fd == door) {
                event.data.fd = fd;
                epoll_ctl(all, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            got = read(fd, p->text + p->n, sizeof p->text - 1 - p->n);
            if (got <= 0) {
                p->n = 0;
                close(fd);
                continue;
            }
            p->n += (size_t)got;
            answer(fd, p);
        }
    }
    return NULL;
}

static void open_door(int *door, char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    pthread_t thread;

    *door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*door < 0 || bind(*door, (struct sockaddr *)&at, n) || listen(*door, 64)
        || getsockname(*door, (struct sockaddr *)&at, &n)
        || pthread_create(&thread, NULL, receive, door))
        fail("the receiver", NULL);
    snprintf(url, 64, "http://127.0.0.1:%d/in", ntohs(at.sin_port));
}

/* --- the sender --- */

static void fill(struct engine *e, uint64_t events)
{
    const struct stream stream = {.n = events, .shape = EVEN, .shuffled = true};
    struct store *s = engine_store(e);
    struct made made = {};
    struct err err;
    bool added;

    for (uint64_t i = 0; i < events; i++) {
        if (i % BATCH == 0 && !store_begin(s, clock_now_ms(), &err))
            fail("filling", &err);
        stream_event(&stream, i, &made);
        if (!store_append(s, &made.event, buf_str(&made.json), &added, &err))
            fail("filling", &err);
        if ((i % BATCH == BATCH - 1 || i + 1 == events) && !store_commit(s, &err))
            fail("filling", &err);
    }
    buf_free(&made.json);
    if (!engine_refresh(e, &err))
        fail("filling", &err);
}

static void add_hook(struct sender *s, const char *url)
{
    const struct webhook_row draft = {.name = STR("bench"),
                                      .url = str_of(url),
                                      .what = WEBHOOK_EVENTS,
                                      .allows = WEBHOOK_PRIVATE_HOST};
    struct buf secret = {};
    struct err err;

    if (!webhooks_add(sender_webhooks(s), &draft, clock_now_ms(), &secret, &err)
        || !webhooks_replay(sender_webhooks(s), STR("bench"), 0, &err))
        fail("the webhook", &err);
    buf_free(&secret);
}

int main(int n, char **word)
{
    const struct log_sink log = log_stderr(LOG_WARN);
    uint64_t events = n == 3 ? strtoull(word[2], NULL, 10) : 0;
    struct engine *e;
    struct sender *s;
    struct err err;
    int64_t began_us;
    char url[64];
    int door;
    size_t templates;

    if (!events)
        return fprintf(stderr, "bench_webhooks FILE EVENTS\n"), 2;
    open_door(&door, url);
    if (!engine_create(io_system(), str_of(word[1]), model_templates(&templates)[0].text,
                       clock_now_ms(), &e, &err))
        fail(word[1], &err);
    fill(e, events);
    if (!sender_new(e, 0, &log, &s, &err))
        fail("the sender", &err);
    add_hook(s, url);
    began_us = clock_steady_us();
    while (atomic_load(&received) < events) {
        sender_run(s, clock_now_ms());
        usleep((useconds_t)sender_wait_ms(s, 20) * 1000);
    }
    printf("%llu messages, %.0f a second\n", (unsigned long long)events,
           (double)events * 1e6 / (double)(clock_steady_us() - began_us));
    sender_free(s);
    engine_close(e);
    return 0;
}
