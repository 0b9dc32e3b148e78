#include "event/mention.h"

#include "base/num.h"

#include <string.h>

enum { TELLING_MIN = 6 };

static bool is_telling(str id)
{
    bool digits = true;

    for (size_t i = 0; i < id.n; i++)
        digits &= id.p[i] >= '0' && id.p[i] <= '9';
    return id.n >= TELLING_MIN && !digits;
}

struct mentions mentions_of(const struct text_table *id)
{
    struct mentions m = {.id = id};

    for (uint32_t i = 0; i < id->n; i++) {
        str text = text_table_get(id, i);

        m.length[text.n] = true;
        m.telling[text.n] |= is_telling(text);
    }
    return m;
}

/* --- words --- */

static bool is_of_word(char byte)
{
    unsigned char c = (unsigned char)byte;

    return c >= 0x80 || (c >= '0' && c <= '9')
           || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Whether a word may begin or end between these two. */
static bool is_border(str text, size_t at)
{
    return at == 0 || at == text.n || !is_of_word(text.p[at - 1])
           || !is_of_word(text.p[at]);
}

/* Whoever writes an e-mail address writes it in letters of any case. */
static uint32_t number_of(const struct mentions *m, str text)
{
    char lower[EVENT_NAME_MAX];
    uint32_t number;

    if (text.n > EVENT_NAME_MAX || !m->length[text.n])
        return TEXT_NONE;
    number = text_table_find(m->id, text);
    if (number != TEXT_NONE || !text.n || !memchr(text.p, '@', text.n))
        return number;
    for (size_t i = 0; i < text.n; i++)
        lower[i] =
            text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 0x20) : text.p[i];
    return text_table_find(m->id, (str){lower, text.n});
}

/* The longest that stands at this place; 0: none. */
static size_t word_at(const struct mentions *m, bool telling, str text, size_t at,
                      uint32_t *number)
{
    const bool *length = telling ? m->telling : m->length;
    size_t left = text.n - at;

    if (!is_border(text, at))
        return 0;
    for (size_t n = left < EVENT_NAME_MAX ? left : EVENT_NAME_MAX; n > 0; n--) {
        str word = {text.p + at, n};

        if (!length[n] || !is_border(text, at + n) || (telling && !is_telling(word)))
            continue;
        *number = number_of(m, word);
        if (*number != TEXT_NONE)
            return n;
    }
    return 0;
}

static uint32_t find(const struct mentions *m, bool telling, str text)
{
    uint32_t number;

    for (size_t at = 0; at < text.n; at++)
        if (word_at(m, telling, text, at, &number))
            return number;
    return TEXT_NONE;
}

uint32_t mentions_find(const struct mentions *m, str text)
{
    return find(m, false, text);
}

uint32_t mentions_find_telling(const struct mentions *m, str text)
{
    return find(m, true, text);
}

/* --- an event --- */

struct taking {
    const struct mentions *m;
    struct arena *a;
    uint64_t *times;
    uint32_t *first;
    bool decides; /* what it says of `a` and `b` are ids */
    bool joins;   /* its groupId is an account's */
};

static void note(const struct taking *t, uint32_t number)
{
    t->times[number]++;
    if (*t->first == TEXT_NONE)
        *t->first = number;
}

/* "[erased]" for each of them that stands in the text as a word. */
static bool take_words(const struct taking *t, str *text, struct err *err)
{
    struct buf b = {0};
    size_t from = 0;
    bool ok;

    for (size_t at = 0; at < text->n;) {
        uint32_t number;
        size_t n = word_at(t->m, true, *text, at, &number);

        if (!n) {
            at++;
            continue;
        }
        buf_add(&b, (str){text->p + from, at - from});
        buf_add(&b, STR("[erased]"));
        from = at += n;
        note(t, number);
    }
    if (!from)
        return true;
    buf_add(&b, str_from(*text, from));
    *text = b.failed ? (str){NULL, 0} : arena_str(t->a, buf_str(&b));
    ok = text->p || err_nomem(err);
    buf_free(&b);
    return ok;
}

/* Whether a property of this name holds an id. */
static bool is_id_name(const struct taking *t, str name)
{
    static const str part[] = {STR("mail"), STR("phone"), STR("user"), STR("customer")};
    str end = {"id", 2};
    bool ends = name.n >= end.n && str_starts_nocase(str_from(name, name.n - end.n), end);

    ends |= t->decides && (str_eq(name, STR("a")) || str_eq(name, STR("b")));
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        ends |= str_contains_nocase(name, part[i]);
    return ends;
}

/* Whether the text is one of them, and could be nothing else in a property of this name: it is
 * noted then. */
static bool is_one(const struct taking *t, str name, str text)
{
    uint32_t number = number_of(t->m, text);

    if (number == TEXT_NONE || !(is_telling(text) || is_id_name(t, name)))
        return false;
    if (t->joins && str_eq(name, STR("groupId")) && !is_telling(text) && t->m->is_account
        && !t->m->is_account[number])
        return false;
    note(t, number);
    return true;
}

static bool take_list(const struct taking *t, str name, struct value *v, struct err *err)
{
    str *item = arena_array(t->a, str, (size_t)v->list.n + 1);
    uint32_t kept = 0;

    if (!item)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->list.n; i++) {
        item[kept] = v->list.item[i];
        if (!is_one(t, name, item[kept]) && !take_words(t, &item[kept++], err))
            return false;
    }
    v->list.item = item;
    v->list.n = kept;
    return true;
}

static bool is_number_of_one(const struct taking *t, str name, int64_t number, bool *is,
                             struct err *err)
{
    struct buf b = {0};
    bool ok;

    *is = false;
    if (!is_id_name(t, name))
        return true;
    num_print(&b, number);
    ok = !b.failed || err_nomem(err);
    *is = ok && is_one(t, name, buf_str(&b));
    buf_free(&b);
    return ok;
}

/* *goes: all of it does. */
static bool take_value(const struct taking *t, struct property *p, bool *goes,
                       struct err *err)
{
    uint32_t number = mentions_find_telling(t->m, p->name);

    *goes = number != TEXT_NONE;
    if (*goes) {
        note(t, number);
        return true;
    }
    switch (p->value.type) {
    case VALUE_TEXT:
        *goes = is_one(t, p->name, p->value.text);
        return *goes || take_words(t, &p->value.text, err);
    case VALUE_LIST:
        return take_list(t, p->name, &p->value, err);
    case VALUE_NUMBER:
        return is_number_of_one(t, p->name, p->value.number, goes, err);
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}

static bool take_properties(const struct taking *t, const struct property **all,
                            uint32_t *n, struct err *err)
{
    struct property *p = arena_array(t->a, struct property, (size_t)*n + 1);
    uint32_t kept = 0;
    bool goes;

    if (!p)
        return err_nomem(err);
    for (uint32_t i = 0; i < *n; i++) {
        p[kept] = (*all)[i];
        if (!take_value(t, &p[kept], &goes, err))
            return false;
        kept += !goes;
    }
    *all = p;
    *n = kept;
    return true;
}

/* Another id in its place, the same each time. */
static bool take_message_id(const struct taking *t, struct event *e, struct err *err)
{
    uint32_t number = mentions_find_telling(t->m, e->id);
    struct buf b = {0};
    bool ok;

    if (number == TEXT_NONE)
        return true;
    note(t, number);
    buf_add(&b, STR("erased-"));
    hash128_print(&b, hash128_of(e->id));
    e->id = b.failed ? (str){NULL, 0} : arena_str(t->a, buf_str(&b));
    ok = e->id.p || err_nomem(err);
    buf_free(&b);
    return ok;
}

/* All but the anchor, who stays. */
static bool take_ids(const struct taking *t, struct event *e, struct err *err)
{
    struct id *who = arena_array(t->a, struct id, (size_t)e->who_n + 1);
    uint32_t kept = 0, implied = 0, number;

    if (!who)
        return err_nomem(err);
    for (uint32_t i = 0; i < e->who_n; i++) {
        number = number_of(t->m, e->who[i].value);
        if (i && number != TEXT_NONE) {
            note(t, number);
            continue;
        }
        implied |= (e->implied >> i & 1) << kept;
        who[kept++] = e->who[i];
    }
    e->who = who;
    e->who_n = kept;
    e->implied = implied;
    if (number_of(t->m, e->previous) != TEXT_NONE)
        e->previous = STR("");
    return true;
}

bool mentions_take_out(const struct mentions *m, struct event *e, struct arena *a,
                       uint64_t *times, uint32_t *first, struct err *err)
{
    struct taking t = {m,
                       a,
                       times,
                       first,
                       str_eq(e->type, STR(EVENT_DECIDED)),
                       str_eq(e->type, STR("group"))};

    *first = TEXT_NONE;
    return take_ids(&t, e, err) && take_message_id(&t, e, err)
           && take_words(&t, &e->type, err)
           && take_properties(&t, &e->property, &e->property_n, err)
           && take_properties(&t, &e->trait, &e->trait_n, err);
}

bool mentions_take_from(const struct mentions *m, const struct property **all,
                        uint32_t *all_n, struct arena *a, uint64_t *times,
                        uint32_t *first, struct err *err)
{
    struct taking t = {m, a, times, first, false, false};

    *first = TEXT_NONE;
    return take_properties(&t, all, all_n, err);
}
