#include "base/yaml.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static const struct yaml *parsed(struct arena *a, str text)
{
    const struct yaml *y = NULL;
    struct err err;

    if (!yaml_parse(text, a, &y, &err))
        fail_msg("%.*s: %d:%d %s", STR_FMT(text), err.line, err.column, err.msg);
    return y;
}

#define assert_text(s, literal)                                                          \
    do {                                                                                 \
        str has_ = (s);                                                                  \
        assert_int_equal(has_.n, sizeof(literal) - 1);                                   \
        assert_memory_equal(has_.p, literal, has_.n);                                    \
    } while (0)

#define assert_place(y, at_line, at_column)                                              \
    do {                                                                                 \
        assert_int_equal((y)->line, at_line);                                            \
        assert_int_equal((y)->column, at_column);                                        \
    } while (0)

TEST(yaml_becomes_a_tree_that_knows_its_places)
{
    struct arena a = {};
    const struct yaml *y = parsed(&a, STR("# a comment\n"
                                          "ciclo: 1\n"
                                          "è: { name: Bottega, on: no }\n"
                                          "list:\n"
                                          "  - 'no'\n"
                                          "  - [x, \"y\"]\n"));
    const struct yaml *list;

    assert_int_equal(y->type, YAML_MAP);
    assert_int_equal(y->n, 3);
    assert_place(y->key[0], 2, 1);
    assert_place(y->item[0], 2, 8);
    assert_true(y->item[0]->plain);
    assert_text(y->item[0]->text, "1");
    assert_place(yaml_find(y->item[1], STR("on")), 3, 25);
    assert_text(yaml_find(y->item[1], STR("on"))->text, "no");
    list = yaml_find(y, STR("list"));
    assert_int_equal(list->type, YAML_LIST);
    assert_place(list->item[0], 5, 5);
    assert_false(list->item[0]->plain);
    assert_text(list->item[0]->text, "no");
    assert_place(list->item[1]->item[1], 6, 9);
    assert_null(yaml_find(y, STR("x")));
    assert_null(yaml_find(list, STR("x")));
    arena_free(&a);
}

TEST(an_empty_yaml_text_is_an_empty_map)
{
    static const char *texts[] = {"",      "\n\n",         "# nothing\n",
                                  "---\n", "\xef\xbb\xbf", "\r\n"};
    struct arena a = {};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct yaml *y = parsed(&a, str_of(texts[i]));

        assert_int_equal(y->type, YAML_MAP);
        assert_int_equal(y->n, 0);
        assert_place(y, 1, 1);
    }
    arena_free(&a);
}

TEST(what_ciclo_does_not_take_in_yaml_is_refused_with_its_place)
{
    static const struct {
        const char *text;
        int line, column;
        const char *words;
    } cases[] = {
        {"a: 1\nb: &x 2\n", 2, 4, "later use"},
        {"a: 1\nb: *x\n", 2, 4, "reference"},
        {"*x : 1\n", 1, 1, "reference"},
        {"a: !!str 1\n", 1, 4, "type"},
        {"a: ! 1\n", 1, 4, "type"},
        {"a: &x [1]\n", 1, 4, "later use"},
        {"a: !m {b: 1}\n", 1, 4, "type"},
        {"a: 1\nb: 2\na: 3\n", 3, 1,
         "\"a\" stands here a second time; it stands in line 1"},
        {"a: {b: 1, c: 2, b: 3}\n", 1, 17, "line 1"},
        {"a: 1\n---\nb: 1\n", 2, 1, "second document"},
        {"? [a]\n: 1\n", 1, 3, "name is expected"},
        {"a:\n  - b\n c: 1\n", 3, 2, "indented"},
        {"a: b: c\n", 1, 5, "colon"},
        {"è: \"x\\q\"\n", 1, 6, "\\"},
        {"a: 1\nb: \"x\n", 2, 4, "does not end"},
        {"a: [1, 2\nb: 3\n", 1, 4, "]"},
        {"a: {b: 1\n", 1, 4, "}"},
        {"a:\n\tb: 1\n", 2, 1, "tab"},
        {"a: @x\n", 1, 4, "quotes"},
        {"a: 1\nnonsense\nb: 2\n", 2, 1, "colon"},
        {"a: 1\n- b\n", 2, 1, "name: value"},
        {"a: |x\n  b\n", 1, 5, "next line"},
        {"a: 1\nè: \x01\n", 2, 4, "control character"},
        {"a: 1\nè: \xff\n", 2, 4, "UTF-8"},
        {"\xff\xfe"
         "a",
         1, 1, "UTF-8"},
        {"\xef\xbb\xbf"
         "a: *x\n",
         1, 4, "reference"},
        {"a: 1\r\nb: *x\r\n", 2, 4, "reference"},
        {"%YAML 3.0\n---\na: 1\n", 1, 1, "YAML"},
    };
    struct arena a = {};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct yaml *y;
        struct err err;

        if (yaml_parse(str_of(cases[i].text), &a, &y, &err))
            fail_msg("%s was accepted", cases[i].text);
        assert_int_equal(err.code, ERR_INPUT);
        if (!strstr(err.msg, cases[i].words) || err.line != cases[i].line
            || err.column != cases[i].column)
            fail_msg("%s: %d:%d %s", cases[i].text, err.line, err.column, err.msg);
    }
    arena_free(&a);
}

TEST(yaml_is_read_to_a_depth_of_64)
{
    struct arena a = {};
    struct buf b = {};
    const struct yaml *y;
    struct err err;

    for (int i = 0; i < 64; i++)
        buf_add_char(&b, '[');
    buf_add_char(&b, 'x');
    for (int i = 0; i < 64; i++)
        buf_add_char(&b, ']');
    parsed(&a, buf_str(&b));
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&b, '[');
    assert_false(yaml_parse(buf_str(&b), &a, &y, &err));
    assert_int_equal(err.line, 1);
    assert_int_equal(err.column, 65);
    assert_non_null(strstr(err.msg, "64"));
    buf_free(&b);
    arena_free(&a);
}

TEST(yaml_beyond_10_mb_is_refused)
{
    struct arena a = {};
    struct buf b = {};
    const struct yaml *y;
    struct err err;
    char *room = buf_room(&b, (10 << 20) + 1);

    assert_non_null(room);
    memset(room, '\n', (10 << 20) + 1);
    assert_true(yaml_parse((str){room, 10 << 20}, &a, &y, &err));
    assert_false(yaml_parse((str){room, (10 << 20) + 1}, &a, &y, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&b);
    arena_free(&a);
}

TEST(many_keys_of_one_map_are_compared_quickly)
{
    struct arena a = {};
    struct buf b = {};
    const struct yaml *y;
    struct err err;

    for (int i = 0; i < 50000; i++)
        buf_add_format(&b, "k%d: 1\n", i);
    y = parsed(&a, buf_str(&b));
    assert_int_equal(y->n, 50000);
    assert_text(y->key[49999]->text, "k49999");
    buf_add(&b, STR("k777: 1\n"));
    assert_false(yaml_parse(buf_str(&b), &a, &y, &err));
    assert_int_equal(err.line, 50001);
    assert_non_null(strstr(err.msg, "line 778"));
    buf_free(&b);
    arena_free(&a);
}

TEST(values_of_a_map_are_asked_for_by_kind)
{
    struct arena a = {};
    const struct yaml *y = parsed(&a, STR("t: 'x'\nm: {a: 1}\nl: [a]\ny: true\nn: false\n"
                                          "e:\nq: ''\nyes: yes\n"));
    const struct yaml *found;
    struct err err;
    str text;
    bool truth;

    assert_true(yaml_get_text(y, STR("t"), &text, &err));
    assert_text(text, "x");
    assert_true(yaml_get_text(y, STR("missing"), &text, &err));
    assert_text(text, "");
    assert_true(yaml_get_map(y, STR("m"), &found, &err));
    assert_int_equal(found->n, 1);
    assert_true(yaml_get_map(y, STR("missing"), &found, &err));
    assert_int_equal(found->type, YAML_MAP);
    assert_int_equal(found->n, 0);
    assert_true(yaml_get_map(y, STR("e"), &found, &err));
    assert_int_equal(found->n, 0);
    assert_true(yaml_get_list(y, STR("l"), &found, &err));
    assert_int_equal(found->n, 1);
    assert_true(yaml_get_list(y, STR("e"), &found, &err));
    assert_int_equal(found->type, YAML_LIST);
    assert_true(yaml_get_bool(y, STR("y"), &truth, &err));
    assert_true(truth);
    assert_true(yaml_get_bool(y, STR("n"), &truth, &err));
    assert_false(truth);
    assert_true(yaml_get_bool(y, STR("missing"), &truth, &err));
    assert_false(truth);

    assert_false(yaml_get_text(y, STR("m"), &text, &err));
    assert_place(&err, 2, 4);
    assert_false(yaml_get_map(y, STR("l"), &found, &err));
    assert_place(&err, 3, 4);
    assert_false(yaml_get_map(y, STR("q"), &found, &err));
    assert_false(yaml_get_list(y, STR("m"), &found, &err));
    assert_string_equal(err.msg,
                        "\"m\" must be a list: [a, b], or lines that begin with \"- \"");
    assert_false(yaml_get_bool(y, STR("yes"), &truth, &err));
    assert_place(&err, 8, 6);
    assert_false(yaml_get_bool(y, STR("m"), &truth, &err));
    arena_free(&a);
}

TEST(an_unknown_key_is_refused_with_the_nearest)
{
    static const str keys[] = {STR("start"), STR("stages"), STR("moves")};
    struct arena a = {};
    const struct yaml *y = parsed(&a, STR("start: a\nmoves: []\nstagess: {}\n"));
    struct err err;

    assert_false(yaml_check_keys(y, keys, 3, "a lifecycle", &err));
    assert_place(&err, 3, 1);
    assert_string_equal(err.msg,
                        "a lifecycle has no \"stagess\"; did you mean \"stages\"?");
    y = parsed(&a, STR("start: a\nqwertyuiop: 1\n"));
    assert_false(yaml_check_keys(y, keys, 3, "a lifecycle", &err));
    assert_string_equal(err.msg, "a lifecycle has no \"qwertyuiop\"");
    y = parsed(&a, STR("start: a\n"));
    assert_true(yaml_check_keys(y, keys, 3, "a lifecycle", &err));
    y = parsed(&a, STR("- start\n- moves\n"));
    assert_false(yaml_check_keys(y, keys, 3, "a lifecycle", &err));
    assert_place(&err, 1, 1);
    y = parsed(&a, STR("start\n"));
    assert_false(yaml_check_keys(y, keys, 3, "a lifecycle", &err));
    arena_free(&a);
}

/* Every @ of a scalar's text must be found where it stands in the file; none of the files
 * has an @ outside the scalar. */
static void check_places(str file)
{
    struct arena a = {};
    const struct yaml *scalar = yaml_find(parsed(&a, file), STR("when"));
    int line = 1, column = 1, file_line = 1, file_column = 1;
    size_t at = 0, places = 0;

    for (size_t t = 0; t < scalar->text.n; t++) {
        if (scalar->text.p[t] == '@') {
            struct err err = {.line = line, .column = column};

            yaml_err_in_scalar(scalar, &err);
            for (; file.p[at] != '@'; at++) {
                if (file.p[at] == '\n') {
                    file_line++;
                    file_column = 1;
                } else if ((file.p[at] & 0xc0) != 0x80) {
                    file_column++;
                }
            }
            if (err.line != file_line || err.column != file_column)
                fail_msg("%.*s: %d:%d is said to be %d:%d, but is %d:%d", STR_FMT(file),
                         line, column, err.line, err.column, file_line, file_column);
            at++;
            file_column++;
            places++;
        }
        if (scalar->text.p[t] == '\n') {
            line++;
            column = 1;
        } else if ((scalar->text.p[t] & 0xc0) != 0x80) {
            column++;
        }
    }
    assert_true(places > 0);
    arena_free(&a);
}

TEST(a_place_in_a_rule_is_found_in_the_file)
{
    check_places(STR("# x\nwhen: a@  @ è@ and @\n"));
    check_places(STR("x: 1\nwhen: \"@a  @ è@ and @\"\n"));
    check_places(STR("x: 1\nwhen: '@a  @ è@ \"and\" @'\n"));
    check_places(STR("{è: 1, when: \"@a\", b: c}\n"));
    check_places(STR("when: |\n  @ a\n    @ b @\n\n  è @\n"));
    check_places(STR("when: |2-  # why\n   @ a\n\n\n  @\n"));
    check_places(STR("when: |\n\n\n  @ a\n"));
    check_places(STR("when: >\n  a @\n  b è @\n\n  c @\n    d @\n  @\n"));
    check_places(STR("when: >-\r\n  a @\r\n  b @\r\n"));
    check_places(STR("x:\nwhen:\n   a @\n   b  @ c\n\n   d @\n"));
    check_places(STR("when: \"a @\n   b @ c  \n\n   @\"\n"));
    check_places(STR("when: 'it''s @ ''@'' '\n"));
    check_places(
        STR("when: \"\\t@ \\\"@\\\" \\u00e8@ \\x41x\\U000000e8@ \\\n  @ \\n @\"\n"));
}

TEST(the_end_of_a_rule_is_found_in_the_file)
{
    struct arena a = {};
    struct err err = {.line = 1, .column = 4};

    yaml_err_in_scalar(yaml_find(parsed(&a, STR("when: 'abc'\n")), STR("when")), &err);
    assert_place(&err, 1, 11);
    err = (struct err){.line = 1, .column = 4};
    yaml_err_in_scalar(yaml_find(parsed(&a, STR("when: abc\n")), STR("when")), &err);
    assert_place(&err, 1, 10);
    err = (struct err){.line = 9, .column = 9};
    yaml_err_in_scalar(yaml_find(parsed(&a, STR("when: |\n  abc\n")), STR("when")), &err);
    assert_int_equal(err.line, 3);
    err = (struct err){.line = 1, .column = 1};
    yaml_err_in_scalar(yaml_find(parsed(&a, STR("when: \"\"\n")), STR("when")), &err);
    assert_place(&err, 1, 8);
    arena_free(&a);
}

static bool parse_some([[maybe_unused]] void *context, struct err *err)
{
    struct arena a = {};
    const struct yaml *y;
    bool ok =
        yaml_parse(STR("a: {b: [1, 'two'], c: {d: 3}}\ne: |\n  text\n"), &a, &y, err);

    arena_free(&a);
    return ok;
}

TEST(yaml_survives_lack_of_memory)
{
    struct arena tiny = {.limit = 16};
    const struct yaml *y;
    struct err err;

    each_oom(parse_some, NULL);
    assert_false(yaml_parse(STR(""), &tiny, &y, &err));
    assert_int_equal(err.code, ERR_NOMEM);
    arena_free(&tiny);
}
