#include "base/json.h"
#include "cli/cli.h"
#include "engine/engine.h"

struct listing {
    struct cli_table table;
    struct buf json;
    struct json_out out;
    bool as_json;
};

static bool add(void *context, const struct refusal *r)
{
    struct listing *l = context;
    struct json_out *j = &l->out;

    if (!l->as_json) {
        cli_table_add(&l->table, r->source);
        cli_table_number(&l->table, r->line);
        cli_table_add(&l->table, r->reason);
        cli_table_add(&l->table, r->text);
        return !l->table.failed;
    }
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
    return !l->json.failed;
}

static int run(struct cli *c)
{
    struct listing l = {
        .table = {.columns = 4, .arena = &c->arena},
        .as_json = cli_has(c, "json"),
    };
    struct engine *e;
    struct err err;
    bool ok;
    int status;

    if (!engine_open(c->io, cli_word(c, 0), STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    l.out.to = &l.json;
    cli_table_add(&l.table, STR("source"));
    cli_table_add(&l.table, STR("line"));
    cli_table_add(&l.table, STR("reason"));
    cli_table_add(&l.table, STR("text"));
    if (l.as_json)
        json_begin_list(&l.out);
    ok = store_each_refused(engine_store(e), add, &l, &err);
    if (l.as_json) {
        json_end_list(&l.out);
        buf_add_char(&l.json, '\n');
    } else if (cli_has(c, "csv")) {
        cli_table_csv(&l.table, &l.json);
    } else {
        cli_table_print(&l.table, &l.json);
    }
    if (!ok)
        status = cli_fail(&err, c->word[0]);
    else if (l.as_json || cli_has(c, "csv"))
        status = cli_print(&l.json);
    else
        status = cli_show(&l.json);
    buf_free(&l.json);
    engine_close(e);
    return status;
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
