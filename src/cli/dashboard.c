#include "cli/view.h"

static int add(struct cli *c, [[maybe_unused]] struct engine *e, struct saved *s)
{
    str *name = arena_array(&c->arena, str, c->word_n);
    uint32_t n = (uint32_t)c->word_n - 3;
    struct buf text = {};
    struct err err;
    int status;

    for (uint32_t i = 0; name && i < n; i++)
        name[i] = cli_word(c, i + 3);
    if (!name)
        return cli_fail((err_nomem(&err), &err), NULL);
    status = dashboard_text(s, name, n, &text, &err)
                 ? saved_add_named(c, s, SAVED_DASHBOARD, buf_str(&text))
                 : cli_fail(&err, NULL);
    buf_free(&text);
    return status;
}

static bool add_row(struct cli_table *t, const struct saved_row *row, struct err *err)
{
    str name[TILES_MAX];
    struct buf b = {};
    uint32_t n;

    if (!dashboard_parse(row->text, name, &n, err))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        buf_add(&b, i ? STR(", ") : STR(""));
        buf_add(&b, name[i]);
    }
    cli_table_add(t, row->name);
    cli_table_add(t, buf_str(&b));
    cli_table_add(t, row->author);
    t->failed |= b.failed;
    buf_free(&b);
    return true;
}

static int list(struct cli *c, struct engine *e, struct saved *s)
{
    struct cli_table t = {.arena = &c->arena, .columns = 3};

    cli_table_add(&t, STR("name"));
    cli_table_add(&t, STR("views"));
    cli_table_add(&t, STR("author"));
    return saved_list(c, s, SAVED_DASHBOARD, &t, add_row, e, dashboard_put_json);
}

static int remove_one(struct cli *c, [[maybe_unused]] struct engine *e, struct saved *s)
{
    return saved_remove_named(c, s, SAVED_DASHBOARD);
}

static int run(struct cli *c)
{
    static const struct saved_action actions[] = {
        {"add", add, true, 2},
        {"list", list, false, 0},
        {"remove", remove_one, true, 1},
    };

    return saved_run(c, actions, sizeof actions / sizeof *actions);
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_dashboard = {
    "dashboard",
    "FILE add|list|remove [NAME] [VIEW...]",
    "which views are seen together, on one page",
    options,
    sizeof options / sizeof *options,
    run,
};
