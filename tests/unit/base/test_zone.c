#include "base/time.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct zone *open_zone(const char *name)
{
    struct zone *z;
    struct err err;

    if (!zone_open(io_system(), str_of(name), &z, &err))
        fail_msg("%s", err.msg);
    return z;
}

static int64_t at(const char *utc)
{
    struct zone *z = open_zone("UTC");
    int64_t ms;
    struct err err;

    if (!moment_parse(str_of(utc), z, &ms, &err))
        fail_msg("%s", err.msg);
    zone_close(z);
    return ms;
}

static void assert_moment(int64_t ms, const char *expected)
{
    struct buf b = {0};

    moment_print(&b, ms);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, expected);
    buf_free(&b);
}

static int64_t between(struct random *r, int64_t least, int64_t most)
{
    return least + (int64_t)random_below(r, (uint64_t)(most - least));
}

static int64_t offset_at(const struct zone *z, int64_t ms)
{
    return zone_local(z, ms) - ms;
}

/* A moment within two days of a change of the clock, when the zone has one within 500 days. */
static int64_t near_change(const struct zone *z, struct random *r)
{
    int64_t ms = between(r, at("1975-01-01"), at("2500-01-01"));

    for (int i = 0; i < 500 && offset_at(z, ms) == offset_at(z, ms + MS_DAY); i++)
        ms += MS_DAY;
    return ms + between(r, -2 * MS_DAY, 2 * MS_DAY);
}

static const char *const some_zones[] = {
    "Europe/Rome",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
    "America/St_Johns",
    "Europe/Dublin",
    "Antarctica/Troll",
    "America/Nuuk",
    "Asia/Gaza",
};
enum { SOME_ZONES = sizeof some_zones / sizeof *some_zones };

/* ---- against the C library ---- */

static void compare_with_libc(const char *name, int moments, struct random *r)
{
    struct zone *z = open_zone(name);
    const int64_t first = at("1900-01-01"), last = at("2500-01-01");

    setenv("TZ", name, 1);
    tzset();
    for (int i = 0; i < moments; i++) {
        int64_t ms = i % 2 ? near_change(z, r) : between(r, first, last);
        time_t s = (time_t)(ms / 1000 - (ms % 1000 < 0));
        struct civil c = civil_of(zone_local(z, ms));
        struct tm tm;

        localtime_r(&s, &tm);
        if (tm.tm_year + 1900 != c.year || tm.tm_mon + 1 != c.month || tm.tm_mday != c.day
            || tm.tm_hour != c.hour || tm.tm_min != c.minute || tm.tm_sec != c.second)
            fail_msg("%s at %lld: %d-%d-%d %d:%d:%d", name, (long long)ms, c.year,
                     c.month, c.day, c.hour, c.minute, c.second);
    }
    zone_close(z);
    unsetenv("TZ");
    tzset();
}

TEST(the_clock_shows_what_the_c_library_shows)
{
    struct random r = chance();

    for (int i = 0; i < SOME_ZONES; i++)
        compare_with_libc(some_zones[i], 2000, &r);
}

TEST(every_zone_of_the_system_opens_and_agrees_with_the_c_library)
{
    FILE *table = fopen("/usr/share/zoneinfo/tzdata.zi", "r");
    struct random r = chance();
    char line[512], name[100];
    int zones = 0;

    assert_non_null(table);
    while (fgets(line, sizeof line, table)) {
        if (sscanf(line, "Z %99s", name) != 1 && sscanf(line, "L %*s %99s", name) != 1)
            continue;
        compare_with_libc(name, 20, &r);
        zones++;
    }
    fclose(table);
    assert_true(zones > 400);
}

/* ---- gaps, overlaps, missing days ---- */

TEST(a_reading_in_a_gap_is_the_gaps_end)
{
    struct zone *rome = open_zone("Europe/Rome"), *apia = open_zone("Pacific/Apia");

    assert_moment(zone_moment(rome, at("2026-03-29T01:59:59.999")),
                  "2026-03-29T00:59:59.999Z");
    assert_moment(zone_moment(rome, at("2026-03-29T02:00")), "2026-03-29T01:00:00.000Z");
    assert_moment(zone_moment(rome, at("2026-03-29T02:59:59.999")),
                  "2026-03-29T01:00:00.000Z");
    assert_moment(zone_moment(rome, at("2026-03-29T03:00")), "2026-03-29T01:00:00.000Z");
    assert_moment(zone_moment(apia, at("2011-12-30T15:00")), "2011-12-30T10:00:00.000Z");
    zone_close(rome);
    zone_close(apia);
}

TEST(a_reading_in_an_overlap_is_the_first_pass)
{
    struct zone *rome = open_zone("Europe/Rome"),
                *howe = open_zone("Australia/Lord_Howe");

    assert_moment(zone_moment(rome, at("2026-10-25T02:00")), "2026-10-25T00:00:00.000Z");
    assert_moment(zone_moment(rome, at("2026-10-25T02:59:59.999")),
                  "2026-10-25T00:59:59.999Z");
    assert_moment(zone_moment(rome, at("2026-10-25T03:00")), "2026-10-25T02:00:00.000Z");
    assert_moment(zone_moment(howe, at("2026-04-05T01:45")), "2026-04-04T14:45:00.000Z");
    assert_moment(zone_moment(howe, at("2026-04-05T02:00")), "2026-04-04T15:30:00.000Z");
    zone_close(rome);
    zone_close(howe);
}

TEST(a_month_is_added_on_the_wall_clock)
{
    struct zone *rome = open_zone("Europe/Rome"), *apia = open_zone("Pacific/Apia");
    const struct length month = {.months = 1}, year = {.months = 12};

    /* the same reading, in summer and winter */
    assert_moment(length_add(rome, at("2026-03-15T09:30Z"), month),
                  "2026-04-15T08:30:00.000Z");
    /* 29 January has no counterpart in February, 31 January neither: none overtakes */
    assert_moment(length_add(rome, at("2026-01-29T22:00Z"), month),
                  "2026-02-28T23:00:00.000Z");
    assert_moment(length_add(rome, at("2026-01-31T00:00Z"), month),
                  "2026-02-28T23:00:00.000Z");
    assert_moment(length_add(rome, at("2026-01-28T12:00Z"), month),
                  "2026-02-28T12:00:00.000Z");
    assert_moment(length_add(rome, at("2024-02-29T12:00Z"), year),
                  "2025-02-28T23:00:00.000Z");
    /* into a gap, into an overlap */
    assert_moment(length_add(rome, at("2026-02-28T01:30Z"), month),
                  "2026-03-28T01:30:00.000Z");
    assert_moment(length_add(rome, at("2025-03-29T01:30Z"), year),
                  "2026-03-29T01:00:00.000Z");
    assert_moment(length_add(rome, at("2026-09-25T00:30Z"), month),
                  "2026-10-25T00:30:00.000Z");
    /* out of a second pass: 01:30Z reads 02:30 anew and stands at 03:00 */
    assert_moment(length_add(rome, at("2026-10-25T01:30Z"), month),
                  "2026-11-25T02:00:00.000Z");
    assert_moment(length_add(rome, at("2026-10-25T00:30Z"), month),
                  "2026-11-25T01:30:00.000Z");
    /* onto a day that Samoa skipped */
    assert_moment(length_add(apia, at("2011-11-30T20:00Z"), month),
                  "2011-12-30T10:00:00.000Z");
    zone_close(rome);
    zone_close(apia);
}

TEST(a_length_of_milliseconds_ignores_the_wall_clock)
{
    struct zone *rome = open_zone("Europe/Rome");

    assert_moment(
        length_add(rome, at("2026-03-28T12:00Z"), (struct length){.ms = MS_DAY}),
        "2026-03-29T12:00:00.000Z");
    assert_int_equal(length_add(rome, 5, (struct length){0}), 5);
    zone_close(rome);
}

TEST(adding_saturates_at_the_end_of_time)
{
    struct zone *rome = open_zone("Europe/Rome");
    const struct length longest = {.months = INT32_MAX}, ms = {.ms = INT64_MAX};

    assert_true(length_add(rome, at("2026-01-01"), longest) == MOMENT_MAX);
    assert_true(length_add(rome, at("9999-12-15"), (struct length){.months = 1})
                == MOMENT_MAX);
    assert_true(length_add(rome, 5, ms) == MOMENT_MAX);
    assert_true(length_add(rome, -5, (struct length){.ms = INT64_MIN}) == MOMENT_MIN);
    assert_true(length_add(rome, 0, (struct length){.months = INT32_MIN}) == MOMENT_MIN);
    assert_true(length_add(rome, MOMENT_NEVER, ms) == MOMENT_NEVER);
    assert_true(length_add(rome, MOMENT_NEVER, longest) == MOMENT_NEVER);
    assert_true(zone_moment(rome, INT64_MAX) == MOMENT_MAX);
    assert_true(zone_moment(rome, INT64_MIN) == MOMENT_MIN);
    assert_true(zone_day(rome, INT64_MIN, INT32_MIN) == MOMENT_MIN);
    assert_true(zone_month(rome, INT64_MAX, INT32_MAX) == MOMENT_MAX);
    zone_close(rome);
}

/* ---- the slow twin: minute by minute, by zone_local alone ---- */

enum { SCAN_MINUTES = 50 * 60 };

static int64_t twin_moment(const struct zone *z, int64_t local)
{
    int64_t rest = (local % MS_MINUTE + MS_MINUTE) % MS_MINUTE, minute = local - rest;

    for (int64_t t = minute - SCAN_MINUTES * MS_MINUTE;; t += MS_MINUTE) {
        if (zone_local(z, t + rest) == local) /* there, or there first */
            return t + rest;
        if (zone_local(z, t) > local) /* never there: where the clock went over it */
            return t;
    }
}

/* The reading, or the overlap's end in a second pass. */
static int64_t twin_standing(const struct zone *z, int64_t ms)
{
    int64_t local = zone_local(z, ms), rest = (ms % MS_MINUTE + MS_MINUTE) % MS_MINUTE;
    bool second_pass = false;

    for (int64_t t = ms - MS_MINUTE; t > ms - SCAN_MINUTES * MS_MINUTE; t -= MS_MINUTE)
        second_pass |= zone_local(z, t) == local;
    if (!second_pass)
        return local;
    for (int64_t t = ms - rest;;
         t -= MS_MINUTE) { /* back to where the clock was put back */
        int64_t before = zone_local(z, t - MS_MINUTE) + MS_MINUTE;

        if (before > zone_local(z, t))
            return before;
    }
}

static int64_t twin_add(const struct zone *z, int64_t ms, int months)
{
    struct civil c = civil_of(twin_standing(z, ms));

    for (; months; months--) {
        if (++c.month > 12) {
            c.month = 1;
            c.year++;
        }
    }
    if (c.day > civil_days_in_month(c.year, c.month)) {
        c = (struct civil){.year = c.year, .month = c.month + 1, .day = 1};
        if (c.month > 12)
            c = (struct civil){.year = c.year + 1, .month = 1, .day = 1};
    }
    return twin_moment(z, civil_ms(c));
}

TEST(adding_months_agrees_with_a_minute_by_minute_search)
{
    struct random r = chance();

    for (int i = 0; i < SOME_ZONES; i++) {
        struct zone *z = open_zone(some_zones[i]);

        for (int k = 0; k < 150; k++) {
            int months = 1 + (int)random_below(&r, 24);
            int64_t ms = near_change(z, &r);

            if (k % 2) /* so that it lands near a change */
                ms = length_add(z, ms, (struct length){.months = -months});
            if (length_add(z, ms, (struct length){.months = months})
                != twin_add(z, ms, months))
                fail_msg("%s: %lld and %d months", some_zones[i], (long long)ms, months);
        }
        zone_close(z);
    }
}

TEST(a_later_moment_is_never_overtaken)
{
    struct random r = chance();
    const int64_t apart[] = {2, 2000, MS_HOUR, 2 * MS_DAY, 40 * MS_DAY};

    for (int i = 0; i < SOME_ZONES; i++) {
        struct zone *z = open_zone(some_zones[i]);

        for (int k = 0; k < 3000; k++) {
            struct length l = {.months = 1 + (int32_t)random_below(&r, 36)};
            int64_t a = near_change(z, &r), b;

            if (k % 2)
                a = length_add(z, a, (struct length){.months = -l.months});
            b = a + (int64_t)random_below(&r, (uint64_t)apart[k % 5]);
            if (length_add(z, a, l) > length_add(z, b, l) || length_add(z, a, l) <= a)
                fail_msg("%s: %lld, %lld and %d months", some_zones[i], (long long)a,
                         (long long)b, l.months);
        }
        zone_close(z);
    }
}

/* ---- days and months as periods ---- */

TEST(a_day_and_a_month_hold_their_moments)
{
    struct random r = chance();

    for (int i = 0; i < SOME_ZONES; i++) {
        struct zone *z = open_zone(some_zones[i]);

        for (int k = 0; k < 2000; k++) {
            int64_t ms = near_change(z, &r);
            int64_t day = zone_day(z, ms, 0), next = zone_day(z, ms, 1);
            int64_t month = zone_month(z, ms, 0), next_month = zone_month(z, ms, 1);

            assert_true(day <= ms && ms < next);
            assert_true(month <= day && ms < next_month && next <= next_month);
            assert_true(zone_day(z, day, 0) == day && zone_day(z, next - 1, 0) == day);
            assert_true(zone_month(z, next_month - 1, 0) == month);
            assert_true(zone_day(z, next, 0) == next);
        }
        zone_close(z);
    }
}

TEST(a_day_begins_where_the_wall_clock_says)
{
    struct zone *paulo = open_zone("America/Sao_Paulo"),
                *apia = open_zone("Pacific/Apia");
    struct zone *johns = open_zone("America/St_Johns");
    struct buf b = {0};

    /* 2018-11-04 began at 01:00: midnight was in the gap */
    assert_moment(zone_day(paulo, at("2018-11-04T12:00Z"), 0),
                  "2018-11-04T03:00:00.000Z");
    /* 2018-02-17 had 25 hours */
    assert_moment(zone_day(paulo, at("2018-02-18T02:30Z"), 0),
                  "2018-02-17T02:00:00.000Z");
    assert_moment(zone_day(paulo, at("2018-02-18T02:30Z"), 1),
                  "2018-02-18T03:00:00.000Z");
    /* the clock went back from 00:01 to 23:01: the new day had begun and goes on */
    assert_moment(zone_day(johns, at("2010-11-07T02:45Z"), 0),
                  "2010-11-07T02:30:00.000Z");
    /* Samoa had no 30 December 2011 */
    assert_moment(zone_day(apia, at("2011-12-30T09:00Z"), 1), "2011-12-30T10:00:00.000Z");
    assert_moment(zone_day(apia, at("2011-12-30T09:00Z"), 2), "2011-12-30T10:00:00.000Z");
    assert_moment(zone_day(apia, at("2011-12-30T09:00Z"), 3), "2011-12-31T10:00:00.000Z");
    assert_moment(zone_month(apia, at("2011-12-30T09:00Z"), -12),
                  "2010-12-01T10:00:00.000Z");
    moment_print_day(&b, apia, at("2011-12-30T09:00Z"));
    buf_add_char(&b, ' ');
    moment_print_day(&b, apia, at("2011-12-30T10:00Z"));
    assert_true(str_eq(buf_str(&b), STR("2011-12-29 2011-12-31")));
    buf_free(&b);
    zone_close(paulo);
    zone_close(johns);
    zone_close(apia);
}

/* ---- names, files, failures ---- */

TEST(a_name_that_is_no_zone_is_refused)
{
    static const char *const names[] = {
        "",
        "Europe/Roma",
        "/etc/passwd",
        "../../../etc/passwd",
        "Europe/../UTC",
        "Europe",
        "europe/rome",
        "localtime",
        "right/UTC",
        "Europe/Rome/x",
        "tzdata.zi",
        "Europe/Rome ",
        "Europe//",
        "zone.tab",
        "Europe/Rome\n",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct zone *z;
        struct err err;

        if (zone_open(io_system(), str_of(names[i]), &z, &err))
            fail_msg("%s was opened", names[i]);
        assert_null(z);
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(str_contains_nocase(str_of(err.msg), STR("Europe/Rome")));
    }
    {
        struct zone *z = open_zone("Europe/Rome");

        assert_true(str_eq(zone_name(z), STR("Europe/Rome")));
        zone_close(z);
        zone_close(NULL);
    }
}

/* A disk whose every file holds these bytes. */
static struct buf served;

static int open_served(struct io *io, const char *path, int flags, int mode)
{
    int fd = memfd_create("zone", 0);

    (void)io, (void)path, (void)flags, (void)mode;
    assert_int_equal(write(fd, served.p, served.n), served.n);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static bool open_bytes(struct zone **z, struct err *err)
{
    struct io io = *io_system();

    io.open = open_served;
    return zone_open(&io, STR("Test"), z, err);
}

static void add_int(struct buf *b, int64_t v, int size)
{
    while (size--)
        buf_add_char(b, (char)(v >> 8 * size));
}

/* A slim file: an empty first block, then types of these offsets, taken in turn by changes
 * at these seconds, and the rule. */
static void serve(size_t n, const int64_t *at_s, size_t types, const int32_t *offset_s,
                  const char *rule)
{
    buf_clear(&served);
    for (int block = 0; block < 2; block++) {
        buf_add(&served, STR("TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        add_int(&served, 0, 8);
        add_int(&served, 0, 4);
        add_int(&served, block ? (int64_t)n : 0, 4);
        add_int(&served, block ? (int64_t)types : 1, 4);
        add_int(&served, 4, 4);
        for (size_t i = 0; block && i < n; i++)
            add_int(&served, at_s[i], 8);
        for (size_t i = 0; block && i < n; i++)
            buf_add_char(&served, (char)(i % types));
        for (size_t i = 0; i < (block ? types : 1); i++) {
            add_int(&served, offset_s[i], 4);
            add_int(&served, 0, 2);
        }
        buf_add(&served, STR("ABC\0"));
    }
    buf_add_format(&served, "\n%s\n", rule);
}

static void assert_offset(const char *rule, const char *when, int64_t minutes)
{
    const int64_t change = 0;
    const int32_t utc = 0;
    struct zone *z;
    struct err err;

    serve(1, &change, 1, &utc, rule);
    if (!open_bytes(&z, &err))
        fail_msg("%s: %s", rule, err.msg);
    if (offset_at(z, at(when)) != minutes * MS_MINUTE)
        fail_msg("%s at %s: %lld minutes", rule, when,
                 (long long)(offset_at(z, at(when)) / MS_MINUTE));
    zone_close(z);
    buf_free(&served);
}

TEST(the_rule_of_the_later_years_is_posix)
{
    const char *rome = "CET-1CEST,M3.5.0,M10.5.0/3";

    assert_offset(rome, "2090-03-26T00:59:59.999Z", 60);
    assert_offset(rome, "2090-03-26T01:00Z", 120);
    assert_offset(rome, "2090-10-29T00:59:59.999Z", 120);
    assert_offset(rome, "2090-10-29T01:00Z", 60);
    assert_offset(rome, "9998-07-01T00:00Z", 120);
    /* names in <>, whose offset has no part in the answer; a change before midnight */
    assert_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2090-03-26T00:59:59.999Z", -120);
    assert_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2090-03-26T01:00Z", -60);
    /* days of the year: 1 March with and without 29 February */
    assert_offset("AAA0BBB,J60/0,J300/0", "2096-02-29T12:00Z", 0);
    assert_offset("AAA0BBB,J60/0,J300/0", "2096-03-01T00:00Z", 60);
    assert_offset("AAA0BBB,J59/0,J300/0", "2096-02-28T00:00Z", 60);
    assert_offset("AAA0BBB,59/0,300/0", "2096-02-29T00:00Z", 60);
    assert_offset("AAA0BBB,59/0,300/0", "2097-02-28T23:59Z", 0);
    /* more than a day behind midnight, another offset than an hour, seconds */
    assert_offset("EET-2EEST,M3.4.4/50,M10.4.4/50", "2090-03-24T23:59Z", 120);
    assert_offset("EET-2EEST,M3.4.4/50,M10.4.4/50", "2090-03-25T00:00Z", 180);
    assert_offset("AAA10:30BBB-11,M10.1.0,M4.1.0", "2090-12-31T00:00Z", 660);
    assert_offset("AAA10:30BBB-11,M10.1.0,M4.1.0", "2090-07-01T00:00Z", -630);
    /* summer all year */
    assert_offset("XXX3EDT4,0/0,J365/23", "2090-12-31T23:30Z", -240);
    assert_offset("XXX3EDT4,0/0,J365/23", "2091-01-01T03:30Z", -240);
    /* winter that is the exception, as in Dublin */
    assert_offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2090-01-01T00:00Z", 0);
    assert_offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2090-07-01T00:00Z", 60);
    assert_offset("", "2090-07-01T00:00Z", 0);
}

TEST(a_summer_of_all_year_has_no_changes)
{
    static const char *const rules[] = {"AAA1BBB0,0/0,J365/25", "AAA-1BBB0,0/0,J365/23"};
    const int32_t utc = 0;

    for (int i = 0; i < 2; i++) {
        int64_t end = at("2090-12-31T20:00Z");
        struct zone *z;
        struct err err;

        serve(0, NULL, 1, &utc, rules[i]);
        assert_true(open_bytes(&z, &err));
        for (int64_t ms = end; ms < end + 8 * MS_HOUR; ms += MS_MINUTE) {
            assert_int_equal(zone_local(z, ms), ms);
            assert_int_equal(zone_moment(z, ms), ms);
        }
        zone_close(z);
    }
    buf_free(&served);
}

TEST(changes_before_and_after_all_moments_are_no_trouble)
{
    const int64_t times[] = {INT64_MIN, -(INT64_C(1) << 59), 0, INT64_MAX};
    const int32_t offsets[] = {0, 3600, 7200};
    struct zone *z;
    struct err err;

    serve(4, times, 3, offsets, "");
    assert_true(open_bytes(&z, &err));
    assert_int_equal(offset_at(z, MOMENT_MIN), MS_HOUR);
    assert_int_equal(offset_at(z, 0), 2 * MS_HOUR);
    assert_int_equal(offset_at(z, MOMENT_MAX), 2 * MS_HOUR);
    zone_close(z);
    buf_free(&served);
}

static void assert_corrupt(const char *what)
{
    struct zone *z;
    struct err err;

    if (open_bytes(&z, &err))
        fail_msg("%s was opened", what);
    assert_null(z);
    assert_int_equal(err.code, ERR_CORRUPT);
}

TEST(a_damaged_zone_file_is_refused)
{
    static const char *const rules[] = {"CET",
                                        "CET-1CEST",
                                        "CE-1",
                                        "CET-25",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1 ",
                                        "CET-1CEST,M13.1.0,M10.5.0",
                                        "CET-1:60",
                                        "CET-1CEST,J0,J300",
                                        "<CET-1",
                                        "CET-1CEST,J60/168,J300",
                                        "<+1>-1",
                                        "CET-1CEST,J60,J366",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,M3.0.0,M10.5.0",
                                        "CET-1CEST,M3.5.0,366",
                                        "\nCET-1",
                                        "CET-1CEST,M3.5.0,M10.5.0,"};
    const int64_t times[] = {0, 100, 200};
    const int64_t backwards[] = {0, 200, 100};
    const int32_t offsets[] = {0, 3600}, too_far[] = {0, 26 * 3600};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        serve(0, NULL, 1, offsets, rules[i]);
        assert_corrupt(rules[i]);
    }
    serve(3, backwards, 2, offsets, "");
    assert_corrupt("times that go back");
    serve(3, times, 2, too_far, "");
    assert_corrupt("an offset of more than a day");
    serve(3, times, 2, offsets, "");
    served.p[44 + 6 + 4 + 44 + 24] = 2;
    assert_corrupt("a type that is not there");
    serve(3, times, 2, offsets, "");
    served.p[44 + 6 + 4 + 31] = 1;
    assert_corrupt("leap seconds");
    serve(3, times, 2, offsets, "CET-1CEST,M3.5.0,M10.5.0/3");
    for (; served.n; served.n--) {
        struct zone *z;
        struct err err;

        if (served.p[served.n - 1] == '\n' && served.n > 40)
            continue; /* whole, or whole without a rule */
        assert_corrupt("a cut file");
        (void)z, (void)err;
    }
    buf_free(&served);
}

/* Changes a few seconds apart by many hours: no clock does so, a broken file may. */
TEST(time_never_overtakes_itself_in_the_wildest_zone)
{
    struct random r = chance();

    for (int round = 0; round < 30; round++) {
        int64_t times[50];
        int32_t offsets[7];
        struct zone *z;
        struct err err;
        int64_t s = at("2011-01-01") / 1000;

        for (int i = 0; i < 50; i++)
            times[i] = s += 1 + (int64_t)random_below(&r, 100000);
        for (int i = 0; i < 7; i++)
            offsets[i] = (int32_t)between(&r, -25 * 3600, 25 * 3600);
        serve(50, times, 7, offsets, "AAA-12BBB11,J10/100,J12/-100");
        assert_true(open_bytes(&z, &err));
        for (int i = 0; i < 1000; i++) {
            struct length l = {.months = (int32_t)random_below(&r, 30)};
            int64_t a = between(&r, at("2010-12-01"), at("2013-01-01"));
            int64_t b = a + (int64_t)random_below(&r, i % 2 ? 1000 : 3 * MS_DAY);

            assert_true(length_add(z, a, l) <= length_add(z, b, l));
            assert_true(zone_moment(z, a) <= zone_moment(z, b));
            assert_true(zone_day(z, a, 0) <= a && a < zone_day(z, a, 1));
            assert_true(zone_month(z, a, 0) <= a && a < zone_month(z, a, 1));
        }
        zone_close(z);
    }
    buf_free(&served);
}

static bool open_and_close(struct io *io, void *name, struct err *err)
{
    struct zone *z;
    bool ok = zone_open(io, *(str *)name, &z, err);

    zone_close(z);
    return ok;
}

static bool open_without_memory(void *name, struct err *err)
{
    return open_and_close(io_system(), name, err);
}

TEST(opening_a_zone_survives_failing_memory_and_disks)
{
    str rome = STR("Europe/Rome"), utc = STR("UTC");

    each_oom(open_without_memory, &rome);
    each_oom(open_without_memory, &utc);
    each_io_failure(open_and_close, &rome);
}
