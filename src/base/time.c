#include "base/time.h"

#include <time.h>

/* Days are counted in eras of 400 years, which all have the same days; inside one, years
 * begin with March, so that the leap day is the last. */
enum { ERA_YEARS = 400, ERA_DAYS = 146097, CENTURY_DAYS = 36524, FOUR_YEARS_DAYS = 1461 };
enum { MARCH_0_TO_1970 = 719468 }; /* days from 1 March of the year 0 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil civil_of(int64_t local_ms)
{
    int64_t days = floor_div(local_ms, MS_DAY), era;
    int32_t in_day = (int32_t)(local_ms - days * MS_DAY);
    int32_t day, century, four, year, month;

    days += MARCH_0_TO_1970;
    era = floor_div(days, ERA_DAYS);
    day = (int32_t)(days - era * ERA_DAYS);
    century =
        day / CENTURY_DAYS - (day == ERA_DAYS - 1); /* 29 February of the 400th year */
    day -= century * CENTURY_DAYS;
    four = day / FOUR_YEARS_DAYS;
    day -= four * FOUR_YEARS_DAYS;
    year = day / 365 - (day == FOUR_YEARS_DAYS - 1); /* of the fourth year */
    day -= year * 365;
    /* March to July have 153 days, and so have August to December; January begins anew. */
    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    year += century * 100 + four * 4 + (month >= 10);
    return (struct civil){
        .year = (int32_t)(era * ERA_YEARS) + year,
        .month = month < 10 ? month + 3 : month - 9,
        .day = day + 1,
        .hour = in_day / (int32_t)MS_HOUR,
        .minute = in_day / (int32_t)MS_MINUTE % 60,
        .second = in_day / (int32_t)MS_SECOND % 60,
        .ms = in_day % (int32_t)MS_SECOND,
    };
}

int64_t civil_ms(struct civil c)
{
    int64_t year = (int64_t)c.year - (c.month < 3);
    int64_t month = c.month < 3 ? c.month + 9 : c.month - 3;
    int64_t era = floor_div(year, ERA_YEARS);
    int64_t in_era = year - era * ERA_YEARS;
    int64_t days = era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100
                   + (153 * month + 2) / 5 + c.day - 1 - MARCH_0_TO_1970;

    return days * MS_DAY + c.hour * MS_HOUR + c.minute * MS_MINUTE + c.second * MS_SECOND
           + c.ms;
}

int civil_days_in_month(int32_t year, int32_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

bool civil_is_valid(struct civil c)
{
    return c.year >= 1 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1
           && c.day <= civil_days_in_month(c.year, c.month) && c.hour >= 0 && c.hour < 24
           && c.minute >= 0 && c.minute < 60 && c.second >= 0 && c.second < 60
           && c.ms >= 0 && c.ms < 1000;
}

static const struct {
    const char *text;
    struct length one;
} units[] = {
    {"y", {.months = 12}},    {"mo", {.months = 1}},  {"w", {.ms = 7 * MS_DAY}},
    {"d", {.ms = MS_DAY}},    {"h", {.ms = MS_HOUR}}, {"m", {.ms = MS_MINUTE}},
    {"s", {.ms = MS_SECOND}},
};
enum { UNITS = sizeof units / sizeof *units };

bool length_parse(str s, struct length *out, struct err *err)
{
    const int64_t most = (MOMENT_MAX - MOMENT_MIN) / MS_SECOND;
    int64_t count = 0;
    size_t n = 0;

    for (; n < s.n && s.p[n] >= '0' && s.p[n] <= '9'; n++) {
        if (count <= most)
            count = count * 10 + (s.p[n] - '0');
    }
    for (size_t i = 0; n && i < UNITS; i++) {
        const struct length one = units[i].one;

        if (!str_eq(str_from(s, n), str_of(units[i].text)))
            continue;
        if (count > (one.months ? 9999 * 12 / one.months : most * MS_SECOND / one.ms))
            return err_set(err, ERR_INPUT, "%.*s is longer than 9999 years", STR_FMT(s));
        *out = (struct length){(int32_t)count * one.months, count * one.ms};
        return true;
    }
    return err_set(
        err, ERR_INPUT,
        "\"%.*s\" is no length: write a whole number and its unit, s m h d w mo or "
        "y, such as 90d",
        (int)(s.n < 40 ? s.n : 40), s.p);
}

void length_print(struct buf *b, struct length l)
{
    if (l.ms % MS_SECOND) { /* only computed lengths: no text means one */
        buf_add_format(b, "%lldms", (long long)l.ms);
        return;
    }
    for (size_t i = 0; i < UNITS; i++) {
        const struct length one = units[i].one;

        if (one.ms == 7 * MS_DAY) /* a week is better said in days: 90d, 14d, 7d */
            continue;
        if (l.months ? one.months && l.months % one.months == 0
                     : one.ms && l.ms % one.ms == 0) {
            buf_add_format(b, "%lld%s",
                           (long long)(l.months ? l.months / one.months : l.ms / one.ms),
                           units[i].text);
            return;
        }
    }
}

static struct civil in_range(int64_t at_ms)
{
    return civil_of(at_ms < MOMENT_MIN   ? MOMENT_MIN
                    : at_ms > MOMENT_MAX ? MOMENT_MAX
                                         : at_ms);
}

/* A number of so many digits, and the character in front of it. */
static char *put_part(char *to, char before, int32_t n, int digits)
{
    *to = before;
    for (int i = digits; i; i--, n /= 10)
        to[i] = (char)('0' + n % 10);
    return to + 1 + digits;
}

enum { DAY_CHARS = 10, MOMENT_CHARS = DAY_CHARS + 14 };

/* Ten characters. The year, 1 to 9999, has four digits. */
static char *put_day(char *to, struct civil c)
{
    put_part(to, '0', c.year % 1000, 3);
    *to = (char)('0' + c.year / 1000);
    return put_part(put_part(to + 4, '-', c.month, 2), '-', c.day, 2);
}

void moment_print(struct buf *b, int64_t at_ms)
{
    struct civil c = in_range(at_ms);
    char *to = buf_room(b, MOMENT_CHARS);

    if (!to)
        return;
    b->n += MOMENT_CHARS;
    to = put_day(to, c);
    to = put_part(to, 'T', c.hour, 2);
    to = put_part(to, ':', c.minute, 2);
    to = put_part(to, ':', c.second, 2);
    to = put_part(to, '.', c.ms, 3);
    *to = 'Z';
}

void moment_print_day(struct buf *b, const struct zone *z, int64_t at_ms)
{
    char *to = buf_room(b, DAY_CHARS);

    if (!to)
        return;
    b->n += DAY_CHARS;
    put_day(to, in_range(zone_local(z, at_ms)));
}

int64_t clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * MS_SECOND + now.tv_nsec / 1000000;
}

int64_t clock_steady_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}
