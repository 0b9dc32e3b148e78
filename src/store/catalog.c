#include "store/catalog.h"

#include <string.h>

/* Columns and sightings are found through tables of texts: the number of the text that says
 * what they are is their place in the array. */

enum { COLUMN_KEY_MAX = EVENT_NAME_MAX + 2, SIGHTING_KEY = 2 * sizeof(uint32_t) };

/* NULL when no column may have this name. */
static char *column_key(str name, bool trait, enum value_type type,
                        char key[COLUMN_KEY_MAX], str *out)
{
    if (name.n > EVENT_NAME_MAX)
        return NULL;
    key[0] = trait ? 't' : 'p';
    key[1] = (char)type;
    if (name.n)
        memcpy(key + 2, name.p, name.n);
    *out = (str){key, name.n + 2};
    return key;
}

static str sighting_key(uint32_t type, uint32_t column, char key[SIGHTING_KEY])
{
    memcpy(key, &type, sizeof type);
    memcpy(key + sizeof type, &column, sizeof column);
    return (str){key, SIGHTING_KEY};
}

void catalog_free(struct catalog *c)
{
    text_table_free(&c->customer);
    text_table_free(&c->type);
    text_table_free(&c->text);
    text_table_free(&c->column_key);
    text_table_free(&c->sighting_key);
    mem_free(c->column);
    mem_free(c->sighting);
    *c = (struct catalog){0};
}

bool catalog_init(struct catalog *c, struct err *err)
{
    uint32_t identify;

    *c = (struct catalog){0};
    if (text_table_add(&c->type, STR("identify"), &identify))
        return true;
    catalog_free(c);
    return err_nomem(err);
}

uint32_t catalog_column_find(const struct catalog *c, str name, bool trait,
                             enum value_type type)
{
    char bytes[COLUMN_KEY_MAX];
    str key;

    if (!column_key(name, trait, type, bytes, &key))
        return COLUMN_NONE;
    return text_table_find(&c->column_key, key);
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

bool catalog_column_add(struct catalog *c, str name, bool trait, enum value_type type,
                        uint32_t *out, struct err *err)
{
    char bytes[COLUMN_KEY_MAX];
    void *columns = c->column;
    str key;

    if (type != VALUE_NULL && type != VALUE_BOOL && type != VALUE_NUMBER
        && type != VALUE_TEXT && type != VALUE_LIST)
        return err_set(err, ERR_INPUT, "%.*s: no raw value is a %.*s", STR_FMT(name),
                       STR_FMT(value_type_name(type)));
    if (!column_key(name, trait, type, bytes, &key))
        return err_set(err, ERR_INPUT, "a property's name is longer than %u bytes",
                       EVENT_NAME_MAX);
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
    c->column[c->column_n++] = (struct column){name, trait, type};
    return true;
}

bool catalog_sight(struct catalog *c, uint32_t type, uint32_t column, uint64_t n,
                   struct err *err)
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
        c->sighting[c->sighting_n++] = (struct sighting){type, column, 0};
    c->sighting[place].n += n;
    return true;
}

/* What is missing has none, nor has a property that is null. */
static bool has_column(const struct property *p, bool trait)
{
    return p->value.type != VALUE_MISSING && (p->value.type != VALUE_NULL || trait);
}

static bool add_columns(struct catalog *c, uint32_t type, const struct property *p,
                        uint32_t n, bool trait, bool count, struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t column;

        if (!has_column(&p[i], trait))
            continue;
        if (!catalog_column_add(c, p[i].name, trait, p[i].value.type, &column, err)
            || (count && !catalog_sight(c, type, column, 1, err)))
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

    if (!has_room(c, e, err))
        return false;
    if (!text_table_add(&c->type, e->type, &type))
        return err_nomem(err);
    return add_columns(c, type, e->property, e->property_n, false, false, err)
           && add_columns(c, type, e->trait, e->trait_n, true, false, err)
           && (text_table_add(&c->customer, e->customer, &customer) || err_nomem(err))
           && add_columns(c, type, e->property, e->property_n, false, true, err)
           && add_columns(c, type, e->trait, e->trait_n, true, true, err);
}

bool catalog_mark(const struct catalog *c, struct catalog_mark *out, struct err *err)
{
    uint64_t *sighted = mem_alloc(c->sighting_n * sizeof *sighted);

    if (!sighted)
        return err_nomem(err);
    for (uint32_t i = 0; i < c->sighting_n; i++)
        sighted[i] = c->sighting[i].n;
    *out = (struct catalog_mark){c->customer.n, c->type.n, c->column_n, c->sighting_n,
                                 sighted};
    return true;
}

void catalog_return(struct catalog *c, const struct catalog_mark *m)
{
    text_table_cut(&c->customer, m->customer_n);
    text_table_cut(&c->type, m->type_n);
    text_table_cut(&c->column_key, m->column_n);
    text_table_cut(&c->sighting_key, m->sighting_n);
    c->column_n = m->column_n;
    c->sighting_n = m->sighting_n;
    for (uint32_t i = 0; i < m->sighting_n; i++)
        c->sighting[i].n = m->sighted[i];
}

void catalog_mark_free(struct catalog_mark *m)
{
    mem_free(m->sighted);
    *m = (struct catalog_mark){0};
}
