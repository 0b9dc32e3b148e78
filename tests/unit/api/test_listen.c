#include "api/listen.h"

#include "support/unit.h"

static void need(const char *text, const char *printed, bool is_local)
{
    struct listen_at at;
    struct buf b = {};
    struct err err;

    if (!listen_parse(str_of(text), &at, &err))
        fail_msg("%s: %s", text, err.msg);
    listen_print(&at, 7070, &b);
    assert_true(str_eq(buf_str(&b), str_of(printed)));
    assert_int_equal(at.is_local, is_local);
    assert_int_equal(at.is_v6, printed[0] == '[');
    buf_free(&b);
}

TEST(an_address_says_who_can_reach_it)
{
    need("7070", "127.0.0.1:7070", true);
    need(":7070", "127.0.0.1:7070", true);
    need("localhost:7070", "127.0.0.1:7070", true);
    need("127.0.0.1:0", "127.0.0.1:7070", true);
    need("127.8.0.1:0", "127.8.0.1:7070", true);
    need("[::1]:0", "[::1]:7070", true);
    need("0.0.0.0:0", "0.0.0.0:7070", false);
    need("128.0.0.1:0", "128.0.0.1:7070", false);
    need("[::]:0", "[::]:7070", false);
    need("[2001:db8::1]:0", "[2001:db8::1]:7070", false);
    need("[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:7070", false);
}
