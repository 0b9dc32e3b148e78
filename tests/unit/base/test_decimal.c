#include "base/decimal.h"
#include "base/num.h"
#include "support/unit.h"

#include <string.h>

/* As 12.50, or "none". */
static const struct {
    char point;
    const char *text, *number;
} read[] = {
    {'.', "12.50", "12.5"},
    {'.', "1234.5", "1234.5"},
    {'.', "1,234.56", "1234.56"},
    {'.', "1,234,567", "1234567"},
    {'.', "-1,234", "-1234"},
    {'.', "+12", "12"},
    {'.', ".5", "0.5"},
    {'.', "1e3", "1000"},
    {'.', "1 234 567.5", "1234567.5"},
    {'.', "1\u00a0234.5", "1234.5"},
    {'.', "1\u202f234.5", "1234.5"},
    {'.', "1'234.50", "1234.5"},
    {'.', "1\u2019234.50", "1234.5"},
    {'.', "\u00a012.50\u00a0", "12.5"},
    {',', "12,50", "12.5"},
    {',', "1234,5", "1234.5"},
    {',', "1.234,56", "1234.56"},
    {',', "1.234", "1234"},
    {',', "1.234.567", "1234567"},
    {',', "-1.234,5", "-1234.5"},
    {',', ",5", "0.5"},
    {',', "5,", "5"},
    {',', "1,5e3", "1500"},
    {',', "0,123", "0.123"},
    {',', "000123,4", "123.4"},
    {',', "1 234,5", "1234.5"},
    {',', "1'234,5", "1234.5"},
    {0, "12.50", "12.5"},
    {0, "1 234.50", "1234.5"},
    /* What is no number, or would only be one in the other writing. */
    {'.', "12,50", "none"},
    {'.', "1,23", "none"},
    {'.', "1,2345", "none"},
    {'.', "1234,567", "none"},
    {'.', "1,234567", "none"},
    {'.', "12,34,567", "none"},
    {'.', ",234", "none"},
    {'.', "0,234", "none"},
    {'.', "1,234,", "none"},
    {'.', "1 234,567", "none"},
    {'.', "1'234 567", "none"},
    {'.', "1  234", "none"},
    {'.', "12.500 000", "none"},
    {'.', "1.234.567", "none"},
    {',', "12.50", "none"},
    {',', "0.5", "none"},
    {',', "1.234.56", "none"},
    {',', "1,234.56", "none"},
    {',', "1,234,567", "none"},
    {',', "1 234.5", "none"},
    {',', "1.234 567", "none"},
    {',', "12,5.3", "none"},
    {0, "12,50", "none"},
    {0, "1,234", "none"},
    {0, "1,234.50", "none"},
    {'.', "(12.50)", "none"},
    {',', "(12,50)", "none"},
    {'.', "12.50-", "none"},
    {'.', "- 12", "none"},
    {'.', "--12", "none"},
    {',', "+-12", "none"},
    {'.', "", "none"},
    {',', "", "none"},
    {',', ",", "none"},
    {',', "-", "none"},
    {',', "twelve", "none"},
    {',', "\u20ac 12,50", "none"},
    {'.', "12.50 EUR", "none"},
    {',', "99999999999999", "none"},
};

static void assert_read(const struct decimal *d, const char *text, const char *number)
{
    struct buf b = {};
    int64_t out;

    if (decimal_parse(d, str_of(text), &out))
        num_print(&b, out);
    else
        buf_add(&b, STR("none"));
    buf_add_char(&b, 0);
    if (strcmp(b.p, number) != 0)
        fail_msg("'%s' with '%c' is %s, not %s", text, d->point ? d->point : '0', b.p,
                 number);
    buf_free(&b);
}

TEST(thousands_and_decimals_are_told_apart_by_where_they_stand)
{
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        assert_read(&(struct decimal){.point = read[i].point}, read[i].text,
                    read[i].number);
}

TEST(money_may_carry_its_own_currency_at_either_end)
{
    static const struct {
        const char *currency, *text, *number;
    } of[] = {
        {"EUR", "\u20ac 12,50", "12.5"},
        {"EUR", "\u20ac12,50", "12.5"},
        {"EUR", "12,50\u00a0\u20ac", "12.5"},
        {"EUR", "12,50EUR", "12.5"},
        {"EUR", "EUR 1.234,50", "1234.5"},
        {"EUR", "-\u20ac 12,50", "-12.5"},
        {"EUR", "\u20ac -12,50", "-12.5"},
        {"EUR", "-12,50 \u20ac", "-12.5"},
        {"EUR", "\xc2\x80 12,50", "12.5"},
        {"EUR", "12,50", "12.5"},
        {"GBP", "\u00a312,50", "12.5"},
        {"BRL", "R$ 12,50", "12.5"},
        {"USD", "$12,50", "12.5"},
        {"CAD", "$12,50", "12.5"},
        {"CHF", "CHF 1'234,50", "1234.5"},
        {"EUR", "\u20ac\u20ac12,50", "none"},
        {"EUR", "\u20ac 12,50 EUR", "none"},
        {"EUR", "-\u20ac-12,50", "none"},
        {"EUR", "\u20ac", "none"},
        {"EUR", "EUR", "none"},
        {"EUR", "$12,50", "none"},
        {"USD", "R$12,50", "none"},
        {"EUR", "(\u20ac 12,50)", "none"},
        {"", "$12,50", "none"},
    };

    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        assert_read(&(struct decimal){',', str_of(of[i].currency)}, of[i].text,
                    of[i].number);
}

TEST(an_amount_in_another_currency_is_told_from_what_is_no_number)
{
    const struct decimal d = {'.', STR("EUR")};

    assert_true(decimal_is_foreign(&d, STR("$12.50")));
    assert_true(decimal_is_foreign(&d, STR("-\u00a31,234.50")));
    assert_true(decimal_is_foreign(&d, STR("12.50 USD")));
    assert_true(decimal_is_foreign(&d, STR("-CHF 12.50")));
    assert_false(decimal_is_foreign(&d, STR("12.50 XXX")));
    assert_false(decimal_is_foreign(&d, STR("dear USD")));
    assert_false(decimal_is_foreign(&d, STR("USD")));
    assert_false(decimal_is_foreign(&d, STR("")));
}

TEST(a_text_of_any_length_is_read_or_refused)
{
    char text[300];
    int64_t out = 77;

    memset(text, '0', sizeof text);
    text[sizeof text - 1] = '7';
    assert_true(decimal_parse(&(struct decimal){.point = '.'}, (str){text, 300}, &out));
    assert_int_equal(out, 7 * NUM_ONE);
    assert_false(decimal_parse(&(struct decimal){.point = ','}, (str){text, 300}, &out));
    assert_true(
        decimal_parse(&(struct decimal){.point = ','}, (str){text + 172, 128}, &out));
    assert_false(
        decimal_parse(&(struct decimal){.point = ','}, (str){text + 171, 129}, &out));
}
