#include "event/mention.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

/* Ada's ids. */
static struct text_table table;
static struct mentions ada(void)
{
    static const char *const id[] = {"ada-lovelace", "7", "12347", "ada@x.example"};
    uint32_t number;

    for (size_t i = 0; i < sizeof id / sizeof *id; i++)
        assert_true(text_table_add(&table, str_of(id[i]), &number));
    return mentions_of(&table);
}

static struct value text(const char *of)
{
    return (struct value){.type = VALUE_TEXT, .text = str_of(of)};
}

static struct value number(int64_t whole)
{
    return (struct value){.type = VALUE_NUMBER, .number = whole * 1000000};
}

TEST(an_id_is_found_as_a_word)
{
    struct mentions m = ada();

    assert_true(mentions_find(&m, STR("ada-lovelace")) != TEXT_NONE);
    assert_true(mentions_find(&m, STR("{\"userId\":\"7\"}")) != TEXT_NONE);
    assert_true(mentions_find(&m, STR("see ada@x.example.")) != TEXT_NONE);
    assert_true(mentions_find(&m, STR("77")) == TEXT_NONE);
    assert_true(mentions_find(&m, STR("ada-lovelaces")) == TEXT_NONE);
    assert_true(mentions_find(&m, STR("sada-lovelace")) == TEXT_NONE);
    assert_true(mentions_find(&m, STR("")) == TEXT_NONE);
    text_table_free(&table);
}

TEST(an_id_that_could_be_anything_is_no_word)
{
    struct mentions m = ada();

    assert_true(mentions_find_telling(&m, STR("iPhone 7, 12347 pieces")) == TEXT_NONE);
    assert_true(mentions_find_telling(&m, STR("by ada-lovelace")) != TEXT_NONE);
    text_table_free(&table);
}

TEST(an_event_of_another_loses_them)
{
    static const str items[] = {STR("ada@x.example"), STR("bob"),
                                STR("for ada-lovelace")};
    const struct property property[] = {
        {STR("previousId"), text("7")},
        {STR("quantity"), number(7)},
        {STR("referrer_id"), number(12347)},
        {STR("price"), text("12347")},
        {STR("note"), text("call ada-lovelace, then ada@x.example; not bob")},
        {STR("gift_for"), text("ada@x.example")},
        {STR("ada-lovelace"), text("x")},
        {STR("all"), {.type = VALUE_LIST, .list = {items, 3}}},
        {STR("done"), {.type = VALUE_BOOL, .truth = true}},
    };
    const struct property trait[] = {{STR("friend_id"), text("12347")},
                                     {STR("name"), text("Bob")}};
    const struct id who[] = {
        {ID_USER, STR("bob")}, {ID_ANONYMOUS, STR("7")}, {ID_PHONE, STR("12345")}};
    struct event e = {.customer = STR("bob"),
                      .who = who,
                      .who_n = 3,
                      .implied = 4,
                      .type = STR("called"),
                      .id = STR("order/ada-lovelace/1"),
                      .property = property,
                      .property_n = sizeof property / sizeof *property,
                      .trait = trait,
                      .trait_n = 2};
    struct mentions m = ada();
    struct arena a = {0};
    struct err err;
    uint64_t times[4] = {0};
    uint32_t first;

    assert_true(mentions_take_out(&m, &e, &a, times, &first, &err));
    assert_int_equal(first, 1);
    assert_int_equal(times[0] + times[1] + times[2] + times[3], 11);
    assert_int_equal(e.who_n, 2);
    assert_true(str_eq(e.who[1].value, STR("12345")) && e.implied == 2);
    assert_true(str_starts(e.id, STR("erased-")));
    assert_int_equal(e.property_n, 5);
    assert_true(str_eq(e.property[0].name, STR("quantity")));
    assert_true(str_eq(e.property[1].name, STR("price")));
    assert_true(
        str_eq(e.property[2].value.text, STR("call [erased], then [erased]; not bob")));
    assert_int_equal(e.property[3].value.list.n, 2);
    assert_true(str_eq(e.property[3].value.list.item[0], STR("bob")));
    assert_true(str_eq(e.property[3].value.list.item[1], STR("for [erased]")));
    assert_true(e.property[4].value.truth);
    assert_int_equal(e.trait_n, 1);
    assert_true(str_eq(e.trait[0].value.text, STR("Bob")));
    arena_free(&a);
    text_table_free(&table);
}

TEST(an_event_without_them_stays)
{
    const struct property property[] = {{STR("note"), text("adam@x.example")}};
    struct event e = {.customer = STR("bob"),
                      .type = STR("called"),
                      .id = STR("m1"),
                      .property = property,
                      .property_n = 1};
    struct mentions m = ada();
    struct arena a = {0};
    struct err err;
    uint64_t times[4] = {0};
    uint32_t first;

    assert_true(mentions_take_out(&m, &e, &a, times, &first, &err));
    assert_int_equal(first, TEXT_NONE);
    assert_true(str_eq(e.id, STR("m1")));
    assert_true(str_eq(e.property[0].value.text, STR("adam@x.example")));
    arena_free(&a);
    text_table_free(&table);
}

TEST(an_address_is_found_in_letters_of_any_case)
{
    struct mentions m = ada();

    assert_true(mentions_find_telling(&m, STR("to ADA@x.Example, now")) != TEXT_NONE);
    assert_true(mentions_find_telling(&m, STR("by Ada-Lovelace")) == TEXT_NONE);
    text_table_free(&table);
}

TEST(what_was_decided_of_them_is_said_of_nobody)
{
    const struct property property[] = {
        {STR("says"), text("apart")}, {STR("a"), text("bob")}, {STR("b"), text("12347")}};
    struct event e = {.customer = STR("bob"),
                      .type = STR(EVENT_DECIDED),
                      .id = STR("m1"),
                      .property = property,
                      .property_n = 3};
    struct mentions m = ada();
    struct arena a = {0};
    struct err err;
    uint64_t times[4] = {0};
    uint32_t first;

    assert_true(mentions_take_out(&m, &e, &a, times, &first, &err));
    assert_int_equal(first, 2);
    assert_int_equal(e.property_n, 2);
    assert_true(str_eq(e.property[1].value.text, STR("bob")));
    arena_free(&a);
    text_table_free(&table);
}

static bool take_out(void *context, struct err *err)
{
    static const str items[] = {STR("for ada-lovelace")};
    const struct property property[] = {
        {STR("note"), text("call ada-lovelace")},
        {STR("friend_id"), number(9)},
        {STR("all"), {.type = VALUE_LIST, .list = {items, 1}}},
    };
    struct event e = {.customer = STR("bob"),
                      .type = STR("called"),
                      .id = STR("ada-lovelace"),
                      .property = property,
                      .property_n = 3};
    struct arena a = {0};
    uint64_t times[4] = {0};
    uint32_t first;
    bool ok = mentions_take_out(context, &e, &a, times, &first, err);

    arena_free(&a);
    return ok;
}

TEST(memory_may_run_out_over_an_event)
{
    struct mentions m = ada();

    each_oom(take_out, &m);
    text_table_free(&table);
}
