/* Reading moments from text. Both readers take pieces off a rest of text; nothing is looked
 * at twice and nothing may stand behind the last piece. */
#include "base/num.h"
#include "base/time.h"

static bool take_char(str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool is_digit_at(str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* `least` to `most` digits. */
static bool take_digits(str *s, size_t least, size_t most, int32_t *out)
{
    size_t n = 0;
    int32_t value = 0;

    for (; n < most && is_digit_at(*s, n); n++)
        value = value * 10 + (s->p[n] - '0');
    *s = str_from(*s, n);
    *out = value;
    return n >= least;
}

/* The digits behind the point as milliseconds; what is smaller is cut off. */
static bool take_fraction(str *s, int32_t *ms)
{
    size_t n = 0;
    int32_t weight = 100;

    *ms = 0;
    for (; is_digit_at(*s, n); n++) {
        *ms += (s->p[n] - '0') * weight;
        weight /= 10;
    }
    *s = str_from(*s, n);
    return n > 0;
}

/* Z, +hh, +hhmm or +hh:mm, in milliseconds east of Greenwich. */
static bool take_offset(str *s, int64_t *offset)
{
    bool west;
    int32_t h, m = 0;

    *offset = 0;
    if (take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    west = take_char(s, '-');
    if (!west && !take_char(s, '+'))
        return false;
    if (!take_digits(s, 2, 2, &h) || h > 23)
        return false;
    if ((take_char(s, ':') || is_digit_at(*s, 0))
        && (!take_digits(s, 2, 2, &m) || m > 59))
        return false;
    *offset = (h * MS_HOUR + m * MS_MINUTE) * (west ? -1 : 1);
    return true;
}

static bool in_range(int64_t at_ms, int64_t *out)
{
    if (at_ms < MOMENT_MIN || at_ms > MOMENT_MAX)
        return false;
    *out = at_ms;
    return true;
}

/* A text's own offset goes before the zone. */
static bool moment_of(struct civil c, const int64_t *offset, const struct zone *z,
                      int64_t *out)
{
    int64_t local = civil_ms(c);

    if (offset)
        return in_range(local - *offset, out);
    return in_range(z ? zone_moment(z, local) : local, out);
}

static bool take_date(str *s, struct civil *c)
{
    return take_digits(s, 4, 4, &c->year) && take_char(s, '-')
           && take_digits(s, 2, 2, &c->month) && take_char(s, '-')
           && take_digits(s, 2, 2, &c->day);
}

static bool take_clock(str *s, struct civil *c)
{
    if (!take_digits(s, 2, 2, &c->hour) || !take_char(s, ':')
        || !take_digits(s, 2, 2, &c->minute))
        return false;
    if (!take_char(s, ':'))
        return true;
    if (!take_digits(s, 2, 2, &c->second))
        return false;
    return !(take_char(s, '.') || take_char(s, ',')) || take_fraction(s, &c->ms);
}

bool moment_parse(str s, const struct zone *z, int64_t *out, struct err *err)
{
    str rest = s;
    struct civil c = {0};
    bool has_offset = false;
    int64_t offset = 0;
    bool ok = take_date(&rest, &c);

    if (ok && rest.n) {
        ok = (take_char(&rest, 'T') || take_char(&rest, 't') || take_char(&rest, ' '))
             && take_clock(&rest, &c);
        if (ok && rest.n)
            ok = has_offset = take_offset(&rest, &offset);
    }
    if (ok && !rest.n && civil_is_valid(c)
        && moment_of(c, has_offset ? &offset : NULL, z, out))
        return true;
    return err_set(
        err, ERR_INPUT,
        "\"%.*s\" is no moment: write a date such as 2011-12-10, or a date and "
        "time such as 2011-12-10T10:01:00Z",
        (int)(s.n < 60 ? s.n : 60), s.p);
}

/* ---- formats ---- */

enum { OPS_MAX = 64 };

/* A directive's letter, or 0 and the literal character. */
struct op {
    char directive, literal;
};

struct time_format {
    size_t n;
    struct op op[OPS_MAX];
};

/* What a text said. */
struct reading {
    struct civil c;
    bool afternoon;
    bool has_offset; /* or has_at */
    bool has_at;
    int64_t offset, at_ms;
};

/* What each directive tells; no two may tell the same. */
static const struct {
    char letter;
    const char *tells;
} directives[] = {
    {'Y', "year"},     {'y', "year"},   {'m', "month"},  {'b', "month"},
    {'B', "month"},    {'d', "day"},    {'H', "hour"},   {'I', "hour"},
    {'p', "half day"}, {'M', "minute"}, {'S', "second"}, {'f', "fraction"},
    {'z', "offset"},   {'s', "moment"}, {'Q', "moment"},
};
enum { DIRECTIVES = sizeof directives / sizeof *directives };

static const char *what_tells(char letter)
{
    for (size_t i = 0; i < DIRECTIVES; i++) {
        if (directives[i].letter == letter)
            return directives[i].tells;
    }
    return NULL;
}

static bool tells(const struct time_format *f, const char *what)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->op[i].directive
            && str_eq(str_of(what_tells(f->op[i].directive)), str_of(what)))
            return true;
    }
    return false;
}

static bool has(const struct time_format *f, char letter)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->op[i].directive == letter)
            return true;
    }
    return false;
}

static bool ops_compile(str format, struct time_format *f, struct err *err)
{
    f->n = 0;
    for (size_t i = 0; i < format.n; i++) {
        struct op op = {.literal = format.p[i]};

        if (f->n == OPS_MAX)
            return err_set(err, ERR_LIMIT, "it has more than %d pieces", OPS_MAX);
        if (op.literal == '%') {
            if (++i == format.n)
                return err_at(err, 1, (int)i,
                              "a %% stands at its end: write %%%% for one");
            if (format.p[i] != '%') {
                const char *what = what_tells(format.p[i]);

                if (!what)
                    return err_at(
                        err, 1, (int)i,
                        "it has an unknown directive: known are %%Y %%y %%m %%d "
                        "%%H %%I %%p %%M %%S %%f %%b %%B %%z %%s %%Q %%%%");
                if (tells(f, what))
                    return err_at(err, 1, (int)i, "%%%c gives the %s a second time",
                                  format.p[i], what);
                op = (struct op){.directive = format.p[i]};
            }
        }
        f->op[f->n++] = op;
    }
    return true;
}

/* Whether what the directives tell makes up a moment. */
static bool ops_check(const struct time_format *f, struct err *err)
{
    if (tells(f, "moment")) {
        for (size_t i = 0; i < DIRECTIVES; i++) {
            if (has(f, directives[i].letter)
                && !str_eq(str_of(directives[i].tells), STR("moment")))
                return err_set(err, ERR_INPUT,
                               "%%s and %%Q are whole moments: %%%c has no "
                               "place beside them",
                               directives[i].letter);
        }
        return true;
    }
    if (!tells(f, "year") || !tells(f, "month") || !tells(f, "day"))
        return err_set(err, ERR_INPUT,
                       "it needs a year (%%Y or %%y), a month (%%m, %%b or "
                       "%%B) and a day (%%d), or %%s or %%Q alone");
    if (has(f, 'I') != has(f, 'p'))
        return err_set(err, ERR_INPUT,
                       "%%I (hours to 12) and %%p (am, pm) need one another");
    if ((tells(f, "minute") && !tells(f, "hour"))
        || (tells(f, "second") && !tells(f, "minute"))
        || (tells(f, "fraction") && !tells(f, "second")))
        return err_set(err, ERR_INPUT,
                       "a minute needs an hour, a second a minute, a fraction a second");
    return true;
}

bool time_format_new(str format, struct time_format **out, struct err *err)
{
    struct time_format *f = mem_alloc(sizeof *f);

    *out = f;
    if (!f)
        return err_nomem(err);
    if (ops_compile(format, f, err) && ops_check(f, err))
        return true;
    time_format_free(f);
    *out = NULL;
    return err_in(err, "time format \"%.*s\"", (int)(format.n < 80 ? format.n : 80),
                  format.p);
}

void time_format_free(struct time_format *f)
{
    mem_free(f);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool take_word(str *s, const char *word)
{
    str rest = *s;

    for (; *word; word++) {
        if (!rest.n || lower(rest.p[0]) != *word)
            return false;
        rest = str_from(rest, 1);
    }
    *s = rest;
    return true;
}

/* "dec" or "december" */
static bool take_month(str *s, int32_t *month)
{
    static const char *const rest_of[] = {"uary",   "ruary", "ch",    "il",
                                          "",       "e",     "y",     "ust",
                                          "tember", "ober",  "ember", "ember"};
    static const char *const first_three[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                              "jul", "aug", "sep", "oct", "nov", "dec"};

    for (int32_t i = 0; i < 12; i++) {
        if (take_word(s, first_three[i])) {
            take_word(s, rest_of[i]);
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* Seconds since 1970, perhaps negative, perhaps with a fraction. */
static bool take_unix_seconds(str *s, int64_t *at_ms)
{
    size_t n = s->n && s->p[0] == '-';
    int64_t number;

    while (is_digit_at(*s, n) || (n < s->n && s->p[n] == '.'))
        n++;
    if (!num_parse((str){s->p, n}, &number))
        return false;
    *s = str_from(*s, n);
    *at_ms = number / 1000 - (number % 1000 < 0);
    return true;
}

static bool take_unix_ms(str *s, int64_t *at_ms)
{
    bool negative = take_char(s, '-');
    int64_t ms = 0;

    if (!is_digit_at(*s, 0))
        return false;
    while (is_digit_at(*s, 0)) {
        ms = ms * 10 + (s->p[0] - '0');
        if (ms > MOMENT_MAX)
            return false;
        *s = str_from(*s, 1);
    }
    *at_ms = negative ? -ms : ms;
    return true;
}

/* A space stands for any white space. */
static bool take_literal(str *s, char c)
{
    str after;

    if (c != ' ')
        return take_char(s, c);
    after = *s;
    while (take_char(&after, ' ') || take_char(&after, '\t'))
        ;
    if (after.n == s->n)
        return false;
    *s = after;
    return true;
}

static bool take_op(str *s, struct op op, struct reading *r)
{
    switch (op.directive) {
    case 'Y':
        return take_digits(s, 4, 4, &r->c.year);
    case 'y': /* as POSIX has it: 69 to 99 are of the last century */
        if (!take_digits(s, 2, 2, &r->c.year))
            return false;
        r->c.year += r->c.year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return take_digits(s, 1, 2, &r->c.month);
    case 'b':
    case 'B':
        return take_month(s, &r->c.month);
    case 'd':
        return take_digits(s, 1, 2, &r->c.day);
    case 'H':
        return take_digits(s, 1, 2, &r->c.hour);
    case 'I':
        return take_digits(s, 1, 2, &r->c.hour) && r->c.hour >= 1 && r->c.hour <= 12;
    case 'p':
        r->afternoon = take_word(s, "pm");
        return r->afternoon || take_word(s, "am");
    case 'M':
        return take_digits(s, 2, 2, &r->c.minute);
    case 'S':
        return take_digits(s, 2, 2, &r->c.second);
    case 'f':
        return take_fraction(s, &r->c.ms);
    case 'z':
        return r->has_offset = take_offset(s, &r->offset);
    case 's':
        return r->has_at = take_unix_seconds(s, &r->at_ms);
    case 'Q':
        return r->has_at = take_unix_ms(s, &r->at_ms);
    default:
        return take_literal(s, op.literal);
    }
}

/* Everything but the zone. */
static bool read_text(const struct time_format *f, str s, struct reading *r)
{
    *r = (struct reading){0};
    for (size_t i = 0; i < f->n; i++) {
        if (!take_op(&s, f->op[i], r))
            return false;
    }
    if (s.n)
        return false;
    if (has(f, 'I'))
        r->c.hour = r->c.hour % 12 + (r->afternoon ? 12 : 0);
    return r->has_at || civil_is_valid(r->c);
}

bool time_format_parse(const struct time_format *f, str s, const struct zone *z,
                       int64_t *out)
{
    struct reading r;

    if (!read_text(f, s, &r))
        return false;
    if (r.has_at)
        return in_range(r.at_ms, out);
    return moment_of(r.c, r.has_offset ? &r.offset : NULL, z, out);
}

#define ISO_TIMES(date)                                                                  \
    date "T%H:%M", date "T%H:%M:%S", date "T%H:%M:%S.%f", date "T%H:%M%z",               \
        date "T%H:%M:%S%z", date "T%H:%M:%S.%f%z", date " %H:%M%z", date " %H:%M:%S%z",  \
        date " %H:%M:%S.%f%z", date " %H:%M:%S %z", date " %H:%M:%S.%f %z"
#define TIMES(date)                                                                      \
    date, date " %H:%M", date " %H:%M:%S", date " %H:%M:%S.%f", date " %I:%M %p",        \
        date " %I:%M:%S %p", date " %I:%M%p", date " %I:%M:%S%p", date ", %H:%M",        \
        date ", %H:%M:%S", date ", %I:%M %p", date ", %I:%M:%S %p"

static const char *const common[] = {
    TIMES("%Y-%m-%d"),
    ISO_TIMES("%Y-%m-%d"),
    TIMES("%Y/%m/%d"),
    TIMES("%Y.%m.%d"),
    TIMES("%d/%m/%Y"),
    TIMES("%m/%d/%Y"),
    TIMES("%d.%m.%Y"),
    TIMES("%m.%d.%Y"),
    TIMES("%d-%m-%Y"),
    TIMES("%m-%d-%Y"),
    TIMES("%d/%m/%y"),
    TIMES("%m/%d/%y"),
    TIMES("%d.%m.%y"),
    TIMES("%m.%d.%y"),
    TIMES("%d-%m-%y"),
    TIMES("%m-%d-%y"),
    TIMES("%d %b %Y"),
    TIMES("%d-%b-%Y"),
    TIMES("%d/%b/%Y"),
    TIMES("%d-%b-%y"),
    TIMES("%d %b %y"),
    TIMES("%b %d, %Y"),
    TIMES("%b %d %Y"),
    "%d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y%m%d",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M%S%z",
    "%s",
    "%Q",
};

/* A bare number is taken for a moment only when it falls into these years: 20111210 is a
 * day, not seconds. */
static bool is_plausible(const struct reading *r)
{
    return !r->has_at
           || (r->at_ms >= civil_ms((struct civil){.year = 1980, .month = 1, .day = 1})
               && r->at_ms
                      < civil_ms((struct civil){.year = 2100, .month = 1, .day = 1}));
}

/* The sample's day, as a number; false when the format does not fit. */
static bool sample_day(const struct time_format *f, str sample, int64_t *day)
{
    struct reading r;

    if (!read_text(f, sample, &r) || !is_plausible(&r))
        return false;
    *day = (r.has_at ? r.at_ms : civil_ms(r.c) - r.offset) / MS_DAY;
    return true;
}

static bool fits_all(const struct time_format *f, const str *samples, size_t n)
{
    bool some = false;
    int64_t day;

    for (size_t i = 0; i < n; i++) {
        if (!samples[i].n)
            continue;
        if (!sample_day(f, samples[i], &day))
            return false;
        some = true;
    }
    return some;
}

const char *time_format_guess(const str *samples, size_t n, bool *ambiguous)
{
    struct time_format first, other;
    const char *guess = NULL;
    struct err err;

    *ambiguous = false;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (!ops_compile(str_of(common[i]), &other, &err)
            || !fits_all(&other, samples, n))
            continue;
        if (!guess) {
            guess = common[i];
            first = other;
            continue;
        }
        for (size_t k = 0; k < n; k++) {
            int64_t a, b;

            if (sample_day(&first, samples[k], &a) && sample_day(&other, samples[k], &b)
                && a != b) {
                *ambiguous = true;
                return NULL;
            }
        }
    }
    return guess;
}
