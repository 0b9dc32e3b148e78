#include "base/json.h"
#include "base/num.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

/* simdjson asks operator new(std::nothrow) for memory. The test takes its place, and with it
 * that of every other new and delete, to be able to refuse. */
static size_t nothrow_budget = SIZE_MAX;

void *new_one(size_t n) __asm__("_Znwm");
void *new_array(size_t n) __asm__("_Znam");
void *new_nothrow(size_t n, const void *tag) __asm__("_ZnwmRKSt9nothrow_t");
void *new_array_nothrow(size_t n, const void *tag) __asm__("_ZnamRKSt9nothrow_t");
void delete_one(void *p) __asm__("_ZdlPv");
void delete_sized(void *p, size_t n) __asm__("_ZdlPvm");
void delete_array(void *p) __asm__("_ZdaPv");
void delete_array_sized(void *p, size_t n) __asm__("_ZdaPvm");

void *new_one(size_t n)
{
    void *p = malloc(n ? n : 1);

    if (!p)
        abort();
    return p;
}

void *new_array(size_t n)
{
    return new_one(n);
}

void *new_nothrow(size_t n, [[maybe_unused]] const void *tag)
{
    if (nothrow_budget == 0)
        return NULL;
    nothrow_budget--;
    return malloc(n ? n : 1);
}

void *new_array_nothrow(size_t n, const void *tag)
{
    return new_nothrow(n, tag);
}

void delete_one(void *p)
{
    free(p);
}

void delete_sized(void *p, [[maybe_unused]] size_t n)
{
    free(p);
}

void delete_array(void *p)
{
    free(p);
}

void delete_array_sized(void *p, [[maybe_unused]] size_t n)
{
    free(p);
}

/* The text with the room behind it that json_parse asks for, not a byte more. */
static str padded(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 64, 1);

    assert_non_null(p);
    memcpy(p, s.p, s.n);
    return (str){p, s.n};
}

static bool parse(struct arena *a, str text, const struct json **out, struct err *err)
{
    struct json_parser *p;
    bool ok;

    assert_true(json_parser_new(&p, err));
    ok = json_parse(p, padded(a, text), a, out, err);
    json_parser_free(p);
    return ok;
}

static const struct json *parsed(struct arena *a, str text)
{
    const struct json *j = NULL;
    struct err err;

    if (!parse(a, text, &j, &err))
        fail_msg("%.*s: %s", STR_FMT(text), err.msg);
    return j;
}

#define assert_text(s, literal)                                                          \
    do {                                                                                 \
        str has_ = (s);                                                                  \
        assert_int_equal(has_.n, sizeof(literal) - 1);                                   \
        assert_memory_equal(has_.p, literal, has_.n);                                    \
    } while (0)

TEST(every_kind_of_json_value_is_read)
{
    struct arena a = {};
    const struct json *j = parsed(&a, STR("{\"n\":null,\"t\":true,\"f\":false,\"i\":-12,"
                                          "\"s\":\"\\u00e8 \\\"\\n\",\"l\":[1,[],{}]}"));

    assert_int_equal(j->type, JSON_OBJECT);
    assert_int_equal(j->n, 6);
    assert_text(j->name[0], "n");
    assert_int_equal(json_find(j, STR("n"))->type, JSON_NULL);
    assert_true(json_find(j, STR("t"))->truth);
    assert_int_equal(json_find(j, STR("f"))->type, JSON_BOOL);
    assert_false(json_find(j, STR("f"))->truth);
    assert_int_equal(json_find(j, STR("i"))->number, -12 * NUM_ONE);
    assert_text(json_find_text(j, STR("s")), "\xc3\xa8 \"\n");
    assert_int_equal(json_find(j, STR("l"))->n, 3);
    assert_int_equal(json_find(j, STR("l"))->item[1].type, JSON_LIST);
    assert_int_equal(json_find(j, STR("l"))->item[2].type, JSON_OBJECT);
    assert_null(json_find(j, STR("x")));
    assert_null(json_find(NULL, STR("x")));
    assert_null(json_find(&j->item[1], STR("x")));
    assert_text(json_find_text(j, STR("i")), "");
    arena_free(&a);
}

TEST(json_numbers_keep_all_six_decimals)
{
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"0.95000000000000000000", 950000},
        {"1.0000005", 1000001}, /* as a double it is below the half */
        {"-1.0000005", -1000001},
        {"1e3", 1000 * NUM_ONE},
        {"1E+3", 1000 * NUM_ONE},
        {"25e-1", 2500000},
        {"1e-300", 0},
        {"9223372036854.775807", INT64_MAX}, /* a double cannot hold it */
        {"-9223372036854.775808", INT64_MIN},
        {"123456789012.123456", INT64_C(123456789012123456)},
    };
    struct arena a = {};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *j = parsed(&a, str_of(cases[i].text));

        assert_int_equal(j->type, JSON_NUMBER);
        assert_true(j->fits);
        if (j->number != cases[i].number)
            fail_msg("%s gives %lld", cases[i].text, (long long)j->number);
    }
    arena_free(&a);
}

TEST(json_numbers_are_told_from_digits_in_texts_around_them)
{
    struct arena a = {};
    const struct json *j =
        parsed(&a, STR("{\"1\":\"2\", \"-3\":[4 ,\"5\",true,\n6],\"7\":{\"8\":-9}}"));

    assert_text(j->item[0].text, "2");
    assert_int_equal(j->item[1].item[0].number, 4 * NUM_ONE);
    assert_int_equal(j->item[1].item[3].number, 6 * NUM_ONE);
    assert_int_equal(j->item[2].item[0].number, -9 * NUM_ONE);
    arena_free(&a);
}

TEST(a_json_number_beyond_the_fixed_point_does_not_fit)
{
    struct arena a = {};
    const struct json *j = parsed(
        &a,
        STR("[9223372036854.775808,18446744073709551615,-9223372036854775808,1e300,7]"));

    for (size_t i = 0; i < 4; i++)
        assert_false(j->item[i].fits);
    assert_true(j->item[4].fits);
    arena_free(&a);
}

TEST(of_doubled_names_the_last_is_kept)
{
    struct arena a = {};
    struct buf b = {};
    const struct json *j = parsed(&a, STR("{\"a\":1,\"b\":2,\"a\":3,\"\":4,\"a\":5}"));

    assert_int_equal(j->n, 3);
    assert_text(j->name[0], "b");
    assert_text(j->name[1], "");
    assert_int_equal(json_find(j, STR("a"))->number, 5 * NUM_ONE);

    /* as many members as need the sorted way: 0 to 99 twice */
    buf_add(&b, STR("{\"first\":0"));
    for (int i = 0; i < 200; i++)
        buf_add_format(&b, ",\"%d\":%d", i % 100, i);
    buf_add(&b, STR("}"));
    j = parsed(&a, buf_str(&b));
    assert_int_equal(j->n, 101);
    assert_text(j->name[0], "first");
    for (size_t i = 1; i <= 100; i++)
        assert_int_equal(j->item[i].number, (int64_t)(i + 99) * NUM_ONE);
    buf_free(&b);
    arena_free(&a);
}

TEST(what_is_no_json_is_refused_with_words)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "nothing there"},
        {"  \n", "nothing there"},
        {"{", "missing"},
        {"[1,]", "missing"},
        {"[1 2]", "missing"},
        {"{\"a\" 1}", "missing"},
        {"1 1", "missing"},
        {"[1] x", "missing"},
        {"\xef\xbb\xbf[1]", "byte order mark"},
        {"\"\xff\"", "UTF-8"},
        {"\"a", "closing quote"},
        {"[\"a\nb\"]", "control character"},
        {"\"\\x\"", "wrong \\"},
        {"tru", "true, false or null"},
        {"[nul]", "true, false or null"},
        {"01", "number"},
        {"1e999", "number"},
        {"18446744073709551616", "number"},
    };
    struct arena a = {};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *j;
        struct err err;

        if (parse(&a, str_of(cases[i].text), &j, &err))
            fail_msg("%s was accepted", cases[i].text);
        assert_int_equal(err.code, ERR_INPUT);
        if (!strstr(err.msg, cases[i].words))
            fail_msg("%s: %s", cases[i].text, err.msg);
    }
    arena_free(&a);
}

TEST(json_is_read_to_a_depth_of_64)
{
    struct arena a = {};
    struct buf b = {};
    const struct json *j;
    struct err err;

    for (int i = 0; i < 64; i++)
        buf_add_char(&b, '[');
    for (int i = 0; i < 64; i++)
        buf_add_char(&b, ']');
    parsed(&a, buf_str(&b));
    for (int full = 0; full <= 1; full++) {
        buf_clear(&b);
        for (int i = 0; i < 65; i++)
            buf_add_char(&b, '[');
        if (full)
            buf_add_char(&b, '1');
        for (int i = 0; i < 65; i++)
            buf_add_char(&b, ']');
        assert_false(parse(&a, buf_str(&b), &j, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "64"));
    }
    buf_free(&b);
    arena_free(&a);
}

TEST(json_larger_than_simdjson_can_read_is_refused)
{
    struct arena a = {};
    struct json_parser *p;
    const struct json *j;
    struct err err;

    assert_true(json_parser_new(&p, &err));
    /* refused by its length alone, whatever the bytes */
    assert_false(json_parse(p, (str){"   ", (size_t)5 << 30}, &a, &j, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    json_parser_free(p);
    arena_free(&a);
}

TEST(a_parser_goes_on_after_a_failure)
{
    struct arena a = {};
    struct json_parser *p;
    const struct json *j;
    struct err err;

    assert_true(json_parser_new(&p, &err));
    assert_false(json_parse(p, padded(&a, STR("[[1")), &a, &j, &err));
    assert_true(json_parse(p, padded(&a, STR("[7]")), &a, &j, &err));
    assert_int_equal(j->item[0].number, 7 * NUM_ONE);
    json_parser_free(p);
    arena_free(&a);
}

static bool parse_much([[maybe_unused]] void *context, struct err *err)
{
    static const char text[] =
        "{\"a\":[1,\"b\",{}],\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,"
        "\"6\":1,\"7\":1,\"8\":1,\"9\":1,\"10\":1,\"11\":1,\"12\":1,"
        "\"13\":1,\"14\":1,\"15\":1,\"16\":1,\"17\":1}" // 18 members
        "                                                              "
        "  "; // 64 readable bytes behind it
    struct arena a = {};
    struct json_parser *p;
    const struct json *j;
    bool ok;

    if (!json_parser_new(&p, err))
        return false;
    ok = json_parse(p, (str){text, sizeof text - 1 - 64}, &a, &j, err);
    assert_true(!ok || j->n == 18);
    json_parser_free(p);
    arena_free(&a);
    return ok;
}

TEST(json_survives_lack_of_memory)
{
    each_oom(parse_much, NULL);
}

TEST(json_survives_lack_of_simdjsons_own_memory)
{
    struct err err;
    size_t n = 0;
    bool ok;

    do {
        nothrow_budget = n++;
        ok = parse_much(NULL, &err);
        nothrow_budget = SIZE_MAX;
        if (!ok)
            assert_int_equal(err.code, ERR_NOMEM);
    } while (!ok);
    assert_in_range(n, 4, 100); /* it did ask */
}
