#include "event/id.h"

#include <string.h>

static const str kind_names[] = {
#define X(name, text) STR(text),
    ID_KINDS(X)
#undef X
};

/* What programs send when they know nobody, and what people type to get on. */
static const str nobody[] = {
    STR("null"),
    STR("(null)"),
    STR("undefined"),
    STR("none"),
    STR("nil"),
    STR("nan"),
    STR("n/a"),
    STR("unknown"),
    STR("anonymous"),
    STR("guest"),
    STR("true"),
    STR("false"),
    STR("[object object]"),
    STR("test@test.com"),
    STR("test@example.com"),
    STR("a@a.com"),
};

str id_kind_name(enum id_kind kind)
{
    return kind_names[kind];
}

int id_compare(struct id a, struct id b)
{
    return a.kind != b.kind ? (a.kind < b.kind ? -1 : 1) : str_cmp(a.value, b.value);
}

/* --- values that say "nobody" --- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_one_of(str value, const str *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;

        if (list[i].n != value.n)
            continue;
        while (at < value.n && lower(list[i].p[at]) == lower(value.p[at]))
            at++;
        if (at == value.n)
            return true;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* All the same character, dashes aside: 00000000-0000-0000-0000-000000000000. One that could
 * be somebody's is none before it comes three times, and shops do number customers 7 and 777. */
static bool is_monotonous(enum id_kind kind, str value)
{
    char only = '-';
    size_t n = 0;

    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (c == '-' || (kind == ID_PHONE && c == '+'))
            continue;
        if (n++ && lower(c) != lower(only))
            return false;
        only = c;
    }
    if (only == '0' || (!is_digit(only) && !is_letter(only) && (only & 0x80) == 0))
        return true;
    return n >= 3
           && !(is_digit(only)
                && (kind == ID_USER || kind == ID_OTHER || kind == ID_GROUP));
}

/* --- each kind's form --- */

static bool no_email(struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "this is no e-mail address: one has the form name@domain");
}

static bool email_form(str raw, struct arena *a, str *out, struct err *err)
{
    struct buf folded = {NULL};
    size_t at = 0, ats = 0;

    buf_add_folded(&folded, raw);
    if (folded.failed) {
        buf_free(&folded);
        return err_nomem(err);
    }
    for (size_t i = 0; i < folded.n; i++) {
        if (folded.p[i] == '@') {
            at = i;
            ats++;
        } else if (folded.p[i] == ' ' || folded.p[i] == ',' || folded.p[i] == ';') {
            ats = SIZE_MAX / 2;
        }
    }
    if (ats != 1 || at == 0 || at + 1 == folded.n) {
        buf_free(&folded);
        return no_email(err);
    }
    *out = arena_str(a, buf_str(&folded));
    buf_free(&folded);
    return out->p || err_nomem(err);
}

enum { PHONE_DIGITS_MIN = 5, PHONE_DIGITS_MAX = 15 }; /* E.164 has at most 15 */

/* The digits, without what people put between them. "(0)" behind a calling code is left out. */
static bool phone_digits(str raw, bool *is_whole, char *digit, size_t *n)
{
    *n = 0;
    *is_whole = false;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (c == '+' && *n == 0 && !*is_whole)
            *is_whole = true;
        else if (c == '(' && *n && *is_whole && i + 2 < raw.n && raw.p[i + 1] == '0'
                 && raw.p[i + 2] == ')')
            i += 2;
        else if (is_digit(c) && *n < PHONE_DIGITS_MAX + 2)
            digit[(*n)++] = c;
        else if (c != ' ' && c != '-' && c != '.' && c != '/' && c != '(' && c != ')')
            return false;
    }
    return true;
}

static bool phone_form(const struct id_rules *rules, str raw, struct arena *a, str *out,
                       struct err *err)
{
    char room[PHONE_DIGITS_MAX + 2];
    bool is_whole = false, ok;
    struct buf form = {NULL};
    str digits = {room, 0};

    ok = phone_digits(raw, &is_whole, room, &digits.n);
    if (ok && !is_whole && str_starts(digits, STR("00"))) {
        is_whole = true;
        digits = str_from(digits, 2);
    }
    if (is_whole || rules->calling_code.n)
        buf_add_char(&form, '+');
    if (!is_whole && rules->calling_code.n) {
        if (str_starts(digits, rules->trunk))
            digits = str_from(digits, rules->trunk.n);
        buf_add(&form, rules->calling_code);
    }
    buf_add(&form, digits);
    if (form.failed
        || (ok && digits.n >= PHONE_DIGITS_MIN && form.n <= PHONE_DIGITS_MAX + 1)) {
        *out = form.failed ? (str){NULL, 0} : arena_str(a, buf_str(&form));
        buf_free(&form);
        return out->p || err_nomem(err);
    }
    buf_free(&form);
    return err_set(err, ERR_INPUT,
                   "this is no phone number: one has %d to %d digits, and a + before its "
                   "calling code",
                   PHONE_DIGITS_MIN, PHONE_DIGITS_MAX);
}

bool id_is_pseudonym(str value)
{
    bool is = value.n == PSEUDONYM_BYTES && str_starts(value, STR("p_"));

    for (size_t i = 2; is && i < value.n; i++)
        is = (value.p[i] >= 'a' && value.p[i] <= 'z')
             || (value.p[i] >= '2' && value.p[i] <= '7');
    return is;
}

static bool is_plain(str value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7F)
            return false;
    return str_is_utf8(value);
}

static bool is_somebodys(const struct id_rules *rules, enum id_kind kind, str value,
                         struct err *err)
{
    if (is_one_of(value, nobody, sizeof nobody / sizeof *nobody)
        || is_one_of(value, rules->blocked, rules->blocked_n)
        || is_monotonous(kind, value))
        return err_set(err, ERR_INPUT, "this value is nobody's");
    return true;
}

bool id_parse(const struct id_rules *rules, enum id_kind kind, str raw, struct arena *a,
              struct id *out, struct err *err)
{
    str name = id_kind_name(kind), value = str_trim(raw);

    if (id_is_pseudonym(value)) {
        *out = (struct id){kind, value};
        return true;
    }
    if (!is_plain(value))
        return err_set(err, ERR_INPUT, "%.*s is not plain UTF-8 text", STR_FMT(name));
    if (!is_somebodys(rules, kind, value, err)
        || (kind == ID_EMAIL && !email_form(value, a, &value, err))
        || (kind == ID_PHONE && !phone_form(rules, value, a, &value, err))
        || !is_somebodys(rules, kind, value, err))
        return err_in(err, "%.*s", STR_FMT(name));
    if (value.n > ID_BYTES_MAX)
        return err_set(err, ERR_INPUT, "%.*s has more than %u bytes", STR_FMT(name),
                       ID_BYTES_MAX);
    *out = (struct id){kind, value};
    return true;
}

/* --- ids of systems that are named --- */

/* As Segment names its externalIds. */
static const struct kind_word {
    str word;
    enum id_kind kind;
} kind_words[] = {
    {{"user_id", 7}, ID_USER},
    {{"userId", 6}, ID_USER},
    {{"anonymous_id", 12}, ID_ANONYMOUS},
    {{"anonymousId", 11}, ID_ANONYMOUS},
    {{"email", 5}, ID_EMAIL},
    {{"phone", 5}, ID_PHONE},
    {{"device", 6}, ID_DEVICE},
    {{"ios.id", 6}, ID_DEVICE},
    {{"ios.idfa", 8}, ID_DEVICE},
    {{"android.id", 10}, ID_DEVICE},
    {{"android.idfa", 12}, ID_DEVICE},
};

static bool join(str system, str value, struct arena *a, str *out, struct err *err)
{
    char *text = arena_alloc(a, system.n + 1 + value.n, 1);

    if (!text)
        return err_nomem(err);
    memcpy(text, system.p, system.n);
    text[system.n] = ':';
    memcpy(text + system.n + 1, value.p, value.n);
    *out = (str){text, system.n + 1 + value.n};
    return true;
}

bool id_parse_named(const struct id_rules *rules, str system, str raw, struct arena *a,
                    struct id *out, struct err *err)
{
    system = str_trim(system);
    for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
        if (str_eq(kind_words[i].word, system))
            return id_parse(rules, kind_words[i].kind, raw, a, out, err);
    if (!system.n || str_eq(system, STR("group_id")))
        return err_set(err, ERR_INPUT, "an id without a system, or of a group");
    return id_parse(rules, ID_OTHER, raw, a, out, err)
           && join(system, out->value, a, &raw, err)
           && id_parse(rules, ID_OTHER, raw, a, out, err);
}

/* --- keys --- */

str id_key(struct id id, struct arena *a)
{
    char *key;

    if (id.kind == ID_USER)
        return id.value;
    key = arena_alloc(a, 1 + id.value.n, 1);
    if (!key)
        return (str){NULL, 0};
    key[0] = (char)(id.kind + 1);
    memcpy(key + 1, id.value.p, id.value.n);
    return (str){key, 1 + id.value.n};
}

struct id id_of_key(str key)
{
    return key.n && key.p[0] > ID_USER + 1 && key.p[0] <= ID_KIND_N
               ? (struct id){(enum id_kind)(key.p[0] - 1), str_from(key, 1)}
               : (struct id){ID_USER, key};
}
