#include "base/str.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define ASSERT_STR(s, text) assert_true(str_eq((s), STR(text)))

TEST(texts_compare_by_bytes)
{
    assert_true(str_eq(STR("abc"), str_of("abc")));
    assert_false(str_eq(STR("abc"), STR("abd")));
    assert_true(str_eq((str){NULL, 0}, STR("")));
    assert_true(str_eq(str_of(NULL), STR("")));
    assert_true(str_cmp(STR("abc"), STR("abd")) < 0);
    assert_true(str_cmp(STR("abc"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xC3"), STR("a")) > 0);
    assert_int_equal(str_cmp((str){NULL, 0}, STR("")), 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("ab"), STR("abc")));
}

TEST(trimming_takes_white_space_off_both_ends)
{
    ASSERT_STR(str_trim(STR(" \t a b \r\n")), "a b");
    ASSERT_STR(str_trim(STR("  ")), "");
    ASSERT_STR(str_from(STR("abc"), 1), "bc");
    ASSERT_STR(str_from(STR("abc"), 9), "");
}

TEST(searching_ignores_case_in_every_script)
{
    assert_true(str_contains_nocase(STR("Caffè MACCHIATO"), STR("È mac")));
    assert_true(str_contains_nocase(STR("ПРИВЕТ мир"), STR("вет М")));
    assert_true(str_contains_nocase(STR("Straße"), STR("STRASSE")));
    assert_true(str_contains_nocase(STR("Straßt"), STR("ST")));
    assert_true(
        str_contains_nocase(STR("aßt"), STR("sT"))); /* from the middle of one char */
    assert_true(str_contains_nocase(STR("aaab"), STR("AAB")));
    assert_true(str_contains_nocase(STR("x"), STR("")));
    assert_true(str_contains_nocase(STR(""), STR("")));
    assert_false(str_contains_nocase(STR(""), STR("x")));
    assert_false(str_contains_nocase(STR("caffe"), STR("è")));
    assert_true(str_starts_nocase(STR("Èlite"), STR("èL")));
    assert_false(str_starts_nocase(STR("An Èlite"), STR("è")));
    assert_true(str_contains_nocase(STR("a\xFF"), STR("A\xFF")));
    assert_false(str_contains_nocase(STR("a\xFF"), STR("\xFE")));
    assert_true(str_contains_nocase(STR("x\xC3"), STR("\xC3")));
}

TEST(utf8_is_told_from_what_is_not)
{
    assert_true(str_is_utf8(STR("")));
    assert_true(str_is_utf8(STR("plain text of more than eight bytes, then è € 😀")));
    assert_true(str_is_utf8(STR("nul \0 inside")));
    assert_false(str_is_utf8(STR("12345678\xFF")));
    assert_false(str_is_utf8(STR("\xC3")));             /* cut */
    assert_false(str_is_utf8(STR("\xC0\xAF")));         /* overlong */
    assert_false(str_is_utf8(STR("\xED\xA0\x80")));     /* a surrogate */
    assert_false(str_is_utf8(STR("\xF4\x90\x80\x80"))); /* beyond Unicode */
}

TEST(digits_are_printed_with_zeros_in_front)
{
    struct buf b = {};

    buf_add_digits(&b, 0, 1);
    buf_add_char(&b, ' ');
    buf_add_digits(&b, 0, 0);
    buf_add_char(&b, ' ');
    buf_add_digits(&b, 42, 6);
    buf_add_char(&b, ' ');
    buf_add_digits(&b, 1234567, 6);
    buf_add_char(&b, ' ');
    buf_add_digits(&b, UINT64_MAX, 20);
    ASSERT_STR(buf_str(&b), "0 0 000042 1234567 18446744073709551615");
    buf_free(&b);
}

TEST(a_distance_counts_changed_characters_up_to_its_limit)
{
    char longer[300];

    assert_int_equal(str_distance(STR("loyalty"), STR("loyalty"), 3), 0);
    assert_int_equal(str_distance(STR("loyalty"), STR("loyality"), 3), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 9), 3);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 2), 3);
    assert_int_equal(str_distance(STR("caffè"), STR("caffe"), 3), 1);
    assert_int_equal(str_distance(STR(""), STR("abc"), 5), 3);
    memset(longer, 'a', sizeof longer);
    assert_int_equal(str_distance((str){longer, 300}, (str){longer, 299}, 3), 4);
    assert_int_equal(str_distance((str){longer, 300}, (str){longer, 300}, 3), 0);
}

TEST(the_nearest_name_is_named_when_one_is_near)
{
    const str names[] = {STR("reach"), STR("conversion"), STR("retention"),
                         STR("at_risk")};

    ASSERT_STR(str_nearest(STR("retenton"), names, 4), "retention");
    ASSERT_STR(str_nearest(STR("atrisk"), names, 4), "at_risk");
    ASSERT_STR(str_nearest(STR("reach"), names, 4), "reach");
    ASSERT_STR(str_nearest(STR("banana"), names, 4), "");
    ASSERT_STR(str_nearest(STR("x"), names, 4), "");
    ASSERT_STR(str_nearest(STR("x"), NULL, 0), "");
}

TEST(a_copy_in_an_arena_ends_with_nul)
{
    struct arena a = {.limit = 4};
    str copy = arena_str(&a, STR("abc"));

    ASSERT_STR(copy, "abc");
    assert_int_equal(copy.p[3], 0);
    assert_null(arena_str(&a, STR("x")).p);
    arena_free(&a);
}

TEST(text_is_built_piece_by_piece)
{
    struct buf b = {0};

    ASSERT_STR(buf_str(&b), "");
    buf_add(&b, (str){NULL, 0});
    buf_add(&b, STR("one"));
    buf_add_char(&b, ' ');
    buf_add_format(&b, "%d of %s", 2, "three");
    buf_add_latin1(&b, STR(" caff\xE8"));
    ASSERT_STR(buf_str(&b), "one 2 of three caffè");
    for (int i = 0; i < 1000; i++)
        buf_add(&b, STR("0123456789"));
    assert_int_equal(b.n, 10021);
    assert_false(b.failed);
    buf_clear(&b);
    ASSERT_STR(buf_str(&b), "");
    buf_free(&b);
}

static bool refuse([[maybe_unused]] size_t bytes, [[maybe_unused]] void *context)
{
    return false;
}

TEST(a_buf_remembers_that_memory_ran_out)
{
    struct buf b = {0};

    buf_add(&b, STR("kept"));
    mem_set_hook(refuse, NULL);
    for (int i = 0; i < 100; i++)
        buf_add_char(&b, 'x');
    mem_set_hook(NULL, NULL);
    assert_true(b.failed);
    assert_null(buf_room(&b, 1));
    buf_add_format(&b, "%s", "late");
    assert_true(str_starts(buf_str(&b), STR("keptxxx")));
    assert_int_equal(b.n, b.cap);
    buf_clear(&b);
    assert_false(b.failed);
    assert_null(buf_room(&b, SIZE_MAX));
    buf_free(&b);
}

static bool build(void *unused, struct err *err)
{
    struct arena a = {0};
    struct buf b = {0};
    str copy;
    bool ok;

    (void)unused;
    for (int i = 0; i < 500; i++)
        buf_add_format(&b, "%d,", i);
    assert_true(b.n <= b.cap);
    copy = arena_str(&a, buf_str(&b));
    ok = !b.failed && copy.p;
    assert_true(!copy.p || str_eq(copy, buf_str(&b)));
    buf_free(&b);
    arena_free(&a);
    return ok || err_nomem(err);
}

TEST(building_text_survives_failing_memory)
{
    each_oom(build, NULL);
}
