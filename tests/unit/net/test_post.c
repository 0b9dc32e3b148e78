#include "net/post.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void need_url(const char *url, bool may_be_plain, const char *why)
{
    struct err err;
    bool ok = post_check_url(str_of(url), may_be_plain, &err);

    if (ok != !why)
        fail_msg("%s: %s", url, ok ? "is taken" : err.msg);
    if (why && (err.code != ERR_INPUT || !strstr(err.msg, why)))
        fail_msg("%s: %s", url, err.msg);
}

TEST(what_can_be_sent_to_is_a_url)
{
    need_url("https://example.org/hooks?a=b", false, NULL);
    need_url("https://example.org:8443", false, NULL);
    need_url("https://[2606:4700::1]/x", false, NULL);
    need_url("http://localhost:8000/x", false, NULL);
    need_url("http://127.0.0.1/x", false, NULL);
    need_url("http://[::1]:9/x", false, NULL);
    need_url("http://example.org/x", true, NULL);
    need_url("http://example.org/x", false, "https://");
    need_url("http://localhost.example.org/x", false, "https://");
    need_url("https://ada:secret@example.org/x", false, "no name and password");
    need_url("ftp://example.org/x", true, "begins with https://");
    need_url("file:///etc/passwd", true, "https://");
    need_url("example.org/x", true, "URL");
    need_url("https://", true, "URL");
    need_url("", true, "URL");
    need_url("https://example.org/a b", true, "no spaces");
    need_url("https://example.org/\n", true, "no spaces");
    need_url("https://caf\xc3\xa9.example/", true, "ASCII");
}

/* --- sending --- */

/* A door at which nobody answers; the URL behind it. */
static int silent_door(char url[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0
                && listen(fd, 4) == 0
                && getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    snprintf(url, 64, "http://127.0.0.1:%d/in", ntohs(at.sin_port));
    return fd;
}

struct answered {
    int n;
    struct post_answer answer;
};

static void take(void *owner, void *context, const struct post_answer *a)
{
    struct answered *to = owner;

    assert_ptr_equal(context, owner);
    to->n++;
    to->answer = *a;
}

static struct post_answer ask(const char *url, bool may_be_private, int64_t timeout_ms)
{
    static const char *const header[] = {"Content-Type: application/json", NULL};
    const struct post post = {.url = str_of(url),
                              .header = header,
                              .body = STR("{}"),
                              .may_be_private = may_be_private};
    struct answered to = {};
    struct poster *p;
    struct err err;

    assert_true(poster_new(timeout_ms, 2, &p, &err));
    assert_true(poster_begin(p, &post, &to, &err));
    while (!to.n)
        assert_true(poster_run(p, 50, take, &to, &err));
    poster_free(p);
    assert_int_equal(to.n, 1);
    return to.answer;
}

TEST(who_does_not_answer_in_time_gave_no_answer)
{
    char url[64];
    int fd = silent_door(url);
    struct post_answer a = ask(url, true, 100);

    assert_int_equal(a.status, 0);
    assert_non_null(strstr(a.why, "timed out"));
    close(fd);
}

TEST(an_address_that_is_not_public_is_not_gone_to)
{
    char url[64];
    int fd = silent_door(url);
    struct post_answer a = ask(url, false, 5000);

    assert_int_equal(a.status, 0);
    assert_non_null(strstr(a.why, "not of the public network"));
    assert_int_equal(recv(fd, url, 1, MSG_DONTWAIT), -1);
    close(fd);
    for (size_t i = 0; i < 9; i++) {
        static const char *const inside[] = {
            "http://10.1.2.3/",    "http://172.31.0.1/",
            "http://192.168.1.1/", "http://169.254.169.254/",
            "http://[::1]/",       "http://[fe80::1]/",
            "http://[fd00::1]/",   "http://[::ffff:10.0.0.1]/",
            "http://0.0.0.0/"};

        a = ask(inside[i], false, 5000);
        if (!strstr(a.why, "not of the public network"))
            fail_msg("%s: %s", inside[i], a.why);
    }
}

TEST(what_is_under_way_may_be_broken_off)
{
    static const char *const header[] = {NULL};
    char url[64];
    int fd = silent_door(url);
    const struct post post = {
        .url = str_of(url), .header = header, .body = STR("{}"), .may_be_private = true};
    struct answered to = {};
    struct poster *p;
    struct err err;

    assert_true(poster_new(60000, 2, &p, &err));
    for (int i = 0; i < 3; i++)
        assert_true(poster_begin(p, &post, &to, &err));
    assert_true(poster_run(p, 10, take, &to, &err));
    poster_wake(p);
    assert_true(poster_run(p, 60000, take, &to, &err));
    poster_free(p);
    assert_int_equal(to.n, 0);
    close(fd);
}

/* The test would wait for ever: others may stand behind what ended. */
TEST(what_has_ended_already_is_told_without_waiting)
{
    static const char *const header[] = {NULL};
    static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
    char url[64], request[1024];
    int door = silent_door(url), fd;
    const struct post post = {
        .url = str_of(url), .header = header, .body = STR("{}"), .may_be_private = true};
    struct answered to = {};
    struct poster *p;
    struct err err;

    assert_true(poster_new(3600000, 2, &p, &err));
    assert_true(poster_begin(p, &post, &to, &err));
    assert_true(poster_run(p, 0, take, &to, &err));
    fd = accept(door, NULL, NULL);
    while (recv(fd, request, sizeof request, MSG_DONTWAIT) <= 0)
        assert_true(poster_run(p, 1, take, &to, &err));
    assert_int_equal(send(fd, answer, sizeof answer - 1, 0), sizeof answer - 1);
    assert_true(poster_run(p, 3600000, take, &to, &err));
    assert_int_equal(to.n, 1);
    assert_int_equal(to.answer.status, 204);
    poster_free(p);
    close(fd);
    close(door);
}
