/* versions.c - the model's versions: which there were, what changed, back to one of them. */
#include "engine/versions.h"
#include "cli/model.h"
#include "engine/diff.h"

bool model_version_parse(str s, uint32_t *out)
{
    return cli_number(s, out) && *out > 0;
}

static void version_table(struct cli_table *t, const struct version_view *v, uint32_t n)
{
    struct buf cell = {};

    t->columns = 4;
    cli_table_add(t, STR("version"));
    cli_table_add(t, STR("applied"));
    cli_table_add(t, STR("author"));
    cli_table_add(t, STR("changes"));
    for (uint32_t i = 0; i < n; i++) {
        cli_table_number(t, v[i].version);
        buf_clear(&cell);
        moment_print(&cell, v[i].applied_ms);
        cli_table_add(t, buf_str(&cell));
        cli_table_add(t, v[i].author);
        buf_clear(&cell);
        changes_print(&cell, v[i].change, v[i].change_n);
        cli_table_add(t, buf_str(&cell));
    }
    t->failed |= cell.failed;
    buf_free(&cell);
}

static int history(struct cli *c)
{
    struct cli_table table = {.arena = &c->arena};
    const struct version_view *v;
    struct engine *e;
    struct json_out j;
    struct buf b = {};
    struct err err;
    uint32_t n;
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open_versions(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_versions(e, &c->arena, &v, &n, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    if (cli_has(c, "json")) {
        j = (struct json_out){.to = &b};
        versions_put_json(&j, v, n);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        version_table(&table, v, n);
        if (cli_has(c, "csv"))
            cli_table_csv(&table, &b);
        else
            cli_table_print(&table, &b);
        status = cli_has(c, "csv") ? cli_print(&b) : cli_show(&b);
    }
    buf_free(&b);
    engine_close(e);
    return status;
}

/* A version's number, or else the name of a file. */
static bool read_side(struct cli *c, struct engine *e, size_t word, str *out,
                      struct err *err)
{
    struct model_version m = {};
    uint32_t version;

    if (!model_version_parse(cli_word(c, word), &version))
        return io_read_file(c->io, cli_word(c, word), MODEL_MAX_BYTES, &c->arena, out,
                            err);
    if (!engine_version(e, version, &c->arena, &m, err))
        return false;
    *out = m.text;
    return true;
}

static void print_side(struct cli *c, struct buf *b, const char *sign, size_t word)
{
    uint32_t version;

    buf_add_format(b, "%s %s%s\n", sign,
                   model_version_parse(cli_word(c, word), &version) ? "version " : "",
                   c->word[word]);
}

static int diff(struct cli *c)
{
    const struct hunk *hunk;
    struct engine *e;
    struct json_out j;
    struct buf b = {};
    struct err err;
    str from, to;
    uint32_t n;
    bool ok;
    int status;

    if (!cli_open_versions(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = read_side(c, e, 1, &from, &err) && read_side(c, e, 2, &to, &err)
         && text_diff(from, to, &c->arena, &hunk, &n, &err);
    engine_close(e);
    if (!ok)
        return cli_fail(&err, NULL);
    if (cli_has(c, "json")) {
        j = (struct json_out){.to = &b};
        diff_put_json(&j, hunk, n);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        if (n) {
            print_side(c, &b, "---", 1);
            print_side(c, &b, "+++", 2);
        }
        diff_print(&b, hunk, n);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static int revert(struct cli *c)
{
    struct model_version m = {};
    struct engine *e;
    struct err err;
    uint32_t wanted, version;
    bool ok;

    if (!model_version_parse(cli_word(c, 1), &wanted))
        return cli_wrong(c,
                         "N is the number of a version: ciclo model history shows them");
    if (!cli_open_versions(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = engine_version(e, wanted, &c->arena, &m, &err)
         && model_make_live(c, e, m.text, &version, &err);
    engine_close(e);
    if (!ok)
        return cli_fail(&err, c->word[0]);
    printf("This is now model version %u, with the text of version %u.\n", version,
           wanted);
    return CLI_DONE;
}

static const struct cli_option history_options[] = {
    {"json", NULL, "everything, as JSON", false},
    {"csv", NULL, "as CSV", false},
};

static const struct cli_option diff_options[] = {
    {"json", NULL, "as JSON", false},
};

const struct cli_command cli_model_history = {
    "model history",
    "FILE",
    "every version of the model: when it was applied, by whom, what it changed",
    history_options,
    sizeof history_options / sizeof *history_options,
    history,
};
const struct cli_command cli_model_diff = {
    "model diff",
    "FILE A B",
    "what differs between two texts: versions by number, or files by name",
    diff_options,
    sizeof diff_options / sizeof *diff_options,
    diff,
};
const struct cli_command cli_model_revert = {
    "model revert", "FILE N", "makes the text of version N the live model again",
    NULL,           0,        revert,
};
