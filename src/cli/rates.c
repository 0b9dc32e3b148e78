#include "engine/rates.h"

#include "base/json.h"
#include "base/num.h"
#include "cli/cli.h"
#include "engine/import.h"
#include "engine/value.h"

static void report_json(struct buf *b, const struct rates_report *r)
{
    const struct {
        const char *key;
        uint64_t n;
    } count[] = {{"lines", r->lines},
                 {"added", r->added},
                 {"changed", r->changed},
                 {"known", r->known}};
    struct json_out j = {.to = b};

    json_begin_object(&j);
    for (size_t i = 0; i < sizeof count / sizeof *count; i++) {
        json_key(&j, count[i].key);
        json_put_int(&j, (int64_t)count[i].n);
    }
    json_key(&j, "refused");
    json_begin_list(&j);
    for (int i = 0; i < RATES_REASON_N; i++) {
        if (!r->refused[i].lines)
            continue;
        json_begin_object(&j);
        json_key(&j, "reason");
        json_put_text(&j, str_of(rates_reason_text((enum rates_reason)i)));
        json_key(&j, "lines");
        json_put_int(&j, (int64_t)r->refused[i].lines);
        json_key(&j, "first_line");
        json_put_int(&j, (int64_t)r->refused[i].first_line);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    buf_add_char(b, '\n');
}

static void report_text(struct buf *b, const struct rates_report *r, bool dry_run)
{
    if (dry_run)
        buf_add(b, STR("Nothing was written. It would be:\n"));
    buf_add_format(b, "%llu lines: %llu rates are new, %llu changed, %llu were known.\n",
                   (unsigned long long)r->lines, (unsigned long long)r->added,
                   (unsigned long long)r->changed, (unsigned long long)r->known);
    for (int i = 0; i < RATES_REASON_N; i++)
        if (r->refused[i].lines)
            buf_add_format(b, "%llu refused: %s (first in line %llu)\n",
                           (unsigned long long)r->refused[i].lines,
                           rates_reason_text((enum rates_reason)i),
                           (unsigned long long)r->refused[i].first_line);
}

static int run_import(struct cli *c)
{
    struct rates_import how = {.is_per_own = cli_has(c, "per-own"),
                               .date_format = cli_text(c, "date-format"),
                               .dry_run = cli_has(c, "dry-run"),
                               .now_ms = cli_now_ms(c)};
    str decimal = cli_text(c, "decimal");
    struct rates_report r;
    struct engine *e;
    struct buf b = {};
    struct err err;
    int status;

    if (decimal.n && !mapping_decimal_parse(decimal, &how.decimal, &err))
        return cli_fail(&err, "--decimal");
    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_rates_import(e, cli_word(c, 1), &how, &r, &err)) {
        status = cli_fail(&err, c->word[1]);
    } else if (cli_has(c, "json")) {
        report_json(&b, &r);
        status = cli_print(&b);
    } else {
        report_text(&b, &r, how.dry_run);
        status = cli_show(&b);
    }
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option import_options[] = {
    {"per-own", NULL,
     "the table says how much of another currency one unit of the workspace's buys, as "
     "central banks do",
     false},
    {"date-format", "FORMAT", "such as %d/%m/%Y: %Y-%m-%d unless given", false},
    {"decimal", "CHAR", "before decimals: . or ,", false},
    {"dry-run", NULL, "write nothing, say what would be", false},
    {"json", NULL, "the report as JSON", false},
};

const struct cli_command cli_rates_import = {
    "rates import",
    "FILE TABLE",
    "take in what other currencies are worth, day by day",
    import_options,
    sizeof import_options / sizeof *import_options,
    run_import,
};

/* --- list --- */

static void list_rate(struct cli_table *t, const struct rate *rate)
{
    struct buf day = {}, value = {};

    value_put_day(&day, rate->day);
    num_print(&value, rate->value);
    t->failed |= day.failed || value.failed;
    if (!t->failed) {
        cli_table_add(t, buf_str(&day));
        cli_table_add(t, str_of(rate->currency));
        cli_table_right(t, buf_str(&value));
        cli_table_add(t, rate->is_per_own ? STR("yes") : STR(""));
    }
    buf_free(&day);
    buf_free(&value);
}

static int run_list(struct cli *c)
{
    static const char *const heading[] = {"date", "currency", "rate", "per-own"};
    struct cli_table t = {.arena = &c->arena, .columns = 4};
    struct rates rates = {};
    struct engine *e;
    struct buf b = {};
    struct err err;
    int status;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!rates_load(&rates, e, &err)) {
        status = cli_fail(&err, c->word[0]);
    } else {
        for (size_t i = 0; i < t.columns; i++)
            cli_table_add(&t, str_of(heading[i]));
        for (size_t i = 0; i < rates.n; i++)
            list_rate(&t, &rates.row[i]);
        if (cli_has(c, "csv"))
            cli_table_csv(&t, &b);
        else
            cli_table_print(&t, &b);
        status = cli_has(c, "csv") ? cli_print(&b) : cli_show(&b);
    }
    buf_free(&b);
    rates_free(&rates);
    engine_close(e);
    return status;
}

static const struct cli_option list_options[] = {
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_rates_list = {
    "rates list",
    "FILE",
    "what other currencies are worth, day by day",
    list_options,
    sizeof list_options / sizeof *list_options,
    run_list,
};
