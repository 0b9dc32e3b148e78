/* spend_import.c - rows of a table into statements. */
#include "engine/engine_impl.h"
#include "engine/import_impl.h"
#include "engine/rates.h"
#include "engine/spend.h"

#include "base/csv.h"
#include "base/decimal.h"
#include "base/num.h"

#include <string.h>

#define REASONS(X)                                                                       \
    X(NO_CSV, "it is no CSV")                                                            \
    X(FIELDS, "it has not as many fields as the file has columns")                       \
    X(DATE, "its date is none of the format")                                            \
    X(NO_CHANNEL, "it names no channel")                                                 \
    X(NAME, "a name is longer than 200 bytes or holds a control character")              \
    X(AMOUNT, "its amount is no number")                                                 \
    X(FOREIGN,                                                                           \
      "it is in another currency than the workspace's, without a rate of its day")       \
    X(LARGE, "the day's sum is too large")

enum reason {
#define X(name, text) REASON_##name,
    REASONS(X)
#undef X
        REASON_NONE
};
_Static_assert((int)REASON_NONE == SPEND_REASONS, "as many as the report has room for");

static const char *const reason_text[] = {
#define X(name, text) text,
    REASONS(X)
#undef X
};

enum { NO_COLUMN = UINT32_MAX };

struct importing {
    struct engine *e;
    const struct spend_import *how;
    struct spend_report *report;
    str path;
    struct reader *reader;
    struct csv *csv;
    struct time_format *format;
    struct decimal decimal;
    struct arena *a;
    uint32_t column_n, date, channel, amount, campaign, currency, source;
    struct spend_book sum; /* .minor: millionths of the major unit, of all rows */
    struct spend_book stands;
    struct rates rates;
};

static const struct workspace *workspace(const struct importing *im)
{
    return &engine_model(im->e)->workspace;
}

/* --- the columns --- */

static bool find_column(const struct csv_row *head, str given, const char *own,
                        bool needed, uint32_t *out, struct err *err)
{
    str name = given.n ? given : str_of(own);

    for (*out = 0; *out < head->n; ++*out)
        if (str_eq(str_trim(head->field[*out]), name))
            return true;
    *out = NO_COLUMN;
    return (!needed && !given.n)
           || err_set(
               err, ERR_INPUT,
               "the table has no column \"%.*s\": say which one it is (--%s COLUMN)",
               STR_FMT(name), own);
}

static bool read_head(struct importing *im, struct err *err)
{
    const struct spend_columns *c = &im->how->column;
    struct csv_row head;

    switch (csv_next(im->csv, &head, err)) {
    case CSV_FAILED:
        return false;
    case CSV_END:
        return err_set(err, ERR_INPUT,
                       "the file is empty: a table needs a first line with the names of "
                       "its columns");
    case CSV_BAD:
        return err_set(err, ERR_INPUT,
                       "the first line, which names the columns, is no CSV: %s",
                       head.why);
    case CSV_ROW:
        break;
    }
    im->column_n = head.n;
    return find_column(&head, c->date, "date", true, &im->date, err)
           && find_column(&head, c->amount, "amount", true, &im->amount, err)
           && find_column(&head, c->channel, "channel", !im->how->all_channel.n,
                          &im->channel, err)
           && find_column(&head, c->campaign, "campaign", false, &im->campaign, err)
           && find_column(&head, c->currency, "currency", false, &im->currency, err)
           && find_column(&head, STR(""), "source", false, &im->source, err);
}

/* --- a row --- */

static str field(const struct csv_row *row, uint32_t column)
{
    return column == NO_COLUMN ? STR("") : str_trim(row->field[column]);
}

static enum reason read_row(const struct importing *im, const struct csv_row *row,
                            struct spend_row *out)
{
    str currency = field(row, im->currency), amount = field(row, im->amount);
    struct decimal decimal = im->decimal;
    int64_t at_ms;

    *out = (struct spend_row){.source = im->how->source.n ? im->how->source
                                                          : field(row, im->source),
                              .channel = im->how->all_channel.n ? im->how->all_channel
                                                                : field(row, im->channel),
                              .campaign = field(row, im->campaign)};
    memcpy(out->currency, workspace(im)->currency.p, 3);
    if (!time_format_parse(im->format, field(row, im->date), NULL, &at_ms) || at_ms < 0
        || at_ms / MS_DAY >= SPEND_DAYS)
        return REASON_DATE;
    out->day = (int32_t)(at_ms / MS_DAY);
    if (!out->channel.n)
        return REASON_NO_CHANNEL;
    if (!spend_name_is_valid(out->channel) || !spend_name_is_valid(out->campaign)
        || !spend_name_is_valid(out->source))
        return REASON_NAME;
    if (currency.n && !str_eq(currency, workspace(im)->currency)) {
        if (currency_decimals(currency) < 0
            || !rates_find(&im->rates, currency, out->day))
            return REASON_FOREIGN;
        memcpy(out->currency, currency.p, 3);
        decimal.currency = (str){out->currency, 3};
    }
    if (decimal_parse(&decimal, amount, &out->minor))
        return REASON_NONE;
    return decimal_is_foreign(&decimal, amount) ? REASON_FOREIGN : REASON_AMOUNT;
}

static bool refuse(struct importing *im, const struct csv_row *row, enum reason why,
                   struct err *err)
{
    struct refusal r = {.source = import_source(im->path),
                        .line = row->line,
                        .reason = str_of(reason_text[why]),
                        .text = row->raw};
    struct spend_reason *reason = &im->report->refused[why];

    if (!reason->lines++)
        reason->first_line = row->line;
    reason->reason = reason_text[why];
    im->report->refused_lines++;
    return im->how->dry_run || store_refuse(engine_store(im->e), &r, err);
}

static int decimals_of(const struct spend_row *spent)
{
    return currency_decimals((str){spent->currency, 3});
}

static bool take_row(struct importing *im, const struct csv_row *row, struct err *err)
{
    struct spend_row spent;
    enum reason why = row->n == im->column_n ? read_row(im, row, &spent) : REASON_FIELDS;
    uint32_t known = im->sum.key.n, number;
    int64_t sum, minor;

    if (why != REASON_NONE)
        return refuse(im, row, why, err);
    if (!spend_book_find(&im->sum, &spent, true, &number, err))
        return false;
    if (number == known)
        im->sum.minor[number] = 0;
    if (!num_add(im->sum.minor[number], spent.minor, &sum)
        || !money_from_num(sum, decimals_of(&spent), &minor))
        return refuse(im, row, REASON_LARGE, err);
    im->sum.minor[number] = sum;
    return true;
}

static bool take_rows(struct importing *im, struct err *err)
{
    struct csv_row row;

    for (;;)
        switch (csv_next(im->csv, &row, err)) {
        case CSV_FAILED:
            return false;
        case CSV_END:
            return true;
        case CSV_BAD:
            im->report->lines++;
            if (!refuse(im, &row, REASON_NO_CSV, err))
                return false;
            break;
        case CSV_ROW:
            im->report->lines++;
            if (!take_row(im, &row, err))
                return false;
        }
}

/* --- statements --- */

static bool has_channel(const struct importing *im, str name)
{
    const struct channels *c = engine_model(im->e)->channels;

    for (uint32_t i = 0; c && i < channels_n(c); i++)
        if (str_eq(channels_name(c, i), name))
            return true;
    return false;
}

static bool note_unknown(struct importing *im, str channel, struct err *err)
{
    if (has_channel(im, channel) || im->report->unknown_channel++)
        return true;
    im->report->first_unknown = arena_str(im->a, channel);
    return im->report->first_unknown.p || err_nomem(err);
}

/* What is new goes to the file, some thousand statements at a time. */
static bool tell(struct importing *im, struct err *err)
{
    struct spend_row *batch = mem_alloc(SPEND_ROWS_MAX * sizeof *batch);
    uint32_t n = 0;
    bool ok = batch || err_nomem(err);

    for (uint32_t i = 0; ok && i < im->sum.key.n; i++) {
        struct spend_row row = spend_book_row(&im->sum, i);
        uint32_t before;
        bool same;

        ok = money_from_num(row.minor, decimals_of(&row), &row.minor)
             && spend_book_find(&im->stands, &row, false, &before, err)
             && note_unknown(im, row.channel, err);
        if (!ok)
            break;
        same = before != TEXT_NONE && im->stands.minor[before] == row.minor;
        im->report->known += same;
        im->report->changed += before != TEXT_NONE && !same;
        im->report->added += before == TEXT_NONE;
        if (!same)
            batch[n++] = row;
        if (n == SPEND_ROWS_MAX || (n && i + 1 == im->sum.key.n)) {
            ok = im->how->dry_run
                 || store_spend_add(engine_store(im->e), im->how->now_ms, batch, n, err);
            n = 0;
        }
    }
    if (ok && n && !im->how->dry_run)
        ok = store_spend_add(engine_store(im->e), im->how->now_ms, batch, n, err);
    mem_free(batch);
    return ok;
}

static bool read_all(struct importing *im, struct err *err)
{
    const struct spend_import *how = im->how;
    const struct csv_options options = {.separator = how->separator};
    str format = how->date_format.n ? how->date_format : STR("%Y-%m-%d");

    if (how->all_channel.n && !spend_name_is_valid(how->all_channel))
        return err_set(err, ERR_INPUT, "the channel's name: %s",
                       reason_text[REASON_NAME]);
    if (!spend_name_is_valid(how->source))
        return err_set(err, ERR_INPUT, "the source: %s", reason_text[REASON_NAME]);
    return spend_book_load(&im->stands, im->e, err) && rates_load(&im->rates, im->e, err)
           && (time_format_new(format, &im->format, err) || err_in(err, "date format"))
           && (how->text.n ? reader_open_text(how->text, &im->reader, err)
                           : reader_open(engine_io(im->e), im->path, &im->reader, err))
           && csv_open(im->reader, &options, &im->csv, err) && read_head(im, err)
           && take_rows(im, err) && tell(im, err);
}

static void keep_met(struct spend_report *r)
{
    for (uint32_t i = 0; i < SPEND_REASONS; i++)
        if (r->refused[i].lines)
            r->refused[r->refused_n++] = r->refused[i];
}

bool engine_spend_import(struct engine *e, str path, const struct spend_import *how,
                         struct arena *a, struct spend_report *out, struct err *err)
{
    struct importing im = {.e = e, .how = how, .report = out, .path = path, .a = a};
    struct store *s = engine_store(e);
    bool ok;

    *out = (struct spend_report){};
    im.decimal = (struct decimal){how->decimal, workspace(&im)->currency};
    if (!engine_may_take(e, err))
        return false;
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
    spend_book_free(&im.sum);
    spend_book_free(&im.stands);
    rates_free(&im.rates);
    keep_met(out);
    return ok;
}
