#include "base/json.h"
#include "base/num.h"
#include "base/time.h"
#include "support/unit.h"

#include <math.h>
#include <string.h>

#define assert_text(s, literal)                                                          \
    do {                                                                                 \
        str has_ = (s);                                                                  \
        assert_int_equal(has_.n, sizeof(literal) - 1);                                   \
        assert_memory_equal(has_.p, literal, has_.n);                                    \
    } while (0)

TEST(json_is_written_with_its_commas)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    json_begin_object(&j);
    json_key(&j, "a");
    json_begin_list(&j);
    json_put_int(&j, INT64_MIN);
    json_put_num(&j, -1);
    json_put_money(&j, 891140790, 2);
    json_put_double(&j, 0.1);
    json_put_double(&j, -0.0);
    json_put_double(&j, 4.1688991586e-05);
    json_put_double(&j, NAN);
    json_put_double(&j, INFINITY);
    json_put_bool(&j, true);
    json_put_bool(&j, false);
    json_put_null(&j);
    json_begin_list(&j);
    json_end_list(&j);
    json_begin_object(&j);
    json_end_object(&j);
    json_end_list(&j);
    json_key_str(&j, STR("b\"\\"));
    json_put_moment(&j, 0);
    json_key(&j, "c");
    json_put_moment(&j, MOMENT_NEVER);
    json_key(&j, "d");
    json_put_text(&j, STR("\x01 \b\n\r\t/<\x7f \xc3\xa8 \xff\xc3 \xed\xa0\x80"));
    json_end_object(&j);
    assert_text(buf_str(&b),
                "{\"a\":[-9223372036854775808,-0.000001,8911407.90,0.1,0,4.1688991586e-"
                "05,null,null,true,false,null,[],{}],"
                "\"b\\\"\\\\\":\"1970-01-01T00:00:00.000Z\",\"c\":null,"
                "\"d\":\"\\u0001 \\u0008\\n\\r\\t/<\x7f \xc3\xa8 "
                "\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
    buf_free(&b);
}

/* Eight bytes are looked at together: each byte, at each place among them. */
TEST(every_byte_is_escaped_wherever_it_stands)
{
    for (unsigned c = 0; c < 256; c++) {
        for (size_t place = 0; place < 9; place++) {
            char text[] = "abcdefghi\x7f";
            struct buf b = {}, alone = {};
            struct json_out j = {.to = &b}, one = {.to = &alone};
            str inner;

            text[place] = (char)c;
            json_put_text(&j, (str){text, 10});
            json_put_text(&one, (str){text + place, 1});
            inner = (str){alone.p + 1, alone.n - 2};
            assert_int_equal(b.n, 11 + inner.n);
            assert_memory_equal(b.p + 1, text, place);
            assert_memory_equal(b.p + 1 + place, inner.p, inner.n);
            assert_memory_equal(b.p + 1 + place + inner.n, text + place + 1, 9 - place);
            buf_free(&b);
            buf_free(&alone);
        }
    }
}

TEST(json_written_to_the_full_depth_reads_back)
{
    struct arena a = {};
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct json_parser *p;
    const struct json *back;
    struct err err;

    for (int i = 0; i < 64; i++) {
        json_begin_list(&j);
        json_put_int(&j, i);
    }
    for (int i = 0; i < 64; i++) {
        json_put_int(&j, i);
        json_end_list(&j);
    }
    assert_non_null(buf_room(&b, 64)); /* what json_parse may read behind it */
    assert_true(json_parser_new(&p, &err));
    assert_true(json_parse(p, buf_str(&b), &a, &back, &err));
    json_parser_free(p);
    for (int i = 0; i < 63; i++) {
        assert_int_equal(back->n, 3);
        assert_int_equal(back->item[0].number, i * NUM_ONE);
        back = &back->item[1];
    }
    assert_int_equal(back->n, 2);
    buf_free(&b);
    arena_free(&a);
}
