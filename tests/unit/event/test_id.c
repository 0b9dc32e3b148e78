#include "event/id.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static const struct id_rules no_rules;
static const struct id_rules britain = {.calling_code = STR("44"), .trunk = STR("0")};
static const struct id_rules italy = {.calling_code = STR("39")};

static void need(const struct id_rules *rules, enum id_kind kind, const char *raw,
                 const char *form)
{
    struct arena a = {};
    struct id id, again;
    struct err err;

    if (!id_parse(rules, kind, str_of(raw), &a, &id, &err))
        fail_msg("\"%s\": %s", raw, err.msg);
    assert_int_equal(id.kind, kind);
    if (!str_eq(id.value, str_of(form)))
        fail_msg("\"%s\" gives \"%.*s\"", raw, STR_FMT(id.value));
    assert_true(id_parse(rules, kind, id.value, &a, &again, &err));
    assert_int_equal(id_compare(id, again), 0);
    arena_free(&a);
}

static void need_none(const struct id_rules *rules, enum id_kind kind, const char *raw,
                      const char *words)
{
    struct arena a = {};
    struct id id;
    struct err err;

    if (id_parse(rules, kind, str_of(raw), &a, &id, &err))
        fail_msg("\"%s\" gives \"%.*s\"", raw, STR_FMT(id.value));
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, words))
        fail_msg("\"%s\": %s", raw, err.msg);
    assert_true(str_starts(str_of(err.msg), id_kind_name(kind)));
    arena_free(&a);
}

TEST(ids_of_users_and_browsers_stay_as_they_are)
{
    need(&no_rules, ID_USER, "  Ada.Lovelace ", "Ada.Lovelace");
    need(&no_rules, ID_USER, "7", "7");
    need(&no_rules, ID_USER, "777", "777");
    need(&no_rules, ID_USER, "x", "x");
    need(&no_rules, ID_USER, "José", "José");
    need(&no_rules, ID_ANONYMOUS, "0B5c-1", "0B5c-1");
    need(&no_rules, ID_OTHER, "shopify:6712", "shopify:6712");
}

TEST(addresses_differ_by_more_than_case)
{
    need(&no_rules, ID_EMAIL, " Ada@Example.ORG\n", "ada@example.org");
    need(&no_rules, ID_EMAIL, "ÉLODIE@Straße.fr", "élodie@strasse.fr");
    /* Whose addresses with dots and pluses are one is the mail server's secret. */
    need(&no_rules, ID_EMAIL, "a.da+shop@example.org", "a.da+shop@example.org");
    need_none(&no_rules, ID_EMAIL, "ada", "name@domain");
    need_none(&no_rules, ID_EMAIL, "ada@", "name@domain");
    need_none(&no_rules, ID_EMAIL, "@example.org", "name@domain");
    need_none(&no_rules, ID_EMAIL, "ada@b@c", "name@domain");
    need_none(&no_rules, ID_EMAIL, "ada@b.it, bob@b.it", "name@domain");
    need_none(&no_rules, ID_EMAIL, "Ada <ada@b.it>", "name@domain");
}

TEST(phone_numbers_have_a_calling_code_or_are_digits)
{
    need(&no_rules, ID_PHONE, "+39 06 6982.1234", "+390669821234");
    need(&no_rules, ID_PHONE, "0039-06/69821234", "+390669821234");
    need(&no_rules, ID_PHONE, "(06) 6982 1234", "0669821234");
    need(&italy, ID_PHONE, "06 6982 1234", "+390669821234");
    need(&italy, ID_PHONE, "+351 912 345 678", "+351912345678");
    need(&britain, ID_PHONE, "020 7946 0958", "+442079460958");
    need(&britain, ID_PHONE, "+44 (0)20 7946 0958", "+442079460958");
    need(&britain, ID_PHONE, "0044 20 7946 0958", "+442079460958");
    need_none(&no_rules, ID_PHONE, "1234", "digits");
    need_none(&no_rules, ID_PHONE, "+1234567890123456", "digits");
    need_none(&no_rules, ID_PHONE, "123456789012345678901234", "digits");
    need_none(&no_rules, ID_PHONE, "06 6982 ext 5", "digits");
    need_none(&no_rules, ID_PHONE, "06+69821234", "digits");
    need_none(&no_rules, ID_PHONE, "000 000 000", "nobody");
    need_none(&no_rules, ID_PHONE, "+++", "nobody");
}

TEST(values_that_say_nobody_are_no_ids)
{
    static const char *const values[] = {
        "",
        " ",
        "null",
        "NULL",
        "undefined",
        "None",
        "0",
        "0000",
        "unknown",
        "N/A",
        "00000000-0000-0000-0000-000000000000",
        "-",
        "---",
        "??",
        "aaa",
        "XXxx",
        "[object Object]",
        "(null)",
        "test@test.com",
    };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        need_none(&no_rules, ID_USER, values[i], "nobody");
        need_none(&no_rules, ID_ANONYMOUS, values[i], "nobody");
    }
    need_none(&no_rules, ID_EMAIL, "Test@Test.com", "nobody");
    need_none(&no_rules, ID_ANONYMOUS, "1111", "nobody");
}

TEST(a_workspace_blocks_values_of_its_own)
{
    static const str blocked[] = {STR("Cassa"), STR("info@bottega.it")};
    struct id_rules rules = {.blocked = blocked, .blocked_n = 2};

    need_none(&rules, ID_USER, "cassa", "nobody");
    need_none(&rules, ID_EMAIL, "INFO@bottega.it", "nobody");
    need(&rules, ID_USER, "cassa2", "cassa2");
}

TEST(ids_are_plain_text_of_a_bounded_length)
{
    char text[ID_BYTES_MAX + 2];

    need_none(&no_rules, ID_USER, "a\tb", "plain");
    need_none(&no_rules, ID_USER, "a\x7F", "plain");
    need_none(&no_rules, ID_USER, "a\xFF", "plain");
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? 'a' : 'b';
    text[ID_BYTES_MAX + 1] = '\0';
    need_none(&no_rules, ID_USER, text, "200 bytes");
    text[ID_BYTES_MAX] = '\0';
    need(&no_rules, ID_USER, text, text);
}

TEST(ids_have_an_order)
{
    struct id a = {ID_USER, STR("b")}, b = {ID_EMAIL, STR("a")}, c = {ID_USER, STR("ba")};

    assert_true(id_compare(a, b) < 0);
    assert_true(id_compare(b, a) > 0);
    assert_true(id_compare(a, c) < 0);
    assert_int_equal(id_compare(a, a), 0);
}

static bool parse(void *context, struct err *err)
{
    const char *raw = context;
    struct arena a = {};
    struct id id;
    bool ok =
        id_parse(&italy, *raw == '0' ? ID_PHONE : ID_EMAIL, str_of(raw), &a, &id, err);

    arena_free(&a);
    return ok;
}

TEST(ids_survive_the_lack_of_memory)
{
    static char phone[] = "06 6982 1234", email[] = "Ada@Example.org";

    each_oom(parse, phone);
    each_oom(parse, email);
}
