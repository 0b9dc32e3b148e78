#include "base/json.h"
#include "cli/cli.h"
#include "engine/mappings.h"

static void put_json(struct buf *b, const struct shipped *all, size_t n)
{
    struct json_out j = {.to = b};

    json_begin_list(&j);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&j);
        json_key(&j, "name");
        json_put_text(&j, str_of(all[i].name));
        json_key(&j, "export");
        json_put_text(&j, str_of(all[i].what));
        json_end_object(&j);
    }
    json_end_list(&j);
    buf_add_char(b, '\n');
}

static int list(struct cli *c)
{
    struct cli_table t = {.columns = 2, .arena = &c->arena};
    struct buf b = {};
    size_t n;
    const struct shipped *all = shipped_mappings(&n);
    int status;

    cli_table_add(&t, STR("mapping"));
    cli_table_add(&t, STR("export"));
    for (size_t i = 0; i < n; i++) {
        cli_table_add(&t, str_of(all[i].name));
        cli_table_add(&t, str_of(all[i].what));
    }
    if (cli_has(c, "json"))
        put_json(&b, all, n);
    else if (cli_has(c, "csv"))
        cli_table_csv(&t, &b);
    else
        cli_table_print(&t, &b);
    status = cli_print(&b);
    buf_free(&b);
    return status;
}

static int show(struct cli *c)
{
    const struct shipped *m;
    struct buf b = {};
    struct err err;
    int status;

    if (!mapping_find(cli_word(c, 0), &m, &err))
        return cli_fail(&err, NULL);
    buf_add(&b, m->text);
    status = cli_print(&b);
    buf_free(&b);
    return status;
}

static const struct cli_option list_options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_mapping_list = {
    "mapping list",
    "",
    "lists the mappings for other systems' exports",
    list_options,
    sizeof list_options / sizeof *list_options,
    list,
};
const struct cli_command cli_mapping_show = {
    "mapping show", "NAME", "prints one of them, to be saved and changed", NULL, 0, show,
};
