#include "event/dictionary.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

static bool parse(const char *text, struct arena *a, struct dictionary *out,
                  struct err *err)
{
    const struct yaml *yaml;

    return yaml_parse(str_of(text), a, &yaml, err)
           && dictionary_parse(yaml_find(yaml, STR("events")),
                               yaml_find(yaml, STR("traits")), a, out, err);
}

static void need_fault(const char *text, int line, int column, const char *words)
{
    struct dictionary d;
    struct arena a = {0};
    struct err err = {ERR_NONE};

    if (parse(text, &a, &d, &err))
        fail_msg("accepted: %s", text);
    if (err.code != ERR_INPUT || err.line != line || err.column != column
        || !strstr(err.msg, words))
        fail_msg("code %d, %d:%d: %s", err.code, err.line, err.column, err.msg);
    arena_free(&a);
}

static const char shop[] =
    "events:\n"
    "  purchase: { from: [\"Order Completed\", order], passive: true,\n"
    "              properties: { revenue: money, sku: text } }\n"
    "  visit:\n"
    "traits: { country: text, since: moment }\n";

TEST(events_are_known_by_all_their_names)
{
    const struct dictionary_event *purchase;
    struct dictionary d;
    struct arena a = {0};
    struct err err;

    assert_true(parse(shop, &a, &d, &err));
    assert_int_equal(d.event_n, 2);
    purchase = dictionary_event(&d, STR("purchase"));
    assert_non_null(purchase);
    assert_ptr_equal(dictionary_event(&d, STR("Order Completed")), purchase);
    assert_ptr_equal(dictionary_event(&d, STR("order")), purchase);
    assert_true(purchase->passive && !purchase->learned);
    assert_int_equal(dictionary_property(&d, purchase, STR("revenue"))->type,
                     VALUE_MONEY);
    assert_null(dictionary_property(&d, purchase, STR("Revenue")));
    assert_non_null(dictionary_event(&d, STR("visit")));
    assert_int_equal(dictionary_trait(&d, STR("since"))->type, VALUE_MOMENT);
    assert_null(dictionary_trait(&d, STR("plan")));
    arena_free(&a);
}

TEST(a_model_may_declare_nothing)
{
    struct dictionary d;
    struct arena a = {0};
    struct err err;

    assert_true(parse("", &a, &d, &err));
    assert_true(parse("events:\ntraits:\n", &a, &d, &err));
    assert_int_equal(d.event_n, 0);
    assert_int_equal(d.trait_n, 0);
    arena_free(&a);
}

TEST(a_trait_may_say_which_value_stands)
{
    struct dictionary d;
    struct arena a = {0};
    struct err err;

    assert_true(parse("traits: { a: text, b: { type: text, keep: newest },"
                      " c: { type: bool, keep: first },"
                      " d: { type: list, personal: true, keep: [crm, the shop] } }",
                      &a, &d, &err));
    assert_int_equal(d.trait[0].keep.kind, KEEP_NEWEST);
    assert_int_equal(d.trait[1].keep.kind, KEEP_NEWEST);
    assert_int_equal(d.trait[2].keep.kind, KEEP_FIRST);
    assert_int_equal(d.trait[3].keep.kind, KEEP_SOURCES);
    assert_int_equal(d.trait[3].keep.source_n, 2);
    assert_true(str_eq(d.trait[3].keep.source[0], STR("crm")));
    assert_true(str_eq(d.trait[3].keep.source[1], STR("the shop")));
    assert_true(d.trait[3].personal);
    arena_free(&a);
}

TEST(faults_are_shown_where_they_stand)
{
    need_fault("events: { buy: { properties: { price: mony } } }", 1, 39,
               "did you mean 'money'");
    need_fault("traits: { price: zzzzzzzz }", 1, 18, "text, number, money");
    need_fault("traits: { price: [text] }", 1, 18, "a type is one of");
    need_fault("traits: { plan: { type: text, keep: firs } }", 1, 37,
               "did you mean 'first'?");
    need_fault("traits: { plan: { type: text, keep: zzzzzz } }", 1, 37,
               "newest, first, or a list of sources");
    need_fault("traits: { plan: { type: text, keep: [] } }", 1, 37, "1 to 16 sources");
    need_fault("traits: { plan: { type: text, keep: [crm, [shop]] } }", 1, 43,
               "a source");
    need_fault("traits: { plan: { type: text, keep: [crm, shop, crm] } }", 1, 49,
               "'crm' stands here twice");
    need_fault("traits: { plan: { keep: first } }", 1, 17, "type is missing");
    need_fault("events: { buy: { properties: { a: { type: text, keep: first } } } }", 1,
               49, "keep");
    need_fault("events: { buy: { passiv: true } }", 1, 18, "passive");
    need_fault("events: { buy: { passive: perhaps } }", 1, 27, "");
    need_fault("events: { buy: { from: x } }", 1, 24, "");
    need_fault("events: { buy: [] }", 1, 16, "an event must be a map");
    need_fault("events: [buy]", 1, 9, "events must be a map");
    need_fault("events:\n  buy: { from: [order] }\n  sell: { from: [order] }", 3, 18,
               "'order' is a name of the event 'buy' already");
    need_fault("events:\n  buy: { from: [order, order] }", 2, 24, "already");
    need_fault("events:\n  buy: { from: [sell] }\n  sell:", 3, 3, "already");
    need_fault("events: { identify: { } }", 1, 11, "keeps for itself");
    need_fault("events: { buy: { from: [\"\"] } }", 1, 25, "1 to 200 bytes");
}

TEST(the_data_teaches_what_the_model_does_not_say)
{
    const struct dictionary_event *e;
    struct dictionary d;
    struct arena a = {0};
    struct err err;

    assert_true(parse(shop, &a, &d, &err));
    assert_true(
        dictionary_learn_property(&d, &a, STR("order"), STR("revenue"), VALUE_TEXT));
    assert_true(dictionary_learn_property(&d, &a, STR("order"), STR("gift"), VALUE_BOOL));
    e = dictionary_event(&d, STR("purchase"));
    assert_int_equal(dictionary_property(&d, e, STR("revenue"))->type, VALUE_MONEY);
    assert_true(dictionary_property(&d, e, STR("gift"))->learned);

    assert_true(dictionary_learn_event(&d, &a, STR("login")));
    assert_true(dictionary_event(&d, STR("login"))->learned);
    assert_true(dictionary_learn_trait(&d, &a, STR("country"), VALUE_LIST));
    assert_int_equal(dictionary_trait(&d, STR("country"))->type, VALUE_TEXT);
    assert_true(dictionary_learn_trait(&d, &a, STR("gone"), VALUE_NULL));
    assert_null(dictionary_trait(&d, STR("gone")));
    assert_true(dictionary_learn_event(&d, &a, STR("identify")));
    assert_null(dictionary_event(&d, STR("identify")));
    arena_free(&a);
}

TEST(what_is_learned_does_not_depend_on_the_order)
{
    static const enum value_type type[] = {VALUE_TEXT, VALUE_BOOL, VALUE_NUMBER};
    struct arena a = {0};

    for (int first = 0; first < 3; first++) {
        struct dictionary d = {0};

        for (int i = 0; i < 3; i++)
            assert_true(
                dictionary_learn_trait(&d, &a, STR("size"), type[(first + i) % 3]));
        assert_int_equal(d.trait_n, 1);
        assert_int_equal(dictionary_trait(&d, STR("size"))->type, VALUE_TEXT);
    }
    arena_free(&a);
}

TEST(many_can_be_learned)
{
    const struct dictionary_event *e;
    struct dictionary d = {0};
    struct arena a = {0};
    char name[24];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "name %d", i);
        assert_true(dictionary_learn_event(&d, &a, str_of(name)));
        assert_true(
            dictionary_learn_property(&d, &a, STR("name 3"), str_of(name), VALUE_TEXT));
        assert_true(
            dictionary_learn_property(&d, &a, str_of(name), STR("size"), VALUE_NUMBER));
        assert_true(dictionary_learn_trait(&d, &a, str_of(name), VALUE_BOOL));
    }
    assert_int_equal(d.event_n, 100);
    assert_int_equal(d.trait_n, 100);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "name %d", i);
        e = dictionary_event(&d, str_of(name));
        assert_true(str_eq(e->name, str_of(name)));
        assert_int_equal(e->property_n, i == 3 ? 101 : 1);
        assert_int_equal(dictionary_property(&d, e, STR("size"))->type, VALUE_NUMBER);
        assert_int_equal(dictionary_trait(&d, str_of(name))->type, VALUE_BOOL);
        e = dictionary_event(&d, STR("name 3"));
        assert_int_equal(dictionary_property(&d, e, str_of(name))->type, VALUE_TEXT);
    }
    arena_free(&a);
}

static bool parse_and_learn([[maybe_unused]] void *context, struct err *err)
{
    struct dictionary d;
    struct arena a = {0};
    bool ok =
        parse(shop, &a, &d, err)
        && ((dictionary_learn_property(&d, &a, STR("login"), STR("from"), VALUE_TEXT)
             && dictionary_learn_trait(&d, &a, STR("plan"), VALUE_TEXT))
            || err_nomem(err));

    arena_free(&a);
    return ok;
}

TEST(reading_and_learning_survive_any_lack_of_memory)
{
    each_oom(parse_and_learn, NULL);
}

/* What a strict dictionary says of an event; empty: nothing. */
static void strict_says(const char *type, struct property p, bool is_trait,
                        const char *expected)
{
    struct event e = {.type = str_of(type),
                      .property = &p,
                      .property_n = !is_trait && p.name.n,
                      .trait = &p,
                      .trait_n = is_trait};
    struct dictionary d;
    struct arena a = {0};
    struct err err = {0};
    bool ok;

    assert_true(parse(shop, &a, &d, &err));
    assert_true(
        dictionary_learn_event(&d, &a, STR("seen"))
        && dictionary_learn_property(&d, &a, STR("purchase"), STR("size"), VALUE_TEXT)
        && dictionary_learn_trait(&d, &a, STR("age"), VALUE_NUMBER));
    ok = dictionary_check(&d, NULL, &e, &err);
    if (strcmp(ok ? "" : err.msg, expected))
        fail_msg("%s %.*s: %s", type, STR_FMT(p.name), ok ? "taken" : err.msg);
    arena_free(&a);
}

#define NUMBER(name)                                                                     \
    (struct property)                                                                    \
    {                                                                                    \
        STR(name),                                                                       \
        {                                                                                \
            VALUE_NUMBER,                                                                \
            {                                                                            \
                .number = 1                                                              \
            }                                                                            \
        }                                                                                \
    }
#define WORDS(name, words)                                                               \
    (struct property)                                                                    \
    {                                                                                    \
        STR(name),                                                                       \
        {                                                                                \
            VALUE_TEXT,                                                                  \
            {                                                                            \
                .text = STR(words)                                                       \
            }                                                                            \
        }                                                                                \
    }

TEST(a_strict_dictionary_takes_what_is_declared)
{
    strict_says("purchase", NUMBER("revenue"), false, "");
    strict_says("Order Completed", WORDS("sku", "a"), false, "");
    strict_says("visit", (struct property){0}, false, "");
    strict_says("purchase", WORDS("context.page.url", "/"), false, "");
    strict_says("group", NUMBER("traits.size"), false, "");
    strict_says("identify", WORDS("country", "IT"), true, "");
    strict_says("identify", WORDS("since", "2026-01-01"), true, "");
    strict_says("identify", (struct property){STR("since"), {VALUE_NULL, {0}}}, true, "");
}

TEST(a_strict_dictionary_says_what_it_does_not_take)
{
    strict_says("seen", (struct property){0}, false,
                "the model declares no event \"seen\"");
    strict_says("gone", (struct property){0}, false,
                "the model declares no event \"gone\"");
    strict_says("purchase", WORDS("size", "XL"), false,
                "the model declares no property \"size\" of purchase");
    strict_says("order", WORDS("revenue", "5"), false,
                "the property \"revenue\" of purchase must be of type money");
    strict_says("identify", NUMBER("age"), true, "the model declares no trait \"age\"");
    strict_says("visit", WORDS("since", "soon"), true,
                "the trait \"since\" must be of type moment");
    strict_says("visit", NUMBER("since"), true,
                "the trait \"since\" must be of type moment");
}
