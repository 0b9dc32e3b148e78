#include "cli/rewrite.h"

static int run(struct cli *c)
{
    struct cli_bar bar = {};
    struct owner owner;
    struct rewrite_options o = cli_rewrite_options(c, &bar, &owner);
    struct rewrite_sizes sizes;
    struct buf text = {};
    struct json_out json = {.to = &text};
    struct err err;
    bool ok = store_backup(c->io, cli_word(c, 0), cli_word(c, 1), &o, &sizes, &err);
    int status;

    cli_bar_end(&bar);
    if (!ok)
        return cli_fail(&err, NULL);
    if (cli_has(c, "json")) {
        json_begin_object(&json);
        json_key(&json, "bytes");
        json_put_int(&json, (int64_t)sizes.after_bytes);
        json_end_object(&json);
        buf_add_char(&text, '\n');
    } else {
        buf_add_format(
            &text,
            "%s is a copy of %s: %.1f MB, every page checked. To restore, copy "
            "it back while nobody has %s open.\n",
            c->word[1], c->word[0], (double)sizes.after_bytes / 1e6, c->word[0]);
    }
    status = cli_show(&text);
    buf_free(&text);
    return status;
}

static const struct cli_option options[] = {
    {"json", NULL, "the size as JSON", false},
};

const struct cli_command cli_backup = {
    "backup",
    "FILE TO",
    "copies the file as it stands, also while it is served or written to",
    options,
    sizeof options / sizeof *options,
    run,
};
