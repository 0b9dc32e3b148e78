/* The model over HTTP: bodies that are not what they should be, checks, new versions. */
#include "unit/api/site.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define JSON_TYPE "Content-Type: application/json\r\n"

/* {"text": the text, and what `more` adds} */
static struct buf body_with(const char *text, const char *more)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    json_begin_object(&j);
    json_key(&j, "text");
    json_put_text(&j, str_of(text));
    buf_add(&b, str_of(more));
    json_end_object(&j);
    assert_false(b.failed);
    return b;
}

static void need_answer(const struct site *s, const char *path, const struct buf *body,
                        int status, const char *says)
{
    struct buf b = post(s, path, buf_str(body));

    if (status_of(&b) != status || !strstr(b.p, says))
        fail_msg("%s %.*s gives %d and not %d with \"%s\": %s", path,
                 (int)(body->n > 200 ? 200 : body->n), body->p, status_of(&b), status,
                 says, b.p);
    buf_free(&b);
}

/* The bottega's model, in which one text stands for another. */
static struct buf model_with(const char *old, const char *new)
{
    const char *at = strstr(bottega_model, old);
    struct buf b = {};

    assert_non_null(at);
    buf_add(&b, (str){bottega_model, (size_t)(at - bottega_model)});
    buf_add(&b, str_of(new));
    buf_add(&b, str_of(at + strlen(old)));
    buf_add_char(&b, '\0');
    return b;
}

/* --- bodies --- */

TEST(what_comes_with_a_body_is_looked_at_before_the_body)
{
    static const struct {
        const char *headers;
        int status;
        const char *says;
    } all[] = {
        {"Content-Length: 2\r\n", 415, "application/json"},
        {"Content-Type: text/plain\r\nContent-Length: 2\r\n", 415, "application/json"},
        {"Content-Type: application/jsonp\r\nContent-Length: 2\r\n", 415, ""},
        {JSON_TYPE JSON_TYPE "Content-Length: 2\r\n", 415, ""},
        {JSON_TYPE, 411, "Content-Length"},
        {JSON_TYPE "Content-Length: 2\r\nContent-Length: 2\r\n", 400,
         "one Content-Length"},
        {JSON_TYPE "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400, ""},
        {JSON_TYPE "Transfer-Encoding: chunked\r\n", 400, "Transfer-Encoding"},
        {JSON_TYPE "Content-Length: 10485761\r\n", 413, "10 MiB"},
        {JSON_TYPE "Content-Length: 99999999999999\r\n", 413, "10 MiB"},
        {JSON_TYPE "Content-Length: 2\r\nOrigin: http://evil.example\r\n", 403, "page"},
        {JSON_TYPE "Content-Length: 2\r\nOrigin: null\r\n", 403, "page"},
        {JSON_TYPE "Content-Length: 2\r\nOrigin: http://localhost:1\r\n", 403, "page"},
        {JSON_TYPE "Content-Length: 2\r\nOrigin: https://localhost\r\n", 403, "page"},
        {JSON_TYPE "Content-Length: 2\r\nOrigin: http://localhost\r\n"
                   "Origin: http://localhost\r\n",
         403, "page"},
    };
    struct server_options june = in_june();
    struct site s = site_open(&june);
    char request[500];

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(request, sizeof request,
                 "POST /api/model/check HTTP/1.1\r\n" HOST "%s" LAST "{}",
                 all[i].headers);
        need_refused(&s, request, all[i].status, all[i].says);
    }
    need_refused(&s,
                 "DELETE /api/model/apply/1 HTTP/1.1\r\n" HOST
                 "Origin: http://evil.example\r\n" LAST,
                 403, "page");
    need_refused(&s, "POST /api/model/check HTTP/1.1\r\nHost: evil.example\r\n" LAST, 400,
                 "answers only as localhost");
    need_refused(&s, "GET /api/model/check HTTP/1.1\r\n" HOST LAST, 405, "only POST");
    site_close(&s);
}

TEST(our_own_page_may_send_a_body)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b = ask(&s, "POST /api/model/check HTTP/1.1\r\nHost: localhost:7070\r\n"
                           "Origin: http://localhost:7070\r\n"
                           "content-type: Application/JSON; charset=utf-8\r\n"
                           "Content-Length: 11\r\n" LAST "{\"text\":\"\"}");

    assert_int_equal(status_of(&b), 200);
    buf_free(&b);
    site_close(&s);
}

TEST(a_body_is_the_object_that_the_route_wants)
{
    static const struct {
        const char *body, *says;
    } all[] = {
        {"", "object"},
        {"[]", "object"},
        {"\"text\"", "object"},
        {"null", "object"},
        {"{", "the body"},
        {"{\"text\":\"a\"} x", "the body"},
        {"\xef\xbb\xbf{\"text\":\"a\"}", "the body"},
        {"{\"text\":\"\xff\"}", "the body"},
        {"{\"text\":1e999}", "the body"},
        {"{}", "\\\"text\\\""},
        {"{\"text\":null}", "type string"},
        {"{\"text\":[\"a\"]}", "type string"},
        {"{\"text\":\"a\",\"texts\":\"b\"}", "means nothing here"},
        {"{\"text\":\"a\",\"\":\"b\"}", "means nothing here"},
    };
    static const char *const version[] = {"\"1\"", "1.5", "-", "null", "1e30", "true"};
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf deep = {};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf b = {};

        buf_add(&b, str_of(all[i].body));
        need_answer(&s, "/api/model/check", &b, 400, all[i].says);
        buf_free(&b);
    }
    for (size_t i = 0; i < sizeof version / sizeof *version; i++) {
        char more[40];
        struct buf b;

        snprintf(more, sizeof more, ",\"version\":%s", version[i]);
        b = body_with(bottega_model, more);
        need_answer(&s, "/api/model/apply", &b, 400, "body");
        buf_free(&b);
    }
    for (int i = 0; i < 100000; i++)
        buf_add_char(&deep, '[');
    need_answer(&s, "/api/model/check", &deep, 400, "the body");
    buf_free(&deep);
    need_get(&s, "/healthz", 200, "ok");
    site_close(&s);
}

TEST(a_body_of_ten_million_bytes_is_read)
{
    enum { MOST = 10 << 20 };
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b = {};

    buf_add(&b, STR("{\"text\":\""));
    while (b.n < MOST - 2)
        buf_add_char(&b, 'x');
    buf_add(&b, STR("\"}"));
    need_answer(&s, "/api/model/check", &b, 200, "\"ok\":false");
    buf_free(&b);
    site_close(&s);
}

/* --- check --- */

TEST(a_model_is_checked)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf b = body_with(bottega_model, ""),
               wrong = model_with("to: lapsed", "to: laps");

    need_answer(&s, "/api/model/check", &b, 200,
                "{\"ok\":true,\"error\":null,\"findings\":[");
    need_answer(&s, "/api/model/check", &b, 200,
                "\"stages\":4,\"moves\":3,\"segments\":2}");
    buf_free(&b);
    b = body_with(wrong.p, "");
    need_answer(&s, "/api/model/check", &b, 200,
                "{\"ok\":false,\"error\":{\"code\":\"input\",\"message\":\"");
    need_answer(&s, "/api/model/check", &b, 200, "\"line\":");
    buf_free(&b);
    buf_free(&wrong);
    b = body_with("a\\u0000b: [", "");
    need_answer(&s, "/api/model/check", &b, 200, "\"ok\":false");
    buf_free(&b);
    site_close(&s);
}

/* --- apply --- */

/* Asks until the job has a result or an error. */
static struct buf outcome(const struct site *s, const char *what,
                          const struct buf *accepted)
{
    char path[100];
    const char *id = strstr(accepted->p, "{\"job\":\"");

    assert_non_null(id);
    snprintf(path, sizeof path, "/api/model/%s/%.16s", what, id + 8);
    for (;;) {
        struct buf b = get(s, path, "");

        assert_int_equal(status_of(&b), 200);
        if (!strstr(b.p, "\"result\":null,\"error\":null"))
            return b;
        buf_free(&b);
    }
}

TEST(a_model_is_applied)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf changed = model_with(">= 60d", ">= 50d");
    struct buf b = body_with(changed.p, ",\"version\":1,\"author\":\"Ada\""), accepted,
               end;

    need_get(&s, "/api/stages?at=2026-03-05", 200,
             "\"stage\":\"lapsed\",\"customers\":0");
    accepted = post(&s, "/api/model/apply", buf_str(&b));
    assert_int_equal(status_of(&accepted), 202);
    end = outcome(&s, "apply", &accepted);
    assert_non_null(strstr(end.p, "\"result\":{\"version\":2},\"error\":null"));
    need_get(&s, "/api/info", 200, "\"model_version\":2");
    /* anna bought on 11 January, 9 on the 5th */
    need_get(&s, "/api/stages?at=2026-03-05", 200,
             "\"stage\":\"lapsed\",\"customers\":2");
    need_answer(&s, "/api/model/apply", &b, 409, "version 2 is live");
    buf_free(&end);
    buf_free(&accepted);
    buf_free(&b);
    buf_free(&changed);
    site_close(&s);
}

TEST(a_model_with_a_fault_is_not_applied)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf wrong = model_with("to: lapsed", "to: laps");
    struct buf b = body_with(wrong.p, ",\"version\":1");

    need_answer(&s, "/api/model/apply", &b, 400, "\"line\":");
    need_get(&s, "/api/info", 200, "\"model_version\":1");
    need_get(&s, "/api/model/apply/0123456789abcdef", 404, "last job");
    buf_free(&b);
    buf_free(&wrong);
    site_close(&s);
}

/* --- backtest --- */

TEST(a_model_is_tried_and_nothing_changes)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf changed = model_with(">= 60d", ">= 50d"), wrong = model_with("60d", "60q");
    struct buf b = body_with(changed.p, ",\"from\":\"2026-01-01\",\"to\":\"2026-06-01\""),
               accepted, end;
    char path[100];

    accepted = post(&s, "/api/model/backtest", buf_str(&b));
    assert_int_equal(status_of(&accepted), 202);
    end = outcome(&s, "backtest", &accepted);
    assert_non_null(strstr(end.p, "\"customers\":10,\"differ\":3"));
    assert_non_null(strstr(end.p, "{\"id\":\"9\",\"at\":\"2026-02-24T09:30:00.250Z\","
                                  "\"old\":\"at_risk\",\"new\":\"lapsed\""));
    snprintf(path, sizeof path, "/api/model/backtest/%.16s?first=3",
             strstr(accepted.p, "{\"job\":\"") + 8);
    need_get(&s, path, 200, "\"list\":[]");
    path[strlen(path) - 1] = 'x';
    need_get(&s, path, 400, "first is a place");
    need_get(&s, "/api/info", 200, "\"model_version\":1");
    buf_free(&b);
    b = body_with(wrong.p, "");
    need_answer(&s, "/api/model/backtest", &b, 400, "\"line\":");
    buf_free(&b);
    b = body_with(changed.p, ",\"lifecycle\":\"none\"");
    need_answer(&s, "/api/model/backtest", &b, 404, "none");
    buf_free(&b);
    b = body_with(changed.p, ",\"from\":\"soon\"");
    need_answer(&s, "/api/model/backtest", &b, 400, "from");
    buf_free(&b);
    buf_free(&end);
    buf_free(&accepted);
    buf_free(&changed);
    buf_free(&wrong);
    site_close(&s);
}

/* --- versions --- */

TEST(every_version_is_there_with_its_author)
{
    struct server_options june = in_june();
    struct site s = site_open(&june);
    struct buf changed = model_with(">= 60d", ">= 50d");
    struct buf b = body_with(changed.p, ",\"version\":1,\"author\":\"Ada\""), accepted,
               end;

    accepted = post(&s, "/api/model/apply", buf_str(&b));
    end = outcome(&s, "apply", &accepted);
    need_get(&s, "/api/model/versions", 200, "[{\"version\":1,");
    need_get(&s, "/api/model/versions", 200, "\"author\":\"Ada\"");
    need_get(&s, "/api/model/versions/1", 200, ">= 60d");
    need_get(&s, "/api/model/versions/2", 200, ">= 50d");
    need_get(&s, "/api/model/versions/3", 404, "not_found");
    need_get(&s, "/api/model/versions/0", 400, "number of a version");
    need_get(&s, "/api/model/versions/1.5", 400, "number of a version");
    need_get(&s, "/api/model/versions/1/2", 400, "number of a version");
    need_get(&s, "/api/model/versions/99999999999999999999", 400, "number of a version");
    need_get(&s, "/api/model/diff?from=1&to=2", 200, "{\"sign\":\"-\",\"text\":");
    need_get(&s, "/api/model/diff?from=2&to=2", 200, "{\"hunks\":[]}");
    need_get(&s, "/api/model/diff?from=1", 400, "to is the number");
    need_get(&s, "/api/model/diff?from=1&to=9", 404, "not_found");
    buf_free(&end);
    buf_free(&accepted);
    buf_free(&b);
    buf_free(&changed);
    site_close(&s);
}
