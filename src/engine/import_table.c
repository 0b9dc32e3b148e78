#include "engine/import_table.h"

#include "base/num.h"

#ifdef TUNE_SMALL
enum { KEPT_ROWS = 5, KEPT_BYTES = 1 << 20 };
#else
enum { KEPT_ROWS = 1000, KEPT_BYTES = 8 << 20 };
#endif

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

/* Rows without them are refused one by one; a mapping without them brings no row at all. */
static bool consent_check(const struct mapping *m, struct err *err)
{
    static const char *const needed[] = {"channel", "purpose", "granted"};

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        uint32_t k = 0;

        while (k < m->property_n && !str_eq(m->property[k].name, str_of(needed[i])))
            k++;
        if (k == m->property_n || (i == 2 && m->property[k].type != VALUE_BOOL))
            return err_set(err, ERR_INPUT,
                           "--event consent needs three properties: channel and purpose, "
                           "which are texts, and granted, which is true or false: "
                           "--property granted:bool=COLUMN");
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
    if (str_eq(m->event, STR("consent")))
        return consent_check(m, err);
    return !event_type_is_reserved(m->event)
           || err_set(err, ERR_INPUT, "--event %.*s: %.*s", STR_FMT(m->event),
                      STR_FMT(RESERVED_EVENT));
}

/* With "?" in front the table need not have it. */
static bool column_want(const struct table *t, const char *what, str name, uint32_t *out,
                        struct err *err)
{
    bool optional = str_starts(name, STR("?"));

    if (optional && column_find(t, str_from(name, 1)) == NO_COLUMN) {
        *out = NO_COLUMN;
        return true;
    }
    return column_need(t, what, str_from(name, optional), out, err);
}

static bool who_open(struct table *t, struct err *err)
{
    const struct mapping *m = t->im->mapping;

    if (m->customer.n
        && !column_need(t, "the customer", m->customer, &t->who[t->who_n++].column, err))
        return false;
    for (uint32_t i = 0; i < m->who_n; i++) {
        const struct mapping_id *id = &m->who[i];
        struct table_id *to = &t->who[t->who_n];

        if (id->optional && column_find(t, id->column) == NO_COLUMN)
            continue;
        if (!column_need(t, "an id", id->column, &to->column, err))
            return false;
        to->system = id->name;
        t->who_n++;
    }
    if (!m->customer.n && !m->who_n) {
        t->who[0] = (struct table_id){STR(""), ID_GROUP, t->account};
        t->who_n = t->account != NO_COLUMN;
        t->account = NO_COLUMN;
    }
    return t->who_n
           || err_set(
               err, ERR_INPUT,
               "%.*s has none of the columns that hold ids: the first would be %.*s",
               STR_FMT(t->im->source),
               STR_FMT(m->who_n ? m->who[0].column : str_from(m->account, 1)));
}

/* Why a row is nobody's: its columns are empty, or hold nothing that is an id. */
static bool who_reasons(struct table *t, struct err *err)
{
    bool one = t->who_n == 1;
    struct buf names = {};
    bool ok;

    for (uint32_t i = 0; i < t->who_n; i++) {
        buf_add(&names, i ? STR(", ") : one ? STR("column ") : STR("columns "));
        buf_add(&names, t->column[t->who[i].column]);
    }
    ok = (!names.failed || err_nomem(err))
         && reason(t, &t->no_customer, "no customer (", buf_str(&names),
                   one ? " is empty)" : " are empty)", err)
         && reason(t, &t->no_who, "no customer (", buf_str(&names),
                   one ? " holds no id)" : " hold no id)", err);
    buf_free(&names);
    return ok;
}

/* When all rows are, where no column says it. */
static bool moment_open(struct table *t, struct err *err)
{
    const struct import *im = t->im;
    str moment = im->mapping->moment;

    t->moment_ms = im->options->now_ms;
    if (t->time != NO_COLUMN && moment.n)
        return err_set(err, ERR_INPUT, "--time and --moment exclude one another");
    return t->time != NO_COLUMN || str_eq(moment, STR("now"))
           || moment_parse(moment, t->zone, &t->moment_ms, err)
           || err_in(err, "--moment is a day or a moment, such as 2026-01-31, or now");
}

static bool condition_open(struct table *t, const char *key, str text,
                           struct row_expr **out, struct err *err)
{
    return !text.n
           || row_expr_new(text, t->column, t->column_n, &t->measures.money, &t->arena,
                           out, err)
           || err_in(err, "%s", key);
}

static bool where_open(struct table *t, const struct mapping *m, struct err *err)
{
    if (m->where_first.n && t->id == NO_COLUMN)
        return err_set(err, ERR_INPUT,
                       "where_first is asked of the first of the rows that share an id: "
                       "say which column holds the id");
    return condition_open(t, "where", m->where, &t->where, err)
           && condition_open(t, "where_first", m->where_first, &t->where_first, err);
}

static bool columns_open(struct table *t, struct err *err)
{
    struct import *im = t->im;
    const struct mapping *m = im->mapping;

    if (!header_read(t, err))
        return false;
    if ((!m->customer.n && !m->who_n && !m->account.n) || (!m->time.n && !m->moment.n))
        return import_explain(im, t->column, t->column_n, err);
    if (!event_check(t, err)
        || !column_want(t, "the account", m->account, &t->account, err)
        || !who_open(t, err) || !column_need(t, "the time", m->time, &t->time, err)
        || !column_need(t, "the event", m->event_column, &t->event, err)
        || !column_need(t, "the id", m->id, &t->id, err)
        || !column_want(t, "the currency", m->currency, &t->currency, err)
        || !measures_open(&t->measures, m, t->column, t->column_n, &t->arena, err)
        || !where_open(t, m, err))
        return false;
    t->zone = im->workspace->zone;
    if (m->zone.n) {
        if (!zone_open(im->io, m->zone, &t->own_zone, err))
            return false;
        t->zone = t->own_zone;
    }
    im->report->zone = arena_str(im->arena, zone_name(t->zone));
    return moment_open(t, err) && (im->report->zone.p || err_nomem(err))
           && who_reasons(t, err)
           && reason(t, &t->no_event, "no event (column ", m->event_column, " is empty)",
                     err)
           && reason(t, &t->no_id, "no id (column ", m->id, " is empty)", err);
}

/* --- the rows, and the form of their times and numbers --- */

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
    while (t->kept_n < KEPT_ROWS && t->kept_arena.used < KEPT_BYTES) {
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

enum csv_status table_next(struct table *t, struct csv_row *row, struct err *err)
{
    if (t->kept_next == t->kept_n)
        return csv_next(t->csv, row, err);
    *row = t->kept[t->kept_next].row;
    return t->kept[t->kept_next++].status;
}

static str shorten(str s)
{
    return (str){s.p, s.n < 60 ? s.n : 60};
}

/* Empty when the row has no such field. */
static str kept_field(const struct table *t, size_t i, uint32_t column)
{
    const struct csv_row *row = &t->kept[i].row;

    return t->kept[i].status == CSV_ROW && row->n == t->column_n
               ? str_trim(row->field[column])
               : STR("");
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
    sample = arena_array(&t->kept_arena, str, t->kept_n);
    if (!sample)
        return err_nomem(err);
    for (size_t i = 0; i < t->kept_n; i++) {
        str time = kept_field(t, i, t->time);

        if (time.n)
            sample[n++] = time;
    }
    if (!n)
        return true;
    shown = shorten(sample[0]);
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

    if (t->time == NO_COLUMN) {
        im->report->time_format = STR("");
        return true;
    }
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
    return reason(t, &t->no_time, "", t->column[t->time], " is not a time of the form ",
                  err)
           && reason(t, &t->no_time, "", t->no_time, form.p, err);
}

/* What the first rows say of the numbers: the first text of each kind, and its column. */
struct evidence {
    struct witness {
        str text, column;
        int64_t point, comma; /* read as 1,234.50 and as 1.234,50 */
    } for_point, for_comma, for_both;
};

static void number_weigh(const struct table *t, str text, str column, struct evidence *e)
{
    struct decimal form = t->measures.money;
    struct witness w = {.text = shorten(text), .column = shorten(column)}, *kind;
    bool point, comma;

    form.point = '.';
    point = decimal_parse(&form, text, &w.point);
    form.point = ',';
    comma = decimal_parse(&form, text, &w.comma);
    if ((!point && !comma) || (point && comma && w.point == w.comma))
        return;
    kind = !comma ? &e->for_point : !point ? &e->for_comma : &e->for_both;
    if (!kind->text.n)
        *kind = w;
}

static bool numbers_are_mixed(const struct evidence *e, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "numbers are written in two ways, '%.*s' in %.*s and '%.*s' in %.*s: "
                   "say which is right, with --decimal . or --decimal , - rows with the "
                   "other are then refused",
                   STR_FMT(e->for_point.text), STR_FMT(e->for_point.column),
                   STR_FMT(e->for_comma.text), STR_FMT(e->for_comma.column));
}

static bool numbers_are_ambiguous(const struct witness *w, struct err *err)
{
    struct buf point = {0}, comma = {0};

    num_print(&point, w->point);
    num_print(&comma, w->comma);
    if (point.failed || comma.failed)
        err_nomem(err);
    else
        err_set(err, ERR_INPUT,
                "the numbers in %.*s can be read in two ways: '%.*s' is %.*s with "
                "--decimal . and %.*s with --decimal , - say which",
                STR_FMT(w->column), STR_FMT(w->text), STR_FMT(buf_str(&point)),
                STR_FMT(buf_str(&comma)));
    buf_free(&point);
    buf_free(&comma);
    return false;
}

static bool decimal_recognise(struct table *t, char *out, struct err *err)
{
    bool *is_number = arena_array(&t->kept_arena, bool, t->column_n);
    struct evidence e = {0};

    if (!is_number)
        return err_nomem(err);
    measures_numbers(&t->measures, is_number);
    if (t->where)
        row_expr_numbers(t->where, false, is_number);
    if (t->where_first)
        row_expr_numbers(t->where_first, false, is_number);
    for (size_t i = 0; i < t->kept_n; i++)
        for (uint32_t k = 0; k < t->column_n; k++)
            if (is_number[k])
                number_weigh(t, kept_field(t, i, k), t->column[k], &e);
    if (e.for_point.text.n && e.for_comma.text.n)
        return numbers_are_mixed(&e, err);
    *out = e.for_point.text.n ? '.' : e.for_comma.text.n ? ',' : 0;
    return *out || !e.for_both.text.n || numbers_are_ambiguous(&e.for_both, err);
}

static bool decimal_open(struct table *t, struct err *err)
{
    struct import_report *r = t->im->report;

    r->decimal = t->im->mapping->decimal;
    if (!r->decimal && !decimal_recognise(t, &r->decimal, err))
        return false;
    t->measures.number.point = t->measures.money.point = r->decimal;
    return true;
}

bool table_open(struct table *t, struct import *im, struct err *err)
{
    t->im = im;
    t->measures.money.currency = im->workspace->currency;
    return columns_open(t, err) && rows_keep(t, err) && format_open(t, err)
           && decimal_open(t, err);
}

void table_close(struct table *t)
{
    csv_close(t->csv);
    zone_close(t->own_zone);
    time_format_free(t->format);
    measures_free(&t->measures);
    mem_free(t->kept);
    arena_free(&t->kept_arena);
    arena_free(&t->arena);
    buf_free(&t->text);
}
