#include "base/num.h"

#include <math.h>
#include <string.h>

typedef unsigned __int128 u128;

enum { NUM_DECIMALS = 6 };

static const int64_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

/* A magnitude with its sign, when it fits. */
static bool signed_of(u128 magnitude, bool negative, int64_t *out)
{
    if (magnitude > (u128)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - (uint64_t)magnitude) : (int64_t)magnitude;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind e. It is held at 10^15: no text has so many digits to weigh it up. */
static bool exponent_parse(str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    int64_t e = 0;

    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_from(s, 1);
    if (!s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        if (e < INT64_C(1000000000000000))
            e = e * 10 + (s.p[i] - '0');
    }
    *out = negative ? -e : e;
    return true;
}

/* Cuts the text into digits with a point and the exponent. *whole is how many digits stand
 * before the point. */
static bool number_split(str s, str *digits, int64_t *whole, int64_t *exponent)
{
    size_t i = 0, count = 0;

    *whole = -1;
    *exponent = 0;
    for (; i < s.n && (is_digit(s.p[i]) || s.p[i] == '.'); i++) {
        if (is_digit(s.p[i]))
            count++;
        else if (*whole >= 0)
            return false;
        else
            *whole = (int64_t)count;
    }
    if (*whole < 0)
        *whole = (int64_t)count;
    *digits = (str){s.p, i};
    if (!count)
        return false;
    return i == s.n
           || ((s.p[i] == 'e' || s.p[i] == 'E')
               && exponent_parse(str_from(s, i + 1), exponent));
}

/* Up to twelve digits and nothing else, as most numbers are: no overflow, no rounding. */
static bool digits_parse(str s, int64_t *out)
{
    int64_t number = 0;

    if (!s.n || s.n > 12)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        number = number * 10 + (s.p[i] - '0');
    }
    *out = number * NUM_ONE;
    return true;
}

bool num_parse(str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    int64_t place; /* the digit at hand counts 10^place millionths */
    int64_t exponent;
    u128 sum = 0;
    str digits;

    if (digits_parse(s, out))
        return true;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = str_from(s, 1);
    if (!number_split(s, &digits, &place, &exponent))
        return false;
    place += exponent + NUM_DECIMALS - 1;
    for (size_t i = 0; i < digits.n && place >= -1; i++) {
        unsigned digit = (unsigned)(digits.p[i] - '0');

        if (digits.p[i] == '.')
            continue;
        if (place >= 0)
            sum = sum * 10 + digit;
        else
            sum += digit >= 5; /* half away from zero: no later digit matters */
        if (sum > (u128)INT64_MAX + 1)
            return false;
        place--;
    }
    for (; place >= 0 && sum; place--) {
        sum *= 10;
        if (sum > (u128)INT64_MAX + 1)
            return false;
    }
    return signed_of(sum, negative, out);
}

static uint64_t magnitude(int64_t n)
{
    return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

/* A number of 10^-decimals, with all its decimals. */
static void print_fixed(struct buf *b, int64_t n, int decimals)
{
    uint64_t one = (uint64_t)power_of_ten[decimals], m = magnitude(n);

    if (n < 0)
        buf_add_char(b, '-');
    buf_add_digits(b, m / one, 1);
    if (decimals) {
        buf_add_char(b, '.');
        buf_add_digits(b, m % one, (size_t)decimals);
    }
}

void num_print(struct buf *b, int64_t number)
{
    int decimals = NUM_DECIMALS;

    if (number % NUM_ONE == 0) {
        number /= NUM_ONE;
        decimals = 0;
    }
    while (decimals && number % 10 == 0) {
        number /= 10;
        decimals--;
    }
    print_fixed(b, number, decimals);
}

bool num_from_double(double d, int64_t *out)
{
    int exponent;
    double fraction = frexp(d, &exponent); /* in [0.5, 1), sign apart */
    u128 m;

    if (!isfinite(d) || exponent > 64)
        return false;
    m = (u128)(uint64_t)ldexp(fabs(fraction), 53) * NUM_ONE;
    exponent -= 53;
    if (exponent >= 0)
        m <<= exponent;
    else if (exponent > -100)
        m = (m + ((u128)1 << (-exponent - 1))) >> -exponent;
    else
        m = 0;
    return signed_of(m, d < 0, out);
}

bool num_from_int(int64_t whole, int64_t *out)
{
    int64_t number;

    if (__builtin_mul_overflow(whole, NUM_ONE, &number))
        return false;
    *out = number;
    return true;
}

bool num_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

bool num_sub(int64_t a, int64_t b, int64_t *out)
{
    int64_t difference;

    if (__builtin_sub_overflow(a, b, &difference))
        return false;
    *out = difference;
    return true;
}

bool num_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out)
{
    return num_div128((__int128)a * b, divisor, out);
}

bool num_div128(__int128 sum, int64_t n, int64_t *out)
{
    u128 m = sum < 0 ? 0 - (u128)sum : (u128)sum;
    uint64_t by = magnitude(n), rest;
    u128 whole;

    if (!n)
        return false;
    whole = m <= UINT64_MAX ? (uint64_t)m / by : m / by;
    rest = (uint64_t)(m - whole * by);
    return signed_of(whole + (rest >= by - rest), (sum < 0) != (n < 0), out);
}

/* ISO 4217. All currencies in use, funds and metals left out; those that are not hundredths
 * first. */
static const struct {
    int decimals;
    const char *codes; /* of three letters and a space each */
} currencies[] = {
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {4, "CLF UYW "},
    {2, "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD "
        "BTN "
        "BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP "
        "ERN "
        "ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR "
        "JMD "
        "KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
        "MVR "
        "MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
        "RUB "
        "SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY "
        "TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL "},
};

int currency_decimals(str code)
{
    if (code.n != 3)
        return -1;
    for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++) {
        for (const char *at = currencies[i].codes; *at; at += 4) {
            if (memcmp(at, code.p, 3) == 0)
                return currencies[i].decimals;
        }
    }
    return -1;
}

bool money_from_num(int64_t number, int decimals, int64_t *minor)
{
    return num_div128(number, power_of_ten[NUM_DECIMALS - decimals], minor);
}

bool money_to_num(int64_t minor, int decimals, int64_t *number)
{
    return num_mul_div(minor, power_of_ten[NUM_DECIMALS - decimals], 1, number);
}

void money_print(struct buf *b, int64_t minor, int decimals)
{
    print_fixed(b, minor, decimals);
}
