#include "cli/model.h"

#include "base/user.h"
#include "cli/cli.h"
#include "engine/channels.h"
#include "engine/keep_fit.h"
#include "engine/lint.h"
#include "engine/versions.h"

static int show(struct cli *c)
{
    struct engine *e;
    struct model_version m = {};
    struct buf b = {};
    struct err err;
    uint32_t version = 0;
    int status;

    if (cli_has(c, "version") && !model_version_parse(cli_text(c, "version"), &version))
        return cli_wrong(c, "--version is a number: ciclo model history shows them");
    if (!cli_open_versions(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!(version ? engine_version(e, version, &c->arena, &m, &err)
                  : snapshot_model_latest(engine_snapshot(e), &c->arena, &m, &err))) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    buf_add(&b, m.text);
    status = cli_print(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static bool print_findings(struct cli *c, const struct engine *e, const struct model *m,
                           struct err *err)
{
    const struct finding *finding;
    uint32_t n;

    if (!engine_lint(engine_snapshot(e), m, cli_now_ms(c), NULL, NULL, &c->arena,
                     &finding, &n, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        printf("line %d, column %d: note: %.*s\n", finding[i].line, finding[i].column,
               STR_FMT(finding[i].text));
    return true;
}

static int check(struct cli *c)
{
    struct engine *e = NULL;
    struct model *m = NULL;
    struct err err;
    bool given = c->word_n == 2, ok;
    str text;

    /* Where the live model has a fault, another text can be held against the data. */
    if (!(given ? cli_open_versions(c, STORE_READ, &e, &err)
                : cli_open(c, STORE_READ, &e, &err)))
        return cli_fail(&err, c->word[0]);
    ok = !given
         || (io_read_file(c->io, cli_word(c, 1), MODEL_MAX_BYTES, &c->arena, &text, &err)
             && model_compile_with(c->io, text, snapshot_catalog(engine_snapshot(e)),
                                   engine_fits(e), &m, &err));
    ok = ok && print_findings(c, e, given ? m : engine_model(e), &err);
    if (ok) {
        const struct model *checked = given ? m : engine_model(e);
        uint32_t stages = 0, moves = 0;

        for (uint32_t i = 0; i < checked->lifecycle_n; i++) {
            stages += checked->lifecycles[i]->stage_n;
            moves += checked->lifecycles[i]->way_n;
        }
        printf("The model is right: %u stages, %u moves, %u segments.\n", stages, moves,
               checked->segments->segment_n);
    }
    model_free(m);
    engine_close(e);
    return ok ? CLI_DONE : cli_fail(&err, given ? c->word[1] : c->word[0]);
}

bool model_make_live(struct cli *c, struct engine *e, str text, uint32_t *version,
                     struct err *err)
{
    str author = cli_has(c, "author") ? cli_text(c, "author") : user_name(&c->arena);
    struct cli_bar bar = {};
    struct apply *a;
    bool ok;

    if (!author.p)
        return err_nomem(err);
    if (!engine_apply_begin(e, text, author, cli_now_ms(c), &a, err))
        return false;
    ok = engine_apply_run(a, cli_bar_is_seen() ? cli_bar_draw : NULL, &bar, err);
    cli_bar_end(&bar);
    if (ok)
        return engine_apply_finish(a, version, err);
    engine_apply_cancel(a);
    return false;
}

static int apply(struct cli *c)
{
    struct engine *e = NULL;
    struct err err;
    uint32_t version;
    str text;

    if (!io_read_file(c->io, cli_word(c, 1), MODEL_MAX_BYTES, &c->arena, &text, &err))
        return cli_fail(&err, c->word[1]);
    if (!cli_open_versions(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!model_make_live(c, e, text, &version, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[1]);
    }
    printf("This is now model version %u.\n", version);
    engine_close(e);
    return CLI_DONE;
}

static int channels([[maybe_unused]] struct cli *c)
{
    struct buf b = {};
    int status;

    buf_add(&b, channels_default());
    status = cli_print(&b);
    buf_free(&b);
    return status;
}

static const struct cli_option show_options[] = {
    {"version", "N", "the text of this version, not the live one", false},
};

const struct cli_command cli_model_show = {
    "model show",
    "FILE",
    "prints the live model",
    show_options,
    sizeof show_options / sizeof *show_options,
    show,
};
const struct cli_command cli_channels = {
    "model channels", "", "prints the default table of channels", NULL, 0, channels,
};
const struct cli_command cli_model_check = {
    "model check",
    "FILE [MODEL.yaml]",
    "says what is wrong or odd in a model (the live one unless given)",
    NULL,
    0,
    check,
};
const struct cli_option model_author_option[1] = {
    {"author", "NAME", "who did it, for the history: your login name unless given",
     false},
};

const struct cli_command cli_model_apply = {
    "model apply", "FILE MODEL.yaml", "makes this the live model", model_author_option, 1,
    apply,
};
