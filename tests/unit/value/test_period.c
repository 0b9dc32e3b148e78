#include "value/period.h"

#include "base/time.h"
#include "support/unit.h"

static int32_t day(int32_t year, int32_t month, int32_t date)
{
    return (int32_t)(civil_ms((struct civil){.year = year, .month = month, .day = date})
                     / MS_DAY);
}

TEST(periods_are_those_of_the_calendar)
{
    assert_int_equal(period_of(PERIOD_YEAR, day(2024, 12, 31)), 2024);
    assert_int_equal(period_of(PERIOD_MONTH, day(2024, 2, 29)) + 1,
                     period_of(PERIOD_MONTH, day(2024, 3, 1)));
    assert_int_equal(period_of(PERIOD_MONTH, day(2023, 12, 31)) + 1,
                     period_of(PERIOD_MONTH, day(2024, 1, 1)));
    /* 2026-01-04 was a Sunday */
    assert_int_equal(period_of(PERIOD_WEEK, day(2026, 1, 4)) + 1,
                     period_of(PERIOD_WEEK, day(2026, 1, 5)));
    assert_int_equal(period_of(PERIOD_WEEK, day(2026, 1, 5)),
                     period_of(PERIOD_WEEK, day(2026, 1, 11)));
    assert_int_equal(period_of(PERIOD_DAY, -7), -7);
}

TEST(a_period_begins_with_its_first_day)
{
    for (int32_t d = day(1899, 1, 1); d < day(2101, 1, 1); d++)
        for (int p = PERIOD_DAY; p <= PERIOD_YEAR; p++) {
            enum period of = (enum period)p;
            int32_t n = period_of(of, d), first = period_first_day(of, n);

            assert_true(first <= d && d < period_first_day(of, n + 1));
            assert_int_equal(period_of(of, first), n);
            assert_int_equal(period_of(of, first - 1), n - 1);
        }
}
