#include "base/time.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static struct zone *rome(void)
{
    struct zone *z;
    struct err err;

    if (!zone_open(io_system(), STR("Europe/Rome"), &z, &err))
        fail_msg("%s", err.msg);
    return z;
}

static void assert_moment(int64_t ms, const char *expected)
{
    struct buf b = {0};

    moment_print(&b, ms);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, expected);
    buf_free(&b);
}

TEST(iso_8601_is_read)
{
    static const char *const cases[][2] = {
        {"2011-12-10", "2011-12-09T23:00:00.000Z"},
        {"2011-07-10", "2011-07-09T22:00:00.000Z"},
        {"2011-12-10T10:01", "2011-12-10T09:01:00.000Z"},
        {"2011-12-10 10:01:02", "2011-12-10T09:01:02.000Z"},
        {"2011-12-10T10:01:00.000Z", "2011-12-10T10:01:00.000Z"},
        {"2011-12-10t10:01:02.5z", "2011-12-10T10:01:02.500Z"},
        {"2011-12-10T10:01:02.1239999999999999Z", "2011-12-10T10:01:02.123Z"},
        {"2011-12-10T10:01:02,25+01:00", "2011-12-10T09:01:02.250Z"},
        {"2011-12-10 10:01:02+0100", "2011-12-10T09:01:02.000Z"},
        {"2011-12-10T10:01-03:30", "2011-12-10T13:31:00.000Z"},
        {"2011-12-10T10:01+01", "2011-12-10T09:01:00.000Z"},
        {"2026-03-29T02:30", "2026-03-29T01:00:00.000Z"},
        {"2026-10-25T02:30", "2026-10-25T00:30:00.000Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
    };
    struct zone *z = rome();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms;
        struct err err;

        if (!moment_parse(str_of(cases[i][0]), z, &ms, &err))
            fail_msg("%s", err.msg);
        assert_moment(ms, cases[i][1]);
    }
    zone_close(z);
}

TEST(a_text_without_offset_and_zone_is_utc)
{
    struct time_format *f;
    struct err err;
    int64_t ms;

    assert_true(moment_parse(STR("2011-12-10"), NULL, &ms, &err));
    assert_moment(ms, "2011-12-10T00:00:00.000Z");
    assert_true(moment_parse(STR("2011-12-10T10:01+01:00"), NULL, &ms, &err));
    assert_moment(ms, "2011-12-10T09:01:00.000Z");
    assert_true(time_format_new(STR("%d/%m/%Y"), &f, &err));
    assert_true(time_format_parse(f, STR("10/12/2011"), NULL, &ms));
    assert_moment(ms, "2011-12-10T00:00:00.000Z");
    time_format_free(f);
}

TEST(what_is_no_moment_is_refused_with_words)
{
    static const char *const wrong[] = {
        "",
        "2011",
        "2011-12",
        "2011-12-1",
        "11-12-10",
        "2011-13-01",
        "2011-00-10",
        "2011-02-30",
        "2011-02-29",
        "0000-01-01",
        "2011-12-10T",
        "2011-12-10 ",
        " 2011-12-10",
        "2011-12-10T10",
        "2011-12-10T10:1",
        "2011-12-10T25:00",
        "2011-12-10T24:00:00",
        "2016-12-31T23:59:60Z",
        "2011-12-10T10:60",
        "2011-12-10T10:01:00.",
        "2011-12-10T10:01:00.Z",
        "2011-12-10T10:01.5Z",
        "2011-12-10Z",
        "2011-12-10T10:01:00 Z",
        "2011-12-10T10:01:00ZZ",
        "2011-12-10T10:01:00+24:00",
        "2011-12-10T10:01:00+01:60",
        "2011-12-10T10:01:00+1",
        "2011-12-10T10:01:00+01:",
        "2011-12-10T10:01:00+01:0",
        "2011-12-10T10:01:00+01000",
        "2011-12-10  10:01",
        "20111210",
        "2011/12/10",
        "-011-12-10",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
    };
    struct zone *z = rome();

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms;
        struct err err;

        if (moment_parse(str_of(wrong[i]), z, &ms, &err))
            fail_msg("%s was taken", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "2011-12-10T10:01:00Z"));
    }
    {
        int64_t ms;
        struct err err;

        assert_false(moment_parse((str){"2011-12-10\0", 11}, z, &ms, &err));
    }
    zone_close(z);
}

TEST(a_date_may_be_counted_from_the_present)
{
    static const char *const cases[][3] = {
        {"-30d", "2024-03-31T12:00:00+02:00", "2024-03-01T12:00:00+01:00"},
        {"-12h", "2024-03-31T12:00:00+02:00", "2024-03-30T23:00:00+01:00"},
        {"-1w", "2024-03-31T12:00:00+02:00", "2024-03-24T12:00:00+01:00"},
        {"-1mo", "2024-03-31T12:00:00+02:00", "2024-03-01T00:00:00+01:00"},
        {"day", "2024-03-31T12:00:00+02:00", "2024-03-31T00:00:00+01:00"},
        {"week", "2024-03-31T12:00:00+02:00", "2024-03-25T00:00:00+01:00"},
        {"month", "2024-03-31T12:00:00+02:00", "2024-03-01T00:00:00+01:00"},
        {"quarter", "2024-05-31T12:00:00+02:00", "2024-04-01T00:00:00+02:00"},
        {"year", "2024-05-31T12:00:00+02:00", "2024-01-01T00:00:00+01:00"},
        {"month-1mo", "2024-05-31T12:00:00+02:00", "2024-04-01T00:00:00+02:00"},
        {"day-30d", "2024-04-10T12:00:00+02:00", "2024-03-11T00:00:00+01:00"},
        {"-9999y", "2024-04-10T12:00:00+02:00", "0001-01-01T00:00:00Z"},
        {"2024-01-01", "2024-04-10T12:00:00+02:00", "2024-01-01T00:00:00+01:00"},
    };
    static const char *const wrong[] = {"",        "-",      "-30",       "--30d",
                                        "+30d",    "month-", "month+1mo", "month-1mo-1d",
                                        "months",  "-30d ",  "monthly",   "day 30d",
                                        "day-30dx"};
    struct zone *z = rome();
    int64_t now_ms, ms, expected;
    struct err err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(moment_parse(str_of(cases[i][1]), NULL, &now_ms, &err));
        assert_true(moment_parse(str_of(cases[i][2]), NULL, &expected, &err));
        if (!moment_parse_from(str_of(cases[i][0]), z, now_ms, &ms, &err))
            fail_msg("%s: %s", cases[i][0], err.msg);
        if (ms != expected)
            fail_msg("%s is %lld, not %lld", cases[i][0], (long long)ms,
                     (long long)expected);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (moment_parse_from(str_of(wrong[i]), z, 0, &ms, &err))
            fail_msg("%s was taken", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
    zone_close(z);
}

TEST(what_is_printed_is_read)
{
    struct random r = chance();
    struct zone *z = rome();
    struct buf b = {0};

    for (int i = 0; i < 5000; i++) {
        int64_t ms = MOMENT_MIN + (int64_t)random_below(&r, MOMENT_MAX - MOMENT_MIN),
                again;
        struct err err;

        buf_clear(&b);
        moment_print(&b, ms);
        assert_true(moment_parse(buf_str(&b), z, &again, &err));
        assert_true(again == ms);
    }
    buf_free(&b);
    zone_close(z);
}

static void assert_reads(const char *format, const char *text, const char *expected)
{
    struct zone *z = rome();
    struct time_format *f;
    struct err err;
    int64_t ms;

    if (!time_format_new(str_of(format), &f, &err))
        fail_msg("%s", err.msg);
    if (time_format_parse(f, str_of(text), z, &ms) != (expected != NULL))
        fail_msg("%s by %s", text, format);
    if (expected)
        assert_moment(ms, expected);
    time_format_free(f);
    zone_close(z);
}

TEST(a_format_reads_what_it_says)
{
    assert_reads("%Y-%m-%d %H:%M:%S", "2011-12-10 10:01:02", "2011-12-10T09:01:02.000Z");
    assert_reads("%d/%m/%Y", "1/7/2011", "2011-06-30T22:00:00.000Z");
    assert_reads("%d/%m/%y", "01/07/68", "2068-06-30T22:00:00.000Z");
    assert_reads("%d/%m/%y", "01/07/69", "1969-06-30T22:00:00.000Z");
    assert_reads("%m/%d/%Y %I:%M %p", "12/10/2011 12:05 AM", "2011-12-09T23:05:00.000Z");
    assert_reads("%m/%d/%Y %I:%M %p", "12/10/2011 12:05 pm", "2011-12-10T11:05:00.000Z");
    assert_reads("%m/%d/%Y %I:%M%p", "12/10/2011 3:05pM", "2011-12-10T14:05:00.000Z");
    assert_reads("%d %b %Y", "10 dEc 2011", "2011-12-09T23:00:00.000Z");
    assert_reads("%B %d, %Y", "September 1, 2011", "2011-08-31T22:00:00.000Z");
    assert_reads("%B %d, %Y", "May  1, 2011", "2011-04-30T22:00:00.000Z");
    assert_reads("%Y%m%dT%H%M%S.%f%z", "20111210T100102.98765+0200",
                 "2011-12-10T08:01:02.987Z");
    assert_reads("%s", "1323475200", "2011-12-10T00:00:00.000Z");
    assert_reads("%s", "1323475200.1239", "2011-12-10T00:00:00.123Z");
    assert_reads("%s", "-0.0015", "1969-12-31T23:59:59.998Z");
    assert_reads("%Q", "1323475200123", "2011-12-10T00:00:00.123Z");
    assert_reads("%Q", "-1", "1969-12-31T23:59:59.999Z");
    assert_reads("day %%: %Y-%m-%d", "day %: 2011-12-10", "2011-12-09T23:00:00.000Z");
}

TEST(a_text_that_does_not_fit_its_format_is_refused)
{
    assert_reads("%Y-%m-%d", "2011-02-29", NULL);
    assert_reads("%Y-%m-%d", "2011-12-10 ", NULL);
    assert_reads("%Y-%m-%d", "2011-12", NULL);
    assert_reads("%Y-%m-%d", "", NULL);
    assert_reads("%Y-%m-%d", "11-12-10", NULL);
    assert_reads("%d/%m/%Y", "10/13/2011", NULL);
    assert_reads("%d/%m/%Y", "100/1/2011", NULL);
    assert_reads("%Y-%m-%d %H:%M", "2011-12-10 24:00", NULL);
    assert_reads("%Y-%m-%d %H:%M", "2011-12-10 10:60", NULL);
    assert_reads("%Y-%m-%d %I:%M %p", "2011-12-10 13:00 PM", NULL);
    assert_reads("%Y-%m-%d %I:%M %p", "2011-12-10 0:00 AM", NULL);
    assert_reads("%d %b %Y", "10 Dez 2011", NULL);
    assert_reads("%d %b %Y", "10 Decem 2011", NULL);
    assert_reads("%s", "", NULL);
    assert_reads("%s", "1e9", NULL);
    assert_reads("%s", "99999999999999", NULL);
    assert_reads("%s", "999999999999", NULL);
    assert_reads("%Q", "9223372036854775808", NULL);
    assert_reads("%Q", "253402300800000", NULL);
    assert_reads("%Y-%m-%dT%H:%M%z", "2011-12-10T10:00", NULL);
    assert_reads("%Y-%m-%dT%H:%M%z", "0001-01-01T00:00+01", NULL);
}

TEST(a_format_that_makes_no_moment_is_refused_with_words)
{
    static const char *const wrong[][2] = {
        {"", "year"},
        {"%H:%M", "year"},
        {"%Y-%m", "day"},
        {"%Y-%m-%d %q", "unknown"},
        {"%Y-%m-%d %", "end"},
        {"%Y-%m-%d %m", "second time"},
        {"%Y-%m-%d %b", "second time"},
        {"%Y-%m-%d %I:%M", "%p"},
        {"%Y-%m-%d %H:%M %p", "%I"},
        {"%Y-%m-%d %M", "hour"},
        {"%s %Y", "beside"},
        {"%s%Q", "second time"},
        {"................................................................%s", "pieces"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct time_format *f;
        struct err err;

        if (time_format_new(str_of(wrong[i][0]), &f, &err))
            fail_msg("%s was taken", wrong[i][0]);
        assert_null(f);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("%s does not say %s", err.msg, wrong[i][1]);
    }
}

#define GUESS(ambiguous, ...)                                                            \
    guess((const str[]){__VA_ARGS__}, sizeof((const str[]){__VA_ARGS__}) / sizeof(str),  \
          ambiguous)

static const char *guess(const str *samples, size_t n, bool ambiguous)
{
    bool said = !ambiguous;
    const char *format = time_format_guess(samples, n, &said);

    assert_int_equal(said, ambiguous);
    return format ? format : "none";
}

TEST(the_format_of_samples_is_guessed)
{
    assert_string_equal(GUESS(false, STR("2011-12-10")), "%Y-%m-%d");
    assert_string_equal(
        GUESS(false, STR("2010-12-01 08:26:00"), STR(""), STR("2011-12-09 12:50:00")),
        "%Y-%m-%d %H:%M:%S");
    assert_string_equal(GUESS(false, STR("2010-12-01 08:26")), "%Y-%m-%d %H:%M");
    assert_string_equal(GUESS(false, STR("2010-12-01T08:26:00.000Z")),
                        "%Y-%m-%dT%H:%M:%S.%f%z");
    assert_string_equal(GUESS(false, STR("2010-12-01T08:26:00+01:00")),
                        "%Y-%m-%dT%H:%M:%S%z");
    assert_string_equal(GUESS(false, STR("1/2/2011"), STR("13/2/2011")), "%d/%m/%Y");
    assert_string_equal(GUESS(false, STR("1/2/2011 8:26"), STR("1/13/2011 8:26")),
                        "%m/%d/%Y %H:%M");
    assert_string_equal(GUESS(false, STR("12/1/10 8:26"), STR("12/13/10 8:26")),
                        "%m/%d/%y %H:%M");
    assert_string_equal(GUESS(false, STR("31.12.2011")), "%d.%m.%Y");
    assert_string_equal(GUESS(false, STR("31-12-11")), "%d-%m-%y");
    assert_string_equal(GUESS(false, STR("12/31/2011 3:05 PM")), "%m/%d/%Y %I:%M %p");
    assert_string_equal(GUESS(false, STR("10 Dec 2011"), STR("1 January 2012")),
                        "%d %b %Y");
    assert_string_equal(GUESS(false, STR("10-DEC-11")), "%d-%b-%y");
    assert_string_equal(GUESS(false, STR("Dec 10, 2011")), "%b %d, %Y");
    assert_string_equal(GUESS(false, STR("20111210")), "%Y%m%d");
    assert_string_equal(GUESS(false, STR("20111210100102")), "%Y%m%d%H%M%S");
    assert_string_equal(GUESS(false, STR("1323475200")), "%s");
    assert_string_equal(GUESS(false, STR("1323475200.5")), "%s");
    assert_string_equal(GUESS(false, STR("1323475200123")), "%Q");
}

TEST(day_and_month_that_could_be_either_are_not_guessed)
{
    assert_string_equal(GUESS(true, STR("1/2/2011"), STR("3/4/2011")), "none");
    assert_string_equal(GUESS(true, STR("01.02.11 10:00")), "none");
    assert_string_equal(GUESS(true, STR("05/05/2011"), STR("06/05/2011")), "none");
    assert_string_equal(GUESS(false, STR("05/05/2011"), STR("05/13/2011")), "%m/%d/%Y");
}

TEST(no_format_is_guessed_where_none_fits)
{
    assert_string_equal(GUESS(false, STR("yesterday")), "none");
    assert_string_equal(GUESS(false, STR("2011-12-10"), STR("10/12/2011")), "none");
    assert_string_equal(GUESS(false, STR("13/13/2011")), "none");
    assert_string_equal(GUESS(false, STR("17850")), "none");
    assert_string_equal(GUESS(false, STR("")), "none");
    assert_string_equal(guess(NULL, 0, false), "none");
}

static bool make_and_free(void *context, struct err *err)
{
    struct time_format *f;
    bool ok = time_format_new(*(str *)context, &f, err);

    time_format_free(f);
    return ok;
}

TEST(a_format_survives_failing_memory)
{
    str format = STR("%Y-%m-%d");

    each_oom(make_and_free, &format);
}
