/* rates_import.c - rows of a table into rates, kept by currency and year. */
#include "engine/engine_impl.h"
#include "engine/import_impl.h"
#include "engine/rates.h"

#include "base/csv.h"
#include "base/decimal.h"
#include "base/num.h"

#include <string.h>

static const char *const reason_text[] = {
#define X(name, text) text,
    RATES_REASONS(X)
#undef X
};

const char *rates_reason_text(enum rates_reason reason)
{
    return reason_text[reason];
}

struct importing {
    struct engine *e;
    const struct rates_import *how;
    struct rates_report *report;
    str path;
    struct reader *reader;
    struct csv *csv;
    struct time_format *format;
    uint32_t column_n, date, currency, rate;
    struct rates told; /* in the order of the table */
};

/* --- the table --- */

static bool find_column(const struct csv_row *head, const char *name, uint32_t *out,
                        struct err *err)
{
    for (*out = 0; *out < head->n; ++*out)
        if (str_eq(str_trim(head->field[*out]), str_of(name)))
            return true;
    return err_set(err, ERR_INPUT,
                   "the table has no column \"%s\": a table of rates has the columns "
                   "date, currency and rate",
                   name);
}

static bool read_head(struct importing *im, struct err *err)
{
    struct csv_row head;

    switch (csv_next(im->csv, &head, err)) {
    case CSV_FAILED:
        return false;
    case CSV_END:
        return err_set(err, ERR_INPUT,
                       "the file is empty: a table of rates has the columns date, "
                       "currency and rate");
    case CSV_BAD:
        return err_set(err, ERR_INPUT,
                       "the first line, which names the columns, is no CSV: %s",
                       head.why);
    case CSV_ROW:
        break;
    }
    im->column_n = head.n;
    return find_column(&head, "date", &im->date, err)
           && find_column(&head, "currency", &im->currency, err)
           && find_column(&head, "rate", &im->rate, err);
}

static enum rates_reason read_row(const struct importing *im, const struct csv_row *row,
                                  struct rate *out)
{
    const struct decimal number = {im->how->decimal, STR("")};
    str currency;
    int64_t at_ms;

    *out = (struct rate){.is_per_own = im->how->is_per_own,
                         .told = (uint32_t)im->told.n + 1};
    if (row->n != im->column_n)
        return RATES_FIELDS;
    if (!time_format_parse(im->format, str_trim(row->field[im->date]), NULL, &at_ms)
        || at_ms < 0 || at_ms / MS_DAY >= SPEND_DAYS)
        return RATES_DATE;
    out->day = (int32_t)(at_ms / MS_DAY);
    currency = str_trim(row->field[im->currency]);
    if (currency_decimals(currency) < 0)
        return RATES_CURRENCY;
    if (str_eq(currency, engine_model(im->e)->workspace.currency))
        return RATES_OWN;
    memcpy(out->currency, currency.p, 3);
    if (!decimal_parse(&number, str_trim(row->field[im->rate]), &out->value)
        || out->value <= 0 || out->value > 1000000 * NUM_ONE)
        return RATES_RATE;
    return RATES_REASON_N;
}

static bool refuse(struct importing *im, const struct csv_row *row, enum rates_reason why,
                   struct err *err)
{
    struct refusal r = {.source = import_source(im->path),
                        .line = row->line,
                        .reason = str_of(reason_text[why]),
                        .text = row->raw};

    if (!im->report->refused[why].lines++)
        im->report->refused[why].first_line = row->line;
    return im->how->dry_run || store_refuse(engine_store(im->e), &r, err);
}

static bool take_rows(struct importing *im, struct err *err)
{
    for (;;) {
        struct csv_row row;
        struct rate rate;
        enum csv_status status = csv_next(im->csv, &row, err);
        enum rates_reason why = RATES_NO_CSV;

        if (status == CSV_END || status == CSV_FAILED)
            return status == CSV_END;
        im->report->lines++;
        if (status == CSV_ROW)
            why = read_row(im, &row, &rate);
        if (why == RATES_REASON_N ? !rates_append(&im->told, &rate, err)
                                  : !refuse(im, &row, why, err))
            return false;
    }
}

/* --- what is kept --- */

/* Where the rows of `saved` are numbered. */
struct numbers {
    uint32_t last;
    struct arena arena;
    struct kept {
        str name;
        uint32_t number;
    } * row;
    size_t n, cap;
    bool failed;
};

static bool note(void *context, const struct saved_row *row)
{
    struct numbers *k = context;

    k->last = row->number;
    if (row->kind != SAVED_RATES)
        return true;
    if (k->n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 16;
        struct kept *more = mem_resize(k->row, cap * sizeof *more);

        k->failed = !more;
        if (!more)
            return false;
        k->row = more;
        k->cap = cap;
    }
    k->row[k->n] = (struct kept){arena_str(&k->arena, row->name), row->number};
    k->failed = !k->row[k->n++].name.p;
    return !k->failed;
}

static int32_t year_of(const struct rate *r)
{
    return civil_of((int64_t)r->day * MS_DAY).year;
}

/* The rates of one currency and year, which are `n` in a row. */
static bool keep(struct importing *im, struct numbers *k, const struct rate *rate,
                 size_t n, struct err *err)
{
    struct buf name = {}, text = {};
    struct saved_row row = {.kind = SAVED_RATES, .made_ms = im->how->now_ms};
    bool ok;

    buf_add_format(&name, "%s %04d", rate->currency, year_of(rate));
    rates_print(rate, n, &text);
    ok = (!name.failed && !text.failed) || err_nomem(err);
    if (ok) {
        row.name = buf_str(&name);
        row.text = buf_str(&text);
        for (size_t i = 0; i < k->n; i++)
            if (str_eq(k->row[i].name, row.name))
                row.number = k->row[i].number;
        if (!row.number)
            row.number = ++k->last;
        ok = store_saved_put(engine_store(im->e), &row, err);
    }
    buf_free(&name);
    buf_free(&text);
    return ok;
}

static bool is_same_year(const struct rate *a, const struct rate *b)
{
    return !strcmp(a->currency, b->currency) && year_of(a) == year_of(b);
}

static bool keep_all(struct importing *im, const struct rates *all, struct err *err)
{
    struct numbers k = {};
    bool ok = snapshot_each_saved(engine_snapshot(im->e), note, &k, err)
              && (!k.failed || err_nomem(err));

    for (size_t i = 0, end; ok && i < all->n; i = end) {
        bool is_told = false;

        for (end = i; end < all->n && is_same_year(&all->row[i], &all->row[end]); end++)
            is_told |= all->row[end].told > 0;
        ok = !is_told || keep(im, &k, &all->row[i], end - i, err);
    }
    mem_free(k.row);
    arena_free(&k.arena);
    return ok;
}

/* Of those of one currency and day, in the order in which they were told, the last stands. */
static void settle(struct rates *all, struct rates_report *report)
{
    size_t n = 0;

    for (size_t i = 0, end; i < all->n; i = end) {
        const struct rate first = all->row[i];
        struct rate *last;

        for (end = i + 1; end < all->n && !strcmp(all->row[end].currency, first.currency)
                          && all->row[end].day == first.day;)
            end++;
        last = &all->row[end - 1];
        if (first.told)
            report->added++;
        else if (last->value != first.value || last->is_per_own != first.is_per_own)
            report->changed++;
        else if (last->told)
            report->known++;
        all->row[n++] = *last;
    }
    all->n = n;
}

static bool tell(struct importing *im, struct err *err)
{
    struct rates all = {};
    bool ok = rates_load(&all, im->e, err);

    for (size_t i = 0; ok && i < im->told.n; i++)
        ok = rates_append(&all, &im->told.row[i], err);
    if (ok) {
        rates_sort(&all);
        settle(&all, im->report);
    }
    ok = ok && (im->how->dry_run || keep_all(im, &all, err));
    rates_free(&all);
    return ok;
}

static bool read_all(struct importing *im, struct err *err)
{
    const struct csv_options options = {};
    str format = im->how->date_format.n ? im->how->date_format : STR("%Y-%m-%d");

    return (time_format_new(format, &im->format, err) || err_in(err, "date format"))
           && reader_open(engine_io(im->e), im->path, &im->reader, err)
           && csv_open(im->reader, &options, &im->csv, err) && read_head(im, err)
           && take_rows(im, err) && tell(im, err);
}

bool engine_rates_import(struct engine *e, str path, const struct rates_import *how,
                         struct rates_report *out, struct err *err)
{
    struct importing im = {.e = e, .how = how, .report = out, .path = path};
    struct store *s = engine_store(e);
    bool ok;

    *out = (struct rates_report){};
    ok = how->dry_run || store_begin(s, how->now_ms, err);
    if (ok) {
        ok = read_all(&im, err);
        if (!ok && !how->dry_run)
            store_cancel(s);
        else if (ok && !how->dry_run)
            ok = store_commit(s, err) && engine_refresh(e, err);
    }
    csv_close(im.csv);
    reader_close(im.reader);
    time_format_free(im.format);
    rates_free(&im.told);
    return ok;
}
