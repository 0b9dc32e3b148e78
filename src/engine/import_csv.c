/* import_csv.c - rows of a table into events.
 *
 * Without an id a row is an event and goes to the store at once. With one, each row is fed to
 * its group, which holds no row but only what the properties need (a sum, a first value, the
 * items of a list); the groups go to the store at the end. A row also goes to the spool: only
 * there can a group be fed again in the order of time, or be refused with all its rows. */
#include "base/csv.h"
#include "engine/import_impl.h"
#include "engine/import_measure.h"
#include "engine/import_spool.h"

#include <stdlib.h>
#include <string.h>

#define NO_COLUMN UINT32_MAX
#ifdef TUNE_SMALL
enum { TIME_ROWS = 5, TIME_BYTES = 1 << 20 };
#else
enum { TIME_ROWS = 1000, TIME_BYTES = 8 << 20 };
#endif

struct group {
    str id;
    uint32_t type, customer;
    int64_t at_ms, last_ms;
    uint64_t rows;
    bool disordered; /* a row came after one with a later time */
    str reason;      /* not empty: all its rows are refused */
    struct cell *cell;
};

struct table {
    struct import *im;
    struct csv *csv;
    str *column;
    uint32_t column_n;
    uint32_t customer, time, event, id;
    struct row_expr *where;
    struct measures measures;
    struct zone *own_zone;
    const struct zone *zone;
    struct time_format *format;
    struct kept_row {
        enum csv_status status;
        struct csv_row row;
    } * kept; /* rows read to recognise the time; they are still to be used */
    size_t kept_n, kept_cap, kept_next;
    struct arena kept_arena;

    struct number_table group_of;
    struct group *group;
    uint32_t group_n, group_cap;
    struct text_table customers, types;
    struct spool spool;
    struct arena arena;     /* of the groups */
    struct arena row_arena; /* of one event */
    struct buf text;

    str no_customer, no_time, no_event, no_id;
};

#define BAD_CUSTOMER                                                                     \
    STR("the customer's id is longer than 200 bytes or holds a control character")
#define BAD_EVENT                                                                        \
    STR("the event's name is longer than 200 bytes or holds a control character")
#define BAD_ID                                                                           \
    STR("event and id together are longer than 200 bytes or hold a control character")
_Static_assert(EVENT_NAME_MAX == 200, "as the reasons say");
#define RESERVED_EVENT STR("the event's name is one that Ciclo keeps for itself")
#define TWO_CUSTOMERS STR("rows of one id belong to different customers")
#define FEW_FIELDS STR("fewer fields than the file has columns")
#define MANY_FIELDS STR("more fields than the file has columns")

/* --- the columns --- */

static bool missing_column(const struct table *t, const char *what, str name,
                           struct err *err)
{
    str nearest = str_nearest(name, t->column, t->column_n);
    struct buf b = {0};

    buf_add_format(&b, "%.*s has no column '%.*s' (%s)", STR_FMT(t->im->source),
                   STR_FMT(name), what);
    if (nearest.n)
        buf_add_format(&b, "; did you mean '%.*s'?", STR_FMT(nearest));
    buf_add_format(&b, "%s Its columns: ", nearest.n ? "" : ".");
    import_columns(t->column, t->column_n, &b);
    if (b.failed)
        err_nomem(err);
    else
        err_set(err, ERR_INPUT, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
    return false;
}

static uint32_t column_find(const struct table *t, str name)
{
    for (uint32_t i = 0; i < t->column_n; i++)
        if (str_eq(t->column[i], name))
            return i;
    return NO_COLUMN;
}

static bool column_need(const struct table *t, const char *what, str name, uint32_t *out,
                        struct err *err)
{
    *out = NO_COLUMN;
    if (!name.n)
        return true;
    *out = column_find(t, name);
    if (*out == NO_COLUMN)
        return missing_column(t, what, name, err);
    for (uint32_t i = *out + 1; i < t->column_n; i++)
        if (str_eq(t->column[i], name))
            return err_set(err, ERR_INPUT,
                           "%.*s has two columns '%.*s': rename one of them",
                           STR_FMT(t->im->source), STR_FMT(name));
    return true;
}

/* A reason: lives as long as the report. */
static bool reason(struct table *t, str *out, const char *before, str name,
                   const char *after, struct err *err)
{
    buf_clear(&t->text);
    buf_add_format(&t->text, "%s%.*s%s", before, STR_FMT(name), after);
    *out = arena_str(t->im->arena, buf_str(&t->text));
    return (!t->text.failed && out->p) || err_nomem(err);
}

static bool encoding_read(str encoding, struct csv_options *options, struct err *err)
{
    options->latin1 = str_eq(encoding, STR("latin-1"));
    options->latin1_given = encoding.n;
    return !encoding.n || options->latin1 || str_eq(encoding, STR("utf-8"))
           || err_set(err, ERR_INPUT, "unknown encoding '%.*s': choose utf-8 or latin-1",
                      STR_FMT(encoding));
}

static bool header_read(struct table *t, struct err *err)
{
    struct import *im = t->im;
    struct csv_options options = {.separator = im->mapping->separator,
                                  .record_max = IMPORT_LINE_MAX};
    struct csv_row row;

    if (!encoding_read(im->mapping->encoding, &options, err)
        || !csv_open(im->reader, &options, &t->csv, err))
        return false;
    switch (csv_next(t->csv, &row, err)) {
    case CSV_FAILED:
        return false;
    case CSV_END:
        return err_set(err, ERR_INPUT,
                       "the file is empty: a table needs a first line with the "
                       "names of its columns");
    case CSV_BAD:
        return err_set(err, ERR_INPUT,
                       "the first line, which names the columns, is no CSV: %s", row.why);
    case CSV_ROW:
        break;
    }
    im->report->separator = csv_separator(t->csv);
    im->report->latin1 = csv_is_latin1(t->csv);
    if (row.field[0].n && row.field[0].p[0] == '{')
        return err_set(err, ERR_INPUT,
                       "this looks like JSON lines: they need no mapping, leave the "
                       "options for columns out");
    t->column = arena_array(&t->arena, str, row.n);
    if (!t->column)
        return err_nomem(err);
    for (t->column_n = 0; t->column_n < row.n; t->column_n++) {
        str *name = &t->column[t->column_n];

        *name = arena_str(&t->arena, str_trim(row.field[t->column_n]));
        if (!name->p)
            return err_nomem(err);
    }
    return true;
}

static bool event_check(struct table *t, struct err *err)
{
    const struct mapping *m = t->im->mapping;

    if (!m->event.n == !m->event_column.n)
        return err_set(err, ERR_INPUT,
                       m->event.n
                           ? "--event and --event-column exclude one another"
                           : "say what the rows are: --event NAME, such as purchase, or "
                             "--event-column COLUMN where rows are of several kinds");
    if (m->event.n && !import_is_name(m->event))
        return err_set(err, ERR_INPUT, "%.*s", STR_FMT(BAD_EVENT));
    if (str_eq(m->event, STR("identify")))
        return !m->property_n
               || err_set(err, ERR_INPUT, "identify has traits, no properties");
    return !event_type_is_reserved(m->event)
           || err_set(err, ERR_INPUT, "--event %.*s: %.*s", STR_FMT(m->event),
                      STR_FMT(RESERVED_EVENT));
}

static bool table_open(struct table *t, struct err *err)
{
    struct import *im = t->im;
    const struct mapping *m = im->mapping;

    if (!header_read(t, err))
        return false;
    if (!m->customer.n || !m->time.n)
        return import_explain(im, t->column, t->column_n, err);
    if (!event_check(t, err)
        || !column_need(t, "the customer", m->customer, &t->customer, err)
        || !column_need(t, "the time", m->time, &t->time, err)
        || !column_need(t, "the event", m->event_column, &t->event, err)
        || !column_need(t, "the id", m->id, &t->id, err)
        || !measures_open(&t->measures, m, t->column, t->column_n, &t->arena, err)
        || (m->where.n
            && !row_expr_new(m->where, t->column, t->column_n, &t->arena, &t->where, err)
            && !err_in(err, "where")))
        return false;
    t->zone = im->workspace->zone;
    if (m->zone.n) {
        if (!zone_open(im->io, m->zone, &t->own_zone, err))
            return false;
        t->zone = t->own_zone;
    }
    im->report->zone = arena_str(im->arena, zone_name(t->zone));
    return (im->report->zone.p || err_nomem(err))
           && reason(t, &t->no_customer, "no customer (column ", m->customer,
                     " is empty)", err)
           && reason(t, &t->no_event, "no event (column ", m->event_column, " is empty)",
                     err)
           && reason(t, &t->no_id, "no id (column ", m->id, " is empty)", err);
}

/* --- the rows, and the form of their times --- */

static bool row_keep(struct table *t, enum csv_status status, const struct csv_row *row,
                     struct err *err)
{
    struct kept_row kept = {status, *row};
    str *field = arena_array(&t->kept_arena, str, row->n);

    if (t->kept_n == t->kept_cap) {
        size_t cap = t->kept_cap ? 2 * t->kept_cap : 64;
        struct kept_row *more = mem_resize(t->kept, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        t->kept = more;
        t->kept_cap = cap;
    }
    kept.row.raw = arena_str(&t->kept_arena, row->raw);
    kept.row.field = field;
    if (!field || !kept.row.raw.p)
        return err_nomem(err);
    for (uint32_t i = 0; status == CSV_ROW && i < row->n; i++) {
        field[i] = arena_str(&t->kept_arena, row->field[i]);
        if (!field[i].p)
            return err_nomem(err);
    }
    t->kept[t->kept_n++] = kept;
    return true;
}

static bool rows_keep(struct table *t, struct err *err)
{
    while (t->kept_n < TIME_ROWS && t->kept_arena.used < TIME_BYTES) {
        struct csv_row row;
        enum csv_status status = csv_next(t->csv, &row, err);

        if (status == CSV_FAILED)
            return false;
        if (status == CSV_END)
            return true;
        if (!row_keep(t, status, &row, err))
            return false;
    }
    return true;
}

static enum csv_status row_next(struct table *t, struct csv_row *row, struct err *err)
{
    if (t->kept_next == t->kept_n)
        return csv_next(t->csv, row, err);
    *row = t->kept[t->kept_next].row;
    return t->kept[t->kept_next++].status;
}

/* A few times that are none must not keep the others from being recognised. */
static size_t drop_strange(str *sample, size_t n)
{
    size_t left = 0;
    bool ambiguous;

    for (size_t i = 0; i < n; i++)
        if (time_format_guess(&sample[i], 1, &ambiguous) || ambiguous)
            sample[left++] = sample[i];
    return left;
}

static bool format_recognise(struct table *t, const char **out, struct err *err)
{
    str name = t->column[t->time];
    bool ambiguous = false;
    str *sample, shown;
    size_t n = 0;

    *out = NULL;
    if (!rows_keep(t, err))
        return false;
    sample = arena_array(&t->kept_arena, str, t->kept_n);
    if (!sample)
        return err_nomem(err);
    for (size_t i = 0; i < t->kept_n; i++) {
        const struct csv_row *row = &t->kept[i].row;
        str time = t->kept[i].status == CSV_ROW && row->n == t->column_n
                       ? str_trim(row->field[t->time])
                       : STR("");

        if (time.n)
            sample[n++] = time;
    }
    if (!n)
        return true;
    shown = (str){sample[0].p, sample[0].n < 60 ? sample[0].n : 60};
    *out = time_format_guess(sample, n, &ambiguous);
    if (!*out && !ambiguous && (n = drop_strange(sample, n)))
        *out = time_format_guess(sample, n, &ambiguous);
    if (*out)
        return true;
    if (ambiguous)
        return err_set(
            err, ERR_INPUT,
            "the times in %.*s can be read with the day or with the month first "
            "('%.*s'): say which, with --time-format '%%d/%%m/%%Y' or "
            "'%%m/%%d/%%Y', followed by the hours as they stand there",
            STR_FMT(name), STR_FMT(shown));
    return err_set(err, ERR_INPUT,
                   "no form that is known fits the times in %.*s ('%.*s'): describe it, "
                   "such as --time-format '%%Y-%%m-%%d %%H:%%M:%%S'",
                   STR_FMT(name), STR_FMT(shown));
}

static bool format_open(struct table *t, struct err *err)
{
    struct import *im = t->im;
    str format = im->mapping->time_format, form;

    if (!format.n) {
        const char *guessed;

        if (!format_recognise(t, &guessed, err))
            return false;
        format = str_of(guessed ? guessed : "%Y-%m-%d");
    }
    im->report->time_format = arena_str(im->arena, format);
    form = im->report->time_format;
    if (!form.p)
        return err_nomem(err);
    if (!time_format_new(form, &t->format, err))
        return false;
    t->measures.format = t->format;
    t->measures.zone = t->zone;
    t->measures.decimals = im->workspace->decimals;
    return true
           && reason(t, &t->no_time, "", t->column[t->time],
                     " is not a time of the form ", err)
           && reason(t, &t->no_time, "", t->no_time, form.p, err);
}

/* --- rows into events --- */

/* Of one row: what it says of its event. */
struct entry {
    str customer, type, id;
    int64_t at_ms;
    bool has_time;
    uint32_t rank;
};

static bool refuse(struct table *t, const struct csv_row *row, str why, struct err *err)
{
    return import_refuse(t->im, row->line, why, row->raw, err);
}

/* The row is an event of its own. */
static bool row_alone(struct table *t, const struct csv_row *row, const struct entry *e,
                      struct err *err)
{
    struct event event = {.at_ms = e->at_ms, .customer = e->customer, .type = e->type};
    struct cell *cell;
    enum outcome o;

    arena_reset(&t->row_arena);
    measures_forget_items(&t->measures);
    cell = measures_cells(&t->measures, &t->row_arena);
    if (!cell)
        return err_nomem(err);
    o = measures_feed(&t->measures, cell, row->field, &t->row_arena, err);
    if (o == FINE)
        o = measures_event(&t->measures, cell, &t->row_arena, &event, err);
    if (o != FINE)
        return o == UNREADABLE && refuse(t, row, str_of(err->msg), err);
    t->im->report->used++;
    measures_count(&t->measures, &event);
    return import_id(t->im, e->type, e->rank, row->field, row->n, &t->row_arena,
                     &event.id, err)
           && import_event(t->im, &event, STR(""), err);
}

static bool group_new(struct table *t, const struct entry *e, struct err *err)
{
    struct group *g;

    if (t->group_n == t->group_cap) {
        uint32_t cap = t->group_cap ? 2 * t->group_cap : 1024;
        struct group *more =
            cap > t->group_cap ? mem_resize(t->group, cap * sizeof *more) : NULL;

        if (!more)
            return err_nomem(err);
        t->group = more;
        t->group_cap = cap;
    }
    g = &t->group[t->group_n];
    *g = (struct group){.cell = measures_cells(&t->measures, &t->arena)};
    buf_clear(&t->text);
    buf_add(&t->text, e->type);
    buf_add_char(&t->text, ':');
    buf_add(&t->text, e->id);
    g->id = arena_str(&t->arena, buf_str(&t->text));
    if (t->text.failed || !g->cell || !g->id.p
        || !text_table_add(&t->types, e->type, &g->type))
        return err_nomem(err);
    t->group_n++;
    return true;
}

static bool group_find(struct table *t, const struct entry *e, uint32_t *out,
                       struct err *err)
{
    str of[] = {e->type, e->id};
    uint32_t *number;
    hash128 key;

    if (!import_hash(t->im, of, 2, &key, err))
        return false;
    number = number_at(&t->group_of, key);
    if (!number)
        return err_nomem(err);
    if (!*number) {
        if (!group_new(t, e, err))
            return false;
        *number = t->group_n;
    }
    *out = *number - 1;
    return true;
}

static bool row_in_group(struct table *t, const struct csv_row *row,
                         const struct entry *e, struct err *err)
{
    struct group *g;
    uint32_t i = 0, customer;
    enum outcome o;

    if (!group_find(t, e, &i, err))
        return false;
    g = &t->group[i];
    o = g->reason.n ? FINE
                    : measures_feed(&t->measures, g->cell, row->field, &t->arena, err);
    if (o != FINE)
        return o == UNREADABLE && refuse(t, row, str_of(err->msg), err);
    if (!text_table_add(&t->customers, e->customer, &customer))
        return err_nomem(err);
    if (!g->rows) {
        g->customer = customer;
        g->at_ms = g->last_ms = e->at_ms;
    }
    if (g->customer != customer)
        g->reason = TWO_CUSTOMERS;
    if (e->at_ms < g->at_ms)
        g->at_ms = e->at_ms;
    if (e->at_ms < g->last_ms)
        g->disordered = true;
    else
        g->last_ms = e->at_ms;
    g->rows++;
    return spool_add(
        &t->spool, &(struct spool_row){i, row->n, row->line, e->at_ms, row->field}, err);
}

/* Why the row is refused, when it was not left out; empty when it is not. */
static str fault(const struct table *t, const struct entry *e)
{
    const struct mapping *m = t->im->mapping;
    bool is_identify = str_eq(e->type, STR("identify")) && !m->property_n;

    if (!e->has_time)
        return t->no_time;
    if (import_is_future(t->im, e->at_ms))
        return IMPORT_FUTURE;
    if (!e->type.n)
        return t->no_event;
    if (t->event != NO_COLUMN && !is_identify && event_type_is_reserved(e->type))
        return RESERVED_EVENT;
    if (t->id != NO_COLUMN && !e->id.n)
        return t->no_id;
    if (!import_is_name(e->customer))
        return BAD_CUSTOMER;
    if (!import_is_name(e->type))
        return BAD_EVENT;
    if (t->id != NO_COLUMN
        && (!import_is_name(e->id) || e->type.n + 1 + e->id.n > EVENT_NAME_MAX))
        return BAD_ID;
    return STR("");
}

static bool where_ask(struct table *t, const struct csv_row *row, bool *out, str *why,
                      struct err *err)
{
    struct value v;

    *why = STR("");
    *out = true;
    if (!t->where)
        return true;
    if (!row_expr_ask(t->where, row->field, &v, err)) {
        *why = str_of(err->msg);
        return err->code == ERR_INPUT;
    }
    *out = v.type == VALUE_BOOL && v.truth;
    return v.type == VALUE_BOOL || v.type == VALUE_MISSING
           || err_set(err, ERR_INPUT,
                      "where: this is no condition; write one such as "
                      "Quantity > 0");
}

static bool row_use(struct table *t, const struct csv_row *row, struct err *err)
{
    struct entry e = {.customer = str_trim(row->field[t->customer]),
                      .type = t->im->mapping->event};
    bool wanted;
    str why;

    if (!e.customer.n)
        return refuse(t, row, t->no_customer, err);
    if (t->event != NO_COLUMN)
        e.type = str_trim(row->field[t->event]);
    if (t->id != NO_COLUMN)
        e.id = str_trim(row->field[t->id]);
    e.has_time =
        time_format_parse(t->format, str_trim(row->field[t->time]), t->zone, &e.at_ms);
    /* Rows that `where` leaves out take part in the ranks, so that another `where` gives the
     * same rows the same ids. */
    if (t->id == NO_COLUMN && e.has_time
        && !import_rank(t->im, e.customer, e.at_ms, e.type, &e.rank, err))
        return false;
    if (!where_ask(t, row, &wanted, &why, err))
        return false;
    if (!why.n && !wanted) {
        t->im->report->left_out++;
        return true;
    }
    if (!why.n)
        why = fault(t, &e);
    if (why.n)
        return refuse(t, row, why, err);
    return t->id == NO_COLUMN ? row_alone(t, row, &e, err)
                              : row_in_group(t, row, &e, err);
}

static bool rows_read(struct table *t, struct err *err)
{
    for (;;) {
        struct csv_row row;
        bool ok = false;

        switch (row_next(t, &row, err)) {
        case CSV_END:
            return true;
        case CSV_FAILED:
            return false;
        case CSV_BAD:
            import_line(t->im);
            ok = refuse(t, &row, str_of(row.why), err);
            break;
        case CSV_ROW:
            import_line(t->im);
            ok = row.n == t->column_n
                     ? row_use(t, &row, err)
                     : refuse(t, &row, row.n < t->column_n ? FEW_FIELDS : MANY_FIELDS,
                              err);
            break;
        }
        if (!ok)
            return false;
    }
}

/* --- groups into events --- */

/* A row of a group whose rows came out of order. */
struct late {
    uint32_t group;
    int64_t at_ms;
    uint64_t line;
    const str *field;
};

struct late_rows {
    struct table *t;
    struct late *row;
    size_t n, cap;
    struct arena arena;
};

static bool late_add(void *context, const struct spool_row *row, struct err *err)
{
    struct late_rows *l = context;
    const struct group *g = &l->t->group[row->group];
    str *field;

    if (!g->disordered || g->reason.n)
        return true;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        struct late *more = mem_resize(l->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        l->row = more;
        l->cap = cap;
    }
    field = arena_array(&l->arena, str, row->n);
    if (!field)
        return err_nomem(err);
    for (uint32_t i = 0; i < row->n; i++)
        if (!(field[i] = arena_str(&l->arena, row->field[i])).p)
            return err_nomem(err);
    l->row[l->n++] = (struct late){row->group, row->at_ms, row->line, field};
    return true;
}

static int late_compare(const void *pa, const void *pb)
{
    const struct late *a = pa, *b = pb;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

/* Feeds the disordered groups anew, in the order of time. */
static bool groups_reorder(struct table *t, struct err *err)
{
    struct late_rows l = {.t = t};
    bool ok = true, any = false;

    for (uint32_t i = 0; i < t->group_n; i++)
        any |= t->group[i].disordered && !t->group[i].reason.n;
    if (!any)
        return true;
    ok = spool_each(&t->spool, late_add, &l, err);
    if (ok && l.n)
        qsort(l.row, l.n, sizeof *l.row, late_compare);
    for (size_t i = 0; ok && i < l.n; i++) {
        struct cell *cell = t->group[l.row[i].group].cell;

        if (!i || l.row[i - 1].group != l.row[i].group)
            memset(cell, 0, t->measures.n * sizeof *cell);
        ok = measures_feed(&t->measures, cell, l.row[i].field, &t->arena, err) == FINE;
    }
    mem_free(l.row);
    arena_free(&l.arena);
    return ok;
}

/* A field as RFC 4180 wants it, in the file's own separator. */
static void add_field(struct buf *b, str field, char separator)
{
    bool quoted = false;

    for (size_t i = 0; i < field.n; i++)
        quoted |= field.p[i] == separator || field.p[i] == '"' || field.p[i] == '\n'
                  || field.p[i] == '\r';
    if (!quoted) {
        buf_add(b, field);
        return;
    }
    buf_add_char(b, '"');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, field.p[i]);
    }
    buf_add_char(b, '"');
}

static bool refuse_spooled(void *context, const struct spool_row *row, struct err *err)
{
    struct table *t = context;
    str why = t->group[row->group].reason;

    if (!why.n)
        return true;
    buf_clear(&t->text);
    for (uint32_t i = 0; i < row->n; i++) {
        if (i)
            buf_add_char(&t->text, csv_separator(t->csv));
        add_field(&t->text, row->field[i], csv_separator(t->csv));
    }
    if (t->text.failed)
        return err_nomem(err);
    return import_refuse(t->im, row->line, why, import_cut(buf_str(&t->text)), err);
}

/* Gives the group's event to the store, or the reason why it is none to the group. */
static bool group_use(struct table *t, struct group *g, struct err *err)
{
    struct event event = {.at_ms = g->at_ms,
                          .customer = text_table_get(&t->customers, g->customer),
                          .type = text_table_get(&t->types, g->type),
                          .id = g->id};

    arena_reset(&t->row_arena);
    switch (measures_event(&t->measures, g->cell, &t->row_arena, &event, err)) {
    case FAILED:
        return false;
    case UNREADABLE:
        g->reason = arena_str(&t->arena, str_of(err->msg));
        return g->reason.p || err_nomem(err);
    case FINE:
        break;
    }
    t->im->report->used += g->rows;
    measures_count(&t->measures, &event);
    return import_event(t->im, &event, STR(""), err);
}

static bool groups_use(struct table *t, struct err *err)
{
    bool any_refused = false;

    if (!groups_reorder(t, err))
        return false;
    for (uint32_t i = 0; i < t->group_n; i++) {
        struct group *g = &t->group[i];

        if (g->rows && !g->reason.n && !group_use(t, g, err))
            return false;
        any_refused |= g->reason.n > 0;
    }
    return !any_refused || spool_each(&t->spool, refuse_spooled, t, err);
}

bool import_csv(struct import *im, struct err *err)
{
    struct table t = {.im = im};
    bool ok = table_open(&t, err) && format_open(&t, err) && rows_read(&t, err)
              && groups_use(&t, err)
              && measures_totals(&t.measures, im->arena, im->report, err);

    csv_close(t.csv);
    zone_close(t.own_zone);
    time_format_free(t.format);
    mem_free(t.kept);
    arena_free(&t.kept_arena);
    number_table_free(&t.group_of);
    mem_free(t.group);
    text_table_free(&t.customers);
    text_table_free(&t.types);
    measures_free(&t.measures);
    spool_free(&t.spool);
    arena_free(&t.arena);
    arena_free(&t.row_arena);
    buf_free(&t.text);
    return ok;
}
