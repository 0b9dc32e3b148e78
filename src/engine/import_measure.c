#include "engine/import_measure.h"

#include "base/num.h"

#include <string.h>

#define NO_COLUMN UINT32_MAX

struct measure {
    str name;
    enum value_type type;
    bool trait;
    uint32_t column;       /* the expression is only this column, or NO_COLUMN */
    struct row_expr *expr; /* else */
    const char *unreadable;
    str subject;    /* what is unreadable */
    __int128 total; /* over all events */
};

/* --- opening --- */

static const char *unreadable(enum value_type type)
{
    switch (type) {
    case VALUE_NUMBER:
    case VALUE_MONEY:
        return "is not a number";
    case VALUE_BOOL:
        return "is not yes or no";
    case VALUE_MOMENT:
        return "is not a time";
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_LENGTH:
    case VALUE_TEXT:
    case VALUE_LIST:
        break;
    }
    return "holds a text longer than 32768 bytes";
}
_Static_assert(EVENT_TEXT_MAX == 32768, "as the reason above says");

static const struct decimal *decimal_of(const struct measures *all, enum value_type type)
{
    return type == VALUE_MONEY ? &all->money : &all->number;
}

static bool measure_open(struct measures *all, const struct mapping_entry *e, bool trait,
                         const str *column, uint32_t column_n, struct arena *a,
                         struct err *err)
{
    struct measure *m = &all->measure[all->n];
    const char *what = trait ? "trait" : "property";

    *m = (struct measure){e->name, e->type, trait, NO_COLUMN, NULL, NULL, e->name};
    for (uint32_t i = 0; i < all->n; i++)
        if (all->measure[i].trait == trait && str_eq(all->measure[i].name, e->name))
            return err_set(err, ERR_INPUT, "the %s '%.*s' is given twice", what,
                           STR_FMT(e->name));
    for (uint32_t i = 0; i < column_n; i++)
        if (str_eq(column[i], e->expression)) {
            if (m->column != NO_COLUMN)
                return err_set(err, ERR_INPUT,
                               "%s '%.*s': there are two columns '%.*s': rename one of "
                               "them",
                               what, STR_FMT(e->name), STR_FMT(e->expression));
            m->column = i;
            m->subject = column[i];
        }
    if (m->column == NO_COLUMN
        && !row_expr_new(e->expression, column, column_n, decimal_of(all, m->type), a,
                         &m->expr, err))
        return (e->optional && err->code == ERR_INPUT)
               || err_in(err, "%s '%.*s'", what, STR_FMT(e->name));
    if (m->type == VALUE_MISSING)
        m->type = m->column == NO_COLUMN ? VALUE_NUMBER : VALUE_TEXT;
    m->unreadable = unreadable(m->type);
    all->n++;
    return true;
}

bool measures_open(struct measures *m, const struct mapping *mapping, const str *column,
                   uint32_t column_n, struct arena *a, struct err *err)
{
    if (mapping->property_n > EVENT_PROPERTIES_MAX
        || mapping->trait_n > EVENT_PROPERTIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %u properties or traits",
                       EVENT_PROPERTIES_MAX);
    m->measure = arena_array(a, struct measure, mapping->property_n + mapping->trait_n);
    m->undo = arena_array(a, struct cell, mapping->property_n + mapping->trait_n);
    if (!m->measure || !m->undo)
        return err_nomem(err);
    for (uint32_t i = 0; i < mapping->property_n; i++)
        if (!measure_open(m, &mapping->property[i], false, column, column_n, a, err))
            return false;
    for (uint32_t i = 0; i < mapping->trait_n; i++)
        if (!measure_open(m, &mapping->trait[i], true, column, column_n, a, err))
            return false;
    return true;
}

void measures_free(struct measures *m)
{
    text_table_free(&m->item_text);
    mem_free(m->item);
    buf_free(&m->text);
}

void measures_numbers(const struct measures *m, bool *is_number)
{
    for (uint32_t i = 0; i < m->n; i++) {
        const struct measure *of = &m->measure[i];
        bool number = of->type == VALUE_NUMBER || of->type == VALUE_MONEY;

        if (of->expr)
            row_expr_numbers(of->expr, number, is_number);
        else if (number)
            is_number[of->column] = true;
    }
}

struct cell *measures_cells(const struct measures *m, struct arena *a)
{
    return arena_array(a, struct cell, m->n);
}

void measures_forget_items(struct measures *m)
{
    m->item_n = 0;
}

/* --- values --- */

static enum outcome is_unreadable(const struct measures *all, const struct measure *m,
                                  str text, struct err *err)
{
    if (m->type == VALUE_MONEY && decimal_is_foreign(&all->money, str_trim(text)))
        err_set(err, ERR_INPUT, "%.*s is in another currency than %.*s",
                STR_FMT(m->subject), STR_FMT(all->money.currency));
    else
        err_set(err, ERR_INPUT, "%.*s %s", STR_FMT(m->subject), m->unreadable);
    return UNREADABLE;
}

static enum outcome no_memory(struct err *err)
{
    err_nomem(err);
    return FAILED;
}

static bool bool_read(str s, bool *out)
{
    static const struct {
        str text;
        bool truth;
    } word[] = {{STR("true"), true},  {STR("false"), false},    {STR("yes"), true},
                {STR("no"), false},   {STR("1"), true},         {STR("0"), false},
                {STR("given"), true}, {STR("withdrawn"), false}};

    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (s.n == word[i].text.n && str_starts_nocase(s, word[i].text)) {
            *out = word[i].truth;
            return true;
        }
    return false;
}

static bool moment_read(const struct measures *all, str s, int64_t *out)
{
    struct err err;

    return time_format_parse(all->format, s, all->zone, out)
           || moment_parse(s, all->zone, out, &err);
}

/* A text as a value of the type, which is not MISSING; false when it does not read as one. */
static bool text_read(const struct measures *all, enum value_type type, str s,
                      struct value *out)
{
    switch (type) {
    case VALUE_NUMBER:
    case VALUE_MONEY:
        out->type = VALUE_NUMBER;
        return decimal_parse(decimal_of(all, type), str_trim(s), &out->number);
    case VALUE_BOOL:
        out->type = VALUE_BOOL;
        return bool_read(str_trim(s), &out->truth);
    case VALUE_MOMENT:
        out->type = VALUE_MOMENT;
        return moment_read(all, str_trim(s), &out->number);
    case VALUE_TEXT:
    case VALUE_LIST:
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_LENGTH:
        break;
    }
    *out = (struct value){.type = VALUE_TEXT, .text = s};
    return s.n <= EVENT_TEXT_MAX;
}

/* Any value as text; empty when it is missing. Borrowed from `v` or from all->text. */
static str text_of(struct measures *all, const struct value *v)
{
    if (v->type == VALUE_TEXT)
        return v->text;
    buf_clear(&all->text);
    if (v->type == VALUE_NUMBER)
        num_print(&all->text, v->number);
    else if (v->type == VALUE_BOOL)
        buf_add(&all->text, v->truth ? STR("true") : STR("false"));
    else if (v->type == VALUE_MOMENT)
        moment_print(&all->text, v->number);
    return buf_str(&all->text);
}

/* Half away from zero to the currency's decimals, still as a number of major units. */
static bool money_round(const struct measures *all, int64_t *number)
{
    int64_t minor;

    return money_from_num(*number, all->decimals, &minor)
           && money_to_num(minor, all->decimals, number);
}

/* The value as the measure wants it; its text lives in `a`. */
static enum outcome value_convert(struct measures *all, const struct measure *m,
                                  struct value *v, struct arena *a, struct err *err)
{
    enum value_type raw = m->type == VALUE_MONEY ? VALUE_NUMBER : m->type;
    str text = v->type == VALUE_TEXT ? v->text : STR("");

    if (v->type == VALUE_MISSING)
        return FINE;
    if ((v->type == VALUE_TEXT && !text_read(all, m->type, text, v))
        || (v->type != raw && m->type != VALUE_TEXT))
        return is_unreadable(all, m, text, err);
    if (m->type == VALUE_MONEY && !money_round(all, &v->number))
        v->type = VALUE_MISSING;
    if (m->type != VALUE_TEXT && m->type != VALUE_MOMENT)
        return FINE;
    text = arena_str(a, text_of(all, v));
    *v = (struct value){.type = VALUE_TEXT, .text = text};
    return !all->text.failed && text.p ? FINE : no_memory(err);
}

/* --- rows in --- */

static bool item_add(struct measures *all, struct cell *c, str text, struct err *err)
{
    uint32_t number;

    if (all->item_n == all->item_cap) {
        uint32_t cap = all->item_cap ? 2 * all->item_cap : 1024;
        struct item *more =
            cap > all->item_cap ? mem_resize(all->item, cap * sizeof *more) : NULL;

        if (!more)
            return err_nomem(err);
        all->item = more;
        all->item_cap = cap;
    }
    if (!text_table_add(&all->item_text, text, &number))
        return err_nomem(err);
    all->item[all->item_n] = (struct item){.text = number};
    if (c->item_n++)
        all->item[c->item_last].next = all->item_n;
    else
        c->item_first = all->item_n;
    c->item_last = all->item_n++;
    return true;
}

static enum outcome of_row_expr(const struct err *err)
{
    return err->code == ERR_INPUT ? UNREADABLE : FAILED;
}

static enum outcome feed_list(struct measures *all, const struct measure *m,
                              struct cell *c, const str *field, struct err *err)
{
    struct value v = {.type = VALUE_TEXT};
    str text;

    if (m->column != NO_COLUMN)
        v.text = field[m->column];
    else if (!row_expr_ask(m->expr, field, &v, err))
        return of_row_expr(err);
    text = text_of(all, &v);
    if (all->text.failed)
        return no_memory(err);
    if (text.n > EVENT_TEXT_MAX)
        return is_unreadable(all, m, text, err);
    return !text.n || item_add(all, c, text, err) ? FINE : FAILED;
}

static enum outcome feed_column(struct measures *all, const struct measure *m,
                                struct cell *c, str text, struct arena *a,
                                struct err *err)
{
    struct value v;

    if (!text.n)
        return FINE;
    if (!text_read(all, m->type, text, &v))
        return is_unreadable(all, m, text, err);
    if (c->sum.n++)
        return FINE;
    if (v.type == VALUE_TEXT) /* else the text has been read already */
        v.text = arena_str(a, text);
    c->sum.best = v;
    return v.type != VALUE_TEXT || v.text.p ? FINE : no_memory(err);
}

static enum outcome feed(struct measures *all, const struct measure *m, struct cell *c,
                         const str *field, struct arena *a, struct err *err)
{
    if (m->type == VALUE_LIST)
        return feed_list(all, m, c, field, err);
    if (m->column != NO_COLUMN)
        return feed_column(all, m, c, field[m->column], a, err);
    return row_expr_feed(m->expr, field, &c->sum, a, err) ? FINE : of_row_expr(err);
}

enum outcome measures_feed(struct measures *m, struct cell *cell, const str *field,
                           struct arena *a, struct err *err)
{
    enum outcome o = FINE;

    if (m->n)
        memcpy(m->undo, cell, m->n * sizeof *cell);
    for (uint32_t i = 0; o == FINE && i < m->n; i++)
        o = feed(m, &m->measure[i], &cell[i], field, a, err);
    if (o == UNREADABLE)
        memcpy(cell, m->undo, m->n * sizeof *cell);
    return o;
}

/* --- values out --- */

static enum outcome list_value(const struct measures *all, const struct cell *c,
                               struct arena *a, struct value *out, struct err *err)
{
    str *item = arena_array(a, str, c->item_n);

    if (!item)
        return no_memory(err);
    for (uint32_t i = 0, at = c->item_first; i < c->item_n; i++, at = all->item[at].next)
        item[i] = text_table_get(&all->item_text, all->item[at].text);
    if (c->item_n)
        *out = (struct value){.type = VALUE_LIST, .list = {item, c->item_n}};
    return FINE;
}

static enum outcome cell_value(struct measures *all, const struct measure *m,
                               const struct cell *c, struct arena *a, struct value *out,
                               struct err *err)
{
    *out = (struct value){.type = VALUE_MISSING};
    if (m->type == VALUE_LIST)
        return list_value(all, c, a, out, err);
    if (m->column == NO_COLUMN)
        *out = row_expr_result(m->expr, &c->sum);
    else if (c->sum.n)
        *out = c->sum.best;
    return value_convert(all, m, out, a, err);
}

enum outcome measures_event(struct measures *m, const struct cell *cell, struct arena *a,
                            struct event *e, struct err *err)
{
    struct property *p = arena_array(a, struct property, m->n);
    uint32_t n = 0;

    if (!p)
        return no_memory(err);
    e->property_n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        enum outcome o = cell_value(m, &m->measure[i], &cell[i], a, &p[n].value, err);

        if (o != FINE)
            return o;
        p[n].name = m->measure[i].name;
        n += p[n].value.type != VALUE_MISSING;
        if (!m->measure[i].trait)
            e->property_n = n;
    }
    e->property = p;
    e->trait = p + e->property_n;
    e->trait_n = n - e->property_n;
    if (str_eq(e->type, STR("consent")) && !event_is_consent(p, e->property_n)) {
        err_set(err, ERR_INPUT, EVENT_NO_CONSENT);
        return UNREADABLE;
    }
    return FINE;
}

/* --- totals --- */

void measures_count(struct measures *m, const struct event *e)
{
    uint32_t k = 0;

    /* The event's properties are those of the measures that had a value, in their order. */
    for (uint32_t i = 0; i < m->n && k < e->property_n; i++) {
        if (e->property[k].name.p != m->measure[i].name.p)
            continue;
        if (e->property[k].value.type == VALUE_NUMBER)
            m->measure[i].total += e->property[k].value.number;
        k++;
    }
}

bool measures_totals(const struct measures *m, struct arena *a, struct import_report *out,
                     struct err *err)
{
    struct import_total *total = arena_array(a, struct import_total, m->n);

    if (!total)
        return err_nomem(err);
    out->total = total;
    for (uint32_t i = 0; i < m->n; i++) {
        const struct measure *of = &m->measure[i];
        struct import_total *t = &total[out->total_n];

        if (of->trait || (of->type != VALUE_NUMBER && of->type != VALUE_MONEY)
            || !num_div128(of->total, 1, &t->number))
            continue;
        t->type = of->type;
        t->name = arena_str(a, of->name);
        if (!t->name.p)
            return err_nomem(err);
        out->total_n++;
    }
    return true;
}
