#include "base/json.h"
#include "cli/rewrite.h"

static int run(struct cli *c)
{
    struct cli_bar bar = {};
    struct owner owner;
    struct rewrite_options o = cli_rewrite_options(c, &bar, &owner);
    struct rewrite_sizes sizes;
    struct json_out json = {};
    struct buf text = {};
    struct err err;
    bool ok = store_compact(c->io, cli_word(c, 0), &o, &sizes, &err);
    int status;

    cli_bar_end(&bar);
    if (!ok)
        return cli_fail(&err, c->word[0]);
    json.to = &text;
    if (cli_has(c, "json")) {
        json_begin_object(&json);
        cli_rewrite_json(&json, &sizes);
        json_end_object(&json);
        buf_add_char(&text, '\n');
    } else {
        buf_add_format(&text, "%s: ", c->word[0]);
        cli_rewrite_print(&text, &sizes);
        buf_add_char(&text, '\n');
    }
    status = cli_show(&text);
    buf_free(&text);
    return status;
}

static const struct cli_option options[] = {
    {"json", NULL, "the sizes as JSON", false},
};

const struct cli_command cli_compact = {
    "compact",
    "FILE",
    "gives free space inside the file back to the disk",
    options,
    sizeof options / sizeof *options,
    run,
};
