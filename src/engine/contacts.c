#include "engine/contacts.h"

#include "base/num.h"
#include "rule/trait.h"

#include <stdlib.h>
#include <string.h>

/* What traits say: a contact's field each, or a part of the name. */
enum slot {
    SLOT_FIRST = SIMILAR_FIELD_N,
    SLOT_LAST,
    SLOT_N,
};

/* Small letters and digits of the trait's name are what counts; of a slot the first with a value. */
static const struct {
    const char *name;
    int slot;
} known[] = {
    {"name", SIMILAR_NAME},
    {"fullname", SIMILAR_NAME},
    {"firstname", SLOT_FIRST},
    {"givenname", SLOT_FIRST},
    {"lastname", SLOT_LAST},
    {"surname", SLOT_LAST},
    {"familyname", SLOT_LAST},
    {"email", SIMILAR_EMAIL},
    {"emailaddress", SIMILAR_EMAIL},
    {"phone", SIMILAR_PHONE},
    {"phonenumber", SIMILAR_PHONE},
    {"mobile", SIMILAR_PHONE},
    {"mobilephone", SIMILAR_PHONE},
    {"address", SIMILAR_ADDRESS},
    {"addressstreet", SIMILAR_ADDRESS},
    {"street", SIMILAR_ADDRESS},
    {"streetaddress", SIMILAR_ADDRESS},
    {"address1", SIMILAR_ADDRESS},
    {"postalcode", SIMILAR_POSTAL},
    {"addresspostalcode", SIMILAR_POSTAL},
    {"postcode", SIMILAR_POSTAL},
    {"zip", SIMILAR_POSTAL},
    {"zipcode", SIMILAR_POSTAL},
    {"city", SIMILAR_CITY},
    {"addresscity", SIMILAR_CITY},
    {"town", SIMILAR_CITY},
    {"birthday", SIMILAR_BIRTHDAY},
    {"birthdate", SIMILAR_BIRTHDAY},
    {"dateofbirth", SIMILAR_BIRTHDAY},
};
enum { KNOWN_N = sizeof known / sizeof *known };

/* A column of one of these traits. */
struct source {
    uint32_t rank; /* in known[] */
    str name;
    uint32_t column;
};

struct gathering {
    struct snapshot *v;
    struct arena *a;
    struct source *source;
    size_t source_n;
    const struct dictionary_property *kept;
    uint32_t kept_n;
    struct contacts *to;
    str (*value)[SLOT_N]; /* of a chunk, by its customers */
    struct buf text;
};

/* --- which columns --- */

static bool is_named(str trait, const char *name)
{
    for (size_t i = 0; i < trait.n; i++) {
        char c = trait.p[i];

        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            continue;
        if (c != *name++)
            return false;
    }
    return !*name;
}

static int source_order(const void *a, const void *b)
{
    const struct source *sa = a, *sb = b;

    return sa->rank != sb->rank ? (sa->rank > sb->rank) - (sa->rank < sb->rank)
                                : str_cmp(sa->name, sb->name);
}

static bool find_sources(struct gathering *g, struct err *err)
{
    const struct catalog *c = snapshot_catalog(g->v);

    g->source = arena_array(g->a, struct source, c->column_n);
    if (!g->source)
        return err_nomem(err);
    for (uint32_t i = 0; i < c->column_n; i++) {
        uint32_t rank = 0;

        while (rank < KNOWN_N && !is_named(c->column[i].name, known[rank].name))
            rank++;
        if (c->column[i].trait && rank < KNOWN_N)
            g->source[g->source_n++] = (struct source){rank, c->column[i].name, i};
    }
    if (g->source_n)
        qsort(g->source, g->source_n, sizeof *g->source, source_order);
    return true;
}

/* --- what they say --- */

/* What is neither a text nor a number says nothing, as null does. */
static bool text_of_cell(struct gathering *g, const struct cells *cells, uint32_t at,
                         str *out, struct err *err)
{
    *out = STR("");
    if (cells->type == VALUE_TEXT)
        *out = cells->word[cells->text[at]];
    if (cells->type != VALUE_NUMBER)
        return true;
    buf_clear(&g->text);
    num_print(&g->text, cells->number[at]);
    *out = g->text.failed ? (str){NULL, 0} : arena_str(g->a, buf_str(&g->text));
    return out->p || err_nomem(err);
}

static const struct keep *rule_of(const struct gathering *g, str trait)
{
    for (uint32_t i = 0; i < g->kept_n; i++)
        if (str_eq(g->kept[i].name, trait))
            return &g->kept[i].keep;
    return NULL;
}

/* The value that stands counts, whatever its type. */
static bool read_trait(struct gathering *g, const struct chunk *c, size_t *at,
                       struct err *err)
{
    const struct source *of = &g->source[*at];
    int slot = known[of->rank].slot;
    struct trait_said said;
    struct trait_at t;

    while (*at < g->source_n && str_eq(g->source[*at].name, of->name))
        ++*at;
    if (!trait_open(&t, c, of->name, rule_of(g, of->name), err))
        return false;
    for (uint32_t i = 0; i < c->customer_n; i++) {
        str text;

        if (g->value[i][slot].n || !trait_decide(&t, c->first[i], c->first[i + 1], &said))
            continue;
        if (!text_of_cell(g, said.cells, said.cell, &text, err))
            return false;
        g->value[i][slot] = str_trim(text);
    }
    return true;
}

/* --- in the form in which they are compared --- */

/* What is no id counts for nothing. */
static bool id_form(enum id_kind kind, str raw, struct arena *a, str *out,
                    struct err *err)
{
    static const struct id_rules rules;
    struct id id;

    *out = STR("");
    if (!raw.n)
        return true;
    if (!id_parse(&rules, kind, raw, a, &id, err))
        return err->code == ERR_INPUT;
    *out = id.value;
    return true;
}

/* 00184, as 00 184 and 00-184 are; the day of a moment. */
static str code_form(struct gathering *g, int field, str raw)
{
    enum { DAY = 10 };

    if (field == SIMILAR_BIRTHDAY && raw.n > DAY && raw.p[4] == '-' && raw.p[DAY] == 'T')
        raw.n = DAY;
    buf_clear(&g->text);
    for (size_t i = 0; i < raw.n; i++)
        if (field == SIMILAR_BIRTHDAY || (raw.p[i] != ' ' && raw.p[i] != '-'))
            buf_add_char(&g->text, raw.p[i]);
    return buf_str(&g->text);
}

static void name_of(struct gathering *g, const str value[SLOT_N], str *out)
{
    *out = value[SIMILAR_NAME];
    if (out->n)
        return;
    buf_clear(&g->text);
    buf_add(&g->text, value[SLOT_FIRST]);
    if (value[SLOT_FIRST].n && value[SLOT_LAST].n)
        buf_add_char(&g->text, ' ');
    buf_add(&g->text, value[SLOT_LAST]);
    *out = buf_str(&g->text);
}

static bool set_field(struct gathering *g, const str value[SLOT_N], int field,
                      struct contact *to, struct err *err)
{
    str text = value[field];

    if ((field == SIMILAR_EMAIL || field == SIMILAR_PHONE)
        && !id_form(field == SIMILAR_EMAIL ? ID_EMAIL : ID_PHONE, value[field], g->a,
                    &text, err))
        return false;
    if (field == SIMILAR_NAME)
        name_of(g, value, &text);
    if (field == SIMILAR_POSTAL || field == SIMILAR_BIRTHDAY)
        text = code_form(g, field, text);
    to->field[field] = g->text.failed ? (str){NULL, 0} : arena_str(g->a, text);
    return to->field[field].p || err_nomem(err);
}

static bool add_contact(struct gathering *g, uint32_t customer, const str value[SLOT_N],
                        struct err *err)
{
    struct contacts *to = g->to;
    struct contact *one = &to->contact[to->n];

    for (int f = 0; f < SIMILAR_FIELD_N; f++)
        if (!set_field(g, value, f, one, err))
            return false;
    to->customer[to->n] = customer;
    to->n += one->field[SIMILAR_NAME].n || one->field[SIMILAR_EMAIL].n
             || one->field[SIMILAR_PHONE].n;
    return true;
}

static bool reserve(struct contacts *c, uint32_t more, struct err *err)
{
    uint32_t cap = c->cap ? c->cap : CHUNK_CUSTOMERS;
    void *grown;

    while (cap - c->n < more)
        cap *= 2;
    if (cap == c->cap)
        return true;
    if (!(grown = mem_resize(c->contact, cap * sizeof *c->contact)))
        return err_nomem(err);
    c->contact = grown;
    if (!(grown = mem_resize(c->customer, cap * sizeof *c->customer)))
        return err_nomem(err);
    c->customer = grown;
    c->cap = cap;
    return true;
}

static bool tells(const str value[SLOT_N])
{
    return value[SIMILAR_NAME].n || value[SLOT_FIRST].n || value[SLOT_LAST].n
           || value[SIMILAR_EMAIL].n || value[SIMILAR_PHONE].n;
}

static bool read_chunk(struct gathering *g, const struct chunk *c, struct err *err)
{
    if (!reserve(g->to, c->customer_n, err))
        return false;
    memset(g->value, 0, c->customer_n * sizeof *g->value);
    for (size_t at = 0; at < g->source_n;)
        if (!read_trait(g, c, &at, err))
            return false;
    for (uint32_t i = 0; i < c->customer_n; i++)
        if (tells(g->value[i])
            && !add_contact(g, c->customer_first + i, g->value[i], err))
            return false;
    return true;
}

static bool read_all(struct gathering *g,
                     bool (*progress)(void *context, uint64_t done, uint64_t all),
                     void *context, struct err *err)
{
    uint32_t n = snapshot_chunk_count(g->v);

    for (uint32_t i = 0; i < n && g->source_n; i++) {
        const struct chunk *c;
        bool ok;

        if (progress && !progress(context, i, n))
            return err_set(err, ERR_CONFLICT, "it was cancelled");
        if (!snapshot_chunk(g->v, i, &c, err))
            return false;
        ok = read_chunk(g, c, err);
        snapshot_release(g->v, i);
        if (!ok)
            return false;
    }
    return true;
}

bool contacts_gather(struct snapshot *v, const struct dictionary_property *kept,
                     uint32_t kept_n, struct arena *a,
                     bool (*progress)(void *context, uint64_t done, uint64_t all),
                     void *context, struct contacts *out, struct err *err)
{
    struct arena own = {};
    struct gathering g = {.v = v, .a = a, .kept = kept, .kept_n = kept_n, .to = out};
    bool ok;

    *out = (struct contacts){};
    g.value = arena_alloc(&own, CHUNK_CUSTOMERS * sizeof *g.value, _Alignof(str));
    ok = g.value || err_nomem(err);
    ok = ok && find_sources(&g, err) && read_all(&g, progress, context, err);
    buf_free(&g.text);
    arena_free(&own);
    return ok;
}

void contacts_free(struct contacts *c)
{
    mem_free(c->contact);
    mem_free(c->customer);
    *c = (struct contacts){};
}
