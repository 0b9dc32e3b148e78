#include "base/json_cut.h"

#include "support/unit.h"

#include <string.h>

/* The pieces as "name=text;", and "END" or "BROKEN". */
static void need(const char *text, const char *expected)
{
    struct json_cut c;
    struct json_piece piece;
    enum json_cut_result result = JSON_CUT_BROKEN;
    struct buf b = {};

    if (json_cut_begin(&c, str_of(text))) {
        while ((result = json_cut_next(&c, &piece)) == JSON_CUT_PIECE)
            buf_add_format(&b, "%.*s=%.*s;", STR_FMT(piece.name), STR_FMT(piece.text));
    } else {
        buf_add(&b, STR("NEITHER "));
    }
    buf_add(&b, result == JSON_CUT_END ? STR("END") : STR("BROKEN"));
    if (!str_eq(buf_str(&b), str_of(expected)))
        fail_msg("%s gives %.*s", text, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

TEST(a_list_is_cut_into_its_items)
{
    need("[]", "END");
    need(" [ ] \n", "END");
    need("[1]", "=1;END");
    need("[1, {\"a\":[2,3]} ,\"x,]\"\n,[]]", "=1;={\"a\":[2,3]};=\"x,]\";=[];END");
    need("[\"\\\"\",\"\\\\\",\"a\\\\\\\"]\"]", "=\"\\\"\";=\"\\\\\";=\"a\\\\\\\"]\";END");
}

TEST(a_list_in_an_object_is_cut_on_the_way)
{
    struct json_cut c, list;
    struct json_piece piece;
    str name, text;

    assert_true(json_cut_begin(&c, STR("{\"a\":[1, {\"b\":2}] ,\"c\":3,\"d\":[4}")));
    assert_int_equal(json_cut_name(&c, &name), JSON_CUT_PIECE);
    assert_true(json_cut_enter(&c, &list));
    assert_int_equal(json_cut_next(&list, &piece), JSON_CUT_PIECE);
    assert_int_equal(json_cut_next(&list, &piece), JSON_CUT_PIECE);
    assert_true(str_eq(piece.text, STR("{\"b\":2}")));
    assert_int_equal(json_cut_next(&list, &piece), JSON_CUT_END);
    assert_int_equal(json_cut_leave(&c, &list), JSON_CUT_PIECE);
    assert_int_equal(json_cut_name(&c, &name), JSON_CUT_PIECE);
    assert_true(str_eq(name, STR("c")));
    assert_false(json_cut_enter(&c, &list));
    assert_int_equal(json_cut_value(&c, &text), JSON_CUT_PIECE);
    assert_true(str_eq(text, STR("3")));
    assert_int_equal(json_cut_name(&c, &name), JSON_CUT_PIECE);
    assert_true(json_cut_enter(&c, &list));
    assert_int_equal(json_cut_next(&list, &piece), JSON_CUT_BROKEN);
}

TEST(an_object_is_cut_into_its_members)
{
    need("{}", "END");
    need("{\"a\":1,\"b\" : {\"c\":\"}\"} }", "a=1;b={\"c\":\"}\"};END");
    need("{\"a\\\"b\":[1,2]}", "a\\\"b=[1,2];END");
}

TEST(what_is_in_a_piece_is_not_looked_at)
{
    need("[nonsense,{\"a\" 1e999 \xff\xfe}]", "=nonsense;={\"a\" 1e999 \xff\xfe};END");
}

TEST(brackets_and_quotes_that_do_not_fit_are_told)
{
    need("", "NEITHER BROKEN");
    need("17", "NEITHER BROKEN");
    need("\"text\"", "NEITHER BROKEN");
    need("[", "BROKEN");
    need("[1", "BROKEN");
    need("[1,", "BROKEN");
    need("[1,]", "BROKEN");
    need("[1,,2]", "=1;=;=2;END");
    need("[1}", "BROKEN");
    need("[1]]", "=1;BROKEN");
    need("[1] x", "=1;BROKEN");
    need("[{]", "BROKEN");
    need("[\"]", "BROKEN");
    need("[\"\\\"]", "BROKEN");
    need("{", "BROKEN");
    need("{1:2}", "BROKEN");
    need("{\"a\"}", "BROKEN");
    need("{\"a\":", "BROKEN");
    need("{\"a\":1,}", "BROKEN");
    need("{\"a", "BROKEN");
}

static void need_squeezed(const char *text, const char *expected)
{
    struct buf b = {};

    json_squeeze(str_of(text), &b);
    if (!str_eq(buf_str(&b), str_of(expected)))
        fail_msg("%s gives %.*s", text, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

TEST(blanks_between_values_can_be_left_out)
{
    need_squeezed("", "");
    need_squeezed(" \n", "");
    need_squeezed("{ \"a b\" : [ 1 ,\t2 ] ,\r\n\"\\\" \" : \" \" }",
                  "{\"a b\":[1,2],\"\\\" \":\" \"}");
    need_squeezed("{ \"a b", "{\"a b");
}
