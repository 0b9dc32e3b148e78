/* pseudonym.c - a pseudonym is p_, 20 characters that are the keyed hash (BLAKE2b) of the id, and 6
 * that are the keyed hash of those: by them the key knows what it made. */
#include "event/pseudonym.h"

#include "base/num.h"
#include "base/secret.h"
#include "base/sign.h"
#include "event/mention.h"

#include <stdlib.h>
#include <string.h>

#define KEY_PREFIX STR("ciclo_pseudonym_")
enum { KEY_CHANCE = 43, HASH_CHARS = 20, CHECK_CHARS = 6, SYSTEM_MAX = 100 };
_Static_assert(2 + HASH_CHARS + CHECK_CHARS == PSEUDONYM_BYTES, "as id.h says");
_Static_assert(SYSTEM_MAX + 1 + PSEUDONYM_BYTES <= ID_BYTES_MAX, "it is an id");

/* --- keys --- */

bool pseudonym_key_new(struct pseudonym_key *out)
{
    struct buf text = {};
    struct err unheard;
    bool ok = secret_new(&text, KEY_PREFIX) && !text.failed
              && pseudonym_key_parse(buf_str(&text), out, &unheard);

    buf_free(&text);
    return ok;
}

bool pseudonym_key_parse(str text, struct pseudonym_key *out, struct err *err)
{
    *out = (struct pseudonym_key){};
    text = str_trim(text);
    if (text.n != KEY_PREFIX.n + KEY_CHANCE || !str_starts(text, KEY_PREFIX))
        return err_set(err, ERR_INPUT,
                       "this is no key that ciclo init --pseudonymous made");
    memcpy(out->text, text.p, text.n);
    out->n = text.n;
    return true;
}

void pseudonym_key_print(const struct pseudonym_key *k, struct buf *to)
{
    buf_add(to, (str){k->text, k->n});
}

static struct mac keyed(const struct pseudonym_key *k, char what, str text)
{
    struct mac inner = mac_of((str){k->text, k->n}, text);
    unsigned char both[1 + MAC_BYTES];

    both[0] = (unsigned char)what;
    memcpy(both + 1, inner.byte, MAC_BYTES);
    return mac_of((str){k->text, k->n}, (str){(const char *)both, sizeof both});
}

int64_t pseudonym_fingerprint(const struct pseudonym_key *k)
{
    struct mac m = keyed(k, 'f', STR(""));
    uint64_t print = 0;

    for (int i = 0; i < 8; i++)
        print = print << 8 | m.byte[i];
    return (int64_t)(print > 1 ? print : 2);
}

/* --- pseudonyms --- */

static void base32(const struct mac *m, size_t n, char *to)
{
    static const char digit[] = "abcdefghijklmnopqrstuvwxyz234567";

    for (size_t i = 0; i < n; i++) {
        size_t bit = 5 * i, two = (size_t)m->byte[bit / 8] << 8 | m->byte[bit / 8 + 1];

        to[i] = digit[two >> (11 - bit % 8) & 31];
    }
}

static void check_of(const struct pseudonym_key *k, const char *hash, char *to)
{
    struct mac m = keyed(k, 'c', (str){hash, HASH_CHARS});

    base32(&m, CHECK_CHARS, to);
}

static bool is_made_by(const struct pseudonym_key *k, str value)
{
    char check[CHECK_CHARS];

    if (!id_is_pseudonym(value))
        return false;
    check_of(k, value.p + 2, check);
    return !memcmp(check, value.p + 2 + HASH_CHARS, sizeof check);
}

static void make(const struct pseudonym_key *k, char what, str text, char *to)
{
    struct mac m = keyed(k, what, text);

    memcpy(to, "p_", 2);
    base32(&m, HASH_CHARS, to + 2);
    check_of(k, to + 2, to + 2 + HASH_CHARS);
}

bool pseudonym_text(const struct pseudonym_key *k, str text, struct arena *a, str *out,
                    struct err *err)
{
    char *to = arena_alloc(a, PSEUDONYM_BYTES, 1);

    if (!to)
        return err_nomem(err);
    make(k, 't', text, to);
    *out = (str){to, PSEUDONYM_BYTES};
    return true;
}

/* What stands for ":" in front of it too; a system that could be a person's is hidden with it. */
static str system_of(struct id id)
{
    const char *colon = id.kind == ID_OTHER ? memchr(id.value.p, ':', id.value.n) : NULL;

    return colon ? (str){id.value.p, (size_t)(colon - id.value.p) + 1} : STR("");
}

bool pseudonym_of(const struct pseudonym_key *k, struct id id, struct arena *a,
                  struct id *out, struct err *err)
{
    str system = system_of(id);
    enum id_kind kind = id.kind == ID_ANONYMOUS ? ID_USER : id.kind;
    char *to;

    *out = id;
    if (is_made_by(k, str_from(id.value, system.n)))
        return true;
    if (system.n > SYSTEM_MAX || (system.n && memchr(system.p, '@', system.n)))
        system = STR("hidden:");
    to = arena_alloc(a, system.n + PSEUDONYM_BYTES, 1);
    if (!to)
        return err_nomem(err);
    memcpy(to, system.p, system.n);
    make(k, id_kind_name(kind).p[0], id.value, to + system.n);
    out->value = (str){to, system.n + PSEUDONYM_BYTES};
    return true;
}

/* --- names of what is personal --- */

/* The last word or words of a name, letters and digits only: customer_email, e-mail, firstName. */
static const char *const personal_ends[] = {
    "email",      "phone",         "phonenumber", "mobilenumber", "address",
    "street",     "birthday",      "birthdate",   "dateofbirth",  "firstname",
    "lastname",   "middlename",    "fullname",    "givenname",    "familyname",
    "surname",    "nickname",      "username",    "displayname",  "customername",
    "clientname", "contactname",   "membername",  "ownername",    "personname",
    "buyername",  "recipientname", "cardholder",  "useragent",    "useragentdata",
    "avatar",     "latitude",      "longitude",   "userid",       "customerid",
    "clientid",   "contactid",     "memberid",    "subscriberid", "ownerid",
    "personid",   "visitorid",     "anonymousid", "distinctid",   NULL};
/* The whole name, or one between the dots of it. */
static const char *const personal_words[] = {
    "mail",     "mobile", "tel",      "telephone",  "fax",           "dob",
    "ip",       "idfa",   "idfv",     "imei",       "ssn",           "iban",
    "passport", "taxid",  "vatid",    "fiscalcode", "codicefiscale", "nif",
    "cpf",      "photo",  "picture",  "zip",        "zipcode",       "postalcode",
    "postcode", "user",   "customer", "client",     "owner",         NULL};
/* Of a person; of a product or a page they are something else. */
static const char *const personal_traits[] = {"name", "title",   "description",
                                              "id",   "website", NULL};
static const char *const personal_context[] = {
    "context.device.id", "context.device.advertisingId", "context.device.token",
    "context.device.name", NULL};

enum { WORD_MAX = 64 };

/* One of a list, or the end of it is. */
static bool is_listed(str word, const char *const *list, bool end)
{
    for (; *list; list++) {
        str one = str_of(*list);

        if (word.n == one.n || (end && word.n > one.n)) {
            if (str_eq(str_from(word, word.n - one.n), one))
                return true;
        }
    }
    return false;
}

/* Lower-case, without what stands between its words; of a long one the end. */
static str plain_word(str word, char room[WORD_MAX])
{
    size_t n = 0;

    if (word.n > WORD_MAX)
        word = str_from(word, word.n - WORD_MAX);
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c != '_' && c != '-' && c != ' ')
            room[n++] = c;
    }
    return (str){room, n};
}

static bool is_personal(str name, bool is_trait)
{
    char room[WORD_MAX];

    if (memchr(name.p, '@', name.n) || str_starts(name, STR("context.location."))
        || is_listed(name, personal_context, false))
        return true;
    for (;;) {
        const char *dot = memchr(name.p, '.', name.n);
        size_t n = dot ? (size_t)(dot - name.p) : name.n;
        str word = plain_word((str){name.p, n}, room);

        if (is_listed(word, personal_ends, true) || is_listed(word, personal_words, false)
            || (is_trait && is_listed(word, personal_traits, false)))
            return true;
        if (!dot)
            return false;
        name = str_from(name, n + 1);
    }
}

/* --- values that say who somebody is --- */

static bool is_of_address(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c & 0x80);
}

/* name@domain, or with the sign escaped as in a link. */
static bool has_address(str text)
{
    for (size_t i = 1; i + 1 < text.n; i++) {
        size_t sign = text.p[i] == '@'                            ? 1
                      : str_starts(str_from(text, i), STR("%40")) ? 3
                                                                  : 0;

        if (sign && i + sign < text.n && is_of_address(text.p[i - 1])
            && is_of_address(text.p[i + sign]))
            return true;
    }
    return false;
}

static bool value_has_address(const struct value *v)
{
    if (v->type == VALUE_TEXT)
        return has_address(v->text);
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.n; i++)
        if (has_address(v->list.item[i]))
            return true;
    return false;
}

/* The end of the text, or of what comes before the first of some characters. */
static size_t up_to(str text, const char *stop)
{
    size_t n = 0;

    while (n < text.n && !strchr(stop, text.p[n]))
        n++;
    return n;
}

/* Which parameters it has, and of campaigns what they say: that is what channels follow from. */
static void add_query(str query, struct buf *to)
{
    char before = '?';

    while (query.n) {
        size_t n = up_to(query, "&;");
        str one = {query.p, n}, name = {one.p, up_to(one, "=")};

        query = str_from(query, n < query.n ? n + 1 : n);
        if (name.n + 1 >= one.n)
            continue;
        buf_add_char(to, before);
        buf_add(to, name);
        buf_add_char(to, '=');
        buf_add(to, str_starts(name, STR("utm_")) ? str_from(one, name.n + 1) : STR("x"));
        before = '&';
    }
}

static bool is_link(str text)
{
    return str_starts(text, STR("?")) || (text.n && memmem(text.p, text.n, "://", 3));
}

static bool cut_link(str *text, struct arena *a, struct err *err)
{
    size_t n = up_to(*text, "?#");
    struct buf b = {};
    bool ok;

    if (!is_link(*text) || n == text->n)
        return true;
    buf_add(&b, (str){text->p, n});
    if (text->p[n] == '?') {
        str query = str_from(*text, n + 1);

        add_query((str){query.p, up_to(query, "#")}, &b);
    }
    *text = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
    ok = text->p || err_nomem(err);
    buf_free(&b);
    return ok;
}

/* --- an event --- */

struct hiding {
    const struct pseudonym_key *key;
    const struct dictionary *dictionary;
    struct arena *a;
    struct event *e;
};

static bool is_declared_personal(const struct hiding *h, str name, bool is_trait)
{
    const struct dictionary_event *event = dictionary_event(h->dictionary, h->e->type);
    const struct dictionary_property *p =
        is_trait ? dictionary_trait(h->dictionary, name)
                 : (event ? dictionary_property(h->dictionary, event, name) : NULL);

    return p && p->personal;
}

static bool number_text(struct arena *a, int64_t number, str *out, struct err *err)
{
    struct buf b = {};

    num_print(&b, number);
    *out = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_free(&b);
    return out->p || err_nomem(err);
}

/* A property that is an id of a kind; *kept: it is one. */
static bool hide_id(const struct hiding *h, struct property *p, enum id_kind kind,
                    bool *kept, struct err *err)
{
    static const struct id_rules rules;
    str text = p->value.text;
    struct id id;

    *kept = false;
    if (p->value.type == VALUE_NUMBER && !number_text(h->a, p->value.number, &text, err))
        return false;
    if (p->value.type != VALUE_NUMBER && p->value.type != VALUE_TEXT)
        return true;
    if (!id_parse(&rules, kind, text, h->a, &id, err))
        return err->code == ERR_INPUT;
    if (!pseudonym_of(h->key, id, h->a, &id, err))
        return false;
    *kept = true;
    p->value = (struct value){.type = VALUE_TEXT, .text = id.value};
    return true;
}

/* Ids that are properties, which would else go as mentions. */
static bool is_id_property(const struct event *e, str name)
{
    return (str_eq(e->type, STR("alias")) && str_eq(name, STR("previousId")))
           || (str_eq(e->type, STR("group")) && str_eq(name, STR("groupId")));
}

static bool hide_property(const struct hiding *h, struct property *p, bool is_trait,
                          bool *kept, struct err *err)
{
    bool of_group =
        str_eq(h->e->type, STR("group")) && str_starts(p->name, STR("traits."));

    *kept = false;
    if (!is_trait && is_id_property(h->e, p->name))
        return hide_id(h, p, str_eq(p->name, STR("groupId")) ? ID_GROUP : ID_USER, kept,
                       err);
    if (p->value.type != VALUE_BOOL
        && (is_personal(p->name, is_trait || of_group)
            || is_declared_personal(h, p->name, is_trait)))
        return true;
    if (p->value.type == VALUE_TEXT && !cut_link(&p->value.text, h->a, err))
        return false;
    *kept = !value_has_address(&p->value);
    return true;
}

static bool hide_properties(const struct hiding *h, const struct property **all,
                            uint32_t *n, bool are_traits, struct err *err)
{
    struct property *p = arena_array(h->a, struct property, (size_t)*n + 1);
    uint32_t left = 0;
    bool kept;

    if (!p)
        return err_nomem(err);
    for (uint32_t i = 0; i < *n; i++) {
        p[left] = (*all)[i];
        if (!hide_property(h, &p[left], are_traits, &kept, err))
            return false;
        left += kept;
    }
    *all = p;
    *n = left;
    return true;
}

/* His ids as words in what else it says. */
static bool take_mentions(const struct hiding *h, const struct text_table *ids,
                          struct err *err)
{
    struct mentions m = mentions_of(ids);
    uint64_t *times = arena_array(h->a, uint64_t, (size_t)ids->n + 1);
    struct event *e = h->e;
    uint32_t first;

    if (!times)
        return err_nomem(err);
    if (e->id.n && (mentions_find_telling(&m, e->id) != TEXT_NONE || has_address(e->id))
        && !pseudonym_text(h->key, e->id, h->a, &e->id, err))
        return false;
    if (has_address(e->type) || mentions_find_telling(&m, e->type) != TEXT_NONE)
        return err_set(err, ERR_INPUT, "the name of the event says who somebody is");
    return mentions_take_from(&m, &e->property, &e->property_n, h->a, times, &first, err)
           && mentions_take_from(&m, &e->trait, &e->trait_n, h->a, times, &first, err);
}

static bool add_text(struct text_table *t, str text, struct err *err)
{
    uint32_t number;

    return !text.n || text.n > EVENT_NAME_MAX || text_table_lend(t, text, &number)
           || err_nomem(err);
}

static bool add_ids(const struct event *e, struct text_table *t, struct err *err)
{
    bool ok = add_text(t, e->previous, err);

    for (uint32_t i = 0; ok && i < e->who_n; i++)
        ok = add_text(t, str_from(e->who[i].value, system_of(e->who[i]).n), err);
    return ok;
}

static int id_order(const void *a, const void *b)
{
    return id_compare(*(const struct id *)a, *(const struct id *)b);
}

static bool hide_who(const struct hiding *h, struct err *err)
{
    struct event *e = h->e;
    struct id *who = arena_array(h->a, struct id, (size_t)e->who_n + 1), previous;

    if (!who)
        return err_nomem(err);
    for (uint32_t i = 0; i < e->who_n; i++)
        if (!pseudonym_of(h->key, e->who[i], h->a, &who[i], err))
            return false;
    qsort(who, e->who_n, sizeof *who, id_order);
    if (e->previous.n) {
        if (!pseudonym_of(h->key, (struct id){ID_USER, e->previous}, h->a, &previous,
                          err))
            return false;
        e->previous = previous.value;
    }
    e->who = who;
    e->implied = 0;
    e->customer = id_key(who[0], h->a);
    return e->customer.p || err_nomem(err);
}

static bool hide_decided(const struct hiding *h, struct err *err)
{
    struct event *e = h->e;
    struct property *p = arena_array(h->a, struct property, (size_t)e->property_n + 1);
    struct decision d;

    if (!p)
        return err_nomem(err);
    if (!event_decision(e, h->a, &d, err) || !pseudonym_of(h->key, d.a, h->a, &d.a, err)
        || !pseudonym_of(h->key, d.b, h->a, &d.b, err))
        return false;
    memcpy(p, e->property, e->property_n * sizeof *p);
    for (uint32_t i = 0; i < e->property_n; i++)
        if (str_eq(p[i].name, STR("a")))
            p[i].value.text = d.a.value;
        else if (str_eq(p[i].name, STR("b")))
            p[i].value.text = d.b.value;
    e->property = p;
    return true;
}

bool pseudonym_hide(const struct pseudonym_key *k, const struct dictionary *d,
                    struct event *e, struct arena *a, struct err *err)
{
    struct hiding h = {k, d, a, e};
    struct text_table ids = {};
    bool ok;

    if (!e->who_n)
        return err_set(err, ERR_INPUT, "nobody is known by its ids");
    if (str_eq(e->type, STR(EVENT_DECIDED)))
        return hide_decided(&h, err) && hide_who(&h, err);
    ok = hide_properties(&h, &e->property, &e->property_n, false, err)
         && hide_properties(&h, &e->trait, &e->trait_n, true, err)
         && add_ids(e, &ids, err) && take_mentions(&h, &ids, err) && hide_who(&h, err);
    text_table_free(&ids);
    return ok;
}
