#include "unit/api/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t answers(const struct site *s, const char *kind)
{
    struct buf b = get(s, "/metrics", "");
    char name[80];
    const char *at;
    uint64_t n;

    snprintf(name, sizeof name, "\nciclo_reports_total{answer=\"%s\"} ", kind);
    at = strstr(b.p, name);
    assert_non_null(at);
    n = strtoull(at + strlen(name), NULL, 10);
    buf_free(&b);
    return n;
}

/* Of two answers to the same question the second is this kind's; *age is what it says of it. */
static void need_second(const struct site *s, const char *path, const char *kind, int age)
{
    struct buf first = get(s, path, ""), second;
    uint64_t before = answers(s, kind);
    const char *said;

    assert_int_equal(status_of(&first), 200);
    second = get(s, path, "");
    said = header_of(&second, "Age");
    assert_int_equal(said ? atoi(said) : 0, age);
    if (!str_eq(body_of(&first), body_of(&second)) && !strcmp(kind, "kept"))
        fail_msg("%s: %s, then %s", path, first.p, second.p);
    assert_int_equal(answers(s, kind), before + 1);
    buf_free(&first);
    buf_free(&second);
}

TEST(only_answers_that_time_does_not_change_are_kept)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);

    need_second(&s, "/api/funnel?steps=any&at=2026-03-01", "kept", 0);
    need_second(&s, "/api/funnel?at=2026-03-01&steps=any&strict=", "kept", 0);
    need_second(&s, "/api/customers?at=2026-03-01&limit=1", "kept", 0);
    need_second(&s, "/api/funnel?steps=any&from=-30d&at=2026-03-01", "kept", 0);
    need_second(&s, "/api/funnel?steps=any", "fresh", 0);
    need_second(&s, "/api/funnel?steps=any&at=-30d", "fresh", 0);
    need_second(&s, "/api/funnel?steps=any&at=month", "fresh", 0);
    need_second(&s, "/api/customers?at=2026-03-01&format=csv", "fresh", 0);
    site_close(&s);
}

#define EVENT(id)                                                                        \
    "{\"batch\":[{\"type\":\"track\",\"event\":\"signed_up\",\"userId\":\"" id           \
    "\",\"messageId\":\"" id "\",\"timestamp\":\"2026-02-01T00:00:00Z\"}]}"

TEST(what_was_sent_before_is_in_the_answer)
{
    static const char path[] = "/api/funnel?steps=any&at=2026-03-01";
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf before = get(&s, path, ""), sent, after;

    sent = post(&s, "/v1/batch", STR(EVENT("m1")));
    assert_int_equal(status_of(&sent), 200);
    after = get(&s, path, "");
    assert_int_equal(status_of(&after), 200);
    assert_false(str_eq(body_of(&before), body_of(&after)));
    assert_int_equal(answers(&s, "fresh"), 2);
    buf_free(&before);
    buf_free(&sent);
    buf_free(&after);
    site_close(&s);
}

TEST(who_has_no_patience_gets_an_older_answer_with_its_age)
{
    static const char path[] = "/api/funnel?steps=any";
    struct server_options june = in_june();
    struct site s;
    struct buf b;

    june.reports = (struct report_times){-1, 60 * 1000};
    s = site_open(&june);
    need_second(&s, path, "older", 1);
    b = post(&s, "/v1/batch", STR(EVENT("m1")));
    buf_free(&b);
    b = get(&s, path, "Cache-Control: no-cache\r\n");
    assert_null(header_of(&b, "Age"));
    assert_non_null(strstr(b.p, "\"customers\":11"));
    buf_free(&b);
    b = post(&s, "/v1/batch", STR(EVENT("m2")));
    buf_free(&b);
    for (bool is_new = false; !is_new;) { /* begun for one it is there for the next */
        b = get(&s, path, "");
        assert_non_null(header_of(&b, "Age"));
        is_new = strstr(b.p, "\"customers\":12");
        buf_free(&b);
    }
    assert_int_equal(answers(&s, "fresh"), 2);
    site_close(&s);
}

TEST(an_answer_by_another_model_is_not_given)
{
    static const char path[] = "/api/stages?at=2026-05-01T00:00";
    struct server_options june = in_june();
    struct site s;
    struct buf b;

    june.reports = (struct report_times){-1, 60 * 1000};
    s = site_open(&june);
    b = get(&s, path, "");
    buf_free(&b);
    b = post(&s, "/api/model/apply",
             STR("{\"version\":1,\"text\":\"ciclo: 1\\nworkspace: { name: B, currency: "
                 "EUR, timezone: UTC "
                 "}\\nlifecycle: { start: all, stages: { all: {} } }\\n\"}"));
    assert_int_equal(status_of(&b), 202);
    buf_free(&b);
    for (bool is_live = false; !is_live;) {
        b = get(&s, "/api/info", "");
        is_live = strstr(b.p, "\"model_version\":2");
        buf_free(&b);
    }
    b = get(&s, path, "");
    assert_null(header_of(&b, "Age"));
    assert_non_null(strstr(b.p, "\"stage\":\"all\""));
    buf_free(&b);
    site_close(&s);
}

TEST(an_answer_that_is_too_old_is_not_given)
{
    struct server_options june = in_june();
    struct site s;

    june.reports = (struct report_times){-1, 1};
    s = site_open(&june);
    for (int i = 0; i < 3; i++) {
        struct buf b = get(&s, "/api/funnel?steps=any", "");

        assert_int_equal(status_of(&b), 200);
        assert_null(header_of(&b, "Age"));
        buf_free(&b);
        usleep(20 * 1000);
    }
    assert_int_equal(answers(&s, "fresh"), 3);
    site_close(&s);
}

#define PURCHASE(id, who, day)                                                           \
    "{\"batch\":[{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"" who           \
    "\",\"messageId\":\"" id "\",\"timestamp\":\"" day                                   \
    "T00:00:00Z\",\"properties\":{\"revenue\":20}}]}"

static bool says(const struct site *s, const char *path, const char *what)
{
    struct buf b = get(s, path, "");
    bool does;

    assert_int_equal(status_of(&b), 200);
    does = strstr(b.p, what);
    buf_free(&b);
    return does;
}

static const char worth_now[] =
    "/api/value?model=nbd&value=revenue&until=now&customer=10";

/* A shop with a fit, and behind it a purchase of customer 10. */
static struct site shop_of_june(int64_t refit_ms)
{
    struct server_options june = in_june();
    struct site s;
    struct buf b;

    june.reports.refit_ms = refit_ms;
    s = site_open(&june);
    b = post(&s, "/v1/batch", STR(PURCHASE("v1", "anna", "2026-05-30")));
    buf_free(&b);
    assert_true(says(&s, worth_now, "\"fit_is_latest\":true"));
    assert_true(says(&s, worth_now, "\"purchases\":2,"));
    b = post(&s, "/v1/batch", STR(PURCHASE("v2", "10", "2026-05-30")));
    buf_free(&b);
    return s;
}

TEST(what_a_customer_is_worth_now_is_told_by_the_last_fit)
{
    struct site s = shop_of_june(60 * 1000);

    assert_true(says(&s, worth_now, "\"purchases\":3,"));
    for (int i = 0; i < 3; i++) { /* it is not old enough */
        assert_true(says(&s, worth_now, "\"fit_is_latest\":false"));
        usleep(20 * 1000);
    }
    need_get(&s, "/api/value?model=nbd&value=revenue&until=now&customer=nobody", 404,
             "nobody");
    need_get(&s, "/api/value?until=now", 400, "one customer");
    site_close(&s);
}

TEST(another_fit_is_made_beside)
{
    struct site s = shop_of_june(-1);

    assert_true(says(&s, worth_now, "\"fit_is_latest\":false"));
    while (!says(&s, worth_now, "\"fit_is_latest\":true"))
        usleep(1000);
    assert_true(says(&s, worth_now, "\"purchases\":3,"));
    site_close(&s);
}

TEST(what_is_wrong_with_a_question_is_said)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);

    need_get(&s, "/api/funnel?steps=nobody%20ever", 400, "\"text\":");
    need_get(&s, "/api/funnel", 400, "steps are patterns");
    need_get(&s, "/api/views/none", 404, "none");
    site_close(&s);
}

/* All at once: one after the other is made, and whoever asks the same gets the same. */
TEST(many_may_ask_at_once)
{
    enum { ASKERS = 24 };
    struct server_options june = in_june();
    struct site s = site_open(&june);
    int fd[ASKERS];

    for (int i = 0; i < ASKERS; i++) {
        char request[200];

        snprintf(request, sizeof request,
                 "GET /api/funnel?steps=any&at=2026-0%d-01 HTTP/1.1\r\n" HOST LAST,
                 1 + i % 5);
        fd[i] = dial(&s);
        say(fd[i], request);
    }
    for (int i = 0; i < ASKERS; i++) {
        struct buf b = hear(fd[i]);

        assert_int_equal(status_of(&b), 200);
        assert_true(str_starts(body_of(&b), STR("{")));
        buf_free(&b);
    }
    site_close(&s);
}

TEST(who_waits_when_the_server_stops_is_answered)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    int fd[8];

    for (unsigned round = 0; round < 20; round++) {
        for (int i = 0; i < 8; i++) {
            fd[i] = dial(&s);
            say(fd[i], "GET /api/funnel?steps=any HTTP/1.1\r\n" HOST LAST);
        }
        usleep(round * 100);
        server_stop(s.server);
        for (int i = 0; i < 8; i++) {
            struct buf b = hear(fd[i]);

            /* Who was not heard yet hears nothing. */
            if (b.n && status_of(&b) != 200
                && (status_of(&b) != 503 || !strstr(b.p, "is being stopped")))
                fail_msg("%s", b.p);
            buf_free(&b);
        }
        site_serve(&s, &june);
    }
    site_close(&s);
}
