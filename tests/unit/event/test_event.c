#include "event/event.h"

#include "support/events.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

/* `text` as an event; the arena holds everything. */
static bool parse(const char *text, struct arena *a, struct event *out, struct err *err)
{
    enum { SPARE = 64 };
    struct json_parser *parser;
    const struct json *json;
    size_t n = strlen(text);
    char *copy = arena_alloc(a, n + SPARE, 1);
    bool ok;

    if (!copy)
        return err_nomem(err);
    memcpy(copy, text, n);
    if (!json_parser_new(&parser, err))
        return false;
    ok = json_parse(parser, (str){copy, n}, a, &json, err)
         && event_parse(json, a, out, err);
    json_parser_free(parser);
    return ok;
}

static struct event parsed(const char *text, struct arena *a)
{
    struct event e;
    struct err err;

    if (!parse(text, a, &e, &err))
        fail_msg("%s", err.msg);
    return e;
}

static void need_refused(const char *text, const char *reason)
{
    struct arena a = {0};
    struct event e;
    struct err err = {ERR_NONE};

    if (parse(text, &a, &e, &err))
        fail_msg("accepted: %s", text);
    if (err.code != ERR_INPUT || !strstr(err.msg, reason))
        fail_msg("%s\ncode %d: %s", text, err.code, err.msg);
    arena_free(&a);
}

static const struct value *property(const struct event *e, const char *name)
{
    for (uint32_t i = 0; i < e->property_n; i++) {
        if (str_eq(e->property[i].name, str_of(name)))
            return &e->property[i].value;
    }
    fail_msg("no property %s", name);
    return NULL;
}

#define ORDER                                                                            \
    "{\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":\"12347\","            \
    "\"messageId\":\"536365\",\"timestamp\":\"2011-12-10T10:01:00.250Z\","               \
    "\"properties\":{\"revenue\":120.5,\"items\":[\"85123A\",7,true,null,{\"a\":[1]}],"  \
    "\"gift\":false,\"note\":null,\"address\":{\"city\":\"Roma\",\"zip\":{\"code\":"     \
    "\"1\"}}},"                                                                          \
    "\"context\":{\"traits\":{\"country\":\"IT\",\"old\":null}}}"

TEST(a_track_call_is_read_whole)
{
    static const char *const item[] = {"85123A", "7", "true", "null", "{\"a\":[1]}"};
    struct arena a = {0};
    struct event e = parsed(ORDER, &a);
    const struct value *items;

    assert_true(str_eq(e.type, STR("Order Completed")));
    assert_true(str_eq(e.customer, STR("12347")));
    assert_true(str_eq(e.id, STR("536365")));
    assert_true(e.at_ms == 1323511260250);
    assert_int_equal(e.property_n, 5);
    assert_int_equal(property(&e, "revenue")->number, 120500000);
    assert_int_equal(property(&e, "gift")->type, VALUE_BOOL);
    assert_true(str_eq(property(&e, "address.city")->text, STR("Roma")));
    assert_true(str_eq(property(&e, "address.zip.code")->text, STR("1")));
    items = property(&e, "items");
    assert_int_equal(items->list.n, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(str_eq(items->list.item[i], str_of(item[i])));
    assert_int_equal(e.trait_n, 2);
    assert_true(str_eq(e.trait[0].value.text, STR("IT")));
    assert_int_equal(e.trait[1].value.type, VALUE_NULL);
    arena_free(&a);
}

#define TRACK_OF(ids)                                                                    \
    "{\"type\":\"track\",\"event\":\"a\",\"timestamp\":\"2026-11-21\"," ids "}"

TEST(an_identify_call_has_traits_and_no_properties)
{
    struct arena a = {0};
    struct event e = parsed("{\"type\":\"identify\",\"anonymousId\":17.5,"
                            "\"originalTimestamp\":\"2026-11-21\","
                            "\"traits\":{\"seats\":3},\"properties\":{\"x\":1}}",
                            &a);

    assert_true(str_eq(e.type, STR("identify")));
    assert_true(str_eq(e.customer, STR("\x02"
                                       "17.5")));
    assert_int_equal(e.id.n, 0);
    assert_true(e.at_ms == 1795219200000); /* without a zone: UTC */
    assert_int_equal(e.property_n, 0);
    assert_int_equal(e.trait_n, 1);
    assert_int_equal(e.trait[0].value.number, 3000000);
    arena_free(&a);
}

TEST(an_identify_call_may_have_its_traits_in_the_context)
{
    struct arena a = {0};
    struct event e = parsed("{\"type\":\"identify\",\"userId\":\"u\","
                            "\"timestamp\":\"2026-11-21\",\"traits\":{\"seats\":3},"
                            "\"context\":{\"traits\":{\"seats\":2,\"old\":null}}}",
                            &a);

    assert_int_equal(e.trait_n, 2);
    assert_true(str_eq(e.trait[0].name, STR("seats")));
    assert_int_equal(e.trait[0].value.number, 3000000);
    assert_true(str_eq(e.trait[1].name, STR("old")));
    assert_int_equal(e.trait[1].value.type, VALUE_NULL);
    e = parsed("{\"type\":\"identify\",\"userId\":\"u\",\"timestamp\":\"2026-11-21\","
               "\"context\":{\"traits\":{\"seats\":2}}}",
               &a);
    assert_int_equal(e.trait_n, 1);
    assert_int_equal(e.trait[0].value.number, 2000000);
    arena_free(&a);
}

static const struct property *property_of(const struct event *e, const char *name)
{
    for (uint32_t i = 0; i < e->property_n; i++)
        if (str_eq(e->property[i].name, str_of(name)))
            return &e->property[i];
    return NULL;
}

TEST(page_screen_group_and_alias_are_events_of_those_types)
{
    struct arena a = {0};
    struct event e = parsed("{\"type\":\"page\",\"anonymousId\":\"v\",\"name\":\"Home\","
                            "\"category\":\"shop\",\"timestamp\":\"2026-11-21\","
                            "\"properties\":{\"name\":\"Casa\",\"url\":\"/\"},"
                            "\"context\":{\"traits\":{\"vip\":true}}}",
                            &a);

    assert_true(str_eq(e.type, STR("page")));
    assert_int_equal(e.property_n, 3);
    assert_true(str_eq(property_of(&e, "name")->value.text, STR("Casa")));
    assert_true(str_eq(property_of(&e, "category")->value.text, STR("shop")));
    assert_int_equal(e.trait_n, 1);
    e = parsed("{\"type\":\"screen\",\"userId\":\"v\",\"name\":\"Home\","
               "\"timestamp\":\"2026-11-21\"}",
               &a);
    assert_true(str_eq(e.type, STR("screen")));
    assert_true(str_eq(property_of(&e, "name")->value.text, STR("Home")));
    e = parsed("{\"type\":\"group\",\"userId\":\"v\",\"groupId\":\"acme\","
               "\"timestamp\":\"2026-11-21\",\"traits\":{\"seats\":5,\"plan\":null},"
               "\"properties\":{\"traits.city\":null,\"page\":null}}",
               &a);
    assert_true(str_eq(property_of(&e, "groupId")->value.text, STR("acme")));
    assert_true(property_of(&e, "traits.seats")->value.number == 5000000);
    assert_int_equal(property_of(&e, "traits.plan")->value.type, VALUE_NULL);
    assert_int_equal(property_of(&e, "traits.city")->value.type, VALUE_NULL);
    assert_int_equal(e.property_n, 4);
    assert_int_equal(e.trait_n, 0);
    e = parsed("{\"type\":\"alias\",\"userId\":\"v\",\"previousId\":\"w\","
               "\"timestamp\":\"2026-11-21\"}",
               &a);
    assert_true(str_eq(e.customer, STR("v")));
    assert_true(str_eq(property_of(&e, "previousId")->value.text, STR("w")));
    arena_free(&a);
}

static void need_who(const struct event *e, const char *wanted)
{
    struct buf b = {};

    for (uint32_t i = 0; i < e->who_n; i++) {
        str kind = id_kind_name(e->who[i].kind);

        buf_add_format(&b, "%s%.*s %.*s%s", i ? ", " : "", STR_FMT(kind),
                       STR_FMT(e->who[i].value), e->implied >> i & 1 ? " (implied)" : "");
    }
    buf_add_char(&b, 0);
    assert_string_equal(b.p, wanted);
    buf_free(&b);
}

TEST(both_ids_of_a_call_are_known)
{
    struct arena a = {0};
    struct event e = parsed(TRACK_OF("\"userId\":\"u\",\"anonymousId\":\"v\""), &a);

    assert_true(str_eq(e.customer, STR("u")));
    need_who(&e, "userId u, anonymousId v");
    e = parsed(TRACK_OF("\"userId\":\"\",\"anonymousId\":\"v\""), &a);
    assert_true(str_eq(e.customer, STR("\x02v")));
    need_who(&e, "anonymousId v");
    e = parsed(TRACK_OF("\"userId\":\"u\",\"anonymousId\":null"), &a);
    need_who(&e, "userId u");
    e = parsed(TRACK_OF("\"userId\":17,\"anonymousId\":\" 17 \""), &a);
    need_who(&e, "userId 17, anonymousId 17");
    arena_free(&a);
}

#define IDS_OF_ALL_KINDS                                                                 \
    "{\"type\":\"identify\",\"anonymousId\":\"v\",\"timestamp\":\"2026-11-21\","         \
    "\"traits\":{\"email\":\" Ada@Example.org\",\"phone\":447911123456},"                \
    "\"properties\":{\"context.device.id\":\"tablet\"},"                                 \
    "\"context\":{\"device\":{\"id\":\"tablet\",\"advertisingId\":\"idfa\"},"            \
    "\"externalIds\":[{\"type\":\"shopify\",\"id\":6712},"                               \
    "{\"type\":\"user_id\",\"id\":\"ada\"},{\"type\":\"email\",\"id\":\"b@x.it\"},"      \
    "{\"type\":\"group_id\",\"id\":\"acme\"},{\"type\":\"crm\",\"id\":\"null\"},"        \
    "{\"type\":7,\"id\":\"x\"},{\"id\":\"x\"},{\"type\":\"crm\"},7]}}"

TEST(an_event_has_ids_of_every_kind)
{
    struct arena a = {0};
    struct event e = parsed(IDS_OF_ALL_KINDS, &a);

    need_who(&e,
             "userId ada, anonymousId v, email ada@example.org (implied), email b@x.it, "
             "phone 447911123456 (implied), device idfa, device tablet (implied), "
             "other shopify:6712");
    assert_true(str_eq(e.customer, STR("ada")));
    e = parsed("{\"type\":\"identify\",\"timestamp\":\"2026-11-21\","
               "\"traits\":{\"email\":\"ada@x.it\"}}",
               &a);
    assert_true(str_eq(e.customer, STR("\x03"
                                       "ada@x.it")));
    e = parsed(
        TRACK_OF("\"userId\":\"u\",\"context\":{\"traits\":{\"email\":\"a@x.it\"}}"), &a);
    need_who(&e, "userId u"); /* a track call may be about another's address */
    arena_free(&a);
}

TEST(more_ids_than_one_can_have_are_left_out)
{
    struct arena a = {0};
    struct buf text = {};
    struct event e;

    buf_add(&text, STR("{\"type\":\"track\",\"event\":\"a\",\"timestamp\":\"2026-11-21\","
                       "\"userId\":\"u\",\"context\":{\"externalIds\":["));
    for (int i = 10; i < 40; i++)
        buf_add_format(&text, "%s{\"type\":\"crm\",\"id\":\"%d\"}", i > 10 ? "," : "", i);
    buf_add(&text, STR("]}}"));
    buf_add_char(&text, 0);
    e = parsed(text.p, &a);
    assert_int_equal(e.who_n, EVENT_IDS_MAX);
    assert_true(str_eq(e.who[15].value, STR("crm:24")));
    buf_free(&text);
    arena_free(&a);
}

TEST(what_is_nobodys_ties_nobody)
{
    struct arena a = {0};
    struct event e = parsed(TRACK_OF("\"userId\":\"null\",\"anonymousId\":\"v\""), &a);

    assert_true(str_eq(e.customer, STR("\x02v")));
    need_who(&e, "anonymousId v");
    assert_int_equal(e.nobody.n, 0);
    e = parsed(TRACK_OF("\"userId\":\"null\",\"anonymousId\":\"undefined\""), &a);
    assert_true(str_eq(e.nobody, STR("userId: this value is nobody's")));
    assert_true(str_eq(e.customer, STR("null")));
    assert_int_equal(e.who_n, 0);
    arena_free(&a);
}

TEST(an_alias_says_what_a_user_was_called)
{
    struct arena a = {0};
    struct event e = parsed("{\"type\":\"alias\",\"userId\":\"v\",\"previousId\":12,"
                            "\"timestamp\":\"2026-11-21\"}",
                            &a);

    assert_true(str_eq(e.previous, STR("12")));
    e = parsed("{\"type\":\"alias\",\"userId\":\"v\",\"previousId\":\"null\","
               "\"timestamp\":\"2026-11-21\"}",
               &a);
    assert_int_equal(e.previous.n, 0);
    e = parsed("{\"type\":\"alias\",\"anonymousId\":\"v\",\"previousId\":\"w\","
               "\"timestamp\":\"2026-11-21\"}",
               &a);
    assert_int_equal(e.previous.n, 0);
    arena_free(&a);
}

#define DECIDED(user, properties)                                                        \
    "{\"type\":\"track\",\"event\":\"identity_decided\",\"userId\":\"" user              \
    "\",\"timestamp\":\"2026-11-21\",\"properties\":{" properties "}}"
#define ADA_AND_TILL                                                                     \
    "\"a_kind\":\"userId\",\"a\":\"ada\",\"b_kind\":\"anonymousId\",\"b\":\"till\""

static void need_undecided(const char *text, const char *reason)
{
    struct arena a = {0};
    struct event e = parsed(text, &a);
    struct decision d;
    struct err err;

    assert_false(event_decision(&e, &a, &d, &err));
    if (!strstr(err.msg, reason))
        fail_msg("%s", err.msg);
    arena_free(&a);
}

TEST(a_decision_names_two_ids)
{
    struct arena a = {0};
    struct event e =
        parsed(DECIDED("ada", ADA_AND_TILL ",\"says\":\"apart\",\"by\":\"Eva\""), &a);
    struct decision d;
    struct err err;

    assert_true(event_decision(&e, &a, &d, &err));
    assert_true(str_eq(d.says, STR("apart")) && str_eq(d.by, STR("Eva")));
    assert_true(d.a.kind == ID_USER && str_eq(d.a.value, STR("ada")));
    assert_true(d.b.kind == ID_ANONYMOUS && str_eq(d.b.value, STR("till")));
    need_undecided(DECIDED("ada", ADA_AND_TILL), "says is none of");
    need_undecided(DECIDED("ada", ADA_AND_TILL ",\"says\":\"merge\",\"b_kind\":\"x\""),
                   "the kind");
    need_undecided(DECIDED("ada", ADA_AND_TILL ",\"says\":\"merge\",\"b\":\"null\""),
                   "anonymousId");
    need_undecided(DECIDED("ada", ADA_AND_TILL
                           ",\"says\":\"merge\",\"b_kind\":\"userId\",\"b\":\"ada\""),
                   "nobody else");
    arena_free(&a);
}

TEST(of_doubles_made_by_flattening_the_last_is_kept)
{
    struct arena a = {0};
    struct event e = parsed("{\"type\":\"track\",\"event\":\"a\",\"userId\":\"b\","
                            "\"timestamp\":\"2011-12-10T10:01:00Z\","
                            "\"properties\":{\"a.b\":1,\"a\":{\"b\":2}}}",
                            &a);

    assert_int_equal(e.property_n, 1);
    assert_int_equal(e.property[0].value.number, 2000000);
    arena_free(&a);
}

TEST(what_is_printed_parses_to_the_same_event)
{
    static const char *const text[] = {
        ORDER,
        "{\"type\":\"identify\",\"userId\":\"a\\\"b\",\"messageId\":\"1\","
        "\"timestamp\":\"0001-01-01T00:00:00Z\",\"traits\":{\"x\":null,\"y\":-0.000001}}",
        "{\"type\":\"track\",\"event\":\"caf\xc3\xa9\",\"userId\":\"\xf0\x9f\x9b\x92\","
        "\"timestamp\":\"9999-12-31T23:59:59.999Z\",\"properties\":{\"empty\":[],\"t\":"
        "\"\"}}",
        TRACK_OF("\"userId\":\"u\",\"anonymousId\":\"v\""),
        TRACK_OF("\"userId\":\"null\",\"anonymousId\":\"nil\""),
        IDS_OF_ALL_KINDS,
        DECIDED("ada", ADA_AND_TILL ",\"says\":\"merge\""),
        TRACK_OF("\"anonymousId\":\"v\",\"context\":{\"traits\":{\"a\":1}}"),
        "{\"type\":\"page\",\"anonymousId\":\"v\",\"name\":\"Home\","
        "\"timestamp\":\"2026-11-21\",\"context\":{\"traits\":{\"a\":null}}}",
        "{\"type\":\"group\",\"userId\":\"v\",\"groupId\":\"acme\","
        "\"timestamp\":\"2026-11-21\",\"traits\":{\"seats\":5}}",
        "{\"type\":\"alias\",\"userId\":\"v\",\"previousId\":\"w\","
        "\"timestamp\":\"2026-11-21\"}",
        "{\"type\":\"identify\",\"userId\":\"v\",\"timestamp\":\"2026-11-21\","
        "\"traits\":{\"b\":1},\"properties\":{\"context.ip\":\"203.0.113.0\"}}",
    };

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct arena a = {0};
        struct event e = parsed(text[i], &a), again;
        struct buf line = {0};

        event_print(&e, &line);
        buf_add_char(&line, 0);
        again = parsed(line.p, &a);
        assert_true(event_eq(&e, &again));
        buf_free(&line);
        arena_free(&a);
    }
}

#define TRACK(more) "{\"type\":\"track\",\"event\":\"a\",\"userId\":\"b\"," more "}"
#define AT "\"timestamp\":\"2011-12-10T10:01:00Z\""

#define A(more) "{\"type\":\"track\",\"event\":\"a\"," AT "," more "}"

TEST(what_does_not_fit_is_refused_for_a_reason_without_the_value)
{
    need_refused("[]", "no JSON object");
    need_refused("{}", "timestamp is missing");
    need_refused(A("\"x\":1"), "userId and anonymousId are missing");
    need_refused(A("\"userId\":null,\"anonymousId\":null"),
                 "userId and anonymousId are missing");
    need_refused(A("\"userId\":\"\""), "userId and anonymousId are missing");
    need_refused(A("\"userId\":true"), "userId is no text");
    need_refused(A("\"anonymousId\":1e300"), "anonymousId is a number that is too large");
    need_refused(A("\"userId\":\"a\\nb\""), "userId holds a control character");
    need_refused("{\"userId\":\"a\"}", "timestamp is missing");
    need_refused(A("\"userId\":\"a\",\"messageId\":{}"), "messageId is no text");
    need_refused(TRACK("\"timestamp\":\"SECRET\""), "timestamp is no moment");
    need_refused(TRACK("\"timestamp\":1323511260"), "timestamp is no moment");
    need_refused("{\"type\":\"charge\",\"userId\":\"b\"," AT "}",
                 "type is none of track, identify");
    need_refused("{\"userId\":\"b\"," AT "}", "type is none of track, identify");
    need_refused("{\"type\":\"group\",\"userId\":\"b\"," AT "}", "groupId is missing");
    need_refused("{\"type\":\"alias\",\"userId\":\"b\"," AT "}", "previousId is missing");
    need_refused("{\"type\":\"track\",\"userId\":\"b\"," AT "}", "is no text");
    need_refused("{\"type\":\"track\",\"event\":\"\",\"userId\":\"b\"," AT "}",
                 "is empty");
    need_refused("{\"type\":\"track\",\"event\":\"identify\",\"userId\":\"b\"," AT "}",
                 "keeps for itself");
    need_refused("{\"type\":\"track\",\"event\":\"consent\",\"userId\":\"b\"," AT
                 ",\"properties\":{\"channel\":\"email\",\"purpose\":\"news\","
                 "\"granted\":\"yes\"}}",
                 "a consent has the properties channel and purpose");
    need_refused(TRACK(AT ",\"properties\":[]"), "properties is no object");
    need_refused(TRACK(AT ",\"context\":7"), "context is no object");
    need_refused(TRACK(AT ",\"context\":{\"traits\":7}"), "traits is no object");
    need_refused(TRACK(AT ",\"properties\":{\"x\":1e300}"),
                 "x holds a number that is too large");
    need_refused(TRACK(AT ",\"properties\":{\"x\":[1e300]}"),
                 "x holds a number that is too large");
    need_refused(TRACK(AT ",\"properties\":{\"\":1}"), "the name of a property is empty");
    need_refused(TRACK(AT ",\"properties\":{\"a\":{\"b\\u0000\":1}}"),
                 "control character");
}

TEST(what_is_too_long_or_too_much_is_refused)
{
    struct buf text = {0};

    buf_add(&text, STR("{\"type\":\"track\",\"event\":\"a\",\"userId\":\"b\"," AT
                       ",\"properties\":{\"x\":\""));
    for (uint32_t i = 0; i <= EVENT_TEXT_MAX; i++)
        buf_add_char(&text, 'x');
    buf_add(&text, STR("\"}}"));
    buf_add_char(&text, 0);
    need_refused(text.p, "x holds a text longer than");

    buf_clear(&text);
    buf_add(&text, STR("{\"type\":\"track\",\"event\":\"a\",\"userId\":\"b\"," AT
                       ",\"properties\":{"));
    for (uint32_t i = 0; i <= EVENT_PROPERTIES_MAX; i++)
        buf_add_format(&text, "%s\"p%u\":1", i ? "," : "", i);
    buf_add(&text, STR("}}"));
    buf_add_char(&text, 0);
    need_refused(text.p, "more than 1000 properties");

    buf_clear(&text);
    buf_add(&text, STR("{\"type\":\"track\",\"event\":\"a\"," AT ",\"userId\":\""));
    for (uint32_t i = 0; i <= EVENT_NAME_MAX; i++)
        buf_add_char(&text, 'x');
    buf_add(&text, STR("\"}"));
    buf_add_char(&text, 0);
    need_refused(text.p, "longer than 200 bytes");
    buf_free(&text);
}

TEST(types_have_names)
{
    enum value_type type;

    assert_true(value_type_parse(STR("money"), &type) && type == VALUE_MONEY);
    assert_false(value_type_parse(STR("length"), &type));
    assert_false(value_type_parse(STR("null"), &type));
    assert_true(str_eq(value_type_name(VALUE_LIST), STR("list")));
    assert_true(event_type_is_reserved(STR("consent")));
    assert_false(event_type_is_reserved(STR("purchase")));
}

static bool parse_one([[maybe_unused]] void *context, struct err *err)
{
    struct arena a = {0};
    struct buf line = {0};
    struct event e;
    bool ok = parse(ORDER, &a, &e, err) && parse(IDS_OF_ALL_KINDS, &a, &e, err);

    if (ok) {
        event_print(&e, &line);
        ok = !line.failed || err_nomem(err);
    }
    buf_free(&line);
    arena_free(&a);
    return ok;
}

TEST(parsing_survives_any_lack_of_memory)
{
    each_oom(parse_one, NULL);
}
