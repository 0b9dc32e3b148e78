#include "base/num.h"
#include "support/chance.h"
#include "support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSERT_PARSES(text, number)                                                      \
    do {                                                                                 \
        int64_t out_;                                                                    \
        assert_true(num_parse(STR(text), &out_));                                        \
        assert_int_equal(out_, (number));                                                \
    } while (0)

static void assert_refused(const char *text)
{
    int64_t out = 77;

    if (num_parse(str_of(text), &out))
        fail_msg("%s was read as %lld millionths", text, (long long)out);
    assert_int_equal(out, 77);
}

static void assert_prints(int64_t number, const char *text)
{
    struct buf b = {0};
    int64_t again;

    num_print(&b, number);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, text);
    assert_true(num_parse(str_of(text), &again));
    assert_int_equal(again, number);
    buf_free(&b);
}

TEST(decimal_text_becomes_millionths)
{
    ASSERT_PARSES("0", 0);
    ASSERT_PARSES("-0", 0);
    ASSERT_PARSES("12", 12000000);
    ASSERT_PARSES("-12", -12000000);
    ASSERT_PARSES("+3.50", 3500000);
    ASSERT_PARSES(".5", 500000);
    ASSERT_PARSES("5.", 5000000);
    ASSERT_PARSES("1e3", 1000000000);
    ASSERT_PARSES("1.5E-3", 1500);
    ASSERT_PARSES("0.95000000000000000000", 950000);
    ASSERT_PARSES("9223372036854.775807", INT64_MAX);
    ASSERT_PARSES("-9223372036854.775808", INT64_MIN);
    ASSERT_PARSES("0e999999999999999999999999", 0);
    ASSERT_PARSES("1e-999999999999999999999999", 0);
    ASSERT_PARSES("0000000000000000000000000000000000000000001", 1000000);
}

TEST(a_number_is_rounded_once_half_away_from_zero)
{
    ASSERT_PARSES("0.0000005", 1);
    ASSERT_PARSES("-0.0000005", -1);
    ASSERT_PARSES("0.00000049999999999999999999999999999999", 0);
    ASSERT_PARSES("0.0000015", 2);
    ASSERT_PARSES("0.00000149999", 1);
    ASSERT_PARSES("5e-7", 1);
    ASSERT_PARSES("4.9e-7", 0);
    ASSERT_PARSES("0.5e-7", 0);
    ASSERT_PARSES("9223372036854.7758074", INT64_MAX);
    assert_refused("9223372036854.7758075");
}

TEST(a_number_of_many_digits_is_exact)
{
    static char text[4096];

    memset(text, '0', sizeof text - 1);
    memcpy(text, "0.", 2);
    snprintf(text + 2002, sizeof text - 2002, "123456789e2003");
    ASSERT_PARSES("1.23456789", 1234568);
    {
        int64_t out;

        assert_true(num_parse(str_of(text), &out));
        assert_int_equal(out, 123456789);
    }
}

TEST(what_is_no_number_is_refused)
{
    static const char *const wrong[] = {
        "",
        "-",
        "+",
        ".",
        "-.",
        "e5",
        "1e",
        "1e+",
        "1e5.0",
        "1.2.3",
        "1,5",
        " 1",
        "1 ",
        "--1",
        "+-1",
        "0x10",
        "inf",
        "nan",
        "1_000",
        "1e5e5",
        "1a",
        "12d",
        "١",
        "1e19",
        "9223372036855",
        "-9223372036854.775809",
        "1e400",
        "99999999999999999999999999999999999999999999999999999999999999999999999999"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(wrong[i]);
    {
        int64_t out = 77;

        assert_false(num_parse((str){"1\0002", 3}, &out));
        assert_int_equal(out, 77);
    }
}

TEST(a_number_prints_its_shortest_text)
{
    assert_prints(0, "0");
    assert_prints(12000000, "12");
    assert_prints(10000000, "10");
    assert_prints(3500000, "3.5");
    assert_prints(-1, "-0.000001");
    assert_prints(INT64_MAX, "9223372036854.775807");
    assert_prints(INT64_MIN, "-9223372036854.775808");
}

TEST(printed_numbers_are_read_back)
{
    struct random r = chance();
    struct buf b = {0};

    for (int i = 0; i < 20000; i++) {
        int64_t number = (int64_t)(random_next(&r) >> random_below(&r, 64)), again;

        if (random_below(&r, 2))
            number = -number;
        buf_clear(&b);
        num_print(&b, number);
        assert_true(num_parse(buf_str(&b), &again));
        assert_int_equal(again, number);
    }
    buf_free(&b);
}

/* The twin lets the C library print the double's exact decimal value. */
TEST(a_double_becomes_what_its_exact_decimal_text_becomes)
{
    struct random r = chance();

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_next(&r);
        char text[2048];
        int64_t a = 1, b = 1;
        double d;
        bool ok;

        if (random_below(&r, 8)) /* mostly near the range of our numbers */
            bits = (bits & UINT64_C(0x800FFFFFFFFFFFFF))
                   | (1023 - 25 + random_below(&r, 70)) << 52;
        memcpy(&d, &bits, sizeof d);
        ok = num_from_double(d, &a);
        if (!isfinite(d)) {
            assert_false(ok);
            continue;
        }
        snprintf(text, sizeof text, "%.1100f", d);
        assert_int_equal(ok, num_parse(str_of(text), &b));
        assert_int_equal(a, b);
    }
    {
        int64_t out;

        assert_true(num_from_double(-0.0, &out));
        assert_int_equal(out, 0);
        assert_true(num_from_double(0.95, &out));
        assert_int_equal(out, 950000);
        assert_false(num_from_double(NAN, &out));
        assert_false(num_from_double(INFINITY, &out));
    }
}

TEST(sums_and_products_that_do_not_fit_are_refused)
{
    int64_t out = 77;

    assert_false(num_add(INT64_MAX, 1, &out));
    assert_false(num_sub(INT64_MIN, 1, &out));
    assert_false(num_from_int(INT64_MAX / NUM_ONE + 1, &out));
    assert_false(num_mul_div(INT64_MAX, INT64_MAX, NUM_ONE, &out));
    assert_false(num_mul_div(1, NUM_ONE, 0, &out));
    assert_false(num_mul_div(INT64_MIN, 1, -1, &out));
    assert_false(num_div128(((__int128)1) << 126, -1, &out));
    assert_false(num_div128((__int128)((unsigned __int128)1 << 127), -1, &out));
    assert_int_equal(out, 77);
    assert_true(num_add(INT64_MAX, INT64_MIN, &out));
    assert_int_equal(out, -1);
    assert_true(num_sub(INT64_MIN, INT64_MIN, &out));
    assert_int_equal(out, 0);
    assert_true(num_from_int(-3, &out));
    assert_int_equal(out, -3000000);
    assert_true(num_mul_div(INT64_MAX, INT64_MAX, INT64_MAX, &out));
    assert_int_equal(out, INT64_MAX);
    assert_true(num_mul_div(INT64_MIN, INT64_MIN, INT64_MIN, &out));
    assert_int_equal(out, INT64_MIN);
}

TEST(a_quotient_is_rounded_half_away_from_zero)
{
    int64_t out;

    for (int a = -60; a <= 60; a++) {
        for (int b = -13; b <= 13; b++) {
            if (!b)
                continue;
            assert_true(num_div128(a, b, &out));
            assert_int_equal(out, (int64_t)(2.0 * a / b + (a * b < 0 ? -1 : 1)) / 2);
        }
    }
    assert_true(num_mul_div(NUM_ONE, NUM_ONE, 3 * NUM_ONE, &out));
    assert_int_equal(out, 333333);
    assert_true(num_mul_div(2 * NUM_ONE, NUM_ONE, 3 * NUM_ONE, &out));
    assert_int_equal(out, 666667);
}

TEST(a_currency_has_its_decimals)
{
    assert_int_equal(currency_decimals(STR("EUR")), 2);
    assert_int_equal(currency_decimals(STR("BRL")), 2);
    assert_int_equal(currency_decimals(STR("GBP")), 2);
    assert_int_equal(currency_decimals(STR("JPY")), 0);
    assert_int_equal(currency_decimals(STR("KWD")), 3);
    assert_int_equal(currency_decimals(STR("CLF")), 4);
    assert_int_equal(currency_decimals(STR("eur")), -1);
    assert_int_equal(currency_decimals(STR("EURO")), -1);
    assert_int_equal(currency_decimals(STR("R K")), -1);
    assert_int_equal(currency_decimals(STR("")), -1);
}

TEST(money_is_minor_units_rounded_once)
{
    int64_t out;
    struct buf b = {0};

    assert_true(money_from_num(12345678, 2, &out));
    assert_int_equal(out, 1235);
    assert_true(money_from_num(-5000, 2, &out));
    assert_int_equal(out, -1);
    assert_true(money_from_num(1500000, 0, &out));
    assert_int_equal(out, 2);
    assert_true(money_to_num(1235, 2, &out));
    assert_int_equal(out, 12350000);
    assert_false(money_to_num(INT64_MAX, 2, &out));

    money_print(&b, 891140790, 2);
    buf_add_char(&b, ' ');
    money_print(&b, -5, 2);
    buf_add_char(&b, ' ');
    money_print(&b, 1500, 0);
    buf_add_char(&b, ' ');
    money_print(&b, INT64_MIN, 3);
    assert_true(str_eq(buf_str(&b), STR("8911407.90 -0.05 1500 -9223372036854775.808")));
    buf_free(&b);
}
