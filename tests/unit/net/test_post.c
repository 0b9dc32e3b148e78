#include "net/post.h"

#include "support/unit.h"

#include <string.h>

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
