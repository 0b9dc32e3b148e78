/* What is read as a moment or a length prints to a text that reads as the same. A
 * format either is refused or reads moments in range, and a guessed one fits its sample. */
#include "support/fuzz.h"

#include "base/time.h"

static void moment(str s, const struct zone *z)
{
    struct buf b = {0};
    int64_t at, again;
    struct err err;

    if (!moment_parse(s, z, &at, &err))
        return;
    NEED(at >= MOMENT_MIN && at <= MOMENT_MAX);
    moment_print(&b, at);
    NEED(moment_parse(buf_str(&b), z, &again, &err) && again == at);
    buf_free(&b);
}

static void counted(str s, const struct zone *z)
{
    int64_t at, plain;
    struct err err;

    if (!moment_parse_from(s, z, 0, &at, &err)) {
        NEED(!moment_parse(s, z, &plain, &err));
        return;
    }
    NEED(at >= MOMENT_MIN && at <= MOMENT_MAX);
    NEED(moment_parse(s, z, &plain, &err) ? plain == at : at <= 0);
}

static void length(str s, const struct zone *z)
{
    struct buf b = {0};
    struct length l, again;
    struct err err;

    if (!length_parse(s, &l, &err))
        return;
    length_print(&b, l);
    NEED(length_parse(buf_str(&b), &again, &err));
    NEED(again.months == l.months && again.ms == l.ms);
    NEED(length_add(z, 0, l) >= 0 && length_add(z, 0, l) <= length_add(z, 1, l));
    buf_free(&b);
}

/* The first line is a format, the rest its text. */
static void format(str s, const struct zone *z)
{
    size_t line = 0;
    struct time_format *f;
    int64_t at;
    struct err err;

    while (line < s.n && s.p[line] != '\n')
        line++;
    if (!time_format_new((str){s.p, line}, &f, &err))
        return;
    if (time_format_parse(f, str_from(s, line + 1), z, &at))
        NEED(at >= MOMENT_MIN && at <= MOMENT_MAX);
    time_format_free(f);
}

static void guess(str s, const struct zone *z)
{
    bool ambiguous;
    const char *guessed = time_format_guess(&s, 1, &ambiguous);
    struct time_format *f;
    int64_t at;
    struct err err;

    if (!guessed)
        return;
    NEED(!ambiguous);
    NEED(time_format_new(str_of(guessed), &f, &err));
    NEED(time_format_parse(f, s, z, &at) || str_starts(s, STR("0001"))
         || str_starts(s, STR("9999")));
    time_format_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str s = {(const char *)p, n};
    struct zone *z;
    struct err err;

    NEED(zone_open(io_system(), STR("UTC"), &z, &err));
    moment(s, z);
    counted(s, z);
    length(s, z);
    format(s, z);
    guess(s, z);
    zone_close(z);
    return 0;
}
