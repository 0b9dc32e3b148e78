#include "event/call.h"

#include "support/events.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define NOON_MS INT64_C(1772625600000) /* 2026-03-04T12:00:00Z */
enum { SPARE = 64 };

struct parsed {
    struct json_parser *parser;
    struct arena a;
    struct event event;
};

static const struct json *json_of(struct parsed *p, const char *text, struct err *err)
{
    size_t n = strlen(text);
    char *copy = arena_alloc(&p->a, n + SPARE, 1);
    const struct json *json = NULL;

    if (!copy
        || !json_parse(p->parser, (str){memcpy(copy, text, n), n}, &p->a, &json, err))
        return copy ? NULL : (err_nomem(err), NULL);
    return json;
}

/* A call that came at noon with this frame; NULL: no batch around it. */
static bool parse(struct parsed *p, const char *call, const char *type,
                  const char *context, const char *address, struct err *err)
{
    struct call_frame by = {.type = str_of(type),
                            .address = str_of(address),
                            .source = STR("shop"),
                            .received_ms = NOON_MS};
    const struct json *json;

    *p = (struct parsed){};
    return json_parser_new(&p->parser, err)
           && (!context || (by.context = json_of(p, context, err)))
           && (json = json_of(p, call, err))
           && call_parse(json, &by, &p->a, &p->event, err);
}

static void parsed_free(struct parsed *p)
{
    json_parser_free(p->parser);
    arena_free(&p->a);
}

static struct parsed need(const char *call, const char *type, const char *context,
                          const char *address)
{
    struct parsed p;
    struct err err;

    if (!parse(&p, call, type, context, address, &err))
        fail_msg("%s: %s", call, err.msg);
    return p;
}

/* The value of a property as text; NULL when there is none. */
static const char *text_of(struct parsed *p, const char *name)
{
    for (uint32_t i = 0; i < p->event.property_n; i++) {
        const struct property *found = &p->event.property[i];

        if (str_eq(found->name, str_of(name)))
            return found->value.type == VALUE_TEXT ? arena_str(&p->a, found->value.text).p
                                                   : value_type_name(found->value.type).p;
    }
    return NULL;
}

static void need_text(struct parsed *p, const char *name, const char *expected)
{
    const char *text = text_of(p, name);

    if (!text != !expected || (text && strcmp(text, expected)))
        fail_msg("%s is %s, not %s", name, text ? text : "missing",
                 expected ? expected : "missing");
}

TEST(the_path_says_which_call_it_is)
{
    struct parsed p =
        need("{\"type\":\"track\",\"userId\":\"u\",\"name\":\"Home\"}", "page", NULL, "");

    assert_true(str_eq(p.event.type, STR("page")));
    need_text(&p, "name", "Home");
    parsed_free(&p);
    p = need("{\"type\":\"screen\",\"userId\":\"u\"}", "", NULL, "");
    assert_true(str_eq(p.event.type, STR("screen")));
    parsed_free(&p);
}

TEST(a_channel_said_beside_the_context_stands_in_it)
{
    struct parsed p = need("{\"userId\":\"u\",\"event\":\"x\",\"channel\":\"server\"}",
                           "track", NULL, "");

    need_text(&p, "context.channel", "server");
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"event\":\"x\",\"channel\":\"web\",\"context\":{"
             "\"channel\":\"mobile\"}}",
             "track", NULL, "");
    need_text(&p, "context.channel", "mobile");
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"event\":\"x\",\"channel\":{\"a\":1}}", "track", NULL,
             "");
    need_text(&p, "context.channel", NULL);
    parsed_free(&p);
}

TEST(what_context_says_becomes_properties)
{
    struct parsed p = need(
        "{\"userId\":\"u\",\"event\":\"x\",\"properties\":{\"page\":\"own\"},\"context\":"
        "{"
        "\"page\":{\"url\":\"/a\",\"path\":\"/\"},\"campaign\":{\"source\":\"mail\"},"
        "\"locale\":\"it-IT\",\"active\":true,\"traits\":{\"vip\":true},\"ip\":"
        "\"203.0.113.77\",\"gone\":null}}",
        "track", NULL, "198.51.100.0");

    need_text(&p, "page", "own");
    need_text(&p, "context.page.url", "/a");
    need_text(&p, "context.page.path", "/");
    need_text(&p, "context.campaign.source", "mail");
    need_text(&p, "context.locale", "it-IT");
    need_text(&p, "context.active", "bool");
    need_text(&p, "context.ip", "203.0.113.0");
    need_text(&p, "context.gone", NULL);
    need_text(&p, "context.traits.vip", NULL);
    assert_int_equal(p.event.trait_n, 1);
    parsed_free(&p);
}

TEST(who_says_something_of_traits_is_told)
{
    struct parsed p =
        need("{\"userId\":\"u\",\"traits\":{\"a\":1}}", "identify", NULL, "");
    struct event of_account;
    struct err err;
    bool there;

    need_text(&p, EVENT_SOURCE, "shop");
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"traits\":{\"a\":1},\"context\":{\"source\":\"crm\"}}",
             "identify", "{\"source\":\"web\"}", "");
    need_text(&p, EVENT_SOURCE, "crm");
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"traits\":{\"a\":1}}", "identify",
             "{\"source\":\"web\"}", "");
    need_text(&p, EVENT_SOURCE, "web");
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"event\":\"x\"}", "track", NULL, "");
    need_text(&p, EVENT_SOURCE, NULL); /* it says nothing */
    parsed_free(&p);
    p = need("{\"userId\":\"u\",\"groupId\":\"g\",\"messageId\":\"m\",\"traits\":"
             "{\"a\":1}}",
             "group", NULL, "");
    need_text(&p, EVENT_SOURCE, "shop");
    if (!event_of_account(&p.event, &p.a, &of_account, &there, &err))
        fail_msg("%s", err.msg);
    assert_true(there);
    assert_int_equal(of_account.trait_n, 1);
    p.event = of_account;
    need_text(&p, EVENT_SOURCE, "shop");
    parsed_free(&p);
}

TEST(what_a_call_does_not_say_its_batch_says)
{
    static const char batch[] =
        "{\"page\":{\"url\":\"/b\",\"title\":\"B\"},\"ip\":\"203.0.113.9\"}";
    struct parsed p =
        need("{\"userId\":\"u\",\"event\":\"x\",\"context\":{\"page\":{\"url\":"
             "\"/a\"}}}",
             "track", batch, "198.51.100.0");

    need_text(&p, "context.page.url", "/a");
    need_text(&p, "context.page.title", "B");
    need_text(&p, "context.ip", "203.0.113.0");
    parsed_free(&p);
    p = need("{\"userId\":\"u\"}", "identify", "[1]", "198.51.100.0");
    need_text(&p, "context.ip", "198.51.100.0");
    assert_int_equal(p.event.property_n, 1);
    parsed_free(&p);
}

TEST(an_event_without_an_id_gets_one_that_is_the_same_when_it_comes_again)
{
#define CALL(more)                                                                       \
    "{\"userId\":\"u\",\"event\":\"x\",\"timestamp\":\"2026-01-01\"" more "}"
    static const struct {
        const char *call;
        bool same;
    } other[] = {
        {CALL(""), true},
        {CALL(",\"sentAt\":\"2026-03-04T11:59:59Z\""), true},
        {CALL(",\"writeKey\":\"k\""), true},
        {" {\"userId\" : \"u\", \"event\":\"\\u0078\", \"timestamp\":\"2026-01-01\"}",
         true},
        {CALL(",\"properties\":{}"), false},
        {"{\"userId\":\"v\",\"event\":\"x\",\"timestamp\":\"2026-01-01\"}", false},
    };
    struct parsed first = need(CALL(""), "track", NULL, "");

    assert_int_equal(first.event.id.n, 32);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct parsed p = need(other[i].call, "track", NULL, "");

        if (str_eq(p.event.id, first.event.id) != other[i].same)
            fail_msg("%s", other[i].call);
        parsed_free(&p);
    }
    parsed_free(&first);
    first = need("{\"userId\":\"u\",\"event\":\"x\"}", "track", NULL, "");
    assert_int_equal(first.event.id.n, 0);
    assert_true(first.event.at_ms == NOON_MS);
    parsed_free(&first);
#undef CALL
}

TEST(an_address_is_cut)
{
    static const struct {
        const char *whole, *cut;
    } address[] = {
        {"203.0.113.77", "203.0.113.0"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1::"},
        {"::ffff:203.0.113.77", "203.0.113.0"},
        {"127.0.0.1", ""},
        {"::1", ""},
        {"::ffff:127.0.0.1", ""},
        {"", ""},
        {"unknown", ""},
        {"203.0.113.77, 10.0.0.1", ""},
        {"0000000000000000000000000000000000000000000000000000000001", ""},
    };

    for (size_t i = 0; i < sizeof address / sizeof *address; i++) {
        char room[ADDRESS_MAX];

        if (!str_eq(address_cut(str_of(address[i].whole), room), str_of(address[i].cut)))
            fail_msg("%s", address[i].whole);
    }
}

TEST(what_was_read_is_read_again_from_its_line)
{
    static const char *const call[][2] = {
        {"track",
         "{\"event\":\"x\",\"anonymousId\":\"v\",\"userId\":\"u\",\"messageId\":\"1\","
         "\"properties\":{\"a\":[1,\"b\"]},\"context\":{\"traits\":{\"t\":null},"
         "\"os\":{\"name\":\"x\"}}}"},
        {"identify",
         "{\"userId\":\"u\",\"messageId\":\"1\",\"traits\":{\"t\":1},\"context\":{"
         "\"ip\":\"203.0.113.1\"}}"},
        {"page",
         "{\"anonymousId\":\"v\",\"messageId\":\"1\",\"category\":\"c\",\"context\":{"
         "\"locale\":\"it\"}}"},
        {"group",
         "{\"userId\":\"u\",\"messageId\":\"1\",\"groupId\":7,\"traits\":{\"n\":{"
         "\"m\":2}},\"context\":{\"locale\":\"it\"}}"},
        {"alias", "{\"userId\":\"u\",\"messageId\":\"1\",\"previousId\":\"v\"}"},
    };

    for (size_t i = 0; i < sizeof call / sizeof *call; i++) {
        struct parsed p = need(call[i][1], call[i][0], NULL, "");
        const struct json *json;
        struct buf line = {};
        struct event again;
        struct err err;

        event_print(&p.event, &line);
        buf_add_char(&line, 0);
        json = json_of(&p, line.p, &err);
        assert_non_null(json);
        assert_true(event_parse(json, &p.a, &again, &err));
        if (!event_eq(&p.event, &again))
            fail_msg("%s", line.p);
        buf_free(&line);
        parsed_free(&p);
    }
}

static bool parse_once(void *context, struct err *err)
{
    struct parsed p;
    bool ok =
        parse(&p, context, "track", "{\"page\":{\"url\":\"/b\"}}", "203.0.113.0", err);

    parsed_free(&p);
    return ok;
}

TEST(lack_of_memory_is_reported)
{
    char call[] =
        "{\"userId\":\"u\",\"event\":\"x\",\"timestamp\":\"2026-01-01\",\"properties\":"
        "{\"a\":{\"b\":[1]}},\"context\":{\"page\":{\"url\":\"/a\"}}}";

    each_oom(parse_once, call);
}

/* Names of all of them are found, whatever was left out before. */
TEST(of_many_properties_the_last_of_each_name_counts)
{
    struct buf call = {};
    struct parsed p;

    buf_add(&call, STR("{\"userId\":\"u\",\"context\":{"));
    for (int i = 0; i < 100; i++)
        buf_add_format(&call, "%s\"c%d\":\"own\"", i ? "," : "", i);
    buf_add(&call, STR("},\"properties\":{\"context\":{\"c99\":\"first\",\"x\":\"y\"}"));
    for (int i = 0; i < 100; i++)
        buf_add_format(&call, ",\"p\":{\"%d\":\"a\"},\"p.%d\":\"b\"", i, i);
    buf_add(&call, STR("}}"));
    buf_add_char(&call, 0);
    p = need(call.p, "identify", "{\"c1\":\"batch\",\"c100\":\"batch\"}", "");
    assert_int_equal(p.event.property_n, 102);
    need_text(&p, "context.c1", "own");
    need_text(&p, "context.c99", "own");
    need_text(&p, "context.c100", "batch");
    need_text(&p, "context.x", "y");
    parsed_free(&p);
    p = need(call.p, "screen", NULL, "");
    assert_int_equal(p.event.property_n, 201);
    need_text(&p, "p.0", "b");
    need_text(&p, "p.99", "b");
    parsed_free(&p);
    buf_free(&call);
}
