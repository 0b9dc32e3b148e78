/* A zone is a table of spans, each with one offset from UTC, sorted by their begin:
 *
 *   (1) span 0 begins before all moments; a span's offset differs from its neighbours';
 *   (2) .reach is the first local reading that no clock has shown by the span's end: the
 *       most of (end + offset) over this span and all before. It never falls.
 *
 *        local ^                 /          zone_moment(L) is the first moment whose reading
 *    reach - - | - - - - /|- - -/ - -       is L or more: the gap's end in a gap, the first
 *              |        / |    /            pass in an overlap. So it never falls either,
 *              |       /  |   /             whatever a file says.
 *              |      /   |  / second pass
 *              |     /    | /
 *              +----------|-----------> UTC
 *
 * The rule for the years after the last listed change is written out for 400 years and a
 * little more. Those are a whole number of weeks, so that everything later repeats them. */
#include "base/hash.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum {
    NAME_MAX_BYTES = 64,
    FILE_MAX_BYTES = 1 << 20,
    OFFSET_MAX_S = 26 * 3600, /* RFC 8536, 3.2 */
    PERIOD_YEARS = 400,
    RULE_YEARS = PERIOD_YEARS + 5,
};
#define PERIOD_MS (146097 * MS_DAY)

struct span {
    int64_t from, offset, reach;
};

struct zone {
    char name[NAME_MAX_BYTES + 1];
    int64_t repeats_from; /* from here on as PERIOD_MS before */
    size_t n;
    struct span span[];
};

/* ---- the file ---- */

static bool take(str *rest, size_t n, str *out)
{
    if (n > rest->n)
        return false;
    *out = (str){rest->p, n};
    *rest = str_from(*rest, n);
    return true;
}

/* Big-endian, two's complement. */
static int64_t int_at(str bytes, size_t at, size_t size)
{
    uint64_t v = (unsigned char)bytes.p[at] & 0x80 ? UINT64_MAX : 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | (unsigned char)bytes.p[at + i];
    return (int64_t)v;
}

/* One of the file's blocks: version 1 has times of 4 bytes, the later ones a second block
 * with 8. */
struct block {
    char version;
    size_t time_size, times;
    str time, type_of, type;
};

static bool block_decode(str *rest, size_t time_size, struct block *b)
{
    size_t count[6]; /* UT marks, standard marks, leap seconds, times, types, letters */
    str head, skipped;

    if (!take(rest, 44, &head) || !str_starts(head, STR("TZif")))
        return false;
    for (size_t i = 0; i < 6; i++) {
        int64_t n = int_at(head, 20 + 4 * i, 4);

        if (n < 0 || n > FILE_MAX_BYTES)
            return false;
        count[i] = (size_t)n;
    }
    b->version = head.p[4];
    b->time_size = time_size;
    b->times = count[3];
    /* Files that count leap seconds ("right") are not POSIX time, which moments are. */
    return count[2] == 0 && count[4] > 0 && take(rest, count[3] * time_size, &b->time)
           && take(rest, count[3], &b->type_of) && take(rest, count[4] * 6, &b->type)
           && take(rest, count[5], &skipped) && take(rest, count[1], &skipped)
           && take(rest, count[0], &skipped);
}

/* ---- the rule behind the last listed change: a POSIX TZ text ---- */

struct rule_day {
    char
        kind; /* M: month, week, day of the week; J: 1-365 without 29 February; 0: 0-365 */
    int month, week, day;
    int64_t s; /* after that day's midnight */
};

struct rule {
    bool changes; /* there are two changes a year */
    int64_t offset, summer_offset;
    struct rule_day summer, winter;
};

static bool take_char(str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool take_number(str *s, int least, int most, int *out)
{
    size_t n = 0;

    *out = 0;
    for (; n < s->n && n < 4 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        *out = *out * 10 + (s->p[n] - '0');
    *s = str_from(*s, n);
    return n && *out >= least && *out <= most;
}

static bool take_name(str *s)
{
    size_t n = 0;
    bool quoted = take_char(s, '<');

    for (; n < s->n; n++) {
        char c = s->p[n];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!letter && !(quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
            break;
    }
    *s = str_from(*s, n);
    return n >= 3 && (!quoted || take_char(s, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] in seconds */
static bool take_time(str *s, int hours_max, int64_t *out)
{
    bool negative = take_char(s, '-');
    int h, m = 0, sec = 0;

    if (!negative)
        take_char(s, '+');
    if (!take_number(s, 0, hours_max, &h))
        return false;
    if (take_char(s, ':')) {
        if (!take_number(s, 0, 59, &m))
            return false;
        if (take_char(s, ':') && !take_number(s, 0, 59, &sec))
            return false;
    }
    *out = h * 3600 + m * 60 + sec;
    if (negative)
        *out = -*out;
    return true;
}

static bool take_rule_day(str *s, struct rule_day *d)
{
    bool ok;

    *d = (struct rule_day){.kind = '0', .s = 2 * 3600};
    if (!take_char(s, ','))
        return false;
    if (take_char(s, 'M')) {
        d->kind = 'M';
        ok = take_number(s, 1, 12, &d->month) && take_char(s, '.')
             && take_number(s, 1, 5, &d->week) && take_char(s, '.')
             && take_number(s, 0, 6, &d->day);
    } else if (take_char(s, 'J')) {
        d->kind = 'J';
        ok = take_number(s, 1, 365, &d->day);
    } else {
        ok = take_number(s, 0, 365, &d->day);
    }
    return ok && (!take_char(s, '/') || take_time(s, 167, &d->s));
}

static bool rule_parse(str s, struct rule *r)
{
    *r = (struct rule){0};
    if (!s.n) /* after the last change, nothing changes */
        return true;
    if (!take_name(&s) || !take_time(&s, 24, &r->offset))
        return false;
    r->offset = -r->offset; /* POSIX counts west of Greenwich */
    if (!s.n)
        return true;
    r->changes = true;
    if (!take_name(&s))
        return false;
    if (s.n && s.p[0] == ',')
        r->summer_offset = r->offset + 3600;
    else if (take_time(&s, 24, &r->summer_offset))
        r->summer_offset = -r->summer_offset;
    else
        return false;
    return take_rule_day(&s, &r->summer) && take_rule_day(&s, &r->winter) && !s.n;
}

/* The local reading of a change in a year. */
static int64_t rule_day_ms(const struct rule_day *d, int32_t year)
{
    bool months = d->kind == 'M';
    struct civil c = {.year = year, .month = months ? d->month : 1, .day = 1};
    int64_t first = civil_ms(c);
    int day;

    if (months) {
        int weekday = (int)((first / MS_DAY + 4) % 7); /* 1970 began on a Thursday */
        int before = (d->day - weekday + 14) % 7;

        day = before + (d->week - 1) * 7;
        if (day >= civil_days_in_month(year, d->month)) /* week 5 is the last there is */
            day -= 7;
    } else if (d->kind == 'J') {
        day = d->day - 1 + (d->day >= 60 && civil_days_in_month(year, 2) == 29);
    } else {
        day = d->day;
    }
    return first + day * MS_DAY + d->s * MS_SECOND;
}

/* ---- the table ---- */

static void add_change(struct zone *z, int64_t from, int64_t offset)
{
    if (z->n > 1 && z->span[z->n - 1].from == from)
        z->n--;
    if (z->span[z->n - 1].offset != offset)
        z->span[z->n++] = (struct span){.from = from, .offset = offset};
}

static bool add_listed(struct zone *z, const struct block *b, int64_t *last)
{
    const int64_t least = MOMENT_MIN / MS_SECOND - 366 * 86400;
    const int64_t most = MOMENT_MAX / MS_SECOND + 366 * 86400;
    int64_t before = 0;

    for (size_t i = 0; i < b->type.n / 6; i++) {
        int64_t offset = int_at(b->type, i * 6, 4);

        if (offset <= -OFFSET_MAX_S || offset >= OFFSET_MAX_S)
            return false;
    }
    z->span[0] = (struct span){INT64_MIN, int_at(b->type, 0, 4) * MS_SECOND, 0};
    z->n = 1;
    *last = INT64_MIN;
    for (size_t i = 0; i < b->times; i++) {
        int64_t at = int_at(b->time, i * b->time_size, b->time_size);
        size_t type = (unsigned char)b->type_of.p[i];

        if (type >= b->type.n / 6 || (i && at <= before))
            return false;
        before = at;
        *last = (at < least ? least : at > most ? most : at) * MS_SECOND;
        add_change(z, *last, int_at(b->type, type * 6, 4) * MS_SECOND);
    }
    return true;
}

/* Puts a rule's change in its place. Where summer begins at the very moment winter does, it
 * is summer: so the rule says that it is summer all year. */
static void insert_change(struct span *change, size_t n, struct span added, bool summer)
{
    for (; n; n--) {
        const struct span *before = &change[n - 1];

        if (before->from < added.from || (before->from == added.from && summer))
            break;
        change[n] = *before;
    }
    change[n] = added;
}

static void add_rule(struct zone *z, const struct rule *r, int64_t last)
{
    int32_t first = last == INT64_MIN ? 0 : civil_of(last).year - 1;
    struct span change[2 * RULE_YEARS];
    size_t n = 0;

    for (int32_t year = first; year < first + RULE_YEARS; year++) {
        struct span summer = {.offset = r->summer_offset * MS_SECOND};
        struct span winter = {.offset = r->offset * MS_SECOND};

        summer.from = rule_day_ms(&r->summer, year) - winter.offset;
        winter.from = rule_day_ms(&r->winter, year) - summer.offset;
        insert_change(change, n++, summer, true);
        insert_change(change, n++, winter, false);
    }
    for (size_t i = 0; i < n; i++) {
        if (change[i].from > last)
            add_change(z, change[i].from, change[i].offset);
    }
    z->repeats_from =
        civil_ms((struct civil){.year = first + 3 + PERIOD_YEARS, .month = 1, .day = 1});
}

static void add_reaches(struct zone *z)
{
    int64_t reach = INT64_MIN;

    for (size_t i = 0; i + 1 < z->n; i++) {
        int64_t end = z->span[i + 1].from + z->span[i].offset;

        if (end > reach)
            reach = end;
        z->span[i].reach = reach;
    }
    z->span[z->n - 1].reach = INT64_MAX;
}

static bool zone_new(str name, size_t listed, struct zone **out, struct err *err)
{
    size_t spans = 1 + listed + 2 * RULE_YEARS;
    struct zone *z = mem_alloc(sizeof *z + spans * sizeof *z->span);

    if (!z)
        return err_nomem(err);
    memcpy(z->name, name.p, name.n);
    z->repeats_from = INT64_MAX;
    *out = z;
    return true;
}

static bool zone_decode(str name, str bytes, struct zone **out, struct err *err)
{
    struct block b;
    struct rule rule = {0};
    int64_t last;
    bool ok = block_decode(&bytes, 4, &b);

    if (ok && b.version) {
        ok = block_decode(&bytes, 8, &b) && take_char(&bytes, '\n') && bytes.n
             && bytes.p[bytes.n - 1] == '\n'
             && rule_parse((str){bytes.p, bytes.n - 1}, &rule);
    }
    if (ok && !zone_new(name, b.times, out, err))
        return false;
    if (!ok || !add_listed(*out, &b, &last))
        return err_set(err, ERR_CORRUPT,
                       "time zone %.*s: " ZONE_FOLDER "%.*s is damaged or counts leap "
                       "seconds: install the package tzdata anew",
                       STR_FMT(name), STR_FMT(name));
    if (rule.changes)
        add_rule(*out, &rule, last);
    add_reaches(*out);
    return true;
}

/* IANA's names begin with a capital letter; what else stands in the folder does not. */
static bool name_is_sound(str name)
{
    if (!name.n || name.n > NAME_MAX_BYTES || name.p[0] < 'A' || name.p[0] > 'Z')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
              || c == '_' || c == '+' || c == '-' || c == '/'))
            return false;
    }
    return true;
}

static bool unknown_zone(str name, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "unknown time zone \"%.*s\": give an IANA name such as Europe/Rome",
                   (int)(name.n < NAME_MAX_BYTES ? name.n : NAME_MAX_BYTES), name.p);
}

bool zone_open(struct io *io, str name, struct zone **out, struct err *err)
{
    struct arena a = {.limit = FILE_MAX_BYTES + 4096};
    struct buf path = {0};
    str bytes;
    bool ok;

    *out = NULL;
    if (!name_is_sound(name))
        return unknown_zone(name, err);
    if (str_eq(name, STR("UTC"))) { /* there even where the system has no zones */
        if (!zone_new(name, 0, out, err))
            return false;
        (*out)->n = 1;
        (*out)->span[0] = (struct span){INT64_MIN, 0, INT64_MAX};
        return true;
    }
    buf_add(&path, STR(ZONE_FOLDER));
    buf_add(&path, name);
    if (path.failed)
        ok = err_nomem(err);
    else if (io_read_file(io, buf_str(&path), FILE_MAX_BYTES, &a, &bytes, err))
        ok = zone_decode(name, bytes, out, err);
    else if (err->code == ERR_NOT_FOUND || err->sys == ENOTDIR || err->sys == EISDIR)
        ok = unknown_zone(name, err);
    else
        ok = err_in(err, "time zone %.*s", STR_FMT(name));
    buf_free(&path);
    arena_free(&a);
    if (!ok) {
        zone_close(*out);
        *out = NULL;
    }
    return ok;
}

void zone_close(struct zone *z)
{
    mem_free(z);
}

str zone_name(const struct zone *z)
{
    return str_of(z->name);
}

uint64_t zone_hash(const struct zone *z)
{
    return hash64((str){(const char *)z->span, z->n * sizeof *z->span});
}

/* ---- readings ---- */

static int64_t clamp(int64_t ms, int64_t least, int64_t most)
{
    return ms < least ? least : ms > most ? most : ms;
}

/* Whole periods to take off, so that the table has the answer. */
static int64_t periods_over(const struct zone *z, int64_t ms)
{
    return ms < z->repeats_from ? 0
                                : ((ms - z->repeats_from) / PERIOD_MS + 1) * PERIOD_MS;
}

/* The last span that begins at or before the moment. */
static const struct span *span_at(const struct zone *z, int64_t at_ms)
{
    size_t low = 0, high = z->n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (z->span[middle].from <= at_ms)
            low = middle;
        else
            high = middle;
    }
    return &z->span[low];
}

int64_t zone_local(const struct zone *z, int64_t at_ms)
{
    at_ms = clamp(at_ms, MOMENT_MIN, MOMENT_MAX);
    return at_ms + span_at(z, at_ms - periods_over(z, at_ms))->offset;
}

int32_t day_of_moment(const struct zone *z, int64_t at_ms)
{
    int64_t local = zone_local(z, at_ms);

    return (int32_t)(local / MS_DAY - (local % MS_DAY < 0));
}

int64_t zone_moment(const struct zone *z, int64_t local_ms)
{
    size_t low = 0, high = z->n - 1;
    int64_t over, at_ms;

    local_ms = clamp(local_ms, MOMENT_MIN - 2 * MS_DAY, MOMENT_MAX + 2 * MS_DAY);
    over = periods_over(z, local_ms);
    local_ms -= over;
    while (low < high) { /* the first span that reaches beyond the reading */
        size_t middle = (low + high) / 2;

        if (z->span[middle].reach > local_ms)
            high = middle;
        else
            low = middle + 1;
    }
    at_ms = local_ms - z->span[low].offset;
    if (at_ms < z->span[low].from)
        at_ms = z->span[low].from;
    return clamp(at_ms + over, MOMENT_MIN, MOMENT_MAX);
}

/* The reading, or what earlier readings reached less `short_of`, whichever is later. */
static int64_t furthest_reading(const struct zone *z, int64_t at_ms, int64_t short_of)
{
    int64_t over, local;
    const struct span *span;

    at_ms = clamp(at_ms, MOMENT_MIN, MOMENT_MAX);
    over = periods_over(z, at_ms);
    span = span_at(z, at_ms - over);
    local = at_ms - over + span->offset;
    if (span > z->span && span[-1].reach - short_of > local)
        local = span[-1].reach - short_of;
    return local + over;
}

/* In a second pass the day is that of the last reading of the first pass: if midnight has
 * been passed, it is not passed again. So a day is one stretch of time. */
static struct civil day_of(const struct zone *z, int64_t at_ms)
{
    return civil_of(furthest_reading(z, at_ms, 1));
}

/* The month so many months on, day and time kept; a year beyond all is held at the border. */
static struct civil months_on(struct civil c, int64_t months)
{
    months = clamp((int64_t)c.year * 12 + c.month - 1 + months, 0, 12 * 10000 + 1);
    c.year = (int32_t)(months / 12);
    c.month = (int32_t)(months % 12) + 1;
    return c;
}

int64_t zone_day(const struct zone *z, int64_t at_ms, int n)
{
    struct civil c = day_of(z, at_ms);
    int64_t midnight =
        civil_ms((struct civil){.year = c.year, .month = c.month, .day = c.day});

    return zone_moment(z, midnight + n * MS_DAY);
}

int64_t zone_month(const struct zone *z, int64_t at_ms, int n)
{
    struct civil c = months_on(day_of(z, at_ms), n);

    return zone_moment(
        z, civil_ms((struct civil){.year = c.year, .month = c.month, .day = 1}));
}

int64_t length_add(const struct zone *z, int64_t at_ms, struct length l)
{
    struct civil c;

    if (at_ms == MOMENT_NEVER)
        return at_ms;
    at_ms = clamp(at_ms, MOMENT_MIN, MOMENT_MAX);
    if (!l.months) {
        int64_t sum;

        if (__builtin_add_overflow(at_ms, l.ms, &sum))
            sum = l.ms;
        return clamp(sum, MOMENT_MIN, MOMENT_MAX);
    }
    c = months_on(civil_of(furthest_reading(z, at_ms, 0)), l.months);
    if (c.day > civil_days_in_month(c.year, c.month)) {
        c = months_on(c, 1);
        c = (struct civil){.year = c.year, .month = c.month, .day = 1};
    }
    return zone_moment(z, civil_ms(c));
}
