#include "value/period.h"

#include "base/time.h"

enum { THURSDAY = 3 }; /* was 1 January 1970 */

static int32_t floor_div(int32_t a, int32_t b)
{
    return a / b - (a % b < 0);
}

int32_t period_of(enum period p, int32_t day)
{
    struct civil c = civil_of((int64_t)day * MS_DAY);

    switch (p) {
    case PERIOD_WEEK:
        return floor_div(day + THURSDAY, 7);
    case PERIOD_MONTH:
        return c.year * 12 + c.month - 1;
    case PERIOD_YEAR:
        return c.year;
    case PERIOD_DAY:
        break;
    }
    return day;
}

int32_t period_first_day(enum period p, int32_t number)
{
    struct civil c = {.year = number, .month = 1, .day = 1};

    switch (p) {
    case PERIOD_WEEK:
        return number * 7 - THURSDAY;
    case PERIOD_MONTH:
        c.year = floor_div(number, 12);
        c.month = number - c.year * 12 + 1;
        break;
    case PERIOD_YEAR:
        break;
    case PERIOD_DAY:
        return number;
    }
    return (int32_t)(civil_ms(c) / MS_DAY);
}
