#include "engine/spend.h"

#include "base/num.h"
#include "cli/cli.h"
#include "engine/import.h"

/* --- import --- */

static void report_text(struct buf *b, const struct spend_report *r, bool dry_run)
{
    if (dry_run)
        buf_add(b, STR("Nothing was written. It would be:\n"));
    buf_add_format(
        b, "%llu lines: %llu statements are new, %llu changed, %llu were known.\n",
        (unsigned long long)r->lines, (unsigned long long)r->added,
        (unsigned long long)r->changed, (unsigned long long)r->known);
    for (uint32_t i = 0; i < r->refused_n; i++)
        buf_add_format(b, "%llu refused: %s (first in line %llu)\n",
                       (unsigned long long)r->refused[i].lines, r->refused[i].reason,
                       (unsigned long long)r->refused[i].first_line);
    if (r->unknown_channel)
        buf_add_format(b,
                       "%llu statements are of channels that the model does not have, "
                       "such as \"%.*s\": they cost, and bring nobody.\n",
                       (unsigned long long)r->unknown_channel, STR_FMT(r->first_unknown));
}

static int show_import(struct cli *c, struct engine *e, const struct spend_import *how)
{
    struct spend_report r;
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct err err;
    int status;

    if (!engine_spend_import(e, cli_word(c, 1), how, &c->arena, &r, &err))
        return cli_fail(&err, c->word[1]);
    if (cli_has(c, "json")) {
        spend_report_put_json(&j, &r);
        buf_add_char(&b, '\n');
    } else {
        report_text(&b, &r, how->dry_run);
    }
    status = cli_has(c, "json") ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    return status;
}

static int run_import(struct cli *c)
{
    str separator = cli_text(c, "separator"), decimal = cli_text(c, "decimal");
    struct spend_import how = {.column = {.date = cli_text(c, "date"),
                                          .channel = cli_text(c, "channel"),
                                          .amount = cli_text(c, "amount"),
                                          .campaign = cli_text(c, "campaign"),
                                          .currency = cli_text(c, "currency")},
                               .all_channel = cli_text(c, "all-of"),
                               .date_format = cli_text(c, "date-format"),
                               .source = cli_text(c, "source"),
                               .dry_run = cli_has(c, "dry-run"),
                               .now_ms = cli_now_ms(c)};
    struct engine *e;
    struct err err;
    int status;

    if (separator.n && !mapping_separator_parse(separator, &how.separator, &err))
        return cli_fail(&err, "--separator");
    if (decimal.n && !mapping_decimal_parse(decimal, &how.decimal, &err))
        return cli_fail(&err, "--decimal");
    if (how.all_channel.n && how.column.channel.n)
        return cli_wrong(c, "--channel and --all-of exclude each other");
    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = show_import(c, e, &how);
    engine_close(e);
    return status;
}

static const struct cli_option import_options[] = {
    {"date", "COLUMN", "the day: the column date unless given", false},
    {"channel", "COLUMN", "one of the model's channels: channel unless given", false},
    {"campaign", "COLUMN", "may be missing: campaign unless given", false},
    {"amount", "COLUMN", "what it cost: amount unless given", false},
    {"currency", "COLUMN", "may be missing: currency unless given", false},
    {"all-of", "CHANNEL", "all rows are of this channel", false},
    {"source", "NAME",
     "who tells it, where several tell of one channel: the column source", false},
    {"date-format", "FORMAT", "such as %d/%m/%Y: %Y-%m-%d unless given", false},
    {"separator", "CHAR", "between fields: recognised unless given", false},
    {"decimal", "CHAR", "before decimals: . or ,", false},
    {"dry-run", NULL, "write nothing, say what would be", false},
    {"json", NULL, "the report as JSON", false},
};

const struct cli_command cli_spend_import = {
    "spend import",
    "FILE TABLE",
    "take in what channels cost",
    import_options,
    sizeof import_options / sizeof *import_options,
    run_import,
};

/* --- list --- */

static void put_day(struct buf *b, int32_t day)
{
    struct civil c = civil_of((int64_t)day * MS_DAY);

    buf_add_format(b, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static void list_row(struct cli_table *t, const struct spend_row *row)
{
    int decimals = currency_decimals((str){row->currency, 3});
    struct buf day = {}, amount = {};

    put_day(&day, row->day);
    money_print(&amount, row->minor, decimals < 0 ? 0 : decimals);
    t->failed |= day.failed || amount.failed;
    if (!t->failed) {
        cli_table_add(t, buf_str(&day));
        cli_table_add(t, row->channel);
        cli_table_add(t, row->campaign);
        cli_table_right(t, buf_str(&amount));
        cli_table_add(t, (str){row->currency, 3});
        cli_table_add(t, row->source);
    }
    buf_free(&day);
    buf_free(&amount);
}

static int show_list(struct cli *c, struct engine *e)
{
    static const char *const heading[] = {"date",   "channel",  "campaign",
                                          "amount", "currency", "source"};
    struct cli_table t = {.arena = &c->arena,
                          .columns = sizeof heading / sizeof *heading};
    struct spend_book book = {};
    struct buf b = {};
    struct err err;
    int status;

    if (!spend_book_load(&book, e, &err)) {
        spend_book_free(&book);
        return cli_fail(&err, c->word[0]);
    }
    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (uint32_t i = 0; i < book.key.n; i++) {
        struct spend_row row = spend_book_row(&book, i);

        list_row(&t, &row);
    }
    if (cli_has(c, "csv"))
        cli_table_csv(&t, &b);
    else
        cli_table_print(&t, &b);
    status = cli_has(c, "csv") ? cli_print(&b) : cli_show(&b);
    spend_book_free(&book);
    buf_free(&b);
    return status;
}

static int run_list(struct cli *c)
{
    struct engine *e;
    struct err err;
    int status;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = show_list(c, e);
    engine_close(e);
    return status;
}

static const struct cli_option list_options[] = {
    {"csv", NULL, "as CSV, which spend import reads again", false},
};

const struct cli_command cli_spend_list = {
    "spend list",
    "FILE",
    "what channels cost, day by day",
    list_options,
    sizeof list_options / sizeof *list_options,
    run_list,
};
