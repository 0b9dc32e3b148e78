/* select_columns.c - properties and traits as columns of a virtual table.
 *
 * A property has its own name, a trait T is "traits.T". Where SQLite would take a property's
 * name for another column's (it ignores the case of ASCII letters), or people for a trait's,
 * the property P is "properties.P". What then still clashes, and what is beyond the number of
 * columns that a table may have, stands only in the hidden columns of JSON. */
#include "base/num.h"
#include "engine/select_impl.h"
#include "engine/traits.h"

#include <string.h>

#define PROPERTIES STR("properties.")
#define TRAITS STR("traits.")

/* --- names --- */

struct naming {
    struct wide *wide;
    const struct catalog *catalog;
    struct text_table taken; /* in lower case */
    struct buf name, lower;
    int room; /* for further columns */
};

static void add_lower(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_add_char(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
}

/* Leaves before + name in n->name. */
static bool take_name(struct naming *n, str before, str name, bool *taken,
                      struct err *err)
{
    uint32_t had = n->taken.n, number;

    buf_clear(&n->name);
    buf_add(&n->name, before);
    buf_add(&n->name, name);
    buf_clear(&n->lower);
    add_lower(&n->lower, buf_str(&n->name));
    if (n->name.failed || n->lower.failed
        || !text_table_add(&n->taken, buf_str(&n->lower), &number))
        return err_nomem(err);
    *taken = n->taken.n > had;
    return true;
}

static bool name_column(struct naming *n, const struct column *c, bool *taken,
                        struct err *err)
{
    bool looks_other =
        str_starts_nocase(c->name, PROPERTIES) || str_starts_nocase(c->name, TRAITS);

    *taken = false;
    if (!c->name.n || memchr(c->name.p, 0, c->name.n)) /* SQL ends at a NUL */
        return true;
    if (c->trait)
        return take_name(n, TRAITS, c->name, taken, err);
    if (!looks_other && !take_name(n, STR(""), c->name, taken, err))
        return false;
    return *taken || take_name(n, PROPERTIES, c->name, taken, err);
}

/* So that values compare with texts and numbers as one would think. */
static const char *affinity_of(enum value_type type)
{
    switch (type) {
    case VALUE_NUMBER:
    case VALUE_BOOL:
        return "numeric";
    case VALUE_TEXT:
    case VALUE_LIST:
        return "text";
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return "";
    }
    return "";
}

static void declare(struct naming *n, const struct wide_column *c)
{
    struct buf *to = &n->wide->declaration;
    const char *affinity = "";
    bool mixed = false;

    for (uint32_t i = 0; i < c->n; i++) {
        const char *one = affinity_of(n->catalog->column[c->raw[i]].type);

        mixed |= *one && *affinity && strcmp(one, affinity);
        affinity = *one ? one : affinity;
    }
    buf_add(to, STR(", \""));
    for (size_t i = 0; i < n->name.n; i++) {
        if (n->name.p[i] == '"')
            buf_add_char(to, '"');
        buf_add_char(to, n->name.p[i]);
    }
    buf_add_format(to, "\" %s", mixed ? "" : affinity);
}

static struct wide_column column_of(const struct catalog *catalog, const struct column *c)
{
    static const enum value_type types[RAW_TYPES] = {VALUE_NUMBER, VALUE_TEXT, VALUE_BOOL,
                                                     VALUE_LIST, VALUE_NULL};
    struct wide_column out = {};

    for (int i = 0; i < RAW_TYPES; i++) {
        uint32_t raw = catalog_column_find(catalog, c->name, c->trait, types[i]);

        if (raw != COLUMN_NONE)
            out.raw[out.n++] = raw;
    }
    return out;
}

/* Under the first raw column of its name. */
static bool is_first(const struct wide_column *c, uint32_t raw)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->raw[i] < raw)
            return false;
    return true;
}

static bool add_columns(struct naming *n, bool trait, struct err *err)
{
    for (uint32_t raw = 0; n->room && raw < n->catalog->column_n; raw++) {
        const struct column *c = &n->catalog->column[raw];
        struct wide_column column;
        bool taken;

        if (c->trait != trait)
            continue;
        column = column_of(n->catalog, c);
        if (!is_first(&column, raw))
            continue;
        if (!name_column(n, c, &taken, err))
            return false;
        if (!taken)
            continue;
        n->wide->column[n->wide->n++] = column;
        declare(n, &column);
        n->room--;
    }
    return true;
}

bool wide_new(struct wide *w, const struct catalog *catalog, bool properties, bool traits,
              const char *const *fixed, int fixed_n, int column_max, struct err *err)
{
    struct naming n = {.wide = w, .catalog = catalog, .room = column_max - fixed_n};
    bool ok = true, taken;

    *w = (struct wide){.column = mem_alloc((catalog->column_n + 1) * sizeof *w->column)};
    if (!w->column)
        return err_nomem(err);
    for (int i = 0; ok && i < fixed_n; i++)
        ok = take_name(&n, STR(""), str_of(fixed[i]), &taken, err);
    ok = ok && (!properties || add_columns(&n, false, err))
         && (!traits || add_columns(&n, true, err))
         && (!w->declaration.failed || err_nomem(err));
    text_table_free(&n.taken);
    buf_free(&n.name);
    buf_free(&n.lower);
    if (!ok)
        wide_free(w);
    return ok;
}

void wide_free(struct wide *w)
{
    mem_free(w->column);
    buf_free(&w->declaration);
    *w = (struct wide){};
}

/* --- values --- */

static void forget_list(struct reading *r)
{
    mem_free(r->listed_first);
    mem_free(r->listed);
    r->listed_first = NULL;
    r->listed = NULL;
}

void reading_turn(struct reading *r, const struct scope *s, const struct chunk *chunk)
{
    r->chunk = chunk;
    forget_list(r);
    if (r->finger)
        memset(r->finger, 0, s->catalog->column_n * sizeof *r->finger);
}

void reading_free(struct reading *r)
{
    forget_list(r);
    mem_free(r->finger);
    buf_free(&r->text);
    *r = (struct reading){};
}

static bool finger_at(struct reading *r, const struct scope *s, uint32_t raw,
                      struct finger **out, struct err *err)
{
    if (!r->finger) {
        r->finger = mem_alloc((s->catalog->column_n + 1) * sizeof *r->finger);
        if (!r->finger)
            return err_nomem(err);
    }
    *out = &r->finger[raw];
    return (*out)->cells || chunk_cells(r->chunk, raw, &(*out)->cells, err);
}

/* Whether the column has a cell at the place; the finger then stands on it. Most questions
 * come with rising places, and go to the next cell. */
static bool has_cell(struct finger *f, uint32_t place)
{
    const struct cells *c = f->cells;

    if (f->at < c->n && c->event[f->at] < place)
        f->at++;
    if (f->at < c->n ? c->event[f->at] < place || (f->at && c->event[f->at - 1] >= place)
                     : c->n && c->event[c->n - 1] >= place)
        f->at = cells_from(c, place);
    return f->at < c->n && c->event[f->at] == place;
}

static void put_list(const struct cells *c, uint32_t cell, struct json_out *j)
{
    json_begin_list(j);
    for (uint32_t i = c->list_first[cell]; i < c->list_first[cell + 1]; i++)
        json_put_text(j, c->word[c->list_item[i]]);
    json_end_list(j);
}

/* SQLite keeps no pointer to it: a chunk's texts go with the chunk. */
static bool give_text(sqlite3_context *to, str text)
{
    sqlite3_result_text64(to, text.n ? text.p : "", text.n, SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    return true;
}

static bool give_cell(struct reading *r, const struct finger *f, sqlite3_context *to,
                      struct err *err)
{
    const struct cells *c = f->cells;
    int64_t number;

    switch (c->type) {
    case VALUE_NUMBER:
        number = c->number[f->at];
        if (number % NUM_ONE)
            sqlite3_result_double(to, (double)number / (double)NUM_ONE);
        else
            sqlite3_result_int64(to, number / NUM_ONE);
        return true;
    case VALUE_BOOL:
        sqlite3_result_int64(to, c->number[f->at]);
        return true;
    case VALUE_TEXT:
        return give_text(to, c->word[c->text[f->at]]);
    case VALUE_LIST:
        buf_clear(&r->text);
        put_list(c, f->at, &(struct json_out){.to = &r->text});
        return r->text.failed ? err_nomem(err) : give_text(to, buf_str(&r->text));
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}

bool reading_cell(struct reading *r, const struct scope *s, const struct wide_column *c,
                  uint32_t place, sqlite3_context *to, struct err *err)
{
    for (uint32_t i = 0; i < c->n; i++) {
        struct finger *f;

        if (!finger_at(r, s, c->raw[i], &f, err))
            return false;
        if (has_cell(f, place))
            return give_cell(r, f, to, err);
    }
    return true;
}

static bool give_kept(struct reading *r, str trait, const struct keep *keep,
                      uint32_t first, uint32_t behind, sqlite3_context *to,
                      struct err *err)
{
    struct trait_said said;
    struct trait_at t;

    return trait_open(&t, r->chunk, trait, keep, err)
           && (!trait_decide(&t, first, behind, &said)
               || give_cell(r, &(struct finger){said.cells, said.cell}, to, err));
}

bool reading_last(struct reading *r, const struct scope *s, const struct wide_column *c,
                  uint32_t first, uint32_t behind, sqlite3_context *to, struct err *err)
{
    const struct column *column = &s->catalog->column[c->raw[0]];
    const struct keep *keep =
        column->trait ? keep_of(&s->model->dictionary, column->name) : NULL;
    struct finger *latest = NULL;
    uint32_t place = first;

    if (keep && keep->kind != KEEP_NEWEST)
        return give_kept(r, column->name, keep, first, behind, to, err);
    for (uint32_t i = 0; i < c->n; i++) {
        struct finger *f;
        uint32_t at;

        if (!finger_at(r, s, c->raw[i], &f, err))
            return false;
        at = cells_from(f->cells, behind);
        if (!at || f->cells->event[at - 1] < place)
            continue;
        f->at = at - 1;
        place = f->cells->event[f->at];
        latest = f;
    }
    return !latest || give_cell(r, latest, to, err);
}

static void put_cell(const struct cells *c, uint32_t cell, struct json_out *j)
{
    switch (c->type) {
    case VALUE_NUMBER:
        json_put_num(j, c->number[cell]);
        return;
    case VALUE_BOOL:
        json_put_bool(j, c->number[cell] != 0);
        return;
    case VALUE_TEXT:
        json_put_text(j, c->word[c->text[cell]]);
        return;
    case VALUE_LIST:
        put_list(c, cell, j);
        return;
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        json_put_null(j);
        return;
    }
}

/* Counts the cells of each event, two places behind its own. */
static bool count_cells(struct reading *r, const struct scope *s, uint32_t *first,
                        struct err *err)
{
    for (uint32_t raw = 0; raw < s->catalog->column_n; raw++) {
        struct finger *f;

        if (!finger_at(r, s, raw, &f, err))
            return false;
        for (uint32_t i = 0; i < f->cells->n; i++)
            first[f->cells->event[i] + 2]++;
    }
    return true;
}

/* In time that does not grow with the number of columns that have nothing here. */
static bool list_cells(struct reading *r, const struct scope *s, struct err *err)
{
    uint32_t n = r->chunk->event_n, *first = mem_alloc((n + 2) * sizeof *first);

    if (!first)
        return err_nomem(err);
    r->listed_first = first;
    if (!count_cells(r, s, first, err)) {
        forget_list(r);
        return false;
    }
    for (uint32_t i = 2; i < n + 2; i++)
        first[i] += first[i - 1];
    r->listed = mem_alloc((first[n + 1] + 1) * sizeof *r->listed);
    if (!r->listed) {
        forget_list(r);
        return err_nomem(err);
    }
    /* first[p + 1] moves from the beginning of p's cells to their end. */
    for (uint32_t raw = 0; raw < s->catalog->column_n; raw++)
        for (uint32_t i = 0; i < r->finger[raw].cells->n; i++)
            r->listed[first[r->finger[raw].cells->event[i] + 1]++] =
                (struct listed){raw, i};
    return true;
}

bool reading_json(struct reading *r, const struct scope *s, bool traits, uint32_t place,
                  sqlite3_context *to, struct err *err)
{
    struct json_out j = {.to = &r->text};

    if (!r->listed_first && !list_cells(r, s, err))
        return false;
    buf_clear(&r->text);
    json_begin_object(&j);
    for (uint32_t i = r->listed_first[place]; i < r->listed_first[place + 1]; i++) {
        const struct listed *cell = &r->listed[i];
        const struct column *column = &s->catalog->column[cell->raw];

        if (column->trait != traits)
            continue;
        json_key_str(&j, column->name);
        put_cell(r->finger[cell->raw].cells, cell->cell, &j);
    }
    json_end_object(&j);
    return r->text.failed ? err_nomem(err) : give_text(to, buf_str(&r->text));
}
