#include "cli/cli.h"
#include "engine/engine.h"
#include "event/pseudonym.h"

#include <errno.h>
#include <fcntl.h>
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

/* It is there, whole and durable, before the file that needs it. */
static bool write_key(struct cli *c, const struct pseudonym_key *key, struct err *err)
{
    str path = cli_text(c, "pseudonymous");
    struct buf line = {};
    size_t done = 0;
    bool ok;
    int fd;

    pseudonym_key_print(key, &line);
    buf_add_char(&line, '\n');
    if (line.failed)
        return err_nomem(err);
    fd = c->io->open(c->io, path.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = fd >= 0;
    if (!ok && errno == EEXIST)
        err_set(err, ERR_CONFLICT,
                "%s is there already and stays as it is: a key may be what another file "
                "needs",
                path.p);
    else if (!ok)
        err_sys(err, "cannot create %s", path.p);
    while (ok && done < line.n) {
        ssize_t n = c->io->write(c->io, fd, line.p + done, line.n - done);

        ok = n > 0 || err_sys(err, "cannot write %s", path.p);
        done += ok ? (size_t)n : 0;
    }
    ok = ok && (c->io->sync(c->io, fd) == 0 || err_sys(err, "cannot write %s", path.p))
         && io_sync_folder(c->io, path, err);
    if (fd >= 0)
        c->io->close(c->io, fd);
    if (fd >= 0 && !ok)
        c->io->unlink(c->io, path.p);
    buf_free(&line);
    return ok;
}

/* Of a file that could not be made no key is left, either. */
static bool create_pseudonymous(struct cli *c, str text, struct engine **e,
                                struct err *err)
{
    struct pseudonym_key key;

    if (!pseudonym_key_new(&key))
        return err_sys(err, "the system has no random bytes");
    if (!write_key(c, &key, err))
        return false;
    if (engine_create_pseudonymous(c->io, cli_word(c, 0), text, cli_now_ms(c), &key, e,
                                   err))
        return true;
    c->io->unlink(c->io, cli_text(c, "pseudonymous").p);
    return false;
}

static void say_ready(const struct cli *c)
{
    if (cli_has(c, "pseudonymous"))
        printf("%s is ready, and pseudonymous. Its key is in %s: keep it apart from the "
               "file, and never lose it.\nNext: ciclo import %s DATA.csv --pseudonym-key "
               "%s ...\n",
               c->word[0], cli_text(c, "pseudonymous").p, c->word[0],
               cli_text(c, "pseudonymous").p);
    else
        printf("%s is ready. Next: ciclo import %s DATA.csv ...\n", c->word[0],
               c->word[0]);
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
    ok = cli_has(c, "pseudonymous") ? create_pseudonymous(c, buf_str(&text), &e, &err)
                                    : engine_create(c->io, cli_word(c, 0), buf_str(&text),
                                                    cli_now_ms(c), &e, &err);
    engine_close(e);
    buf_free(&text);
    if (!ok && !cli_has(c, "model"))
        err.line = 0; /* a place in a template, which nobody has seen */
    if (!ok)
        return cli_fail(&err, err.line ? cli_text(c, "model").p : c->word[0]);
    say_ready(c);
    return CLI_DONE;
}

static const struct cli_option options[] = {
    {"template", "NAME", "the first model: retail unless given", false},
    {"model", "FILE", "the first model: this text instead of a template", false},
    {"name", "TEXT", "the workspace's name: the file's unless given", false},
    {"currency", "CODE", "ISO 4217: EUR unless given", false},
    {"timezone", "NAME", "IANA, such as Europe/Rome: UTC unless given", false},
    {"language", "CODE", "en, it or pt: en unless given", false},
    {"pseudonymous", "KEYFILE",
     "keep nothing that says who somebody is: makes a key, in a new file", false},
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
