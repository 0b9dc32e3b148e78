#include "base/time.h"
#include "support/chance.h"
#include "support/unit.h"

static const str no_lengths[] = {
    STR(""),
    STR("d"),
    STR("90"),
    STR("-90d"),
    STR("1.5d"),
    STR("90 d"),
    STR("90x"),
    STR("90D"),
    STR("+1d"),
    STR("1d2h"),
    STR("9999999999999999999999d"),
    STR("10000y"),
    STR("119989mo"),
    STR("3660000d"),
};

TEST(every_day_of_ten_thousand_years_has_its_date)
{
    struct civil c = {.year = 1, .month = 1, .day = 1};

    for (int64_t at = MOMENT_MIN; at <= MOMENT_MAX; at += MS_DAY) {
        struct civil first = civil_of(at), last = civil_of(at + MS_DAY - 1);

        if (first.year != c.year || first.month != c.month || first.day != c.day
            || last.day != c.day || first.hour != 0 || last.hour != 23 || last.ms != 999
            || civil_ms(c) != at || !civil_is_valid(c))
            fail_msg("%d-%d-%d became %d-%d-%d", c.year, c.month, c.day, first.year,
                     first.month, first.day);
        if (++c.day > civil_days_in_month(c.year, c.month)) {
            assert_false(civil_is_valid(c));
            c.day = 1;
            if (++c.month > 12) {
                assert_false(civil_is_valid(c));
                c.month = 1;
                c.year++;
            }
        }
    }
    assert_int_equal(c.year, 10000);
    assert_false(civil_is_valid(c));
}

TEST(civil_time_goes_there_and_back)
{
    struct random r = chance();

    for (int i = 0; i < 20000; i++) {
        int64_t at = MOMENT_MIN + (int64_t)random_below(&r, MOMENT_MAX - MOMENT_MIN);
        struct civil c = civil_of(at);

        assert_true(civil_is_valid(c));
        assert_true(civil_ms(c) == at);
    }
    assert_false(
        civil_is_valid((struct civil){.year = 2011, .month = 12, .day = 10, .hour = 24}));
    assert_false(civil_is_valid(
        (struct civil){.year = 2011, .month = 12, .day = 10, .second = 60}));
    assert_false(civil_is_valid((struct civil){.year = 2011, .month = 2, .day = 29}));
    assert_true(civil_is_valid((struct civil){.year = 2000, .month = 2, .day = 29}));
    assert_false(civil_is_valid((struct civil){.year = 1900, .month = 2, .day = 29}));
}

static void assert_length(str text, int32_t months, int64_t ms, str printed)
{
    struct length l, again;
    struct buf b = {0};
    struct err err;

    assert_true(length_parse(text, &l, &err));
    assert_int_equal(l.months, months);
    assert_int_equal(l.ms, ms);
    length_print(&b, l);
    assert_true(str_eq(buf_str(&b), printed));
    assert_true(length_parse(buf_str(&b), &again, &err));
    assert_true(again.months == months && again.ms == ms);
    buf_free(&b);
}

TEST(a_length_is_a_number_and_a_unit)
{
    assert_length(STR("90d"), 0, 90 * MS_DAY, STR("90d"));
    assert_length(STR("2w"), 0, 14 * MS_DAY, STR("14d"));
    assert_length(STR("36h"), 0, 36 * MS_HOUR, STR("36h"));
    assert_length(STR("48h"), 0, 48 * MS_HOUR, STR("2d"));
    assert_length(STR("90m"), 0, 90 * MS_MINUTE, STR("90m"));
    assert_length(STR("5s"), 0, 5 * MS_SECOND, STR("5s"));
    assert_length(STR("3mo"), 3, 0, STR("3mo"));
    assert_length(STR("24mo"), 24, 0, STR("2y"));
    assert_length(STR("1y"), 12, 0, STR("1y"));
    assert_length(STR("0d"), 0, 0, STR("0d"));
    assert_length(STR("9999y"), 9999 * 12, 0, STR("9999y"));
}

TEST(what_is_no_length_is_refused_with_words)
{
    for (size_t i = 0; i < sizeof no_lengths / sizeof *no_lengths; i++) {
        struct length l;
        struct err err;

        if (length_parse(no_lengths[i], &l, &err))
            fail_msg("%.*s was taken", STR_FMT(no_lengths[i]));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(err.msg);
        assert_true(str_starts(str_of(err.msg), no_lengths[i])
                    || str_starts(str_of(err.msg), STR("\"")));
    }
}

TEST(a_moment_prints_as_iso_8601_with_milliseconds)
{
    struct buf b = {0};

    moment_print(&b, 1323475200000);
    buf_add_char(&b, ' ');
    moment_print(&b, -1);
    buf_add_char(&b, ' ');
    moment_print(&b, MOMENT_MIN);
    buf_add_char(&b, ' ');
    moment_print(&b, MOMENT_MAX);
    assert_true(
        str_eq(buf_str(&b), STR("2011-12-10T00:00:00.000Z 1969-12-31T23:59:59.999Z "
                                "0001-01-01T00:00:00.000Z 9999-12-31T23:59:59.999Z")));
    buf_free(&b);
}

TEST(the_steady_clock_does_not_go_back)
{
    int64_t before = clock_steady_us();

    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_steady_us();

        assert_true(now >= before);
        before = now;
    }
    assert_true(clock_now_ms() > 1700000000000);
}
