#include "base/csv.h"
#include "base/json.h"
#include "cli/cli.h"
#include "engine/engine.h"

/* CSV and JSON are printed as they come; a table for people must first be known whole. */
struct listing {
    struct cli_table table;
    struct buf text;
    struct json_out json;
    bool as_json, as_csv;
    int status;
};

static void add_csv(struct buf *b, const struct refusal *r)
{
    buf_add_csv(b, r->source);
    buf_add_format(b, ",%llu,", (unsigned long long)r->line);
    buf_add_csv(b, r->reason);
    buf_add_char(b, ',');
    buf_add_csv(b, r->text);
    buf_add_char(b, '\n');
}

static void add_json(struct json_out *j, const struct refusal *r)
{
    json_begin_object(j);
    json_key(j, "source");
    json_put_text(j, r->source);
    json_key(j, "line");
    json_put_int(j, (int64_t)r->line);
    json_key(j, "reason");
    json_put_text(j, r->reason);
    json_key(j, "text");
    json_put_text(j, r->text);
    json_end_object(j);
}

static void add_row(struct cli_table *t, const struct refusal *r)
{
    cli_table_add(t, r->source);
    cli_table_number(t, r->line);
    cli_table_add(t, r->reason);
    cli_table_add(t, r->text);
}

static bool add(void *context, const struct refusal *r)
{
    enum { PRINTED_BYTES = 64 * 1024 };
    struct listing *l = context;

    if (l->as_json)
        add_json(&l->json, r);
    else if (l->as_csv)
        add_csv(&l->text, r);
    else
        add_row(&l->table, r);
    if (l->text.failed || l->text.n >= PRINTED_BYTES) {
        l->status = cli_print(&l->text);
        buf_clear(&l->text);
    }
    return l->status == CLI_DONE && !l->table.failed;
}

static int run(struct cli *c)
{
    struct listing l = {
        .table = {.columns = 4, .arena = &c->arena},
        .json = {.to = &l.text},
        .as_json = cli_has(c, "json"),
        .as_csv = cli_has(c, "csv"),
        .status = CLI_DONE,
    };
    struct engine *e;
    struct err err;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (l.as_json) {
        json_begin_list(&l.json);
    } else if (l.as_csv) {
        buf_add(&l.text, STR("source,line,reason,text\n"));
    } else {
        cli_table_add(&l.table, STR("source"));
        cli_table_add(&l.table, STR("line"));
        cli_table_add(&l.table, STR("reason"));
        cli_table_add(&l.table, STR("text"));
    }
    if (!snapshot_each_refused(engine_snapshot(e), add, &l, &err))
        l.status = cli_fail(&err, c->word[0]);
    if (l.as_json) {
        json_end_list(&l.json);
        buf_add_char(&l.text, '\n');
    } else if (!l.as_csv) {
        cli_table_print(&l.table, &l.text);
    }
    if (l.status == CLI_DONE)
        l.status = l.as_json || l.as_csv ? cli_print(&l.text) : cli_show(&l.text);
    buf_free(&l.text);
    engine_close(e);
    return l.status;
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV, to be mended and imported again", false},
};

const struct cli_command cli_refused = {
    "refused",
    "FILE",
    "lists what was not accepted, with line and reason",
    options,
    sizeof options / sizeof *options,
    run,
};
