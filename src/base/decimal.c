#include "base/decimal.h"

#include "base/num.h"

#include <string.h>

enum { PLAIN_MAX = 128, BLANKS = 3 };

/* What may part thousands wherever decimals stand; the blanks first. */
static const str marks[] = {
    STR(" "), STR("\u00a0"), STR("\u202f"), STR("'"), STR("\u2019"),
};
enum { MARKS = sizeof marks / sizeof *marks };

/* The signs, and whose they are. */
static const struct {
    str sign;
    const char *codes;
} currencies[] = {
    {STR("\u20ac"), "EUR"},
    {STR("\xC2\x80"), "EUR"}, /* the same in Windows-1252, read as Latin-1 */
    {STR("\u00a3"), "GBP FKP GIP SHP"},
    {STR("R$"), "BRL"},
    {STR("$"), "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP CVE DOP FJD GYD HKD JMD "
               "KYD LRD MOP MXN NAD NZD SBD SGD SRD TTD TWD UYU XCD"},
    {STR("\u00a5"), "JPY CNY"},
};
enum { CURRENCIES = sizeof currencies / sizeof *currencies };

static bool ends(str s, str tail)
{
    return s.n >= tail.n && memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0;
}

static str trim(str s)
{
    for (size_t i = 0; i < BLANKS; i++) {
        while (str_starts(s, marks[i]))
            s = str_from(s, marks[i].n);
        while (ends(s, marks[i]))
            s.n -= marks[i].n;
    }
    return s;
}

/* Takes the currency off, at either end. */
static bool take(str *s, str currency)
{
    if (str_starts(*s, currency))
        *s = trim(str_from(*s, currency.n));
    else if (ends(*s, currency))
        *s = trim((str){s->p, s->n - currency.n});
    else
        return false;
    return true;
}

static bool take_currency(str *s, str code)
{
    if (take(s, code))
        return true;
    for (size_t i = 0; i < CURRENCIES; i++)
        if (memmem(currencies[i].codes, strlen(currencies[i].codes), code.p, code.n)
            && take(s, currencies[i].sign))
            return true;
    return false;
}

static size_t take_sign(str *s, char *plain)
{
    if (!s->n || (s->p[0] != '-' && s->p[0] != '+'))
        return 0;
    *plain = s->p[0];
    *s = str_from(*s, 1);
    return 1;
}

static size_t digits(str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

/* What parts thousands, if the text begins with it. */
static str mark_of(str s, char point)
{
    for (size_t i = 0; i < MARKS; i++)
        if (str_starts(s, marks[i]))
            return marks[i];
    if (s.n && ((point == '.' && s.p[0] == ',') || (point == ',' && s.p[0] == '.')))
        return (str){s.p, 1};
    return STR("");
}

/* The digits before the decimals, without what parts them. */
static bool take_whole(str *s, char point, char *plain, size_t *n)
{
    size_t count = digits(*s);
    str mark = mark_of(str_from(*s, count), point);

    if (mark.n && (!count || count > 3 || s->p[0] == '0'))
        return false;
    for (;;) {
        memcpy(plain + *n, s->p, count);
        *n += count;
        *s = str_from(*s, count);
        if (!mark.n || !str_starts(*s, mark))
            return true;
        *s = str_from(*s, mark.n);
        count = digits(*s);
        if (count != 3)
            return false;
    }
}

bool decimal_parse(const struct decimal *d, str s, int64_t *out)
{
    char plain[PLAIN_MAX]; /* never longer than the text that it is made of */
    size_t n;

    if (d->point != ',' && num_parse(s, out))
        return true;
    if (!s.n || s.n > PLAIN_MAX)
        return false;
    s = trim(s);
    n = take_sign(&s, plain);
    if (d->currency.n && take_currency(&s, d->currency) && !n)
        n = take_sign(&s, plain);
    if (!take_whole(&s, d->point, plain, &n))
        return false;
    if (d->point == ',' && s.n) {
        if (s.p[0] == '.')
            return false;
        plain[n++] = s.p[0] == ',' ? '.' : s.p[0];
        s = str_from(s, 1);
    }
    memcpy(plain + n, s.p, s.n);
    return num_parse((str){plain, n + s.n}, out);
}

bool decimal_is_foreign(const struct decimal *d, str s)
{
    struct decimal other = *d;
    int64_t number;
    char sign;
    str bare = trim(s);

    for (size_t i = 0; i < CURRENCIES; i++) {
        other.currency = (str){currencies[i].codes, 3};
        if (decimal_parse(&other, s, &number))
            return true;
    }
    take_sign(&bare, &sign);
    for (int end = 0; end < 2 && bare.n > 3; end++) {
        other.currency = end ? str_from(bare, bare.n - 3) : (str){bare.p, 3};
        if (currency_decimals(other.currency) >= 0 && decimal_parse(&other, s, &number))
            return true;
    }
    return false;
}
