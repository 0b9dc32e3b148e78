#include "cli/cli.h"
#include "engine/engine.h"

#include <string.h>

enum { MODEL_MAX_BYTES = 10 << 20 };

static int list_templates(void)
{
    size_t n;
    const struct model_template *t = model_templates(&n);

    for (size_t i = 0; i < n; i++)
        printf("%-16s %s\n", t[i].name, t[i].what);
    return CLI_DONE;
}

static str or_else(str s, const char *otherwise)
{
    return s.n ? s : str_of(otherwise);
}

/* "shops/bottega.ciclo" -> "bottega" */
static str name_of_file(str path)
{
    const char *slash = memrchr(path.p, '/', path.n), *dot;

    if (slash)
        path = str_from(path, (size_t)(slash - path.p) + 1);
    dot = memrchr(path.p, '.', path.n);
    return dot && dot > path.p ? (str){path.p, (size_t)(dot - path.p)} : path;
}

static bool first_model(struct cli *c, struct buf *text, struct err *err)
{
    struct workspace workspace = {
        .name = cli_text(c, "name"),
        .currency = or_else(cli_text(c, "currency"), "EUR"),
        .language = or_else(cli_text(c, "language"), "en"),
    };
    str given;

    if (cli_has(c, "model")) {
        if (!io_read_file(c->io, cli_text(c, "model"), MODEL_MAX_BYTES, &c->arena, &given,
                          err))
            return false;
        buf_add(text, given);
        return !text->failed || err_nomem(err);
    }
    if (!workspace.name.n)
        workspace.name = name_of_file(cli_word(c, 0));
    return model_from_template(or_else(cli_text(c, "template"), "retail"), &workspace,
                               or_else(cli_text(c, "timezone"), "UTC"), text, err);
}

static int run(struct cli *c)
{
    struct engine *e = NULL;
    struct buf text = {};
    struct err err;
    bool ok;

    if (cli_has(c, "templates"))
        return list_templates();
    if (!c->word_n)
        return cli_wrong(c, "the data file to make is missing");
    if (cli_has(c, "model") && cli_has(c, "template"))
        return cli_wrong(c, "--model and --template exclude each other");
    ok = first_model(c, &text, &err);
    if (!ok) {
        buf_free(&text);
        return cli_fail(&err, cli_has(c, "model") ? cli_text(c, "model").p : NULL);
    }
    ok = engine_create(c->io, cli_word(c, 0), buf_str(&text), cli_now_ms(c), &e, &err);
    engine_close(e);
    buf_free(&text);
    if (!ok && !cli_has(c, "model"))
        err.line = 0; /* a place in a template, which nobody has seen */
    if (!ok)
        return cli_fail(&err, err.line ? cli_text(c, "model").p : c->word[0]);
    printf("%s is ready. Next: ciclo import %s DATA.csv ...\n", c->word[0], c->word[0]);
    return CLI_DONE;
}

static const struct cli_option options[] = {
    {"template", "NAME", "the first model: retail unless given", false},
    {"model", "FILE", "the first model: this text instead of a template", false},
    {"name", "TEXT", "the workspace's name: the file's unless given", false},
    {"currency", "CODE", "ISO 4217: EUR unless given", false},
    {"timezone", "NAME", "IANA, such as Europe/Rome: UTC unless given", false},
    {"language", "CODE", "en, it or pt: en unless given", false},
    {"templates", NULL, "list the templates", false},
};

const struct cli_command cli_init = {
    "init",
    "[FILE]",
    "makes a new data file with its first model",
    options,
    sizeof options / sizeof *options,
    run,
};
