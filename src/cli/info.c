#include "engine/info.h"
#include "cli/cli.h"
#include "engine/erase.h"

/* 5.3 MB */
static void add_size(struct buf *b, uint64_t bytes)
{
    static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t k = 0;

    for (; size >= 999.5 && k + 1 < sizeof unit / sizeof *unit; k++)
        size /= 1000;
    buf_add_format(b, k && size < 99.95 ? "%.1f %s" : "%.0f %s", size, unit[k]);
}

static double per_event(const struct store_info *i, uint64_t bytes)
{
    uint64_t folded = i->facts.events - i->waiting;

    return folded ? (double)bytes / (double)folded : 0;
}

static void add_file(struct buf *b, const struct store_info *i,
                     const struct receipts *receipts)
{
    struct receipt_counts gone = receipts_total(receipts);
    const struct store_facts *f = &i->facts;

    buf_add_format(b, "%llu events of %u customers", (unsigned long long)f->events,
                   f->customers);
    if (f->events) {
        buf_add(b, STR(", "));
        moment_print(b, f->first_ms);
        buf_add(b, STR(" to "));
        moment_print(b, f->last_ms);
    }
    buf_add_format(b, "\n%u types of events; %llu lines refused", i->types,
                   (unsigned long long)f->refused);
    if (receipts->n)
        buf_add_format(b, "\n%llu events of %llu customers were erased",
                       (unsigned long long)gone.events,
                       (unsigned long long)gone.customers);
    if (i->pseudonym)
        buf_add_format(b, "\nPseudonymous, with the key %016llx",
                       (unsigned long long)i->pseudonym);
    buf_add_format(b, "\n\nFile: format %u, ", i->format);
    add_size(b, i->pages * i->page_bytes);
    buf_add_format(b, " in %llu pages of %llu bytes, %llu of them free\n",
                   (unsigned long long)i->pages, (unsigned long long)i->page_bytes,
                   (unsigned long long)i->free_pages);
    buf_add_format(
        b, "Timelines: %u chunks of %u customers; %llu events wait to be folded in\n",
        i->chunks, i->chunk_customers, (unsigned long long)i->waiting);
    buf_add_format(b, "Message ids of what is folded: %llu in %u runs, ",
                   (unsigned long long)i->ids, i->runs);
    add_size(b, i->id_bytes);
    buf_add(b, STR("; their filters, when events come in, take "));
    add_size(b, i->filter_bytes);
    buf_add(b, STR(" of memory"));
    buf_add(b, STR("\nMemory that may be used: "));
    add_size(b, i->memory_bytes);
    if (f->events > i->waiting)
        buf_add_format(
            b,
            "\nBytes an event: %.1f in the log, %.1f in the timelines, %.1f in the "
            "message ids",
            (double)i->log_bytes / (double)f->events, per_event(i, i->part_bytes),
            per_event(i, i->id_bytes));
    buf_add(b, STR("\n\n"));
}

static void add_tables(struct buf *b, const struct store_info *i, struct arena *a)
{
    struct cli_table t = {.columns = 3, .arena = a};

    cli_table_add(&t, STR("table"));
    cli_table_add(&t, STR("rows"));
    cli_table_add(&t, STR("bytes"));
    for (uint32_t k = 0; k < i->table_n; k++) {
        cli_table_add(&t, i->table[k].name);
        cli_table_number(&t, i->table[k].rows);
        cli_table_number(&t, i->table[k].bytes);
    }
    cli_table_print(&t, b);
    buf_add_char(b, '\n');
}

static void add_columns(struct buf *b, const struct store_info *i, struct arena *a)
{
    static const str heading[] = {STR("column"),  STR("type"),  STR("values"),
                                  STR("chunks"),  STR("bytes"), STR("unpacked"),
                                  STR("encoding")};
    struct cli_table t = {.columns = sizeof heading / sizeof *heading, .arena = a};
    struct buf name = {};

    for (size_t k = 0; k < t.columns; k++)
        cli_table_add(&t, heading[k]);
    for (uint32_t k = 0; k < i->column_n; k++) {
        const struct info_column *c = &i->column[k];

        buf_clear(&name);
        buf_add(&name, c->event   ? STR("")
                       : c->trait ? STR("traits.")
                                  : STR("properties."));
        buf_add(&name, c->name);
        t.failed |= name.failed;
        cli_table_add(&t, buf_str(&name));
        cli_table_add(&t, c->event ? STR("") : value_type_name(c->type));
        cli_table_number(&t, c->values);
        cli_table_number(&t, c->chunks);
        cli_table_number(&t, c->bytes);
        cli_table_number(&t, c->unpacked);
        cli_table_add(&t, str_of(c->encoding));
    }
    cli_table_print(&t, b);
    buf_free(&name);
}

static int run(struct cli *c)
{
    struct receipts receipts;
    struct store_info info;
    struct engine *e;
    struct buf b = {};
    struct err err;
    int status;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!snapshot_info(engine_snapshot(e), &c->arena, &info, &err)
        || !engine_receipts(e, &c->arena, &receipts, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    if (cli_has(c, "json")) {
        info_put_json(&(struct json_out){.to = &b}, &info, &receipts);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        add_file(&b, &info, &receipts);
        add_tables(&b, &info, &c->arena);
        add_columns(&b, &info, &c->arena);
        status = cli_show(&b);
    }
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
};

const struct cli_command cli_info = {
    "info",
    "FILE",
    "what is in the file, and how large it is",
    options,
    sizeof options / sizeof *options,
    run,
};
