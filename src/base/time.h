/* time.h - moments, zones, calendar lengths.
 *
 * A moment is int64_t milliseconds since 1970, UTC. A local reading is the wall clock of a
 * zone written as if it were UTC, in the same unit. Moments lie between the years 0001 and
 * 9999. Zones come from the system's TZif files (RFC 8536), rules beyond the last listed
 * change from their footer. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR (60 * MS_MINUTE)
#define MS_DAY (24 * MS_HOUR)
#define MOMENT_MIN INT64_C(-62135596800000) /* 0001-01-01 */
#define MOMENT_MAX INT64_C(253402300799999) /* 9999-12-31 */
#define MOMENT_NEVER INT64_MAX

struct civil {
    int32_t year, month, day, hour, minute, second, ms; /* month and day from 1 */
};
struct civil civil_of(int64_t local_ms);
int64_t civil_ms(struct civil c); /* month from 1 to 12; the rest is not checked */
bool civil_is_valid(struct civil c);
int civil_days_in_month(int32_t year, int32_t month);

struct zone;
/* `name` is an IANA name such as Europe/Rome. An unknown one is ERR_INPUT; a damaged file, or
 * one that counts leap seconds, is ERR_CORRUPT. UTC is there without any file. Immutable
 * after. */
[[nodiscard]] bool zone_open(struct io *io, str name, struct zone **out, struct err *err);
void zone_close(struct zone *z);
str zone_name(const struct zone *z);
/* The same for zones with the same offsets at all moments. */
uint64_t zone_hash(const struct zone *z);
int64_t zone_local(const struct zone *z, int64_t at_ms);
/* The day of the calendar that the wall clock shows then, counted from 1970. */
int32_t day_of_moment(const struct zone *z, int64_t at_ms);
/* The moment of a local reading: in a gap of the clock the gap's end, in an overlap the
 * first pass. */
int64_t zone_moment(const struct zone *z, int64_t local_ms);
/* First moment of the local day / month of at_ms, n days / months on (n may be negative). A
 * day is one stretch of time that holds at_ms, [zone_day(0), zone_day(1)): where a clock is
 * put back over midnight, the second pass belongs to the day already begun. A day that the
 * calendar skipped is empty. */
int64_t zone_day(const struct zone *z, int64_t at_ms, int n);
int64_t zone_month(const struct zone *z, int64_t at_ms, int n);

/* A length of time: milliseconds or calendar months, never both. */
struct length {
    int32_t months;
    int64_t ms;
};
/* 90d, 12h, 3mo, 1y: units s m h d w mo y; at most 9999 years. */
bool length_parse(str s, struct length *out, struct err *err);
/* In the largest unit that is exact, weeks apart: 90d, 36h, 2y. */
void length_print(struct buf *b, struct length l);
/* Adds on the local wall clock as DESIGN's windows ask: same day and time `months` on; a
 * missing day is the first moment of the month after; in a gap the gap's end, in an overlap
 * the first pass; a moment inside the second pass counts as standing at the overlap's end.
 * Never lets a later moment overtake an earlier one. Saturates at MOMENT_MAX; MOMENT_NEVER
 * stays itself. */
int64_t length_add(const struct zone *z, int64_t at_ms, struct length l);

/* 2011-12-10T00:00:00.000Z */
void moment_print(struct buf *b, int64_t at_ms);
/* 2011-12-10 in the zone */
void moment_print_day(struct buf *b, const struct zone *z, int64_t at_ms);
/* ISO 8601: a date (its first moment in the zone), or a date and time with Z, an offset, or
 * none (then the zone's; NULL is UTC). T or one space between them; seconds may be left out.
 * Fractions to milliseconds, further digits cut off. Refused: hour 24, second 60, days that
 * no month has. */
bool moment_parse(str s, const struct zone *z, int64_t *out, struct err *err);

/* A stretch of the calendar; a week begins on Monday. */
enum calendar {
    CALENDAR_DAY,
    CALENDAR_WEEK,
    CALENDAR_MONTH,
    CALENDAR_QUARTER,
    CALENDAR_YEAR
};
bool calendar_parse(str name, enum calendar *out);
str calendar_name(enum calendar p); /* "month" */
/* The first moment of the period that lies n periods after that of at_ms. */
int64_t calendar_start(const struct zone *z, enum calendar p, int64_t at_ms, int n);

/* As moment_parse; or counted from now_ms: `-30d` is so long before it, `month` the beginning of
 * the period that holds it, `month-1mo` so long before that. Whole days and months are those of
 * the calendar. */
bool moment_parse_from(str s, const struct zone *z, int64_t now_ms, int64_t *out,
                       struct err *err);
/* Whether such a text is counted from nothing: it is the same moment whenever it is read. */
bool moment_is_fixed(str s);

/* %Y %y (69 to 99: last century) %m %d %H %I %p %M %S %f (fraction) %b %B (English month,
 * short or long, any case) %z (+hh:mm, +hhmm, +hh or Z) %% and literal text, where a space
 * stands for any white space; or alone %s (seconds since 1970, a fraction allowed) or %Q
 * (milliseconds since 1970). %m %d %H %I may have one digit or two. A format that does not
 * make up a moment is refused with words. Compiled once, since imports parse millions.
 * Texts without an offset are in the zone; NULL is UTC. */
struct time_format;
[[nodiscard]] bool time_format_new(str format, struct time_format **out, struct err *err);
void time_format_free(struct time_format *f);
bool time_format_parse(const struct time_format *f, str s, const struct zone *z,
                       int64_t *out);
/* The format that all samples (the empty ones apart) fit, from a list of common ones; NULL
 * when none or when two fit and give different days (then *ambiguous is set). Bare numbers
 * are seconds or milliseconds only when they fall between 1980 and 2100. */
const char *time_format_guess(const str *samples, size_t n, bool *ambiguous);

/* Now, from the system's clock. Only main and the engine's edge ask. */
int64_t clock_now_ms(void);
/* For durations; never goes back. */
int64_t clock_steady_us(void);
static inline int64_t clock_steady_ms(void)
{
    return clock_steady_us() / 1000;
}

#endif
