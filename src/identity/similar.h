/* similar.h - contacts who share no id and may still be one person: suspicions for a person to
 * decide, never more.
 *
 * A field of two contacts gets a similarity s, 0 to 1: of names, addresses and cities that of Jaro
 * and Winkler over their words in alphabetic order (W. E. Winkler, String Comparator Metrics and
 * Enhanced Decision Rules in the Fellegi-Sunter Model of Record Linkage, 1990); of all others 1
 * when they are equal, else 0. It gets a weight in bits (I. P. Fellegi and A. B. Sunter, A Theory
 * for Record Linkage, 1969), with m how often it agrees in contacts who are one person, and u in
 * those who are not:
 *
 *     agreement     log2(m / u)
 *     disagreement  log2((1 - m) / (1 - u))
 *
 * of which Winkler takes a share between the two for s below 1: linear from disagreement at
 * `floor` to agreement at 1. A field that one of them has not weighs nothing. Two contacts are
 * similar when their weights together reach a threshold.
 *
 * The weights may be summed when fields agree by chance independently. Address, postal code, city
 * and phone number do not: a household shares them all. So of these the strongest agreement
 * counts alone, and every disagreement. */
#ifndef IDENTITY_SIMILAR_H
#define IDENTITY_SIMILAR_H

#include "base/err.h"
#include "base/str.h"

/* Of at most 64 characters of each. With c of them in common, no further from one another than
 * half of the longer length less one, and t of those out of order, halved:
 *     jaro = (c / |a| + c / |b| + (c - t) / c) / 3
 *     result = jaro + l * 0.1 * (1 - jaro), l = length of the common beginning, at most 4
 * 0 when one of them is empty. Upper and lower case differ. */
double similar_jaro_winkler(str a, str b);

#define SIMILAR_FIELDS(X)                                                                \
    X(NAME, "name")                                                                      \
    X(ADDRESS, "address")                                                                \
    X(PHONE, "phone")                                                                    \
    X(EMAIL, "email")                                                                    \
    X(POSTAL, "postal_code")                                                             \
    X(CITY, "city")                                                                      \
    X(BIRTHDAY, "birthday")
enum similar_field {
#define X(name, text) SIMILAR_##name,
    SIMILAR_FIELDS(X)
#undef X
        SIMILAR_FIELD_N
};

str similar_field_name(enum similar_field field);

/* Empty: not known. What is compared byte by byte has one form for the same: phone numbers and
 * e-mail addresses that of id_parse. */
struct contact {
    str field[SIMILAR_FIELD_N];
};

struct similar_rules {
    struct {
        double m, u;    /* between 0 and 1, and m greater */
        double floor;   /* 0 to below 1 */
        bool is_shared; /* by a household */
    } field[SIMILAR_FIELD_N];
    double threshold; /* bits */
};
extern const struct similar_rules similar_rules_usual;

enum { SIMILAR_UNKNOWN = 255, SIMILAR_PAIRS_MAX = 1000 * 1000 };
struct similar_pair {
    uint32_t a, b; /* a < b */
    double weight; /* bits */
    /* How similar each field is, in hundredths; SIMILAR_UNKNOWN: one of them has it not. */
    uint8_t alike[SIMILAR_FIELD_N];
};

/* The similar pairs, the heaviest first, then by number; each once, and of too many the
 * SIMILAR_PAIRS_MAX heaviest. Lives in `a`. Only contacts that have one of these keys in common
 * are compared, each with at most 32 others of a key (the nearest by name), so that the work
 * grows with n log n:
 *   - the beginnings (three letters) of all words of the name; of the address
 *   - the digits of the address
 *   - the phone number's last seven digits
 *   - the e-mail address
 *   - the birthday
 *   - the postal code, with the first letters of the name's words */
bool similar_find(const struct contact *contact, uint32_t n,
                  const struct similar_rules *rules, struct arena *a,
                  const struct similar_pair **out, size_t *out_n, struct err *err);

#endif
