/* calendar.c - periods of the calendar, and dates that are counted from the present. */
#include "base/time.h"

static const char *const name_of[] = {
    [CALENDAR_DAY] = "day",         [CALENDAR_WEEK] = "week", [CALENDAR_MONTH] = "month",
    [CALENDAR_QUARTER] = "quarter", [CALENDAR_YEAR] = "year",
};
enum { PERIODS = sizeof name_of / sizeof *name_of };

bool calendar_parse(str name, enum calendar *out)
{
    for (size_t i = 0; i < PERIODS; i++)
        if (str_eq(name, str_of(name_of[i]))) {
            *out = (enum calendar)i;
            return true;
        }
    return false;
}

str calendar_name(enum calendar p)
{
    return str_of(name_of[p]);
}

/* 0 is Monday. */
static int weekday(int64_t local_ms)
{
    int64_t day = local_ms / MS_DAY - (local_ms % MS_DAY < 0);

    return (int)(((day + 3) % 7 + 7) % 7); /* 1 January 1970 was a Thursday */
}

int64_t calendar_start(const struct zone *z, enum calendar p, int64_t at_ms, int n)
{
    int64_t local_ms = zone_local(z, at_ms);
    int month = civil_of(local_ms).month - 1;

    switch (p) {
    case CALENDAR_DAY:
        return zone_day(z, at_ms, n);
    case CALENDAR_WEEK:
        return zone_day(z, at_ms, 7 * n - weekday(local_ms));
    case CALENDAR_MONTH:
        return zone_month(z, at_ms, n);
    case CALENDAR_QUARTER:
        return zone_month(z, at_ms, 3 * n - month % 3);
    case CALENDAR_YEAR:
        return zone_month(z, at_ms, 12 * n - month);
    }
    return at_ms;
}

/* Whole days are days of the calendar, so that a day before noon is noon on any day. */
static int64_t go_back(const struct zone *z, int64_t at_ms, struct length l)
{
    if (l.months)
        return length_add(z, at_ms, (struct length){.months = -l.months});
    if (l.ms % MS_DAY)
        return length_add(z, at_ms, (struct length){.ms = -l.ms});
    return zone_moment(z, zone_local(z, at_ms) - l.ms);
}

bool moment_is_fixed(str s)
{
    return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

bool moment_parse_from(str s, const struct zone *z, int64_t now_ms, int64_t *out,
                       struct err *err)
{
    struct length back = {0};
    enum calendar period;
    size_t word = 0;

    while (word < s.n && s.p[word] >= 'a' && s.p[word] <= 'z')
        word++;
    if (!s.n || (!word && s.p[0] != '-'))
        return moment_parse(s, z, out, err);
    if (word && !calendar_parse((str){s.p, word}, &period))
        return moment_parse(s, z, out, err);
    if (word < s.n
        && (s.p[word] != '-' || !length_parse(str_from(s, word + 1), &back, err)))
        return err_set(err, ERR_INPUT,
                       "\"%.*s\" is no date counted from the present: write a length "
                       "before it such as -30d, the beginning of a day, week, month, "
                       "quarter or year such as month, or both: month-1mo",
                       (int)(s.n < 60 ? s.n : 60), s.p);
    *out = go_back(z, word ? calendar_start(z, period, now_ms, 0) : now_ms, back);
    if (*out < MOMENT_MIN)
        *out = MOMENT_MIN;
    return true;
}
