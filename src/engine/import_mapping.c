/* import_mapping.c - the mapping as text: one property as on the command line, the whole of it
 * as a YAML file whose lists hold the same texts. */
#include "engine/import.h"

#include "base/yaml.h"
#include "engine/import_impl.h"

#include <string.h>

static const struct key {
    str name;
    size_t text; /* where in the mapping */
} keys[] = {
#define KEY(name)                                                                        \
    {                                                                                    \
        {#name, sizeof #name - 1}, offsetof(struct mapping, name)                        \
    }
    KEY(customer),     KEY(time),        KEY(time_format), KEY(zone),     KEY(event),
    KEY(event_column), KEY(id),          KEY(where),       KEY(encoding), KEY(moment),
    KEY(currency),     KEY(where_first), KEY(account),     KEY(source),
#undef KEY
};
enum { KEY_N = sizeof keys / sizeof *keys };

#define ID_SYSTEM_MAX 64u /* bytes */

bool import_is_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
            return false;
    return s.n && s.n <= EVENT_NAME_MAX;
}

bool mapping_entry_parse(str text, struct arena *a, struct mapping_entry *out,
                         struct err *err)
{
    const char *equals;
    struct mapping_entry e = {0};
    str head, type;

    text = str_trim(text);
    e.optional = str_starts(text, STR("?"));
    text = str_from(text, e.optional);
    equals = text.n ? memchr(text.p, '=', text.n) : NULL;
    if (!str_is_utf8(text) || memchr(text.p, 0, text.n))
        return err_set(err, ERR_INPUT, "a property that is no UTF-8 text");
    if (!equals)
        return err_set(
            err, ERR_INPUT,
            "'%.*s' is no property: write NAME=EXPRESSION or "
            "NAME:TYPE=EXPRESSION, such as revenue:money=sum(Quantity * Price)",
            STR_FMT(text));
    head = str_trim((str){text.p, (size_t)(equals - text.p)});
    e.expression = str_trim(str_from(text, head.n ? (size_t)(equals - text.p) + 1 : 0));
    e.name = head;
    for (size_t i = head.n; i-- > 0;)
        if (head.p[i] == ':') {
            e.name = str_trim((str){head.p, i});
            type = str_trim(str_from(head, i + 1));
            if (!value_type_parse(type, &e.type))
                return err_set(
                    err, ERR_INPUT,
                    "'%.*s': '%.*s' is no type: choose text, number, money, bool, "
                    "moment or list",
                    STR_FMT(text), STR_FMT(type));
            break;
        }
    if (!import_is_name(e.name) || !e.expression.n)
        return err_set(err, ERR_INPUT,
                       "'%.*s': a property needs a name before the '=', of at most %u "
                       "bytes, and an expression behind it",
                       STR_FMT(text), EVENT_NAME_MAX);
    e.name = arena_str(a, e.name);
    e.expression = arena_str(a, e.expression);
    if (!e.name.p || !e.expression.p)
        return err_nomem(err);
    *out = e;
    return true;
}

/* Small letters, so that "Email" is not taken for a system of this name. */
static bool is_id_name(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-'
            && c != '.')
            return false;
    }
    return s.n && s.n <= ID_SYSTEM_MAX && !str_eq(s, STR("group_id"));
}

static bool id_make(str name, str column, struct arena *a, struct mapping_id *out,
                    struct err *err)
{
    struct mapping_id id = {.name = str_trim(name)};

    column = str_trim(column);
    id.optional = str_starts(column, STR("?"));
    column = str_from(column, id.optional);
    if (!is_id_name(id.name))
        return err_set(err, ERR_INPUT,
                       "an id is email, phone, user_id, device, or the name of a system, "
                       "such as shopify: at most %u small letters, digits, - _ and .",
                       ID_SYSTEM_MAX);
    if (!column.n || !str_is_utf8(column))
        return err_set(err, ERR_INPUT, "the id %.*s needs the name of its column",
                       STR_FMT(id.name));
    id.name = arena_str(a, id.name);
    id.column = arena_str(a, column);
    if (!id.name.p || !id.column.p)
        return err_nomem(err);
    *out = id;
    return true;
}

bool mapping_id_parse(str text, struct arena *a, struct mapping_id *out, struct err *err)
{
    const char *equals = text.n ? memchr(text.p, '=', text.n) : NULL;
    size_t n = equals ? (size_t)(equals - text.p) : text.n;

    return equals ? id_make((str){text.p, n}, str_from(text, n + 1), a, out, err)
                  : err_set(err, ERR_INPUT, "write KIND=COLUMN, such as email=Email");
}

static const struct {
    char separator;
    str name;
} separators[] = {
    {',', STR("comma")}, {';', STR("semicolon")}, {'\t', STR("tab")}, {'|', STR("bar")}};
enum { SEPARATORS = sizeof separators / sizeof *separators };

str mapping_separator_name(char separator)
{
    for (size_t i = 0; i < SEPARATORS; i++)
        if (separators[i].separator == separator)
            return separators[i].name;
    return STR("");
}

bool mapping_separator_parse(str text, char *out, struct err *err)
{
    char c = str_eq(text, STR("\\t")) ? '\t' : text.n == 1 ? text.p[0] : '"';

    for (size_t i = 0; i < SEPARATORS; i++)
        if (str_eq(text, separators[i].name))
            c = separators[i].separator;
    if (c == '"' || c == '\r' || c == '\n' || c == 0 || (unsigned char)c > 0x7E)
        return err_set(
            err, ERR_INPUT,
            "a separator is one character, such as ; or , or |, or one of the words "
            "comma, semicolon, tab and bar");
    *out = c;
    return true;
}

bool mapping_decimal_parse(str text, char *out, struct err *err)
{
    if (!str_eq(text, STR(",")) && !str_eq(text, STR(".")))
        return err_set(err, ERR_INPUT,
                       "decimal is what stands before the decimals of a number: , as in "
                       "1.234,50 or . as in 1,234.50");
    *out = text.p[0];
    return true;
}

static bool entries_parse(const struct yaml *map, str key, struct arena *a,
                          struct mapping_entry **entry, uint32_t *n, struct err *err)
{
    const struct yaml *list = NULL;
    struct mapping_entry *all;
    uint32_t given = *n;

    if (!yaml_get_list(map, key, &list, err))
        return false;
    if (!list || !list->n)
        return true;
    all = arena_array(a, struct mapping_entry, given + list->n);
    if (!all)
        return err_nomem(err);
    if (given)
        memcpy(all, *entry, given * sizeof *all);
    for (size_t i = 0; i < list->n; i++) {
        const struct yaml *y = list->item[i];
        bool is_given = false;

        if (y->type != YAML_SCALAR)
            return err_at(err, y->line, y->column,
                          "write NAME:TYPE=EXPRESSION here, in quotes");
        if (!mapping_entry_parse(y->text, a, &all[*n], err)) {
            err->line = y->line;
            err->column = y->column;
            return false;
        }
        for (uint32_t k = 0; k < given; k++)
            is_given |= str_eq(all[k].name, all[*n].name);
        *n += !is_given;
    }
    *entry = all;
    return true;
}

static bool ids_parse(const struct yaml *map, struct arena *a, struct mapping *m,
                      struct err *err)
{
    const struct yaml *ids = NULL;
    struct mapping_id *all;
    uint32_t given = m->who_n;

    if (!yaml_get_map(map, STR("ids"), &ids, err))
        return false;
    if (!ids || !ids->n)
        return true;
    if (given + ids->n > MAPPING_IDS_MAX)
        return err_at(err, ids->line, ids->column, "more ids than the %u of an event",
                      MAPPING_IDS_MAX);
    all = arena_array(a, struct mapping_id, given + ids->n);
    if (!all)
        return err_nomem(err);
    if (given)
        memcpy(all, m->who, given * sizeof *all);
    for (size_t i = 0; i < ids->n; i++) {
        const struct yaml *y = ids->item[i];
        bool is_given = false;

        if (!id_make(ids->key[i]->text, y->text, a, &all[m->who_n], err)) {
            err->line = y->line;
            err->column = y->column;
            return false;
        }
        for (uint32_t k = 0; k < given; k++)
            is_given |= str_eq(all[k].name, all[m->who_n].name);
        m->who_n += !is_given;
    }
    m->who = all;
    return true;
}

static bool texts_parse(const struct yaml *map, struct arena *a, struct mapping *m,
                        struct err *err)
{
    bool has_event = m->event.n || m->event_column.n;

    for (size_t i = 0; i < KEY_N; i++) {
        str *to = (str *)((char *)m + keys[i].text), text = STR("");
        bool is_event = to == &m->event || to == &m->event_column;

        if (!yaml_get_text(map, keys[i].name, &text, err))
            return false;
        if (to->n || !text.n || (is_event && has_event))
            continue;
        *to = arena_str(a, text);
        if (!to->p)
            return err_nomem(err);
    }
    return true;
}

bool mapping_parse(str yaml, struct arena *a, struct mapping *out, struct err *err)
{
    struct mapping m = *out;
    str separator = STR(""), decimal = STR(""), known[KEY_N + 6];
    const struct yaml *map;

    for (size_t i = 0; i < KEY_N; i++)
        known[i] = keys[i].name;
    known[KEY_N] = STR("separator");
    known[KEY_N + 1] = STR("properties");
    known[KEY_N + 2] = STR("traits");
    known[KEY_N + 3] = STR("decimal");
    known[KEY_N + 4] = STR("header");
    known[KEY_N + 5] = STR("ids");
    if (!yaml_parse(yaml, a, &map, err)
        || !yaml_check_keys(map, known, KEY_N + 6, "a mapping", err)
        || !texts_parse(map, a, &m, err) || !ids_parse(map, a, &m, err)
        || !yaml_get_text(map, STR("separator"), &separator, err)
        || (!m.separator && separator.n
            && !mapping_separator_parse(separator, &m.separator, err))
        || !yaml_get_text(map, STR("decimal"), &decimal, err)
        || (!m.decimal && decimal.n && !mapping_decimal_parse(decimal, &m.decimal, err))
        || !entries_parse(map, STR("properties"), a, &m.property, &m.property_n, err)
        || !entries_parse(map, STR("traits"), a, &m.trait, &m.trait_n, err))
        return false;
    *out = m;
    return true;
}

/* Takes one character off a text that is UTF-8 and not empty. */
static uint32_t next_char(str *s)
{
    unsigned char first = (unsigned char)s->p[0];
    size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t c = n == 1 ? first : first & (0xFFu >> (n + 1));

    for (size_t i = 1; i < n && i < s->n; i++)
        c = c << 6 | ((unsigned char)s->p[i] & 0x3F);
    *s = str_from(*s, n);
    return c;
}

/* What YAML would fold, refuse or take for a mark when it stands there as it is. */
static bool is_special(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029
           || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
}

/* In single quotes, where an expression with its double quotes stays readable. */
static void print_scalar(struct buf *to, str s)
{
    bool special = false;

    for (str rest = s; rest.n;)
        special |= is_special(next_char(&rest));
    buf_add_char(to, special ? '"' : '\'');
    for (str rest = s; rest.n;) {
        str from = rest;
        uint32_t c = next_char(&rest);

        if (special && (is_special(c) || c == '"' || c == '\\')) {
            buf_add_format(to, "\\U%08X", (unsigned)c);
            continue;
        }
        if (!special && c == '\'')
            buf_add_char(to, '\'');
        buf_add(to, (str){from.p, from.n - rest.n});
    }
    buf_add_char(to, special ? '"' : '\'');
    buf_add_char(to, '\n');
}

static void print_entries(struct buf *to, const char *key,
                          const struct mapping_entry *entry, uint32_t n, struct buf *text)
{
    if (n)
        buf_add_format(to, "%s:\n", key);
    for (uint32_t i = 0; i < n; i++) {
        buf_clear(text);
        buf_add(text, entry[i].optional ? STR("?") : STR(""));
        buf_add(text, entry[i].name);
        if (entry[i].type != VALUE_MISSING) {
            buf_add_char(text, ':');
            buf_add(text, value_type_name(entry[i].type));
        }
        buf_add_char(text, '=');
        buf_add(text, entry[i].expression);
        buf_add(to, STR("  - "));
        print_scalar(to, buf_str(text));
    }
    to->failed |= text->failed;
}

static void print_ids(struct buf *to, const struct mapping *m, struct buf *text)
{
    if (m->who_n)
        buf_add(to, STR("ids:\n"));
    for (uint32_t i = 0; i < m->who_n; i++) {
        buf_clear(text);
        buf_add(text, m->who[i].optional ? STR("?") : STR(""));
        buf_add(text, m->who[i].column);
        buf_add_format(to, "  '%.*s': ", STR_FMT(m->who[i].name));
        print_scalar(to, buf_str(text));
    }
    to->failed |= text->failed;
}

void mapping_print(const struct mapping *m, struct buf *to)
{
    struct buf text = {0};

    for (size_t i = 0; i < KEY_N; i++) {
        str s = *(const str *)((const char *)m + keys[i].text);

        if (!s.n)
            continue;
        buf_add(to, keys[i].name);
        buf_add(to, STR(": "));
        print_scalar(to, s);
    }
    if (m->separator) {
        buf_add(to, STR("separator: "));
        print_scalar(to, m->separator == '\t' ? STR("tab") : (str){&m->separator, 1});
    }
    if (m->decimal) {
        buf_add(to, STR("decimal: "));
        print_scalar(to, (str){&m->decimal, 1});
    }
    print_ids(to, m, &text);
    print_entries(to, "properties", m->property, m->property_n, &text);
    print_entries(to, "traits", m->trait, m->trait_n, &text);
    buf_free(&text);
}
