#include "base/num.h"
#include "rule/row.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

static const str columns[] = {
    {"InvoiceNo", 9}, {"Quantity", 8}, {"UnitPrice", 9}, {"Country", 7}, {"Order ID", 8},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static struct decimal decimal;

static bool make(const char *text, struct arena *a, struct row_expr **e, struct err *err)
{
    return row_expr_new(str_of(text), columns, COLUMNS, &decimal, a, e, err);
}

/* Rows are written with the columns' values between bars. */
static void row_of(const char *text, str field[COLUMNS])
{
    str rest = str_of(text);

    for (int i = 0; i < COLUMNS; i++) {
        const char *bar = memchr(rest.p, '|', rest.n);
        size_t n = bar ? (size_t)(bar - rest.p) : rest.n;

        field[i] = (str){rest.p, n};
        rest = str_from(rest, n + (bar != NULL));
    }
}

static void print(struct value v, struct buf *b)
{
    if (v.type == VALUE_NUMBER)
        num_print(b, v.number);
    else if (v.type == VALUE_TEXT)
        buf_add(b, v.text);
    else if (v.type == VALUE_BOOL)
        buf_add(b, v.truth ? STR("yes") : STR("no"));
    else
        buf_add(b, STR("missing"));
    buf_add_char(b, 0);
}

static const char row[] = "C536379|-2|4.65|United Kingdom|7";

static const struct {
    const char *rule, *row, *answer;
} asked[] = {
    {"InvoiceNo", row, "C536379"},
    {"`Order ID`", row, "7"},
    {"`Order ID` + 1", row, "8"},
    {"Quantity", row, "-2"},
    {"-Quantity", row, "2"},
    {"Quantity * UnitPrice", row, "-9.3"},
    {"Quantity + UnitPrice * 2 - 1", row, "6.3"},
    {"(Quantity + UnitPrice) * 2", row, "5.3"},
    {"UnitPrice / Quantity", row, "-2.325"},
    {"1 / 3", row, "0.333333"},
    {"-2 / 3", row, "-0.666667"},
    {"UnitPrice / 0", row, "missing"},
    {"9000000000000 * 9000000000000", row, "missing"},
    {"not (InvoiceNo starts with \"C\") and Quantity > 0 and UnitPrice > 0", row, "no"},
    {"not (InvoiceNo starts with \"C\") and Quantity > 0 and UnitPrice > 0",
     "536365|6|2.55|United Kingdom|1", "yes"},
    {"InvoiceNo starts with 'c'", row, "yes"},
    {"Country contains \"KING\"", row, "yes"},
    {"Country contains 'rom'", row, "no"},
    {"Country = 'United Kingdom'", row, "yes"},
    {"Country != 'United Kingdom'", row, "no"},
    {"Country = InvoiceNo", row, "no"},
    {"Country in ('France', 'United Kingdom')", row, "yes"},
    {"Country not in ('France', 'Italy')", row, "yes"},
    {"Quantity in (1, -2)", row, "yes"},
    {"Quantity not in (-2)", row, "no"},
    {"Quantity = -2.0", row, "yes"},
    {"Quantity < UnitPrice", row, "yes"},
    {"Quantity >= UnitPrice or Quantity <= -2", row, "yes"},
    {"true", row, "yes"},
    {"UnitPrice > 4.65", row, "no"},
    {"UnitPrice >= 4.65", row, "yes"},
    /* What is missing. */
    {"Country", "1||| |", "missing"},
    {"Quantity + 1", "1||| |", "missing"},
    {"Quantity > 0", "1||| |", "no"},
    {"not Quantity > 0", "1||| |", "yes"},
    {"Quantity in (1)", "1||| |", "no"},
    {"Quantity not in (1)", "1||| |", "no"},
    {"Country != 'x'", "1||| |", "no"},
    {"Country is missing", "1||| |", "yes"},
    {"Country is not missing", "1||| |", "no"},
    {"Quantity * 2 is missing", "1||| |", "yes"},
    {"UnitPrice / 0 is missing", row, "yes"},
    {"Quantity", "1| |||", "missing"},
    {"Quantity + 0", "1| 12 |||", "12"},
    /* A column that is guarded is not read. */
    {"Country = 'x' and Quantity > 0", "1|many|1|y|", "no"},
    {"Country = 'y' or Quantity > 0", "1|many|1|y|", "yes"},
};

TEST(a_row_answers)
{
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct arena a = {0};
        struct buf b = {0};
        struct row_expr *e;
        struct value v = {};
        struct err err;
        str field[COLUMNS];

        row_of(asked[i].row, field);
        if (!make(asked[i].rule, &a, &e, &err) || !row_expr_ask(e, field, &v, &err))
            fail_msg("%s: %s", asked[i].rule, err.msg);
        print(v, &b);
        if (strcmp(b.p, asked[i].answer) != 0)
            fail_msg("%s: %s, not %s", asked[i].rule, b.p, asked[i].answer);
        buf_free(&b);
        arena_free(&a);
    }
}

static const struct {
    const char *rule, *rows[4], *answer;
} summed[] = {
    {"sum(Quantity * UnitPrice)", {"a|2|1.5|x|", "a|3|2|y|", "a||2|z|"}, "9"},
    {"sum(Quantity)", {"a|||x|"}, "0"},
    {"sum(Quantity)", {"a|9000000000000||x|", "a|9000000000000||x|"}, "missing"},
    {"sum(Quantity)",
     {"a|9000000000000||x|", "a|9000000000000||x|", "a|-9000000000000||x|"},
     "9000000000000"},
    {"count(Quantity)", {"a|2|||", "a||||", "a|4|||"}, "2"},
    {"count(Country)", {"a|2|||"}, "0"},
    {"count(true)", {"a|2|||", "a||||", "a|4|||"}, "3"},
    {"min(UnitPrice)", {"a||3||", "a||-1||", "a||||"}, "-1"},
    {"max(UnitPrice)", {"a||3||", "a||-1||", "a||||"}, "3"},
    {"max(UnitPrice)", {"a||||"}, "missing"},
    {"avg(UnitPrice)", {"a||1||", "a||||", "a||2||", "a||2||"}, "1.666667"},
    {"avg(UnitPrice)", {"a||||"}, "missing"},
    {"first(Country)", {"a||||", "a|||IT|", "a|||PT|"}, "IT"},
    {"last(Country)", {"a|||IT|", "a|||PT|", "a||||"}, "PT"},
    {"Country", {"a||||", "a|||IT|", "a|||PT|"}, "IT"},
    {"Quantity * 2", {"a||||", "a|4|||", "a|5|||"}, "8"},
    {"Country", {"a||||"}, "missing"},
};

TEST(rows_that_share_an_id_give_one_value)
{
    for (size_t i = 0; i < sizeof summed / sizeof *summed; i++) {
        struct arena a = {0};
        struct row_sum sum = {0};
        struct buf b = {0};
        struct row_expr *e;
        struct err err;

        if (!make(summed[i].rule, &a, &e, &err))
            fail_msg("%s: %s", summed[i].rule, err.msg);
        for (int k = 0; k < 4 && summed[i].rows[k]; k++) {
            char *line = strdup(summed[i].rows[k]); /* kept texts must not be borrowed */
            str field[COLUMNS];

            row_of(line, field);
            assert_true(row_expr_feed(e, field, &sum, &a, &err));
            memset(line, '#', strlen(line));
            free(line);
        }
        print(row_expr_result(e, &sum), &b);
        if (strcmp(b.p, summed[i].answer) != 0)
            fail_msg("%s: %s, not %s", summed[i].rule, b.p, summed[i].answer);
        buf_free(&b);
        arena_free(&a);
    }
}

static const struct {
    const char *rule;
    int line, column;
    const char *msg;
} refused[] = {
    {"Quantity > ", 1, 12, "expected a value, a name or a function, found the end"},
    {"", 1, 1, "there is nothing here"},
    {"Quantitty > 0", 1, 1, "there is no column \"Quantitty\"; did you mean Quantity?"},
    {"Country = 'x' and\n  Order > 1", 2, 3,
     "there is no column \"Order\"; did you mean Order ID?"},
    {"Country > 'x'", 1, 11, "a number is needed here"},
    {"Quantity = 'x' + 1", 1, 12, "a number is needed here"},
    {"not Quantity", 1, 5,
     "compare this column with something, such as Country = \"IT\""},
    {"Quantity and Country = 'x'", 1, 1,
     "compare this column with something, such as Country = \"IT\""},
    {"sum(Quantity) * 2", 1, 1,
     "a function over rows stands alone, around everything: sum(Quantity * UnitPrice)"},
    {"sum(sum(Quantity))", 1, 5,
     "a function over rows stands alone, around everything: sum(Quantity * UnitPrice)"},
    {"exists(Quantity)", 1, 1, "rows of a table have no exists()"},
    {"summ(Quantity)", 1, 1, "there is no function summ(); did you mean sum?"},
    {"Quantity > 3d", 1, 12,
     "lengths of time and dates have no meaning in the rows of a table"},
    {"Quantity > 2011-01-01", 1, 12,
     "lengths of time and dates have no meaning in the rows of a table"},
    {"Country contains 3", 1, 18, "a text is needed here"},
    {"Country in ('x', 3)", 1, 18, "a text is needed here"},
    {"true + 1", 1, 1, "a number is needed here"},
    {"sum(Country = 'x')", 1, 5, "a number is needed here"},
};

TEST(what_does_not_fit_the_table_is_refused)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a = {0};
        struct row_expr *e;
        struct err err = {0};

        if (make(refused[i].rule, &a, &e, &err))
            fail_msg("%s: taken", refused[i].rule);
        assert_int_equal(err.code, ERR_INPUT);
        if (err.line != refused[i].line || err.column != refused[i].column
            || strcmp(err.msg, refused[i].msg) != 0)
            fail_msg("%s: %d:%d %s", refused[i].rule, err.line, err.column, err.msg);
        arena_free(&a);
    }
}

TEST(a_column_that_is_no_number_is_named_and_not_shown)
{
    struct arena a = {0};
    struct row_sum sum = {.sum = 5, .n = 2};
    struct row_expr *e;
    struct value v;
    struct err err;
    str field[COLUMNS];

    assert_true(make("sum(Quantity * UnitPrice)", &a, &e, &err));
    row_of("1|12 pieces|2||", field);
    assert_false(row_expr_ask(e, field, &v, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.msg, "the column \"Quantity\" must hold a number");
    assert_false(row_expr_feed(e, field, &sum, &a, &err));
    assert_true(sum.sum == 5 && sum.n == 2);
    arena_free(&a);
}

TEST(columns_are_read_as_the_table_writes_its_numbers)
{
    static const struct {
        const char *rule, *row, *answer;
    } of[] = {
        {"Quantity * UnitPrice", "1|2|1.234,50||", "2469"},
        {"UnitPrice > 1000", "1|2|1.234||", "yes"},
        {"UnitPrice = 1.5", "1|2|1,5||", "yes"},
        {"UnitPrice in (0.5, 12.5)", "1|2|12,50 \u20ac||", "yes"},
        {"UnitPrice = '12,50'", "1|2|12,50||", "yes"},
    };

    decimal = (struct decimal){',', STR("EUR")};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        struct arena a = {0};
        struct buf b = {0};
        struct row_expr *e;
        struct value v = {};
        struct err err;
        str field[COLUMNS];

        row_of(of[i].row, field);
        if (!make(of[i].rule, &a, &e, &err) || !row_expr_ask(e, field, &v, &err))
            fail_msg("%s: %s", of[i].rule, err.msg);
        print(v, &b);
        if (strcmp(b.p, of[i].answer) != 0)
            fail_msg("%s: %s, not %s", of[i].rule, b.p, of[i].answer);
        buf_free(&b);
        arena_free(&a);
    }
    decimal = (struct decimal){0};
}

TEST(a_number_in_another_writing_or_currency_is_none)
{
    static const struct {
        const char *row, *msg;
    } of[] = {
        {"1|2|12.50||", "the column \"UnitPrice\" must hold a number"},
        {"1|2|(12,50)||", "the column \"UnitPrice\" must hold a number"},
        {"1|2|$12,50||", "the column \"UnitPrice\" is in another currency than EUR"},
    };
    struct arena a = {0};
    struct row_expr *e;
    struct value v;
    struct err err;
    str field[COLUMNS];

    decimal = (struct decimal){',', STR("EUR")};
    assert_true(make("UnitPrice > 0", &a, &e, &err));
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        row_of(of[i].row, field);
        assert_false(row_expr_ask(e, field, &v, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.msg, of[i].msg);
    }
    decimal = (struct decimal){0};
    arena_free(&a);
}

/* The columns, one letter each: n for a number. */
static void assert_numbers(const char *rule, bool as_number, const char *wanted)
{
    bool is_number[COLUMNS] = {0};
    char got[COLUMNS + 1] = {0};
    struct arena a = {0};
    struct row_expr *e;
    struct err err;

    if (!make(rule, &a, &e, &err))
        fail_msg("%s: %s", rule, err.msg);
    row_expr_numbers(e, as_number, is_number);
    for (size_t i = 0; i < COLUMNS; i++)
        got[i] = is_number[i] ? 'n' : '-';
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s, not %s", rule, got, wanted);
    arena_free(&a);
}

TEST(the_columns_that_are_read_as_numbers_are_known)
{
    assert_numbers("sum(Quantity * UnitPrice)", false, "-nn--");
    assert_numbers("not (InvoiceNo starts with 'C') and Quantity > 0", false, "-n---");
    assert_numbers("Quantity = '7' or `Order ID` in (1, 2)", false, "----n");
    assert_numbers("UnitPrice is missing", true, "-----");
    assert_numbers("first(UnitPrice)", false, "-----");
    assert_numbers("first(UnitPrice)", true, "--n--");
    assert_numbers("count(UnitPrice)", true, "-----");
    assert_numbers("true", true, "-----");
}

TEST(a_column_that_stands_twice_cannot_be_named)
{
    static const str twice[] = {{"A", 1}, {"B", 1}, {"A", 1}};
    struct arena a = {0};
    struct row_expr *e;
    struct err err;

    assert_true(row_expr_new(STR("B > 1"), twice, 3, &decimal, &a, &e, &err));
    assert_false(row_expr_new(STR("B > 1 and A > 1"), twice, 3, &decimal, &a, &e, &err));
    assert_int_equal(err.column, 11);
    assert_string_equal(err.msg, "there are two columns \"A\": rename one of them");
    arena_free(&a);
}

static bool whole_way([[maybe_unused]] void *context, struct err *err)
{
    struct arena a = {0};
    struct row_sum sum = {0};
    struct row_expr *e;
    str field[COLUMNS];
    bool ok;

    row_of(row, field);
    ok = make("first(Country)", &a, &e, err) && row_expr_feed(e, field, &sum, &a, err)
         && make("not (InvoiceNo starts with \"C\") and `Order ID` in (1, 2)", &a, &e,
                 err);
    arena_free(&a);
    return ok;
}

TEST(a_row_without_memory)
{
    each_oom(whole_way, NULL);
}
