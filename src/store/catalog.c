#include "store/catalog.h"

#include "store/customers.h"

#include <stdatomic.h>
#include <string.h>

/* Columns and sightings are found through tables of texts: the number of the text that says
 * what they are is their place in the array. */

enum { COLUMN_KEY_MAX = EVENT_NAME_MAX + 2, SIGHTING_KEY = 2 * sizeof(uint32_t) };

/* Of a name of at most EVENT_NAME_MAX bytes. */
static str column_key(str name, bool trait, enum value_type type,
                      char key[COLUMN_KEY_MAX])
{
    key[0] = trait ? 't' : 'p';
    key[1] = (char)type;
    if (name.n)
        memcpy(key + 2, name.p, name.n);
    return (str){key, name.n + 2};
}

static str sighting_key(uint32_t type, uint32_t column, char key[SIGHTING_KEY])
{
    memcpy(key, &type, sizeof type);
    memcpy(key + sizeof type, &column, sizeof column);
    return (str){key, SIGHTING_KEY};
}

static void free_names(struct catalog *c)
{
    text_table_free(&c->type);
    text_table_free(&c->column_key);
    text_table_free(&c->sighting_key);
    mem_free(c->column);
    mem_free(c->sighting);
    mem_free((void *)c->copies);
}

void catalog_free(struct catalog *c)
{
    if (!c->copies)
        customers_free(c->customer);
    if (!c->copies || atomic_fetch_sub(c->copies, 1) == 1)
        free_names(c);
    *c = (struct catalog){0};
}

bool catalog_init(struct catalog *c, struct err *err)
{
    uint32_t identify;

    *c = (struct catalog){.customer = customers_new()};
    if (c->customer && text_table_add(&c->type, STR("identify"), &identify))
        return true;
    catalog_free(c);
    return err_nomem(err);
}

/* --- customers --- */

uint32_t catalog_customer_n(const struct catalog *c)
{
    return c->customer_n;
}

uint32_t customer_key_kind(str key, str *id)
{
    uint32_t kind = key.n ? (unsigned char)key.p[0] - 1u : 0;

    if (kind == 0 || kind >= CUSTOMER_KINDS) {
        *id = key;
        return 0;
    }
    *id = str_from(key, 1);
    return kind;
}

static bool is_account(str key)
{
    str id;

    return customer_key_kind(key, &id) == ID_GROUP;
}

bool catalog_is_account(const struct catalog *c, uint32_t customer)
{
    return c->account_n && is_account(catalog_customer_key(c, customer));
}

str catalog_customer_key(const struct catalog *c, uint32_t customer)
{
    return customers_get(c->customer, customer);
}

str catalog_customer_id(const struct catalog *c, uint32_t customer)
{
    str id;

    customer_key_kind(catalog_customer_key(c, customer), &id);
    return id;
}

uint32_t catalog_key_find(const struct catalog *c, str key)
{
    uint32_t number = c->copies ? customers_find(c->customer, key)
                                : customers_own_find(c->customer, key);

    return number < c->customer_n ? number : CUSTOMER_NONE;
}

uint32_t catalog_customer_find(const struct catalog *c, str text)
{
    char key[CUSTOMER_KEY_MAX];
    uint32_t number = catalog_key_find(c, text);

    if (text.n > EVENT_NAME_MAX)
        return number;
    if (text.n)
        memcpy(key + 1, text.p, text.n);
    for (uint32_t kind = 1; number == CUSTOMER_NONE && kind < CUSTOMER_KINDS; kind++) {
        key[0] = (char)(kind + 1);
        number = catalog_key_find(c, (str){key, text.n + 1});
    }
    return number;
}

bool catalog_customer_add(struct catalog *c, str key, uint32_t *out, struct err *err)
{
    if (!customers_add(c->customer, key, out))
        return err_nomem(err);
    if (*out == c->customer_n) {
        c->customer_n++;
        c->account_n += is_account(key);
    }
    return true;
}

/* --- names --- */

uint32_t catalog_column_find(const struct catalog *c, str name, bool trait,
                             enum value_type type)
{
    char bytes[COLUMN_KEY_MAX];

    if (name.n > EVENT_NAME_MAX)
        return COLUMN_NONE;
    return text_table_find(&c->column_key, column_key(name, trait, type, bytes));
}

uint32_t catalog_column_after(const struct catalog *c, uint32_t last, str name,
                              bool trait, enum value_type type)
{
    uint32_t next = last == COLUMN_NONE ? 0 : c->column[last].next;

    if (next < c->column_n && c->column[next].type == type
        && c->column[next].trait == trait && str_eq(c->column[next].name, name))
        return next;
    return catalog_column_find(c, name, trait, type);
}

/* Room for one more thing. */
static bool grow(void **things, uint32_t n, uint32_t *cap, size_t size, struct err *err)
{
    uint32_t more = *cap ? *cap * 2 : 16;
    void *grown;

    if (n < *cap)
        return true;
    grown = mem_resize(*things, more * size);
    if (!grown)
        return err_nomem(err);
    *things = grown;
    *cap = more;
    return true;
}

static bool column_check(str name, enum value_type type, struct err *err)
{
    if (type != VALUE_NULL && type != VALUE_BOOL && type != VALUE_NUMBER
        && type != VALUE_TEXT && type != VALUE_LIST)
        return err_set(err, ERR_INPUT, "%.*s: no raw value is a %.*s", STR_FMT(name),
                       STR_FMT(value_type_name(type)));
    return name.n <= EVENT_NAME_MAX
           || err_set(err, ERR_INPUT, "a property's name is longer than %u bytes",
                      EVENT_NAME_MAX);
}

bool catalog_column_add(struct catalog *c, str name, bool trait, enum value_type type,
                        uint32_t *out, struct err *err)
{
    char bytes[COLUMN_KEY_MAX];
    void *columns = c->column;
    str key;

    if (!column_check(name, type, err))
        return false;
    key = column_key(name, trait, type, bytes);
    *out = text_table_find(&c->column_key, key);
    if (*out != TEXT_NONE)
        return true;
    if (c->column_n == COLUMNS_MAX)
        return err_set(err, ERR_LIMIT,
                       "there are %u different properties and traits already",
                       COLUMNS_MAX);
    if (!grow(&columns, c->column_n, &c->column_cap, sizeof *c->column, err))
        return false;
    c->column = columns;
    if (!text_table_add(&c->column_key, key, out))
        return err_nomem(err);
    name = str_from(text_table_get(&c->column_key, *out), 2);
    c->column[c->column_n++] = (struct column){name, trait, type, 0, 0};
    return true;
}

bool catalog_sight(struct catalog *c, uint32_t type, uint32_t column, struct err *err)
{
    char bytes[SIGHTING_KEY];
    void *sightings = c->sighting;
    uint32_t place;

    if (!grow(&sightings, c->sighting_n, &c->sighting_cap, sizeof *c->sighting, err))
        return false;
    c->sighting = sightings;
    if (!text_table_add(&c->sighting_key, sighting_key(type, column, bytes), &place))
        return err_nomem(err);
    if (place == c->sighting_n)
        c->sighting[c->sighting_n++] = (struct sighting){type, column};
    return true;
}

bool has_column(const struct property *p, bool trait)
{
    return p->value.type != VALUE_MISSING && (p->value.type != VALUE_NULL || trait);
}

static bool add_columns(struct catalog *c, uint32_t type, const struct property *p,
                        uint32_t n, bool trait, struct err *err)
{
    uint32_t last = COLUMN_NONE;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t column;

        if (!has_column(&p[i], trait))
            continue;
        column = catalog_column_after(c, last, p[i].name, trait, p[i].value.type);
        if (column == COLUMN_NONE
            && !catalog_column_add(c, p[i].name, trait, p[i].value.type, &column, err))
            return false;
        if (c->column[column].sighted != type + 1 && !catalog_sight(c, type, column, err))
            return false;
        c->column[column].sighted = type + 1;
        if (last != COLUMN_NONE)
            c->column[last].next = column;
        last = column;
    }
    return true;
}

static bool columns_check(const struct property *p, uint32_t n, bool trait,
                          struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        if (has_column(&p[i], trait) && !column_check(p[i].name, p[i].value.type, err))
            return false;
    }
    return true;
}

static uint32_t count_new(const struct catalog *c, const struct property *p, uint32_t n,
                          bool trait)
{
    uint32_t added = 0;

    for (uint32_t i = 0; i < n; i++)
        added +=
            has_column(&p[i], trait)
            && catalog_column_find(c, p[i].name, trait, p[i].value.type) == COLUMN_NONE;
    return added;
}

/* Asked before anything is added, so that an event that does not fit takes nobody's room. */
static bool has_room(const struct catalog *c, const struct event *e, struct err *err)
{
    uint64_t room = COLUMNS_MAX - c->column_n;

    if (c->type.n >= TYPES_MAX && text_table_find(&c->type, e->type) == TEXT_NONE)
        return err_set(
            err, ERR_LIMIT,
            "with its new type there would be more than %u: the name of a type "
            "must not hold a value, such as a number or a date",
            TYPES_MAX);
    return (uint64_t)e->property_n + e->trait_n <= room
           || (uint64_t)count_new(c, e->property, e->property_n, false)
                      + count_new(c, e->trait, e->trait_n, true)
                  <= room
           || err_set(err, ERR_LIMIT,
                      "with its new properties or traits there would be more than %u: "
                      "their names must not hold values, such as a number or a date",
                      COLUMNS_MAX);
}

bool catalog_add_event(struct catalog *c, const struct event *e, struct err *err)
{
    uint32_t type, customer;

    if (!columns_check(e->property, e->property_n, false, err)
        || !columns_check(e->trait, e->trait_n, true, err) || !has_room(c, e, err))
        return false;
    if (!text_table_add(&c->type, e->type, &type))
        return err_nomem(err);
    return add_columns(c, type, e->property, e->property_n, false, err)
           && add_columns(c, type, e->trait, e->trait_n, true, err)
           && catalog_customer_add(c, e->customer, &customer, err);
}

struct catalog_mark catalog_mark(const struct catalog *c)
{
    return (struct catalog_mark){c->customer_n, c->account_n, c->type.n, c->column_n,
                                 c->sighting_n};
}

void catalog_return(struct catalog *c, const struct catalog_mark *m)
{
    customers_cut(c->customer, m->customer_n);
    text_table_cut(&c->type, m->type_n);
    text_table_cut(&c->column_key, m->column_n);
    text_table_cut(&c->sighting_key, m->sighting_n);
    c->customer_n = m->customer_n;
    c->account_n = m->account_n;
    c->column_n = m->column_n;
    c->sighting_n = m->sighting_n;
    for (uint32_t i = 0; i < c->column_n; i++)
        c->column[i].sighted = 0;
}

/* --- copies --- */

static bool copy_names(const struct catalog *c, struct catalog *to, struct err *err)
{
    uint32_t number;

    for (uint32_t i = 0; i < c->type.n; i++) {
        if (!text_table_add(&to->type, text_table_get(&c->type, i), &number))
            return err_nomem(err);
    }
    for (uint32_t i = 0; i < c->column_n; i++) {
        const struct column *column = &c->column[i];

        if (!catalog_column_add(to, column->name, column->trait, column->type, &number,
                                err))
            return false;
    }
    for (uint32_t i = 0; i < c->sighting_n; i++) {
        if (!catalog_sight(to, c->sighting[i].type, c->sighting[i].column, err))
            return false;
    }
    return true;
}

/* Names are only added between two copies: what a transaction took back, none has seen. */
static bool has_new_names(const struct catalog *c, const struct catalog *last)
{
    return c->type.n != last->type.n || c->column_n != last->column_n
           || c->sighting_n != last->sighting_n;
}

bool catalog_copy(const struct catalog *c, const struct catalog *last,
                  struct catalog *out, struct err *err)
{
    if (last && !has_new_names(c, last)) {
        *out = *last;
        atomic_fetch_add(out->copies, 1);
    } else {
        *out = (struct catalog){.customer = c->customer,
                                .copies = mem_alloc(sizeof *out->copies)};
        if (!out->copies)
            return err_nomem(err);
        atomic_init(out->copies, 1);
        if (!copy_names(c, out, err)) {
            catalog_free(out);
            return false;
        }
    }
    out->customer_n = c->customer_n;
    out->account_n = c->account_n;
    return true;
}

bool catalog_same_names(const struct catalog *a, const struct catalog *b)
{
    return a->copies && a->copies == b->copies;
}
